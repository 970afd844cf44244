"""Rows, samples and outputs that are chosen are the ones that were asked for."""

import numpy as np
import pytest

from tasks.data.baselines import baseline
from tasks.data.select import SelectionSpec, TargetSpec, score_of, select
from tasks.records import Array, Dataset, Input, InputError, Prediction, Selection

LABELS = np.array([0, 1, 2, 0, 1, 2])
OUTPUTS = np.eye(3)[[0, 1, 1, 0, 2, 2]] + np.array([0.0, 0.1, 0.2])


def data(task: str = "classification", split: Array | None = None, labels: Array = LABELS) -> Dataset:
    return Dataset.model_validate(
        {
            "title": "d",
            "description": "",
            "source": "",
            "task": task,
            "inputs": (Input(name="x", kind="table", values=np.arange(12.0).reshape(6, 2), features=("a", "b")),),
            "sample_ids": np.array(list("uvwxyz")),
            "labels": labels,
            "split": np.array(["train", "train", "test", "test", "test", "test"]) if split is None else split,
            "classes": ("p", "q", "r") if task == "classification" else (),
            "label_name": "label",
        }
    )


PREDICTION = Prediction(kind="logits", outputs=OUTPUTS)


def chosen(selection: SelectionSpec, target: TargetSpec | None = None) -> Selection:
    return select(selection, target or TargetSpec(), data(), PREDICTION)


def test_test_rows_are_explained_where_there_are_any() -> None:
    assert chosen(SelectionSpec()).explained.tolist() == [2, 3, 4, 5]
    everything = data(split=np.full(6, "train"))
    assert len(select(SelectionSpec(), TargetSpec(), everything, PREDICTION).explained) == 6


def test_wrong_first_draws_half_wrong_then_right() -> None:
    """Rows 2 and 4 are wrong: they come before the right ones, in the order of the data."""
    found = chosen(SelectionSpec(order="wrong_first", show=4))
    assert found.explained[found.shown].tolist() == [2, 4, 3, 5]
    assert "2 of 2" in found.reason


def test_each_class_takes_turns() -> None:
    found = chosen(SelectionSpec(rows="all", order="each_class", show=4))
    assert found.explained[found.shown].tolist() == [0, 1, 2, 3]


def test_spread_goes_from_the_smallest_to_the_largest_label() -> None:
    labels = np.array([5.0, 1.0, 4.0, 0.0, 2.0, 9.0])
    values = Prediction(kind="values", outputs=labels[:, None])
    found = select(
        SelectionSpec(rows="all", order="spread", show=3),
        TargetSpec(outputs=("index:0",)),
        data("regression", labels=labels),
        values,
    )
    assert labels[found.explained[found.shown]].tolist() == [0.0, 2.0, 9.0]


def test_rows_by_index_are_explained_and_drawn_in_that_order() -> None:
    found = chosen(SelectionSpec(index=(5, 0)))
    assert found.explained[found.shown].tolist() == [5, 0]


def test_a_limit_is_a_seeded_subset() -> None:
    one, two = (chosen(SelectionSpec(rows="all", limit=3, seed=1)).explained for _ in range(2))
    assert np.array_equal(one, two)
    assert len(set(one.tolist())) == 3


def test_targets_are_columns_per_sample() -> None:
    found = chosen(SelectionSpec(), TargetSpec(outputs=("predicted", "true")))
    assert found.target_names == ("predicted", "true")
    assert found.targets.tolist() == [[1, 2], [0, 0], [2, 1], [2, 2]]


def test_top_k_is_ordered() -> None:
    found = chosen(SelectionSpec(), TargetSpec(outputs=("top:3",)))
    assert found.targets[0].tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("selection", "target", "words"),
    [
        (SelectionSpec(index=(9,)), TargetSpec(), "selection.index"),
        (SelectionSpec(), TargetSpec(outputs=("index:7",)), "outputs go from 0 to 2"),
        (SelectionSpec(), TargetSpec(outputs=("top:9",)), "at most 3"),
    ],
)
def test_what_is_not_there_is_named(selection: SelectionSpec, target: TargetSpec, words: str) -> None:
    with pytest.raises(InputError, match=words):
        select(selection, target, data(), PREDICTION)


def test_a_score_must_fit_the_task() -> None:
    assert score_of(TargetSpec(), data()).kind == "logit"
    assert score_of(TargetSpec(), data("regression")).kind == "value"
    with pytest.raises(InputError, match=r"target\.score"):
        score_of(TargetSpec(score="value"), data())


def test_the_mean_baseline_is_that_of_the_training_rows() -> None:
    values, words = baseline("auto", data(), None)
    assert values is not None
    assert values["x"].tolist() == [[1.0, 2.0]]
    assert "mean of the training rows" in words


def test_a_hidden_layer_has_no_raw_baseline() -> None:
    assert baseline("auto", data(), "embed")[0] is None
    with pytest.raises(InputError, match="hidden layer"):
        baseline("mean", data(), "embed")


def test_a_table_cannot_be_black() -> None:
    with pytest.raises(InputError, match="black"):
        baseline("black", data(), None)
