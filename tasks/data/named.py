"""Columns that have names: which of them must not be a reason, and which a person could change."""

import re
from collections.abc import Container, Mapping, Sequence
from typing import Annotated, Any, ClassVar, get_args

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field

from exhibit.tasks.data.asked import told_list
from exhibit.tasks.data.columns import Columns
from exhibit.tasks.data.data import Data
from exhibit.tasks.data.grouping import Protected
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.decision import ByName, Column, Direction, Lever
from exhibit.tasks.records.near import is_or_are, nearest
from exhibit.tasks.records.shown import with_quotes

LABEL = "the label"
_DIRECTED = re.compile(r"(?P<column>.*\S)\s*:\s*(?P<direction>up|down)")
_MOST_DECIMALS = 6  # in which all numbers of a column may be written
_FINE = 1e-4  # of the range of a column whose numbers have more decimals: a step of its search


def _as_list(given: Any) -> Any:
    """{income: up, purpose: null} as [{income: up}, purpose], one column each.

    Raises:
        ValueError: for what is neither the name of a column nor a column with its direction.
    """
    items = [given] if isinstance(given, Mapping) else given
    if not isinstance(items, list | tuple):
        return () if given is None else [_one(given)]
    if {} in items:
        raise ValueError(f"{given!r} was given; name columns, as [income, {{debts: down}}]")
    return [one for item in items for one in (map(_one, item.items()) if isinstance(item, Mapping) else [_one(item)])]


def _one(item: Any) -> str | dict[str, str]:
    name, direction = item if isinstance(item, tuple) else (item, None)
    if isinstance(name, bool) or not isinstance(name, str | int | float) or not str(name):
        raise ValueError(f"{name!r} was given; name a column, as income, or with its direction, as income: up")
    if direction not in (None, *get_args(Direction)):
        raise ValueError(f"the direction of {name!r} is up or down, not {direction!r}; leave it out for both")
    return str(name) if direction is None else {str(name): direction}


Levers = Annotated[tuple[str | dict[str, str], ...], BeforeValidator(_as_list)]


class Named(Data):
    """Data that may hold a table whose columns have names."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # a column may be called 17

    protected: Protected = Field(
        (),
        description="columns that must not be a reason on a page about one decision, such as sex or age, whether or "
        "not the model is given them",
    )
    actionable: Levers = Field(
        (),
        description="columns of which a page about one decision (document.kind=decision) says what would have to "
        "change, as [income: up, debts: down, purpose]: numbers in one direction or in both, categories to any other",
    )

    about: ClassVar[frozenset[str]] = Data.about | {"protected", "actionable"}

    def columns(self, dataset: Dataset) -> tuple[Column, ...]:
        """The columns of all tables of the data, by the names that the user knows."""
        return tuple(column for item in dataset.inputs if item.traits.named for column in columns_of(item))

    def named_elsewhere(self, _: Dataset) -> Mapping[str, str]:
        """Columns of the user's that are none of the model's, and what they are instead."""
        return {}

    def by_name(self, dataset: Dataset) -> ByName:
        """What is said of the columns of the data.

        Raises:
            InputError: for columns that are not there, that a person cannot change, or that are protected, and for a
                direction of what has none.
        """
        columns = self.columns(dataset)
        known = {column.name: column for column in columns}
        found = ByName(
            columns=columns, protected=self.protected, levers=tuple(_lever(item, known) for item in self.actionable)
        )
        if twice := [name for name in self.protected if self.protected.count(name) > 1]:
            raise InputError(f"data.protected: {twice[0]!r} is named twice; name each column once")
        dates = {column.date for column in columns if column.date}
        elsewhere = {dataset.label_name: LABEL} | dict(self.named_elsewhere(dataset))
        labels = [name for name, what in elsewhere.items() if what == LABEL]
        for name in self.protected:
            if name in labels and name not in known:
                raise InputError(
                    f"data.protected: {name!r} is {LABEL}, which the model predicts: it is never a reason; leave it out"
                )
            if name not in {*known, *dates, *elsewhere}:
                raise InputError(f"data.protected: {_no_column(name, sorted({*known, *dates, *elsewhere}))}")
        for lever in found.levers:
            _require_changeable(lever, found, dates, elsewhere)
        names = [lever.column for lever in found.levers]
        if again := [name for name in names if names.count(name) > 1]:
            raise InputError(f"data.actionable: {again[0]!r} is named twice; without a direction it may go either way")
        return found


def _require_changeable(lever: Lever, found: ByName, dates: Container[str], elsewhere: Mapping[str, str]) -> None:
    name, where = lever.column, "data.actionable"
    known = {column.name: column for column in found.columns}
    column = known.get(name)
    if name in found.protected or (column is not None and found.is_protected(column)):
        raise InputError(f"{where}: {name!r} is in data.protected, too; nobody is to change that for a decision")
    if name in dates or (column is not None and column.date):
        raise InputError(f"{where}: {name!r} is a date, whose parts cannot be changed one by one; leave it out")
    if column is None and name in elsewhere:
        raise InputError(f"{where}: {name!r} is {elsewhere[name]}, so the model is not given it; leave it out")
    if column is None:
        raise InputError(f"{where}: {_no_column(name, list(known))}")
    if lever.direction is not None and column.kind == "category":
        raise InputError(
            f"{where}: {name!r} is a category, which goes neither up nor down; name it without a direction"
        )


def _lever(item: str | Mapping[str, str], known: Mapping[str, Column]) -> Lever:
    """A column, and its direction where one is given; a column may itself be called as `a: up` is."""
    if isinstance(item, Mapping):
        ((name, direction),) = item.items()
        return Lever.model_validate({"column": name, "direction": direction})
    written = None if item in known else _DIRECTED.fullmatch(item)
    return Lever(column=item) if written is None else Lever.model_validate(written.groupdict())


def _no_column(name: str, there: Sequence[str]) -> str:
    if not there:
        return f"{name!r} was given, but the data have no columns with names"
    stem, colon, end = name.rpartition(":")
    if colon and stem.strip() in there:
        return f"{name!r} was given; the direction of {stem.strip()!r} is up or down, not {end.strip()!r}"
    near = nearest(name, there)
    word, told = ("near", near) if near else ("there", there)
    return f"the data have no column {name!r}; {word} {is_or_are(told)} {told_list(with_quotes(told))}"


def columns_of(item: Input) -> tuple[Column, ...]:
    """The columns of a table, as its features say."""
    if item.whole:
        return tuple(
            Column(name=one.name, title=title, input=item.name, places=(place,), kind=one.kind,
                   categories=one.categories, choices=tuple(range(len(one.categories))))
            for place, (one, title) in enumerate(zip(item.whole, item.features, strict=True))
        )  # fmt: skip
    made_of: dict[str, list[int]] = {}
    for place, title in enumerate(item.columns or item.features):
        made_of.setdefault(title, []).append(place)
    found = []
    for title, places in made_of.items():
        words = tuple(item.features[place].removeprefix(f"{title}: ") for place in places) if len(places) > 1 else ()
        kind = "category" if words else "number"
        found.append(
            Column(name=title, title=title, input=item.name, places=tuple(places), kind=kind,
                   categories=words, choices=tuple(range(len(words))))
        )  # fmt: skip
    return tuple(found)


def columns_of_rows(item: Input, reader: Columns) -> tuple[Column, ...]:
    """The columns of a table of the user's rows, by the names that they have in the file."""
    of_date = {name: date.column for date in reader.dates for name in date.names}
    found = []
    for own, known in zip(columns_of(item), reader.columns, strict=True):
        closed = {*([known.missing_place] if known.filling == "category" else [])}
        closed |= {len(known.categories) - 1} if known.rest else set()
        if known.frequency:
            found.append(own.model_copy(update={"name": known.name}))
            continue
        choices = tuple(place for place in range(len(known.categories)) if place not in closed)
        missing = known.missing_place if known.filling == "category" else None
        update = {"name": known.name, "kind": known.kind, "categories": known.categories, "choices": choices}
        found.append(own.model_copy(update={**update, "missing": missing, "date": of_date.get(known.name)}))
    return tuple(found)


def codes(item: Input, own: Sequence[Column]) -> Array:
    """(samples, columns): numbers, 0 and 1 of a truth value, and of a category its place; NaN where a cell is empty,
    also one that was filled since."""
    values = item.array.astype(np.float64)
    if item.filled is not None:
        values = np.where(item.filled, np.nan, values)
    found = np.empty((len(values), len(own)))
    for number, column in enumerate(own):
        part = values[:, list(column.places)]
        if len(column.categories) == 1:
            part = np.zeros((len(part), 1))  # there is no other
        several = len(column.places) > 1
        found[:, number] = np.where(np.isnan(part).any(axis=1), np.nan, part.argmax(axis=1)) if several else part[:, 0]
    return found


def written(row: Array, own: Sequence[Column], before: Array, after: Array) -> Array:
    """(rows, features) as the model is given them: `row` (features,), with what differs from `before` (columns,) in
    `after` (rows, columns) in its place."""
    rows = np.repeat(row[np.newaxis], len(after), axis=0)
    for number, column in enumerate(own):
        changed = after[:, number] != before[number]
        changed &= ~np.isnan(after[:, number])
        codes_now = after[changed, number]
        if len(column.places) == 1:
            rows[changed, column.places[0]] = codes_now
        else:
            rows[np.ix_(changed, list(column.places))] = codes_now[:, np.newaxis] == np.arange(len(column.places))
    return rows


def decimals_of(numbers: Array) -> int:
    """In how many decimals the known numbers (rows,) are written, or, where these are more than six, those that tell
    ten thousand steps of their range apart."""
    single = np.array_equal(numbers.astype(np.float32), numbers)  # 0.1 has seven digits that count, not sixteen
    near = 1e-12 * min(1.0, np.abs(numbers).max(initial=0.0))  # in a small unit nothing is 0 for being small
    for decimals in range(_MOST_DECIMALS + 1):
        if np.allclose(np.round(numbers, decimals), numbers, rtol=1e-6 if single else 1e-13, atol=near):
            return decimals
    width = float(np.ptp(numbers)) or abs(float(numbers[0]))
    return int(np.ceil(-np.log10(width * _FINE)))
