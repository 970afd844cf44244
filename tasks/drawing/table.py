"""Importances of the features of a table: horizontal bars with visible error bars and their numbers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, key, quiet_word
from exhibit.tasks.drawing.colormap import NEGATIVE, POSITIVE
from exhibit.tasks.drawing.descriptor import FigureKind, divided
from exhibit.tasks.drawing.svg import (
    COLUMN,
    HIGHEST,
    INK,
    MAIN,
    NAME,
    PAGE,
    PAPER,
    QUIET,
    REFERENCE,
    RULE,
    SECOND,
    SHADES,
    chunks,
    element,
    fitted_apart,
    in_rows,
    line,
    number,
    panel_at,
    text,
    text_width,
    up_to,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import BarPanels, Bars, Part, Reading, Series
from exhibit.tasks.records.language import mark, tr, trp


class _Thick(NamedTuple):
    """CSS pixels: a bar, between bars and between groups."""

    bar: int
    gap: int
    group: int

    def step(self, count: int) -> float:
        """From a group of so many bars to the next."""
        return count * (self.bar + self.gap) - self.gap + self.group


_USUAL = _Thick(12, 2, 11)
_THIN = _Thick(9, 2, 7)  # on page one, where a picture that is too high would be shrunk with its letters
_DRAWN = (56, 30)  # CSS pixels that a drawing beside a row may take
_PER_ROW = 3  # panels side by side


def bars(content: Bars, width: float) -> tuple[Part, ...]:
    """Bars in groups, one group per label, each with its number at the right edge."""
    total, count = COLUMN * width, len(content.labels)
    thick = _THIN if width < 1 and len(content.series) > 1 else _USUAL
    step = max(thick.step(len(content.series)), _DRAWN[1] if content.drawings else 0)
    around = _key(content, 0, total)[1] + _AXIS
    high = count * step + around > HIGHEST
    parts = chunks(count, step, 0, _CLOSED_UP) if high else [slice(0, count)]
    pieces = [(partial(_bars, content, total, step, thick, part), _said(content, part)) for part in parts]
    return in_rows(total, [partial(_bars, content, total, step, thick, slice(0, count))], pieces)


_CLOSED_UP = 120.0  # CSS pixels of the bars of a piece: pieces close up, so they may be small
_AXIS, _ABOVE = 36.0, 16.0  # CSS pixels of an axis and its name below the bars, and of its numbers above them


def _bars(content: Bars, total: float, step: float, thick: _Thick, part: slice, _: float) -> tuple[list[str], float]:
    """The bars of some labels, on the range of all. Pieces close up: the first has the key and the numbers of the axis
    above it, the last the axis below."""
    begins, ends = part.start == 0, part.stop == len(content.labels)
    beside = _DRAWN[0] if content.drawings else 0
    left = beside + _gutter(content.labels, total - beside)
    names, top = _key(content, left, total) if begins else ([], 0.0)
    top += _ABOVE * (begins and not ends)
    shown = [_of(item, part) for item in content.series]
    numbered, place = (begins and not ends, ends), (left, total, top)
    body, bottom = _panel(shown, content.series, content.signed, place, step, numbered, thick)
    rows = _names(fitted_apart(content.labels, NAME, left - beside - 8)[part], left, top, step)
    drawn = _drawings(content.drawings[part], top, step)
    middle = min((left + total) / 2, total - text_width(content.axis, SIZE) / 2)  # long words stay on the picture
    caption = [quiet_word(content.axis, middle, bottom + 30)] if ends else []
    return [*names, *body, *rows, *drawn, *caption], bottom + _AXIS * ends


def _of(series: Series, part: slice) -> Series:
    """The numbers of some labels."""
    errors = None if series.errors is None else series.errors[part]
    return series.model_copy(update={"values": series.values[part], "errors": errors})


def _said(content: Bars | BarPanels, part: slice) -> str:
    """What the bars of some labels say."""
    series = content.series if isinstance(content, Bars) else content.panels
    return trp("list", "; ").join(
        tr(
            "{name}: {values}",
            name=item.name,
            values=trp("list", ", ").join(_lengths(content.labels[part], item, part)),
        )
        for item in series
    )


def _lengths(labels: Sequence[str], item: Series, part: slice) -> list[str]:
    return [f"{name} {number(value, '.3g')}" for name, value in zip(labels, item.values[part].tolist(), strict=True)]


def _drawings(wanted: Sequence[tuple[str, str]], top: float, step: float) -> list[str]:
    """A small molecule at the left edge of each row, with the part of it that is meant."""
    if not wanted:
        return []
    from exhibit.tasks.drawing.molecule import sketch

    return [panel_at(0, top + row * step, sketch(smiles, part, _DRAWN)) for row, (smiles, part) in enumerate(wanted)]


def panels(content: BarPanels, width: float) -> tuple[Part, ...]:
    """Small multiples: a panel of bars per series, up to three side by side, all on the same range."""
    total = (PAGE if len(content.panels) > 2 else COLUMN) * width
    left = _gutter(content.labels, total)
    columns = _columns([panel.name for panel in content.panels], total - left)
    rows = [slice(start, start + columns) for start in range(0, len(content.panels), columns)]
    drawn = partial(_panels, content, total, left, columns)
    parts = chunks(len(content.labels), _USUAL.step(1), _TITLE + _BELOW)
    pieces = [
        (partial(drawn, row, part), _said(content.model_copy(update={"panels": content.panels[row]}), part))
        for row in rows
        for part in parts
    ]
    return in_rows(total, [partial(drawn, row, slice(None)) for row in rows], pieces)


_TITLE, _BELOW = 22.0, 48.0  # CSS pixels above and below the bars of a panel


def _panels(
    content: BarPanels, total: float, left: float, columns: int, row: slice, part: slice, y: float
) -> tuple[list[str], float]:
    """Some panels side by side with the bars of some labels, from `y` on."""
    wide, bottom, elements = (total - left) / columns, 0.0, []
    series = [panel.name for panel in content.panels]
    titles = dict(zip(series, fitted_apart(series, SIZE, wide - 10, 600), strict=True))
    for column, panel in enumerate(content.panels[row]):
        place = (0.0, wide - 18, _TITLE)
        body, bottom = _panel((_of(panel, part),), content.panels, content.signed, place, _USUAL.step(1))
        title = text(titles[panel.name], 0, _TITLE - 8, SIZE, weight=600)
        elements.append(panel_at(left + column * wide, y, title, *body))
    height = bottom + _BELOW
    names = _names(fitted_apart(content.labels, NAME, left - 8)[part], left, y + _TITLE, _USUAL.step(1))
    elements.append(element("g", *names, quiet_word(content.axis, left, y + height - 18, "start"), class_="row"))
    return elements, height - 12 * (row.stop >= len(content.panels))


def _columns(names: Sequence[str], room: float) -> int:
    """As many panels side by side as their names allow."""
    widest = max(text_width(name, SIZE, 600) for name in names) + 10
    return max(1, min(_PER_ROW, len(names), int(room / widest)))


def _panel(
    series: Sequence[Series],
    compared: Sequence[Series],
    by_sign: bool,
    place: tuple[float, float, float],
    step: float,
    numbered: tuple[bool, bool] = (False, True),
    thick: _Thick = _USUAL,
) -> tuple[list[str], float]:
    """Bars of `series` on the range of all `compared` at (left, right, top), a group each `step`, and the height at
    which they end. `numbered`: whether the numbers of the axis stand above and below."""
    left, right, top = place
    shown = _formatter(compared, by_sign)
    count = len(series[0].values)
    numbers = [[shown(float(item.values[row])) for item in series] for row in range(count)]
    bottom = top + count * step
    above = (step - thick.step(len(series)) + thick.group) / 2
    end = right - max(text_width(value, SIZE) for row in numbers for value in row) - 12
    axis = Axis(*_range(compared, by_sign), left, end)
    elements = [
        _bar(item, row, axis, (y, thick.bar), _fill(series, index, row, by_sign))
        + _value(numbers[row][index], right, y + thick.bar / 2, item)
        for row in range(count)
        for index, item in enumerate(series)
        for y in (top + row * step + above + index * (thick.bar + thick.gap),)
    ]
    return [*_scale(axis, by_sign, top, bottom, numbered), *elements, line(axis.at(0), top, axis.at(0), bottom)], bottom


def _scale(axis: Axis, by_sign: bool, top: float, bottom: float, numbered: tuple[bool, bool]) -> list[str]:
    """Grid lines and their numbers, as many as there is room for, but never zero alone."""
    fewest = max(2, min(5, int((axis.end - axis.start) / 48)))
    choices = (axis.ticks(count, by_sign) for count in range(fewest, 9))
    places = next(choice for choice in choices if len(choice) >= 2 + by_sign)
    heights = [y for y, wanted in zip((top - 5, bottom + 14), numbered, strict=True) if wanted]
    return [
        line(x, top, x, bottom, RULE, 0.6, "rule") + "".join(quiet_word(label, x, y) for y in heights)
        for x, label in places
    ]


def _gutter(labels: Sequence[str], total: float) -> float:
    return min(max(text_width(label, NAME) for label in labels) + 10, total * 0.45)


def _names(shown: Sequence[str], left: float, top: float, step: float) -> list[str]:
    return [text(label, left - 8, top + (row + 0.5) * step + 4, NAME, "end") for row, label in enumerate(shown)]


def _range(series: Sequence[Series], by_sign: bool) -> tuple[float, float]:
    ends = np.concatenate([item.values + sign * _errors(item) for item in series for sign in (-1, 1)])
    low, high = min(0.0, float(ends.min())), max(0.0, float(ends.max()))
    if by_sign:
        low, high = -max(-low, high), max(-low, high)
    return (low, high) if high > low else (low, low + 1.0)


def _errors(series: Series) -> Array:
    return np.zeros(len(series.values)) if series.errors is None else np.nan_to_num(series.errors)


def _formatter(series: Sequence[Series], by_sign: bool) -> Callable[[float], str]:
    write = up_to(max(float(np.max(np.abs(item.values))) for item in series))
    return lambda value: write(value, by_sign)


def _fill(series: Sequence[Series], index: int, row: int, by_sign: bool) -> tuple[str, str]:
    """Colour and class of a bar: only signs are red and blue."""
    if series[index].reference:
        return REFERENCE, "reference"
    if by_sign:
        return (POSITIVE[5], "positive") if series[index].values[row] >= 0 else (NEGATIVE[5], "negative")
    own = [number for number, item in enumerate(series) if not item.reference]
    if index == own[0]:
        return MAIN, "main"
    return (SECOND, "second") if len(own) == 2 else (_shade(own.index(index), len(own)), "fixed")


def _shade(place: int, count: int) -> str:
    """A grey between that of the second series and a lighter one, for as many series as there are."""
    share = (place - 1) / max(count - 2, 1)
    pairs = zip(bytes.fromhex(SECOND[1:]), bytes.fromhex(SHADES[0][1:]), strict=True)
    return "#" + bytes(round(dark + (light - dark) * share) for dark, light in pairs).hex()


def _value(shown: str, right: float, middle: float, series: Series) -> str:
    fill, style = (QUIET, "quiet") if series.reference else (INK, "ink")
    return text(shown, right - 2, middle + 4, SIZE, "end", fill=fill, style=style)


def _bar(series: Series, row: int, axis: Axis, place: tuple[float, float], fill: tuple[str, str]) -> str:
    """`place`: its top, and how thick it is."""
    y, thick = place
    value = float(series.values[row])
    x0, x1 = sorted((axis.at(0.0), axis.at(value)))
    bar = element(
        "rect", class_=f"bar {fill[1]}", x=x0, y=y, width=max(x1 - x0, 1.5 * bool(value)), height=thick, fill=fill[0]
    )
    if series.errors is None or not series.errors[row] > 0:
        return bar
    error, middle = float(series.errors[row]), y + thick / 2
    e0, e1 = axis.at(value - error), axis.at(value + error)
    shape = f"M{e0:.2f} {middle:.2f}H{e1:.2f}M{e0:.2f} {middle - 3:.2f}v6M{e1:.2f} {middle - 3:.2f}v6"
    # A light halo keeps the error bar visible on its own dark bar.
    halo = element("path", class_="halo", d=shape, stroke=PAPER, stroke_width=3, fill="none")
    return bar + halo + element("path", class_="ink", d=shape, stroke=INK, stroke_width=1.2, fill="none")


def _key(content: Bars, left: float, right: float) -> tuple[list[str], float]:
    """The names of the series above the bars, in their order, where there is more than one, and where bars begin."""
    if len(content.series) < 2:
        return [], 6.0
    fills = [
        (INK, "ink") if content.signed and not item.reference else _fill(content.series, index, 0, content.signed)
        for index, item in enumerate(content.series)
    ]
    return key([(item.name, *fill) for item, fill in zip(content.series, fills, strict=True)], left, right)


BARS = FigureKind(
    record=Bars,
    draw=divided(bars),
    reading=Reading(
        title=mark("Bars"),
        text=mark(
            "One group of bars for each part of the input. A long bar: the score moved much with it. The thin line is "
            "the error or the 95% interval that is named beside the figure."
        ),
        warning=mark(
            "Where lines overlap, the order of two bars may be chance. Grey bars are another kind of "
            "measure, for comparison."
        ),
    ),
)

BAR_PANELS = FigureKind(
    record=BarPanels,
    draw=divided(panels),
    reading=Reading(
        title=mark("Bars of single samples"),
        text=mark("One panel for each sample, all on one axis. A bar is what one part contributed there."),
        warning=mark("A few samples are examples, not a rule."),
    ),
    broad=lambda content: len(content.panels) > 2,
)
