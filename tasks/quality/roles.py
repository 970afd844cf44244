"""What explanations say of each group: what counts there, what counts otherwise, and what stands for a protected
column."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.chances import holm
from exhibit.tasks.quality.counted import mean
from exhibit.tasks.quality.resampling import intervals, summed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.grouping import Grouping
from exhibit.tasks.records.subgroups import BY_CHANCE, FEW, LEVEL, TELLS, TIMES, Estimate, Protected, Proxy, Role, Roles

_LEADING = 5  # features by rank, at most, among which a protected column, or one that tells it, is said to lead
_TINY = 1e-300  # instead of 0, by which nothing is divided


class Feature(NamedTuple):
    """What a feature is in rows: numbers, or places of categories, (rows,); NaN where it is not known."""

    name: str
    values: Array
    category: bool = False


def leading(features: int) -> int:
    """How many of so many features are said to lead: the first five, but no more than half."""
    return min(_LEADING, (features + 1) // 2)


def roles(values: Array, features: Sequence[str], by: Sequence[Grouping], *, signed: bool) -> tuple[Roles, ...]:
    """Of attributions (rows, features) by what each row belongs to, the most important feature first. Only groups of 30
    rows or more are looked at; of a column that has fewer than two such groups nothing is said. `signed`: whether means
    of signed values have a meaning."""
    looked = [one for one in by if (one.rows >= FEW).sum() > 1]
    tests = [apart(np.abs(values).astype(np.float64), one) for one in looked]
    raised = holm(np.concatenate([chances.ravel() for chances, _ in tests])) if tests else np.empty(0)
    ends = np.cumsum([chances.size for chances, _ in tests])[:-1]
    together = np.split(raised, ends) if tests else []
    order = np.argsort(-np.abs(values).mean(axis=0), kind="stable").tolist()
    return tuple(
        Roles(
            column=one.by[0],
            features=_roles(values, features, one, chances.reshape(times.shape), times, order, signed=signed),
        )
        for one, chances, (_, times) in zip(looked, together, tests, strict=True)
    )


def _roles(
    values: Array,
    features: Sequence[str],
    by: Grouping,
    chances: Array,
    times: Array,
    order: Sequence[int],
    *,
    signed: bool,
) -> tuple[Role, ...]:
    own = {by.groups[k]: values[by.of == k].astype(np.float64) for k in _large(by)}
    ranks = {name: _ranks(np.abs(found)) for name, found in own.items()}
    surest = chances.argmin(axis=0)
    differs = np.any(differ(chances, times), axis=0, keepdims=True)[0]
    return tuple(
        Role(
            feature=features[j],
            mean={name: mean(found[:, j], 0.95).estimate for name, found in own.items()} if signed else {},
            size={name: mean(np.abs(found[:, j]), 0.95).estimate for name, found in own.items()},
            rank={name: found[j] for name, found in ranks.items()},
            where=list(own)[surest[j]],
            times=float(times[surest[j], j]),
            chance=float(chances[surest[j], j]),
            differs=bool(differs[j]),
        )
        for j in order
    )


def _large(by: Grouping) -> list[int]:
    return np.flatnonzero(by.rows >= FEW).tolist()


def apart(sizes: Array, by: Grouping) -> tuple[Array, Array]:
    """(groups, features): the chance that the mean of `sizes` (rows, features) in a group of 30 rows or more is that of
    all rows of the other such groups, by B. L. Welch's test (1947); and how many times theirs it is."""
    from scipy.stats import ttest_ind

    large = _large(by)
    kept = np.isin(by.of, large)
    sizes, of = sizes[kept], by.of[kept]
    with np.errstate(invalid="ignore", divide="ignore"):
        tests = np.stack([ttest_ind(sizes[of == k], sizes[of != k], equal_var=False).pvalue for k in large])
        times = np.stack([sizes[of == k].mean(axis=0) / sizes[of != k].mean(axis=0) for k in large])
    # A feature that counts nothing, or the same everywhere, has no test.
    return np.nan_to_num(tests, nan=1.0), np.nan_to_num(times, nan=1.0)


def differ(chance: Array, times: Array) -> Array:
    """Whether a feature surely counts more or less in a group than in the others, and by enough to matter."""
    return np.asarray((chance < LEVEL) & (np.maximum(times, 1 / np.maximum(times, _TINY)) >= TIMES))


def _ranks(sizes: Array) -> list[Estimate]:
    """Of each feature by its mean size over (rows, features), the first is 1, with what resampled rows give."""

    def ranked(means: Array) -> Array:
        return np.argsort(np.argsort(-means, axis=1, kind="stable"), axis=1) + 1

    rows, width = sizes.shape
    bounds = intervals(rows, lambda weights: {str(j): own for j, own in enumerate(ranked(weights @ sizes).T)})
    found = ranked(sizes.mean(axis=0)[np.newaxis])[0]
    return [Estimate(value=float(found[j]), rows=rows, interval=bounds.get(str(j))) for j in range(width)]


def protected(
    columns: Mapping[str, Grouping | None], ranking: Sequence[Feature], own: Mapping[str, Sequence[str]]
) -> tuple[Protected, ...]:
    """Of protected columns, with what rows belong to by each, None where they are not grouped by it. `ranking`: the
    features, the most important first, with what they are in the same rows; `own`: what features a column is, where
    the model is given it; the first of them by rank is its rank."""
    places = {feature.name: place for place, feature in enumerate(ranking, 1)}
    looked = [
        (column, place, feature, by)
        for column, by in columns.items()
        if by is not None
        for place, feature in enumerate(ranking[: leading(len(ranking))], 1)
        if feature.name not in own.get(column, ())
    ]
    told = [tells(feature, by) for *_, feature, by in looked]
    raised = holm(np.array([chance for _, chance in told]))
    proxies: dict[str, list[Proxy]] = {column: [] for column in columns}
    for (column, place, feature, _), (association, _), chance in zip(looked, told, raised.tolist(), strict=True):
        sure = association >= TELLS and chance < BY_CHANCE
        proxies[column].append(
            Proxy(feature=feature.name, rank=place, association=association, chance=chance, tells=sure)
        )
    return tuple(
        Protected(
            column=column,
            rank=min((places[name] for name in own.get(column, ())), default=None),
            looked=by is not None,
            rows=0 if by is None else int(by.stated.sum()),
            proxies=tuple(proxies[column]),
        )
        for column, by in columns.items()
    )


def tells(feature: Feature, by: Grouping) -> tuple[float, float]:
    """How well a feature tells the group of a row, from 0 to 1, and the chance of that: of a number the correlation
    ratio, K. Pearson (1905), by the F test; of a category H. Cramér's V (1946) by χ²."""
    known = ~np.isnan(feature.values) & by.stated
    values, of = feature.values[known], np.unique(by.of[known], return_inverse=True)[1]
    groups = int(of.max(initial=0)) + 1
    if len(values) <= groups or groups < 2 or len(np.unique(values)) < 2:
        return 0.0, 1.0
    return _cramer(values, of) if feature.category else _ratio(values, of, groups)


def _ratio(values: Array, of: Array, groups: int) -> tuple[float, float]:
    from scipy.stats import f

    centred = values - values.mean()
    between = float((summed(centred[np.newaxis], of, groups)[0] ** 2 / np.bincount(of)).sum())
    share = min(max(between / float((centred**2).sum()), 0.0), 1.0)
    ratio = np.inf if share == 1 else share / (1 - share) * (len(values) - groups) / (groups - 1)
    return float(np.sqrt(share)), float(f.sf(ratio, groups - 1, len(values) - groups))


def _cramer(values: Array, of: Array) -> tuple[float, float]:
    from scipy.stats import chi2_contingency, contingency

    counts = contingency.crosstab(values, of).count
    found = chi2_contingency(counts, correction=False)
    return float(contingency.association(counts, method="cramer")), float(found.pvalue)
