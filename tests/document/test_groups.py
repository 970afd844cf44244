"""Means of functional groups and their intervals."""

import numpy as np
import pytest

from exhibit.tasks.document import molecule
from exhibit.tasks.document.groups import bounds_of
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.explanation import Importance, Summary
from exhibit.tasks.records.material import Material
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
    assert molecule.story(material)[2] in names
    assert "x-groups" not in names
    shown = [name for section in molecule.sections(material) for block in section.blocks for name in block.figures]
    assert set(shown) <= names
    said = [text for section in molecule.sections(material) for block in section.blocks for text in block.paragraphs]
    assert any("No explained molecule has one of the functional groups" in text for text in said)


def test_each_group_is_drawn_beside_its_row() -> None:
    material = chapter(("nitro", "ether"), np.array([0.2, -0.3]))
    (drawn,) = (figure for figure in molecule.figures(material, {"logit": 1.0}) if figure.name == "x-groups")
    assert draw(drawn).part("chart").data.decode().count('class="sketch"') == 2
