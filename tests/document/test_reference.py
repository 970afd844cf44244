"""The order of a reference beside that of a method."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from exhibit.tasks.document.reference import correlation, rank_correlation


def test_the_same_order_is_one_and_the_opposite_minus_one() -> None:
    reference = np.array([0.1, 0.2, 0.3, 0.4])
    assert rank_correlation(np.array([[1, 2, 3, 4], [4, 3, 2, 1], [1, 1, 1, 1]]), reference).tolist() == [1, -1, 0]


def test_it_is_spearmans_with_ties() -> None:
    values = np.random.default_rng(0).integers(0, 5, (20, 8)).astype(float)
    reference = np.array([3.0, 1, 4, 1, 5, 9, 2, 6])
    expected = [spearmanr(row, reference).statistic for row in values]
    assert rank_correlation(values, reference) == pytest.approx(np.array(expected))


def test_samples_that_all_agree_leave_no_doubt() -> None:
    assert correlation(np.tile([1.0, 2, 3], (10, 1)), np.array([1.0, 2, 3])) == (1, 1, 1)


def test_the_interval_holds_the_value_and_opens_where_samples_disagree() -> None:
    values = np.abs(np.random.default_rng(1).normal(size=(30, 4)))
    value, low, high = correlation(values, np.arange(4.0))
    assert low <= value <= high
    assert high - low > 0.5
