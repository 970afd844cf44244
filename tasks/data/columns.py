"""Columns of a table as features: numbers as they are, categories as one column of 0 and 1 each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from exhibit.tasks.data.rows import (
    is_number,
    is_number_word,
    numbers,
    require_columns,
    require_no_marks,
    row_name,
    shown,
    words,
)
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.override import typed

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells, Table

_TRUTH = {"True": 1.0, "False": 0.0}


class Column(Record):
    """One column as the rows of a fit have it: `categories` in the order of their features."""

    name: str
    kind: Literal["number", "truth", "category"]
    categories: tuple[str, ...] = ()

    @classmethod
    def of(cls, cells: "Cells", most: int, *, category: bool) -> Self:
        """From the cells that are used, none of them empty. `category`: a category even if it holds numbers.

        Raises:
            InputError: for more categories than `most`.
        """
        name = str(cells.name)
        if is_number(cells) and not category:
            return cls(name=name, kind="number")
        known_words = [word for word in words(cells) if word is not None]
        if all(map(is_number_word, known_words)) and not category:  # larger than any whole number of the machine
            return cls(name=name, kind="number")
        if not category:
            require_no_marks(cells, known_words, "path")
        categories = tuple(sorted(set(known_words)))
        if set(categories) <= _TRUTH.keys() and not category:
            return cls(name=name, kind="truth")
        if len(categories) > most:
            raise InputError(_too_many(cells, known_words, len(categories), most))
        return cls(name=name, kind="category", categories=categories)

    def title(self, name: str, unit: str) -> str:
        """What a reader calls it. A space that does not break keeps what stands in brackets of a name's own from being
        taken for a unit."""
        name = name.replace(" (", "\u00a0(")
        return f"{name} ({unit})" if unit and self.kind != "category" else name

    def features(self, name: str, unit: str) -> tuple[str, ...]:
        """What a reader calls the features that are made of it."""
        title = self.title(name, unit)
        if self.kind != "category":
            return (title,)
        return tuple(f"{title}: {category}".replace(" (", "\u00a0(") for category in self.categories)

    def encoded(self, cells: "Cells", key: str) -> tuple[Array, list[str | None]]:
        """(rows, features), NaN where a cell is empty; and for each row why it cannot be used, None where it can.

        Raises:
            InputError: for text in a column of numbers.
        """
        if self.kind == "number":
            values = numbers(cells, key)
            return values[:, np.newaxis], [_empty(self.name) if np.isnan(value) else None for value in values]
        cell_words = words(cells)
        known = list(_TRUTH) if self.kind == "truth" else self.categories
        reasons = [
            _empty(self.name) if word is None else None if word in known else _strange(self.name, word)
            for word in cell_words
        ]
        if self.kind == "truth":
            return np.array([[_TRUTH.get(word or "", np.nan)] for word in cell_words]), reasons
        return np.array([[float(word == category) for category in self.categories] for word in cell_words]), reasons


def _empty(name: str) -> str:
    return f"{name} is missing"


def _strange(name: str, word: str) -> str:
    return f"{name} is {shown(word)}, which no row of the fit has"


def _too_many(cells: "Cells", cell_words: Sequence[str], count: int, most: int) -> str:
    """What to do with a column of many words: most of them may be numbers."""
    name = cells.name
    texts = [(row, word) for row, word in zip(cells.index, cell_words, strict=True) if not is_number_word(word)]
    if 0 < 2 * len(texts) < len(cell_words):
        row, word = texts[0]
        return (
            f"data.path: the column {name!r} holds numbers in {len(cell_words) - len(texts)} of {len(cell_words)} "
            f"rows, but in {row_name(row)} it is {shown(word)}; correct it, empty it, name it in data.missing_values "
            "where it stands for a missing number, or leave the column out with "
            f"{typed('data.ignore', [str(name)])}"
        )
    return (
        f"data.path: the column {name!r} has {count} categories, more than data.most_categories: {most}; leave it out "
        f"with {typed('data.ignore', [str(name)])}, use it as {typed('data.id', str(name))}, or raise that number"
    )


class Columns(Record):
    """The columns of a table as the rows of a fit have them. `others`: columns of the file that are no features.
    `centre`, `spread`: (features,) mean and standard deviation over the training rows."""

    columns: tuple[Column, ...]
    others: tuple[str, ...] = ()
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()

    def texts(self) -> list[str]:
        """The columns of categories."""
        return [column.name for column in self.columns if column.kind == "category"]

    def checked(self, table: "Table", key: str) -> "Table":
        """The table, if it has these columns and no unknown ones.

        Raises:
            InputError: naming those that are missing, and those that are too many.
        """
        names = [column.name for column in self.columns]
        require_columns(table, names, f"data.{key}: the file has no column {{}}, which the training data have")
        if extra := [name for name in table.columns if name not in names and name not in self.others]:
            raise InputError(
                f"data.{key}: the file has the columns {', '.join(extra)}, which the training data do not have; "
                "remove them, or name them in data.ignore"
            )
        return table

    def encoded(self, table: "Table", key: str) -> tuple[Array, list[str | None]]:
        """(rows, features) in float64, and for each row why it cannot be used."""
        parts = [column.encoded(table[column.name], key) for column in self.columns]
        reasons = [
            "; ".join(filter(None, of_row)) or None for of_row in zip(*(reasons for _, reasons in parts), strict=True)
        ]
        return np.concatenate([values for values, _ in parts], axis=1), reasons

    def scaled(self, training: Array) -> Self:
        """With the mean and the standard deviation of the training rows (rows, features)."""
        spread = training.std(axis=0, dtype=np.float64)
        centre = training.mean(axis=0, dtype=np.float64)
        return self.model_copy(
            update={"centre": tuple(centre.tolist()), "spread": tuple(np.where(spread > 0, spread, 1.0).tolist())}
        )

    def input(self, values: Array, titles: Mapping[str, str], units: Mapping[str, str]) -> Input:
        """The table of these values (rows, features). `titles`, `units`: of columns, where they are not their own."""
        made = [
            (feature, column.title(titles.get(column.name, column.name), units.get(column.name, "")))
            for column in self.columns
            for feature in column.features(titles.get(column.name, column.name), units.get(column.name, ""))
        ]
        split = any(column.kind == "category" for column in self.columns)
        return Input(
            name="table",
            kind="table",
            values=values,
            features=tuple(feature for feature, _ in made),
            columns=tuple(title for _, title in made) if split else (),
            centre=np.array(self.centre),
            spread=np.array(self.spread),
        )
