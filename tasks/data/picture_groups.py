"""What pictures are grouped by: columns of a table that says more of each, and the folders that they lie in."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from exhibit.tasks.data.files import Picture, existing_file
from exhibit.tasks.data.grouping import GroupColumns, columns_of, groupings, require_groups
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.rows import require_columns
from exhibit.tasks.data.table_file import read_table
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.grouping import Groupings
from exhibit.tasks.records.language import Message, say_all, sayn

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

FOLDER, FILE = "folder", "file"


def picture_table(path: Path | None, limits: Limits) -> Path | None:
    """The table, if one is given.

    Raises:
        InputError: for one that is not there.
    """
    what = f"put a .csv or .parquet file there with a column {FILE}"
    return None if path is None else existing_file(path, "table", what, limits)


def picture_groupings(
    groups: GroupColumns,
    kept: Sequence[Picture],
    folders: Sequence[str] | None,
    table: Path | None,
    every: Sequence[str],
    limits: Limits,
) -> Groupings | None:
    """Of pictures in their order; None where nothing is asked for. `folders`: of each that below its class, "." where
    there is none, None where these are not read; `table`: a file with a row for each picture, or for some; `every`: the
    names of all pictures that are there, with those that were not drawn or cannot be read.

    Raises:
        InputError: for a column that is not there or has too many values, for folders that are not read, and for rows
            that cannot be told to be of a picture.
    """
    import pandas as pd

    asked = [by.column for by in columns_of(groups)]
    if not asked and table is not None:
        raise InputError("data.table says more of pictures for data.groups, and none are asked for: name columns of it")
    if not asked:
        return None
    rows, note = pd.DataFrame(index=range(len(kept))), Message()
    if table is not None:
        read = read_table(table, "table", [FILE], (), limits)
        place = _places(read, every)
        rows = _of_pictures(read, every, place).loc[[picture.name for picture in kept]].reset_index(drop=True)
        with_row = {every[number] for number in place}
        note = _left(read, set(place.values()), sum(picture.name not in with_row for picture in kept))
    if FOLDER in asked and FOLDER not in rows:
        if folders is None:
            raise InputError(
                f"data.groups: {FOLDER} is a folder within that of a class, as CLASS/SITE/1.jpg; "
                "data.subfolders=true reads these"
            )
        rows[FOLDER] = [None if folder == "." else folder for folder in folders]
    if table is None and (missing := [name for name in asked if name not in rows]):
        raise InputError(
            f"data.groups: {missing[0]!r} is a column of data.table, a .csv or .parquet file with a column {FILE} "
            f"(the name of a picture), and no such file is given"
        )
    require_groups(rows, groups, [], " in data.table")
    found = groupings(groups, [rows])
    return found and found.model_copy(update={"note": note})


def _left(table: "Table", matched: Collection[int], without: int) -> Message:
    """How many rows are of no picture that is there, and how many pictures that are used have no row."""
    strange = [row for row in range(len(table)) if row not in matched]
    said = [
        sayn(
            "{number} row of data.table names no picture that is there: {first}.",
            "{number} rows of data.table name no picture that is there, the first of them {first}.",
            len(strange),
            first=str(table[FILE].iloc[strange[0]]),
        )
        if strange
        else "",
        sayn("{number} picture has no row there.", "{number} pictures have no row there.", without) if without else "",
    ]
    return say_all(*said) if any(said) else Message()


def _places(table: "Table", names: Sequence[str]) -> dict[int, int]:
    """The row of each picture that has one: found by the end of its path that the table gives, or by all of it.

    Raises:
        InputError: for a table without the column, a name of several pictures, and one that stands there twice.
    """
    require_columns(table, [FILE], "data.table: there is no column {}")
    known: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        parts = normalize("NFC", name).split("/")
        for start in range(1, len(parts)):
            known.setdefault("/".join(parts[start:]), []).append(number)
    whole: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        whole.setdefault(normalize("NFC", name), []).append(number)
    known |= whole  # a name that is written out is no end of another
    place: dict[int, int] = {}
    for row, file in enumerate(table[FILE].tolist()):
        written = normalize("NFC", str(file)).replace("\\", "/").removeprefix("./")
        own = known.get(written, [])
        if len(own) > 1:
            raise InputError(
                f"data.table: {FILE} {str(file)!r} in row {row} is the name of {len(own)} pictures; write the folder "
                f"as well, as {names[own[0]]}"
            )
        if own and place.setdefault(own[0], row) != row:
            raise InputError(f"data.table: {names[own[0]]} stands there twice, in row {place[own[0]]} and row {row}")
    if not place:
        raise InputError(
            f"data.table: no {FILE} of it is one of the pictures: it begins with {table[FILE].iloc[0]!r}, they with "
            f"{names[0]!r}"
        )
    return place


def _of_pictures(table: "Table", names: Sequence[str], place: Mapping[int, int]) -> "Table":
    """The row of each picture by its name, empty where there is none."""
    table = table.drop(columns=FILE)
    whole_numbers = table.select_dtypes("int64").columns
    table = table.astype(dict.fromkeys(whole_numbers, "Int64"))  # beside an empty cell a large one would be rounded
    return table.reindex([place.get(number, -1) for number in range(len(names))]).set_axis(list(names))
