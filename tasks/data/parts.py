"""Features of a table that are made of one column, as the ones of a category are, are one feature to a reader."""

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input


def columns(item: Input) -> tuple[str, ...]:
    """The columns of a table in their order."""
    return tuple(dict.fromkeys(item.columns or item.features))


def by_column(item: Input, values: Array) -> Array:
    """(samples, columns, ...) from values (samples, features, ...): what the parts of a column have together."""
    if not item.columns:
        return values
    places = _places(item)
    return np.stack([values[:, places == column].sum(axis=1) for column in range(len(columns(item)))], axis=1)


def column_values(item: Input) -> Array:
    """(samples, columns): the numbers of a table, NaN for a category, whose values have no order."""
    values, places = item.array.astype(np.float64), _places(item)
    if item.whole:
        values[:, [column.kind == "category" for column in item.whole]] = np.nan
        return values
    if not item.columns:
        return values
    found = by_column(item, values)
    found[:, np.bincount(places) > 1] = np.nan
    return found


def _places(item: Input) -> Array:
    """(features,): which column each feature is made of."""
    number = {name: place for place, name in enumerate(columns(item))}
    return np.array([number[name] for name in item.columns or item.features])
