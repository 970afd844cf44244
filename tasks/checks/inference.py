"""How sure a measured number is, and what that decides. No particular check belongs here.

A number is measured on a sample, or over random draws, so it has a 95% interval; it decides only where that interval
lies on one side of the threshold. A sample grows until that is so. Since a number that is looked at again and again
crosses any line at some time, it may stop before its end only where even a 99.9% interval is clear of the threshold:
R. Peto and others (1976), Design and analysis of randomized clinical trials (the Haybittle-Peto rule).
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array

LEVEL = 0.95
_EARLY = 0.999  # of an interval that stops a sample before its end

Decision = Literal["pass", "fail", "undecided"]


class Estimate(NamedTuple):
    """A `value` from `size` samples or draws, and its interval from `low` to `high`; NaN where nothing is known."""

    value: float
    low: float
    high: float
    size: int

    @property
    def interval(self) -> tuple[float, float]:
        """From the lowest to the highest."""
        return self.low, self.high


Estimator = Callable[[Array, float], Estimate]  # of values, at a level


class Support(NamedTuple):
    """The smallest and the largest value that a number can have; `lumpy` where it has few values, as a share of so many
    tries, so that several are equal without being certain."""

    low: float
    high: float
    lumpy: bool = False

    def mean(self, values: Array, level: float = LEVEL) -> Estimate:
        """The mean of (samples,) values that are numbers, with Student's interval.

        Lumpy values that are all equal have no spread, but that n of them are the same says that others are rarer than
        1 - (alpha/2)^(1/n): the interval of C. Clopper and E. Pearson (1934) for n of n.
        """
        from scipy.stats import t

        known = values[~np.isnan(values)].astype(np.float64)
        count = len(known)
        if not count:
            return Estimate(float("nan"), self.low, self.high, 0)
        value = float(known.mean())
        spread = float(known.std(ddof=1)) if count > 1 else 0.0
        if count == 1 or (self.lumpy and spread <= _EQUAL):
            rare = 1 - ((1 - level) / 2) ** (1 / count)
            return Estimate(value, value - rare * (value - self.low), value + rare * (self.high - value), count)
        half = float(t.ppf((1 + level) / 2, count - 1)) * spread / np.sqrt(count)
        return Estimate(value, max(self.low, value - half), min(self.high, value + half), count)

    def median(self, values: Array, level: float = LEVEL) -> Estimate:
        """The median of (samples,) values that are numbers, between two of them: as many lie below the median of all as
        heads come up in so many tosses of a coin."""
        from scipy.stats import binom

        known = np.sort(values[~np.isnan(values)].astype(np.float64))
        count = len(known)
        if not count:
            return Estimate(float("nan"), self.low, self.high, 0)
        below = int(binom.ppf((1 - level) / 2, count, 0.5))
        low, high = (known[below - 1], known[count - below]) if below else (self.low, self.high)
        return Estimate(float(np.median(known)), float(low), float(high), count)


_EQUAL = 1e-12  # spread of values that are the same but for the last bits

SHARE, RANKS, CORRELATION, SIZE = Support(0, 1, True), Support(-1, 1, True), Support(-1, 1), Support(0, np.inf)


def decision(found: Estimate, threshold: float, at_least: bool) -> Decision:
    """What the interval says of the threshold, which a value that is not there cannot reach."""
    if found.low >= threshold:
        return "pass" if at_least else "fail" if found.low > threshold else "undecided"
    if found.high <= threshold:
        return "pass" if not at_least else "fail" if found.high < threshold else "undecided"
    return "undecided"


def until_decided(
    measure: Callable[[int, int], Array],
    estimate: Callable[[Array, float], Estimate],
    decided: Callable[[Estimate], bool],
    start: int,
    most: int,
    affordable: Callable[[int, int], bool],
) -> tuple[Array, Estimate]:
    """The values of a sample that doubles from `start` until it is decided, at its end, or too dear to double.

    `measure(start, stop)`: (stop - start, ...) values; `affordable(done, wanted)`: whether it may grow so far.
    """
    values = measure(0, min(start, most))
    while (
        (done := len(values)) < most
        and not decided(estimate(values, _EARLY))
        and affordable(done, wanted := min(2 * done, most))
    ):
        values = np.concatenate([values, measure(done, wanted)])
    return values, estimate(values, LEVEL)


def further(found: Estimate, threshold: float, things: str) -> str:
    """How many samples or draws would decide, if the value stayed where it is: intervals shrink with their root."""
    gap = abs(found.value - threshold)
    half = found.high - found.value if threshold >= found.value else found.value - found.low
    if not gap or not np.isfinite(half) or found.size < 2:
        return f"It is not known how many more {things} would decide."
    needed = found.size * (half / gap) ** 2
    if needed > _FAR * found.size:
        return f"More than {_FAR} times as many {things} would be needed to decide."
    more = max(1, int(np.ceil(needed)) - found.size)
    return f"About {more:,} more {things} would decide, if the value stayed where it is."


_FAR = 100
