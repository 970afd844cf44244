"""Checks measure what they say, and can fail."""

from collections.abc import Sequence

import numpy as np
import pytest

from exhibit.tasks.checks.case import Case
from exhibit.tasks.checks.completeness import CompletenessSpec
from exhibit.tasks.checks.stability import SeedStabilitySpec
from exhibit.tasks.orders import rank
from exhibit.tasks.records.explanation import Attribution
from tests.checks.linear import WEIGHTS, linear_case


def trained(*importances: np.ndarray) -> Case:
    """A case with nothing but the importances of several trainings."""
    return linear_case(WEIGHTS, trainings=importances)


def stored(parts: Sequence[Attribution], *, additive: bool = True) -> Case:
    """A case with nothing but what a method left."""
    return linear_case(WEIGHTS, attributions=parts, additive=additive)


def _part(residual: list[float], prediction: float = 2.0, base: float = 1.0) -> Attribution:
    column = np.array(residual)[:, None]
    return Attribution(
        sample_ids=np.array([str(k) for k in range(len(residual))]),
        targets=np.zeros_like(column, int),
        values={"x": np.zeros((len(residual), 1, 1))},
        prediction=np.full_like(column, prediction),
        base_value=np.full_like(column, base),
        residual=column,
        steps=np.ones_like(column, int),
        converged=np.ones_like(column, bool),
    )


def test_completeness_passes_when_parts_add_up_and_fails_when_not() -> None:
    spec = CompletenessSpec()
    assert spec.measure(stored([_part([0.001, -0.009])])).verdict == "pass"
    assert spec.measure(stored([_part([0.001]), _part([0.5])])).verdict == "fail"


def test_the_share_that_may_exceed_is_the_one_in_the_config() -> None:
    parts = [_part([0.0] * 9 + [0.5])]
    assert CompletenessSpec(share=0.9).measure(stored(parts)).verdict == "pass"
    assert CompletenessSpec(share=0.95).measure(stored(parts)).verdict == "fail"


def test_the_relative_residual_has_a_floor() -> None:
    """No division by a difference near zero: beside a difference of 1 it is |0.0001| / 0.001 = 10%, not infinity."""
    result = CompletenessSpec().measure(stored([_part([1e-4], 1.0, 1.0), _part([0.0])]))
    assert result.per_sample is not None
    assert result.per_sample[:, 0].tolist() == [pytest.approx(0.1), 0]
    assert result.value == 0.5


def test_zeros_that_add_up_to_zero_say_nothing() -> None:
    """Of scores that equal those of the baseline nothing can be said, whatever unit they have."""
    for prediction in (1.0, 1e-9, 0.0):
        nothing = CompletenessSpec().measure(stored([_part([0.0, 1e-16 * prediction], prediction, prediction)]))
        assert (nothing.verdict, nothing.value) == ("not assessed", None)
    beside = CompletenessSpec().measure(stored([_part([0.0], 1.0, 1.0), _part([0.5])]))
    assert (beside.verdict, beside.value) == ("fail", 0.0)
    assert "1 more have a score that hardly differs" in beside.sentence


def test_neither_an_outlier_nor_another_target_hides_what_is_off() -> None:
    """One difference of a million does not make fifty of ten too small to count; nor do those of another target."""
    off, outlier = _part([5.0] * 49, 10.0, 0.0), _part([0.0], 1e6, 0.0)
    assert CompletenessSpec().measure(stored([off, outlier])).verdict == "fail"
    both = _part([0.0] * 50)
    both = both.model_copy(
        update={
            "prediction": np.column_stack([np.full(50, 1e6), np.full(50, 8.0)]),
            "base_value": np.zeros((50, 2)),
            "residual": np.column_stack([np.zeros(50), np.full(50, 8.0)]),
        }
    )
    result = CompletenessSpec().measure(stored([both]))
    assert (result.verdict, result.value) == ("fail", 0.5)


def test_trainings_without_an_order_are_not_stable() -> None:
    equal, nothing = np.ones(3), np.zeros(3)
    assert SeedStabilitySpec().measure(trained(*[equal] * 40)).verdict == "not assessed"
    assert SeedStabilitySpec().measure(trained(*[nothing] * 40)).verdict == "not applicable"


def test_a_small_unit_is_no_excuse() -> None:
    """A model in millionths: half of a difference of 2e-6 is missing, and that is half."""
    off = CompletenessSpec().measure(stored([_part([1e-6], 3e-6, 1e-6)]))
    assert off.per_sample is not None
    assert off.per_sample[0, 0] == pytest.approx(0.5)
    assert off.verdict == "fail"


def test_with_sampling_residual_and_difference_are_those_of_the_draws() -> None:
    """Draws that are off by 0.05 and by -0.05 are off, though not on average; of a difference of 10 that is 0.5%."""
    part = _part([0.0]).model_copy(update={"draw_residual": np.array([[0.05]]), "draw_difference": np.array([[10.0]])})
    near = part.model_copy(update={"draw_difference": np.array([[1.0]])})
    found = CompletenessSpec().measure(stored([part, near]))
    assert found.per_sample is not None
    np.testing.assert_allclose(found.per_sample, [[0.005], [0.05]])
    assert found.verdict == "fail"


def test_completeness_does_not_apply_to_a_gradient() -> None:
    result = CompletenessSpec().measure(stored([_part([float("nan")])], additive=False))
    assert result.verdict == "not applicable"
    assert not result.required


def test_a_residual_that_is_not_a_number_is_not_complete() -> None:
    assert CompletenessSpec().measure(stored([_part([float("nan")])])).verdict == "fail"


def test_trainings_of_one_order_are_stable_and_opposite_ones_are_not() -> None:
    up, down = np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])
    spec = SeedStabilitySpec()
    assert spec.measure(trained(*(up + np.array([k / 100, 0, 0]) for k in range(40)))).verdict == "pass"
    assert spec.measure(trained(up, *[down] * 8)).value == pytest.approx(-1.0)
    assert spec.measure(trained(up, *[down] * 8)).verdict == "fail"


@pytest.mark.parametrize("count", [2, 5, 40])
def test_a_training_in_which_nothing_is_drawn_is_no_other_one(count: int) -> None:
    """Boosted trees on all rows are the same for every seed, but for the order of their sums; two are no evidence, and
    neither are forty."""
    once = np.array([3.0, 2.0, 1.0])
    found = SeedStabilitySpec().measure(trained(once, *[once * (1 + 1e-13)] * (count - 1)))
    assert (found.verdict, found.value, found.over_trainings) == ("not applicable", None, False)
    assert found.sentence.startswith("Another seed gives the same model: nothing is drawn in its training.")


def test_one_more_training_decides_nothing() -> None:
    """The reported training is not among those that it is compared with: two trainings are one comparison."""
    up, down = np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])
    same = SeedStabilitySpec().measure(trained(up, up + np.array([0.1, 0, 0])))
    assert (same.verdict, same.value) == ("undecided", pytest.approx(1.0))
    other = SeedStabilitySpec().measure(trained(up, down))
    assert other.verdict == "undecided"
    assert "the same in 0 of 1, the first feature in 0 of 1" in other.sentence


def test_shares_and_intervals_of_ranks() -> None:
    result = SeedStabilitySpec().measure(trained(np.array([3.0, 1.0]), np.array([1.0, 3.0])))
    assert result.details["mean"].tolist() == [0.5, 0.5]
    assert result.details["best_rank"].tolist() == [1, 1]
    assert result.details["worst_rank"].tolist() == [2, 2]


def test_rank_one_is_the_largest() -> None:
    assert rank(np.array([0.1, 5.0, 2.0])).tolist() == [3, 1, 2]


def test_trainings_grow_until_they_decide_beyond_doubt_or_are_the_most() -> None:
    """Of twelve features 16 orders that are nearly the same are enough; four that are less so, or of two, double."""
    random = np.random.default_rng(0)
    of, base = SeedStabilitySpec(seeds=5, most=21), np.arange(1.0, 13)
    near = trained(base, *(base + random.normal(0, 1, 12) for _ in range(16)))
    some = trained(*(base + random.normal(0, 4, 12) for _ in range(5)))
    assert of.further_trainings(of.measure(near)) == 0
    assert of.further_trainings(of.measure(some)) == 4
    few = trained(*(np.array([1.0, 2.0 + k / 100]) for k in range(17)))
    assert of.further_trainings(of.measure(few)) == 4  # 16 beside the reported one, and 20 are the most
    assert SeedStabilitySpec().further_trainings(SeedStabilitySpec().measure(some)) == 0
    assert (SeedStabilitySpec(most=3).trainings, SeedStabilitySpec(most=30).trainings) == (3, 5)
    nothing = trained(*[np.zeros(4)] * 5)
    assert of.further_trainings(of.measure(nothing)) == 0
