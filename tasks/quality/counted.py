"""What is counted of some rows, with an interval at any level: shares, means, F1, areas under curves and R²."""

from abc import abstractmethod
from typing import NamedTuple, Protocol

import numpy as np
from scipy.special import ndtri, stdtrit

from exhibit.tasks.chances import wilson
from exhibit.tasks.orders import ranks
from exhibit.tasks.quality import ranking
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.intervals import has_width
from exhibit.tasks.records.quality import LEAST
from exhibit.tasks.records.subgroups import Estimate


class Counted(NamedTuple):
    """A number over so many rows, and the ends of its interval at a level; these are not `told` of a mean over so few
    rows that their spread says little, or over rows that are all alike, of which it says nothing."""

    value: float
    rows: int
    low: float
    high: float
    told: bool = True

    @property
    def estimate(self) -> Estimate:
        """As records have it."""
        return Estimate(value=self.value, rows=self.rows, interval=(self.low, self.high) if self.told else None)


class Statistic(Protocol):
    """Something to count of rows. `has_ratio`: whether it goes from 0 to 1, so that two have a ratio."""

    @property
    @abstractmethod
    def has_ratio(self) -> bool: ...

    def of(self, rows: Array, level: float) -> Counted | None:
        """Over `rows`, a mask; None where too few of them count."""
        ...


class Share(NamedTuple):
    """Which rows are `hits` of those that are counted, `among`; both (rows,) of truth values."""

    hits: Array
    among: Array
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """With E. B. Wilson's interval (1927); None of no rows."""
        return share(self.hits[rows & self.among], level)


class Mean(NamedTuple):
    """Numbers (rows,), none below `least` or above `most`."""

    values: Array
    least: float = -np.inf
    most: float = np.inf
    has_ratio: bool = False

    def of(self, rows: Array, level: float) -> Counted | None:
        """With Student's interval, no end of which is where no number can be; None of a single row. Where all are
        alike, one more number is taken in at each side, the farthest that there can be, as A. Agresti and B. Coull
        (1998) do for shares: else a few rows would be certain. Without a farthest number nothing bounds the mean."""
        if rows.sum() < 2:
            return None
        own = self.values[rows]
        found = mean(own, level)
        low, high = found.low, found.high
        if alike := not has_width(float(own.min()), float(own.max())):
            low = mean(np.append(own, self.least), level).low if np.isfinite(self.least) else self.least
            high = mean(np.append(own, self.most), level).high if np.isfinite(self.most) else self.most
        told = found.rows >= LEAST and not (alike and np.isinf([self.least, self.most]).any())
        return found._replace(low=max(low, self.least), high=min(high, self.most), told=told)


class RootMean(NamedTuple):
    """The root of the mean of numbers (rows,) that are not below 0: of squared errors RMSE."""

    values: Array
    has_ratio: bool = False

    def of(self, rows: Array, level: float) -> Counted | None:
        """With the roots of the ends of the mean's interval, for the root grows with it; None of a single row."""
        found = Mean(self.values, least=0).of(rows, level)
        if found is None:
            return None
        return found._replace(value=found.value**0.5, low=found.low**0.5, high=found.high**0.5)


class Overlap(NamedTuple):
    """F1: which rows are `true`, and which are `read` as it; both (rows,) of truth values."""

    true: Array
    read: Array
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """Of the rows that are either, the share J that is both has Wilson's interval, and F1 is 2J / (1 + J), which
        grows with it; None where there are none."""
        found = share((self.true & self.read)[rows & (self.true | self.read)], level)
        if found is None:
            return None
        value, low, high = (2 * own / (1 + own) for own in (found.value, found.low, found.high))
        return Counted(value, found.rows, low, high)


class Balanced(NamedTuple):
    """Balanced accuracy: which rows are `right`, and which class each is of, `labels`; both (rows,). `least`: so many
    classes at least, of fewer there is none: means over other classes are not of the same."""

    right: Array
    labels: Array
    least: int = 1
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """The mean of the shares of all classes, each with Wilson's interval, whose distances from the shares are
        added in squares: G. Y. Zou and A. Donner (2008); None of no rows."""
        present = np.unique(self.labels[rows])
        if len(present) < max(self.least, 1):
            return None
        found = [share(self.right[rows & (self.labels == k)], level) for k in present]
        own = np.array([(each.value, each.low, each.high) for each in found if each is not None])
        value, count = float(own[:, 0].mean()), len(own)
        down, up = (float(np.hypot.reduce(own[:, end] - own[:, 0])) / count for end in (1, 2))
        return Counted(value, int(rows.sum()), value - down, value + up)


class MeanOverlap(NamedTuple):
    """Macro F1: which class each row is of, `true`, and which it is `read` as; both (rows,)."""

    true: Array
    read: Array
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """The mean of the F1 of all classes, and that of their ends: a row that is read wrongly lowers two of them, so
        their errors are not independent. None of no rows."""
        every = np.union1d(self.true[rows], self.read[rows])
        found = [Overlap(self.true == k, self.read == k).of(rows, level) for k in every]
        own = np.array([(each.value, each.low, each.high) for each in found if each is not None])
        if not len(own):
            return None
        value, low, high = own.mean(axis=0).tolist()
        return Counted(value, int(rows.sum()), low, high)


class Ranking(NamedTuple):
    """ROC AUC: how highly rows are scored, and which are `true`; both (rows,)."""

    scores: Array
    true: Array
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """With the interval of R. G. Newcombe (2006), part 2, method 5; None unless some rows are true and some not."""
        scores, true = self.scores[rows], self.true[rows]
        hits, misses = int(true.sum()), int((~true).sum())
        if not hits or not misses:
            return None
        area = float((ranks(scores[np.newaxis])[0, true].sum() - hits * (hits + 1) / 2) / (hits * misses))
        return Counted(area, len(true), *area_interval(area, hits, misses, float(ndtri((1 + level) / 2))))


class AveragePrecision(NamedTuple):
    """Average precision: how highly rows are scored, and which are `true`; both (rows,)."""

    scores: Array
    true: Array
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """With Wilson's interval of a share of the rows that are true, K. Boyd, K. H. Eng and C. D. Page (2013), or of
        so few as vary as much where that is more: few rows that are not true move it, too. None unless some rows are
        true and some not."""
        scores, true = self.scores[rows], self.true[rows]
        hits = int(true.sum())
        if not 0 < hits < len(true):
            return None
        ranked = ranking.Ranked.by(scores, true)
        area = float(ranking.average_precision(ranked, np.ones((1, len(true))))[0])
        spread = float((ranking.precision_influence(ranked) ** 2).sum())
        like = min(hits, area * (1 - area) / spread) if spread > _TINY else hits
        return Counted(area, len(true), *wilson(area * like, like, float(ndtri((1 + level) / 2))))


class Explained(NamedTuple):
    """R²: the share of the variance of `labels` that `predicted` explain; both (rows,)."""

    labels: Array
    predicted: Array
    has_ratio: bool = False

    def of(self, rows: Array, level: float) -> Counted | None:
        """With Student's interval of the logarithm of what is left, by leaving out each row once (J. W. Tukey's
        jackknife); none is told of fewer rows than `LEAST`, nor where all are off by as much. None of labels that do
        not vary."""
        labels, count = self.labels[rows], int(rows.sum())
        if count < 2 or not has_width(float(labels.min()), float(labels.max())):
            return None
        squared = (self.predicted[rows] - labels) ** 2
        spread = (labels - labels.mean()) ** 2
        left = squared.sum() / spread.sum()
        others = spread.sum() - spread * count / (count - 1)
        alike = not has_width(float(squared.min()), float(squared.max()))
        if count < LEAST or alike or (others <= _TINY * spread.sum()).any() or (squared >= squared.sum()).any():
            return Counted(float(1 - left), count, -np.inf, 1.0, told=False)
        logs = np.log((squared.sum() - squared) / others)
        error = np.sqrt((count - 1) / count * ((logs - logs.mean()) ** 2).sum())
        times = float(np.exp(stdtrit(count - 1, (1 + level) / 2) * error))
        return Counted(float(1 - left), count, float(1 - left * times), float(1 - left / times))


def share(hits: Array, level: float) -> Counted | None:
    """Of truth values (rows,), with Wilson's interval; None of no rows."""
    if not len(hits):
        return None
    low, high = wilson(int(hits.sum()), len(hits), float(ndtri((1 + level) / 2)))
    return Counted(float(hits.mean()), len(hits), low, high)


def mean(values: Array, level: float) -> Counted:
    """Of two rows or more, (rows,), with Student's interval."""
    half = float(stdtrit(len(values) - 1, (1 + level) / 2) * values.std(ddof=1) / np.sqrt(len(values)))
    middle = float(values.mean())
    return Counted(middle, len(values), middle - half, middle + half)


def area_interval(area: float, hits: int, misses: int, z: float) -> tuple[float, float]:
    """Of an area under the ROC curve over so many rows of both kinds: the areas from which it is z standard errors
    away, each as large as it would be there (J. A. Hanley and B. J. McNeil, 1982). So it has a width at 0 and 1, too.

    R. G. Newcombe (2006), Confidence intervals for an effect size measure based on the Mann-Whitney statistic, part 2.
    """
    from scipy.optimize import brentq

    half = (hits + misses) / 2 - 1

    def beyond(at: float) -> float:
        spread = 1 + half * ((1 - at) / (2 - at) + at / (1 + at))
        return (area - at) ** 2 - z * z * at * (1 - at) * spread / (hits * misses)

    inside = min(max(area, _TINY), 1 - _TINY)
    low = brentq(beyond, 0, inside) if area > 0 else 0.0
    high = brentq(beyond, inside, 1) if area < 1 else 1.0
    return float(low), float(high)


_TINY = 1e-12  # from 0 and 1, where the standard error is 0
