"""What a check takes away is replaced by what the method itself compares with: right values then never fail."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.checks.case import Case, StandIn
from exhibit.tasks.checks.check import Check
from exhibit.tasks.checks.concordance import ConcordanceSpec, every_set, shapley
from exhibit.tasks.checks.faithfulness import AlignmentSpec, DeletionSpec, FaithfulnessCorrelationSpec, InsertionSpec
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.explanation import Attribution
from tests.checks.linear import IMAGES, dataset, linear_case, shards

Score = Callable[[Array], Array]  # of (samples, 5)
WEIGHTS = np.array([3.0, -2.0, 1.0, 0.5, -1.0])
SCORES: dict[str, Score] = {
    "linear": lambda x: x @ WEIGHTS,
    "interactions": lambda x: x @ WEIGHTS + x[:, 0] * x[:, 1] - 2 * x[:, 2] * x[:, 3],
    "squares": lambda x: x**2 @ np.array([1.0, -1.0, 0.5, -0.5, 1.0]),
    "steps, as of trees": lambda x: (
        2.0 * (x[:, 0] > 1) + (x[:, 1] > 1) - (x[:, 2] < 0.3) + 1.0 * ((x[:, 3] > 0.5) & (x[:, 4] > 0.5))
    ),
    "far": lambda x: 2 * np.minimum(x[:, 0], 3) + 2 * np.abs(x[:, 1] - 1) + np.exp(x[:, 2]) / 5,
}
CHECKS: tuple[type[Check], ...] = (
    FaithfulnessCorrelationSpec, ConcordanceSpec, AlignmentSpec, DeletionSpec, InsertionSpec,
)  # fmt: skip


def drawn(seed: int) -> tuple[Array, Array]:
    """Explained rows and those of a background, of which the mean is a row unlike most."""
    random = np.random.default_rng(seed)
    return random.exponential(size=(len(IMAGES), 5)), random.exponential(size=(60, 5))


def exact(score: Score, rows: Array, background: Array) -> Array:
    """(samples, 5) Shapley values, each the mean over the rows of the background."""
    sets = every_set(5)
    values = np.array([[score(np.where(kept, row, background)).mean() for row in rows] for kept in sets])
    return np.array([shapley(column, sets) for column in values.T])


def case_of(score: Score, rows: Array, background: Array, given: Array, **changed: Any) -> Case:
    """Explained against the background; the usual baseline is its mean."""
    item = Input(name="x", kind="table", values=rows, features=tuple("abcdefgh"[: rows.shape[1]]))
    calls: list[int] = []

    def asked(inputs: Arrays, samples: Array) -> Array:
        calls.append(len(samples))
        return score(inputs["x"])

    case = replace(
        linear_case(np.ones((2, 2))),
        dataset=lambda: dataset().model_copy(update={"inputs": (item,)}),
        shards=shards({"x": given[..., np.newaxis]}),
        score=asked,
        calls=lambda: sum(calls),
        baseline=lambda samples: {"x": np.tile(background.mean(axis=0), (len(samples), 1))},
        stand_in=lambda _: StandIn({"x": background}, shared=True),
    )
    return replace(case, **changed)


def noise_of(right: Array, seed: int) -> Array:
    """It adds up to the same."""
    noise = np.random.default_rng(100 + seed).normal(size=right.shape)
    return np.asarray(noise + (right.sum(axis=1) - noise.sum(axis=1))[:, None] / right.shape[1])


@pytest.mark.parametrize("name", SCORES)
def test_right_values_never_fail_and_noise_never_passes(name: str) -> None:
    """Exact ones against a background fail, too, where features are taken to their mean (below)."""
    rows, background = drawn(2)
    right = exact(SCORES[name], rows, background)
    for check in CHECKS:
        found = check().measure(case_of(SCORES[name], rows, background, right))
        assert found.verdict in {"pass", "undecided"}, check
        assert found.value is not None
        assert 0 < found.calls <= check().max_calls
        if check is not AlignmentSpec:  # which noise passes as seldom as its interval says
            found = check().measure(case_of(SCORES[name], rows, background, noise_of(right, 2)))
            assert found.verdict in {"fail", "undecided"}, check


def test_noise_that_adds_up_is_in_no_place_either() -> None:
    """In which place it is, it fits as well as in any: a share of the mean misfit over all places is 0 on average."""
    passed = 0
    for seed in range(40):
        rows, background = drawn(seed)
        noise = noise_of(WEIGHTS * (rows - background.mean(axis=0)), seed)
        case = case_of(SCORES["linear"], rows, background, noise, stand_in=to_the_mean_of(background))
        passed += AlignmentSpec(seed=seed).measure(case).verdict == "pass"
    assert passed <= 3  # one on average


def to_the_mean_of(background: Array) -> Callable[[Array], StandIn]:
    return lambda samples: StandIn({"x": np.tile(background.mean(axis=0), (len(samples), 1))})


def test_of_a_linear_score_the_values_are_what_is_lost() -> None:
    rows, background = drawn(0)
    found = FaithfulnessCorrelationSpec().measure(
        case_of(SCORES["linear"], rows, background, WEIGHTS * (rows - background.mean(axis=0)))
    )
    assert (found.verdict, found.value) == ("pass", pytest.approx(1))
    assert "elements replaced by: the 60 rows that the method compares with, the mean over them" in found.sentence


def test_taken_to_their_mean_the_same_values_would_fail() -> None:
    """So they are not taken there: what stands in is what the method compares with."""
    rows, background = drawn(2)
    score = SCORES["steps, as of trees"]
    right = exact(score, rows, background)
    case = case_of(score, rows, background, right, stand_in=to_the_mean_of(background))
    assert FaithfulnessCorrelationSpec().measure(case).verdict == "fail"


@pytest.mark.parametrize("seed", range(4))
def test_half_moved_to_the_least_column_is_still_found(seed: int) -> None:
    rows, background = drawn(seed)
    right = exact(SCORES["interactions"], rows, background)
    moved = right / 2
    moved[:, np.abs(right).mean(axis=0).argmin()] += right.sum(axis=1) / 2
    assert ConcordanceSpec().measure(case_of(SCORES["interactions"], rows, background, moved)).verdict == "fail"


def test_rows_of_a_background_are_the_same_for_all_orders_of_a_sample_and_said() -> None:
    """More rows would cost more than a first look may: an area is linear in the score, so it is right on average."""
    rows, background = drawn(1)
    right = exact(SCORES["linear"], rows, background)
    found = DeletionSpec(steps=2, orders=2).measure(case_of(SCORES["linear"], rows, background, right))
    assert (
        "10 of the 60 rows that the method compares with, drawn for each sample, the mean over them" in found.sentence
    )
    # 32 sets of five elements beside 110 scores along all orders: 34 rows cost no more
    found = DeletionSpec().measure(case_of(SCORES["linear"], rows, background, right))
    assert "34 of the 60 rows" in found.sentence
    few = background[:7]
    found = DeletionSpec().measure(case_of(SCORES["linear"], rows, few, exact(SCORES["linear"], rows, few)))
    assert "replaced by: the 7 rows that the method compares with" in found.sentence


@pytest.mark.parametrize("check", [DeletionSpec, InsertionSpec])
def test_the_right_order_of_two_elements_passes_and_another_fails(check: type[Check]) -> None:
    """Half of all orders of two are its own: these are no comparison, or no order could beat more than 75%. Every row
    of the background is taken, as few sets cost little: of ten drawn ones the mean turns many samples round."""
    for seed in range(3):
        rows, background = (part[:, :2].copy() for part in drawn(seed))
        sets = every_set(2)
        values = np.array([[_of_two(np.where(kept, row, background)).mean() for row in rows] for kept in sets])
        right = np.array([shapley(column, sets) for column in values.T])
        item = Input(name="x", kind="table", values=rows, features=("a", "b"))
        two = {"dataset": lambda item=item: dataset().model_copy(update={"inputs": (item,)})}
        found = check().measure(case_of(_of_two, rows, background, right, **two))
        assert (found.verdict, found.value) == ("pass", 1)
        assert "the 60 rows that the method compares with, the mean over them" in found.sentence
        for wrong in (-right, right[:, ::-1], noise_of(right, seed)):
            assert check().measure(case_of(_of_two, rows, background, wrong.copy(), **two)).verdict == "fail"


def _of_two(x: Array) -> Array:
    """Steps, as of trees: the rows of a background differ much."""
    return np.asarray(4.0 * (x[:, 0] > 2) + 3.0 * (x[:, 1] > 1.5) + x[:, 0] + x[:, 1])


def _saturated(x: Array) -> Array:
    """Where one of the first two columns is large, the other is not missed."""
    return np.asarray(10 * np.tanh(3 * (x[:, 0] + x[:, 1])) + 3 * x[:, 2] + 3 * x[:, 3] + x[:, 4])


def test_right_values_of_parts_that_stand_in_for_each_other_do_not_fail() -> None:
    """Nothing is lost without one of them, though both together are worth most: faithfulness correlation was 0.1 and
    alignment 0.3 for exact Shapley values."""
    rows, nothing = np.random.default_rng(0).uniform(0.9, 1.1, (len(IMAGES), 5)), np.zeros((1, 5))
    right = exact(_saturated, rows, nothing)
    lost = np.array([_saturated(rows) - _saturated(np.where(np.arange(5) == k, 0, rows)) for k in range(5)]).T
    assert np.corrcoef(right.ravel(), lost.ravel())[0, 1] < 0.5
    found = FaithfulnessCorrelationSpec().measure(case_of(_saturated, rows, nothing, right))
    assert found.verdict == "not assessed"
    assert found.sentence.startswith("Parts stand in for each other or act together")
    found = AlignmentSpec().measure(case_of(_saturated, rows, nothing, right))
    assert found.verdict == "undecided"
    assert found.statistic.startswith("how much better the mean of what each part adds to nothing")
    assert "Parts stand in for each other" in found.further
    moved = AlignmentSpec().measure(case_of(_saturated, rows, nothing, np.roll(lost, 2, axis=1)))
    assert moved.verdict == "fail"
    assert moved.statistic == AlignmentSpec.statistic
    # To put back both wastes a place: 60% of random orders are beaten, of which it does not choose the worse.
    found = InsertionSpec().measure(case_of(_saturated, rows, nothing, right))
    assert found.verdict in {"undecided", "not assessed"}
    assert DeletionSpec().measure(case_of(_saturated, rows, nothing, right)).verdict == "pass"
    assert DeletionSpec().measure(case_of(_saturated, rows, nothing, noise_of(right, 0))).verdict == "fail"


def test_samples_whose_parts_stand_in_for_each_other_are_left_out_before_an_explanation_fails() -> None:
    """Of the others right values pass and noise fails, and the sum of calls stays within what it may cost."""
    rows, nothing = np.random.default_rng(0).uniform(0.5, 1.5, (len(IMAGES), 5)), np.zeros((1, 5))
    rows[::2, 0] = 0  # one of the two is not there: the other is missed
    right = exact(_saturated, rows, nothing)
    found = FaithfulnessCorrelationSpec().measure(case_of(_saturated, rows, nothing, right))
    assert (found.verdict, found.value) == ("pass", pytest.approx(1))
    assert found.per_sample is not None
    assert found.per_sample.shape == (64, 1)  # as many as it took to fail all of them
    assert np.isnan(found.per_sample).sum() == 33
    assert "33 of them say nothing: their parts stand in for each other or act together" in found.sample
    for most, verdict in ((100_000, "fail"), (300, "undecided")):
        check = FaithfulnessCorrelationSpec(max_calls=most)
        found = check.measure(case_of(_saturated, rows, nothing, noise_of(right, 1)))
        assert found.verdict == verdict
        assert found.calls <= most


def test_right_values_of_more_parts_that_act_together_do_not_fail_either() -> None:
    """Of four products the second factor is wasted once the first is taken away: right values came after random
    orders, which failed from seven parts on. Where each part counts alone noise fails as before."""
    rows, nothing = np.random.default_rng(0).uniform(0.2, 1.5, (len(IMAGES), 8)), np.zeros((1, 8))
    products = rows[:, :4] * rows[:, 4:]
    right, noise = np.tile(products, 2) / 2, np.random.default_rng(1).normal(size=rows.shape)
    case = case_of(lambda x: (x[:, :4] * x[:, 4:]).sum(axis=1), rows, nothing, right)
    assert DeletionSpec().measure(case).verdict in {"undecided", "not assessed"}
    assert InsertionSpec().measure(case).verdict == "pass"
    assert InsertionSpec().measure(replace(case, shards=shards({"x": noise[..., None]}))).verdict == "fail"
    for check in (DeletionSpec(), InsertionSpec()):
        found = check.measure(case_of(lambda x: x.sum(axis=1), rows, nothing, noise))
        assert found.verdict == "fail"
        assert found.calls <= check.max_calls


# --- where something else stands in -----------------------------------------------------------------------


def measured_from(start: Array) -> Callable[[], Any]:
    column = start[:, None]
    part = Attribution(
        sample_ids=dataset().sample_ids, targets=np.zeros((len(start), 1), int), values={}, prediction=column,
        base_value=column, residual=column, steps=column, converged=np.isfinite(column),
    )  # fmt: skip
    return lambda: iter([part])


def at_a_layer(start: Array, **changed: Any) -> Case:
    """Of words that a layer has one by one: nothing that the method compares with is a word, the mean stands in."""
    rows, background = drawn(0)
    mean = background.mean(axis=0)
    return case_of(
        SCORES["linear"], rows, background, WEIGHTS * (rows - mean), stand_in=lambda _: None,
        attributions=measured_from(start), **changed,
    )  # fmt: skip


MEAN_SCORE = float(WEIGHTS @ drawn(0)[1].mean(axis=0))


@pytest.mark.parametrize("check", CHECKS)
def test_samples_whose_values_are_measured_from_another_score_say_nothing(check: type[Check]) -> None:
    """Whatever the values are: it is the scores that are compared."""
    same = np.full(len(IMAGES), MEAN_SCORE)
    assert check().measure(at_a_layer(same)).verdict == "pass"
    off = check().measure(at_a_layer(same + 100))
    assert (off.verdict, off.value) == ("not assessed", None)
    if check is not ConcordanceSpec:
        assert off.sentence == "The values are measured from another score than that without any element here."
    some = check().measure(at_a_layer(same + 100 * (np.arange(len(IMAGES)) == 3)))
    assert some.verdict == "pass"
    count = 1 if some.per_sample is not None and np.isnan(some.per_sample[:, 0]).any() else 0
    said = (
        "(1 of " if check is ConcordanceSpec else "1 of them says nothing: its values are measured from another score"
    )
    assert (said in some.sample + some.sentence) == bool(count)


def test_an_order_on_another_substrate_is_judged_and_said_to_prove_nothing_wrong() -> None:
    rows, background = drawn(0)
    wrong = case_of(SCORES["linear"], rows, background, -exact(SCORES["linear"], rows, background))
    own, other = DeletionSpec().measure(wrong), DeletionSpec(substrate="noise").measure(wrong)
    assert (own.verdict, own.bears) == ("fail", True)
    assert (other.verdict, other.bears) == ("fail", False)
    assert other.sentence.endswith("does not say that it is wrong.")


# --- samples that say nothing -----------------------------------------------------------------------------


@pytest.mark.parametrize("check", CHECKS)
def test_samples_that_say_nothing_are_counted(check: type[Check]) -> None:
    """Of eight rows the score is the same whatever is taken away."""
    rows, background = drawn(0)
    dead = np.arange(len(rows)) % 10 == 0
    rows[dead] = background.mean(axis=0)
    case = case_of(
        SCORES["linear"], rows, background, WEIGHTS * (rows - background.mean(axis=0)),
        stand_in=to_the_mean_of(background),
    )  # fmt: skip
    found = check(samples=80).measure(case)
    assert found.per_sample is not None
    count = int(np.isnan(found.per_sample[:, 0]).sum())
    assert count
    if check is ConcordanceSpec:
        assert f"({count} of {len(found.per_sample)})" in found.sentence
    else:
        assert f"{count} of them say" in found.sample


# --- channels that are taken away together ----------------------------------------------------------------


def series_case(given: Array, rows: Array, weights: Array) -> Case:
    """A linear score of `rows` (samples, steps, channels) beside zero."""
    item = Input(name="x", kind="series", values=rows, features=("a", "b"))
    return replace(
        linear_case(np.ones((2, 2))),
        dataset=lambda: dataset().model_copy(update={"inputs": (item,)}),
        shards=shards({"x": given[..., np.newaxis]}),
        score=lambda inputs, _: (inputs["x"] * weights).sum(axis=(1, 2)),
        baseline=lambda samples: {"x": np.zeros((len(samples), *weights.shape))},
        stand_in=lambda samples: StandIn({"x": np.zeros((len(samples), *weights.shape))}),
        additive=False,
    )


def test_a_window_over_all_channels_is_measured_without_all_of_them() -> None:
    """Each channel has the whole difference, which is no loss of one of them: here these are of opposite signs."""
    random = np.random.default_rng(0)
    rows, weights = random.exponential(size=(len(IMAGES), 8, 2)), np.stack([np.arange(1.0, 9), -3 * np.ones(8)], axis=1)
    lost = rows * weights
    windows = np.repeat(lost.sum(axis=2, keepdims=True), 2, axis=2)
    found = FaithfulnessCorrelationSpec().measure(series_case(windows, rows, weights))
    assert (found.verdict, found.value) == ("pass", pytest.approx(1))
    alone = FaithfulnessCorrelationSpec().measure(series_case(lost, rows, weights))
    assert (alone.verdict, alone.value) == ("pass", pytest.approx(1))


def test_of_channels_that_are_told_apart_each_is_taken_away_alone() -> None:
    """Right sums over the channels do not help values that are in the other one."""
    random = np.random.default_rng(0)
    rows, weights = random.exponential(size=(len(IMAGES), 8, 2)), np.stack([np.arange(1.0, 9), -3 * np.ones(8)], axis=1)
    swapped = (rows * weights)[..., ::-1]
    assert FaithfulnessCorrelationSpec().measure(series_case(swapped, rows, weights)).verdict == "fail"
