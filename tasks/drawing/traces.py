"""Series as lines before coloured bands, and sizes along time: channel below channel."""

from collections.abc import Sequence
from math import floor, log10

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, below, quiet_word
from exhibit.tasks.drawing.colormap import colour
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    MAIN,
    NAME,
    PAGE,
    PAPER,
    RULE,
    element,
    fitted_apart,
    line,
    number,
    picture,
    text,
    text_width,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Part, Profile, Reading, Scale, Trace, Traces
from exhibit.tasks.records.language import mark

_GAP, _TOP = 6.0, 4.0  # CSS pixels: between two channels, and above the first
_ROWS = {1: 64.0, 2: 50.0, 3: 42.0}  # CSS pixels of a channel, where there are few
_ROW = 34.0
_BETWEEN = 16.0  # CSS pixels between two series side by side
_BANDS, _POINTS = 120, 400  # of a channel: more would not be told apart


def traces(content: Traces, scales: Sequence[Scale], width: float) -> tuple[Part, ...]:
    """A part s{index} for each series; several stand two by two across the page."""
    total = (COLUMN if len(content.items) == 1 else (PAGE - 2 * _BETWEEN) / 2) * width
    drawn = np.concatenate([item.lines for item in content.items])
    ranges = [_range(drawn[:, channel]) for channel in range(len(content.channels))]
    marks = [_marks(*each) for each in ranges]
    left = _gutter(content.channels, marks, total)
    x = _time(content.times, left, total)
    names = fitted_apart(content.channels, NAME, left - _widest(marks) - 18)
    return tuple(
        _series(f"s{index}", item, content, names, ranges, marks, x, scales[0].limit, total)
        for index, item in enumerate(content.items)
    )


def profile(content: Profile, width: float) -> Part:
    """An area for each channel, all on one range."""
    total = COLUMN * width
    most = float(content.values.max()) or 1.0
    marks = [(_marks(0.0, most)[0], "0")] * len(content.channels)
    left = _gutter(content.channels, marks, total)
    x = _time(content.times, left, total)
    names = fitted_apart(content.channels, NAME, left - _widest(marks) - 18)
    rows, tall = [], _height(len(content.channels))
    for channel, top in enumerate(_tops(len(content.channels))):
        y = Axis(0.0, most, top + tall, top)
        rows += _frame(names[channel], marks[channel], x, top, tall)
        places = _polyline(content.times, content.values[:, channel], x, y)
        area = f"{x.start:.1f},{y.start:.1f} {places} {x.end:.1f},{y.start:.1f}"
        rows.append(element("polygon", class_="bar main", points=area, fill=MAIN))
    return _with_time("chart", rows, len(content.channels), x, content.axis, total)


def _series(
    name: str,
    item: Trace,
    content: Traces,
    names: Sequence[str],
    ranges: Sequence[tuple[float, float]],
    marks: Sequence[tuple[str, str]],
    x: Axis,
    limit: float,
    total: float,
) -> Part:
    rows, tall = [], _height(len(content.channels))
    for channel, top in enumerate(_tops(len(content.channels))):
        y = Axis(*ranges[channel], top + tall - 2, top + 2)
        rows += _bands(content.times, item.values[:, channel], x, (top, tall), limit)
        rows += _frame(names[channel], marks[channel], x, top, tall)
        places = _polyline(content.times, item.lines[:, channel], x, y)
        # A light halo keeps the line visible before a dark band.
        rows.append(element("polyline", class_="halo", points=places, fill="none", stroke=PAPER, stroke_width=2.6))
        rows.append(element("polyline", class_="ink", points=places, fill="none", stroke=INK, stroke_width=1.1))
    return _with_time(name, rows, len(content.channels), x, content.axis, total)


def _bands(times: Array, values: Array, x: Axis, place: tuple[float, float], limit: float) -> list[str]:
    """A rectangle for each step, or for each few, at `place`: top and height; neighbours of one colour are one."""
    top, tall = place
    fills = [colour(float(value), limit) for value in _binned(values, _BANDS)]
    starts_at = [0, *np.cumsum([len(part) for part in np.array_split(times, len(fills))])]
    edges = [x.at(place) for place in _edges(times)[starts_at]]
    starts = [k for k, fill in enumerate(fills) if k == 0 or fill != fills[k - 1]]
    return [
        element("rect", class_="band", x=edges[k], y=top, width=edges[stop] - edges[k], height=tall, fill=fills[k])
        for k, stop in zip(starts, [*starts[1:], len(fills)], strict=True)
        if fills[k] != PAPER
    ]


def _binned(values: Array, most: int) -> Array:
    """(bins,) means of (steps,) values, at most so many."""
    if len(values) <= most:
        return values
    return np.array([part.mean(dtype=np.float64) for part in np.array_split(values, most)])


def _polyline(times: Array, values: Array, x: Axis, y: Axis) -> str:
    pairs = zip(_binned(times, _POINTS).tolist(), _binned(values, _POINTS).tolist(), strict=True)
    return " ".join(f"{x.at(time):.1f},{y.at(value):.1f}" for time, value in pairs)


def _edges(times: Array) -> Array:
    """(steps + 1,) where each step begins and ends: half-way to the next."""
    if len(times) == 1:
        return np.array([times[0] - 0.5, times[0] + 0.5])
    between = (times[1:] + times[:-1]) / 2
    return np.concatenate([[2 * times[0] - between[0]], between, [2 * times[-1] - between[-1]]])


def _frame(name: str, marks: tuple[str, str], x: Axis, top: float, tall: float) -> list[str]:
    """The name of a channel and its range, and the line that its band stands on."""
    high, low = marks
    return [
        line(x.start, top + tall, x.end, top + tall, RULE, 0.6, "rule"),
        quiet_word(high, x.start - 5, top + 9, "end"),
        quiet_word(low, x.start - 5, top + tall, "end"),
        text(name, 0, top + tall / 2 + 4, NAME),
    ]


def _with_time(name: str, rows: Sequence[str], channels: int, x: Axis, axis: str, total: float) -> Part:
    bottom = _TOP + channels * (_height(channels) + _GAP) - _GAP
    label = quiet_word(axis, (x.start + x.end) / 2, bottom + 30)
    return picture(name, total, bottom + 36, *rows, *below(x, bottom), label)


def _tops(channels: int) -> list[float]:
    return [_TOP + channel * (_height(channels) + _GAP) for channel in range(channels)]


def _height(channels: int) -> float:
    return _ROWS.get(channels, _ROW)


def _time(times: Array, left: float, total: float) -> Axis:
    edges = _edges(times)
    return Axis(float(edges[0]), float(edges[-1]), left, total - 12)


def _range(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return (low, high) if high > low else (low - 1.0, low + 1.0)


def _marks(low: float, high: float) -> tuple[str, str]:
    """The upper and the lower end of a range, in so many digits that they differ."""
    digits = 1 - floor(log10(high - low))
    large = max(abs(low), abs(high)) >= _LARGE or digits > _MOST_DIGITS
    upper, lower = (number(end, ".3g" if large else f",.{max(0, digits)}f") for end in (high, low))
    return upper, lower


_LARGE, _MOST_DIGITS = 1e6, 6


def _widest(marks: Sequence[tuple[str, str]]) -> float:
    return max(text_width(word, SIZE) for pair in marks for word in pair)


def _gutter(channels: Sequence[str], marks: Sequence[tuple[str, str]], total: float) -> float:
    """Room for the names of the channels and the ends of their ranges."""
    return min(max(text_width(name, NAME) for name in channels) + _widest(marks) + 19, total * 0.42)


TRACES = FigureKind(
    record=Traces,
    draw=traces,
    reading=Reading(
        title=mark("Series before coloured bands"),
        text=mark(
            "The line is what was measured, a row for each channel, on the range that stands at its left. The colour "
            "behind a piece of it is what that piece contributed to the score, on the scale below."
        ),
        warning=mark(
            "A colour is about the piece of the line before it, in its channel and at its time; a pattern that "
            "takes longer is spread over its steps."
        ),
    ),
    template="traces",
    broad=lambda content: len(content.items) > 1,
    long=lambda content: len(content.items) > 2,
)

PROFILE = FigureKind(
    record=Profile,
    draw=chart(profile),
    reading=Reading(
        title=mark("Importance along time"),
        text=mark(
            "How much a step of each channel moves the score on average over the explained samples, whichever way. "
            "All rows have one range."
        ),
        warning=mark(
            "Where a pattern comes at another time in each sample, its importance is spread over all of them."
        ),
    ),
)
