"""The columns of tables as statistics read them: one array of numbers for each, empty cells as NaN."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input, Split
from exhibit.tasks.records.datasheet import ColumnSheet, Distribution
from exhibit.tasks.records.language import Message, as_message, say
from exhibit.tasks.records.shown import printed

BINS, MOST_CATEGORIES = 12, 6  # of a distribution
DRAWN = 12  # distributions that a page has room for
YES_OR_NO = (say("no"), say("yes"))  # of a column of truth values
SAMPLE = 10_000  # rows of a split from which distributions, correlations, leaks and drift are measured


class Values(NamedTuple):
    """One column. `cells`: (rows,) numbers, or the places of categories in `words`; NaN where a cell is empty.
    `measured`: whether it is of an input that is no table."""

    name: str
    cells: Array
    words: Sequence[str] = ()
    measured: bool = False

    def take(self, rows: Array) -> Array:
        """The cells of these rows that are not empty."""
        cells = self.cells[rows]
        return cells[~np.isnan(cells)]


def columns_of(dataset: Dataset) -> list[Values]:
    """Those of all tables of a dataset. Cells that were empty when they were read are empty, whatever has filled them
    since."""
    return [column for item in dataset.inputs if item.traits.named for column in _of_input(item)]


def _of_input(item: Input) -> list[Values]:
    values = item.array.astype(np.float64)
    if item.filled is not None:
        values[item.filled] = np.nan
    if item.whole:
        return [
            _present(Values(name, values[:, k], column.categories or YES_OR_NO * (column.kind == "truth")), item)
            for k, (name, column) in enumerate(zip(item.features, item.whole, strict=True))
        ]
    if not item.columns:
        return [Values(name, values[:, k]) for k, name in enumerate(item.features)]
    places: dict[str, list[int]] = {}
    for place, name in enumerate(item.columns):
        places.setdefault(name, []).append(place)
    return [
        Values(name, values[:, own[0]])
        if item.features[own[0]] == name
        else _present(_category(name, values[:, own], item, own), item)
        for name, own in places.items()
    ]


def _present(column: Values, item: Input) -> Values:
    """A category without the one that stands for an empty cell."""
    if (place := item.absent.get(column.name)) is None:
        return column
    return column._replace(cells=np.where(column.cells == place, np.nan, column.cells))


def _category(name: str, ones: Array, item: Input, places: Sequence[int]) -> Values:
    """A category from its ones; NaN where it has none of its values."""
    empty = np.isnan(ones).any(axis=1) | ~(ones > 0).any(axis=1)
    codes = np.where(empty, np.nan, np.nan_to_num(ones).argmax(axis=1))
    before = len(name) + 2  # of the word
    return Values(name, codes, tuple(item.features[place][before:] for place in places))


def sampled(rows: Array, most: int = SAMPLE) -> Array:
    """At most so many of these row numbers, evenly drawn with a fixed seed, in their order."""
    return rows if len(rows) <= most else np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def sheet(column: Values, training: Array) -> ColumnSheet:
    """What one column holds. `training`: row numbers."""
    known = column.cells[~np.isnan(column.cells)]
    learned = column.take(training)
    bounded = len(learned) > 0 and not column.words
    asked = column.cells[training] if len(training) else column.cells
    return ColumnSheet(
        name=as_message(column.name),
        measured=column.measured,
        number=not column.words,
        missing=len(column.cells) - len(known),
        values=len(np.unique(known)),
        constant=len(asked) > 1 and len(np.unique(asked)) == 1,
        low=float(learned.min()) if bounded else None,
        high=float(learned.max()) if bounded else None,
    )


def distribution(column: Values, groups: dict[Split, Array]) -> Distribution | None:
    """Shares in the same bins for each group of row numbers; None of an empty column."""
    cells = {name: column.take(rows) for name, rows in groups.items()}
    known = np.concatenate([*cells.values()])
    if not len(known):
        return None
    if column.words:
        return _of_words(column, cells, known)
    low, high = (
        np.quantile(known, [0.01, 0.99], method="nearest")
        if len(np.unique(known)) > BINS
        else (known.min(), known.max())
    )
    if low == high:
        low, high = known.min(), known.max()
    if low == high:
        shares = {name: (float(len(own) > 0),) for name, own in cells.items()}
        return Distribution(
            feature=column.name, bins=(Message(printed(low, ".4g")),), edges=(float(low), float(low)), shares=shares
        )
    edges = np.linspace(low, high, BINS + 1)
    return Distribution(
        feature=column.name,
        bins=tuple(say("{low} to {high}", low=printed(a, ".4g"), high=printed(b, ".4g")) for a, b in pairwise(edges)),
        edges=tuple(edges.tolist()),
        shares={
            name: _shares(np.histogram(np.clip(own, edges[0], edges[-1]), edges)[0]) for name, own in cells.items()
        },
    )


def _of_words(column: Values, cells: dict[Split, Array], known: Array) -> Distribution:
    """The commonest categories, and all others as one."""
    counts = np.bincount(known.astype(int), minlength=len(column.words))
    there = int((counts > 0).sum())
    first = np.argsort(-counts, kind="stable")[: MOST_CATEGORIES if there > MOST_CATEGORIES + 1 else there]
    rest = there > len(first)
    shares: dict[Split, tuple[float, ...]] = {}
    for name, own in cells.items():
        each = np.bincount(own.astype(int), minlength=len(counts))
        shares[name] = _shares(np.append(each[first], [each.sum() - each[first].sum()] if rest else []))
    bins = (*(_said(column.words[k]) for k in first), *([say("others")] if rest else []))
    return Distribution(feature=column.name, bins=bins, shares=shares)


def _said(word: str) -> Message:
    """A category: a word of the user's own stays as it is in every language."""
    return word if isinstance(word, Message) else say("{name}", name=word)


def _shares(counts: Array) -> tuple[float, ...]:
    return tuple((counts / max(counts.sum(), 1)).tolist())
