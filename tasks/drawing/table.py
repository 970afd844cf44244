"""Importances of the features of a table: horizontal bars with visible error bars and their numbers."""

from collections.abc import Callable, Sequence

import numpy as np

from tasks.drawing.colormap import NEGATIVE, POSITIVE
from tasks.drawing.svg import (
    COLUMN, INK, MAIN, PAPER, QUIET, REFERENCE, RULE, SECOND, decimals, element, line, number, picture, signed, text,
    text_width, ticks,
)  # fmt: skip
from tasks.records import Array, BarPanels, Bars, Part, Series

_BAR, _GAP, _GROUP, _SIZE, _SMALL = 12, 2, 11, 12, 11
_PER_ROW = 3  # panels side by side
Place = Callable[[float], float]


def bars(content: Bars, width: float) -> Part:
    """Bars in groups, one group per label, each with its number at the right edge."""
    total, left = COLUMN * width, _gutter(content.labels, COLUMN * width)
    key = _key(content, left)
    top = 22.0 if key else 6.0
    body, bottom = _axes(content.series, content.labels, content.signed, left, total, top)
    names = _names(content.labels, left, top, len(content.series))
    caption = text(content.axis, (left + total) / 2, bottom + 30, _SMALL, "middle", fill=QUIET, style="quiet")
    return picture("chart", total, bottom + 36, *key, *body, *names, caption)


def panels(content: BarPanels, width: float) -> Part:
    """Small multiples: a panel of bars per series, up to three side by side, all on the same range."""
    total, left = COLUMN * width, _gutter(content.labels, COLUMN * width)
    columns = _columns([panel.name for panel in content.panels], total - left)
    wide = (total - left) / columns
    drawn, top, bottom = [], 22.0, 0.0
    for start in range(0, len(content.panels), columns):
        drawn += _names(content.labels, left, top, 1)
        for column, panel in enumerate(content.panels[start : start + columns]):
            x = left + column * wide
            body, bottom = _axes((panel,), content.labels, content.signed, x, x + wide - 10, top, content.panels)
            drawn += [text(panel.name, x, top - 8, _SMALL, weight=600), *body]
        top = bottom + 48
    caption = text(content.axis, (left + total) / 2, bottom + 30, _SMALL, "middle", fill=QUIET, style="quiet")
    return picture("chart", total, bottom + 36, *drawn, caption)


def _columns(names: Sequence[str], room: float) -> int:
    """As many panels side by side as their names allow."""
    widest = max(text_width(name, _SMALL, 600) for name in names) + 10
    return max(1, min(_PER_ROW, len(names), int(room / widest)))


def _axes(
    series: Sequence[Series],
    labels: Sequence[str],
    by_sign: bool,
    left: float,
    right: float,
    top: float,
    compared: Sequence[Series] = (),
) -> tuple[list[str], float]:
    """Bars of `series` between `left` and `right` with their axis, in the range of all that is `compared`; its bottom."""
    low, high = _range(compared or series, by_sign)
    shown = _formatter(compared or series, by_sign)
    values = [[shown(float(item.values[row])) for item in series] for row in range(len(labels))]
    end = right - max(text_width(value, _SMALL) for row in values for value in row) - 12
    step = _step(len(series))
    bottom = top + len(labels) * step

    def at(value: float) -> float:
        return left + (value - low) / (high - low) * (end - left)

    drawn = [
        _bar(item, row, at, y, _fill(series, index, row, by_sign))
        + text(values[row][index], right - 2, y + 10, _SMALL, "end", fill=QUIET if item.reference else INK,
               style="quiet" if item.reference else "ink")
        for row in range(len(labels))
        for index, item in enumerate(series)
        for y in (top + row * step + _GROUP / 2 + index * (_BAR + _GAP),)
    ]  # fmt: skip
    return [*_scale(low, high, by_sign, at, top, bottom, end - left), *drawn, line(at(0), top, at(0), bottom)], bottom


def _scale(low: float, high: float, by_sign: bool, at: Place, top: float, bottom: float, room: float) -> list[str]:
    """Grid lines and their numbers, as many as there is room for."""
    places, digits = ticks(low, high, max(2, min(5, int(room / 48))))
    marks = [
        text(signed(place) if by_sign else number(place, digits), at(place), bottom + 14, _SMALL, "middle", fill=QUIET,
             style="quiet")
        for place in places
    ]  # fmt: skip
    return [line(at(place), top, at(place), bottom, RULE, 0.6, "rule") for place in places if place] + marks


def _gutter(labels: Sequence[str], total: float) -> float:
    return min(max(text_width(label, _SIZE) for label in labels) + 10, total * 0.45)


def _names(labels: Sequence[str], left: float, top: float, count: int) -> list[str]:
    step = _step(count)
    return [text(label, left - 8, top + (row + 0.5) * step + 4, _SIZE, "end") for row, label in enumerate(labels)]


def _step(count: int) -> float:
    return count * (_BAR + _GAP) - _GAP + _GROUP


def _range(series: Sequence[Series], by_sign: bool) -> tuple[float, float]:
    ends = np.concatenate([item.values + sign * _errors(item) for item in series for sign in (-1, 1)])
    low, high = min(0.0, float(ends.min())), max(0.0, float(ends.max()))
    if by_sign:
        low, high = -max(-low, high), max(-low, high)
    return (low, high) if high > low else (low, low + 1.0)


def _errors(series: Series) -> Array:
    return np.zeros(len(series.values)) if series.errors is None else np.nan_to_num(series.errors)


def _formatter(series: Sequence[Series], by_sign: bool) -> Callable[[float], str]:
    digits = decimals(max(float(np.max(np.abs(item.values))) for item in series))
    return lambda value: signed(value, f".{digits}f") if by_sign else number(value, f",.{digits}f")


def _fill(series: Sequence[Series], index: int, row: int, by_sign: bool) -> tuple[str, str]:
    """Colour and class of a bar: only signs are red and blue."""
    if series[index].reference:
        return REFERENCE, "reference"
    if by_sign:
        return (POSITIVE[5], "positive") if series[index].values[row] >= 0 else (NEGATIVE[5], "negative")
    return (SECOND, "second") if any(not item.reference for item in series[:index]) else (MAIN, "main")


def _bar(series: Series, row: int, at: Place, y: float, fill: tuple[str, str]) -> str:
    x0, x1 = sorted((at(0.0), at(float(series.values[row]))))
    bar = element("rect", class_=f"bar {fill[1]}", x=x0, y=y, width=max(x1 - x0, 0.5), height=_BAR, fill=fill[0])
    if series.errors is None or not series.errors[row] > 0:
        return bar
    value, error, middle = float(series.values[row]), float(series.errors[row]), y + _BAR / 2
    e0, e1 = at(value - error), at(value + error)
    shape = f"M{e0:.2f} {middle:.2f}H{e1:.2f}M{e0:.2f} {middle - 3:.2f}v6M{e1:.2f} {middle - 3:.2f}v6"
    # A light halo keeps the error bar visible on its own dark bar.
    halo = element("path", class_="halo", d=shape, stroke=PAPER, stroke_width=3, fill="none")
    return bar + halo + element("path", class_="ink", d=shape, stroke=INK, stroke_width=1.2, fill="none")


def _key(content: Bars, left: float) -> list[str]:
    """The names of the series above the bars, in their order, where there is more than one."""
    if len(content.series) < 2:
        return []
    parts, x = [], left
    for index, series in enumerate(content.series):
        grey = content.signed and not series.reference
        fill, style = (INK, "ink") if grey else _fill(content.series, index, 0, content.signed)
        parts.append(element("rect", class_=f"bar {style}", x=x, y=5, width=9, height=9, fill=fill))
        parts.append(text(series.name, x + 13, 13.5, _SMALL))
        x += text_width(series.name, _SMALL) + 31
    return parts
