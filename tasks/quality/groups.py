"""For whom a model is how good: shares and errors by group, and how far groups are apart."""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from exhibit.tasks.models.performance import wilson
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.subgroups import FEW, Disparity, Estimate, Pair, Subgroup, Subgroups

ALPHA = 0.05  # of all intervals of a table together
APART = 0.1  # from which difference of two shares on groups are said to be treated differently
_JUDGED = ("accuracy", "selection rate", "TPR", "FPR", "precision", "calibration")  # what a model does, without units
_MISSING, _SEPARATOR = "not stated", ", "


class Share(NamedTuple):
    """Which rows are `hits` of those that are counted, `among`; both (rows,) of truth values."""

    hits: Array
    among: Array


class Counted(NamedTuple):
    """A share or a mean over rows: its value, over how many, and the ends at a level."""

    value: float
    rows: int
    low: float
    high: float

    @property
    def estimate(self) -> Estimate:
        """As records have it."""
        return Estimate(value=self.value, rows=self.rows, interval=(self.low, self.high))


def ranges(values: Array, cuts: Sequence[float]) -> Array:
    """(rows,) names of the ranges of numbers (rows,) between ascending `cuts`, each from its lower end on."""
    ends = [f"{cut:g}" for cut in cuts]
    names = [f"under {ends[0]}", *(f"{a} to under {b}" for a, b in pairwise(ends)), f"{ends[-1]} on"]
    return np.where(np.isnan(values), _MISSING, np.array(names)[np.searchsorted(cuts, values, side="right")])


def crossed(columns: Sequence[Array]) -> Array:
    """(rows,) names of the groups that rows belong to by all `columns` (rows,) at once."""
    return np.array([_SEPARATOR.join(row) for row in zip(*(column.tolist() for column in columns), strict=True)])


def shares(true: Array, read: Array) -> dict[str, Share]:
    """Of rows (rows,) of which it is `true` and `read` that they are of the class that is asked about; the definitions
    of fairlearn. The selection rate is that of demographic parity, TPR that of equal opportunity, TPR and FPR those of
    equalized odds; the base rate is that of the data, not of the model. Where no row is counted there is no share,
    where fairlearn has 0."""
    every = np.ones(len(true), bool)
    return {
        "base rate": Share(true, every),
        "accuracy": Share(true == read, every),
        "selection rate": Share(read, every),
        "TPR": Share(read, true),
        "FPR": Share(read, ~true),
        "precision": Share(true, read),
    }


def of_classes(true: Array, probability: Array, read: Array, group: Array, by: Sequence[str]) -> Subgroups:
    """Of rows (rows,): whether each is of the class that is asked about, how probable that is to the model, and whether
    it is read as it; `group`: what each belongs to. Beside the shares the calibration: the mean probability minus the
    share of what is true."""
    true, read = true.astype(bool), read.astype(bool)
    return _grouped(group, by, shares(true, read), {"calibration": probability - true})


def of_values(labels: Array, predicted: Array, group: Array, by: Sequence[str]) -> Subgroups:
    """Of measured and predicted values (rows,): mean error, predicted minus measured, and mean absolute error. Nothing
    is said to be wide: which error matters depends on the unit."""
    errors = predicted - labels
    return _grouped(group, by, {}, {"mean error": errors, "mean absolute error": np.abs(errors)})


def _grouped(group: Array, by: Sequence[str], shared: Mapping[str, Share], means: Mapping[str, Array]) -> Subgroups:
    names, of = np.unique(group, return_inverse=True)
    rows = np.bincount(of)
    large = [k for k in range(len(names)) if rows[k] >= FEW]
    measures = [*shared, *means]
    pairs = list(combinations(large, 2))
    comparisons = len(pairs) * len(measures)

    def counted(measure: str, k: int, level: float) -> Counted | None:
        own = of == k
        if measure in shared:
            share = shared[measure]
            return _share(share.hits[own & share.among], level)
        values = means[measure][own]
        return mean(values, level) if len(values) > 1 else None

    # A small group is shown beside the others, so its intervals are among those that hold together.
    level = 1 - ALPHA / (len(names) * len(measures))
    disparities = []
    for measure in measures:
        apart = 1 - ALPHA / comparisons if comparisons else 0.0
        found = {k: own for k in large if (own := counted(measure, k, apart)) is not None}
        if len(found) > 1:
            disparities.append(_disparity(measure, found, names, measure in shared))
    return Subgroups(
        by=tuple(by),
        groups=tuple(
            Subgroup(
                name=str(names[k]),
                rows=int(rows[k]),
                measures={
                    measure: own.estimate for measure in measures if (own := counted(measure, k, level)) is not None
                },
            )
            for k in range(len(names))
        ),
        disparities=tuple(disparities),
        comparisons=comparisons,
    )


def _disparity(measure: str, found: Mapping[int, Counted], names: Array, share: bool) -> Disparity:
    """The pair whose interval is highest above 0 is the surest, and none is surer by another order of the two."""
    values = [own.value for own in found.values()]
    pairs = [_pair(found[a], found[b], str(names[a]), str(names[b])) for a, b in combinations(found, 2)]
    return Disparity(
        measure=measure,
        difference=max(values) - min(values),
        ratio=min(values) / max(values) if share and max(values) > 0 else None,
        surest=max(pairs, key=lambda pair: (pair.interval[0], pair.difference)),
        limit=APART if measure in _JUDGED else None,
    )


def _pair(one: Counted, other: Counted, name: str, of_other: str) -> Pair:
    """The interval of a difference from those of both, R. G. Newcombe (1998), method 10; for means the same as
    adding their errors in squares."""
    if one.value < other.value:
        one, other, name, of_other = other, one, of_other, name
    difference = one.value - other.value
    down = float(np.hypot(one.value - one.low, other.high - other.value))
    up = float(np.hypot(one.high - one.value, other.value - other.low))
    return Pair(high=name, low=of_other, difference=difference, interval=(difference - down, difference + up))


def _share(hits: Array, level: float) -> Counted | None:
    """With E. B. Wilson's interval (1927); None of no rows."""
    if not len(hits):
        return None
    low, high = wilson(int(hits.sum()), len(hits), float(ndtri((1 + level) / 2)))
    return Counted(float(hits.mean()), len(hits), low, high)


def mean(values: Array, level: float) -> Counted:
    """Of two rows or more, (rows,), with Student's interval."""
    half = float(stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    middle = float(values.mean())
    return Counted(middle, len(values), middle - half, middle + half)
