"""Small multiples of how features are distributed, in several groups of rows."""

from collections.abc import Sequence
from functools import partial

from exhibit.tasks.drawing.axis import SIZE, Axis, key, quiet_word
from exhibit.tasks.drawing.descriptor import FigureKind, divided
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    MAIN,
    NAME,
    REFERENCE,
    SECOND,
    chunks,
    element,
    fitted,
    fitted_apart,
    in_rows,
    line,
    number,
    text,
    text_width,
)  # fmt: skip
from exhibit.tasks.records.figure import Histogram, Histograms, Part, Reading
from exhibit.tasks.records.language import mark, tr, trp

_ACROSS, _BETWEEN, _HEIGHT, _TITLE, _FOOT = 3, 18.0, 54.0, 20.0, 24.0
_LINE = 14.0  # CSS pixels of a line of names below the bars
_LARGE, _LONG = 1000, 10_000  # from which on numbers have no digits after the point, and commas
_COLOURS = ((REFERENCE, "reference"), (SECOND, "second"), (MAIN, "main"))  # of the groups, the first one filled


def histograms(content: Histograms, width: float) -> tuple[Part, ...]:
    """Three side by side, more below; each on an axis of its own. On paper pages may end between rows."""
    total = COLUMN * width
    wide = (total - (_ACROSS - 1) * _BETWEEN) / _ACROSS
    colours = _COLOURS[:1] + _COLOURS[1 - len(content.groups) :] * (len(content.groups) > 1)
    legend, high = key([(name, *c) for name, c in zip(content.groups, colours, strict=True)], 0, total)

    names = [panel.title for panel in content.panels]
    titles = dict(zip(names, fitted_apart(names, NAME, wide), strict=True))

    def part(panels: Sequence[Histogram], top: float) -> tuple[list[str], float]:
        """From `top` on; each row is as tall as its longest names."""
        drawn, below = [_at(0, top, *legend)], high + 4
        for row in _rows(panels):
            for k, panel in enumerate(row):
                drawn.append(
                    _at(k * (wide + _BETWEEN), top + below, *_panel(panel, titles[panel.title], wide, colours))
                )
            below += _tall(row, wide)
        return drawn, below

    rows = -(-len(content.panels) // _ACROSS)
    tall = max((_tall(row, wide) for row in _rows(content.panels)), default=0.0)
    pieces = [
        (
            partial(part, panels),
            tr("Distributions of {features}", features=trp("list", ", ").join(panel.title for panel in panels)),
        )
        for some in chunks(rows, tall, high + 4)
        for panels in [content.panels[some.start * _ACROSS : some.stop * _ACROSS]]
    ]
    return in_rows(total, [partial(part, content.panels)], pieces)


def _rows(panels: Sequence[Histogram]) -> list[Sequence[Histogram]]:
    return [panels[start : start + _ACROSS] for start in range(0, len(panels), _ACROSS)]


def _tall(row: Sequence[Histogram], wide: float) -> float:
    return _TITLE + _HEIGHT + _FOOT + max(len(_lines(panel, wide)) for panel in row) * _LINE


def _at(x: float, y: float, *children: str) -> str:
    """At its place; columns are no samples, so no filter of these hides one."""
    return element("g", *children, transform=f"translate({x:.1f} {y:.1f})")


def _panel(panel: Histogram, title: str, wide: float, colours: tuple[tuple[str, str], ...]) -> list[str]:
    x = Axis(0, len(panel.bins), 0, wide)
    y = Axis(0, float(panel.shares.max()) or 1.0, _TITLE + _HEIGHT, _TITLE)
    drawn = [text(title, 0, 11, NAME)]
    for shares, (colour, style) in zip(panel.shares, colours, strict=True):
        if style == "reference":
            drawn += [
                element(
                    "rect", class_=f"bar {style}", x=x.at(k) + 0.5, y=y.at(value), width=x.at(k + 1) - x.at(k) - 1,
                    height=y.start - y.at(value), fill=colour,
                )
                for k, value in enumerate(shares.tolist())
            ]  # fmt: skip
        else:
            steps = [(x.at(k + side), y.at(value)) for k, value in enumerate(shares.tolist()) for side in (0, 1)]
            joined = " ".join(f"{a:.2f},{b:.2f}" for a, b in [(0.0, y.start), *steps, (wide, y.start)])
            drawn.append(
                element(
                    "polyline", class_=f"curve {style}", points=joined, fill="none", stroke=colour, stroke_width=1.5
                )
            )
    return [*drawn, line(0, y.start, wide, y.start, INK, 0.9), *_ends(panel, wide, y.start + 14)]


def _end(value: float) -> str:
    """As tables have it: a year has no comma."""
    large = ",.0f" if abs(value) >= _LONG else ".0f"
    return number(value, large if abs(value) >= _LARGE else ".4g")


def _ends(panel: Histogram, wide: float, at: float) -> list[str]:
    """The ends of numbers; of categories the names, or where these are too long numbers and what they stand for."""
    if panel.ends is not None:
        low, high = map(_end, panel.ends)
        if len(panel.bins) == 1:
            return [quiet_word(low, wide / 2, at)]
        return [quiet_word(low, 0, at, "start"), quiet_word(high, wide, at, "end")]
    each, lines = wide / len(panel.bins), _lines(panel, wide)
    below = map(str, range(1, len(panel.bins) + 1)) if lines else panel.bins
    return [
        *(quiet_word(name, (k + 0.5) * each, at) for k, name in enumerate(below)),
        *(quiet_word(said, 0, at + k * _LINE, "start") for k, said in enumerate(lines, 1)),
    ]


def _lines(panel: Histogram, wide: float) -> list[str]:
    """The names of categories with their numbers, as many in a line as it holds; none where each has room below its
    own bar."""
    each = wide / len(panel.bins)
    if panel.ends is not None or all(text_width(name, SIZE) <= each - 4 for name in panel.bins):
        return []
    lines: list[str] = []
    for place, name in enumerate(panel.bins, 1):
        said = fitted(f"{place} {name}", SIZE, wide)
        longer = trp("list", ", ").join([*lines[-1:], said])
        if lines and text_width(longer, SIZE) <= wide:
            lines[-1] = longer
        else:
            lines.append(said)
    return lines


HISTOGRAMS = FigureKind(
    record=Histograms,
    draw=divided(histograms),
    reading=Reading(
        title=mark("Distributions"),
        text=mark(
            "How often each value stands in the rows: filled bars are the first group of rows, lines the others, each "
            "as shares of its own rows. Where a line leaves the bars, these rows are not like the first."
        ),
        warning=mark(
            "Each small picture has an axis of its own, so two of them cannot be compared by height; few rows "
            "make rough lines. What is beyond the ends of the axis is counted in the outermost bars."
        ),
    ),
)
