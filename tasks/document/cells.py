"""One sample of a table as a reader knows it: each column with what it holds there."""

import numpy as np

from exhibit.tasks.document.words import in_full, without_units
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input, TableColumn
from exhibit.tasks.records.language import tr, trp


def cells(item: Input, row: int, values: Array) -> tuple[list[str], Array]:
    """The columns of a table, each with what it holds in sample `row`, and what each contributes to it.

    `values`: (features,) of that sample.
    """
    titles, together = by_column(item, values)
    names = [
        tr("{name}: {value}", name=title, value=_cell(item, row, column, own))
        for title, (column, own) in zip(titles, _places(item).items(), strict=True)
    ]
    return names, together


def by_column(item: Input, values: Array) -> tuple[tuple[str, ...], Array]:
    """The columns of a table as a reader names them, and what each has of `values` (features,): a category is one
    column, however many features the model is given for it, and has their sum."""
    places = _places(item)
    return tuple(without_units(list(places))), np.array([values[own].sum() for own in places.values()])


def _places(item: Input) -> dict[str, list[int]]:
    """Which features each column is made of."""
    places: dict[str, list[int]] = {}
    for place, column in enumerate(item.columns or item.features):
        places.setdefault(column, []).append(place)
    return places


def _cell(item: Input, row: int, column: str, places: list[int]) -> str:
    """What a column holds, as it was read: a cell that was filled since was empty."""
    given = item.values[row][places]
    if (item.filled is not None and item.filled[row][places].any()) or (not item.whole and np.isnan(given).any()):
        return tr("empty")
    if item.whole and (word := _word(item.whole[places[0]], float(given[0]))) is not None:
        return word
    names = [item.features[place] for place in places]
    if names != [column]:  # a feature for each of its values
        held = [name.removeprefix(f"{column}: ") for name, one in zip(names, given, strict=True) if one > 0]
        return held[0] if held else tr("none of its values")
    return tr("empty") if np.isnan(given[0]) else in_full(float(given[0]))


def _word(column: TableColumn, value: float) -> str | None:
    """What a category or a truth value is; None for a number."""
    word = column.word(value)
    if word is None or (column.categories and not np.isnan(value)):
        return word
    if np.isnan(value):
        return tr("missing")
    return trp("verdict", "yes") if value else trp("verdict", "no")
