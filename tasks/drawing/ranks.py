"""Places in several orders: a circle for each place that a feature takes, as large as the share of orders is."""

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, quiet_word
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    MAIN,
    RULE,
    SECOND,
    element,
    fitted_apart,
    line,
    picture,
    text,
    text_width,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Part, Ranks, Reading
from exhibit.tasks.records.language import mark, tr

_ROW, _NAME = 21.0, 12  # CSS pixels: height of a feature, size of the names
_SMALLEST, _LARGEST = 1.3, 7.5  # radius of a circle
_MOST_PLACES = 30  # that are numbered one by one


def ranks(content: Ranks, width: float) -> Part:
    """One row per label: a line from its best to its worst place, and its middle place with the interval at the
    right."""
    total, places = COLUMN * width, content.counts.shape[1]
    left = min(max(text_width(label, _NAME) for label in content.labels) + 12, total * 0.45)
    written = [summary(counts) for counts in content.counts]
    right = total - max(text_width(value, SIZE) for value in written) - 16
    axis = Axis(1, max(places, 2), left + _LARGEST + 2, right - _LARGEST)
    top = 24.0
    bottom = top + len(content.labels) * _ROW
    step = 1 if places <= _MOST_PLACES else 10
    numbers = [place for place in range(1, places + 1) if place == 1 or place % step == 0]
    grid = [
        line(axis.at(place), top, axis.at(place), bottom, RULE, 0.6, "rule")
        + quiet_word(str(place), axis.at(place), bottom + 14)
        for place in numbers
    ]
    rows, shown = [], fitted_apart(content.labels, _NAME, left - 8)
    for row, (label, counts) in enumerate(zip(shown, content.counts, strict=True)):
        y = top + (row + 0.5) * _ROW
        rows.append(text(label, left - 8, y + 4, _NAME, "end"))
        rows += _row(axis, counts, y)
        rows.append(text(written[row], total - 2, y + 4, SIZE, "end"))
    heads = [quiet_word(tr("middle place, interval"), total - 2, 12, "end")]
    return picture(
        "chart", total, bottom + 36, *grid, *rows, *heads, quiet_word(content.axis, (left + right) / 2, bottom + 30)
    )


def summary(counts: Array) -> str:
    """2 (1 to 3): the median place, the best and the worst."""
    low, middle, high = interval(counts)
    if low == high:
        return f"{middle:g}"
    return tr("{middle} ({low} to {high})", middle=f"{middle:g}", low=str(low), high=str(high))


def interval(counts: Array) -> tuple[int, float, int]:
    """Best, median and worst place of `counts` (places,)."""
    places = np.flatnonzero(counts)
    return int(places[0]) + 1, sum(_middle(counts)) / 2, int(places[-1]) + 1


def _middle(counts: Array) -> tuple[int, int]:
    """The two places in the middle of an even number; twice the one of an odd number."""
    total, upto = int(counts.sum()), np.cumsum(counts)
    lower, upper = np.searchsorted(upto, [(total + 1) // 2, total // 2 + 1]).tolist()
    return lower + 1, upper + 1


def _row(axis: Axis, counts: Array, y: float) -> list[str]:
    low, _, high = interval(counts)
    middle = _middle(counts)
    shares = counts / counts.sum()
    circles = [
        element(
            "circle",
            class_="bar main" if place + 1 in middle else "bar second",
            cx=axis.at(place + 1),
            cy=y,
            r=_SMALLEST + (_LARGEST - _SMALLEST) * float(np.sqrt(shares[place])),
            fill=MAIN if place + 1 in middle else SECOND,
        )
        for place in np.flatnonzero(counts).tolist()
    ]
    return [line(axis.at(low), y, axis.at(high), y, INK, 1), *circles]


RANKS = FigureKind(
    record=Ranks,
    draw=chart(ranks),
    reading=Reading(
        title=mark("Places of the features"),
        text=mark(
            "One row for each part, the first place at the left: a circle for each place that the part took, the "
            "larger the more often. At the right its middle place with the interval."
        ),
        warning=mark("A part whose circles are spread has no fixed rank: its place depends on the settings."),
    ),
)
