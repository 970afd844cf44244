"""What explanations say of each group: what counts there, what counts otherwise, and what stands for a protected
column."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.chances import holm
from exhibit.tasks.quality.counted import BY_ITSELF, Mean
from exhibit.tasks.quality.resampling import intervals, summed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.grouping import Grouping
from exhibit.tasks.records.quality import LEAST
from exhibit.tasks.records.subgroups import (
    BY_CHANCE,
    FEW,
    LEVEL,
    MOST_TIMES,
    TELLS,
    TIMES,
    Estimate,
    Protected,
    Proxy,
    Role,
    Roles,
)

_LEADING = 5  # features by rank, at most, among which a protected column, or one that tells it, is said to lead
_TINY = 1e-300  # instead of 0, by which nothing is divided


class Feature(NamedTuple):
    """What a feature is in rows: numbers, or places of categories, or whether a row has it, (rows,); NaN where it is
    not known, None where it tells no column by that."""

    name: str
    values: Array | None
    category: bool = False


def leading(features: int) -> int:
    """How many of so many features are said to lead: the first five, but no more than half."""
    return min(_LEADING, (features + 1) // 2)


def roles(values: Array, features: Sequence[str], by: Sequence[Grouping], *, signed: bool) -> tuple[Roles, ...]:
    """Of attributions (rows, features) by what each row belongs to, the most important feature first. Only groups of 30
    rows or more are looked at; of a column that has fewer than two such groups nothing is said. NaN: a row does not
    have the feature. `signed`: whether means of signed values have a meaning."""
    looked = [one for one in by if (one.rows >= FEW).sum() > 1]
    sizes = np.abs(values).astype(np.float64)
    tests = [apart(sizes, one) for one in looked]
    together = _together([chances for chances, _ in tests])
    order = ranked(sizes)
    return tuple(
        Roles(
            column=one.by[0],
            tests=int((~np.isnan(alone)).sum()),
            features=_roles(values, features, one, chances, times, order, signed=signed),
        )
        for one, chances, (alone, times) in zip(looked, together, tests, strict=True)
    )


def ranked(sizes: Array) -> list[int]:
    """Features by the mean of their sizes (rows, features) over the rows that have them, the largest first."""
    return np.argsort(-_means(sizes), kind="stable").tolist()


def _means(sizes: Array) -> Array:
    """(features,), NaN of one that no row has."""
    known = ~np.isnan(sizes)
    if known.all():
        return np.asarray(sizes.mean(axis=0))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, sizes, 0).sum(axis=0) / known.sum(axis=0))


def _together(chances: Sequence[Array]) -> list[Array]:
    """The chances of all tests together, 1 where none was made."""
    found = [np.ones(own.shape) for own in chances]
    made = [~np.isnan(own) for own in chances]
    raised = holm([chance for own, there in zip(chances, made, strict=True) for chance in own[there].tolist()])
    start = 0
    for own, there in zip(found, made, strict=True):
        own[there] = raised[start : (start := start + int(there.sum()))]
    return found


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
    values = values.astype(np.float64)
    own = {by.groups[k]: values[by.of == k] for k in _large(by)}
    ranks = {name: _ranks(np.abs(found)) for name, found in own.items()}
    tested = (~np.isnan(times)).sum(axis=0)
    times = np.nan_to_num(times, nan=1.0)
    otherwise = differ(chances, times)
    differs = np.any(otherwise, axis=0, keepdims=True)[0]
    # The group that is named: of those in which it counts otherwise, where there is one, the surest.
    surest = np.where(otherwise | ~differs, chances, np.inf).argmin(axis=0)

    def over(column: Array, least: float = -np.inf) -> dict[str, Estimate]:
        """In each group, over the rows that have the feature."""
        known = ~np.isnan(column)
        every = Mean(column[known], least)
        parts = {by.groups[k]: (by.of == k)[known] for k in _large(by)}
        return {name: _mean(every, rows) for name, rows in parts.items() if rows.any()}

    return tuple(
        Role(
            feature=features[j],
            mean=over(values[:, j]) if signed else {},
            size=over(np.abs(values[:, j]), least=0),
            rank={name: found[j] for name, found in ranks.items() if j in found},
            where=list(own)[surest[j]] if tested[j] else "",
            times=float(times[surest[j], j]),
            chance=float(chances[surest[j], j]),
            differs=bool(differs[j]),
        )
        for j in order
    )


def _mean(every: Mean, rows: Array) -> Estimate:
    """Over `rows`, a mask, with an interval where so many have the feature that their spread says something."""
    found = every.of(rows, BY_ITSELF)
    if found is None:
        return Estimate(value=float(every.values[rows].mean()), rows=int(rows.sum()), interval=None)
    return found.estimate


def _large(by: Grouping) -> list[int]:
    return np.flatnonzero(by.rows >= FEW).tolist()


def apart(sizes: Array, by: Grouping) -> tuple[Array, Array]:
    """(groups, features): the chance that the mean of `sizes` (rows, features) in a group of 30 rows or more is that of
    all rows of the other such groups; and how many times theirs it is. NaN: fewer than 30 rows of the one or of the
    other have the feature.

    It is the larger chance of B. L. Welch's test (1947) and of Student's: a group without any of a few rows in which
    the feature counts far more than elsewhere misleads the former, one that happens to have several of them the
    latter."""
    large = _large(by)
    kept = np.isin(by.of, large)
    sizes, of = sizes[kept], by.of[kept]
    parts = [(sizes[of == k], sizes[of != k]) for k in large]
    tests, times = (np.stack(found) for found in zip(*(_against(*part) for part in parts), strict=True))
    return tests, times


def _against(own: Array, others: Array) -> tuple[Array, Array]:
    """(features,): chance and ratio of the means of two sets of rows (rows, features)."""
    from scipy.stats import ttest_ind_from_stats

    few = np.minimum(*((~np.isnan(part)).sum(axis=0) for part in (own, others))) < FEW
    parts = [part[:, ~few] for part in (own, others)]
    (mean1, std1, nobs1), (mean2, std2, nobs2) = (
        (_means(part), _spreads(part), (~np.isnan(part)).sum(axis=0)) for part in parts
    )
    tests, times = np.full((2, own.shape[1]), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        # A feature that counts nothing, or the same everywhere, is as it is elsewhere.
        found = [
            ttest_ind_from_stats(mean1, std1, nobs1, mean2, std2, nobs2, equal_var=equal).pvalue
            for equal in (False, True)
        ]
        tests[~few] = np.maximum(*np.nan_to_num(found, nan=1.0))
        times[~few] = np.minimum(np.nan_to_num(mean1 / mean2, nan=1.0), MOST_TIMES)
    return tests, times


def _spreads(sizes: Array) -> Array:
    """(features,) standard deviations of sizes (rows, features), of the rows that have them, two or more."""
    known = ~np.isnan(sizes)
    squares = np.where(known, sizes - _means(sizes), 0) ** 2
    return np.asarray(np.sqrt(squares.sum(axis=0) / (known.sum(axis=0) - 1)))


def differ(chance: Array, times: Array) -> Array:
    """Whether a feature surely counts more or less in a group than in the others, and by enough to matter."""
    return np.asarray((chance < LEVEL) & (np.maximum(times, 1 / np.maximum(times, _TINY)) >= TIMES))


def _ranks(sizes: Array) -> dict[int, Estimate]:
    """Of each feature by its mean size over (rows, features), the first is 1, with what resampled rows give; of those
    that so many rows have that their spread says something."""
    known = ~np.isnan(sizes)
    had = np.flatnonzero(known.sum(axis=0) >= min(LEAST, len(sizes)))
    sizes, known = np.where(known, sizes, 0)[:, had], known[:, had]

    def places(means: Array) -> Array:
        return np.argsort(np.argsort(-means, axis=1, kind="stable"), axis=1) + 1

    def of(weights: Array) -> Array:
        with np.errstate(invalid="ignore"):
            return np.asarray((weights @ sizes) / (weights @ known))

    bounds = intervals(len(sizes), lambda weights: {str(j): own for j, own in enumerate(places(of(weights)).T)})
    found = places(of(np.ones((1, len(sizes)))))[0]
    return {
        j: Estimate(value=float(found[k]), rows=int(known[:, k].sum()), interval=bounds.get(str(k)))
        for k, j in enumerate(had.tolist())
    }


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
        if feature.name not in own.get(column, ()) and feature.values is not None
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
    ratio, K. Pearson (1905), by the F test and by that of W. H. Kruskal and W. A. Wallis (1952), of ranks, whichever
    chance is larger: a few numbers far from all others mislead the former. A few that are not the commonest one mislead
    both: where fewer than five such are expected in a group it is not less than by numbers that are drawn into another
    order. Of a category H. Cramér's V (1946) by χ², or, where fewer than five rows are expected of a category in a
    group, W. G. Cochran (1954), by tables that are drawn with the same sums."""
    if feature.values is None:
        return 0.0, 1.0
    known = ~np.isnan(feature.values) & by.stated
    values, of = feature.values[known], np.unique(by.of[known], return_inverse=True)[1]
    groups = int(of.max(initial=0)) + 1
    if len(values) <= groups or groups < 2 or len(np.unique(values)) < 2:
        return 0.0, 1.0
    return _cramer(values, of) if feature.category else _ratio(values, of, groups)


def _ratio(values: Array, of: Array, groups: int) -> tuple[float, float]:
    from scipy.stats import f, kruskal

    rows, centred = np.bincount(of), values - values.mean()

    def between(numbers: Array) -> Array:
        return np.asarray((summed(numbers, of, groups) ** 2 / rows).sum(axis=1))

    def shuffled(random: np.random.Generator, draws: int) -> Array:
        return between(random.permuted(np.tile(centred, (draws, 1)), axis=1))

    own = float(between(centred[np.newaxis])[0])
    share = min(max(own / float((centred**2).sum()), 0.0), 1.0)
    ratio = np.inf if share == 1 else share / (1 - share) * (len(values) - groups) / (groups - 1)
    by_rank = kruskal(*(values[of == k] for k in range(groups))).pvalue
    association, chance = float(np.sqrt(share)), float(max(f.sf(ratio, groups - 1, len(values) - groups), by_rank))
    others = len(values) - int(np.unique(values, return_counts=True)[1].max())
    if association >= TELLS and chance < BY_CHANCE and others * int(rows.min()) < _EXPECTED * len(values):
        chance = max(chance, _drawn(shuffled, own, len(values)))
    return association, chance


def _cramer(values: Array, of: Array) -> tuple[float, float]:
    from scipy.stats import chi2_contingency, contingency, random_table

    counts = contingency.crosstab(values, of).count
    found = chi2_contingency(counts, correction=False)
    expected, table = found.expected_freq, random_table(counts.sum(axis=1), counts.sum(axis=0))

    def far(tables: Array) -> Array:
        return np.asarray(((tables - expected) ** 2 / expected).sum(axis=(-2, -1)))

    def drawn(random: np.random.Generator, draws: int) -> Array:
        return far(table.rvs(draws, random_state=random))

    few = (expected < _EXPECTED).any()
    chance = _drawn(drawn, float(far(counts)), counts.size) if few else found.pvalue
    return float(contingency.association(counts, method="cramer")), float(chance)


def _drawn(far: Callable[[np.random.Generator, int], Array], own: float, cells: int) -> float:
    """The chance that rows that have nothing to do with their groups are as `far` as these, `own`, or farther: of so
    many draws, of so many `cells` each, how far they are."""
    random, beyond, size = np.random.default_rng(0), 1, max(1, _CELLS // cells)
    for start in range(0, _DRAWN, size):
        beyond += int((far(random, min(size, _DRAWN - start)) >= own * (1 - _ROUNDING)).sum())
    return beyond / (_DRAWN + 1)


_EXPECTED = 5  # rows
_DRAWN, _CELLS = 9_999, 1_000_000  # draws, and how many of their cells at a time
_ROUNDING = 1e-9
