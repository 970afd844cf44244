"""Columns of a table as features: numbers as they are, and categories as one column of 0 and 1 each, or, for a model
that is given whole columns, as the place of the word among the categories."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.data.dates import Date, Dates, require_no_dates
from exhibit.tasks.data.rows import (
    as_plain,
    is_code,
    is_number,
    is_number_word,
    is_truth,
    numbers,
    numbers_rows,
    require_columns,
    require_no_failures,
    require_no_marks,
    require_one_spelling,
    require_plain_numbers,
    row_name,
    shown,
    words,
)
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Dated, Input, TableColumn
from exhibit.tasks.records.language import joined, say
from exhibit.tasks.records.override import typed, typed_for

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells, Table

_TRUTH = {"False": 0.0, "True": 1.0}
MISSING, OTHER = "missing", "other"  # categories of what no cell says

# What becomes of an empty cell. keep: the model is given it as it is.
Filling = Literal["exclude", "keep", "mean", "median", "constant", "commonest", "category", "word"]


# What becomes of a column of more categories than are asked for.
Rare = Literal["refuse", "other", "frequency"]


class Asked(Record):
    """What is asked of one column. `category`: it is one even if it holds numbers; `most`: so many categories at most,
    of more becomes what `rare` says; `filling`: what becomes of empty cells; `constant`, `stand_in`: the number or the
    word that they become where that is asked for."""

    category: bool = False
    most: int
    rare: Rare = "refuse"
    filling: Filling = "exclude"
    constant: float = 0.0
    stand_in: str = ""


class Column(TableColumn):
    """One column as the rows of a fit have it: `categories` in the order of their features. `rest`: whether the last of
    them holds all words that are not named. `frequency`: a category is one number, the share of the training rows that
    hold it, as in `shares`."""

    filling: Filling = Field("exclude", exclude_if=lambda filling: filling == "exclude")
    rest: bool = Field(False, exclude_if=lambda rest: not rest)
    constant: float = Field(0.0, exclude_if=lambda constant: not constant)
    stand_in: str = Field("", exclude_if=lambda word: not word)
    frequency: bool = Field(False, exclude_if=lambda frequency: not frequency)
    shares: tuple[float, ...] = Field((), exclude_if=lambda shares: not shares)

    @classmethod
    def of(cls, cells: "Cells", asked: Asked) -> Self:
        """From the cells of the rows that are used.

        Raises:
            InputError: for more categories than asked for, and for what cannot be told from numbers or dates.
        """
        name, known = str(cells.name), cells.dropna()
        if is_number(known) and not asked.category:
            return cls._of_numbers(name, asked, gaps=len(known) < len(cells))
        known_words = [word for word in words(known) if word is not None]
        # Numbers that came as words, being larger than any whole number of the machine; but not codes.
        if all(map(is_number_word, known_words)) and not any(map(is_code, known_words)) and not asked.category:
            return cls._of_numbers(name, asked, gaps=len(known) < len(cells))
        if not asked.category:
            way = typed("data.categories", [name])
            require_no_marks(known, known_words, "path", way)
            require_no_failures(known, known_words, "path", way)
            require_plain_numbers(known, known_words, "path", way)
            if len(known) and isinstance(known.iloc[0], date | timedelta):  # however few they are
                require_no_dates(name, known_words, typed("data.dates", [name]))
                raise InputError(f"data.path: the column {name!r} holds spans of time; give their seconds or days")
        told = asked.filling == "word"  # a category also where no cell of the fit is empty: of other rows one may be
        gaps = asked.filling in ("category", "constant") and len(known_words) < len(cells)
        counts = Counter(known_words)
        if set(counts) <= _TRUTH.keys() and not asked.category and not gaps and not told:
            return cls(name=name, kind="truth", filling=_of_words(asked.filling))
        categories, rest = sorted(counts), False
        require_one_spelling(categories, name, "path")
        if many := len(categories) > asked.most:
            require_no_dates(name, categories, typed("data.dates", [name]))
            if asked.rare == "refuse":
                raise InputError(_too_many(known, known_words, len(categories), asked.most))
        if many and asked.rare == "other":
            categories, rest = sorted(sorted(counts, key=lambda word: (-counts[word], word))[: asked.most - 1]), True
        own = {asked.stand_in} - {*categories} if told else {_apart(MISSING, counts)} if gaps else {}
        added = [*own, *([_apart(OTHER, counts)] if rest else [])]
        return cls(
            name=name,
            kind="category",
            categories=(*categories, *added),
            counted=not added and is_number(plain := as_plain(known)),
            truths=not added and is_truth(plain),
            filling="word" if told else "category" if gaps else _of_words(asked.filling),
            stand_in=asked.stand_in if told else "",
            rest=rest,
            frequency=many and asked.rare == "frequency",
        )

    @classmethod
    def _of_numbers(cls, name: str, asked: Asked, *, gaps: bool) -> Self:
        if asked.filling == "category" and not gaps:  # asked of columns of words that have some
            return cls(name=name, kind="number")
        if asked.filling == "category":
            raise InputError(
                f"data.missing: 'category' has no meaning for the numbers of {name!r}; {by_column(name, 'mean')}"
            )
        if asked.filling == "word":
            raise InputError(
                f"data.missing: {name!r} holds numbers, and {asked.stand_in!r} is a word; {by_column(name, 'mean')}, "
                f"or {typed('data.categories', [name])} makes words of them"
            )
        return cls(name=name, kind="number", filling=asked.filling, constant=asked.constant)

    def title(self, name: str, unit: str) -> str:
        """What a reader calls it. A space that does not break keeps what stands in brackets of a name's own from being
        taken for a unit."""
        name = f"{name} frequency" if self.frequency else name
        name = name.replace(" (", "\u00a0(")
        return f"{name} ({unit})" if unit and self.kind != "category" else name

    def features(self, name: str, unit: str) -> tuple[str, ...]:
        """What a reader calls the features that are made of it."""
        title = self.title(name, unit)
        if not self.parted:
            return (title,)
        return tuple(f"{title}: {category}".replace(" (", "\u00a0(") for category in self.categories)

    def codes(self, cells: "Cells", key: str) -> tuple[Array, dict[int, str]]:
        """(rows,) numbers, places among the categories or 0 and 1 for a truth value, NaN where a cell is empty; and of
        the rows that cannot be used, why. By frequency a word that no row of the fit has is the place after the last.

        Raises:
            InputError: for text in a column of numbers.
        """
        if self.kind == "number":
            values = numbers(cells, key)
            infinite = np.flatnonzero(np.isnan(values) & cells.notna().to_numpy()).tolist()
            strange: dict[int, str] = dict.fromkeys(infinite, say("{column} is infinite", column=self.name))
        else:
            places = _TRUTH if self.kind == "truth" else {word: float(k) for k, word in enumerate(self.categories)}
            empty = float(self.missing_place) if self.filling == "category" else np.nan
            other = len(places) - 1.0 if self.rest else float(len(places)) if self.frequency else -1.0
            found = words(cells)
            values = np.array([empty if word is None else places.get(word, other) for word in found], np.float64)
            strange = {row: _strange(self.name, found[row] or "") for row in np.flatnonzero(values == -1).tolist()}
        lacking = np.flatnonzero(np.isnan(values)).tolist() if self.filling == "exclude" else []
        return values, {**dict.fromkeys(lacking, _empty(self.name)), **strange}

    def parts(self, codes: Array) -> Array:
        """(rows, features) from codes (rows,): 0 and 1 for each category, NaN where a cell is empty."""
        if not self.parted:
            return codes[:, np.newaxis]
        ones = (codes[:, np.newaxis] == np.arange(len(self.categories))).astype(np.float64)
        ones[np.isnan(codes)] = np.nan
        return ones

    @property
    def parted(self) -> bool:
        """Whether it is a category with a feature of 0 or 1 for each of its values."""
        return self.kind == "category" and not self.frequency

    def counted_in(self, codes: Array) -> Self:
        """With the shares of the codes (rows,) of the training rows, none of which is empty."""
        if not self.frequency:
            return self
        shares = np.bincount(codes.astype(np.int64), minlength=len(self.categories)) / len(codes)
        return self.model_copy(update={"shares": tuple(shares.tolist())})

    def measured(self, codes: Array) -> Array:
        """(rows,) what the model is given for codes (rows,): their shares, 0 of what no training row holds."""
        known = ~np.isnan(codes)
        found = codes.copy()
        found[known] = np.array([*self.shares, 0.0])[codes[known].astype(np.int64)]
        return found

    def filler(self, training: Array) -> float:
        """What an empty cell becomes, by the codes (rows,) of the training rows."""
        known = training[~np.isnan(training)]
        match self.filling:
            case "constant":
                return self.constant
            case "word":
                return float(self.categories.index(self.stand_in))
            case "mean" if len(known):
                return float(known.mean(dtype=np.float64))
            case "median" if len(known):
                return float(np.median(known))
            case "commonest" if len(known):
                values, counts = np.unique(known, return_counts=True)
                return float(values[counts.argmax()])
            case "mean" | "median" | "commonest":
                raise InputError(f"data.missing: {self.name!r} is empty in all training rows; leave it out")
            case _:
                return np.nan

    def usual(self, training: Array) -> float:
        """What stands for the absence of it where it is one whole column: the mean of numbers, else what is
        commonest."""
        known = self.model_copy(update={"filling": "mean" if self.kind == "number" else "commonest"})
        return known.filler(training)

    def filled_with(self, value: float) -> str:
        """That an empty cell became, in words."""
        if self.filling == "category":
            return say("a category of its own, “{category}”", category=self.categories[self.missing_place])
        if self.filling == "word":
            return f"“{self.stand_in}”"
        if self.filling == "commonest":
            return say("“{value}”, the commonest", value=str(self.word(value)))
        number = f"{float(f'{value:.6g}'):,.15g}".replace("-", "−")
        if self.filling == "mean":
            return say("the mean, {value}", value=number)
        return say("the median, {value}", value=number) if self.filling == "median" else number

    @property
    def missing_place(self) -> int:
        """Of the category that empty cells are, where they are one: after those of words, before the rest of them."""
        return len(self.categories) - 1 - self.rest


def _of_words(filling: Filling) -> Filling:
    """For words: they have no mean, and a number is none of them."""
    return filling if filling in ("exclude", "keep") else "commonest"


def _apart(word: str, known: Iterable[str]) -> str:
    """The word, or in brackets where it is one of those that are known."""
    return f"({word})" if word in known else word


def by_column(name: str, filling: str) -> str:
    """How it is said by column."""
    return f"{typed_for('data.missing', name, filling)} says it by column"


def _empty(name: str) -> str:
    return say("{column} is missing", column=name)


def _strange(name: str, word: str) -> str:
    return say("{column} is {value}, which no row of the fit has", column=name, value=shown(word))


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
        f"with {typed('data.ignore', [str(name)])}, use it as {typed('data.id', str(name))}, keep "
        "the commonest with data.rare=other, give how common each is with data.rare=frequency, or raise that number"
    )


class Columns(Record):
    """The columns of a table as the rows of a fit have them. `others`: columns of the file that are no features.
    `centre`, `spread`: (features,) mean and standard deviation over the training rows; `filling`: (columns,) what empty
    cells become; `dates`: columns that others are made of;
    `index`: those of the others that only number the rows;
    `whole`: whether a category is one feature; `placed`: whether the model is given them by place, for it knows no
    names."""

    columns: tuple[Column, ...]
    others: tuple[str, ...] = ()
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    filling: tuple[float | None, ...] = Field((), exclude_if=lambda made: set(made) <= {None})
    dates: tuple[Date, ...] = Field((), exclude_if=lambda dates: not dates)
    index: tuple[str, ...] = Field((), exclude_if=lambda index: not index)
    whole: bool = Field(False, exclude_if=lambda whole: not whole)
    placed: bool = Field(False, exclude_if=lambda placed: not placed)

    def texts(self) -> list[str]:
        """The columns of categories, unless their words are numbers in the file."""
        made = {name for date in self.dates for name in date.names}
        named = [column.name for column in self.columns if column.kind == "category" and column.name not in made]
        return [*named, *(date.column for date in self.dates)]

    def checked(self, table: "Table", key: str) -> "Table":
        """The table, if it has these columns and no unknown ones.

        Raises:
            InputError: naming those that are missing, and those that are too many.
        """
        made = {name: date.column for date in self.dates for name in date.names}
        names = list(dict.fromkeys(made.get(column.name, column.name) for column in self.columns))
        require_columns(table, names, f"data.{key}: the file has no column {{}}, which the training data have")
        known = {*names, *self.others}
        if extra := [n for n in table.columns if n not in known and not numbers_rows(str(n), table[n])]:
            raise InputError(
                f"data.{key}: the file has the columns {', '.join(extra)}, which the training data do not have; "
                "remove them, or name them in data.ignore"
            )
        return table

    def encoded(self, table: "Table", key: str) -> tuple[Array, list[str | None]]:
        """(rows, features) in float64, NaN where a cell is empty and may be; and for each row why it cannot be used."""
        table = Dates(dates=self.dates).expanded(table, key)
        values = np.empty((len(table), sum(self._widths)), np.float64)
        reasons: list[str | None] = [None] * len(table)
        for column, end, width in zip(self.columns, np.cumsum(self._widths).tolist(), self._widths, strict=True):
            codes, strange = column.codes(table[column.name], key)
            values[:, end - width : end] = codes[:, np.newaxis] if self.whole else column.parts(codes)
            for row, reason in strange.items():
                reasons[row] = joined([reasons[row] or "", reason])
        return values, reasons

    @property
    def _widths(self) -> list[int]:
        """How many features each column has."""
        return [1 if self.whole or not column.parted else len(column.categories) for column in self.columns]

    def scaled(self, training: Array) -> Self:
        """With what fills the training rows (rows, features), what their categories count, and the mean and the
        standard deviation of what the model is given of them."""
        codes = self._codes(training)
        fill = [column.filler(each) for column, each in zip(self.columns, codes, strict=True)]
        known = self.model_copy(update={"filling": tuple(None if np.isnan(value) else value for value in fill)})
        full = known.filled(training)
        counted = [column.counted_in(each) for column, each in zip(self.columns, self._codes(full), strict=True)]
        known = known.model_copy(update={"columns": tuple(counted)})
        rows = known.measured(full)
        if self.whole:
            usual = [column.usual(each) for column, each in zip(self.columns, codes, strict=True)]
            return known.model_copy(update={"centre": tuple(usual), "spread": (1.0,) * len(usual)})
        with np.errstate(over="ignore", invalid="ignore"):
            spread, centre = rows.std(axis=0, dtype=np.float64), rows.mean(axis=0, dtype=np.float64)
        if not np.isfinite(spread).all():  # divided by it, every row would be the same
            column = int((~np.isfinite(spread)).argmax())
            raise InputError(
                f"data.path: a feature holds {np.abs(rows[:, column]).max():.3g}, and the squares of such numbers, of "
                f"which its standard deviation is made, are beyond {np.finfo(np.float64).max:.3g}; give the column in "
                f"other units, or leave it out: it is feature {column + 1} of {len(spread)}"
            )
        return known.model_copy(
            update={"centre": tuple(centre.tolist()), "spread": tuple(np.where(spread > 0, spread, 1.0).tolist())}
        )

    def filled(self, values: Array) -> Array:
        """`values` (rows, features) with what empty cells become."""
        if not any(value is not None for value in self.filling):
            return values
        filled = values.copy()
        ends = np.cumsum(self._widths).tolist()
        for column, value, end, width in zip(self.columns, self.filling, ends, self._widths, strict=True):
            if value is not None:
                code = np.array([value])
                own = code if self.whole else column.parts(code)[0]
                part = filled[:, end - width : end]
                part[np.isnan(part).any(axis=1)] = own
        return filled

    def measured(self, values: Array) -> Array:
        """What the model is given for `values` (rows, features): of categories by frequency their shares."""
        if self.whole or not any(column.frequency for column in self.columns):
            return values
        found = values.copy()
        for column, end in zip(self.columns, np.cumsum(self._widths).tolist(), strict=True):
            if column.frequency:
                found[:, end - 1] = column.measured(values[:, end - 1])
        return found

    def lacking(self, values: Array) -> dict[str, int]:
        """How many of the rows (rows, features) lack which column."""
        counts = {}
        for column, codes in zip(self.columns, self._codes(values), strict=True):
            own = column.filling == "category"
            empty = codes == column.missing_place if own else np.isnan(codes)
            counts[column.name] = int(empty.sum())
        return {name: count for name, count in counts.items() if count}

    def _codes(self, values: Array) -> list[Array]:
        """The codes (rows,) of each column from `values` (rows, features)."""
        if self.whole:
            return list(values.T)
        parts = np.split(values, np.cumsum(self._widths)[:-1], axis=1)
        return [
            np.where(np.isnan(part[:, 0]), np.nan, part.argmax(axis=1)) if column.parted else part[:, 0]
            for column, part in zip(self.columns, parts, strict=True)
        ]

    def input(self, values: Array, titles: Mapping[str, str], units: Mapping[str, str]) -> Input:
        """The table of these values (rows, features). `titles`, `units`: of columns, where they are not their own."""
        named = [(titles.get(column.name, column.name), units.get(column.name, "")) for column in self.columns]
        columns = [column.title(*name) for column, name in zip(self.columns, named, strict=True)]
        features = [
            (feature, title)
            for column, name, title in zip(self.columns, named, columns, strict=True)
            for feature in ([title] if self.whole else column.features(*name))
        ]
        split = not self.whole and any(column.parted for column in self.columns)
        plain = [
            TableColumn.model_validate(each.model_dump(include={*TableColumn.model_fields})) for each in self.columns
        ]
        filled = self.filled(values)
        empty = np.isnan(values) & ~np.isnan(filled)
        for column, end in zip(self.columns, np.cumsum(self._widths).tolist(), strict=True):
            if column.frequency and column.filling == "category":
                empty[:, end - 1] = values[:, end - 1] == column.missing_place
        return Input(
            name="table",
            kind="table",
            values=self.measured(filled),
            features=tuple(feature for feature, _ in features),
            columns=tuple(title for _, title in features) if split else (),
            centre=np.array(self.centre),
            spread=np.array(self.spread),
            whole=tuple(plain) if self.whole else (),
            filled=empty if empty.any() else None,
            absent={
                title: column.missing_place
                for column, title in zip(self.columns, columns, strict=True)
                if column.filling == "category" and not column.frequency
            },
            dated=tuple(
                Dated(column=titles.get(date.column, date.column), feature=title, latest=date.latest)
                for date in self.dates
                for column, title in zip(self.columns, columns, strict=True)
                if column.name == date.age
            ),
        )
