"""Values per epoch, or per layer: lines, each named at its end."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, quiet_word, ticks, upright
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.svg import COLUMN, INK, MAIN, QUIET, RULE, SECOND, element, line, picture, text, text_width
from exhibit.tasks.records.figure import Cascade, Curves, Lines, Part, Reading, Series
from exhibit.tasks.records.language import mark

_LEFT, _TOP, _HEIGHT = 48.0, 8.0, 190.0
_APART = 13.0  # CSS pixels between names of lines


def curves(content: Lines, width: float, held: Sequence[float] = ()) -> Part:
    """Lines over whole numbers from 1 on; the vertical axis holds zero, and the values `held`."""
    total = COLUMN * width
    epochs = max(2, *(len(series.values) for series in content.series))
    right = total - max(text_width(series.name, SIZE, 600) for series in content.series) - 14
    x, y = Axis(1, epochs, _LEFT, right), _levels(content.series, held)
    grid = [
        line(_LEFT, at, right, at, RULE, 0.6, "rule") + quiet_word(label, _LEFT - 7, at + 4, "end")
        for at, label in y.ticks(4)
    ]
    marks = [quiet_word(f"{epoch:,}", x.at(epoch), y.start + 15) for epoch in _epochs(epochs)]
    names = [
        quiet_word(content.x_label, (_LEFT + right) / 2, y.start + 32),
        upright(content.y_label, 11, _TOP + _HEIGHT / 2),
    ]
    axis = line(_LEFT, y.start, right, y.start, INK, 0.9)
    return picture("chart", total, y.start + 38, *grid, axis, *_lines(content.series, x, y), *marks, *names)


def cascade(content: Cascade, width: float) -> Part:
    """Correlations, of which 1 is the most that there can be."""
    return curves(content, width, held=(1.0,))


def _levels(series: Sequence[Series], held: Sequence[float]) -> Axis:
    values = np.concatenate([held, *(item.values for item in series)])
    low, high = min(0.0, float(np.nanmin(values))), float(np.nanmax(values)) * 1.04
    return Axis(low, high if high > low else low + 1.0, _TOP + _HEIGHT, _TOP)


def _epochs(last: int) -> list[int]:
    """The first epoch and round ones."""
    return sorted({1, *(round(place) for place in ticks(1, last)[0])})


def _lines(series: Sequence[Series], x: Axis, y: Axis) -> list[str]:
    ends = spread([y.at(item.values[-1]) for item in series], _APART)
    return [
        _line(item, x, y, *colour) + _name(item, x, end, *colour)
        for item, end, colour in zip(series, ends, _colours(series), strict=True)
    ]


def _line(series: Series, x: Axis, y: Axis, colour: str, style: str) -> str:
    places = enumerate(series.values, 1)
    known = [(x.at(epoch), y.at(value)) for epoch, value in places if np.isfinite(value)]
    if len(known) == 1:  # of which a line would draw nothing
        at, height = known[0]
        return element(
            "circle", class_=f"curve {style}", cx=at, cy=height, r=1.6, fill="none", stroke=colour, stroke_width=1.8
        )
    points = " ".join(f"{at:.2f},{height:.2f}" for at, height in known)
    return element("polyline", class_=f"curve {style}", points=points, fill="none", stroke=colour, stroke_width=1.8)


def _name(series: Series, x: Axis, height: float, colour: str, style: str) -> str:
    at = x.at(len(series.values)) + 8
    fill = QUIET if style == "second" else colour  # as letters the colour of the line would be too light
    return text(series.name, at, height + 4, SIZE, weight=600, fill=fill, style=f"name {style}")


def _colours(series: Sequence[Series]) -> list[tuple[str, str]]:
    """Colour and class of each line; references are grey."""
    main = iter(((MAIN, "main"), *[(SECOND, "second")] * len(series)))
    return [(QUIET, "reference") if item.reference else next(main) for item in series]


def spread(places: Sequence[float], apart: float) -> list[float]:
    """The places moved as little as needed to stand at least `apart`, in the same order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + apart)
    shift = (sum(moved) - sum(places)) / len(places)
    return [place - shift for place in moved]


CURVES = FigureKind(
    record=Curves,
    draw=chart(curves),
    reading=Reading(
        title=mark("Learning curves"),
        text=mark("How the error falls, or the share of right answers rises, with every round of training."),
        warning=mark("Where the line of the test data rises again the model learns its training data by heart."),
    ),
)

CASCADE = FigureKind(
    record=Cascade,
    draw=chart(cascade),
    reading=Reading(
        title=mark("Random layers"),
        text=mark(
            "How much of an explanation is left when the layers of the model are made random one after another, from "
            "the top down: 1 is the same order of importance, 0 an order that has nothing to do with it."
        ),
        warning=mark("A line that stays high belongs to an explanation that the weights of the model hardly touch."),
    ),
)
