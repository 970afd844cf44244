"""Columns that alone give the label away."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.chances import wilson
from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.orders import spearman
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
    """The columns that give the label away, and the one that tells most, whether it does or not. `labels`: (rows,) of
    the same rows; `classes`: how many there are, 0 of numbers. Lower ends hold for all columns together (Bonferroni).
    """
    if len(labels) < LEAST or not columns:
        return (), None
    told = [
        _by_rule(column, labels.astype(int), len(columns)) if classes else _by_rank(column, labels, len(columns))
        for column in columns
    ]
    found = [leak for leak in told if leak is not None]
    return tuple(leak for leak in found if _gives_away(leak)), max(found, key=lambda leak: leak.told, default=None)


def _gives_away(leak: Leak) -> bool:
    """Whether the lower ends are beyond the thresholds."""
    if leak.others_at_least is None:
        return leak.at_least >= RANKS
    return leak.at_least >= TOLD and leak.others_at_least >= TOLD_OF_OTHERS


def _by_rule(column: Values, labels: Array, asked: int) -> Leak:
    """A rule of this column alone (as R. C. Holte's of 1993, by a decision tree), learned on one half of the rows and
    tried on the other, both ways. Values count by their order, empty cells come after all of them."""
    from scipy.stats import norm
    from sklearn.tree import DecisionTreeClassifier

    order = np.unique(column.cells, return_inverse=True)[1].reshape(-1, 1).astype(np.float32)
    half = np.random.default_rng(0).permutation(len(labels)) % 2 == 0
    right = np.zeros(len(labels), bool)
    for fitted in (half, ~half):
        rule = DecisionTreeClassifier(max_leaf_nodes=_LEAVES, min_samples_leaf=_FEWEST, random_state=0)
        rule.fit(order[fitted], labels[fitted], check_input=False)
        right[~fitted] = rule.predict(order[~fitted], check_input=False) == labels[~fitted]
    others = labels != np.bincount(labels).argmax()
    z = float(norm.isf(_LEVEL / 2 / asked))
    return Leak(
        feature=column.name,
        rows=len(labels),
        told=float(right.mean()),
        at_least=_least(right, z),
        others=float(right[others].mean()) if others.any() else None,
        others_at_least=_least(right[others], z),
    )


def _least(right: Array, z: float) -> float:
    """The lower end of the interval of a share; 0 of no rows."""
    return max(0.0, wilson(int(right.sum()), len(right), z)[0]) if len(right) else 0.0


def _by_rank(column: Values, labels: Array, asked: int) -> Leak | None:
    from scipy.stats import norm

    known = ~np.isnan(column.cells)
    if column.words or known.sum() < LEAST or known.mean() < 0.5:
        return None
    value = abs(float(spearman(column.cells[np.newaxis, known], labels[np.newaxis, known])[0]))
    if np.isnan(value):
        return None
    low, _ = rank_interval(value, int(known.sum()), float(norm.isf(_LEVEL / 2 / asked)))
    return Leak(feature=column.name, rows=int(known.sum()), told=value, at_least=low)


def rank_interval(value: float, rows: int, z: float) -> tuple[float, float]:
    """Of Spearman's correlation: D. G. Bonett and T. A. Wright (2000), Psychometrika 65."""
    if abs(value) >= 1:
        return value, value
    error = z * np.sqrt((1 + value * value / 2) / (rows - 3))
    low, high = np.tanh(np.arctanh(value) + np.array([-error, error])).tolist()
    return low, high


def correlations(columns: Sequence[Values]) -> tuple[tuple[Correlation, ...], int]:
    """The strongest pairs of columns of numbers, and how many pairs were compared. Rows with an empty cell in one of
    the two are left out of a pair."""
    import pandas as pd

    numbers = [column for column in columns if not column.words and np.nanstd(column.cells) > 0][:MOST_COLUMNS]
    if len(numbers) < 2 or len(numbers[0].cells) < LEAST:
        return (), 0
    cells = np.array([column.cells for column in numbers])
    known = ~np.isnan(cells)
    found = np.array(pd.DataFrame(cells.T).corr("spearman", min_periods=LEAST))
    first, second = np.triu_indices(len(numbers), 1)
    values = found[first, second]
    pairs = np.flatnonzero(np.isfinite(values))
    order = pairs[np.argsort(-np.abs(values[pairs]), kind="stable")][:MOST_PAIRS]
    return tuple(
        Correlation(
            features=(numbers[first[k]].name, numbers[second[k]].name),
            value=float(np.clip(values[k], -1, 1)),
            interval=rank_interval(float(values[k]), int((known[first[k]] & known[second[k]]).sum()), 1.96),
        )
        for k in order
    ), len(pairs)
