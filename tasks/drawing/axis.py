"""Axes: where a number is drawn, and the round numbers beside it."""

from collections.abc import Sequence
from itertools import pairwise
from math import floor, inf, log10
from typing import NamedTuple

from exhibit.tasks.drawing.svg import INK, MOST_DECIMALS, QUIET, SMALL, element, line, number, signed, text, text_width
from exhibit.tasks.records.shown import as_power

SIZE = SMALL  # of the words at an axis, in CSS pixels
KEY = 17.0  # height of a line of names above a chart
_SHORT, _LONG = 1_000, 1e7  # from which on three digits do not write a number out, and from which on nothing does
_GROUPED = 10_000  # from which on digits are in groups of three: a year is 2023
_ANYWHERE = (-inf, inf)
_APART = 3.0  # CSS pixels between two labels, at least


class Axis(NamedTuple):
    """A linear scale that draws `low` at `start` and `high` at `end` (CSS pixels)."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Where `value` is drawn."""
        return self.start + (float(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(
        self, count: int = 5, by_sign: bool = False, longest: float = _LONG, whole: bool = False
    ) -> list[tuple[float, str]]:
        """Places and labels of about `count` round numbers; `by_sign` prints their signs. From `longest` on they have
        powers of ten. Of a quantity that is `whole` they are, too."""
        values, digits = ticks(self.low, self.high, count, whole)
        most = max(map(abs, values), default=0.0)

        def label(value: float) -> str:
            if value and most >= longest:
                return "+" * (by_sign and value > 0) + as_power(value)
            if by_sign or int(digits.strip(",.f")) > MOST_DECIMALS:
                text = signed(value, ".3g" if most < _SHORT else digits)
                return text if by_sign else text.removeprefix("+")
            return number(value, digits)

        return [(self.at(value), label(value)) for value in values]

    def fitting(
        self, count: int = 5, by_sign: bool = False, inside: tuple[float, float] = _ANYWHERE, whole: bool = False
    ) -> list[tuple[float, str]]:
        """As `ticks`, or fewer or shorter ones where the labels of so many would touch in their room below the axis."""
        choices = [
            self.ticks(fewer, by_sign, longest, whole) for longest in (_LONG, _SHORT) for fewer in range(count, 0, -1)
        ]
        return next((choice for choice in choices if len(choice) > 1 and _stand_apart(choice, inside)), choices[0][:1])


def _stand_apart(places: Sequence[tuple[float, str]], inside: tuple[float, float]) -> bool:
    centres, wide = [_kept(*place, inside) for place in places], [text_width(label, SIZE) for _, label in places]
    return all(
        two - one >= (first + second) / 2 + _APART
        for (one, two), (first, second) in zip(pairwise(sorted(centres)), pairwise(wide), strict=True)
    )


def _kept(x: float, label: str, inside: tuple[float, float]) -> float:
    """The centre of a label that stands at `x`, or as near to it as its room lets it."""
    half = text_width(label, SIZE) / 2
    return min(max(x, inside[0] + half), inside[1] - half)


def ticks(low: float, high: float, count: int = 5, whole: bool = False) -> tuple[list[float], str]:
    """Round numbers from `low` to `high`, about `count`, and the format that prints them alike: of five digits or more
    they are in groups. Of a quantity that is `whole`, as a year, there are none between 1 and 2."""
    raw = max((high - low) / count, float(whole))
    power = 10.0 ** floor(log10(raw))
    factors = (1, 2, 5, 10) if whole and power < 10 else (1, 2, 2.5, 5, 10)
    factor = next(factor for factor in factors if factor * power >= raw * (1 - 1e-9))
    step = factor * power
    first, last = -floor(-low / step + 1e-9), floor(high / step + 1e-9)
    digits = max(0, -floor(log10(step))) + (factor == 2.5 and power < 10)
    grouped = "," if max(abs(low), abs(high)) >= _GROUPED else ""
    return [i * step for i in range(first, last + 1)], f"{grouped}.{digits}f"


def quiet_word(content: str, x: float, y: float, anchor: str = "middle") -> str:
    """A quiet word at an axis."""
    return text(content, x, y, SIZE, anchor, fill=QUIET, style="quiet")


def upright(content: str, x: float, y: float) -> str:
    """The name of a vertical axis, read from below, centred on (x, y)."""
    return element("g", quiet_word(content, 0, 0), transform=f"translate({x:.1f} {y:.1f}) rotate(-90)")


def below(
    axis: Axis,
    y: float,
    count: int = 5,
    by_sign: bool = False,
    inside: tuple[float, float] = _ANYWHERE,
    whole: bool = False,
) -> list[str]:
    """The numbers of a horizontal axis at height `y`, with small ticks; none reaches out of what is said to be their
    room."""
    return [
        line(x, y, x, y + 4, INK) + quiet_word(label, _kept(x, label, inside), y + 15)
        for x, label in axis.fitting(count, by_sign, inside, whole)
    ]


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
