"""How the page is laid out: what takes both columns, what stays together, how wide a picture is."""

import csv
import io
from collections.abc import Mapping
from typing import Literal

import numpy as np

from exhibit.tasks.records.figure import BarPanels, Diagram, Drawing, Figure, Images, Ladder, Molecules, Waterfalls
from exhibit.tasks.records.page import Block, Document, Table

_COLUMN, _PAGE = 436, 640  # CSS pixels of the wide column and of both on paper
_WORD = 18  # characters of a cell that is never broken for the room of others
_UNBROKEN = 60  # characters of a row of a table that may stay on one line
_MOST_ROWS = {"print": 40, "screen": 400}
_BESIDE, _HALF_PAGE = 0.6, 0.73  # of the column: two that fit into it, and two that fit across the page
_CELL, _GAP = 118, 8  # CSS pixels of the largest cell of a grid, if not asked for, and between cells
_MILLIMETRE = 96 / 25.4  # in CSS pixels


def shape(block: Block, drawings: Mapping[str, Drawing]) -> str:
    """How a block is laid out: `broad` figures take both columns, a `keep` block stays on one page."""
    figures = [drawings[name].figure for name in block.figures]
    row = paired(block, drawings) and (len(figures) > 2 or figures[0].width > _BESIDE)
    wide = row or any(map(broad, figures)) or (block.tables and not block.asides)
    short = not long(figures[0]) if len(figures) == 1 else row or (not figures and bool(block.asides))
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
    sections = [section for chapter in document.chapters for section in chapter.sections]
    blocks = [block for section in (*sections, *document.back) for block in section.blocks]
    tables = [table for block in blocks for table in block.tables]
    return {file_name(table): _csv(table) for table in tables if printed(table, "print") < len(table.rows)}


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([[column.title for column in table.columns], *table.rows])
    return text.getvalue().encode()


def many(table: Table) -> bool:
    """Whether a table may go on on the next page."""
    return len(table.rows) > 8


def broad(figure: Figure) -> bool:
    """Whether a figure takes both columns; its notes then stand below it. A tall one does: beside notes WeasyPrint
    would not break it between pages."""
    match figure.content:
        case Waterfalls(panels=panels):
            return len(panels) > 1
        case Molecules(items=items) | BarPanels(panels=items):
            return len(items) > 2
        case Images(rows=rows, width=width):
            asked = 0 if width is None else len(rows[0]) * (_cell(width) + _GAP)
            return len(rows[0]) > 4 or asked > _COLUMN or len(rows) * _cell(width) > 3 * _CELL
        case Diagram() | Ladder():
            return True
    return False


def given(figure: Figure) -> bool:
    """Whether the widths of the columns of a grid are given: of one of many rows, WeasyPrint would measure all rows
    again for each of its pages."""
    return isinstance(figure.content, Images) and len(figure.content.rows) > 12


def long(figure: Figure) -> bool:
    """Whether a figure may go on on the next page."""
    match figure.content:
        case Molecules(items=items):
            return len(items) > 3
        case Images(rows=rows, width=width):
            return broad(figure) and len(rows) * _cell(width) > 2 * _CELL
    return False


def room(figure: Figure) -> float:
    """CSS pixels of width that a figure has on paper."""
    return (_PAGE if broad(figure) else _COLUMN) * figure.width


def cell_width(columns: int, available: float, wanted: float | None = None) -> int:
    """CSS pixels of one cell of an image grid; `wanted`: millimetres."""
    return int(min(_cell(wanted), available / columns - _GAP))


def _cell(wanted: float | None) -> float:
    return _CELL if wanted is None else wanted * _MILLIMETRE


def wrapping(table: Table) -> set[int]:
    """Indices of the columns whose cells may go on a second line: the widest, and those that leave it no room."""
    lengths = [max((len(row[index]) for row in table.rows), default=0) for index in range(len(table.columns))]
    *others, widest = sorted(range(len(lengths)), key=lengths.__getitem__)
    taken = np.cumsum([lengths[index] for index in others])
    wraps = {widest} if lengths[widest] > _WORD else set()
    return {*wraps, *(index for index, total in zip(others, taken, strict=True) if total > _UNBROKEN)}
