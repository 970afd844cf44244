"""The typical, the wrong and the borderline sample are chosen among all that are explained, and drawn."""

from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.cases import cases, with_cases
from exhibit.tasks.data.select import SelectionSpec, TargetSpec, select
from exhibit.tasks.document.chapter import _explained_rows, chapter
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Cases, Selection
from exhibit.tasks.records.model import Prediction
from tests.data.test_select import data
from tests.points import LENGTHS, inputs, material, method

# Of six, all explained: 4 is read wrong, 3 hardly right, 1 is off by the median of the five that are right.
PROBABILITIES = np.array(
    [[0.9, 0.05, 0.05], [0.1, 0.7, 0.2], [0.2, 0.2, 0.6], [0.5, 0.45, 0.05], [0.8, 0.1, 0.1], [0.02, 0.02, 0.96]]
)


def chosen(spec: SelectionSpec, outputs: Array = PROBABILITIES, task: str = "classification") -> Selection:
    dataset, prediction = data(task, np.full(6, "train")), Prediction(kind="probabilities", outputs=outputs)
    return with_cases(spec, select(spec, TargetSpec(outputs=("index:0",)), dataset, prediction), dataset, prediction)


def test_cases_are_chosen_among_all_that_are_explained_and_drawn_last() -> None:
    found = chosen(SelectionSpec(show=1))
    assert (found.cases.typical, found.cases.wrong, found.cases.borderline) == (1, 4, 3)
    assert (found.cases.misread, found.cases.close) == (1, 1)
    assert found.shown.tolist() == [0, 1, 4, 3]
    assert "a typical, a wrong and a borderline one" in found.reason


def test_what_the_config_names_is_drawn_alone() -> None:
    found = chosen(SelectionSpec(index=(5,)))
    assert found.shown.tolist() == [5]
    assert found.cases.among([5]) == Cases(misread=1, close=1)


def test_of_a_regression_the_wrong_one_has_the_largest_error() -> None:
    outputs = np.array([0.0, 1.1, 2.2, 0.3, 1.4, 9.0])[:, None]  # of labels 0, 1, 2, 0, 1, 2
    found = chosen(SelectionSpec(show=1), outputs, "regression").cases
    assert (found.typical, found.wrong, found.borderline, found.misread) == (2, 5, None, None)


@pytest.mark.parametrize("seed", range(30))
def test_no_case_is_less_wrong_or_less_close_than_another_sample(seed: int) -> None:
    random = np.random.default_rng(seed)
    outputs = random.dirichlet(np.ones(3) * random.choice([0.2, 2]), 40)
    labels, rows = random.integers(0, 3, 40).astype(float), np.arange(40)
    labels[random.random(40) < 0.2] = np.nan
    found = cases(labels, Prediction(kind="probabilities", outputs=outputs), rows, classes=True)
    known = np.flatnonzero(~np.isnan(labels))
    wrong = [row for row in known if outputs[row].argmax() != labels[row]]
    assert found.misread == len(wrong)
    assert found.wrong == min(wrong, key=lambda row: outputs[row, int(labels[row])], default=None)
    gaps = np.diff(np.sort(outputs, axis=1)[:, -2:], axis=1)[:, 0]
    assert found.borderline == (int(gaps.argmin()) if (gaps < 0.2).any() else None)


def said(found: Cases, **more: Any) -> str:
    item = inputs("table")
    one = material("flowers", [method("a", np.ones(4), item, LENGTHS)], item)
    one = one.model_copy(update={"cases": found, "probabilities": np.array([[0.9, 0.1], [0.55, 0.45]])} | more)
    (section,) = [section for section in chapter(one, {}).sections if section.title == "Three cases"]
    return " ".join(section.blocks[0].paragraphs)


def test_that_nothing_is_wrong_is_said_so() -> None:
    """Of all explained samples, not of those that are drawn."""
    text = said(Cases(typical=0, misread=0, close=0))
    assert "Wrong: none of 100 explained samples." in text
    assert "Borderline: none of 100 explained samples." in text
    assert text.startswith("Typical, off by the median of those that are read right: flower 0 (")
    text = said(Cases(typical=0, wrong=1, borderline=1, misread=7, close=3))
    assert "Wrong: 7 of 100 explained samples are read wrong, most of all flower 1" in text
    assert "Borderline: 3 of 100 explained samples have two likeliest classes that are close, closest flower 1" in text
    assert "0.10 of probability apart" in text
    assert "what stands for them is not among those that the config names" in said(Cases(misread=7, close=0))
    assert "Wrong: no label says which are." in said(Cases(close=0))


@pytest.mark.parametrize(
    ("off", "says"),
    [
        (
            0.0,
            "off by the median of all explained samples: flower 0 (measured 2.00, predicted 2.00). Wrong: none of 100 "
            "explained samples.",
        ),
        (1e-9, "(measured 2.00, predicted 2.00). Wrong: none of 100 explained samples."),
        (0.001, "Wrong: the largest error of 100 explained samples, flower 0 (measured 2.000, predicted 2.001)."),
    ],
)
def test_what_is_right_is_not_called_wrong(off: float, says: str) -> None:
    item = inputs("table")
    one = material("flowers", [method("a", np.ones(4), item, LENGTHS)], item)
    labels = np.full(len(one.dataset.sample_ids), 2.0)
    values = one.dataset.model_copy(update={"classes": (), "labels": labels, "task": "regression"})
    outputs = np.full((len(one.outputs), 1), 2.0 + off)
    told = chapter(
        one.model_copy(update={"dataset": values, "outputs": outputs, "cases": Cases(typical=0, wrong=0)}), {}
    )
    (section,) = [section for section in told.sections if section.title == "Two cases"]
    assert " ".join(section.blocks[0].paragraphs).endswith(says)


def test_a_single_row_is_not_each_by_itself() -> None:
    item = inputs("table")
    one = material("flowers", [method("a", np.ones(4), item, LENGTHS)], item).model_copy(update={"trained": False})
    assert _explained_rows(one.model_copy(update={"explained": 1})) == "1 row is explained."
    assert _explained_rows(one) == "100 rows are explained, each by itself."


def test_of_a_single_one_none_is_the_most_wrong_or_the_closest() -> None:
    text = said(Cases(typical=0, wrong=1, borderline=1, misread=1, close=1))
    assert "Wrong: 1 of 100 explained samples is read wrong, flower 1 (" in text
    assert "Borderline: 1 of 100 explained samples has two likeliest classes that are close, flower 1 (" in text
