"""Whether probabilities are shares: the expected calibration error beside what chance gives."""

import numpy as np

from exhibit.tasks.models.performance import rate
from exhibit.tasks.quality.resampling import draws_of, summed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import as_message
from exhibit.tasks.records.quality import BINS, Bin, Calibration

_AT_A_TIME = 4_000_000


def calibration(of: str, probabilities: Array, true: Array, seed: int = 0) -> Calibration:
    """`probabilities` (rows,) that something is `true` (rows,). The error is the mean over rows of how far the share of
    what is true in a bin is from the mean probability there. A calibrated model has one, too, as it is never below
    zero: what is true is drawn again by the probabilities themselves, J. Bröcker and L. A. Smith (2007)."""
    rows, bins = len(true), np.minimum((probabilities * BINS).astype(int), BINS - 1)
    sums = summed(probabilities[np.newaxis], bins, BINS)
    random, total = np.random.default_rng(seed), draws_of(rows)
    size = max(1, _AT_A_TIME // rows)
    drawn = np.concatenate(
        [
            _error(summed(random.random((min(size, total - start), rows)) < probabilities, bins, BINS), sums, rows)
            for start in range(0, total, size)
        ]
    )
    error = float(_error(summed(true[np.newaxis], bins, BINS), sums, rows)[0])
    return Calibration(
        of=as_message(of),
        bins=tuple(
            Bin(predicted=float(probabilities[own].mean()), observed=rate(true[own]))
            for k in range(BINS)
            if (own := bins == k).any()
        ),
        error=error,
        expected=float(drawn.mean()),
        limit=float(np.quantile(drawn, 0.99)),
        chance=float((1 + (drawn >= error).sum()) / (1 + total)),
    )


def _error(hits: Array, sums: Array, rows: int) -> Array:
    """(draws,) from (draws, bins) of what is true and (1, bins) of the probabilities."""
    return np.asarray(np.abs(hits - sums).sum(axis=1) / rows)
