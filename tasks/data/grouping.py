"""What rows of the user's own are grouped by: columns of words, and of numbers between ends of ranges."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple
from unicodedata import normalize

import numpy as np
from pydantic import BeforeValidator, Field

from exhibit.tasks.data.rows import as_written, is_number, numbers, require_columns, words
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.decision import ByName
from exhibit.tasks.records.grouping import NOT_STATED, Grouping, Groupings, range_names
from exhibit.tasks.records.override import typed_for
from exhibit.tasks.records.shown import what_it_is

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

MOST = 20  # groups by one column


Protected = Annotated[tuple[str, ...], BeforeValidator(lambda given: () if given is None else given)]


class By(NamedTuple):
    """A column, and the ascending ends of ranges of its numbers; without these each of its values is a group."""

    column: str
    cuts: tuple[float, ...] = ()


def _as_list(given: Any) -> Any:
    """{sex: null, age: [25, 60]} as [sex, {age: [25, 60]}], one column each.

    Raises:
        ValueError: for what is neither the name of a column nor a column with ascending numbers, and for a column that
            is named twice.
    """
    if given is None or given == {}:
        return ()
    items = [given] if isinstance(given, Mapping | str | int | float) else given
    if not isinstance(items, list | tuple) or {} in items:
        raise ValueError(f"{given!r} was given; {_FORM}")
    found = [one for item in items for one in (map(_one, item.items()) if isinstance(item, Mapping) else [_one(item)])]
    names = [by.column for by in found]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{twice[0]!r} is named twice; name each column once")
    return tuple({by.column: list(by.cuts)} if by.cuts else by.column for by in found)


_FORM = "name columns, as [sex], those of numbers with the ends of ranges, as [sex, {age: [25, 40, 60]}]"


def _one(item: Any) -> By:
    name, cuts = item if isinstance(item, tuple) else (item, None)
    if isinstance(name, bool) or not isinstance(name, str | int | float) or not str(name):
        raise ValueError(f"{name!r} was given; {_FORM}")
    if cuts is None:
        return By(str(name))
    if not isinstance(cuts, list | tuple) or not cuts or not all(_finite(cut) for cut in cuts):
        raise ValueError(f"the ends of ranges of {name!r} are numbers, as [25, 40, 60], not {cuts!r}")
    if beyond := [cut for cut in cuts if abs(cut) > _FARTHEST]:
        raise ValueError(f"the end {beyond[0]!r} of a range of {name!r} is beyond {_FARTHEST:,} either way")
    if not all(low < high for low, high in pairwise(cuts)):
        raise ValueError(f"the ends of ranges of {name!r} ascend, as [25, 40, 60]; {list(cuts)} do not")
    return By(str(name), tuple(map(float, cuts)))


def _finite(cut: Any) -> bool:
    return not isinstance(cut, bool) and isinstance(cut, int | float) and bool(np.isfinite(cut))


_FARTHEST = 1_000_000_000_000  # from 0 an end of a range
_End = Annotated[float, Field(ge=-_FARTHEST, le=_FARTHEST)]
GroupColumns = Annotated[tuple[str | dict[str, tuple[_End, ...]], ...], BeforeValidator(_as_list)]


def columns_of(groups: GroupColumns) -> tuple[By, ...]:
    """What `groups` says, column by column."""
    return tuple(By(*next(iter(item.items()))) if isinstance(item, Mapping) else By(item) for item in groups)


def require_groups(table: "Table", groups: GroupColumns, labels: Sequence[str], where: str = "") -> None:
    """Raises InputError for a column that is not there, or that is predicted. `where`: of which file, in words."""
    names = [by.column for by in columns_of(groups)]
    require_columns(table, names, f"data.groups: there is no column {{}}{where}")
    if predicted := [name for name in names if name in labels]:
        raise InputError(
            f"data.groups: {predicted[0]!r} is the label; name columns that say whose row it is, as sex or age"
        )


def protected_groups(protected: Sequence[str], groups: GroupColumns, what: str) -> ByName:
    """Which columns of groups must not be a reason, of data whose model is given no columns. `what` could tell one.

    Raises:
        InputError: for one by which samples are not grouped, so that nothing can be said to tell it.
    """
    asked = [by.column for by in columns_of(groups)]
    if twice := [name for name in protected if protected.count(name) > 1]:
        raise InputError(f"data.protected: {twice[0]!r} is named twice; name each column once")
    if unasked := [name for name in protected if name not in asked]:
        raise InputError(
            f"data.protected: {unasked[0]!r} is none of data.groups, without which no {what} can be said to tell it; "
            "name it there, too"
        )
    return ByName(protected=tuple(protected))


def named_groups(table: "Table", by: By) -> list[str]:
    """What each row of a table belongs to by a column.

    Raises:
        InputError: for ends of ranges of what is no number.
    """
    cells = table[by.column]
    if by.cuts:
        return ranges(numbers(as_written(cells), "groups", "has ends of ranges, which are of numbers"), by.cuts)
    # Letters of several code points may be spelled in two ways, which nobody sees on a page.
    return [NOT_STATED if word is None else _of_the_file(normalize("NFC", word)) for word in words(cells)]


def _of_the_file(word: str) -> str:
    """A word of a cell, in quotation marks where it would read as the group of empty cells."""
    return repr(word) if NOT_STATED in word.split(", ") else word


def ranges(values: Array, cuts: Sequence[float]) -> list[str]:
    """Names of the ranges of numbers (rows,) between ascending `cuts`, each from its lower end on."""
    names = _range_names(cuts)
    places = np.searchsorted(cuts, values, side="right").tolist()
    return [NOT_STATED if np.isnan(value) else names[place] for value, place in zip(values, places, strict=True)]


def _range_names(cuts: Sequence[float]) -> list[str]:
    return range_names([_word(cut) for cut in cuts])


def _word(cut: float) -> str:
    """With all digits: two ends that are printed alike would be two groups of one name."""
    return np.format_float_positional(cut, trim="-")


def groupings(groups: GroupColumns, tables: Sequence["Table"]) -> Groupings | None:
    """Of the rows of all `tables`, one after the other; None where nothing is asked for.

    Raises:
        InputError: for a column with too many values.
    """
    if not groups:
        return None
    return Groupings(items=tuple(_grouping(by, tables) for by in columns_of(groups)))


def _grouping(by: By, tables: Sequence["Table"]) -> Grouping:
    names = [name for table in tables for name in named_groups(table, by)]
    found = set(names)
    if len(found) > MOST:
        raise InputError(f"data.groups: {_too_many(by, tables, found)}")
    known = _range_names(by.cuts) if by.cuts else _in_order(found - {NOT_STATED}, tables, by.column)
    order = tuple(name for name in (*known, NOT_STATED) if name in found)
    ours = tuple(name for name in order if by.cuts or name == NOT_STATED)
    return Grouping(by=(by.column,), groups=order, of=np.array([order.index(name) for name in names]), ours=ours)


def _in_order(names: set[str], tables: Sequence["Table"], column: str) -> list[str]:
    """Numbers by size, so that 6 comes before 12; words by the alphabet."""
    numeric = all(is_number(table[column]) for table in tables)
    return sorted(names, key=lambda name: (float(name) if numeric else 0.0, name))


def _too_many(by: By, tables: Sequence["Table"], found: set[str]) -> str:
    said = f"the column {by.column!r} has {_values(found)}, and at most {MOST} groups can be told apart"
    if by.cuts:
        return f"{said}; give fewer ends of ranges"
    cells = tables[0][by.column]
    if not is_number(cells):
        return f"{said}; name a column with fewer, or write a coarser one into the file"
    quarters = np.unique(cells.dropna().quantile([0.25, 0.5, 0.75]).to_numpy(np.float64))
    ends = list(dict.fromkeys(float(f"{cut:g}") for cut in quarters))
    quartered = typed_for("data.groups", by.column, ends, listed=True)
    return f"{said}; give the ends of ranges of it, as its quarters: {quartered}"


def _values(found: set[str]) -> str:
    """How many, among which a cell without one is none."""
    empty = " and cells without one" if NOT_STATED in found else ""
    return f"{len(found - {NOT_STATED}):,} different values{empty}"


def given_groups(given: Any, labels: Sequence[str], count: int, where: str) -> Groupings | None:
    """Of what a function gives: by name a column of `count` words or numbers, each value a group; None of no columns.
    `where` begins each error.

    Raises:
        InputError: for what is no such columns, for a label, and for a column with too many values.
    """
    import pandas as pd

    if not isinstance(given, Mapping | pd.DataFrame):
        raise InputError(f"{where}: groups are columns by name, as {{'sex': [...]}}, or a DataFrame")
    names = [str(name) for name in given]
    if twice := [name for name in names if names.count(name) > 1]:
        raise InputError(f"{where}: groups: {twice[0]!r} is named twice; name each column once")
    columns = {str(name): _cells(given[name], f"{where}: groups: {str(name)!r}") for name in given}
    for name, values in columns.items():
        if len(values) != count:
            raise InputError(f"{where}: groups: {name!r} has {len(values)} entries for {count} rows")
        if name in labels:
            raise InputError(f"{where}: groups: {name!r} is the label; name columns that say whose row it is")
    table = pd.DataFrame(columns)
    for name in columns:
        if len(found := set(named_groups(table, By(name)))) > MOST:
            raise InputError(
                f"{where}: groups: {name!r} has {_values(found)}, and at most {MOST} groups can be told apart; give "
                "ranges or a coarser column"
            )
    return Groupings(items=tuple(_grouping(By(name), [table]) for name in columns)) if columns else None


def _cells(column: Any, where: str) -> list[Any]:
    """The cells of a column that a function gives: what else they were would be named by where it lies in memory."""
    import pandas as pd

    if isinstance(column, str | Mapping) or not isinstance(column, Iterable):
        raise InputError(f"{where} is {what_it_is(column)}; a column has a word, a number or None for each row")
    # As somebody wrote them: beside None those of 32 bits would get the digits of 64.
    cells = [float(str(cell)) if isinstance(cell, np.float16 | np.float32) else cell for cell in column]
    known = str | int | float | np.generic | date | None
    strange = [
        cell
        for cell in cells
        if isinstance(cell, np.complexfloating) or not (isinstance(cell, known) or cell is pd.NA or cell is pd.NaT)
    ]
    if strange:
        raise InputError(f"{where} holds {what_it_is(strange[0])}; a cell is a word, a number or None")
    return cells
