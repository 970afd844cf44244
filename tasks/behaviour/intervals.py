"""How far a mean over rows could be another, had other rows of the same kind been drawn."""

from collections.abc import Callable

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import LEVEL

RESAMPLES = 1_000
LEAST = 10  # rows, as few as `performance` states an interval of


def resampled(rows: int, seed: int, statistic: Callable[[Array], Array]) -> tuple[Array, Array]:
    """The ends of the 95% interval of a `statistic` by the percentile bootstrap, B. Efron (1979); NaN of fewer than ten
    rows. `statistic`: weights (resamples, rows), how often each row is drawn, -> (resamples, ...)."""
    weights = np.random.default_rng(seed).multinomial(rows, np.full(rows, 1 / rows), RESAMPLES).astype(np.float64)
    found = statistic(weights)
    if rows < LEAST:
        return np.full(found.shape[1:], np.nan), np.full(found.shape[1:], np.nan)
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return low, high


def of_means(values: Array, seed: int) -> tuple[Array, Array]:
    """That of the mean of `values` (rows, ...) over rows."""
    flat = values.reshape(len(values), -1)
    low, high = resampled(len(values), seed, lambda weights: weights @ flat / len(flat))
    return low.reshape(values.shape[1:]), high.reshape(values.shape[1:])
