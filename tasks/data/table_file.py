"""Tables in files: what is read of them as it is written, and what pandas would change in silence is refused."""

import csv
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from decimal import Decimal
from functools import partial
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np

from exhibit.tasks.data.files import DEFAULT, require_text
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.rows import (
    WHOLE,
    as_plain,
    is_code,
    is_number,
    is_number_word,
    moved,
    row_name,
    to_a_reader,
    words,
)
from exhibit.tasks.records.base import InputError

if TYPE_CHECKING:
    from pyarrow import DataType

    from exhibit.tasks.data.rows import Cells, Table


def read_table(
    path: Path,
    key: str,
    texts: Collection[str] = (),
    missing: Collection[str] = (),
    limits: Limits = DEFAULT,
    asked: Collection[str] = (),
) -> "Table":
    """The rows of a .csv or .parquet file. `texts`: columns whose cells are never read as numbers; of a .csv file so
    are those that hold a code, as 01 is. Missing is what is empty, and what stands in
    `missing`: "NA" and "None" are values like any other. `asked`: columns that somebody names: of a .parquet file one
    of them may be the index of pandas, which is none else.

    Raises:
        InputError: for a file of another kind, a broken or an empty one.
    """
    import pandas as pd

    try:
        match path.suffix.lower():
            case ".csv":
                require_text(path, key)
                _require_few_columns(named := _count_names(path), path, key, limits)
                _require_short_lines(path, key, named)
                heading = pd.read_csv(path, header=None, nrows=1, dtype="str", encoding="utf-8-sig")
                _require_heading(heading, path, key, limits)
                read: Callable[..., Any] = partial(
                    pd.read_csv,
                    path,
                    encoding="utf-8-sig",
                    low_memory=False,
                    index_col=False,
                    skipinitialspace=True,
                    keep_default_na=False,
                    na_values=["", *missing],
                )
                with catch_warnings():
                    simplefilter("error", pd.errors.ParserWarning)  # of cells that it would leave out
                    table = read(dtype=dict.fromkeys(texts, "str"))
                table = _with_exact(table, read)
                if _holds_codes(path):
                    table = _with_codes(table, read)
            case ".parquet":
                _require_few_columns(_count_columns(path), path, key, limits)
                _require_room(path, key, limits)
                _require_letters(table := _with_index(pd.read_parquet(path), asked))
                table = _exact_parquet(table, path)
                table = (
                    table.mask(table.apply(lambda cells: [word in missing for word in words(cells)]))
                    if missing
                    else table
                )
            case ending:
                raise InputError(f"data.{key}: {path.name} ends in {ending!r}; give a .csv or a .parquet file")
    except pd.errors.ParserWarning as problem:
        raise InputError(
            f"data.{key}: rows of {path.name} have more cells than the {len(heading.columns)} that its first line "
            "names; name all columns there, and write 0.5 where 0,5 stands for it"
        ) from problem
    except (ValueError, OSError) as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(f"data.{key}: {path.name} cannot be read: {_why_unread(str(problem))}") from problem
    if not len(table):
        raise InputError(f"data.{key}: {path.name} has no rows")
    table = table.set_axis([str(name).strip() for name in table.columns], axis=1)
    _require_columns_apart(table.columns, path, key, limits)
    _require_headings(table, path, key)
    return table.apply(_without_decimals)


def _why_unread(said: str) -> str:
    """What pandas says of a file that it does not read, in words of one who wrote it."""
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", said):
        named, line, cells = found.groups()
        return f"line {line} has {cells} cells, and the first line names {named}; a cell with a comma stands in quotes"
    if found := re.search(r"EOF inside string starting at row (\d+)", said):
        return f"a quote that opens in line {int(found[1]) + 1}, or behind it, is not closed"
    return said.splitlines()[0]


def _require_headings(table: "Table", path: Path, key: str) -> None:
    """Raises InputError where the headings stand among the rows once more, as in files that were put together, and
    where what stands for them is a row of the data, which would be lost."""
    names = list(table.columns)
    numeric = [is_number(table[name]) for name in names]
    if len(names) > 1 and not any(numeric):
        same = np.logical_and.reduce([(table[name].astype("str").str.strip() == name).to_numpy() for name in names])
        if same.any():
            raise InputError(
                f"data.{key}: {row_name(int(same.argmax()))} of {path.name} holds the headings once more; take it out"
            )
    sizes = [float(name) for name, own in zip(names, numeric, strict=True) if own and is_number_word(name)]
    counted = all(one < other for one, other in pairwise(sizes))  # as columns of a spectrum are called
    steps = [other - one for one, other in pairwise(sizes)]
    # Two that are a step of 1 apart, or more that are as far apart, as in a spectrum, are no values of a row.
    numbered = set(steps) == {1.0} or (
        len(steps) > 1 and steps[0] > 0 and np.allclose(steps, steps[0], rtol=1e-6, atol=0)
    )
    rest = [name for name, own in zip(names, numeric, strict=True) if not own]
    fit = len(sizes) + len(rest) == len(names) and not numbered and (rest or not counted)
    if len(names) > 1 and fit and all(_holds(table[name]) for name in rest):
        raise InputError(
            f"data.{key}: the first line of {path.name}, {', '.join(names[:_FIRST])}, looks like a row of the data, "
            "not like headings; put a line with the names of the columns before it"
        )


_FIRST = 5  # cells in a sentence


def _holds(cells: "Cells") -> bool:
    """Whether a column of words holds its own heading."""
    return bool((cells.astype("str").str.strip() == cells.name).any())


_CODE = re.compile(rb"""(?:^|[,"\r\n])[ ]*0[0-9]+[ ]*(?=[,"\r\n]|$)""")


def _holds_codes(path: Path) -> bool:
    """Whether any cell of a .csv file is written as 01 is, with a zero in front that no number needs."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return _CODE.search(content) is not None


def _with_codes(table: "Table", read: Callable[..., Any]) -> "Table":
    """The table with columns of codes as the text that they are."""
    numeric = [k for k, name in enumerate(table.columns) if is_number(table[name])]
    return _with_text(table, read, numeric, lambda _, cells: any(map(is_code, cells.dropna().tolist())))


def _with_exact(table: "Table", read: Callable[..., Any]) -> "Table":
    """The table with columns of numbers that pandas reads as floats because some are missing, and of which whole ones
    beyond 2^53 would be moved, as the text that they are."""
    floats = {k: table[name].to_numpy() for k, name in enumerate(table.columns) if table[name].dtype == np.float64}
    large = [k for k, values in floats.items() if (np.isfinite(values) & (np.abs(values) >= WHOLE)).any()]

    def moves(place: int, cells: "Cells") -> bool:
        return any(map(moved, cells.tolist(), floats[place][cells.index].tolist()))

    return _with_text(table, read, large, moves)


def _with_text(
    table: "Table", read: Callable[..., Any], places: list[int], is_text: Callable[[int, "Cells"], bool]
) -> "Table":
    """The table with those of its columns at `places` as text that hold cells of which `is_text` says so."""
    found: set[int] = set()
    # Once for all columns, and some rows at a time: text needs more memory than numbers.
    for rows in read(usecols=places, dtype="str", chunksize=_AT_A_TIME) if places else ():
        found |= {place for j, place in enumerate(places) if place not in found and is_text(place, rows.iloc[:, j])}
    if not found:
        return table
    kept = sorted(found)
    cells = read(usecols=kept, dtype="str")
    return table.assign(**{str(table.columns[place]): cells.iloc[:, j] for j, place in enumerate(kept)})


_AT_A_TIME = 5_000  # rows


def _require_letters(table: "Table") -> None:
    """Raises ValueError where the words of a .parquet file are none in UTF-8, which is seen when they are read."""
    import pyarrow as pa

    for name in table.columns:
        if table[name].dtype == "str":
            pa.array(table[name]).validate(full=True)


def _with_index(table: "Table", asked: Collection[str]) -> "Table":
    """The rows by their number, as those of a .csv file, and of the index that pandas wrote what is asked for."""
    import pandas as pd

    names = [name for name in table.index.names if name is not None and str(name).strip() in asked]
    index = table.index.to_frame(index=False)[[name for name in names if name not in table.columns]]
    rows = table.reset_index(drop=True)
    return pd.concat([index, rows], axis=1) if len(index.columns) else rows


def _exact_parquet(table: "Table", path: Path) -> "Table":
    """As `_with_exact`, of whole numbers and decimals of a .parquet file."""
    import pandas as pd

    for name in table.columns:
        cells = table[name]
        if cells.dtype == np.float64 and (cells.abs() >= WHOLE).any():
            read = pd.read_parquet(path, columns=[name], dtype_backend="numpy_nullable")
            whole = _with_index(read, [name])[name]
            if whole.dtype.kind in "iu" and any(map(moved, map(str, whole), cells.tolist())):
                table = table.assign(**{name: whole.astype("object").map(str, na_action="ignore")})
    return table


def with_categories(table: "Table", path: Path, names: Collection[str]) -> "Table":
    """With those of the columns `names` that were categories to pandas as such again, in the order of numbers: a
    .parquet file keeps categories of words as they are, and of numbers that they are."""
    if path.suffix.lower() != ".parquet":
        return table
    there = [name for name in names if name in table.columns and is_number(table[name])]
    return table.astype(dict.fromkeys(_categories(path).keys() & there, "category"))


def order_is_lost(path: Path, cells: "Cells") -> bool:
    """Whether a column of a file was of categories in an order that a .parquet file does not keep, being numbers."""
    return path.suffix.lower() == ".parquet" and is_number(as_plain(cells)) and _categories(path).get(cells.name, False)


def _categories(path: Path) -> dict[Any, bool]:
    """The columns of a .parquet file that were categories to pandas, and whether these had an order."""
    from pyarrow.parquet import read_schema

    known = (read_schema(path).pandas_metadata or {}).get("columns", [])
    return {
        str(one["name"]).strip(): bool((one["metadata"] or {}).get("ordered"))
        for one in known
        if one["pandas_type"] == "categorical"
    }


def _count_names(path: Path) -> int:
    """How many cells the first line has that is not empty, before pandas, which takes long to make many columns."""
    with path.open(encoding="utf-8-sig", newline="") as file, suppress(csv.Error):  # pandas takes longer cells
        return len(next(filter(None, csv.reader(file)), []))
    return 0


def _require_short_lines(path: Path, key: str, named: int) -> None:
    """Raises InputError for a line of a million cells and more than the first one, of which pandas would make objects
    before it says so. All others are left to pandas: lines are looked at one by one only where one is that long."""
    with path.open("rb") as file:
        cells = 0
        while cells <= _MOST_CELLS and (part := file.read(1 << 20)):
            cells = 0 if b"\n" in part or b"\r" in part else cells + part.count(b",")
    if cells <= _MOST_CELLS:
        return
    with path.open(encoding="utf-8-sig", newline="") as text, suppress(csv.Error):
        lines = csv.reader(text)
        if (long := next((len(line) for line in lines if len(line) > max(named, _MOST_CELLS)), 0)) > 0:
            raise InputError(
                f"data.{key}: {path.name} cannot be read: line {lines.line_num} has {long:,} cells, and the first line "
                f"names {named:,}; a cell with a comma stands in quotes"
            )


_MOST_CELLS = 1_000_000  # of a line that pandas is given


def _count_columns(path: Path) -> int:
    """Of a .parquet file, by what stands at its end; the index that pandas wrote is no column."""
    from pyarrow.parquet import read_schema

    schema = read_schema(path)
    index = (schema.pandas_metadata or {}).get("index_columns", [])
    return len(schema.names) - sum(isinstance(one, str) for one in index)


def _require_room(path: Path, key: str, limits: Limits) -> None:
    """Of a .parquet file, a few bytes of which may stand for one value in any number of rows."""
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        schema = file.schema_arrow  # made anew each time that it is asked for, with all columns
        size = 8 * file.metadata.num_rows * len(schema.names)
        if size <= limits.bytes:  # texts are as long as they are; some rows at a time, and no further than to the limit
            texts = [field.name for field in schema if _is_text(field.type)]
            for rows in file.iter_batches(_AT_ONCE, columns=texts):
                size += rows.nbytes
                if size > limits.bytes:
                    break
    if size > limits.bytes:
        raise InputError(
            f"data.{key}: {path.name} unpacks to {size:,} bytes or more, and data.limits.bytes is {limits.bytes:,}; "
            "give less, or raise that number"
        )


_AT_ONCE = 256  # rows: of long texts they are many bytes


def _is_text(kind: "DataType") -> bool:
    from pyarrow import types

    return any(
        asked(kind) for asked in (types.is_string, types.is_large_string, types.is_binary, types.is_large_binary)
    )


def _require_heading(first: "Table", path: Path, key: str, limits: Limits) -> None:
    """What is known of a table before it is read: pandas would rename columns of the same name."""
    names = [str(name).strip() for name in first.iloc[0].dropna()] if len(first) else []
    if len(first.columns) == 1 and (mark := next((mark for mark in ";\t|" if mark in "".join(names)), None)):
        raise InputError(
            f"data.{key}: the columns of {path.name} are separated by {mark!r}; save it with commas between them"
        )
    _require_columns_apart(names, path, key, limits)


def _require_columns_apart(names: Iterable[str], path: Path, key: str, limits: Limits) -> None:
    """Raises InputError for columns of the same name, or more or longer ones than the limits say."""
    counts = Counter(names)
    if "" in counts:
        raise InputError(f"data.{key}: a column of {path.name} has no name; give it one")
    if twice := [name for name, count in counts.items() if count > 1]:
        raise InputError(f"data.{key}: {path.name} has several columns of the name {twice[0]!r}; rename them")
    _require_few_columns(len(counts), path, key, limits)
    limits.require_names(counts, f"data.{key}: the name of a column of {path.name}")
    looks = Counter(map(to_a_reader, counts))
    if alike := [name for name in counts if looks[to_a_reader(name)] > 1]:
        raise InputError(
            f"data.{key}: {path.name} has several columns that look like {to_a_reader(alike[0])!r}, "
            f"{' and '.join(map(ascii, alike[:2]))}; rename them"
        )


def _require_few_columns(count: int, path: Path, key: str, limits: Limits) -> None:
    if count > limits.columns:
        raise InputError(
            f"data.{key}: {path.name} has {count:,} columns, more than data.limits.columns: {limits.columns:,}; "
            "take some out, or raise that number"
        )


def _without_decimals(cells: "Cells") -> "Cells":
    """A column of decimals, as a .parquet file may hold it, in floating point numbers."""
    decimal = cells.dtype == object and cells.map(lambda cell: isinstance(cell, Decimal) or cell is None).all()
    if not decimal or not cells.notna().any():
        return cells
    others = any(moved(cell, float(cell)) for cell in cells.dropna())  # which is said where they are used
    return cells.map(str, na_action="ignore") if others else cells.astype("float64")


def with_blanks(table: "Table", name: str, path: Path, missing: Collection[str]) -> "Table":
    """A table that was read of a file, with a column of texts as it is written there: with blanks after a comma."""
    import pandas as pd

    if path.suffix.lower() != ".csv" or name not in table.columns:
        return table
    written = pd.read_csv(
        path, encoding="utf-8-sig", index_col=False, dtype="str", keep_default_na=False, na_values=["", *missing],
        usecols=lambda own: str(own).strip() == name,
    ).iloc[:, 0]  # fmt: skip
    # A text in quotes behind a blank is told from its quotes only where blanks are skipped.
    same = len(written) == len(table) and words(written) == words(table[name])
    return table.assign(**{name: written}) if same else table
