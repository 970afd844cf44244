"""Whether later rows are as those of the training."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.chances import holm
from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.datasheet import CHANCE, MOVED, OUTSIDE, Drift
from exhibit.tasks.records.language import mark

_PARTS = 10  # of the training values, for the index
_RARE = 5  # rows expected, under which categories are taken together (Cochran 1954)
_CHI_SQUARE, _EXACT = mark("chi-square"), mark("Fisher's exact")
_LEAST = 10  # rows on either side, under which nothing is asked


class _Question(NamedTuple):
    """Whether a column has moved, or how often it is empty. `before`, `after`: its values in the rows of both."""

    column: Values
    empties: bool
    before: Array
    after: Array


def drifts(
    columns: Sequence[Values], training: Array, later: Array, everyone: tuple[Array, Array]
) -> tuple[Drift, ...]:
    """Each column that both have values of, and how often a column is empty where any is. `training`, `later`: row
    numbers, of which statistics are made; `everyone`: those that values beyond the training are looked for in."""
    asked = [question for column in columns for question in _questions(column, training, later)]
    tested = [_tested(question) for question in asked]
    adjusted = holm([chance for *_, chance in tested]).tolist()
    found = []
    for question, (test, statistic, chance), own in zip(asked, tested, adjusted, strict=True):
        column, empties, before, after = question
        known = [column.take(rows) for rows in everyone]
        outside, surprise = (0, 1.0) if empties else _outside(column, *known)
        found.append(
            Drift(
                feature=column.name,
                empties=empties,
                index=(index := stability(column, before, after)),
                test=test,
                statistic=statistic,
                chance=chance,
                adjusted=own,
                moved=index >= MOVED and own < CHANCE,
                outside=outside,
                surprising=outside >= OUTSIDE * len(everyone[1]) and surprise * len(asked) < CHANCE,
            )
        )
    return tuple(found)


def beyond(columns: Sequence[Values], training: Array, later: Array) -> int:
    """How many later rows have a value that no row of the training has or reaches."""
    strange = np.zeros(len(later), bool)
    for column in columns:
        known = column.take(training)
        if len(known):
            strange |= _strange(column, known, column.cells[later])
    return int(strange.sum())


def _questions(column: Values, training: Array, later: Array) -> Iterator[_Question]:
    empty = np.isnan(column.cells)
    before, after = column.take(training), column.take(later)
    if min(len(before), len(after)) >= _LEAST:
        yield _Question(column, False, before, after)
    rows = empty[training], empty[later]
    if min(map(len, rows)) >= _LEAST and any(own.any() for own in rows):
        whether = Values(column.name, empty.astype(np.float64), ("no", "yes"))
        yield _Question(whether, True, *(own.astype(np.float64) for own in rows))


def _tested(question: _Question) -> tuple[str, float, float]:
    """By which test, its statistic, of Fisher's χ² too, and its chance."""
    from scipy.stats import chi2_contingency, fisher_exact, ks_2samp

    column, _, before, after = question
    if not column.words:
        found = ks_2samp(before, after, method="asymp")
        return "Kolmogorov-Smirnov", float(found.statistic), float(found.pvalue)
    counts = np.array([np.bincount(cells.astype(int), minlength=len(column.words)) for cells in (before, after)])
    expected = counts.sum(axis=0) * counts.sum(axis=1).min() / counts.sum()
    common = expected >= _RARE
    table, rare = counts[:, common], counts[:, ~common].sum(axis=1)
    if expected[~common].sum() < _RARE and table.shape[1] > 1:
        # Together they are still too few: they count as the rarest of the others.
        table[:, expected[common].argmin()] += rare
    elif rare.any():
        table = np.column_stack([table, rare])
    if table.shape[1] < 2:
        return _CHI_SQUARE, 0.0, 1.0
    statistic, chance, _, fewest = chi2_contingency(table, correction=False)
    if fewest.min() < _RARE:  # of two, of which one is rare
        return _EXACT, float(statistic), float(fisher_exact(table).pvalue)
    return _CHI_SQUARE, float(statistic), float(chance)


def stability(column: Values, before: Array, after: Array) -> float:
    """The population stability index: the sum of (a - b) ln(a / b) over ten parts of equally many training values, or
    over categories; half a row is added to each part, so that an empty one has a logarithm."""
    if column.words:
        places = before.astype(int), after.astype(int)
        parts = len(column.words)
    else:
        ends = np.unique(np.quantile(before, np.linspace(0, 1, _PARTS + 1)[1:-1]))
        places = np.searchsorted(ends, before, side="left"), np.searchsorted(ends, after, side="left")
        parts = len(ends) + 1
    counts = [np.bincount(place, minlength=parts) for place in places]
    used = (counts[0] + counts[1]) > 0
    b, a = ((each[used] + 0.5) / (each.sum() + 0.5 * used.sum()) for each in counts)
    return float(((a - b) * np.log(a / b)).sum())


def _outside(column: Values, before: Array, after: Array) -> tuple[int, float]:
    """How many later cells are beyond all training cells, and a bound of the chance of as many."""
    strange = int(_strange(column, before, after).sum())
    share = len(after) / (len(before) + len(after))
    if column.words:
        return strange, _chance_of_new(np.bincount(np.concatenate([before, after]).astype(int)), share, strange)
    return strange, min(1.0, (strange + 1) * share**strange)


def _chance_of_new(counts: Array, share: float, strange: int) -> float:
    """A bound of the chance that so many later rows have categories that no training row has, if all rows are alike:
    H. Chernoff's (1952). All rows of a category of n are later ones with at most share^n, and of one category the less
    the more of another are. `counts`: rows of each category."""
    sizes, times = np.unique(counts[counts > 0], return_counts=True)
    steps = np.linspace(0, 5, 101)[:, np.newaxis]
    with np.errstate(over="ignore"):
        grown = np.exp(sizes * (steps + np.log(share))) - share**sizes
        bounds = (times * np.log1p(grown)).sum(axis=1) - steps[:, 0] * strange
    return float(np.exp(min(0.0, bounds.min())))


def _strange(column: Values, before: Array, after: Array) -> Array:
    """Which later cells are beyond all training cells; an empty one is not."""
    if column.words:
        return ~np.isin(after, before) & ~np.isnan(after)
    return np.asarray((after < before.min()) | (after > before.max()))
