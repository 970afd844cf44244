"""What explanations say of each group: what counts there, what counts otherwise, and what stands for a protected
column."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.quality.groups import mean
from exhibit.tasks.quality.resampling import intervals, summed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.subgroups import FEW, Estimate, Proxy, Role

LEVEL = 0.05  # the chance under which something is said, over all features together
TIMES = (
    1.5  # by how much a feature counts more in a group than in the others, or less, where its role is said to differ
)
TELLS = 0.3  # from which correlation on a feature is said to stand for a column: medium, J. Cohen (1988)
_TINY = 1e-300  # instead of 0, by which nothing is divided
LEADING = 5  # features by rank, among which a proxy is said to lead


def holm(chances: Array) -> Array:
    """The chances of all tests together, in their order, S. Holm (1979)."""
    order = np.argsort(chances, kind="stable")
    raised = np.maximum.accumulate(chances[order] * np.arange(len(chances), 0, -1))
    found = np.empty(len(chances))
    found[order] = np.minimum(raised, 1)
    return found


def roles(values: Array, features: Sequence[str], group: Array) -> tuple[Role, ...]:
    """Of attributions (rows, features) by what each row belongs to, `group` (rows,); in the order of the features. Only
    groups of 30 rows or more are looked at; nothing where fewer than two are."""
    names, of = np.unique(group, return_inverse=True)
    large = np.flatnonzero(np.bincount(of) >= FEW)
    if len(large) < 2:
        return ()
    kept = np.isin(of, large)
    values, of = values[kept].astype(np.float64), of[kept]
    chances, times = apart(np.abs(values), of)
    surest = chances.argmin(axis=0)
    own = {str(names[k]): values[of == k] for k in large}
    ranks = {name: _ranks(np.abs(found)) for name, found in own.items()}
    return tuple(
        Role(
            feature=feature,
            mean={name: mean(found[:, j], 0.95).estimate for name, found in own.items()},
            size={name: mean(np.abs(found[:, j]), 0.95).estimate for name, found in own.items()},
            rank={name: found[j] for name, found in ranks.items()},
            where=list(own)[surest[j]],
            times=float(times[surest[j], j]),
            chance=float(chances[surest[j], j]),
        )
        for j, feature in enumerate(features)
    )


def apart(sizes: Array, of: Array) -> tuple[Array, Array]:
    """(groups, features): the chance, after Holm, that the mean of `sizes` (rows, features) in a group, as `of` (rows,)
    has them in their order, is that of all other rows by B. L. Welch's test (1947); and how many times theirs it is."""
    from scipy.stats import ttest_ind

    own = np.unique(of)
    with np.errstate(invalid="ignore", divide="ignore"):
        tests = np.stack([ttest_ind(sizes[of == k], sizes[of != k], equal_var=False).pvalue for k in own])
        times = np.stack([sizes[of == k].mean(axis=0) / sizes[of != k].mean(axis=0) for k in own])
    # A feature that counts nothing, or the same everywhere, has no test.
    known = np.nan_to_num(tests, nan=1.0)
    return holm(known.ravel()).reshape(known.shape), np.nan_to_num(times, nan=1.0)


def differ(chance: Array | float, times: Array | float) -> Array:
    """Whether each feature surely counts more or less in a group than in the others, and by enough to matter."""
    return np.asarray((np.asarray(chance) < LEVEL) & (np.maximum(times, 1 / np.maximum(times, _TINY)) >= TIMES))


def _ranks(sizes: Array) -> list[Estimate]:
    """Of each feature by its mean size over (rows, features), the first is 1, with what resampled rows give."""

    def ranked(means: Array) -> Array:
        return np.argsort(np.argsort(-means, axis=1, kind="stable"), axis=1) + 1

    rows, width = sizes.shape
    bounds = intervals(rows, lambda weights: {str(j): own for j, own in enumerate(ranked(weights @ sizes).T)})
    found = ranked(sizes.mean(axis=0)[np.newaxis])[0]
    return [Estimate(value=float(found[j]), rows=rows, interval=bounds.get(str(j))) for j in range(width)]


def proxies(
    inputs: Array, attributions: Array, features: Sequence[str], column: str, group: Array
) -> tuple[Proxy, ...]:
    """How well each feature of `inputs` (rows, features) tells the groups (rows,) of a protected `column`, in the order
    in which features count by `attributions` (rows, features)."""
    order = np.argsort(-np.abs(attributions).mean(axis=0), kind="stable")
    correlation, chance = _told(inputs[:, order].astype(np.float64), np.unique(group, return_inverse=True)[1])
    return tuple(
        Proxy(feature=features[j], column=column, correlation=float(eta), chance=float(p), rank=place)
        for place, (j, eta, p) in enumerate(zip(order.tolist(), correlation, holm(chance), strict=True), 1)
    )


def leads(proxy: Proxy) -> bool:
    """Whether a feature surely tells the protected column, well enough to stand for it, and is among those that count
    most."""
    return proxy.rank <= LEADING and proxy.correlation >= TELLS and proxy.chance < LEVEL


def _told(inputs: Array, of: Array) -> tuple[Array, Array]:
    """(features,) correlation ratio by group, K. Pearson (1905), and its chance by the F test."""
    from scipy.stats import f

    rows, groups = len(inputs), int(of.max()) + 1
    centred = inputs - inputs.mean(axis=0)
    between = (summed(centred.T, of, groups) ** 2 / np.bincount(of, minlength=groups)).sum(axis=1)
    total = (centred**2).sum(axis=0)
    if groups < 2 or rows <= groups:
        return np.zeros(len(total)), np.ones(len(total))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip(np.nan_to_num(between / total), 0, 1)
        ratio = share / (1 - share) * (rows - groups) / (groups - 1)
    return np.sqrt(share), np.asarray(f.sf(ratio, groups - 1, rows - groups))
