"""How well a score ranks what is true above what is not: areas under curves, also of resampled rows."""

from typing import NamedTuple

import numpy as np

from exhibit.tasks.quality.resampling import summed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.quality import Curve

_POINTS = 200  # of a drawn curve


class Ranked(NamedTuple):
    """Rows by score: the place of each among the different scores, the highest first, and whether it is true."""

    place: Array
    places: int
    true: Array

    @classmethod
    def by(cls, scores: Array, true: Array) -> "Ranked":
        values, place = np.unique(-scores, return_inverse=True)
        return cls(place, len(values), true.astype(bool))

    def counts(self, weights: Array) -> tuple[Array, Array]:
        """(draws, places) of what is true and of what is not."""
        return summed(weights * self.true, self.place, self.places), summed(
            weights * ~self.true, self.place, self.places
        )


def auc(ranked: Ranked, weights: Array) -> Array:
    """(draws,): the share of pairs of a true and another row of which the true one has the higher score, ties as one
    half; NaN without both."""
    hits, misses = ranked.counts(weights)
    behind = misses.sum(axis=1, keepdims=True) - misses.cumsum(axis=1) + misses / 2
    with np.errstate(invalid="ignore"):
        return np.asarray((hits * behind).sum(axis=1) / (hits.sum(axis=1) * misses.sum(axis=1)))


def average_precision(ranked: Ranked, weights: Array) -> Array:
    """(draws,): precision at each score, weighted by what it adds to recall; NaN where nothing is true."""
    hits, misses = ranked.counts(weights)
    found = hits.cumsum(axis=1)
    with np.errstate(invalid="ignore"):
        precision = np.nan_to_num(found / (found + misses.cumsum(axis=1)))
        return np.asarray((hits * precision).sum(axis=1) / hits.sum(axis=1))


def precision_influence(ranked: Ranked) -> Array:
    """(rows,): by how much each row moves the average precision, its derivative by the weight of the row."""
    (hits,), (misses,) = ranked.counts(np.ones((1, len(ranked.true))))
    above, total = hits.cumsum() + misses.cumsum(), hits.sum()
    precision = hits.cumsum() / above
    area = (hits * precision).sum() / total
    # A row moves the precision at its own score and at every lower one.
    raised = (hits * misses.cumsum() / above**2)[::-1].cumsum()[::-1] / total
    lowered = (hits * hits.cumsum() / above**2)[::-1].cumsum()[::-1] / total
    place = ranked.place
    return np.asarray(np.where(ranked.true, (precision[place] - area) / total + raised[place], -lowered[place]))


def roc_curve(name: str, scores: Array, true: Array) -> Curve:
    """The share of what is true that is found against that of the others that are taken for it."""
    from sklearn.metrics import roc_curve as measured

    wrong, right, _ = measured(true, scores)
    return _thinned(name, wrong, right)


def precision_recall_curve(name: str, scores: Array, true: Array) -> Curve:
    """Of what is found, how much is true, against the share that is found."""
    from sklearn.metrics import precision_recall_curve as measured

    precision, recall, _ = measured(true, scores)
    return _thinned(name, recall[::-1], precision[::-1])


def _thinned(name: str, x: Array, y: Array) -> Curve:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), _POINTS)).round().astype(int))
    return Curve(name=name, x=np.asarray(x[kept]), y=np.asarray(y[kept]))
