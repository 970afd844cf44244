"""From the baseline's score to the sample's, one contribution after another."""

from collections.abc import Sequence
from functools import partial
from itertools import accumulate

from exhibit.tasks.drawing.axis import SIZE, Axis, below, quiet_word
from exhibit.tasks.drawing.colormap import NEGATIVE, POSITIVE
from exhibit.tasks.drawing.descriptor import FigureKind, chart, divided
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    NAME,
    PAGE,
    QUIET,
    RULE,
    element,
    fitted,
    fitted_apart,
    in_rows,
    line,
    panel_at,
    picture,
    signed,
    text,
    text_width,
    up_to,
)
from exhibit.tasks.records.figure import Part, Reading, Waterfall, Waterfalls
from exhibit.tasks.records.language import mark, tr, trp

_ROW, _BAR, _BETWEEN = 19.0, 12.0, 24.0  # CSS pixels: a step, its bar, between panels
_THINNEST = 1.5  # CSS pixels of a bar that would else not be seen
_SHORT = 76.0  # CSS pixels of a label beside which a third of the page has room for the steps


def waterfall(content: Waterfall, width: float) -> Part:
    """One bar per contribution, each beginning where the one above ends."""
    total = COLUMN * width
    elements, height = _panel(content, total, _range([content]))
    return picture("chart", total, height, *elements)


def waterfalls(content: Waterfalls, width: float) -> tuple[Part, ...]:
    """Two or three side by side, more below, all on the same range."""
    columns = _columns(content)
    total = (PAGE if columns > 1 else COLUMN) * width
    wide = (total - (columns - 1) * _BETWEEN) / columns
    ends = _range(content.panels)
    starts = range(0, len(content.panels), columns)
    together = [content.panels[start : start + columns] for start in starts]
    rows = [partial(_row, panels, wide, ends, start + columns < len(content.panels))
            for start, panels in zip(starts, together, strict=True)]  # fmt: skip
    return in_rows(total, rows, list(zip(rows, map(_words, together), strict=True)))


def _row(
    panels: Sequence[Waterfall], wide: float, ends: tuple[float, float], more: bool, top: float
) -> tuple[list[str], float]:
    """Waterfalls side by side from `top` on, each in `wide` CSS pixels; some room below them where `more` follow."""
    drawn = [_panel(panel, wide, ends) for panel in panels]
    placed = [panel_at(column * (wide + _BETWEEN), top, *elements) for column, (elements, _) in enumerate(drawn)]
    return placed, max(height for _, height in drawn) + 8 * more


def _words(panels: Sequence[Waterfall]) -> str:
    """What these panels show, in the digits that stand in them."""
    return trp("list", "; ").join(
        tr("{name}: {values}", name=panel.title, values=trp("list", ", ").join(_numbers(panel))) for panel in panels
    )


def _numbers(panel: Waterfall) -> list[str]:
    return [f"{name} {signed(value)}" for name, value in zip(panel.labels, panel.values.tolist(), strict=True)]


def _columns(content: Waterfalls) -> int:
    """Three where that fills every row and short labels leave room for the steps."""
    labels = [label for panel in content.panels for label in (panel.start_label, *panel.labels, panel.end_label)]
    short = max(text_width(label, NAME) for label in labels) <= _SHORT
    return 3 if short and len(content.panels) % 3 == 0 else min(2, len(content.panels))


def _range(panels: Sequence[Waterfall]) -> tuple[float, float]:
    """The lowest and the highest place that any of them passes."""
    places = [place for panel in panels for place in (*_places(panel), panel.end)]
    low, high = min(places), max(places)
    return low, high if high > low else low + 1.0


def _places(content: Waterfall) -> list[float]:
    """The start, and where each step ends."""
    return list(accumulate(content.values.tolist(), initial=content.start))


def _panel(content: Waterfall, total: float, ends: tuple[float, float]) -> tuple[list[str], float]:
    """The elements of one waterfall in `total` CSS pixels of width, and their height."""
    labels = (content.start_label, *content.labels, content.end_label)
    left = min(max(text_width(label, NAME) for label in labels) + 10, total * 0.45)
    places = _places(content)
    write = up_to(max(abs(float(value)) for value in content.values) or 1.0)
    room = max(text_width(write(float(value), True), SIZE) for value in content.values) + 10
    axis = Axis(*ends, left + 4, total - room - 4)
    top = 26.0 if content.title else 6.0
    bottom = top + len(labels) * _ROW
    title = fitted(content.title, SIZE, total, weight=600)
    beyond = max(0.0, left + 4 + text_width(title, SIZE, 600) - total)  # which would run into the next panel
    elements = [text(title, left + 4 - beyond, 14, SIZE, weight=600)] if title else []
    elements.append(line(axis.at(content.start), top + _ROW, axis.at(content.start), bottom, RULE, 0.8, "rule"))
    for row, label in enumerate(fitted_apart(labels, NAME, left - 8)):
        elements.append(text(label, left - 8, top + row * _ROW + 13, NAME, "end"))
    for row, value in enumerate(content.values.tolist(), 1):
        elements += _step(axis, places[row - 1], places[row], top + row * _ROW, write(value, True))
    for value, y in ((content.start, top), (content.end, bottom - _ROW)):
        elements.append(line(axis.at(value), y + 2, axis.at(value), y + _ROW - 2, INK, 2))
        elements.append(_beside(axis, value, write(value, False), y))
    elements.append(line(axis.start, bottom, axis.end, bottom, INK, 0.9))
    ticks = max(2, min(4, int((axis.end - axis.start) / 48)))
    elements += [*below(axis, bottom, ticks), quiet_word(content.axis, axis.start, bottom + 32, "start")]
    return elements, bottom + 40


def _step(axis: Axis, start: float, end: float, y: float, shown: str) -> list[str]:
    x0, x1 = sorted((axis.at(start), axis.at(end)))
    colour, style = (POSITIVE[5], "positive") if end >= start else (NEGATIVE[5], "negative")
    return [
        element("rect", class_=f"bar {style}", x=x0, y=y + 3, width=max(x1 - x0, _THINNEST), height=_BAR, fill=colour),
        line(axis.at(end), y + 3 + _BAR, axis.at(end), y + _ROW + 3, QUIET, 0.6, "quiet"),
        text(shown, x1 + 5, y + 13, SIZE),
    ]


def _beside(axis: Axis, value: float, shown: str, y: float) -> str:
    """The number on the side of its mark where there is room."""
    x = axis.at(value)
    if x + 6 + text_width(shown, SIZE, 600) > axis.end + 40:
        return text(shown, x - 6, y + 13, SIZE, "end", 600)
    return text(shown, x + 6, y + 13, SIZE, weight=600)


_READING = Reading(
    title=mark("Waterfall"),
    text=mark(
        "From the score of the baseline above to that of the sample below, one contribution after the other, the "
        "largest first. Each bar begins where the one above ends."
    ),
    warning=mark("The order is by size; it is not the order in which the model works."),
)
WATERFALL = FigureKind(record=Waterfall, draw=chart(waterfall), reading=_READING)
WATERFALLS = FigureKind(
    record=Waterfalls, draw=divided(waterfalls), reading=_READING, broad=lambda content: len(content.panels) > 1
)
