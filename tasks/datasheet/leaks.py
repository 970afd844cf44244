"""Columns that alone give the label away."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.chances import clopper_pearson
from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.orders import pearson
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.datasheet import (
    LEAST,
    MOST_COLUMNS,
    MOST_PAIRS,
    RANKS,
    TOLD,
    TOLD_OF_OTHERS,
    Correlation,
    Leak,
)

_LEAVES, _FEWEST = 32, 3  # of a rule: how many cases it tells apart, and how many rows each has
_LEVEL = 0.05


def leaks(columns: Sequence[Values], labels: Array, classes: int) -> tuple[tuple[Leak, ...], Leak | None]:
    """The columns that give the label away, and the one that comes nearest to it, whether it does or not. `labels`:
    (rows,) of the same rows; `classes`: how many there are, 0 of numbers. Lower ends hold for all columns together
    (Bonferroni).
    """
    if len(labels) < LEAST or not columns:
        return (), None
    told = [
        _by_rule(column, labels.astype(int), len(columns)) if classes else _by_rank(column, labels, len(columns))
        for column in columns
    ]
    found = [leak for leak in told if leak is not None]
    return tuple(leak for leak in found if _gives_away(leak)), max(found, key=_nearness, default=None)


def _gives_away(leak: Leak) -> bool:
    """Whether the lower ends are beyond the thresholds."""
    if leak.others_at_least is None:
        return leak.at_least >= RANKS
    return leak.at_least >= TOLD and leak.others_at_least >= TOLD_OF_OTHERS


def _nearness(leak: Leak) -> tuple[float, float]:
    """How near the lower end is to its threshold that is farther from it: where most rows are of one class, columns
    that know nothing tell nearly all rows."""
    if leak.others_at_least is None:
        return leak.told, leak.at_least
    return min(leak.at_least / TOLD, leak.others_at_least / TOLD_OF_OTHERS), leak.told


def _by_rule(column: Values, labels: Array, asked: int) -> Leak:
    """A rule of this column alone (as R. C. Holte's of 1993, by a decision tree), learned on one half of the rows and
    tried on the other, both ways. Values count by their order, empty cells come after all of them."""
    from sklearn.tree import DecisionTreeClassifier

    order = np.unique(column.cells, return_inverse=True)[1].reshape(-1, 1).astype(np.float32)
    half = np.random.default_rng(0).permutation(len(labels)) % 2 == 0
    right = np.zeros(len(labels), bool)
    for fitted in (half, ~half):
        rule = DecisionTreeClassifier(max_leaf_nodes=_LEAVES, min_samples_leaf=_FEWEST, random_state=0)
        rule.fit(order[fitted], labels[fitted], check_input=False)
        right[~fitted] = rule.predict(order[~fitted], check_input=False) == labels[~fitted]
    others = labels != np.bincount(labels).argmax()
    return Leak(
        feature=column.name,
        rows=len(labels),
        told=float(right.mean()),
        at_least=_least(right, asked),
        others=float(right[others].mean()) if others.any() else None,
        others_at_least=_least(right[others], asked),
    )


def _least(right: Array, asked: int) -> float:
    """What a share is at least, one of so many that are asked about; 0 of no rows. It is exact: Wilson's interval is so
    wide at its end that a column which tells all of 100 rows would not be known to tell 95%."""
    return clopper_pearson(int(right.sum()), len(right), 1 - 2 * _LEVEL / asked)[0] if len(right) else 0.0


def _by_rank(column: Values, labels: Array, asked: int) -> Leak | None:
    known = ~np.isnan(column.cells)
    if column.words or known.sum() < LEAST or known.mean() < 0.5:
        return None
    value, low, high = rank_correlation(column.cells[known], labels[known], _LEVEL / asked)
    if np.isnan(value):
        return None
    low = low if value > 0 else -high
    return Leak(feature=column.name, rows=int(known.sum()), told=abs(value), at_least=max(0.0, low))


def rank_correlation(one: Array, other: Array, level: float = _LEVEL) -> tuple[float, float, float]:
    """Spearman's correlation of two columns (rows,) of numbers, and its interval, which misses in so many of all cases.

    The rows are dealt at random into groups, and each is left out once: a jackknife of Fisher's z, with Student's t.
    It asks nothing of the distribution, where an interval that follows from the correlation and the number of rows
    alone holds for normal columns, and of nearly equal ones with a few exceptions in less than half of all cases:
    D. G. Bonett, T. A. Wright (2000), Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations, Psychometrika 65; J. Shao, D. Tu (1995), The jackknife and bootstrap.
    """
    from scipy.stats import t

    group = np.random.default_rng(0).permutation(len(one)) % _GROUPS
    orders = [np.unique(cells, return_inverse=True)[1] for cells in (one, other)]
    value, *others = (
        float(pearson(*(_ranks(order[kept])[np.newaxis] for order in orders))[0])
        for kept in (group != left for left in range(-1, _GROUPS))
    )
    if abs(value) > _NEARLY or np.isnan([value, *others]).any():
        return value, value, value
    z = np.arctanh(np.clip(others, -_NEARLY, _NEARLY))
    half = t.isf(level / 2, _GROUPS - 1) * np.sqrt((_GROUPS - 1) * z.var())
    low, high = np.tanh(np.arctanh(value) + np.array([-half, half])).tolist()
    return value, low, high


def _ranks(order: Array) -> Array:
    """Ranks, equal ones their mean, of rows by their places (rows,) among all values, without sorting again."""
    count = np.bincount(order)
    return (np.cumsum(count) - (count - 1) / 2)[order]


_GROUPS = 20  # of rows, each left out once
_NEARLY = 1 - 1e-9  # where a group is left out and all others are in order


def correlations(columns: Sequence[Values]) -> tuple[tuple[Correlation, ...], int]:
    """The strongest pairs of columns of numbers, and how many pairs were compared. Rows with an empty cell in one of
    the two are left out of a pair."""
    import pandas as pd

    numbers = [column for column in columns if not column.words and np.nanstd(column.cells) > 0][:MOST_COLUMNS]
    if len(numbers) < 2 or len(numbers[0].cells) < LEAST:
        return (), 0
    cells = np.array([column.cells for column in numbers])
    found = np.array(pd.DataFrame(cells.T).corr("spearman", min_periods=LEAST))
    first, second = np.triu_indices(len(numbers), 1)
    values = found[first, second]
    pairs = np.flatnonzero(np.isfinite(values))
    order = pairs[np.argsort(-np.abs(values[pairs]), kind="stable")][:MOST_PAIRS]
    return tuple(_correlation(numbers[first[k]], numbers[second[k]]) for k in order), len(pairs)


def _correlation(one: Values, other: Values) -> Correlation:
    both = ~(np.isnan(one.cells) | np.isnan(other.cells))
    value, low, high = rank_correlation(one.cells[both], other.cells[both])
    return Correlation(features=(one.name, other.name), value=value, interval=(low, high))
