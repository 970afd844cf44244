"""Two orders of elements beside each other, sample by sample: rank correlation, overlap of the first, signs."""

import numpy as np

from exhibit.tasks.records.base import Array


def pearson(a: Array, b: Array) -> Array:
    """Correlation of the values of (samples, elements) with the same, per sample, over the elements that are numbers in
    both; NaN where one of them is constant but for the last bits."""
    both = ~(np.isnan(a) | np.isnan(b))
    count = np.maximum(both.sum(axis=1, keepdims=True), 1)
    whole = [np.where(both, values, 0).astype(np.float64) for values in (a, b)]
    centred = [np.where(both, values - values.sum(axis=1, keepdims=True) / count, 0) for values in whole]
    spread = [(part**2).sum(axis=1) for part in centred]
    level = [part <= _LAST_BITS**2 * (values**2).sum(axis=1) for part, values in zip(spread, whole, strict=True)]
    size = np.sqrt(spread[0] * spread[1])
    shared = (centred[0] * centred[1]).sum(axis=1)
    return np.where(level[0] | level[1], np.nan, shared / np.where(size > 0, size, 1))


_LAST_BITS = 1e-6  # of values in single precision


def spearman(a: Array, b: Array) -> Array:
    """Rank correlation of (samples, elements) with the same, per sample, over the elements that are numbers in both;
    NaN where one of them is constant."""
    both = ~(np.isnan(a) | np.isnan(b))
    count = np.maximum(both.sum(axis=1, keepdims=True), 1)
    # NaN is ranked last: the ranks of the others are as if it were not there.
    ranked = [ranks(np.where(both, values, np.nan)) for values in (a, b)]
    centred = [np.where(both, rank - (rank * both).sum(axis=1, keepdims=True) / count, 0) for rank in ranked]
    size = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    shared = (centred[0] * centred[1]).sum(axis=1)
    return np.where(size > 0, shared / np.where(size > 0, size, 1), np.nan)


def ranks(values: Array) -> Array:
    """Ranks in each row from 1 for the smallest, the mean of their ranks for equal ones: `scipy.stats.rankdata`, which
    takes longer to import than a report takes whose results are stored."""
    found = np.empty(values.shape)
    for row, one in zip(found, values, strict=True):
        _, place, equal = np.unique(one, return_inverse=True, return_counts=True)
        row[:] = (np.cumsum(equal) - (equal - 1) / 2)[place]
    return found


def jaccard(a: Array, b: Array, top: float) -> Array:
    """(samples,): overlap of the largest |.| of (samples, elements), as a share of both together; an element that is
    NaN in one of them is none."""
    known = ~(np.isnan(a) | np.isnan(b))
    count = np.maximum(1, np.round(top * known.sum(axis=1, keepdims=True)))

    def largest(values: Array) -> Array:
        order = np.argsort(np.where(known, -np.abs(values), np.inf), axis=1, kind="stable")
        chosen = np.empty(values.shape, bool)
        np.put_along_axis(chosen, order, np.arange(values.shape[1]) < count, axis=1)
        return chosen

    one, other = largest(a), largest(b)
    return (one & other).sum(axis=1) / (one | other).sum(axis=1)


def equal_signs(a: Array, b: Array) -> Array:
    """(samples,): share of equal signs among the elements that are zero in neither; NaN where there are none."""
    both = (np.abs(a) > 0) & (np.abs(b) > 0)  # neither is NaN
    count = both.sum(axis=1)
    return np.where(count > 0, (both & (np.sign(a) == np.sign(b))).sum(axis=1) / np.maximum(count, 1), np.nan)


def rank(values: Array) -> Array:
    """1 for the largest value, ties in the order of the features."""
    return np.argsort(np.argsort(-values, kind="stable"), kind="stable") + 1
