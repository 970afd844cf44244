"""Dates and times as parts that can be read: year, month, weekday, hour, and how long ago."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.data.rows import row_name, shown
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.override import typed

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells, Table

_LOOKED_AT = 200  # words that show whether they are dates
_DAY = 86_400.0
_DAY_OF_YEAR = re.compile(r"[+-]?\d{4}[-/]?\d\d[-/]?\d\d(?:\.0|[T ].*)?").fullmatch
_TIMED = re.compile(r".*\d[T ]\d\d.*").fullmatch
_OFFSET = re.compile(r"([T ]\d\d[\d:.,]*) ?(?:Z|[+-]\d\d(?::?\d\d)?)$")  # from UTC, behind a time of day


class Date(Record):
    """A column of dates as the rows of a fit have it. `latest`: seconds since 1970 of the last one, from which age
    counts; `hours`: whether any has a time of day, as it is written; `offset`: whether such times have an offset from
    UTC, None where there are none."""

    column: str
    latest: float
    hours: bool = False
    offset: bool | None = Field(None, exclude_if=lambda offset: offset is None)

    @classmethod
    def of(cls, cells: "Cells") -> Self:
        """From the cells of the rows of the fit.

        Raises:
            InputError: for a cell that is no date.
        """
        seconds = _seconds(cells, "path")
        known = seconds[~np.isnan(seconds)]
        if not len(known):
            raise InputError(f"data.dates: the column {cells.name!r} is empty in every row; leave it out")
        written = _seconds(_as_written(cells), "path")
        hours = bool((written[~np.isnan(written)] % _DAY != 0).any())
        return cls(
            column=str(cells.name), latest=float(known.max()), hours=hours, offset=require_one_clock(cells, "path")
        )

    @property
    def names(self) -> tuple[str, ...]:
        """What its parts are called."""
        parts = ("year", "month", "weekday", *(("hour",) if self.hours else ()))
        return (*(f"{self.column}, {part}" for part in parts), self.age)

    @property
    def age(self) -> str:
        """What the part is called that counts days back from the latest."""
        return f"{self.column}, age in days"

    def parts(self, cells: "Cells", key: str) -> dict[str, Array]:
        """By name (rows,), NaN where a cell is empty: Monday is weekday 1; age counts back from the last date of the
        fit, so that later ones have a negative age. Of a date with an offset from UTC all but its age are as written.

        Raises:
            InputError: for a cell that is no date.
        """
        import pandas as pd

        seconds, written = _seconds(cells, key), _seconds(_as_written(cells), key)
        offset = require_one_clock(cells, key)
        if None not in (offset, self.offset) and offset != self.offset:
            told = ("no", "one") if self.offset else ("an", "none")
            raise InputError(
                f"data.{key}: the times of the column {cells.name!r} have {told[0]} offset from UTC, as +02:00 or Z, "
                f"and those of the fit have {told[1]}; write all alike"
            )
        known = ~np.isnan(written)
        days = np.full(len(written), np.datetime64("NaT"), "datetime64[s]")
        days[known] = np.floor(written[known]).astype("datetime64[s]")
        when = pd.Series(days)
        hour = (written % _DAY) / 3600
        found = [when.dt.year, when.dt.month, when.dt.day_of_week + 1, *([hour] if self.hours else [])]
        age = (self.latest - seconds) / _DAY
        return dict(zip(self.names, [np.asarray(each, np.float64) for each in (*found, age)], strict=True))


class Dates(Record):
    """The columns of a table that are dates."""

    dates: tuple[Date, ...] = ()

    def expanded(self, table: "Table", key: str) -> "Table":
        """The table with the parts of its dates in their place."""
        for date in self.dates:
            place = list(table.columns).index(date.column)
            parts = date.parts(table[date.column], key)
            table = table.drop(columns=date.column)
            if taken := [name for name in parts if name in table.columns]:
                raise InputError(
                    f"data.dates: a part of the date {date.column!r} is called {taken[0]!r}, and so is a column of "
                    "the file; rename that"
                )
            for number, (name, values) in enumerate(parts.items()):
                table.insert(place + number, name, values)
        return table


def require_no_dates(name: str, words: Sequence[str], how: str) -> None:
    """Raises InputError for words that are dates: each of hundreds would be a category. `how`: what to type."""
    import pandas as pd

    some = list(words[:_LOOKED_AT])
    if any(not any(letter.isdigit() for letter in word) or len(word) < 6 for word in some):
        return
    if pd.to_datetime(pd.Series(some), format="ISO8601", errors="coerce", utc=True).notna().all():
        left_out = typed("data.ignore", [name])
        if without := next(filter(_is_no_day, words), None):
            raise InputError(
                f"data.path: the column {name!r} holds dates without a day, such as {without}; write them with one, as "
                f"2024-01-31, and say {how}, or leave them out with {left_out}"
            )
        raise InputError(
            f"data.path: the column {name!r} holds {len(words)} dates such as {words[0]}; {how} makes year, month, "
            f"weekday and age in days of them, {left_out} leaves them out"
        )


def require_one_clock(cells: "Cells", key: str) -> bool | None:
    """Whether the times of day have an offset from UTC; None where there are no times that are written out.

    Raises:
        InputError: where some have one and others do not: nothing says how long passed from one to the other.
    """
    import pandas as pd

    if cells.dtype.kind == "M":  # of a .parquet file, whose types say it
        return isinstance(cells.dtype, pd.DatetimeTZDtype)
    pairs = zip(cells.index.tolist(), cells.tolist(), strict=True)
    timed = {row: cell for row, cell in pairs if isinstance(cell, str) and _TIMED(cell)}
    there = {bool(_OFFSET.search(cell.strip())) for cell in timed.values()}
    if len(there) > 1:
        row = next(row for row, cell in timed.items() if not _OFFSET.search(cell.strip()))
        raise InputError(
            f"data.{key}: the times of the column {cells.name!r} have an offset from UTC, as +02:00 or Z, but in "
            f"{row_name(row)} it is {shown(timed[row])}; write all with one, or all without"
        )
    return next(iter(there), None)


def _is_no_day(cell: Any) -> bool:
    """Whether it is a year or a month, of which pandas would take the first day."""
    return isinstance(cell, (int, float, str)) and not _DAY_OF_YEAR(str(cell).strip())


def _as_written(cells: "Cells") -> "Cells":
    """Dates without their offset from UTC."""
    import pandas as pd

    if isinstance(cells.dtype, pd.DatetimeTZDtype):
        return cells.dt.tz_localize(None)
    return cells.map(lambda cell: _OFFSET.sub(r"\1", cell) if isinstance(cell, str) else cell)


def _seconds(cells: "Cells", key: str) -> Array:
    """(rows,) since 1970 in UTC, NaN where a cell is empty."""
    import pandas as pd

    when = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
    wrong = (when.isna() | cells.map(_is_no_day).astype(bool)).to_numpy() & cells.notna().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        raise InputError(
            f"data.{key}: the column {cells.name!r} holds dates, but in {row_name(cells.index[row])} it is "
            f"{shown(cells.iloc[row])}; write dates as 2024-01-31, with a time as 2024-01-31 14:05"
        )
    require_one_clock(cells, key)
    # Not in nanoseconds, which begin with the year 1677 and end with 2262.
    since = (when.dt.as_unit("us") - pd.Timestamp(0, tz="UTC").as_unit("us")).dt.total_seconds()
    return np.asarray(since, np.float64)
