"""What is counted of some rows, with an interval at any level: shares, means, F1, areas under curves and R²."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from scipy.special import ndtri, stdtrit

from exhibit.tasks.chances import clopper_pearson
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

    @property
    def ends(self) -> tuple[float, float]:
        """Of the interval; both are the value where the rows, ten or more, do not say how far it may be off."""
        return (self.low, self.high) if self.told else (self.value, self.value)


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
        """None of no rows."""
        return share(self.hits[rows & self.among], level)


class Mean(NamedTuple):
    """Numbers (rows,), none below `least` or above `most`."""

    values: Array
    least: float = -np.inf
    most: float = np.inf
    has_ratio: bool = False

    def of(self, rows: Array, level: float) -> Counted | None:
        """With Student's interval of the rows and, at each end, z² / 2 more that are as far off as can be, where no
        number can be farther: `least` and `most`, or, without such, the farthest of all `values`. A. Agresti and B.
        Coull (1998) take in as many for shares: a few rows say little of what is rare, the less the higher the
        level. Rows that are all alike say nothing of how far is far. None of a single row."""
        if rows.sum() < 2:
            return None
        own = self.values[rows]
        alike = not has_width(float(own.min()), float(own.max()))

        def far(end: float, farthest: float) -> float:
            return end if np.isfinite(end) or alike else farthest

        low = with_far(own, far(self.least, float(self.values.min())), level)[0]
        high = with_far(own, far(self.most, float(self.values.max())), level)[1]
        told = len(own) >= LEAST and bool(np.isfinite([low, high]).all())
        return Counted(float(own.mean()), len(own), max(low, self.least), min(high, self.most), told)


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
        """Of the rows that are either, the share J that is both has an interval, and F1 is 2J / (1 + J), which
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
        """With the interval of a share of as many rows as there would be if each class had no more than the smallest:
        fewer rows vary more, and shares that are not all alike less than such that are, W. Hoeffding (1956). Where one
        class is far smaller than the others, that of all classes together (Bonferroni), whose ends add up; only how
        many rows each has decides which. None of no rows."""
        present, of = np.unique(self.labels[rows], return_inverse=True)
        if len(present) < max(self.least, 1):
            return None
        sizes, hits = np.bincount(of), np.bincount(of, weights=self.right[rows])
        value, count = float((hits / sizes).mean()), len(sizes)
        like = int(count * sizes.min())

        def every(hits: Array) -> tuple[float, float]:
            alone = 1 - (1 - level) / count
            found = [clopper_pearson(*own, alone) for own in zip(hits.tolist(), sizes.tolist(), strict=True)]
            low, high = np.mean(found, axis=0).tolist()
            return low, high

        if every(sizes)[0] > clopper_pearson(like, like, level)[0]:
            low, high = every(hits)
        else:
            low, high = clopper_pearson(value * like, like, level)
        return Counted(value, int(rows.sum()), low, high)


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
        """With the interval of a share of as many pairs, one row of each kind, as there are with every row in one pair
        at most: W. Hoeffding (1963), section 5. None unless some rows are true and some not."""
        scores, true = self.scores[rows], self.true[rows]
        hits, misses = int(true.sum()), int((~true).sum())
        if not hits or not misses:
            return None
        area = float((ranks(scores[np.newaxis])[0, true].sum() - hits * (hits + 1) / 2) / (hits * misses))
        pairs = min(hits, misses)
        return Counted(area, len(true), *clopper_pearson(area * pairs, pairs, level))


class AveragePrecision(NamedTuple):
    """Average precision: how highly rows are scored, and which are `true`; both (rows,)."""

    scores: Array
    true: Array
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """With the interval of a share of the rows that are true, K. Boyd, K. H. Eng and C. D. Page (2013), or of
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
        return Counted(area, len(true), *clopper_pearson(area * like, like, level))


class Explained(NamedTuple):
    """R²: the share of the variance of `labels` that `predicted` explain; both (rows,)."""

    labels: Array
    predicted: Array
    has_ratio: bool = False

    def of(self, rows: Array, level: float) -> Counted | None:
        """What is left is the mean of the squared errors by that of the squared distances of the labels from their
        mean; the distances of the ends of both from them are added in squares, as logarithms: G. Y. Zou and A. Donner
        (2008). None is told of fewer rows than `LEAST`, nor where all are off by as much; none is of labels that do
        not vary."""
        labels, count = self.labels[rows], int(rows.sum())
        if count < 2 or not has_width(float(labels.min()), float(labels.max())):
            return None
        errors = Mean((self.predicted - self.labels) ** 2, least=0).of(rows, level)
        around = Mean((self.labels - labels.mean()) ** 2, least=0).of(rows, level)
        if errors is None or around is None:
            return None
        left = errors.value / around.value
        if not errors.told or not around.told or not errors.value or not around.low:
            return Counted(1 - left, count, -np.inf, 1.0, told=False)
        up = np.hypot(np.log(errors.high / errors.value), np.log(around.value / around.low))
        lowest = errors.low / errors.value  # 0 where nothing says that any row is off
        down = np.hypot(np.log(lowest), np.log(around.high / around.value)) if lowest else np.inf
        return Counted(1 - left, count, float(1 - left * np.exp(up)), float(1 - left * np.exp(-down)))


def share(hits: Array, level: float) -> Counted | None:
    """Of truth values (rows,), with C. J. Clopper and E. S. Pearson's interval; None of no rows."""
    if not len(hits):
        return None
    low, high = clopper_pearson(int(hits.sum()), len(hits), level)
    return Counted(float(hits.mean()), len(hits), low, high)


def bounds_of(means: Mapping[str, Mean], rows: int) -> dict[str, tuple[float, float]]:
    """By name the 95% intervals over all of so many rows; none over fewer than `LEAST`."""
    found = {name: own.of(np.ones(rows, bool), BY_ITSELF) for name, own in means.items() if rows >= LEAST}
    return {name: own.ends for name, own in found.items() if own is not None}


def with_far(values: Array, far: float, level: float) -> tuple[float, float]:
    """Student's interval of two rows or more, (rows,), and of z² / 2 more that are all `far`; without ends where that
    is infinite."""
    if np.isinf(far):
        return -np.inf, np.inf
    more = float(ndtri((1 + level) / 2)) ** 2 / 2
    count = len(values) + more
    middle = (float(values.sum()) + more * far) / count
    spread = (float(((values - middle) ** 2).sum()) + more * (far - middle) ** 2) / (count - 1)
    half = float(stdtrit(len(values) - 1, (1 + level) / 2)) * np.sqrt(spread / count)
    return middle - half, middle + half


BY_ITSELF = 0.95  # the level of an interval that is not held together with others
_TINY = 1e-12  # of a variance: rows that do not move a number
