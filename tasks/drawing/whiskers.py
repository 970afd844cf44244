"""Dots with whiskers: a number for each label with its interval, and a dashed line where that of all together is."""

from functools import partial

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, below
from exhibit.tasks.drawing.descriptor import FigureKind, divided
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    MAIN,
    NAME,
    QUIET,
    element,
    fitted,
    fitted_apart,
    in_rows,
    line,
    text,
    text_width,
)
from exhibit.tasks.records.figure import Part, Reading, WhiskerPanel, Whiskers
from exhibit.tasks.records.language import mark, tr, trp

_HEAD, _ROW, _FOOT = 22.0, 15.5, 32.0  # CSS pixels: above a panel, of a label, below: of 20 labels it fits a piece
_CAP, _RADIUS = 3.0, 3.2  # half the height of the end of a whisker, and the dot


def whiskers(content: Whiskers, width: float) -> tuple[Part, ...]:
    """One panel below another; each has an axis of its own, for measures may have other units."""
    total = COLUMN * width
    left = min(max(text_width(label, NAME) for label in content.labels) + 14, total * 0.36)
    labels = fitted_apart(content.labels, NAME, left - 10)
    drawn = [partial(_panel, panel, labels, left, total) for panel in content.panels]
    return in_rows(total, drawn, [(row, _said(content, p)) for row, p in zip(drawn, content.panels, strict=True)])


def _panel(panel: WhiskerPanel, labels: list[str], left: float, total: float, start: float) -> tuple[list[str], float]:
    right = total - max(text_width(value, SIZE) for value in panel.written) - 14
    top, bottom = start + _HEAD, start + _HEAD + _ROW * len(labels)
    axis = Axis(*_range(panel), left, right)
    whole = element(
        "path", class_="quiet", d=f"M{axis.at(panel.whole):.2f} {top:.2f}L{axis.at(panel.whole):.2f} {bottom:.2f}",
        stroke=QUIET, stroke_width=0.8, stroke_dasharray="4 3",
    )  # fmt: skip
    rows = [
        part
        for k, (label, written) in enumerate(zip(labels, panel.written, strict=True))
        for y in (top + (k + 0.5) * _ROW,)
        for part in (
            text(label, left - 10, y + 4, NAME, "end"),
            *_dot(axis, (float(panel.values[k]), float(panel.low[k]), float(panel.high[k])), y),
            text(written, total - 2, y + 4, SIZE, "end"),
        )
    ]
    head = text(fitted(panel.title, NAME, total, weight=600), 0, start + 13, NAME, weight=600)
    floor = line(axis.start, bottom, axis.end, bottom, INK, 0.9)
    return [head, whole, *rows, floor, *below(axis, bottom, inside=(left - 8, total))], _HEAD + bottom - top + _FOOT


def _range(panel: WhiskerPanel) -> tuple[float, float]:
    drawn = np.concatenate([panel.values, panel.low, panel.high, [panel.whole]])
    low, high = float(np.nanmin(drawn)), float(np.nanmax(drawn))
    pad = (high - low) * 0.04 or 0.5
    return low - pad, high + pad


def _dot(axis: Axis, found: tuple[float, float, float], y: float) -> list[str]:
    value, low, high = found
    if np.isnan(value):
        return []
    ends = [] if np.isnan(low) else [axis.at(low), axis.at(high)]
    caps = [line(x, y - _CAP, x, y + _CAP, MAIN, 1, "curve main") for x in ends]
    reach = [line(*(ends[0], y), *(ends[1], y), MAIN, 1, "curve main")] if ends else []
    return [*reach, *caps, element("circle", class_="dot main", cx=axis.at(value), cy=y, r=_RADIUS, fill=MAIN)]


def _said(content: Whiskers, panel: WhiskerPanel) -> str:
    """The numbers of a panel."""
    found = [f"{label} {written}" for label, written in zip(content.labels, panel.written, strict=True)]
    return tr("{name}: {values}", name=panel.title, values=trp("list", "; ").join(found))


WHISKERS = FigureKind(
    record=Whiskers,
    draw=divided(whiskers),
    reading=Reading(
        title=mark("Dots with intervals"),
        text=mark(
            "One row for each group: the dot is what was measured of it, the line through it its interval. The dashed "
            "line is what was measured of all rows together. Each panel has an axis of its own."
        ),
        warning=mark(
            "Lines that overlap do not say that groups are alike: which are surely apart stands in the table of "
            "differences."
        ),
    ),
)
