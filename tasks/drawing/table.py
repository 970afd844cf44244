"""Importances of the features of a table: horizontal bars with visible error bars and their numbers."""

import numpy as np

from tasks.drawing.colormap import NEGATIVE, POSITIVE
from tasks.drawing.svg import (
    COLUMN, INK, MAIN, PAPER, QUIET, REFERENCE, RULE, SECOND, decimals, element, line, number, picture, signed, text,
    text_width, ticks,
)  # fmt: skip
from tasks.records import Array, Bars, Part, Series

_BAR, _GAP, _GROUP, _SIZE, _SMALL = 12, 2, 11, 12, 11


def bars(content: Bars, width: float) -> Part:
    """Bars in groups, one group per label, each with its number at the right edge."""
    total = COLUMN * width
    left = min(max(text_width(label, _SIZE) for label in content.labels) + 10, total * 0.45)
    low, high = _range(content)
    places, digits = ticks(low, high)
    values = _numbers(content)
    right = total - max(text_width(value, _SMALL) for row in values for value in row) - 12
    key = _key(content, left)
    top = 22.0 if key else 6.0
    step = len(content.series) * (_BAR + _GAP) - _GAP + _GROUP
    bottom = top + len(content.labels) * step

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    grid = [line(at(place), top, at(place), bottom, RULE, 0.6, "rule") for place in places if place]
    marks = [
        text(number(place, digits) if not content.signed else signed(place), at(place), bottom + 14, _SMALL, "middle",
             fill=QUIET, style="quiet")
        for place in places
    ]  # fmt: skip
    names = [
        text(label, left - 8, top + row * step + (step - _GROUP) / 2 + _GROUP / 2 + 4, _SIZE, "end")
        for row, label in enumerate(content.labels)
    ]
    drawn = [
        _bar(series, row, at, top + row * step + _GROUP / 2 + index * (_BAR + _GAP), _fill(content, index, row))
        + text(values[row][index], total - 2, top + row * step + _GROUP / 2 + index * (_BAR + _GAP) + 10, _SMALL, "end",
               fill=QUIET if series.reference else INK, style="quiet" if series.reference else "ink")
        for row in range(len(content.labels))
        for index, series in enumerate(content.series)
    ]  # fmt: skip
    axis = line(at(0.0), top, at(0.0), bottom, INK, 0.9)
    caption = text(content.axis, (left + right) / 2, bottom + 30, _SMALL, "middle", fill=QUIET, style="quiet")
    return picture("chart", total, bottom + 36, *key, *grid, *drawn, axis, *names, *marks, caption)


def _range(content: Bars) -> tuple[float, float]:
    ends = np.concatenate([s.values + sign * _errors(s) for s in content.series for sign in (-1, 1)])
    low, high = min(0.0, float(ends.min())), max(0.0, float(ends.max()))
    if content.signed:
        low, high = -max(-low, high), max(-low, high)
    return (low, high) if high > low else (low, low + 1.0)


def _errors(series: Series) -> Array:
    return np.zeros(len(series.values)) if series.errors is None else np.nan_to_num(series.errors)


def _numbers(content: Bars) -> list[list[str]]:
    digits = decimals(max(float(np.max(np.abs(series.values))) for series in content.series))
    shown = (lambda v: signed(v, f".{digits}f")) if content.signed else (lambda v: number(v, f",.{digits}f"))
    return [[shown(float(series.values[row])) for series in content.series] for row in range(len(content.labels))]


def _fill(content: Bars, index: int, row: int) -> tuple[str, str]:
    if content.series[index].reference:
        return REFERENCE, "reference"
    if content.signed:
        return (POSITIVE[5], "positive") if content.series[index].values[row] >= 0 else (NEGATIVE[5], "negative")
    main = sum(not series.reference for series in content.series[:index])
    return (MAIN, "main") if main == 0 else (SECOND, "second")


def _bar(series: Series, row: int, at, y: float, fill: tuple[str, str]) -> str:  # noqa: ANN001
    x0, x1 = sorted((at(0.0), at(float(series.values[row]))))
    bar = element("rect", class_=f"bar {fill[1]}", x=x0, y=y, width=max(x1 - x0, 0.5), height=_BAR, fill=fill[0])
    if series.errors is None or not series.errors[row] > 0:
        return bar
    value, error, middle = float(series.values[row]), float(series.errors[row]), y + _BAR / 2
    e0, e1 = at(value - error), at(value + error)
    shape = f"M{e0:.2f} {middle:.2f}H{e1:.2f}M{e0:.2f} {middle - 3:.2f}v6M{e1:.2f} {middle - 3:.2f}v6"
    # A light halo keeps the error bar visible on its own dark bar.
    halo = element("path", class_="paper", d=shape, stroke=PAPER, stroke_width=3, fill="none")
    return bar + halo + element("path", class_="ink", d=shape, stroke=INK, stroke_width=1.2, fill="none")


def _key(content: Bars, left: float) -> list[str]:
    """The names of the series above the bars, in their order, where there is more than one."""
    if len(content.series) < 2:
        return []
    parts, x = [], left
    for index, series in enumerate(content.series):
        fill, style = (INK, "ink") if content.signed and not series.reference else _fill(content, index, 0)
        parts.append(element("rect", class_=f"bar {style}", x=x, y=5, width=9, height=9, fill=fill))
        parts.append(text(series.name, x + 13, 13.5, _SMALL))
        x += text_width(series.name, _SMALL) + 31
    return parts
