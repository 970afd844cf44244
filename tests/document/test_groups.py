"""Means of functional groups and their intervals."""

import numpy as np
import pytest

from exhibit.tasks.document.groups import bounds_of
from exhibit.tasks.records.explanation import Importance


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    """1, 2, 3, 4: mean 2.5, standard deviation sqrt(5 / 3), of the mean half of that."""
    values = np.array([1.0, 2, 3, 4])
    one = np.ones(1)
    importance = Importance(
        input="molecule", target="x", features=("ether",), mean=one * 2.5, mean_absolute=one * 2.5,
        mean_square=one * (values**2).mean(), standard_error=one, count=np.array([4]), aggregate="raw",
    )  # fmt: skip
    half = 1.96 * np.sqrt(5 / 3) / 2
    assert bounds_of(importance, 0) == pytest.approx((2.5 - half, 2.5 + half))
