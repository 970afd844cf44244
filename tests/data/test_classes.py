"""The order of the classes is that of the outputs: what states it, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.models.remarks import order_of_outputs
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory

GRADES = ("low", "medium", "high")
RANKS = np.array([0, 1, 2, 2, 1, 0, 1, 2])


def dataset(labels: Any, **more: Any) -> Dataset:
    rows = np.arange(16.0).reshape(8, 2)
    return dataset_of({"inputs": {"x": rows}, "labels": labels, **more}, "data.factory: own:rows")


WORDS = [GRADES[rank] for rank in RANKS]


@pytest.mark.parametrize(
    ("labels", "more", "classes"),
    [
        (WORDS, {"classes": GRADES}, GRADES),
        (np.array(WORDS), {"classes": list(GRADES)}, GRADES),
        (pd.Categorical(WORDS, GRADES), {}, GRADES),
        (pd.Series(pd.Categorical(WORDS, GRADES, ordered=True), index=range(5, 13)), {}, GRADES),
        (RANKS, {"classes": GRADES}, GRADES),
        (RANKS.astype(float), {"classes": GRADES}, GRADES),
        (RANKS + 1, {"classes": GRADES}, GRADES),
        (RANKS, {"classes": [0, 1, 2]}, ("0", "1", "2")),
        (2 - RANKS, {"classes": [2, 1, 0]}, ("2", "1", "0")),
        (np.eye(3, dtype=int)[RANKS], {}, ("0", "1", "2")),
        (np.eye(3)[RANKS], {"classes": GRADES}, GRADES),
        (np.eye(3, dtype=bool)[RANKS], {"classes": GRADES}, GRADES),
        (np.eye(3, dtype=int)[RANKS].tolist(), {}, ("0", "1", "2")),
        (pd.DataFrame(np.eye(3)[RANKS], columns=GRADES), {}, GRADES),
        (pd.DataFrame(np.eye(3)[RANKS], columns=GRADES)[["high", "low", "medium"]], {"classes": GRADES}, GRADES),
        (pd.get_dummies(pd.Series(WORDS), prefix="grade"), {"classes": GRADES}, GRADES),
        (pd.DataFrame(np.eye(3)[RANKS], columns=["x", "y", "z"]), {"classes": GRADES}, GRADES),
        (RANKS[:, np.newaxis], {}, ("0", "1", "2")),
        (np.eye(4)[RANKS], {}, ("0", "1", "2", "3")),
        (WORDS, {"classes": (*GRADES, "extreme")}, (*GRADES, "extreme")),
        (RANKS, {"classes": (*GRADES, "extreme")}, (*GRADES, "extreme")),
    ],
)
def test_labels_are_numbers_of_classes_in_the_order_that_is_stated(
    labels: Any, more: dict[str, Any], classes: tuple[str, ...]
) -> None:
    data = dataset(labels, **more)
    assert data.task == "classification"
    assert data.classes == classes
    assert data.labels.tolist() == RANKS.tolist()


def test_truth_values_are_named_by_their_size() -> None:
    data = dataset(RANKS > 0, classes=("no", "yes"))
    assert data.classes == ("no", "yes")
    assert data.labels.tolist() == (RANKS > 0).astype(int).tolist()


def test_a_one_hot_row_of_nothing_has_no_label() -> None:
    rows = np.eye(3)[RANKS]
    rows[-1] = np.nan
    data = dataset(rows, split=["train"] * 7 + ["explain"])
    assert np.isnan(data.labels[-1])
    assert data.labels[:-1].tolist() == RANKS[:-1].tolist()


@pytest.mark.parametrize(
    ("labels", "more", "said"),
    [
        (WORDS, {"classes": ["good", "better", "best"]}, "classes are good, better, best, but the labels are"),
        (WORDS, {"classes": ["low", "high"]}, "classes are low, high, but the labels are high, low, medium"),
        ([True, False, True, False], {"classes": ["true", "false"]}, "classes are true, false, but the"),
        (WORDS, {"classes": ["low", "low", "high"]}, "classes names one class twice"),
        (np.array([["a", "b"]] * 4 + [["b", "a"]] * 4), {}, "the column 'label 0' holds classes"),
        (np.array([[1, 2], [2, 3], [3, 1], [1, 1]] * 2), {}, "the column 'label 0' holds classes"),
        (np.array([[1, 2], [2, 3], [3, 1], [1, 1]] * 2), {"task": "classification"}, "explained one at a time"),
        (np.random.default_rng(0).normal(size=(8, 2)), {"task": "multi_label"}, "multi_label needs columns of 0 and 1"),
        (np.random.default_rng(0).normal(size=(8, 2)), {"label_name": ["a"]}, "a are the names of 2 columns of labels"),
        (np.eye(3)[RANKS], {"classes": ["a", "b"]}, "classes names 2, but the one-hot labels have 3 columns"),
        ([["a", "b"], ["a"]] * 4, {}, "rows of labels of different lengths"),
        ([{"a"}, {"a", "b"}] * 4, {}, "one label a row is explained at a time"),
        (np.zeros((8, 2, 2)), {}, r"labels of shape \(8, 2, 2\)"),
    ],
)  # fmt: skip
def test_what_states_no_order_is_refused(labels: Any, more: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        dataset(labels, **more)


def test_a_table_takes_the_order_from_the_config(tmp_path: Path) -> None:
    """A list in data.classes; a dictionary there gives other names and no order."""
    path = tmp_path / "t.csv"
    path.write_text("x,grade\n" + "".join(f"{row},{word}\n" for row, word in enumerate(WORDS)))
    data = TableSpec(path=path, label="grade", classes=GRADES, test_share=0).load(Memory())
    assert data.classes == GRADES
    assert data.labels.tolist() == RANKS.tolist()
    plain = TableSpec(path=path, label="grade", classes={"low": "L"}, test_share=0).load(Memory())
    assert plain.classes == ("high", "L", "medium")
    with pytest.raises(InputError, match="the column 'grade' holds medium, but the classes are low, high"):
        TableSpec(path=path, label="grade", classes=("low", "high"), test_share=0).load(Memory())


def test_labels_say_whether_the_order_of_the_outputs_was_another() -> None:
    """A perfect net whose outputs are in the order of the grades, of labels that are in that of letters."""
    data = dataset([GRADES[rank] for rank in RANKS])
    many = data.take(np.arange(80) % 8)
    outputs = np.eye(3)[np.tile(RANKS, 10)]
    (taken,), against = order_of_outputs(many, outputs).said, order_of_outputs(many, outputs).doubt
    assert taken.startswith("Its outputs are taken for high, low, medium, in this order")
    assert "taken for low, medium, high they would be right in 80 of 80 rows, and are in 0" in against
    right = np.eye(3)[many.labels]
    assert not order_of_outputs(many, right).doubt
