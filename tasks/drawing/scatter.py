"""Parity plots: measured against predicted."""

from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

from exhibit.tasks.drawing.axis import Axis, below, key, quiet_word, upright
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.image import png
from exhibit.tasks.drawing.svg import COLUMN, INK, MAIN, QUIET, REFERENCE, element, line, picture
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Part, Reading, Scatter, Series
from exhibit.tasks.records.language import mark

_DENSE = 300  # more points than this are drawn as pixels: hundreds of vectors make a document slow
_OVERSAMPLING = 4  # pixels per CSS pixel, about 400 per inch on paper
_RADIUS = 2.4
_LEFT, _BOTTOM = 46.0, 38.0


def scatter(content: Scatter, width: float) -> Part:
    """Measured against predicted in a square, equal scales on both axes, with the line of identity."""
    side = min(COLUMN * width, 380.0)
    groups = [(series.name, *_colour(series)) for series in content.y] if len(content.y) > 1 else []
    legend, top = key(groups, _LEFT, side)
    extent = side - _LEFT - 8
    low, high = _padded(np.concatenate([series.values for series in (*content.x, *content.y)]))
    x, y = Axis(low, high, _LEFT, _LEFT + extent), Axis(low, high, top + extent, top)
    dots = [
        points(x, y, measured.values, predicted.values, _colour(predicted)[0])
        for measured, predicted in zip(content.x, content.y, strict=True)
    ]
    names = [
        quiet_word(content.x_label, _LEFT + extent / 2, y.start + 32),
        upright(content.y_label, 11, top + extent / 2),
    ]
    return picture("chart", side, y.start + _BOTTOM, *legend, *dots, *_frame(x, y), *names)


def _padded(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    pad = (high - low or 1.0) * 0.03
    return low - pad, high + pad


def _colour(series: Series) -> tuple[str, str]:
    return (REFERENCE, "fixed") if series.reference else (MAIN, "fixed")


def _frame(x: Axis, y: Axis) -> list[str]:
    identity = element(
        "path", class_="quiet", d=f"M{x.start:.2f} {y.start:.2f}L{x.end:.2f} {y.end:.2f}", stroke=QUIET,
        stroke_width=0.8, stroke_dasharray="4 3",
    )  # fmt: skip
    left = [
        line(x.start - 4, at, x.start, at) + quiet_word(label, x.start - 7, at + 4, "end") for at, label in y.ticks()
    ]
    axes = line(x.start, y.start, x.end, y.start, INK, 0.9), line(x.start, y.start, x.start, y.end, INK, 0.9)
    return [identity, *axes, *below(x, y.start), *left]


def points(x: Axis, y: Axis, across: Array, up: Array, colour: str) -> str:
    """Discs at (across, up), both (points,)."""
    places = [(x.at(a), y.at(b)) for a, b in zip(across, up, strict=True)]
    if len(places) > _DENSE:
        return _pixels(np.array(places) - (x.start, y.end), x, y, colour)
    return "".join(element("circle", cx=a, cy=b, r=_RADIUS, fill=colour, fill_opacity=0.75) for a, b in places)


def _pixels(places: Array, x: Axis, y: Axis, colour: str) -> str:
    """The points as a picture. `places`: (points, 2) from the upper left corner of the axes."""
    wide, high = x.end - x.start, y.start - y.end
    data = b64encode(png(raster(places, (wide, high), colour))).decode()
    return element(
        "image", x=x.start, y=y.end, width=wide, height=high, href=f"data:image/png;base64,{data}",
        image_rendering="pixelated",
    )  # fmt: skip


def raster(
    places: Array, extent: tuple[float, float], colour: str, radius: float = _RADIUS, light: float = 0.4
) -> NDArray[np.uint8]:
    """(rows, columns, 4): discs at `places` (points, 2) within `extent` (width, height), each of which lets `light`
    through, so that density shows."""
    wide, high = (round(side * _OVERSAMPLING) for side in extent)
    reach = round(radius * _OVERSAMPLING)
    count = np.zeros((high + 2 * reach, wide + 2 * reach), np.int32)
    grid = np.arange(-reach, reach + 1)
    disc = (grid[:, None] ** 2 + grid**2 <= (reach + 0.3) ** 2).astype(np.int32)
    for px, py in np.rint(places * _OVERSAMPLING).astype(int):
        count[py : py + len(disc), px : px + len(disc)] += disc
    inside = count[reach : reach + high, reach : reach + wide]
    shade = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8)
    alpha = np.rint(255 * (1 - light**inside)).astype(np.uint8)
    return np.dstack([np.broadcast_to(shade, (*inside.shape, 3)), alpha])


SCATTER = FigureKind(
    record=Scatter,
    draw=chart(scatter),
    reading=Reading(
        title=mark("Predicted against measured"),
        text=mark(
            "Each point is a sample: to the right what was measured, upwards what the model says. On the dashed line "
            "both are equal."
        ),
        warning=mark("Grey points were seen in training: that they lie close to the line proves little."),
    ),
)
