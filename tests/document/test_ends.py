"""Where colour scales end: a percentile cuts the units of the maps that it is asked for, and every figure says so."""

import numpy as np
import pytest

from exhibit.tasks.comparing.comparison import comparison
from exhibit.tasks.document import samples
from exhibit.tasks.document.chapter import figures, limits
from exhibit.tasks.document.ends import stated
from exhibit.tasks.drawing.maps import MapSpec
from exhibit.tasks.drawing.spec import DrawingSpec, MoleculeSpec, TextSpec
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Kind
from exhibit.tasks.records.figure import Cell, Figure, Images, Scale, TokenLine, Tokens
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.material import Material
from exhibit.tasks.stages.gather import _scaled, _with_scales
from tests.points import config, inputs, material, method

RAMP = np.arange(1.0, 65).reshape(8, 8)  # the largest is 64, the median 32.5
SAID = "Beyond the ends of the scale, drawn in its last colours: 50% of the values."


def chapter(slug: str, kind: Kind, values: Array, unit: str = "logit", percentile: float | None = None) -> Material:
    item = inputs(kind)
    features = [group.name for group in GROUPS] if kind == "molecule" else list(map(str, range(values.size)))
    found = method("a", values, item, features[: values.size], unit=unit)
    means = {item.name: values[np.newaxis, ..., np.newaxis] * np.ones((2, 1, 1, 1))} if kind == "image" else {}
    found = found.model_copy(update={"summary": found.summary.model_copy(update={"class_means": means})})
    return material(slug, [found], item).model_copy(update={"percentile": percentile})


def caption(name: str, material: Material, scales: dict[str, float]) -> str:
    return next(figure.caption for figure in figures(material, scales) if figure.name == name)


def test_a_percentile_cuts_no_scale_of_another_unit() -> None:
    """Neither that of another chapter, nor that of the mean over images."""
    asked, other = chapter("p", "image", RAMP, percentile=50), chapter("q", "image", RAMP, "probability")
    assert limits((asked, other)) == {
        "logit": 32.5, "logit, mean over images": 64, "probability": 64, "probability, mean over images": 64,
    }  # fmt: skip


def test_of_two_percentiles_of_one_unit_the_lower_cuts() -> None:
    found = limits(tuple(chapter("p", "image", RAMP, percentile=end) for end in (90, 50)))
    assert found["logit"] == 32.5


def test_what_is_cut_is_said_in_every_chapter_with_this_scale() -> None:
    asked, other = chapter("p", "image", RAMP, percentile=50), chapter("q", "image", RAMP)
    scales = limits((asked, other))
    assert caption("p-samples", asked, scales).endswith(SAID)
    assert caption("q-samples", other, scales).endswith(SAID)
    assert "Beyond" not in caption("q-a-classes", other, scales)


def test_tokens_and_atoms_say_it_too() -> None:
    words, atoms = np.array([1.0, -40, 50, -2]), np.array([1.0, -40, 50])
    text, molecule = chapter("q", "text", words), chapter("r", "molecule", atoms)
    scales = limits((chapter("p", "image", RAMP, percentile=50), text))
    assert caption("q-a-tokens", text, {"logit": 32.5}).endswith(SAID)
    assert "67% of the values" in caption("r-molecules", molecule, {"logit": 32.5})
    assert "Beyond" not in caption("r-molecules", molecule.model_copy(update={"own_scales": True}), scales)


def test_nothing_is_said_where_nothing_is_cut() -> None:
    one = chapter("p", "image", RAMP)
    assert not any("Beyond" in figure.caption for figure in figures(one, limits((one,))))


def test_the_same_samples_beside_each_other_say_it() -> None:
    points = [chapter(f"p{k}", "image", values, percentile=50) for k, values in enumerate((RAMP, RAMP.T))]
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)]
    found = comparison("comparison_1", configs, (1, 2), points)
    (figure,) = samples.figures(found, {one.slug: one for one in points}, limits(tuple(points)))
    assert figure.caption.endswith(SAID)


def test_of_several_scales_each_says_its_own() -> None:
    """NaN is no value."""
    maps = tuple(Cell(pixels=np.array([[0.5, 2, np.nan]]), scale=scale, alt="") for scale in (0, 1))
    scales = (Scale(unit="logit", limit=1.0), Scale(unit="share", limit=2.0))
    figure = Figure(name="f", content=Images(columns=(), rows=(maps,)), scales=scales, caption="Maps.", alt="")
    assert stated(figure).caption == (
        "Maps. Beyond the ends of the scale, drawn in its last colours: 50% of the values in logit."
    )


def test_a_scale_that_a_percentile_would_leave_empty_is_not_cut() -> None:
    """Most values are zero, as where positive ones alone are drawn."""
    assert limits((chapter("p", "image", np.where(RAMP == 64, 1.0, 0.0), percentile=50),))["logit"] == 1


@pytest.mark.parametrize("percentile", [None, 90.0])
def test_maps_on_scales_of_their_own_are_cut_by_themselves(percentile: float | None) -> None:
    """Once, and the scale says so: it is a share of each map, which no percentile of all maps cuts again."""
    asked = chapter("p", "image", RAMP, percentile=percentile)
    (own,) = asked.methods
    spec = MapSpec(scale="per_sample", percentile=percentile)
    maps = _scaled([own], "image", own, spec)
    assert ("cut at the 90th percentile of each map" in maps.unit) == (percentile is not None)
    alone = asked.model_copy(update={"methods": (own.model_copy(update={"maps": {"image": maps}}),)})
    assert limits((alone,))[maps.unit] == 1


def test_a_line_of_tokens_counts_its_values() -> None:
    line = TokenLine(title="", tokens=("a", "b"), values=np.array([1.0, 3.0]), note="", alt="")
    scales = (Scale(unit="logit", limit=2.0),)
    figure = Figure(name="f", content=Tokens(items=(line,)), scales=scales, caption="Tokens.", alt="")
    assert stated(figure).caption.endswith(SAID)


def test_maps_that_end_at_a_percentile_share_their_scale_with_no_others() -> None:
    """Photographs whose maps are cut at 0.5 would draw all digits of another chapter in its last colours."""
    photographs, digits = chapter("p", "image", RAMP / 64), chapter("q", "image", RAMP)
    cut = DrawingSpec(image=MapSpec(percentile=50))
    asked = photographs.model_copy(
        update={"methods": _with_scales(photographs.methods, cut, photographs.dataset.inputs), "percentile": 50}
    )
    other = digits.model_copy(update={"methods": _with_scales(digits.methods, DrawingSpec(), digits.dataset.inputs)})
    ends = limits((asked, other))
    assert ends["A, logit, to the 50th percentile"] == pytest.approx(32.5 / 64)
    assert ends["A, logit"] == 64


@pytest.mark.parametrize("kind", ["image", "text", "molecule"])
def test_a_method_of_small_values_is_not_drawn_on_the_scale_of_a_large_one(kind: Kind) -> None:
    """By default each has a scale that carries its name; on request methods of one unit share theirs."""
    values: Array = RAMP if kind == "image" else np.arange(1.0, 5 - (kind == "molecule"))
    large = chapter("p", kind, values)
    (one,) = large.methods
    name = large.dataset.inputs[0].name
    small = method("b", values / 1000, large.dataset.inputs[0], one.summary.importances[0].features)
    asked = DrawingSpec(
        image=MapSpec(scale="shared"), molecule=MoleculeSpec(scale="shared"), text=TextSpec(scale="shared")
    )
    own, shared = (
        large.model_copy(update={"methods": _with_scales([one, small], spec, large.dataset.inputs)})
        for spec in (DrawingSpec(), asked)
    )
    ends = limits((own,))
    assert ends["A, logit"] == values.max()
    assert ends["B, logit"] == values.max() / 1000
    assert limits((shared,))["logit"] == values.max()
    drawn = [scale for figure in figures(own, ends) for scale in figure.scales]
    known = {(each.scale(name), ends[each.scale(name)]) for each in own.methods}
    plain = [scale for scale in drawn if scale.unit.startswith("speaks")]  # of page one, in words without units
    assert {scale.limit for scale in plain} <= {limit for _, limit in known}
    assert {(scale.unit, scale.limit) for scale in drawn if "mean" not in scale.unit and scale not in plain} == known
