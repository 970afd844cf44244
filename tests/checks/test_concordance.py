"""Concordance judges shares that the score decides, and leaves those alone that are a matter of convention."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from exhibit.tasks.checks.concordance import ConcordanceSpec, every_set, over_orders, shapley
from exhibit.tasks.checks.faithfulness import FaithfulnessCorrelationSpec, groups_of
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.verdict import CheckResult
from tests.checks.linear import IMAGES, linear_case, shards
from tests.checks.linear import dataset as images

Score = Callable[[Array], Array]  # of (samples, 4)
WEIGHTS = np.array([4.0, 3.0, -2.0, 1.0])


def concordance(score: Score, given: Array, inputs: Array | None = None, **settings: int) -> CheckResult:
    values = IMAGES if inputs is None else inputs.reshape(IMAGES.shape)
    case = linear_case(np.ones((2, 2)))
    (item,) = images().inputs
    calls: list[int] = []

    def asked(changed: Arrays, rows: Array) -> Array:
        calls.append(len(rows))
        return score(np.asarray(changed["image"], np.float64).reshape(-1, 4))

    return ConcordanceSpec(**settings).measure(
        replace(
            case,
            dataset=lambda: images().model_copy(update={"inputs": (item.model_copy(update={"values": values}),)}),
            shards=shards({"image": given.reshape(*IMAGES.shape)}),
            score=asked,
            calls=lambda: sum(calls),
        )
    )


def exact(score: Score, inputs: Array) -> Array:
    """(samples, 4) Shapley values with nothing in the place of what is taken away."""
    sets = every_set(4)
    values = np.array([score(np.where(one, inputs, 0)) for one in sets])
    return np.array([shapley(values[:, sample], sets) for sample in range(len(inputs))])


def integrated(score: Score, inputs: Array, steps: int = 400) -> Array:
    """(samples, 4) integrated gradients from nothing, by differences."""
    total = np.zeros_like(inputs)
    for step in range(steps):
        point = (step + 0.5) / steps * inputs
        for column in range(4):
            ahead = 1e-5 * np.eye(4)[column]
            total[:, column] += (score(point + ahead) - score(point - ahead)) / 2e-5
    return total / steps * inputs


ROWS = IMAGES.reshape(-1, 4).astype(np.float64)
CONVENTIONS: dict[str, Score] = {
    "the smallest": lambda x: x.min(axis=1),
    "the largest": lambda x: x.max(axis=1),
    "all of them together": lambda x: x.prod(axis=1),
    "saturated": lambda x: np.tanh(5 * x.sum(axis=1)),
    "the smaller of two": lambda x: np.minimum(x[:, 0], x[:, 1]),
    "a square times another": lambda x: x[:, 0] ** 2 * x[:, 1],
}


@pytest.mark.parametrize("name", CONVENTIONS)
@pytest.mark.parametrize("right", [exact, integrated])
def test_no_right_method_fails_for_how_it_shares_what_several_parts_bring_about(
    name: str, right: Callable[[Score, Array], Array]
) -> None:
    """Of min(x, y) at (1, 2) integrated gradients give all to x and Shapley half to each: both are right."""
    found = concordance(CONVENTIONS[name], right(CONVENTIONS[name], ROWS))
    assert found.verdict in {"not assessed", "undecided"}
    assert "than on the part (" in found.sentence


@pytest.mark.parametrize("off", [0.0, 1e-7, 1e-4, 1e-3])
def test_parts_that_are_worth_alike_are_not_told_apart_by_rounding(off: float) -> None:
    def score(x: Array) -> Array:
        return np.asarray(x.sum(axis=1) / 3)

    same = np.ones_like(ROWS)
    given = exact(score, same) + off * np.random.default_rng(0).normal(size=same.shape)
    assert concordance(score, given, same).verdict == "not assessed"


def test_parts_that_are_lost_nearly_alike_are_not_ordered_by_what_values_are_off() -> None:
    """Equal weights of inputs that differ by a ten thousandth: values right to as much correlate by chance."""
    random = np.random.default_rng(0)
    values = (1 + 1e-4 * random.normal(size=IMAGES.shape)).astype(np.float32)
    given = values[..., 0] + 1e-4 * random.normal(size=values.shape[:-1])
    (item,) = images().inputs
    case = replace(
        linear_case(np.ones((2, 2))),
        dataset=lambda: images().model_copy(update={"inputs": (item.model_copy(update={"values": values}),)}),
        shards=shards({"image": given[..., np.newaxis]}),
    )
    found = FaithfulnessCorrelationSpec().measure(case)
    assert found.verdict == "not assessed"
    assert found.sentence == "Whatever group of elements is replaced, the score falls alike."


def test_what_never_changes_the_score_is_not_said_to_add_up_to_something_else() -> None:
    found = concordance(lambda x: 0 * x[:, 0] + 3, np.zeros_like(ROWS))
    assert found.verdict == "not assessed"
    assert found.sentence.startswith("Left out are samples whose values do not add up")
    assert "(0 of 80)" in found.sentence


def test_what_was_left_out_is_said() -> None:
    def score(x: Array) -> Array:
        return np.asarray(x @ WEIGHTS)

    given = exact(score, ROWS)
    assert "Left out" not in concordance(score, given).sentence
    given[::2] *= 1.5
    found = concordance(score, given)
    assert found.verdict == "pass"
    assert "(40 of 80), and samples" in found.sentence
    assert "(0 of 80)." in found.sentence


def test_values_without_merit_fail_where_the_score_decides_the_shares() -> None:
    def score(x: Array) -> Array:
        return np.asarray(x @ WEIGHTS + 0.2 * np.tanh(x.sum(axis=1)))

    right = exact(score, ROWS)
    noise = np.random.default_rng(1).normal(size=right.shape)
    noise += (right.sum(axis=1) - noise.sum(axis=1))[:, None] / 4
    alike = np.broadcast_to(right.mean(axis=1, keepdims=True), right.shape)
    moved = right / 2
    moved[:, 3] += right.sum(axis=1) / 2
    assert concordance(score, right).verdict == "pass"
    assert concordance(score, integrated(score, ROWS)).verdict == "pass"
    assert {concordance(score, one).verdict for one in (noise, alike, moved)} == {"fail"}


def test_a_first_look_costs_no_more_calls_than_it_may() -> None:
    def score(x: Array) -> Array:
        return np.asarray(x @ WEIGHTS)

    found = concordance(score, exact(score, ROWS), max_calls=200, groups=4)  # 17 for each sample
    assert found.calls is not None
    assert 0 < found.calls <= 200
    assert found.value is not None
    assert 1 - 1e-9 < found.value <= 1


def test_many_inputs_have_no_more_groups_than_there_may_be() -> None:
    """Two of each at least would be 2^16 sets of eight inputs."""
    item = Input(name="x0", kind="table", values=np.ones((2, 3)), columns=("a", "b", "c"))
    data: Dataset = images().model_copy(
        update={"inputs": tuple(item.model_copy(update={"name": f"x{number}"}) for number in range(8))}
    )
    for most in (6, 16, 64):
        labels = groups_of(data, ["a", "b"], np.ones((2, 24), bool), most, 0)
        assert labels.max() + 1 <= most
        assert {*labels[0].tolist()} == set(range(int(labels[0].max()) + 1))


def test_what_a_group_adds_varies_over_orders_by_what_only_several_bring_about() -> None:
    sets = every_set(3)
    assert over_orders(sets @ np.array([1.0, 2.0, 3.0]), sets)[1] == pytest.approx(0, abs=1e-12)
    together = sets[:, :2].all(axis=1).astype(float)  # nothing or one, each in half of the orders
    mean, variance = over_orders(together, sets)
    assert mean == pytest.approx([0.5, 0.5, 0])
    assert variance == pytest.approx([0.25, 0.25, 0])
