"""Facts of the pages of a comparison: what is drawn of every kind of data, and that many points stay readable."""

import io
from typing import Any

import numpy as np
import pikepdf
import pytest
import yaml

from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.comparing.comparison import comparison
from exhibit.tasks.document import comparison as chapter
from exhibit.tasks.document import samples, survival
from exhibit.tasks.document.chapter import limits
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.html import Facts, render_html
from exhibit.tasks.document.pdf import render_pdf
from exhibit.tasks.document.provenance import printed, provenance
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.compared import Comparison, Factor
from exhibit.tasks.records.data import Excluded, Kind
from exhibit.tasks.records.explanation import Summary
from exhibit.tasks.records.figure import BarPanels, Figure, Images
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.verdict import CheckResult
from tests.conftest import content
from tests.points import LENGTHS, config, importance, inputs, material, method

SHAPES: dict[Kind, tuple[int, ...]] = {"table": (4,), "image": (8, 8), "molecule": (3,), "text": (4,)}
FEATURES: dict[Kind, tuple[str, ...]] = {
    "table": LENGTHS,
    "image": tuple(f"row {row} column {column}" for row in range(8) for column in range(8)),
    "molecule": ("alcohol", "chain", "ring"),
    "text": tuple(f"token {k}" for k in range(4)),
}


def points(kind: Kind, count: int, units: int = 1) -> tuple[Comparison, dict[str, Material]]:
    """So many seeds of one method, whose attributions vary a little; every second one in another unit."""
    item, random = inputs(kind, 4), np.random.default_rng(0)
    base = random.normal(size=SHAPES[kind])
    found = []
    for k in range(count):
        values = base * random.normal(1, 0.4, SHAPES[kind])
        own = method("a", values, item, FEATURES[kind], unit=f"unit {k % units}")
        found.append(material(f"p-{k}", [own], item))
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in range(count)]
    return comparison("comparison_1", configs, range(1, count + 1), found), {item.slug: item for item in found}


def figures(kind: Kind, count: int, units: int = 1) -> tuple[Figure, ...]:
    found, materials = points(kind, count, units)
    return samples.figures(found, materials, limits(tuple(materials.values())))


# --- the same samples -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("count", [2, 9, 30])
def test_the_same_samples_are_drawn_under_every_point(kind: Kind, count: int) -> None:
    """All figures can be drawn, and their names are file names of their own."""
    found = figures(kind, count)
    assert found
    assert len({figure.name for figure in found}) == len(found)
    assert all(draw(figure).parts for figure in found)


def test_few_images_are_a_grid_of_samples_by_points() -> None:
    (figure,) = figures("image", 3)
    grid = content(figure, Images)
    assert grid.columns == ("input", "seed 0", "seed 1", "seed 2")
    assert grid.row_labels == ("flower 0", "flower 1", "flower 2")


def test_a_hundred_maps_of_one_sample_are_one_picture() -> None:
    (figure,) = figures("image", 100)
    titles = [cell.title for row in content(figure, Images).rows for cell in row if cell]
    assert titles == ["input", *map(str, range(1, 101))]


def test_maps_of_one_unit_share_a_scale() -> None:
    """And what has another unit has its own."""
    (figure,) = figures("image", 4, units=2)
    assert [scale.unit for scale in figure.scales] == ["unit 0", "unit 1"]
    (row, *_) = content(figure, Images).rows
    assert [cell.scale for cell in row[1:] if cell] == [0, 1, 0, 1]


def test_bars_of_several_units_are_shares() -> None:
    """Of the sum of |a|, so that one axis has a meaning for all."""
    same, mixed = (content(figures("table", 2, units=units)[0], BarPanels) for units in (1, 2))
    assert same.axis == "unit 0"
    assert mixed.axis == "share of the sum of |a|, with its sign"
    for panel in mixed.panels:
        assert np.abs(panel.values).sum() == pytest.approx(1)


def test_of_many_points_the_middle_of_each_group_is_drawn() -> None:
    found, materials = points("table", 40)
    (figure,) = samples.figures(found, materials, {})
    assert len(content(figure, BarPanels).panels) == min(len(found.groups), 12)
    assert f"Drawn are {len(found.groups)} of 40" in figure.caption


def test_samples_that_are_not_shown_everywhere_are_not_drawn() -> None:
    found, materials = points("table", 2)
    one, other = materials.values()
    apart = {one.slug: one, other.slug: other.model_copy(update={"shown": other.shown + 50})}
    assert samples.figures(found, apart, {}) == ()


def test_pixels_of_different_pictures_are_compared_sample_by_sample() -> None:
    """They have no importance of their own: nothing is ranked, and agreement is a mean over the shown samples."""
    item = inputs("image").model_copy(update={"aligned": False})
    values = np.arange(64.0).reshape(8, 8)
    made = [
        material(f"p{k}", [method("a", sign * values, item, FEATURES["image"])], item) for k, sign in enumerate((1, -1))
    ]
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)]
    found = comparison("comparison_1", configs, (1, 2), made)
    assert (found.basis, found.features) == ("samples", ())
    assert (found.spearman[0, 1], found.signs[0, 1]) == (pytest.approx(1.0), 0)
    written = chapter.chapter(found, {one.slug: one for one in made}, own_chapters=True)
    titles = ["The points", "Which conclusions survive", "How far they agree", "The same samples"]
    titles.append("Data, models and methods")
    assert [section.title for section in written.sections] == titles
    assert written.sections[1].blocks[0].paragraphs[0].startswith("This cannot be said here: a pixel or an atom")


def test_of_several_inputs_each_is_drawn_by_itself() -> None:
    """And features are told apart by their input; columns have names of their own."""
    table, image = inputs("table", 2), inputs("image", 2)
    made = []
    for k in range(2):
        parts = [method("a", np.full(SHAPES[item.kind], k + 1.0), item, FEATURES[item.kind]) for item in (table, image)]
        one = parts[0].model_copy(
            update={
                "values": parts[0].values | parts[1].values,
                "maps": parts[1].maps,
                "summary": parts[0].summary.model_copy(
                    update={"importances": parts[0].summary.importances + parts[1].summary.importances}
                ),
            }
        )
        point = material(f"p{k}", [one], table)
        made.append(point.model_copy(update={"dataset": point.dataset.model_copy(update={"inputs": (table, image)})}))
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)]
    found = comparison("comparison_1", configs, (1, 2), made)
    assert found.features[:5] == (*LENGTHS, "image, row 0 column 0")
    names = [figure.name for figure in samples.figures(found, {one.slug: one for one in made}, {"logit": 2.0})]
    assert names == [
        "comparison_1-samples-measurements-0",
        "comparison_1-samples-measurements-1",
        "comparison_1-samples-image",
    ]


def test_it_says_which_training_is_ranked_where_chapters_show_the_mean_over_several() -> None:
    """A chapter may put another feature first than its reported training does."""
    found, materials = points("table", 2)
    share = {"share": np.full((5, 4), 0.25), "kept": np.array([4, 4])}
    seeds = CheckResult(check="seed_stability", method="a", verdict="pass", required=False, sentence="", details=share)
    again = {
        slug: one.model_copy(update={"methods": tuple(m.model_copy(update={"checks": (seeds,)}) for m in one.methods)})
        for slug, one in materials.items()
    }
    leads = [chapter.chapter(found, known, own_chapters=True).lead for known in (materials, again)]
    assert ["Compared are the reported trainings" in lead for lead in leads] == [False, True]


# --- the document -----------------------------------------------------------------------------------------


def document(count: int, own: list[str] | None = None, **extra: Any) -> Any:
    found, materials = points("table", count)
    made = [item.model_copy(update=extra) for item in materials.values()]
    return compose(made, None, CHECK_WORDS, own, [found])


@pytest.mark.parametrize(("means", "most"), [((0.2, 0.9), True), ((0.998, 1.0), False), ((1.0, 1.0), False)])
def test_no_setting_is_said_to_decide_most_where_both_do_alike(means: tuple[float, float], most: bool) -> None:
    found, _ = points("table", 2)
    factors = tuple(
        Factor(name=name, further=0, values=("1", "2"), pairs=1, mean=mean)
        for name, mean in zip(("seed", "steps"), means, strict=True)
    )
    decides = survival.deciding(found.model_copy(update={"factors": factors}))
    assert decides is not None
    _, said = worded(decides)
    assert ("depends most on seed" in said) == most
    alike = "as much on one as on the other of seed and steps (mean rank correlation 0.998 to 1.00)"
    assert (alike in said) == (min(means) == 0.998)  # the lower one does not read as 1
    assert ("depends on none of seed and steps" in said) == (min(means) == 1)


def test_a_comparison_comes_after_few_chapters_and_before_many() -> None:
    assert [one.slug for one in document(2).chapters] == ["p-0", "p-1", "comparison_1"]
    assert [one.slug for one in document(7).chapters][:2] == ["comparison_1", "p-0"]
    assert [one.slug for one in document(7, own=[]).chapters] == ["comparison_1"]


def test_points_that_are_compared_leave_page_one_to_the_comparison() -> None:
    assert [one.slug for one in document(2).chapters if one.teaser] == ["p-0", "p-1", "comparison_1"]
    assert [one.slug for one in document(3).chapters if one.teaser] == ["comparison_1"]


def test_one_model_is_one_whatever_explains_it() -> None:
    assert document(4).title.endswith("what the species is predicted from")
    assert document(4).subtitle.startswith("The species from measurements: which parts")


def test_exclusions_of_the_same_data_are_listed_once() -> None:
    found, materials = points("table", 3)
    out = (Excluded(sample_id="x", given="?", reason="no number"),)
    made = [
        item.model_copy(update={"dataset": item.dataset.model_copy(update={"excluded": out})})
        for item in materials.values()
    ]
    back = compose(made, None, CHECK_WORDS, [], [found]).back
    (section,) = [one for one in back if one.title == "Excluded samples"]
    assert len(section.blocks[0].tables) == 1


def test_the_config_of_many_points_is_printed_once() -> None:
    whole = yaml.safe_dump({"points": [{"label": f"p{k}"} for k in range(100)], "document": {"title": None}})
    text = printed(whole)
    assert text.startswith("# and 99 further points; config.yaml, attached, holds all\n")
    assert yaml.safe_load(text)["points"] == [{"label": "p0"}]
    few = yaml.safe_dump({"points": [{"label": "p0"}] * 6})
    assert yaml.safe_load(printed(few)) == yaml.safe_load(few)


def test_the_config_is_printed_in_groups_that_fit_on_the_page() -> None:
    model = {f"option_{k}": k for k in range(30)}
    point = {"label": "p", "model": model, "method": {"occlusion": {"window": 8, "layer": None}}, "words": ["é", "吾"]}
    text = printed(yaml.safe_dump({"points": [point]}, sort_keys=False, allow_unicode=True))
    assert yaml.safe_load(text) == {"points": [point]}
    assert "occlusion: {window: 8, layer: null}" in text
    assert max(map(len, text.splitlines())) <= 60  # letters of a column
    assert len(text.splitlines()) < 18


def test_digests_of_many_points_are_not_all_printed() -> None:
    chapters = [{"slug": f"p{k}", "data": {"sha256": "d" * 64}, "weights": {"sha256": f"{k:064x}"}} for k in range(100)]
    proof = {
        "compute": {"device": "cpu", "threads": 1, "batch": 32, "deterministic": True},
        "platform": {"python": "3", "system": "Linux", "machine": "x"},
        "typesetting": {"Pango": "1"},
        "content": "", "source": "", "claim": "", "libraries": {}, "chapters": chapters,
    }  # fmt: skip
    rows = dict(provenance(proof)[0].rows)
    assert rows["data of 100 points"] == "d" * 64
    assert rows["weights"] == "100 digests, in the evidence"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["table", "image"])
def test_a_hundred_points_are_a_report_of_a_few_pages(kind: Kind) -> None:
    """The comparison, the points in a table, and no chapter of a single one."""
    found, materials = points(kind, 100)
    made = list(materials.values())
    one = compose(made, None, CHECK_WORDS, [], [found])
    drawn = {figure.name: draw(figure) for figure in chapter.figures(found, materials, limits(tuple(made)))}
    facts = Facts(issued="2026-01-01T00:00:00Z", digest="0" * 64, provenance=(), config="", version="0")
    pdf = render_pdf(render_html(one, drawn, facts, "print"), [], facts.issued)
    with pikepdf.open(io.BytesIO(pdf)) as pages:
        assert len(pages.pages) <= 12
    assert len(render_html(one, drawn, facts, "screen")) < 3_000_000


def test_molecules_without_any_group_are_compared_by_their_atoms() -> None:
    """Of which one alone has no order: the chapter stands without a figure of agreement."""
    item = inputs("molecule").model_copy(update={"values": np.array(["C"])})
    points = [material(f"p{k}", [method("a", np.ones(1), item, ())], item) for k in range(2)]
    none = [
        one.methods[0].model_copy(update={"summary": Summary(importances=(importance(np.zeros(0), "molecule", ()),))})
        for one in points
    ]
    points = [one.model_copy(update={"methods": (each,)}) for one, each in zip(points, none, strict=True)]
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in (0, 1)]
    found = comparison("comparison_1", configs, (1, 2), points)
    materials = {one.slug: one for one in points}
    names = {figure.name for figure in chapter.figures(found, materials, {"logit": 1.0})}
    written = chapter.chapter(found, materials, own_chapters=True)
    asked = [name for part in written.sections for block in part.blocks for name in block.figures]
    assert {*asked, *([written.teaser.figure] if written.teaser else [])} <= names


def test_models_that_are_not_described_are_counted() -> None:
    """Five of them, of which four have a sentence."""
    found, materials = points("table", 5)
    several = {
        slug: item.model_copy(update={"architecture": f"Net {k}."}) for k, (slug, item) in enumerate(materials.items())
    }
    section = chapter._examined(found, several)
    assert section is not None
    said = section.blocks[0].paragraphs
    assert [text for text in said if text.startswith("Net ")] == [f"Net {k}. It is trained." for k in range(4)]
    assert "And 1 more like these." in said
