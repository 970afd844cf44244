"""Bootstrap intervals of many measures at once: how often each row is drawn, as weights."""

from collections.abc import Callable, Mapping

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.quality import LEAST

_DRAWS, _LEAST_DRAWS = 1000, 200
_CELLS = 20_000_000  # rows times draws, about: what a second or two can do
_AT_A_TIME = 4_000_000  # of them in memory

Statistic = Callable[[Array], Mapping[str, Array]]


def draws_of(rows: int) -> int:
    """How many resamples stand behind an interval: fewer of very many rows, whose intervals are narrow."""
    return int(np.clip(_CELLS // max(rows, 1), _LEAST_DRAWS, _DRAWS))


def intervals(rows: int, statistic: Statistic, seed: int = 0) -> dict[str, tuple[float, float]]:
    """95% percentile intervals, B. Efron (1979), of what `statistic` makes of weights (draws, rows): by name a value
    for each draw, NaN where a draw has none. Nothing of fewer than `LEAST` rows, or where a tenth of the draws or more
    have no value."""
    if rows < LEAST:
        return {}
    random, total = np.random.default_rng(seed), draws_of(rows)
    size = max(1, _AT_A_TIME // rows)
    parts: dict[str, list[Array]] = {}
    for start in range(0, total, size):
        weights = random.multinomial(rows, np.full(rows, 1 / rows), size=min(size, total - start))
        for name, values in statistic(weights).items():
            parts.setdefault(name, []).append(values)
    found = {name: np.concatenate(values) for name, values in parts.items()}
    return {
        name: (float(low), float(high))
        for name, values in found.items()
        if np.isnan(values).mean() < _MISSING
        for low, high in [np.nanpercentile(values, [2.5, 97.5])]
    }


_MISSING = 0.1


def summed(weights: Array, group: Array, groups: int) -> Array:
    """(draws, groups): the weights (draws, rows) of the rows of each `group` (rows,)."""
    order = np.argsort(group, kind="stable")
    present, starts = np.unique(group[order], return_index=True)
    found = np.zeros((len(weights), groups))
    found[:, present] = np.add.reduceat(weights[:, order], starts, axis=1)
    return found
