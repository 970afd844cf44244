"""Means of functional groups and their intervals."""

import numpy as np
import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document import groups, molecule
from exhibit.tasks.document.groups import bounds_of
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.methods.aggregate import importances
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.methods.shap_tree import TreeShapSpec
from exhibit.tasks.records.explanation import Importance, Summary
from exhibit.tasks.records.figure import Bars
from exhibit.tasks.records.finding import Doubt, Extremes
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.material import AT_THE_DATA, AT_THE_INPUT, Material
from exhibit.tasks.stages.gather import _place
from tests import points


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    """1, 2, 3, 4: mean 2.5, standard deviation sqrt(5 / 3), of the mean half of that."""
    values = np.array([1.0, 2, 3, 4])
    one = np.ones(1)
    importance = Importance(
        input="molecule", target="x", features=("ether",), mean=one * 2.5, mean_absolute=one * 2.5,
        mean_square=one * (values**2).mean(), standard_error=one, count=np.array([4]), aggregate="raw",
    )  # fmt: skip
    half = 3.182446305284263 * np.sqrt(5 / 3) / 2  # of Student's t with three degrees of freedom
    assert bounds_of(importance, 0) == pytest.approx((2.5 - half, 2.5 + half))


def chapter(features: tuple[str, ...], values: np.ndarray) -> Material:
    """Of molecules, by a method that gives each group one of `values`."""
    item = points.inputs("molecule")
    method = points.method("occlusion", np.array([1.0, -1.0, 2.0]), item, ())
    summary = Summary(importances=(points.importance(values, item.name, features),))
    return points.material("x", [method.model_copy(update={"summary": summary})], item)


def test_molecules_without_any_group_are_shown_by_their_atoms() -> None:
    material = chapter((), np.zeros(0))
    names = {figure.name for figure in molecule.figures(material, {"logit": 1.0})}
    assert molecule.story(material)[1] in names
    assert "x-groups" not in names
    shown = [name for section in molecule.sections(material) for block in section.blocks for name in block.figures]
    assert set(shown) <= names
    said = [text for section in molecule.sections(material) for block in section.blocks for text in block.paragraphs]
    assert any("No explained molecule has one of the functional groups" in text for text in said)


@pytest.mark.parametrize(("shared", "most"), [(True, ("ether",)), (False, ())])
def test_groups_of_the_same_molecules_are_compared_molecule_by_molecule(shared: bool, most: tuple[str, ...]) -> None:
    """By 0.5 more in each molecule, where each mean has an error of 1. In molecules of their own that is chance."""
    common = np.array([8.0, 12, 16, 9, 14, 11, 15, 10] * 2)
    first, second = common + np.array([0.5, 0.4, 0.6, 0.5] * 4), common
    values = np.stack([first, second], axis=1)[..., np.newaxis]
    if not shared:
        lack = np.full(16, np.nan)
        values = np.stack([np.append(first, lack), np.append(lack, second)], axis=1)[..., np.newaxis]
    item = chapter((), np.zeros(0))
    found = importances("molecule", ("ether", "ester"), ("x",), "raw", [values], grouped=True)
    main = item.main.model_copy(update={"summary": Summary(importances=found)})
    finding, _ = molecule.story(item.model_copy(update={"methods": (main,), "explained": len(values)}))
    assert isinstance(finding, Extremes)
    assert finding.most == most


@pytest.mark.parametrize("number", [3, 4, 5, 6])
def test_page_one_says_when_it_does_not_draw_all_groups(number: int) -> None:
    names = tuple(group.name for group in GROUPS[:number])
    found = chapter(names, np.arange(1.0, number + 1))
    drawn = groups.extremes(found, 4, "teaser")
    assert isinstance(drawn.content, Bars)
    left = number - len(drawn.content.labels)
    assert ("Drawn are the 2 highest and the 2 lowest of the" in drawn.caption) == bool(left)


def test_each_group_is_drawn_beside_its_row() -> None:
    material = chapter(("nitro", "ether"), np.array([0.2, -0.3]))
    (drawn,) = (figure for figure in molecule.figures(material, {"logit": 1.0}) if figure.name == "x-groups")
    assert draw(drawn).part("chart").data.decode().count('class="sketch"') == 2


def test_a_chapter_about_a_class_of_molecules_speaks_of_that_class() -> None:
    """Toxicity: neither of solubility nor of something measured."""
    material = chapter(("nitro", "CH₂ of a chain"), np.array([0.2, -0.3]))
    data = material.dataset.model_copy(update={"classes": ("toxic", "harmless"), "label_name": "toxicity"})
    material = material.model_copy(update={"dataset": data})
    said = repr(
        (molecule.figures(material, {"logit": 1.0}), molecule.sections(material), worded(molecule.story(material)[0]))
    )
    assert "solubility" not in said
    assert "measured" not in said
    assert "not what causes toxicity" in said
    assert "the logit of toxic" in said
    (table,) = (
        table for block in molecule.appendix(material) for table in block.tables if table.name == "x-molecules-table"
    )  # fmt: skip
    assert table.rows[0][1:3] == ("toxic", "toxic")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.1, "+0.20 ± 0.24"),
        (1e-3, "+0.200 ± 0.002"),
        (1e-6, "+0.20 (hardly varies here)"),
        (0.0, "+0.20 (does not vary here)"),
    ],
)
def test_by_several_methods_a_group_of_enough_molecules_has_an_interval_that_is_not_zero(
    error: float, said: str
) -> None:
    """“Of fewer than 4 no interval is stated” stood below +0.47 of five molecules that have the same, and ± 0.00."""
    item = chapter(("ether",), np.array([0.2]))
    (one,) = item.main.summary.importances
    update = {"count": np.array([7]), "mean": np.array([0.2]), "mean_square": np.array([0.2**2 + 6 * error**2])}
    main = item.main.model_copy(update={"summary": Summary(importances=(one.model_copy(update=update),))})
    again = main.model_copy(update={"label": "other"})
    ((_, molecules, *written),) = groups.table(item.model_copy(update={"methods": (main, again)})).rows
    assert (molecules, written) == ("7", [said] * 2)


@pytest.mark.parametrize(("mean", "spread", "said"), [(0.2, 0.1, "raises it by 0.20"), (-0.2, 2.0, "does not surely")])
def test_what_is_said_of_a_group_names_its_molecules_and_knows_chance(mean: float, spread: float, said: str) -> None:
    material = chapter(("aliphatic OH",), np.array([mean]))
    importance = material.main.summary.importances[0].model_copy(
        update={"mean_square": np.array([mean**2 + spread**2]), "count": np.array([31])}
    )
    method = material.main.model_copy(update={"summary": Summary(importances=(importance,))})
    data = material.dataset.model_copy(update={"classes": (), "task": "regression", "label_name": "solubility"})
    material = material.model_copy(update={"dataset": data, "score": "value", "methods": (method,), "explained": 253})
    (sentence,) = groups.claim(material)
    assert f"An aliphatic OH {said}" in sentence
    assert "of 31 molecules" in sentence
    assert "mean over those of the 253 molecules that have it" in groups.figure(material).caption


@pytest.mark.parametrize("name", ["log solubility", "insolubility", "toxicity"])
def test_what_is_expected_of_solubility_is_said_of_it_alone(name: str) -> None:
    material = chapter(("aliphatic OH",), np.array([0.2]))
    data = material.dataset.model_copy(update={"classes": (), "task": "regression", "label_name": name})
    material = material.model_copy(update={"dataset": data, "score": "value"})
    assert bool(groups.claim(material)) == (name == "log solubility")
    said = repr((molecule.sections(material), molecule.figures(material, {"logit": 1.0})))
    assert f"the predicted {name}" in said
    assert ("solubility" in said.replace(name, "")) == (name == "log solubility")


def test_only_methods_that_look_behind_the_preprocessing_are_said_to() -> None:
    places = {
        method.kind: _place(method) for method in (VanillaGradSpec(), KernelShapSpec(), OcclusionSpec(), TreeShapSpec())
    }
    assert places.pop("vanilla_grad") == AT_THE_INPUT
    assert set(places.values()) == {AT_THE_DATA}


@pytest.mark.parametrize(
    ("values", "up", "down"),
    [([0.2, -0.3], "nitro", "ether"), ([-1.59, -0.3], None, "nitro"), ([0.2, 0.3], "ether", None)],
)
def test_no_group_is_said_to_raise_what_it_lowers(values: list[float], up: str | None, down: str | None) -> None:
    finding, _ = molecule.story(chapter(("nitro", "ether"), np.array(values)))
    assert isinstance(finding, Extremes)
    assert (finding.up and finding.up.name, finding.down and finding.down.name) == (up, down)
    said = " ".join(worded(finding))
    assert ("speaks for the predicted class most" in said) == (up is not None)
    assert ("speaks against the predicted class most" in said) == (down is not None)


def test_a_group_has_its_name_in_the_language_of_the_page() -> None:
    material = chapter(("nitro", "ether"), np.array([0.2, -0.3]))
    with spoken("ja"):
        finding, _ = molecule.story(material)
        said = " ".join(worded(finding))
    assert isinstance(finding, Extremes)
    assert (finding.up and finding.up.name, finding.most) == ("ニトロ基", ("ニトロ基", "エーテル"))
    assert "ニトロ基" in said
    assert "nitro" not in said


def test_of_a_few_molecules_no_interval_is_stated_and_the_doubt_names_how_many_count() -> None:
    material = chapter(("nitro", "ether"), np.array([2.34, 0.0]))
    importance = material.main.summary.importances[0].model_copy(
        update={"count": np.array([2, 4]), "mean_square": np.array([2.34**2, 1.0])}
    )
    method = material.main.model_copy(update={"summary": Summary(importances=(importance,))})
    material = material.model_copy(update={"methods": (method,), "explained": 12})
    rows = {row[0]: row for row in groups.table(material).rows}
    assert rows["nitro"][-1] == "–"
    assert rows["ether"][-1] != "–"
    finding, _ = molecule.story(material)
    assert finding.doubt == Doubt(id="no interval", some=4, total=12)
    assert "no group that at least 4 of 12 molecules have has an interval on one side of zero" in worded(finding)[1]


def test_a_mean_over_molecules_explained_at_different_classes_says_so() -> None:
    material = chapter(("nitro",), np.array([0.2]))
    assert "mixed" not in groups.table(material).caption
    both = material.model_copy(update={"targets": np.array([[0], [1]])})
    assert "(rose and tulip are mixed)" in groups.table(both).caption
