"""Frames of a session whose columns a model is given whole, words and gaps among them: from what a column's cells are
counted as back to the cells."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.data.rows import words
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import TableColumn

Cells = Callable[[Array], Any]  # from codes (rows,) of one column to its cells


def has_words_or_gaps(frame: Any) -> bool:
    """Whether numbers alone do not say what it holds."""
    return bool(frame.isna().any(axis=None)) or any(kind.kind not in "fiub" for kind in frame.dtypes)


def has_gaps_alone(frame: Any) -> bool:
    """Whether it holds numbers, of which some are missing."""
    return bool(frame.isna().any(axis=None)) and all(kind.kind in "fiub" for kind in frame.dtypes)


def as_it_was(frame: Any, columns: Sequence[TableColumn]) -> Callable[[Array], Any]:
    """From codes (rows, columns), which `columns` tell, to a frame like `frame`: its columns in its order, each in its
    type as long as that can hold what is asked about."""
    import pandas as pd

    place = {column.name: number for number, column in enumerate(columns)}
    told = [(place[str(name)], _cells(frame.iloc[:, k], columns[place[str(name)]])) for k, name in enumerate(frame)]

    def back(codes: Array) -> Any:
        cells = {k: cells_of(codes[:, own]) for k, (own, cells_of) in enumerate(told)}
        return pd.DataFrame(cells, index=range(len(codes))).set_axis(list(frame.columns), axis=1)

    return back


def _cells(cells: Any, column: TableColumn) -> Cells:
    if column.kind == "number":
        return lambda codes: numbers_of(codes, cells.dtype)
    order = column.categories or ("False", "True")
    known = cells.dropna().drop_duplicates()
    value_of: dict[str | None, Any] = {}
    for word, value in zip(words(known), known.tolist(), strict=True):
        if value_of.setdefault(word, value) != value:
            raise InputError(
                f"X: the column {str(cells.name)!r} holds {value_of[word]!r} and {value!r}, which a report writes "
                "alike; make them one, or tell them apart"
            )
    # A word that no row of the fit has, but one that is explained.
    values = np.array([value_of.get(word, word) for word in order] + [None], object)

    def of_codes(codes: Array) -> Any:
        import pandas as pd

        gaps = np.isnan(codes)
        found = values[np.where(gaps, len(order), codes).astype(np.int64)]
        if cells.dtype == bool and not gaps.any():
            return found.astype(bool)
        lacking = cells.dtype == object and cells.isna().any()
        missing = cells[cells.isna()].iloc[0] if lacking else np.nan
        found[gaps] = missing
        return pd.Series(found, dtype=cells.dtype if cells.dtype != bool else object)

    return of_codes


def numbers_of(codes: Array, kind: Any) -> Any:
    """Numbers in the type of their column: whole ones as long as every value is one, for the mean that a method may put
    in their place is none; the same of truth values."""
    import pandas as pd

    cells = pd.Series(codes)
    if kind.kind == "f":
        return cells.astype(kind)
    whole = kind.kind in "iu" and (cells == cells.round()).all()
    truths = kind.kind == "b" and cells.isin([0, 1]).all()
    return cells.astype(kind) if whole or truths else cells
