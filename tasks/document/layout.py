"""How the page is laid out: what takes both columns, what stays together, how wide a picture is."""

from collections.abc import Mapping
from typing import Literal
from unicodedata import east_asian_width

import numpy as np

from exhibit.tasks.records.figure import BETWEEN, Drawing, picture_side
from exhibit.tasks.records.page import Block, Document, Table
from exhibit.tasks.records.spreadsheet import csv_bytes

_COLUMN, _PAGE = 436, 640  # CSS pixels of the wide column and of both on paper
_WORD = 18  # characters of a cell that is never broken for the room of others
_UNBROKEN = 60  # characters of a row of a table that may stay on one line
_MOST_ROWS = {"print": 40, "screen": 400}
_BESIDE, _HALF_PAGE = 0.6, 0.73  # of the column: two that fit into it, and two that fit across the page


def shape(block: Block, drawings: Mapping[str, Drawing]) -> str:
    """How a block is laid out: `broad` figures take both columns, a `keep` block stays on one page."""
    figures = [drawings[name] for name in block.figures]
    row = paired(block, drawings) and (len(figures) > 2 or figures[0].figure.width > _BESIDE)
    # A broad figure has its notes below. So has a long one: beside notes WeasyPrint would not break it between pages.
    large = any(item.placement.broad or item.placement.long for item in figures)
    wide = row or (large and not paired(block, drawings)) or (block.tables and not block.asides)
    short = not figures[0].placement.long if len(figures) == 1 else row or (not figures and bool(block.asides))
    keep = short and not block.tables
    return " ".join(["broad"] * bool(wide) + ["keep"] * keep)


def paired(block: Block, drawings: Mapping[str, Drawing]) -> bool:
    """Whether small figures stand side by side."""
    return len(block.figures) >= 2 and all(drawings[name].figure.width <= _HALF_PAGE for name in block.figures)


def printed(table: Table, medium: Literal["screen", "print"]) -> int:
    """How many rows of a table are printed: a thousand of them take WeasyPrint seconds, and nobody reads them."""
    most = _MOST_ROWS[medium]
    return len(table.rows) if len(table.rows) <= most * 5 // 4 else most  # two or three more are not worth a note


def file_name(table: Table) -> str:
    """What the file with all rows of a table is called."""
    return f"{table.name}.csv"


def whole_tables(document: Document) -> dict[str, bytes]:
    """All rows of each table that is printed in part, as CSV by file name."""
    tables = [table for block in document.blocks for table in block.tables]
    return {file_name(table): _csv(table) for table in tables if printed(table, "print") < len(table.rows)}


def _csv(table: Table) -> bytes:
    return csv_bytes([[column.title for column in table.columns], *table.rows])


def many(table: Table) -> bool:
    """Whether a table may go on on the next page."""
    return len(table.rows) > 8 or tall(table)


def tall(table: Table) -> bool:
    """Whether its rows are so high that a few of them fill a page."""
    return any(letters(cell) > _TALL for row in table.rows for cell in row)


_TALL = 160  # characters of a cell that takes several lines


def room(drawing: Drawing) -> float:
    """CSS pixels of width that a figure has on paper."""
    return (_PAGE if drawing.placement.broad else _COLUMN) * drawing.figure.width


def cell_width(columns: int, available: float, wanted: float | None = None) -> int:
    """CSS pixels of one cell of an image grid; `wanted`: millimetres."""
    return int(min(picture_side(wanted), available / columns - BETWEEN))


def breaking(table: Table) -> set[int]:
    """Indices of the columns that hold a word which may be broken: one that is longer than a column may be wide."""
    return {
        index
        for index in range(len(table.columns))
        if any(letters(word) > _WORD for row in table.rows for word in row[index].split())
    }


def widest(table: Table) -> int:
    """The index of the column with the longest cell."""
    return max(range(len(table.columns)), key=lambda k: max((letters(row[k]) for row in table.rows), default=0))


def short(title: str) -> bool:
    """Whether the title of a column is never broken for the room of others: Japanese and Chinese may be broken between
    any two letters, and a column of numbers is narrow."""
    return letters(title) <= _WORD


def letters(text: str) -> int:
    """How long a text is in Latin letters: one of Japanese or Chinese takes the room of two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def wrapping(table: Table) -> set[int]:
    """Indices of the columns whose cells may go on a second line: the widest, and those that leave it no room."""
    lengths = [max((letters(row[index]) for row in table.rows), default=0) for index in range(len(table.columns))]
    *others, widest = sorted(range(len(lengths)), key=lengths.__getitem__)
    lines_used = np.cumsum([lengths[index] for index in others])
    wraps = {widest} if lengths[widest] > _WORD else set()
    return {*wraps, *(index for index, total in zip(others, lines_used, strict=True) if total > _UNBROKEN)}
