"""From the baseline's score to the sample's, one contribution after another."""

from itertools import accumulate

from tasks.drawing.axis import SIZE, Axis, below, mark
from tasks.drawing.colormap import NEGATIVE, POSITIVE
from tasks.drawing.svg import (
    COLUMN,
    INK,
    QUIET,
    RULE,
    decimals,
    element,
    fitted,
    line,
    number,
    picture,
    signed,
    text,
    text_width,
)
from tasks.records import Part, Waterfall

_ROW, _BAR, _NAME = 19.0, 12.0, 12


def waterfall(content: Waterfall, width: float) -> Part:
    """One bar per contribution, each beginning where the one above ends."""
    total = COLUMN * width
    labels = (content.start_label, *content.labels, content.end_label)
    left = min(max(text_width(label, _NAME) for label in labels) + 10, total * 0.45)
    places = [content.start, *accumulate(content.values.tolist(), initial=content.start)][1:]
    digits = decimals(max(abs(float(value)) for value in content.values) or 1.0)
    room = max(text_width(signed(float(value), f".{digits}f"), SIZE) for value in content.values) + 10
    low, high = min(places), max(places)
    axis = Axis(low, high if high > low else low + 1.0, left + 4, total - room - 4)
    bottom = 6 + len(labels) * _ROW
    drawn = [line(axis.at(content.start), 6 + _ROW, axis.at(content.start), bottom, RULE, 0.8, "rule")]
    for row, label in enumerate(labels):
        y = 6 + row * _ROW
        drawn.append(text(fitted(label, _NAME, left - 8), left - 8, y + 13, _NAME, "end"))
    for row, value in enumerate(content.values.tolist(), 1):
        drawn += _step(axis, places[row - 1], places[row], 6 + row * _ROW, signed(value, f".{digits}f"))
    ends = ((content.start, 6.0), (content.end, bottom - _ROW))
    drawn += [
        piece
        for value, y in ends
        for piece in (
            line(axis.at(value), y + 2, axis.at(value), y + _ROW - 2, INK, 2),
            _beside(axis, value, number(value, f",.{digits}f"), y),
        )
    ]
    drawn.append(line(axis.start, bottom, axis.end, bottom, INK, 0.9))
    return picture(
        "chart",
        total,
        bottom + 40,
        *drawn,
        *below(axis, bottom, 4),
        mark(content.axis, axis.start, bottom + 32, "start"),
    )


def _step(axis: Axis, start: float, end: float, y: float, shown: str) -> list[str]:
    x0, x1 = sorted((axis.at(start), axis.at(end)))
    colour, style = (POSITIVE[5], "positive") if end >= start else (NEGATIVE[5], "negative")
    return [
        element("rect", class_=f"bar {style}", x=x0, y=y + 3, width=max(x1 - x0, 0.5), height=_BAR, fill=colour),
        line(axis.at(end), y + 3 + _BAR, axis.at(end), y + _ROW + 3, QUIET, 0.6, "quiet"),
        text(shown, x1 + 5, y + 13, SIZE),
    ]


def _beside(axis: Axis, value: float, shown: str, y: float) -> str:
    """The number on the side of its mark where there is room."""
    x = axis.at(value)
    if x + 6 + text_width(shown, SIZE, 600) > axis.end + 40:
        return text(shown, x - 6, y + 13, SIZE, "end", 600)
    return text(shown, x + 6, y + 13, SIZE, weight=600)
