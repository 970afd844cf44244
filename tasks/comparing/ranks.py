"""Orders of importance beside each other: how alike, what decides, which places survive, and what errors explain."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from exhibit.tasks.orders import equal_signs, jaccard, rank, spearman
from exhibit.tasks.records.base import Array

ALIKE = 0.9  # mean rank correlation within a group of results
MOST_GROUPS = 12
FALSE_ALARM = 0.05  # chance of one or more differences beyond the errors, where nothing has changed


class Agreement(NamedTuple):
    """(results, results) each; NaN where a pair cannot be compared."""

    spearman: Array
    overlap: Array
    signs: Array


def ranks(importances: Array) -> Array:
    """(results, features) places, 1 for the most important, from importances of the same shape."""
    return np.array([rank(row) for row in importances])


def first_places(features: int) -> int:
    """How many places count as the first: two, or a tenth of many features; fewer than there are."""
    return max(1, min(max(2, round(0.1 * features)), features - 1))


def agreement(importances: Array, means: Array, top: int) -> Agreement:
    """Of results (results, features): Spearman correlation of importances, Jaccard overlap of the `top` first, and
    share of equal signs of `means`, which are NaN for a result without signs."""
    count, features = importances.shape
    whole = Agreement(*(np.ones((count, count)) for _ in range(3)))
    unsigned = np.array([bool(np.isnan(row).any()) for row in means])
    for row in range(count):
        own, signs = (np.broadcast_to(values[row], values.shape) for values in (importances, means))
        whole.spearman[row] = spearman(own, importances)
        whole.overlap[row] = jaccard(own, importances, top / features)
        whole.signs[row] = np.where(unsigned | unsigned[row], np.nan, equal_signs(signs, means))
    for measure in whole[:2]:  # also of a constant, which has no order
        np.fill_diagonal(measure, 1.0)
    return whole


def groups(correlation: Array) -> list[list[int]]:
    """Results that order the features alike: average linkage over 1 − `correlation` (results, results), cut where the
    mean correlation between groups falls below `ALIKE`, or so that there are `MOST_GROUPS`; the largest first."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(correlation) == 1:
        return [[0]]
    distance = np.clip(1 - np.nan_to_num(correlation), 0, 2)
    np.fill_diagonal(distance, 0)
    tree = linkage(squareform((distance + distance.T) / 2, checks=False), "average")
    names = fcluster(tree, 1 - ALIKE, "distance")
    if len(set(names.tolist())) > MOST_GROUPS:
        names = fcluster(tree, MOST_GROUPS, "maxclust")
    rows = [np.flatnonzero(names == name).tolist() for name in dict.fromkeys(names.tolist())]
    return sorted(rows, key=lambda members: (-len(members), members[0]))


def between(groups: list[list[int]], values: Array) -> Array:
    """(groups, groups) means of `values` (results, results); within a group over its pairs, 1 for a single member; NaN
    where no pair can be compared."""
    means = np.where(np.eye(len(groups)) == 1, 1.0, np.nan)
    for i, j in np.ndindex(means.shape):
        block = values[np.ix_(groups[i], groups[j])]
        pairs = block[~np.eye(len(block), dtype=bool)] if i == j else block
        if not np.isnan(pairs).all():
            means[i, j] = np.nanmean(pairs)
    return means


def apart_in(name: str, codes: Mapping[str, Array]) -> tuple[Array, Array]:
    """Indices (pairs,) of the results of each pair that differ in the setting `name` and in no other that both have.

    `codes`: by setting (results,) numbers of its values, −1 where it does not apply.
    """
    own = codes[name]
    chosen = (own[:, None] != own) & (own[:, None] >= 0) & (own >= 0)
    for other, values in codes.items():
        if other != name:
            chosen &= (values[:, None] == values) | (values[:, None] < 0) | (values < 0)
    one, two = np.nonzero(np.triu(chosen, 1))
    return one, two


# --- one report after another -----------------------------------------------------------------------------


def beyond(comparisons: int, samples: Array | float = np.inf) -> Array:
    """How many standard errors a difference must have to count, among so many comparisons: by Student's t over so many
    `samples`, each (...,); of many samples as of normal differences, of a single one never."""
    from scipy.special import stdtrit

    degrees = np.asarray(samples, dtype=np.float64) - 1
    limits = -stdtrit(np.maximum(degrees, 1), FALSE_ALARM / 2 / max(comparisons, 1))
    return np.where(degrees > 0, limits, np.inf)


def rank_intervals(importances: Array, errors: Array, limits: Array) -> tuple[Array, Array]:
    """(features,) best and worst place that the standard `errors` leave open: a feature stands surely above another
    where they differ by more than the larger of their `limits` (features,) in standard errors of their difference."""
    apart = importances[:, None] - importances
    surely = apart > np.maximum(limits[:, None], limits) * np.sqrt(errors[:, None] ** 2 + errors**2)
    return 1 + surely.sum(axis=0), len(importances) - surely.sum(axis=1)


def in_errors(before: Array, after: Array, error_before: Array, error_after: Array) -> Array:
    """(features,) differences in standard errors of the difference; infinite where there is none and they differ."""
    error, difference = np.hypot(error_before, error_after), after - before
    return np.divide(
        difference, error, out=np.where(difference == 0, 0.0, np.copysign(np.inf, difference)), where=error > 0
    )
