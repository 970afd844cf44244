"""Matrices: counts of (true, predicted), or correlations between labels."""

from html import escape
from typing import NamedTuple

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, quiet_word, upright
from exhibit.tasks.drawing.colormap import colour
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.svg import (
    COLUMN,
    MAIN,
    QUIET,
    RULE,
    SMALLEST,
    element,
    fitted,
    picture,
    readable,
    signed,
    text,
    text_width,
)
from exhibit.tasks.records.figure import Matrix, Part, Reading
from exhibit.tasks.records.language import mark, tr, trp

_LONG = 16  # letters of a name that cannot stand above its column
_LARGEST, _HEIGHT = 56.0, 30.0  # CSS pixels of a cell
_TALL = 220.0  # of all rows together, which no page breaks,
_LEAST = 14.0, 22.0  # unless they get lower than this: a row, and one whose name may have two lines
_WRITTEN = 16.0  # CSS pixels that a cell must have to hold a number


def matrix(content: Matrix, width: float) -> Part:
    """The shade of a count is its share of the row, so that rare classes show as well; correlations have the colours
    of a scale from -1 to 1, NaN a dash on grey."""
    count = len(content.labels)
    # Long names, as methods have them: their columns are numbered, and their rows have number and name.
    numbered = content.correlations or max(map(len, content.labels)) > _LONG
    above = tuple(str(k + 1) for k in range(count)) if numbered else content.labels
    longest, high = (max(text_width(label, SIZE) for label in labels) for labels in (content.labels, above))
    named = (28 if content.y_label else 8) + (high + 8 if numbered else 0)
    left = min(longest + named, COLUMN * width / 2)
    cell = min(_LARGEST, (COLUMN * width - left - 2) / count)
    slanted = high > cell - 4
    if slanted:  # names lean over the right edge
        cell = min(_LARGEST, (COLUMN * width - left - 2 - 0.71 * high) / count)
    height = min(cell, _HEIGHT, max(_LEAST[numbered], _TALL / count))
    top = (24 if content.x_label else 8) + (high * 0.71 + 4 if slanted else 14)
    look = _correlation if content.correlations else _count
    totals = np.maximum(content.counts.sum(axis=1), 1)
    cells = [
        _cell(
            look(float(content.counts[i, j]), float(totals[i])),
            (left + j * cell, top + i * height),
            (cell, height),
            trp("list", ", ").join(
                f"{axis} {content.labels[k]}".lstrip() for axis, k in ((content.y_label, i), (content.x_label, j))
            ),
        )
        for i, j in np.ndindex(count, count)
    ]
    size = max(SMALLEST, min(SIZE, 0.9 * height))
    every = int(np.ceil(size / height))  # of many classes not each has its name
    middle = top + height / 2 + 0.36 * size
    at = left - (high + 15 if numbered else 7)
    named_rows = range(0, count, every)
    lines = 2 if numbered and height >= 2 * size + 3 else 1
    rows = [
        text(part, at, middle + i * height + (k - (len(parts) - 1) / 2) * (size + 1), size, "end")
        for i in named_rows
        for label in (content.labels[i],)
        for parts in (_broken(label, size, left - named + 1, lines),)
        for k, part in enumerate(parts)
    ]
    if numbered:
        rows += [
            text(label, left - 7, middle + i * height, size, "end") for i, label in enumerate(above) if i in named_rows
        ]
    apart = size * 2**0.5 if slanted else size  # so far that names aslant do not touch each other
    columns = [
        _column(above[j], left + (j + 0.5) * cell, top - 6, size, slanted)
        for j in range(0, count, int(np.ceil(apart / cell)))
    ]
    right, bottom = left + cell * count, top + height * count
    names = [quiet_word(content.x_label, (left + right) / 2, 12), upright(content.y_label, 10, (top + bottom) / 2)]
    return picture("chart", right + (0.71 * high + 4 if slanted else 2), bottom + 2, *cells, *rows, *columns, *names)


def _broken(label: str, size: float, room: float, lines: int) -> list[str]:
    """A name on as many lines, the first as full as its words allow."""
    words = label.split(" ")
    ends = [end for end in range(1, len(words)) if text_width(" ".join(words[:end]), size) <= room]
    if lines == 1 or not ends or text_width(label, size) <= room:
        return [fitted(label, size, room)]
    return [" ".join(words[: ends[-1]]), fitted(" ".join(words[ends[-1] :]), size, room)]


class _Look(NamedTuple):
    """What is written in a cell, how, and on which ground."""

    written: str
    ground: str
    ink: str
    weight: int


def _count(count: float, total: float) -> _Look:
    share = count / total
    ground = "#" + bytes(round(255 + (channel - 255) * share) for channel in bytes.fromhex(MAIN[1:])).hex()
    return _Look(f"{int(count):,}", ground, readable(ground) if count else QUIET, 600 if count else 400)


def _correlation(value: float, _: float) -> _Look:
    """White is "no relation", so that what was not compared needs a ground of its own."""
    if np.isnan(value):
        return _Look("–", RULE, readable(RULE), 400)
    ground = colour(value, 1.0)
    return _Look(_related(value), ground, readable(ground), 400)


def _related(value: float) -> str:
    """Reads as ±1 only where it is that, but for the rounding of a computer: +0.41, −0.997, >+0.9999."""
    certain = abs(value) > 1 - _ROUNDING
    for digits in range(2, _MOST + 1):
        written = signed(value, f".{digits}f")
        if certain or written not in {signed(end, f".{digits}f") for end in (-1.0, 1.0)}:
            return written
    return ">+0.9999" if value > 0 else "<−0.9999"


_MOST, _ROUNDING = 4, 1e-9


def _cell(look: _Look, corner: tuple[float, float], size: tuple[float, float], name: str) -> str:
    """A cell too small for its number has a title, which a browser shows under the pointer."""
    (x, y), (width, height) = corner, size
    letters = min(SIZE, SIZE * (width - 2) / text_width(look.written, SIZE, look.weight))
    small = width < _WRITTEN or letters < SMALLEST
    title = (element("title", escape(tr("{name}: {values}", name=name, values=look.written))),) if small else ()
    box = element("rect", *title, x=x, y=y, width=width, height=height, fill=look.ground, stroke=RULE)
    if small:
        return box
    middle = y + height / 2 + 0.36 * letters
    return box + text(look.written, x + width / 2, middle, letters, "middle", look.weight, look.ink, "fixed")


def _column(label: str, x: float, y: float, size: float, slanted: bool) -> str:
    if not slanted:
        return text(label, x, y, size, "middle")
    return element("g", text(label, 0, 0, size), transform=f"translate({x:.1f} {y:.1f}) rotate(-45)")


_CONFUSION = Reading(
    title=mark("Confusion matrix"),
    text=mark("A row is what is true, a column what the model said. The dark diagonal is what was right."),
    warning=mark("Numbers off the diagonal are confusions; the shade is the share of the row."),
)
_AGREEMENT = Reading(
    title=mark("Agreement of methods"),
    text=mark(
        "Each cell compares two methods: +1 is the same order, 0 no relation, a dash that they were not compared."
    ),
    warning=mark("Methods answer different questions; a low number is no fault of either."),
)
MATRIX = FigureKind(
    record=Matrix,
    draw=chart(matrix),
    reading=lambda content: _AGREEMENT if content.correlations else _CONFUSION,
)
