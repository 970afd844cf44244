"""Rows, samples and outputs that are chosen are the ones that were asked for."""

import numpy as np
import pytest

from exhibit.tasks.data.baselines import baseline, described
from exhibit.tasks.data.select import SelectionSpec, TargetSpec, score_of, select
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Selection
from exhibit.tasks.records.model import Prediction

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


@pytest.mark.parametrize(
    "spec",
    [SelectionSpec(order="wrong_first", show=2), SelectionSpec(index=(5, 0)), SelectionSpec(order="spread", show=3)],
)
def test_a_limit_keeps_what_is_drawn(spec: SelectionSpec) -> None:
    """The same samples are drawn as without the limit, in the same order."""
    free = chosen(spec)
    for seed in range(5):
        limited = chosen(spec.model_copy(update={"limit": 3, "seed": seed}))
        assert len(limited.explained) == 3
        assert limited.explained[limited.shown].tolist() == free.explained[free.shown].tolist()


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
    values = baseline("auto", data(), None, np.array([4]))
    assert values is not None
    assert values["x"].tolist() == [[1.0, 2.0]]
    assert described("mean", data(), None) == "The mean of the training rows."  # of which input, nobody asks
    assert "mean of the training rows" not in described("auto", data(), None, trained=False)


def test_a_hidden_layer_has_no_raw_baseline() -> None:
    assert baseline("auto", data(), "embed", np.arange(2)) is None
    with pytest.raises(InputError, match="hidden layer"):
        baseline("mean", data(), "embed", np.arange(2))


def test_a_table_cannot_be_black() -> None:
    with pytest.raises(InputError, match="black"):
        baseline("black", data(), None, np.arange(2))


def test_a_wrong_one_stands_beside_a_right_one_of_its_class() -> None:
    """Classes 0, 1, 2, 0, 1, 2 are taken for 0, 1, 1, 0, 2, 2: of class 1 row 4 is wrong and row 1 right."""
    found = chosen(SelectionSpec(rows="all", order="wrong_and_right", show=4))
    assert found.explained[found.shown].tolist() == [4, 1, 2, 5]
    assert "2 of 2" in found.reason


def test_a_wrong_one_without_a_right_one_is_said_to_be_there() -> None:
    found = chosen(SelectionSpec(order="wrong_and_right", show=4))
    assert found.explained[found.shown].tolist() == [2, 5]
    assert "1 more have no other right one" in found.reason


def test_wrong_ones_alone_are_drawn_where_none_of_their_class_is_right() -> None:
    wrong = Prediction(kind="logits", outputs=np.eye(3)[(LABELS + 1) % 3])
    found = select(SelectionSpec(order="wrong_and_right", show=2), TargetSpec(), data(), wrong)
    assert found.explained[found.shown].tolist() == [3, 4]
    assert "no right one" in found.reason


def test_without_a_wrong_prediction_right_ones_are_drawn() -> None:
    right = Prediction(kind="logits", outputs=np.eye(3)[LABELS])
    found = select(SelectionSpec(order="wrong_and_right", show=4), TargetSpec(), data(), right)
    assert found.explained[found.shown].tolist() == [3, 4, 2, 5]
    assert "no prediction is wrong" in found.reason


@pytest.mark.parametrize(("order", "rows"), [("first", [2, 4]), ("wrong_and_right", [2, 5, 4, 1])])
def test_samples_by_true_and_predicted_class(order: str, rows: list[int]) -> None:
    """r is taken for q in row 2, q for r in row 4; names match whatever their case."""
    spec = SelectionSpec.model_validate({"rows": "all", "order": order, "pairs": [["r", "Q"], ["q", "r"]]})
    found = chosen(spec)
    assert found.explained[found.shown].tolist() == rows


def test_a_pair_that_does_not_occur_is_answered_with_what_does() -> None:
    with pytest.raises(InputError, match=r"no sample of 'p' is predicted as 'r'; they are predicted as p \(2\)"):
        chosen(SelectionSpec(rows="all", pairs=(("p", "r"),)))
    with pytest.raises(InputError, match="'dog' is not a class of the data; classes are p, q, r"):
        chosen(SelectionSpec(pairs=(("dog", "r"),)))


def test_index_and_pairs_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="leave one of them out"):
        SelectionSpec(index=(0,), pairs=(("p", "q"),))


@pytest.mark.parametrize("spec", [SelectionSpec(order="wrong_and_right"), SelectionSpec(pairs=(("p", "q"),))])
def test_a_regression_has_no_wrong_class(spec: SelectionSpec) -> None:
    values = Prediction(kind="values", outputs=np.zeros((6, 1)))
    with pytest.raises(InputError, match="needs a classification"):
        select(spec, TargetSpec(outputs=("index:0",)), data("regression"), values)


def test_samples_with_a_region_stand_beside_others_of_their_class() -> None:
    """Rows 2 and 4 have one: row 5 is of the class of 2, row 1 of that of 4; the limit keeps every one that has one."""
    image = Input(name="x", kind="image", values=np.zeros((6, 2, 2, 1)), regions=np.zeros((6, 2, 2), bool))
    assert image.regions is not None
    image.regions[[2, 4], 0, 1] = True
    marked = data().model_copy(update={"inputs": (image,)})
    spec = SelectionSpec(rows="all", order="with_and_without", show=2, limit=3)
    found = select(spec, TargetSpec(), marked, PREDICTION)
    assert found.explained[found.shown].tolist() == [4, 1]
    assert found.explained.tolist() == [1, 2, 4]
    unlabelled = marked.model_copy(update={"labels": np.where(np.arange(6) == 4, np.nan, marked.labels)})
    found = select(spec, TargetSpec(), unlabelled, PREDICTION)
    assert found.explained[found.shown].tolist() == [2, 5]
    with pytest.raises(InputError, match="needs samples with a known region"):
        chosen(SelectionSpec(order="with_and_without"))


def test_a_truth_value_is_asked_about_for_it_would_be_taken_for_the_label() -> None:
    """`target.outputs=[True]` is read as a truth value, and "true" stands for the label of each row."""
    with pytest.raises(
        ValueError, match=r"""type 'target\.outputs=\["True"\]' for a class of this name; target=true"""
    ):
        TargetSpec.model_validate({"outputs": [True]})
    assert TargetSpec(outputs=("True",)).outputs == ("True",)
