"""Values per epoch, or per step: lines, each named at its end."""

from collections.abc import Sequence
from itertools import cycle, pairwise

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, quiet_word, ticks, upright
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    MAIN,
    QUIET,
    RULE,
    SECOND,
    element,
    fitted_apart,
    line,
    picture,
    text,
    text_width,
)
from exhibit.tasks.records.figure import Cascade, Curves, Lines, Part, Reading, Series
from exhibit.tasks.records.language import mark

_LEFT, _TOP, _HEIGHT = 48.0, 8.0, 190.0
_APART = 13.0  # CSS pixels between names of lines
_BEHIND, _LED = 8.0, 22.0  # CSS pixels from the end of a line to its name, and where a thin line leads there
_MOST = 0.4  # of the width, for the names
# Colour, class and dashes of each line: the first two of each kind of dash are told apart by their shade.
_LOOKS = [
    (colour, style, dashes)
    for dashes in ("", "7 3", "2 3", "9 3 2 3")
    for colour, style in ((MAIN, "main"), (SECOND, "second"))
]


def curves(content: Lines, width: float, held: Sequence[float] = ()) -> Part:
    """Lines over whole numbers from 1 on; the vertical axis holds zero, and the values `held`."""
    total = COLUMN * width
    epochs = max(2, *(len(series.values) for series in content.series))
    names = fitted_apart([series.name for series in content.series], SIZE, total * _MOST, 600)
    bottom = _TOP + max(_HEIGHT, _APART * len(names))
    y = _levels(content.series, held, bottom)
    ends = [y.at(series.values[-1]) for series in content.series]
    places = inside(spread(ends, _APART), _APART, _TOP, bottom)
    led = [abs(place - end) > _APART / 2 for place, end in zip(places, ends, strict=True)]
    behind = _LED if any(led) else _BEHIND
    right = total - max(text_width(name, SIZE, 600) for name in names) - behind - 6
    x = Axis(1, epochs, _LEFT, right)
    grid = [
        line(_LEFT, at, right, at, RULE, 0.6, "rule") + quiet_word(label, _LEFT - 7, at + 4, "end")
        for at, label in y.ticks(4)
    ]
    marks = [quiet_word(f"{epoch:,}", x.at(epoch), y.start + 15) for epoch in _epochs(epochs)]
    words = [
        quiet_word(content.x_label, (_LEFT + right) / 2, y.start + 32),
        upright(content.y_label, 11, (_TOP + bottom) / 2),
    ]
    axis = line(_LEFT, y.start, right, y.start, INK, 0.9)
    lines = [
        _line(series, x, y, *look) + _name(name, x.at(len(series.values)) + behind, place, *look[:2])
        for series, name, place, look in zip(content.series, names, places, _looks(content.series), strict=True)
    ]
    leads = [
        line(x.at(len(series.values)) + 3, end, x.at(len(series.values)) + behind - 3, place, QUIET, 0.6, "quiet")
        for series, end, place, apart in zip(content.series, ends, places, led, strict=True)
        if apart
    ]
    return picture("chart", total, y.start + 38, *grid, axis, *lines, *leads, *marks, *words)


def cascade(content: Cascade, width: float) -> Part:
    """Correlations, of which 1 is the most that there can be."""
    return curves(content, width, held=(1.0,))


def _levels(series: Sequence[Series], held: Sequence[float], bottom: float) -> Axis:
    values = np.concatenate([held, *(item.values for item in series)])
    low, high = min(0.0, float(np.nanmin(values))), float(np.nanmax(values)) * 1.04
    return Axis(low, high if high > low else low + 1.0, bottom, _TOP)


def _epochs(last: int) -> list[int]:
    """The first epoch and round ones."""
    return sorted({1, *(round(place) for place in ticks(1, last)[0])})


def _line(series: Series, x: Axis, y: Axis, colour: str, style: str, dashes: str) -> str:
    places = enumerate(series.values, 1)
    known = [(x.at(epoch), y.at(value)) for epoch, value in places if np.isfinite(value)]
    class_ = f"curve {style}"
    shape: dict[str, str | float] = {"fill": "none", "stroke": colour, "stroke_width": 1.8}
    if len(known) == 1:  # of which a line would draw nothing
        at, height = known[0]
        return element("circle", class_=class_, cx=at, cy=height, r=1.6, **shape)
    dashed = {"stroke_dasharray": dashes} if dashes else {}
    points = " ".join(f"{at:.2f},{height:.2f}" for at, height in known)
    return element("polyline", class_=class_, points=points, **shape, **dashed)


def _name(name: str, at: float, height: float, colour: str, style: str) -> str:
    fill = QUIET if style == "second" else colour  # as letters the colour of the line would be too light
    return text(name, at, height + 4, SIZE, weight=600, fill=fill, style=f"name {style}")


def _looks(series: Sequence[Series]) -> list[tuple[str, str, str]]:
    """Colour, class and dashes of each line; references are grey."""
    main = cycle(_LOOKS)
    return [(QUIET, "reference", "") if item.reference else next(main) for item in series]


def inside(places: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """The places from `low` to `high`, as near as can be to where they were, still `apart` and in the same order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for index, place in enumerate(reversed(order)):
        moved[place] = min(moved[place], high - index * apart)
    for index, place in enumerate(order):
        moved[place] = max(moved[place], low + index * apart)
    return moved


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
            "How much of an explanation is left when more and more layers of the model are made random, from the top "
            "down: 1 is the same order of importance, 0 an order that has nothing to do with it."
        ),
        warning=mark("A line that stays high belongs to an explanation that the weights of the model hardly touch."),
    ),
)
