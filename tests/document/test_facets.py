"""By what single samples can be filtered."""

import numpy as np
import pytest

from exhibit.tasks.document.chapter import chapter, figures, limits
from exhibit.tasks.document.common import facets
from exhibit.tasks.records.data import Kind
from exhibit.tasks.records.material import Material
from tests.points import LENGTHS, inputs, material, method

SHAPES: dict[Kind, tuple[int, ...]] = {"table": (4,), "image": (8, 8), "text": (4,)}


def partly_labelled(kind: Kind) -> Material:
    """Three samples that the model takes for a rose: a rose, a tulip and one without a label."""
    item = inputs(kind, 3)
    found = material("p", [method("a", np.ones(SHAPES[kind]), item, LENGTHS)], item)
    labels = np.array([0, 1, np.nan])
    return found.model_copy(update={"dataset": found.dataset.model_copy(update={"labels": labels})})


def test_a_sample_without_a_label_is_of_no_known_class_and_neither_right_nor_wrong() -> None:
    assert facets(partly_labelled("table"), range(3)) == {
        "class": ("rose", "tulip", "not known"),
        "right or wrong": ("right", "wrong", "not known"),
    }


@pytest.mark.parametrize("kind", SHAPES)
def test_samples_without_a_label_have_figures_and_tables(kind: Kind) -> None:
    found = partly_labelled(kind)
    assert figures(found, limits((found,)))
    assert "not known" in chapter(found, {}).model_dump_json()
