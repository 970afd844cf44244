"""Intervals hold what they say, samples are drawn fairly, and a verdict is what its interval decides."""

import re
from collections.abc import Callable

import numpy as np
import pytest

from exhibit.tasks.checks.case import sampled
from exhibit.tasks.checks.inference import (
    AVERAGE,
    LEVEL,
    SHARE,
    SIZE,
    Estimate,
    correlations,
    decision,
    further,
    until_decided,
)
from exhibit.tasks.records.base import Array
from tests.checks import coverage
from tests.checks.linear import IMAGES, WEIGHTS, linear_case

Drawn = Callable[[np.random.Generator], Array]


@pytest.mark.parametrize(
    ("draw", "truth"),
    [
        (lambda random: random.beta(8, 2, 24), 0.8),
        (lambda random: random.binomial(10, 0.7, 24) / 10, 0.7),
        (lambda random: np.clip(random.normal(0.3, 0.2, 16), -1, 1), 0.3),
        (lambda random: random.normal(0.1, 0.25, 5), 0.1),
    ],
    ids=["shares", "shares of ten", "correlations", "five draws"],
)
def test_95_percent_of_the_intervals_of_a_mean_hold_it(draw: Drawn, truth: float) -> None:
    """2,000 samples: a rate of 95% is measured to half a point."""
    random = np.random.default_rng(0)
    found = [AVERAGE.mean(draw(random)) for _ in range(2000)]
    assert 0.92 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.98


@pytest.mark.parametrize("size", [16, 50])
def test_95_percent_of_the_intervals_of_a_median_hold_it(size: int) -> None:
    random = np.random.default_rng(0)
    found = [SIZE.median(random.exponential(size=size)) for _ in range(2000)]
    assert 0.92 <= np.mean([one.low <= np.log(2) <= one.high for one in found]) <= 0.98


def test_all_of_a_few_is_not_all() -> None:
    """16 of 16 leave room for a fifth that is otherwise, as Clopper and Pearson say (0.79), and one of one for all."""
    found = SHARE.mean(np.ones(16))
    assert found.value == 1
    assert found.high == 1
    assert 0.79 <= found.low <= 0.83
    assert SHARE.mean(np.zeros(1)).interval == (0, 1)
    near = SHARE.mean(np.append(np.ones(15), 0.99))
    assert near.low <= found.low  # what is no better is no surer
    assert SHARE.median(np.ones(3)).interval == (0, 1)  # three values bound no median


def test_what_is_not_there_is_not_counted() -> None:
    values = np.array([0.2, np.nan, 0.4])
    assert SHARE.mean(values).value == pytest.approx(0.3)
    assert SHARE.mean(values).size == 2
    nothing = SHARE.mean(np.full(3, np.nan))
    assert (nothing.size, nothing.interval) == (0, (0, 1))


@pytest.mark.parametrize(
    ("low", "high", "at_least", "expected"),
    [
        (0.6, 0.8, True, "pass"), (0.6, 0.8, False, "fail"), (0.1, 0.4, True, "fail"), (0.1, 0.4, False, "pass"),
        (0.4, 0.6, True, "undecided"), (0.4, 0.6, False, "undecided"), (0.5, 0.6, True, "pass"),
        (0.4, 0.5, False, "pass"), (0.4, 0.5, True, "undecided"), (0.5, 0.6, False, "undecided"),
        (0.5, 0.5, True, "pass"), (0.5, 0.5, False, "pass"),
    ],
)  # fmt: skip
def test_the_interval_decides(low: float, high: float, at_least: bool, expected: str) -> None:
    assert decision(Estimate((low + high) / 2, low, high, 9), 0.5, at_least) == expected


def test_noise_seldom_passes_and_what_is_there_does() -> None:
    """Looking again and again does not decide by luck: of 1,000 samples whose mean is the threshold, some 5% decide."""
    random = np.random.default_rng(0)

    def verdict(mean: float) -> str:
        values = np.clip(random.normal(mean, 0.2, 200), 0, 1)
        measured = until_decided(
            lambda start, stop: values[start:stop],
            lambda values, level: decision(SHARE.mean(values, level), 0.5, True) != "undecided",
            16,
            200,
            lambda done, wanted: True,
        )
        return decision(SHARE.mean(measured, LEVEL), 0.5, True)

    at_the_threshold = [verdict(0.5) for _ in range(1000)]
    assert 0.02 <= 1 - at_the_threshold.count("undecided") / 1000 <= 0.08
    assert [verdict(0.7) for _ in range(100)] == ["pass"] * 100


@pytest.mark.parametrize("elements", [4, 400])
def test_a_few_equal_values_stop_no_sample(elements: int) -> None:
    """Of samples of which 15% are the other way round 16 are often all alike: that does not pass them."""
    random = np.random.default_rng(0)
    support, passed = correlations(elements), 0
    for _ in range(1000):
        values = np.where(random.random(200) < 0.15, -1.0, 1.0)  # 0.7 on average
        measured = until_decided(
            lambda start, stop, values=values: values[start:stop],
            lambda values, level: decision(support.mean(values, level), 0.75, True) != "undecided",
            16,
            200,
            lambda done, wanted: True,
        )
        passed += decision(support.mean(measured), 0.75, True) == "pass"
    assert passed <= 25


def test_two_values_of_two_decide_nothing() -> None:
    for support in (SHARE, correlations(2)):
        assert decision(support.mean(np.ones(2)), 0.5, True) == "undecided"
        assert decision(support.mean(np.ones(4)), 0.7, True) == "undecided"


def test_a_sample_stops_when_it_is_decided_or_dear() -> None:
    asked: list[tuple[int, int]] = []

    def measure(start: int, stop: int) -> Array:
        asked.append((start, stop))
        return np.full(stop - start, 0.5) + np.arange(stop - start) * 1e-3

    def run(decided: bool, most: int) -> int:
        asked.clear()
        return len(until_decided(measure, lambda *_: decided, 4, 20, lambda done, wanted: wanted <= most))

    assert run(True, 20) == 4
    assert run(False, 20) == 20
    assert asked == [(0, 4), (4, 8), (8, 16), (16, 20)]
    assert run(False, 10) == 8


def test_how_many_more_would_decide() -> None:
    """So many values like those that were measured have an interval on one side of the threshold, and one less has
    none."""
    found = SHARE.mean(np.tile([0.2, 0.4, 0.6, 0.8], 3))
    said = further(found, 0.6, True, "samples")
    more = re.fullmatch(r"About (\d+) more samples like these would decide\.", said)
    assert more
    for size, expected in ((12 + int(more[1]), "fail"), (11 + int(more[1]), "undecided")):
        assert decision(SHARE.mean(np.resize([0.2, 0.4, 0.6, 0.8], size)), 0.6, True) == expected
    nine = correlations(4).mean(np.ones(19))
    assert further(nine._replace(size=nine.size), 0.7, True, "trainings").endswith(" One more like these would decide.")
    assert further(found, 0.5, True, "samples") == "Even 100 times as many samples like these would not decide."


def test_why_four_equal_values_do_not_decide() -> None:
    """1.00 four times beside 0.7: the interval takes in a value that did not occur, and of twenty it is clear."""
    four = correlations(4).mean(np.ones(4))
    assert (four.value, decision(four, 0.7, True)) == (1.0, "undecided")
    assert decision(correlations(4).mean(np.ones(20)), 0.7, True) == "pass"
    assert further(four, 0.7, True, "trainings") == (
        "4 of 4 trainings give nearly the same value, but as few may by chance, so the interval takes in one that does "
        "not. About 16 more trainings like these would decide."
    )


def test_each_beginning_of_a_sample_holds_every_class_in_proportion() -> None:
    """Of rows in the order of their classes the first eight are of all of them, whatever the seed."""
    targets = np.repeat([0, 1, 2, 3], len(IMAGES) // 4)
    case = linear_case(WEIGHTS, targets=targets)
    for seed in range(20):
        order = sampled(case, seed)
        assert sorted(order) == list(range(len(IMAGES)))
        assert sorted(np.bincount(targets[order[:8]])) in ([2, 2, 2, 2], [1, 2, 2, 3])
    assert sampled(case, 0).tolist() == sampled(case, 0).tolist()
    assert sampled(case, 0).tolist() != sampled(case, 1).tolist()


@pytest.mark.parametrize("case", coverage.CASES, ids=lambda case: case.name)
def test_stated_intervals_hold_the_truth(case: coverage.Stated) -> None:
    """The list of the documentation: nothing is missing from it, nor outside the limits. Over a few seeds of what is
    quickly measured: a rate of 95% may look like 88% of 60, and one of 80% does not."""
    listed = [line for line in coverage.FILE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    (line,) = [line for line in listed if line.startswith(f"| {case.name} |")]
    found = re.search(r"([\d.]+)% \|$", line)
    assert found
    assert coverage.LOWEST <= float(found[1]) / 100 <= coverage.HIGHEST
    if "resampled" not in case.where and "Student" not in case.where:  # nets and resamples have tests of their own
        assert coverage.rate(case, 60) >= 0.85
