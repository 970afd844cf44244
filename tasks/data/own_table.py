"""A table of the user's own."""

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from exhibit.tasks.data.asked import arranged, by_place, told_counts, told_list
from exhibit.tasks.data.blanks import require_file_without_blanks
from exhibit.tasks.data.columns import Asked, Column, Columns, Filling, Rare, by_column
from exhibit.tasks.data.dates import Date, Dates
from exhibit.tasks.data.named import LABEL, Named, columns_of_rows
from exhibit.tasks.data.own import LabelColumns, RowsSpec
from exhibit.tasks.data.rows import numbers, numbers_rows, require_columns, row_name
from exhibit.tasks.data.table import RandomForestSpec
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Dataset, Input, Reference, Wanted
from exhibit.tasks.records.decision import ByName
from exhibit.tasks.records.decision import Column as NamedColumn
from exhibit.tasks.records.language import AND, COMMA, Message, joined, mark, mark_option, noun, say, say_all, sayn
from exhibit.tasks.records.override import key_word, typed
from exhibit.tasks.records.shelf import Shelf
from exhibit.tasks.records.shown import printed

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells, Table


_Constant = Annotated[float, Field(ge=-1e12, le=1e12)]
Missing = Literal["refuse", "exclude", "mean", "median", "constant", "category"] | _Constant


class Word(Record):
    """A word that stands in for an empty cell: the one of the training of a model that was fitted elsewhere."""

    word: str = Field(min_length=1, max_length=300, description="what an empty cell of the column reads")


_MANY = 100_000  # categories of a column that a model is given as it is


class TableSpec(RowsSpec, Named):
    """A .csv or .parquet file: columns of numbers as they are, columns of words as categories of 0 and 1."""

    kind: Literal["table"] = "table"
    label: LabelColumns = Field(
        description="column that is predicted; or several of numbers, or of 0 and 1, for a model with an output each"
    )
    features: tuple[str, ...] | None = Field(
        None, min_length=1, description="columns that the model is given; null: all others than those named here"
    )
    ignore: tuple[str, ...] = Field((), description="columns that are left out")
    categories: tuple[str, ...] = Field((), description="columns that are categories although they hold numbers")
    weight: str | None = Field(
        None,
        description="column that says how much a training counts a row, 0 or more; no feature. How good a model is "
        "counts each row once",
    )
    most_categories: int = Field(20, ge=2, le=1_000, description="of one column")
    rare: Rare = Field(
        "refuse",
        description="of a column with more categories; other: the commonest stay, the rest is called other; frequency: "
        "it becomes one number, the share of the training rows that hold the same",
    )
    dates: tuple[str, ...] = Field(
        (),
        description="columns of dates, each of which becomes year, month, weekday, hour if any, and age in days; of "
        "one with an offset, as 2026-01-31T01:00+02:00, all but the age are as written",
    )
    missing: Missing | Annotated[dict[str, Missing | Word], Field(min_length=1)] = Field(
        "refuse",
        description="of rows that lack a value, unless the model takes them; exclude: left out and listed; mean, "
        "median: of the training rows, of a category the commonest; a number, or constant for 0: that, of empty "
        "words a category; category: the same of words alone; or by column, as {age: mean, job: category, city: {word: "
        "none}}, the last for a word of your own",
    )
    reference: RandomForestSpec | None = Field(
        None,
        description="a random forest on the same rows, whose importances stand beside those of the methods; null: none",
    )
    title: str = Field(mark_option("A table"), description="what the report calls the data")

    has_columns: ClassVar[bool] = True

    @model_validator(mode="after")
    def _reference_needs_rows(self) -> Self:
        if self.reference is not None and self.path is None:
            raise ValueError(
                "reference: it is a random forest that is fitted on the rows of path, so path must be given"
            )
        if self.reference is not None and len(self.labels) > 1:
            raise ValueError("reference: it is of one label, and label names several; leave one of them out")
        return self

    def columns(self, dataset: Dataset) -> tuple[NamedColumn, ...]:
        """The columns of the file that the model is given, and the parts of its dates."""
        return columns_of_rows(dataset.inputs[0], self.known(dataset.scheme["reader"]))

    def by_name(self, dataset: Dataset) -> ByName:
        """As of all tables; a column that the model knows by frequency is no category that another could be chosen of.

        Raises:
            InputError: for one of them in `actionable`, too.
        """
        found = super().by_name(dataset)
        counted = {column.name for column in self.known(dataset.scheme["reader"]).columns if column.frequency}
        if wrong := [lever.column for lever in found.levers if lever.column in counted]:
            raise InputError(
                f"data.actionable: of {wrong[0]!r} the model is given how common a category is, and not which; leave "
                "it out"
            )
        return found

    def named_elsewhere(self, dataset: Dataset) -> dict[str, str]:
        """The other columns of the file."""
        others = dict.fromkeys(self.known(dataset.scheme["reader"]).others, "no feature of the model")
        own = dict.fromkeys(self.ignore, "in data.ignore") | dict.fromkeys(self.labels, LABEL)
        about = {self.id: "the id of a row", self.split: "the split", self.weight: "the weight of a row"}
        own |= {name: what for name, what in about.items() if name}
        return others | own

    def reference_of(self, dataset: Dataset) -> Reference | None:
        """The importances of a random forest, where one is asked for."""
        return None if self.reference is None else self.reference.compute(dataset)

    def load_for(self, _: Shelf, wanted: Wanted | None) -> Dataset:
        """As `load`, for a model that asks for columns as they came."""
        dataset = self._loaded(partial(self.learned, wanted=wanted))
        words = {column.name for item in dataset.inputs for column in item.whole if column.kind == "category"}
        for key, path in self.files().items() if words else ():
            if key != "scheme":
                require_file_without_blanks(path, words, f"data.{key}")
        return dataset

    def learned(self, table: "Table", wanted: Wanted | None = None) -> Columns:
        """The columns as the rows have them that hold a label and lack nothing that must be there."""
        index = self._index(table, wanted)
        chosen = self._chosen(table, index)
        require_columns(table, self.dates, "data.dates: there is no column {}")
        require_columns(table, filter(None, [self.weight]), "data.weight: there is no column {}")
        labelled = table[table[list(self.labels)].notna().all(axis=1)]
        if not len(labelled):
            labels = " or ".join(map(repr, self.labels))
            raise InputError(f"data.path: each of {len(table)} rows lacks the label {labels}")
        dates = Dates(dates=tuple(Date.of(labelled[name]) for name in self.dates if name in chosen))
        labelled = dates.expanded(labelled, "path")
        made = {date.column: date.names for date in dates.dates}
        chosen = [part for name in chosen for part in made.get(name, (name,))]
        order = None if wanted is None else arranged(chosen, wanted, "data.path")
        said = self._said(labelled, order or chosen, kept=order is not None)
        fillings = {name: _filling(each) for name, each in said.items()}
        needed = [name for name, filling in fillings.items() if filling == "exclude"]
        used = labelled[labelled[needed].notna().all(axis=1)]
        if not len(used):
            raise InputError(f"data.path: each of {len(table)} rows lacks a value; {_emptiest(table, needed)}")
        categories = {*self.categories, *(wanted.categories if wanted is not None and order else ())}
        most = self.most_categories if order is None else _MANY
        columns = [
            Column.of(
                used[name],
                Asked(
                    category=name in categories or (order is None and _is_category(used[name])),
                    most=most,
                    rare=self.rare,
                    filling=fillings[name],
                    constant=_constant(said[name]),
                    stand_in=_stand_in(said[name]),
                ),
            )
            for name in order or chosen
        ]
        taken = {*chosen, *made}
        return Columns(
            columns=tuple(columns),
            others=tuple(str(name) for name in table.columns if name not in taken),
            dates=dates.dates,
            index=index,
            whole=order is not None,
            placed=wanted is not None and not wanted.names,
        )

    def _asked(self) -> Sequence[str]:
        named = [*(self.features or ()), *self.categories, *self.dates, *filter(None, [self.weight])]
        return [*super()._asked(), *named]

    def _may_be_categories(self, table: "Table") -> Collection[str]:
        return list(table.columns)

    def _index(self, table: "Table", wanted: Wanted | None) -> tuple[str, ...]:
        """The columns that only number the rows, unless somebody says that they are more."""
        known = {*(self.features or ()), *self.categories, *self.dates, *(wanted.names if wanted is not None else ())}
        said = known.union(self.labels, self.ignore, filter(None, [self.id, self.split, self.weight]))
        return tuple(str(name) for name in table.columns if name not in said and numbers_rows(str(name), table[name]))

    def _chosen(self, table: "Table", index: Sequence[str] = ()) -> list[str]:
        """The columns of the file that are features, `index` aside."""
        named = {"features": self.features or (), "categories": self.categories, "ignore": self.ignore}
        for key, names in named.items():
            require_columns(table, names, f"data.{key}: there is no column {{}}")
        if self.weight in self.labels:
            raise InputError(
                f"data.weight: {self.weight!r} is the label; name a column that says how much a row counts"
            )
        if isinstance(self.missing, dict) and (
            label := next((one for one in self.missing if one in self.labels), None)
        ):
            raise InputError(
                f"data.missing: {label!r} is the label, and rows without one are left out; leave it out there"
            )
        about = (*self.labels, self.id, self.split, self.weight, *self.ignore, *index)
        others = [name for name in about if name is not None]
        chosen = [str(name) for name in table.columns if name not in others]
        if self.features is not None:
            if both := set(self.features) & set(others):
                raise InputError(
                    f"data.features: {', '.join(sorted(both))} is also the label, the id, the split, the weight or "
                    "in data.ignore"
                )
            chosen = list(self.features)
        if not chosen:
            raise InputError(
                "data.path: no column is left as a feature of the model; see data.features and data.ignore"
            )
        return chosen

    def _said(self, table: "Table", chosen: Sequence[str], *, kept: bool) -> dict[str, Missing | Word]:
        """What is said of the empty cells of each column. `kept`: the model is given what nothing is said of.

        Raises:
            InputError: where cells are empty and nothing is said of them, with their counts and what may be said.
        """
        if isinstance(self.missing, dict):
            said: Mapping[str, Missing | Word] = self.missing
            require_columns(table, said, "data.missing: there is no column {} among the features")
        else:
            said = dict.fromkeys(chosen, self.missing)
        empty = {name: int(table[name].isna().sum()) for name in chosen}
        if nothing := [name for name, count in empty.items() if count == len(table)]:
            raise InputError(
                f"data.path: each of {len(table)} rows lacks a value; {nothing[0]} does in {len(table)}: leave it out "
                f"with {typed('data.ignore', nothing)}"
            )
        unsaid = [name for name in chosen if said.get(name, "refuse") == "refuse"]
        if not kept and (lacking := {name: empty[name] for name in unsaid if empty[name]}):
            rows = int(table[list(lacking)].isna().any(axis=1).sum())
            raise InputError(
                f"data.missing: {rows:,} of {len(table):,} rows lack a value ({told_counts(lacking)}); say what "
                "becomes of them: data.missing=exclude leaves these rows out, mean and median fill them by the "
                "training rows, constant fills numbers with 0 and makes a category of empty words, as category does of "
                f"words alone; {self._by_column([*lacking])}"
            )
        usual: Missing = "refuse" if kept else "exclude"  # of a column that lacks nothing now
        return {name: usual if name in unsaid else said[name] for name in chosen}

    def _by_column(self, lacking: Sequence[str]) -> str:
        """How it is said by column; where something is, with that: what is typed later takes its place."""
        said = self.missing if isinstance(self.missing, dict) else {}
        given = {name: {"word": one.word} if isinstance(one, Word) else one for name, one in said.items()}
        told = {**given, **dict.fromkeys(lacking, "median")}
        if given and None not in map(key_word, told):
            return f"{typed('data.missing', told)} says it by column"
        return by_column(lacking[0], "median")

    def known(self, plain: dict[str, Any]) -> Columns:
        """The columns of a scheme."""
        return Columns.model_validate(plain)

    def input(self, reader: Columns, values: Array) -> Input:
        """The table."""
        return reader.input(values, self.names, self.units)

    def filled(self, reader: Columns, values: Array) -> str:
        """What empty cells of the rows of the fit became, with how many there are of each column."""
        counts = reader.lacking(values)
        if not counts:
            return ""
        values_of = dict(zip((column.name for column in reader.columns), reader.filling, strict=True))
        kept = {c.name: counts[c.name] for c in reader.columns if c.name in counts and c.filling == "keep"}
        became = [
            say(
                "{column} in {count} ({value})",
                column=self.names.get(c.name, c.name),
                count=f"{counts[c.name]:,}",
                value=c.filled_with(values_of[c.name] or 0.0),
            )
            for c in reader.columns
            if c.name in counts and c.name not in kept
        ]
        rows = f"{len(values):,}"
        told = say(
            "Missing values are filled as the training rows say: {columns} of {rows} rows.",
            columns=told_list(became),
            rows=rows,
        )
        given = say(
            "Missing are {columns} of {rows} rows; the model is given them as missing.",
            columns=told_counts(kept),
            rows=rows,
        )
        return say_all(told if became else "", given if kept else "")

    def counted(self, dataset: Dataset, tables: "Sequence[Table]") -> dict[str, Any]:
        """The weights of the rows, and how they count."""
        if self.weight is None or self.path is None:
            return {}
        rows, *_ = tables
        found = weights_of(rows[self.weight])
        train = dataset.split[: len(found)] == "train"
        if not found[train].any():
            raise InputError(f"data.weight: the column {self.weight!r} is 0 in every training row; one must count")
        low, high = found[train].min(), found[train].max()
        told = say(
            "The column {column} says how much a training counts a row, from {low} to {high} in the training rows; how "
            "good a model is counts each row once.",
            column=self.weight,
            low=printed(low, "g"),
            high=printed(high, "g"),
        )
        ones = np.ones(len(dataset.labels) - len(found))  # rows to explain train nothing
        return {"weights": np.concatenate([found, ones]), "description": say_all(dataset.description, told)}

    def described(self, reader: Columns, _: Array) -> str:
        """What the columns hold."""
        kinds = [column.kind for column in reader.columns]
        words = {
            "number": noun("number", "numbers"),
            "truth": noun("truth value", "truth values"),
            "category": noun("category", "categories"),
        }
        counts = {kind: sum(own == kind for own in kinds) for kind in words}
        counted = [
            sayn(f"{{number}} {one}", f"{{number}} {many}", counts[kind], number=str(counts[kind]))
            for kind, (one, many) in words.items()
            if counts[kind]
        ]
        parted = any(column.parted for column in reader.columns)
        into = "" if "category" not in kinds else _WHOLE if reader.whole else _CATEGORY if parted else ""
        placed = by_place([column.name for column in reader.columns]) if reader.placed else ""
        by_frequency = [
            say(
                "{column} has {count} categories: the model is given the share of the training rows that hold the "
                "same, 0 where none does.",
                column=self.names.get(column.name, column.name),
                count=f"{len(column.categories):,}",
            )
            for column in reader.columns
            if column.frequency
        ]
        rows = say("Rows of {columns}.", columns=joined(counted, AND))
        return say_all(
            rows,
            into,
            *by_frequency,
            *(_of_date(date, self.names) for date in reader.dates),
            placed,
            _left_out(reader.index),
        )

    def _texts(self) -> Sequence[str]:
        return [*self.categories, *self.dates, *filter(None, [self.id])]


def _of_date(date: Date, names: Mapping[str, str]) -> str:
    """What the model is given of a date, and what its numbers say."""
    return say(_WITH_HOURS if date.hours else _DAYS, column=names.get(date.column, date.column))


_DAYS = mark(
    "Of the dates in {column} the model is given the year, the month, the weekday (1 is Monday, 7 Sunday) and "
    "the age in days, counted back from the last of them in the data; a later one has a negative age."
)
_WITH_HOURS = mark(
    "Of the dates in {column} the model is given the year, the month, the weekday (1 is Monday, 7 Sunday), "
    "the hour and the age in days, counted back from the last of them in the data; a later one has a negative age."
)
_WHOLE = mark("The model is given whole columns, as they came: a category is one feature.")
_CATEGORY = mark(
    "A category is one feature; the model is given it as 0 or 1 for each of its values, whose parts are summed."
)


def weights_of(cells: "Cells") -> Array:
    """(rows,) of the cells of the column of weights.

    Raises:
        InputError: unless every cell is a number that is not below 0.
    """
    found = numbers(cells, "path")
    if (wrong := ~(np.isfinite(found) & (found >= 0))).any():
        row = int(wrong.argmax())
        what = f"is {found[row]:g}" if np.isfinite(found[row]) else "has no number"
        raise InputError(
            f"data.weight: the column {cells.name!r} {what} in {row_name(row)}, and in "
            f"{int(wrong.sum()):,} of {len(found):,} rows; a weight is a number from 0 on, "
            "and 0 takes a row out of the training"
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(found.sum()):
            raise InputError(
                f"data.weight: the column {cells.name!r} holds {found.max():.6g}, and the sum of all its weights is "
                "beyond any number; only their ratios matter, so give smaller ones"
            )
    return found


def _left_out(index: Sequence[str]) -> Message:
    """What is said of columns that number the rows."""
    if not index:
        return Message()
    names = joined([repr(name) for name in index], COMMA)
    if len(index) == 1:
        return say(
            "The column {column} is left out: without a heading, and with another whole number in each row, as the "
            "index that pandas writes; where it is a feature, give it a heading.",
            column=names,
        )
    return say(
        "The columns {columns} are left out: without a heading, and with another whole number in each row, as the "
        "index that pandas writes; where it is a feature, give it a heading.",
        columns=names,
    )


def _is_category(cells: "Cells") -> bool:
    import pandas as pd

    return isinstance(cells.dtype, pd.CategoricalDtype)


def _filling(said: Missing | Word) -> Filling:
    """Of what is not refused."""
    match said:
        case float():
            return "constant"
        case Word():
            return "word"
        case _:
            return "keep" if said == "refuse" else said


def _constant(said: Missing | Word) -> float:
    return said if isinstance(said, float) else 0.0


def _stand_in(said: Missing | Word) -> str:
    return said.word if isinstance(said, Word) else ""


def _emptiest(table: "Table", names: Sequence[str]) -> str:
    empty = table[list(names)].isna().sum()
    name = str(empty.idxmax())
    return f"{name} does in {int(empty.max())}: leave it out with {typed('data.ignore', [name])}"
