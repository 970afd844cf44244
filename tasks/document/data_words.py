"""What the rows and the columns of the data of a chapter are called."""

from collections.abc import Iterable, Sequence

from exhibit.tasks.document.words import count, listing
from exhibit.tasks.records.datasheet import Datasheet
from exhibit.tasks.records.language import Message, tr, trp

FIRST = 3  # columns of a sentence


def measured(found: Datasheet) -> bool:
    """Whether what the sheet has is measured: what is measured of a picture is none of its columns."""
    return any(column.measured for column in found.columns)


def called(found: Datasheet) -> dict[str, str]:
    """What a column is called, and several of them, by the {names} that sentences have for that."""
    if measured(found):
        return {"column": trp("of data", "property"), "columns": trp("of data", "properties")}
    return {"column": trp("of data", "column"), "columns": trp("of data", "columns")}


def so_many(number: int, found: Datasheet) -> str:
    """3 columns."""
    return count(number, "property", "properties") if measured(found) else count(number, "column")


def titles(names: Iterable[str], found: Datasheet) -> list[str]:
    """What columns are called, each by its name: that of what is measured is none of the user's."""
    own: dict[str, Message] = {column.name: column.name for column in found.columns if column.measured}
    return [tr(own[name]) if name in own else str(name) for name in names]


def title(name: str, found: Datasheet) -> str:
    """What one column is called."""
    return titles([name], found)[0]


def few(names: Sequence[str], found: Datasheet) -> str:
    """The first columns, and how many more there are."""
    rest = [tr("{number} more", number=f"{len(names) - FIRST:,}")] if len(names) > FIRST else []
    return listing([*titles(names[:FIRST], found), *rest])
