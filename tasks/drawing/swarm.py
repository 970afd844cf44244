"""Every sample of every feature as a point: how far it moved the score, and what its value was."""

from base64 import b64encode

import numpy as np

from exhibit.tasks.drawing.axis import SIZE, Axis, below, quiet_word
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.image import png
from exhibit.tasks.drawing.scatter import raster
from exhibit.tasks.drawing.svg import (
    COLUMN,
    INK,
    MAIN,
    NAME,
    QUIET,
    RULE,
    SHADES,
    element,
    fitted,
    fitted_apart,
    line,
    picture,
    text,
    text_width,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Part, Reading, Swarm
from exhibit.tasks.records.language import mark, tr

_ROW, _RADIUS = 17.0, 1.6  # CSS pixels: height of a feature, radius of a point
_TOP, _HEAD = 26.0, 20.0  # CSS pixels: height of the key, and of the name of an output
_DENSE = 6000  # more points than this are drawn as pixels


def swarm(content: Swarm, width: float) -> Part:
    """One row of points per feature, below each other for each output; points that would hide each other are moved
    apart, as far as the row allows."""
    total = COLUMN * width
    left = min(max(text_width(label, NAME) for label in content.labels) + 10, total * 0.4)
    axis = Axis(*_ends(content.values), left, total - 6)
    labels = fitted_apart(content.labels, NAME, left - 8)
    y, words, places, shades = _TOP, [], [], []
    for title, rows in _blocks(content):
        if title:
            y += _HEAD
            words.append(text(fitted(title, NAME, total - 6, weight=600), 0, y - 5, NAME, weight=600))
        for k, label in enumerate(labels):
            words.append(text(label, left - 8, y + 0.5 * _ROW + 4, NAME, "end"))
            places.append(_places(axis, content.values[rows, k], y + 0.5 * _ROW))
            shades.append(content.shades[rows, k])
            y += _ROW
    return picture(
        "chart",
        total,
        y + 40,
        *_key(content.shades, total),
        line(axis.at(0), _TOP, axis.at(0), y, RULE, 1, "rule"),
        *_points(np.concatenate(places), np.concatenate(shades), (total, y)),
        line(left, y, total - 6, y, INK, 0.9),
        *below(axis, y, by_sign=True),
        *words,
        quiet_word(tr(content.axis), (left + total) / 2, y + 32),
    )


def _blocks(content: Swarm) -> list[tuple[str, Array]]:
    """What stands above the rows of each output, and its samples; of one output all of them, without a word."""
    if not content.outputs:
        return [("", np.arange(len(content.values)))]
    return [(name, np.flatnonzero(content.of == number)) for number, name in enumerate(content.outputs)]


def _ends(values: Array) -> tuple[float, float]:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    pad = (high - low or 1.0) * 0.03
    return low - pad, high + pad


def _places(axis: Axis, values: Array, middle: float) -> Array:
    """(samples, 2): points at their value; those of one column of pixels are stacked around the middle."""
    x = np.array([axis.at(value) for value in values])
    column = np.rint(x / (1.6 * _RADIUS)).astype(int)
    order = np.argsort(column, kind="stable")
    starts = np.searchsorted(column[order], column[order])
    depth = np.empty(len(x), int)
    depth[order] = np.arange(len(x)) - starts
    size = np.bincount(column - column.min())[column - column.min()]
    step = np.minimum(1.6 * _RADIUS, (_ROW - 2 * _RADIUS) / np.maximum(size - 1, 1))
    side = np.where(depth % 2, 1, -1) * ((depth + 1) // 2)
    return np.stack([x, middle + side * step], axis=1)


def _points(places: Array, shades: Array, extent: tuple[float, float]) -> list[str]:
    """One path per shade: a document with a vector for each of thousands of points is slow. Of very many points one
    picture per shade."""
    level = np.where(np.isnan(shades), len(SHADES), np.clip(shades * len(SHADES), 0, len(SHADES) - 1))
    colours = (*SHADES, MAIN if np.isnan(shades).all() else QUIET)
    circles = []
    for number, colour in enumerate(colours):
        chosen = places[level.astype(int) == number]
        if len(chosen) and len(places) > _DENSE:
            circles.append(_pixels(chosen, extent, colour))
        elif len(chosen):
            path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in chosen)
            circles.append(
                element(
                    "path", class_="points", d=path, stroke=colour, stroke_width=2 * _RADIUS, stroke_linecap="round",
                    fill="none",
                )
            )  # fmt: skip
    return circles


def _pixels(places: Array, extent: tuple[float, float], colour: str) -> str:
    data = b64encode(png(raster(places, extent, colour, _RADIUS, 0.0))).decode()
    return element(
        "image", x=0, y=0, width=extent[0], height=extent[1], href=f"data:image/png;base64,{data}",
        image_rendering="pixelated",
    )  # fmt: skip


def _key(shades: Array, total: float) -> list[str]:
    """What light and dark mean, where features have values."""
    if np.isnan(shades).all():
        return []
    low, high = tr("low value"), tr("high value")
    x = total - 6 - 14 * len(SHADES) - text_width(high, SIZE) - 6
    squares = [
        element("rect", x=x + 14 * number, y=4, width=14, height=9, fill=colour) for number, colour in enumerate(SHADES)
    ]
    return [
        quiet_word(low, x - 6, 12.5, "end"),
        *squares,
        quiet_word(high, x + 14 * len(SHADES) + 6, 12.5, "start"),
    ]


SWARM = FigureKind(
    record=Swarm,
    draw=chart(swarm),
    reading=Reading(
        title=mark("Swarm of points"),
        text=mark(
            "One row for each part, one point for each sample: right of the line it raised the score, left it lowered "
            "it. A dark point: the part had a high value."
        ),
        warning=mark("Dark on one side and light on the other shows a trend of the model, not of the world."),
    ),
)
