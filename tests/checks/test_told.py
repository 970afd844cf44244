"""What a check says of a number does not contradict its verdict: the side of the threshold, none and all, zero."""

import numpy as np
import pytest

from exhibit.tasks.checks.case import all_of, told, written


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [(0.6996, 0.7, "0.6996"), (0.7, 0.7, "0.70"), (0.81, 0.7, "0.81"), (-0.004, 0.5, "0.00"), (-0.3, 0.5, "−0.30"),
     (0.997, 0.5, "0.997"), (1.0, 0.5, "1.00"), (1 - 1e-15, 0.5, "1.00"), (1 - 1e-6, 0.5, "over 0.9999"),
     (2.0, 0.5, "2.00"), (0.9951, 0.7, "0.995"), (0.994, 0.7, "0.99")],
)  # fmt: skip
def test_a_number_stands_on_its_side_of_its_threshold(value: float, limit: float, text: str) -> None:
    assert told(value, limit) == text


@pytest.mark.parametrize(
    ("value", "limit", "text"),
    [(0.997, 0.5, "99.7%"), (1.0, 0.5, "100%"), (0.0, 0.5, "0%"), (0.498, 0.5, "49.8%"), (0.002, 0.01, "0.2%"),
     (1e-7, 0.01, "under 0.01%"), (0.0978, 0.01, "10%"), (0.0096, 0.01, "0.96%"), (float("nan"), 0.5, "–")],
)  # fmt: skip
def test_a_share_is_none_or_all_only_where_it_is(value: float, limit: float, text: str) -> None:
    assert told(value, limit, "%") == text


@pytest.mark.parametrize(
    ("value", "correlation", "percent"),
    [(0.997, "0.997", "99.7%"), (-0.998, "−0.998", ""), (1.0, "1.00", "100%"), (0.99999, "over 0.9999", "over 99.99%"),
     (0.002, "0.00", "0.2%"), (-0.99999, "under −0.9999", ""), (0.5, "0.50", "50%"), (float("nan"), "–", "–")],
)  # fmt: skip
def test_a_number_without_a_threshold_reads_as_a_bound_only_where_it_is_at_it(
    value: float, correlation: str, percent: str
) -> None:
    assert told(value) == correlation
    assert not percent or told(value, unit="%") == percent


@pytest.mark.parametrize(
    ("value", "limit", "text", "percent"),
    [(1e-20, 0.0, "1e−20", "1e−18%"), (-1e-20, 0.0, "−1e−20", ""), (0.75 - 1e-16, 0.75, "under 0.75", "under 75%"),
     (0.5 + 1e-12, 0.5, "over 0.5", "over 50%"), (0.29 - 1e-9, 0.29, "under 0.29", "under 29%"),
     (1 - 1e-12, 1.0, "under 1", "under 100%"), (0.0, 0.0, "0.00", "0%"), (1e-5, 0.0, "0.00001", "")],
)  # fmt: skip
def test_what_no_digit_tells_from_a_threshold_is_said_in_words(
    value: float, limit: float, text: str, percent: str
) -> None:
    assert told(value, limit) == text
    assert not percent or told(value, limit, "%") == percent


@pytest.mark.parametrize("seed", range(20))
def test_written_numbers_keep_their_side(seed: int) -> None:
    value, limit = np.random.default_rng(seed).uniform(0, 1, 2).round(3)
    assert (float(told(value, limit)) < limit) == (value < limit)


def test_there_is_one_minus_and_none_before_zero() -> None:
    assert [written(value, ".2f") for value in (-0.001, -1.5, float("nan"))] == ["0.00", "−1.50", "–"]


def test_a_single_sample_is_not_all_1() -> None:
    assert all_of(1, "the only explained sample", "explained samples") == "the only explained sample"
    assert all_of(1200, "the only explanation", "explanations") == "all 1,200 explanations"
