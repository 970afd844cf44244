"""Axes: where a number is drawn, and the round numbers beside it."""

from collections.abc import Sequence
from math import floor, log10
from typing import NamedTuple

from exhibit.tasks.drawing.svg import INK, QUIET, SMALL, element, line, number, signed, text, text_width

SIZE = SMALL  # of the words at an axis, in CSS pixels
KEY = 17.0  # height of a line of names above a chart


class Axis(NamedTuple):
    """A linear scale that draws `low` at `start` and `high` at `end` (CSS pixels)."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where `value` is drawn."""
        return self.start + (float(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self, count: int = 5, by_sign: bool = False) -> list[tuple[float, str]]:
        """Places and labels of about `count` round numbers; `by_sign` prints their signs."""
        values, digits = ticks(self.low, self.high, count)
        return [(self.at(value), signed(value) if by_sign else number(value, digits)) for value in values]


def ticks(low: float, high: float, count: int = 5) -> tuple[list[float], str]:
    """Round numbers from `low` to `high`, about `count`, and the format that prints them alike."""
    raw = (high - low) / count
    power = 10.0 ** floor(log10(raw))
    factor = next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * (1 - 1e-9))
    step = factor * power
    first, last = -floor(-low / step + 1e-9), floor(high / step + 1e-9)
    digits = max(0, -floor(log10(step))) + (factor == 2.5 and power < 10)
    return [i * step for i in range(first, last + 1)], f",.{digits}f"


def mark(content: str, x: float, y: float, anchor: str = "middle") -> str:
    """A quiet word at an axis."""
    return text(content, x, y, SIZE, anchor, fill=QUIET, style="quiet")


def upright(content: str, x: float, y: float) -> str:
    """The name of a vertical axis, read from below, centred on (x, y)."""
    return element("g", mark(content, 0, 0), transform=f"translate({x:.1f} {y:.1f}) rotate(-90)")


def below(axis: Axis, y: float, count: int = 5, by_sign: bool = False) -> list[str]:
    """The numbers of a horizontal axis at height `y`, with small ticks."""
    return [line(x, y, x, y + 4, INK) + mark(label, x, y + 15) for x, label in axis.ticks(count, by_sign)]


def key(names: Sequence[tuple[str, str, str]], left: float, right: float) -> tuple[list[str], float]:
    """Names above a chart, each after a square of its colour: (name, colour, class), and the height that they take.

    They go on in a new line where the next one would pass `right`.
    """
    parts, x, y = [], left, 5.0
    for name, colour, style in names:
        wide = text_width(name, SIZE) + 31
        if x > left and x + wide - 18 > right:
            x, y = left, y + KEY
        parts.append(element("rect", class_=f"bar {style}", x=x, y=y, width=9, height=9, fill=colour))
        parts.append(text(name, x + 13, y + 8.5, SIZE))
        x += wide
    return parts, y + KEY - 2 if parts else 6.0
