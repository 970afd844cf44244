"""For whom a model is how good: shares and errors by group, and how far groups are apart."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import hypot
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from exhibit.tasks.chances import wilson
from exhibit.tasks.models.performance import measured_splits
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.grouping import Grouping
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.quality import LEAST
from exhibit.tasks.records.subgroups import (
    APART,
    APART_IN_SPREADS,
    FEW,
    Disparity,
    Estimate,
    Measured,
    Pair,
    Subgroup,
    Subgroups,
)

ALPHA = 0.05  # of all intervals together, and of all comparisons together


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

    @property
    def rough(self) -> Estimate:
        """Of a mean over so few rows that their spread says little: without an interval."""
        return self.estimate if self.rows >= LEAST else Estimate(value=self.value, rows=self.rows, interval=None)


class Measures(NamedTuple):
    """What is measured of rows: shares, and means of numbers (rows,). `limits`: from which difference of two groups on
    these are said to be apart, of those that say something of the model."""

    shares: Mapping[str, Share]
    means: Mapping[str, Array]
    limits: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all of them."""
        return (*self.shares, *self.means)

    def shown(self, rows: Array) -> int:
        """How many of them have an interval over `rows`, a mask."""
        shares = sum(bool((rows & share.among).any()) for share in self.shares.values())
        return shares + len(self.means) * bool(rows.sum() >= LEAST)

    def of(self, name: str, rows: Array, level: float) -> Counted | None:
        """One of them over `rows`, a mask; None where it counts too few of them."""
        if name in self.shares:
            share = self.shares[name]
            return _share(share.hits[rows & share.among], level)
        values = self.means[name][rows]
        return mean(values, level) if len(values) > 1 else None


def measured(dataset: Dataset, prediction: Prediction, by: Sequence[Grouping], named: Sequence[str]) -> Measured | None:
    """On the rows to explain that have labels, else on those that are held out, else on those of the training; None
    without labels. `by`: one grouping of all samples for each column; `named`: classes of which one is asked about,
    where there are more than two."""
    if not (splits := measured_splits(dataset)):
        return None
    rows = np.flatnonzero(dataset.labelled & (dataset.split == splits[0]))
    labels, about = dataset.labels[rows], ""
    if dataset.task == "regression":
        asked = of_values(labels, prediction.outputs[rows, 0])
    else:
        probabilities = prediction.probabilities(rows)
        read = probabilities.argmax(axis=1)
        about = _asked(dataset.classes, named)
        if about:
            k = dataset.classes.index(about)
            asked = of_class(labels == k, probabilities[:, k], read == k)
        else:
            asked = of_likeliest(read == labels, probabilities.max(axis=1))
    groupings = with_crossed([one.take(rows) for one in by])
    tables, intervals, comparisons = grouped(asked, groupings)
    return Measured(
        split=splits[0], rows=len(rows), about=about, tables=tables, intervals=intervals, comparisons=comparisons
    )


def _asked(classes: Sequence[str], named: Sequence[str]) -> str:
    """The second of two classes; of more the one that is named, if it is one alone."""
    if len(classes) == 2:
        return classes[1]
    found = [name for name in classes if name in named]
    return found[0] if len(found) == 1 else ""


def with_crossed(by: Sequence[Grouping]) -> tuple[Grouping, ...]:
    """Each by itself, and each two at once."""
    return (*by, *(one.crossed(two) for one, two in combinations(by, 2)))


def of_class(true: Array, probability: Array, read: Array) -> Measures:
    """Of rows (rows,): whether each is of the class that is asked about, how probable that is to the model, and whether
    it is read as it; the definitions of fairlearn. The selection rate is that of demographic parity, TPR that of equal
    opportunity, TPR and FPR those of equalized odds; the base rate is that of the data, not of the model. Where no row
    is counted there is no share, where fairlearn has 0. Calibration: the mean probability minus the share of what is
    true."""
    true, read = true.astype(bool), read.astype(bool)
    every = np.ones(len(true), bool)
    shares = {
        "base rate": Share(true, every),
        "selection rate": Share(read, every),
        "accuracy": Share(true == read, every),
        "TPR": Share(read, true),
        "FPR": Share(read, ~true),
    }
    means = {"calibration": probability - true}
    return Measures(shares, means, {name: APART for name in (*shares, *means) if name != "base rate"})


def of_likeliest(right: Array, probability: Array) -> Measures:
    """Of several classes of which none is asked about: whether the likeliest is right, and how probable it is."""
    shares = {"accuracy": Share(right.astype(bool), np.ones(len(right), bool))}
    return Measures(shares, {"calibration": probability - right}, dict.fromkeys(("accuracy", "calibration"), APART))


def of_values(labels: Array, predicted: Array) -> Measures:
    """Of measured and predicted values (rows,): mean error, predicted minus measured, and mean absolute error."""
    errors = predicted - labels
    means = {"mean label": labels, "mean error": errors, "mean absolute error": np.abs(errors)}
    limit = APART_IN_SPREADS * float(labels.std())
    return Measures({}, means, dict.fromkeys(("mean error", "mean absolute error"), limit))


def grouped(asked: Measures, by: Sequence[Grouping]) -> tuple[tuple[Subgroups, ...], int, int]:
    """The tables, and over how many intervals and how many comparisons each of these two has its level of 95%."""
    rows = [one.rows for one in by]
    intervals = sum(asked.shown(one.of == k) for one in by for k in np.unique(one.of))
    comparisons = sum(_pairs(int((own >= FEW).sum())) for own in rows) * len(asked.names)
    return tuple(_table(asked, one, intervals, comparisons) for one in by), intervals, comparisons


def _pairs(groups: int) -> int:
    return groups * (groups - 1) // 2


def _table(asked: Measures, by: Grouping, intervals: int, comparisons: int) -> Subgroups:
    present = [k for k, rows in enumerate(by.rows) if rows]
    large = [k for k in present if by.rows[k] >= FEW]
    # A small group is shown beside the others, so its intervals are among those that hold together.
    shown = {k: {name: asked.of(name, by.of == k, 1 - ALPHA / intervals) for name in asked.names} for k in present}
    disparities = []
    for name in asked.names if len(large) > 1 else ():
        found = {k: asked.of(name, by.of == k, 1 - ALPHA / comparisons) for k in large}
        known = {by.groups[k]: own for k, own in found.items() if own is not None}
        if len(known) > 1:
            disparities.append(_disparity(name, known, name in asked.shares, asked.limits.get(name)))
    return Subgroups(
        by=by.by,
        groups=tuple(
            Subgroup(
                name=by.groups[k],
                rows=int(by.rows[k]),
                measures={
                    name: own.rough if name in asked.means else own.estimate
                    for name, own in shown[k].items()
                    if own is not None
                },
            )
            for k in present
        ),
        absent=tuple(by.groups[k] for k, rows in enumerate(by.rows) if not rows) if len(by.by) == 1 else (),
        disparities=tuple(disparities),
    )


def _disparity(measure: str, found: Mapping[str, Counted], share: bool, limit: float | None) -> Disparity:
    """The pair whose interval is highest above 0 is the surest, and none is surer by another order of the two."""
    values = [own.value for own in found.values()]
    pairs = [_pair(found[one], found[two], one, two) for one, two in combinations(found, 2)]
    ends = [pair.interval for pair in pairs]
    surest = max(pairs, key=lambda pair: (pair.interval[0], pair.difference))
    return Disparity(
        measure=measure,
        difference=max(values) - min(values),
        ratio=min(values) / max(values) if share and max(values) > 0 else None,
        surest=surest,
        limit=limit,
        verdict=None if limit is None else _verdict(surest, max(max(-low, high) for low, high in ends), limit),
    )


def _verdict(surest: Pair, most: float, limit: float) -> Literal["pass", "fail", "undecided"]:
    """`most`: how far from 0 the intervals of all pairs go, either way: of two groups of which one is small the one
    that is higher here may well be the lower one."""
    if surest.interval[0] > limit:
        return "fail"
    return "pass" if most <= limit else "undecided"


def _pair(one: Counted, other: Counted, name: str, of_other: str) -> Pair:
    """The interval of a difference from those of both, R. G. Newcombe (1998), method 10; for means the same as
    adding their errors in squares."""
    if one.value < other.value:
        one, other, name, of_other = other, one, of_other, name
    difference = one.value - other.value
    down = hypot(one.value - one.low, other.high - other.value)
    up = hypot(one.high - one.value, other.value - other.low)
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
