"""How sure a measured number is, and what that decides. No particular check belongs here.

A number is measured on a sample, or over random draws, so it has a 95% interval; it decides only where that interval
lies on one side of the threshold. A sample grows until that is so. Since a number that is looked at again and again
crosses any line at some time, it may stop before its end only where even a 99.9% interval is clear of the threshold:
R. Peto and others (1976), Design and analysis of randomized clinical trials (the Haybittle-Peto rule).
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import Message, as_message, say, say_all

LEVEL = 0.95
EARLY = 0.999  # of an interval that stops a sample before its end

Decision = Literal["pass", "fail", "undecided"]


class Estimate(NamedTuple):
    """A `value` from `size` samples or draws, and its interval from `low` to `high`; NaN where nothing is known.

    `alike`: how many of them are so much alike that the interval takes in a value that did not occur, else 0. `of`: the
    estimate of so many values like these.
    """

    value: float
    low: float
    high: float
    size: int
    alike: int = 0
    of: Callable[[int], "Estimate"] | None = None

    @property
    def interval(self) -> tuple[float, float]:
        """From the lowest to the highest."""
        return self.low, self.high


Estimator = Callable[[Array, float], Estimate]  # of values, at a level


class Support(NamedTuple):
    """The smallest and the largest value that a number can have; `lumpy` where values of single samples may be equal
    without being certain, as a share of so many tries, or the order of a few elements."""

    low: float
    high: float
    lumpy: bool = False

    def mean(self, values: Array, level: float = LEVEL) -> Estimate:
        """The mean of (samples,) values that are numbers, with Student's interval.

        Where half of lumpy values and more are the same but for a hundredth, their spread says nothing of the values
        that did not occur: one more value, the farthest there may be, is taken in at each side, as A. Agresti and
        B. Coull (1998) do for shares. So it is with a single value, and, where half and more are the same, with any
        values of which an interval above 95% is asked, to stop a sample before its end.
        """
        known = values[~np.isnan(values)].astype(np.float64)
        if not len(known):
            return Estimate(float("nan"), self.low, self.high, 0)
        alike = np.unique(np.round(known, 2), return_counts=True)[1].max()
        few = len(known) == 1 or ((self.lumpy or level > LEVEL) and 2 * alike >= len(known))
        below, above = (np.append(known, end) if few else known for end in (self.low, self.high))
        value = float(known.mean())
        low, high = _end(below, -1, level), _end(above, 1, level)
        return Estimate(
            value,
            max(self.low, min(low, value)),
            min(self.high, max(high, value)),
            len(known),
            int(alike) if few else 0,
            lambda size: self.mean(np.resize(known, size), level),
        )

    def lowest(self, parts: Sequence[Array], level: float = LEVEL) -> Estimate:
        """The lowest of the means of some `parts` (samples,) each. The one that is lowest may be so by luck, so its
        interval ends where those of all parts together end, at such a level for all of them (Bonferroni)."""
        found = [self.mean(part, level) for part in parts]
        together = [self.mean(part, 1 - (1 - level) / len(parts)) for part in parts]
        lowest = min(found, key=lambda one: one.value)
        return lowest._replace(
            low=min(one.low for one in found),
            high=min(one.high for one in together),
            of=lambda size: self.lowest([np.resize(part[~np.isnan(part)], size) for part in parts], level),
        )

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
        middle = float(np.median(known))
        return Estimate(
            middle, float(low), float(high), count, of=lambda size: self.median(np.resize(known, size), level)
        )


def _end(values: Array, side: int, level: float) -> float:
    """One end of Student's interval of the mean."""
    from scipy.special import stdtrit  # what `scipy.stats` answers with, and loaded in a tenth of its time

    if not np.isfinite(values).all():
        return side * float("inf")
    half = float(stdtrit(len(values) - 1, (1 + level) / 2)) * float(values.std(ddof=1)) / np.sqrt(len(values))
    return float(values.mean()) + side * half


SHARE, SIZE = Support(0, 1, lumpy=True), Support(0, np.inf)
AVERAGE = Support(-1, 1)  # of means over samples


def correlations(elements: int) -> Support:
    """Of single samples: that of the orders of few elements has few values."""
    return Support(-1, 1, lumpy=elements < _FEW)


_FEW = 10


def decision(found: Estimate, threshold: float, at_least: bool) -> Decision:
    """What the interval says of the threshold, which a value that is not there cannot reach."""
    if at_least:
        return "pass" if found.low >= threshold else "fail" if found.high < threshold else "undecided"
    return "pass" if found.high <= threshold else "fail" if found.low > threshold else "undecided"


def until_decided(
    measure: Callable[[int, int], Array],
    decided: Callable[[Array, float], bool],
    start: int,
    most: int,
    affordable: Callable[[int, int], bool],
) -> Array:
    """The values of a sample that doubles from `start` until it is decided, at its end, or too dear to double.

    `measure(start, stop)`: (stop - start, ...) values; `decided(values, level)`: whether intervals at such a level
    decide; `affordable(done, wanted)`: whether it may grow so far.
    """
    values = measure(0, min(start, most))
    while (
        (done := len(values)) < most and not decided(values, EARLY) and affordable(done, wanted := min(2 * done, most))
    ):
        values = np.concatenate([values, measure(done, wanted)])
    return values


def further(found: Estimate, threshold: float, at_least: bool, things: str) -> Message:
    """How many samples or draws more would decide, if they were like those that were measured, and why so many did
    not."""

    def decides(size: int) -> bool:
        return found.of is not None and decision(found.of(size), threshold, at_least) != "undecided"

    things = as_message(things)
    why = (
        say(
            "{alike} of {all} {things} give nearly the same value, but as few may by chance, so the interval takes in "
            "one that does not.",
            alike=str(found.alike),
            all=str(found.size),
            things=things,
        )
        if found.alike
        else ""
    )
    sizes = range(found.size + 1, _FAR * found.size + 1)
    if not decides(_FAR * found.size):
        times = str(_FAR)
        return say_all(
            why, say("Even {times} times as many {things} like these would not decide.", times=times, things=things)
        )
    needed = sizes[bisect_left(sizes, True, key=decides)]
    more = needed - found.size
    if more == 1:
        return say_all(why, say("One more like these would decide."))
    count = f"{more:,}"
    return say_all(why, say("About {count} more {things} like these would decide.", count=count, things=things))


_FAR = 100
