"""Tables as CSV that a spreadsheet may open: what it would run is text, and numbers are numbers."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # with which a cell begins that a spreadsheet runs
_NUMBER = re.compile(r"[+-]?(\d[\d,]*)?\.?\d+(e[+-]?\d+)?%?|[+-]?inf", re.ASCII | re.IGNORECASE).fullmatch


def csv_bytes(rows: Iterable[Sequence[object]]) -> bytes:
    """The rows, the first of them a heading, in UTF-8, as RFC 4180 has them. A text that a spreadsheet would take for a
    formula begins with an apostrophe: who names a feature or a sample may not be who opens the file."""
    text = io.StringIO()
    csv.writer(text).writerows([_inert(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _inert(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) and not _NUMBER(cell) else cell
