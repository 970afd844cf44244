"""Charts of models: parity scatter, curves per epoch, confusion matrix."""

from base64 import b64encode
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.drawing.image import png
from tasks.drawing.svg import (
    COLUMN, INK, MAIN, PAPER, QUIET, REFERENCE, RULE, SECOND, element, line, number, picture, text, text_width, ticks,
)  # fmt: skip
from tasks.records import Array, Curves, Matrix, Part, Scatter, Series

_SIZE = 11
_DENSE = 300  # more points than this are drawn as pixels: hundreds of vectors make a document slow
_OVERSAMPLING = 4  # pixels per CSS pixel, about 400 per inch on paper


def scatter(content: Scatter, width: float) -> Part:
    """Measured against predicted in a square, equal scales on both axes, with the line of identity."""
    side = min(COLUMN * width, 380.0)
    left, top = 46.0, 22.0 if len(content.x) > 1 else 6.0
    extent = side - left - 8
    low, high = _padded(np.concatenate([series.values for series in (*content.x, *content.y)]))

    def place(values: Array) -> Array:
        return (values - low) / (high - low) * extent

    places, digits = ticks(low, high)
    bottom = top + extent
    frame = [
        line(left, bottom, left + extent, bottom, INK, 0.9),
        line(left, top, left, bottom, INK, 0.9),
        element("line", class_="quiet", x1=left, y1=bottom, x2=left + extent, y2=top, stroke=QUIET, stroke_width=0.8,
                stroke_dasharray="4 3"),
    ]  # fmt: skip
    marks = [
        tick
        for value in places
        for tick in (
            _mark(number(value, digits), left + float(place(np.array(value))), bottom + 15, "middle"),
            _mark(number(value, digits), left - 7, bottom - float(place(np.array(value))) + 4, "end"),
            line(left + float(place(np.array(value))), bottom, left + float(place(np.array(value))), bottom + 4),
            line(left - 4, bottom - float(place(np.array(value))), left, bottom - float(place(np.array(value)))),
        )
    ]
    dots = [
        _points(place(x.values), extent - place(y.values), left, top, extent, REFERENCE if y.reference else MAIN)
        for x, y in zip(content.x, content.y, strict=True)
    ]
    names = [_mark(content.x_label, left + extent / 2, bottom + 32, "middle"), _upright(content.y_label, 11, top + extent / 2)]
    key = _key([(y.name, REFERENCE if y.reference else MAIN) for y in content.y], left) if len(content.y) > 1 else []
    return picture("chart", side, bottom + 38, *key, *dots, *frame, *marks, *names)


def _padded(values: Array) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    pad = (high - low or 1.0) * 0.03
    return low - pad, high + pad


def _points(x: Array, y: Array, left: float, top: float, extent: float, colour: str) -> str:
    radius = 2.4
    if len(x) <= _DENSE:
        return "".join(
            element("circle", cx=left + float(px), cy=top + float(py), r=radius, fill=colour, fill_opacity=0.75)
            for px, py in zip(x, y, strict=True)
        )
    data = b64encode(png(_raster(x, y, extent, radius, colour))).decode()
    return element(
        "image", x=left, y=top, width=extent, height=extent, href=f"data:image/png;base64,{data}",
        style="image-rendering:pixelated",
    )  # fmt: skip


def _raster(x: Array, y: Array, extent: float, radius: float, colour: str) -> NDArray[np.uint8]:
    """(pixels, pixels, 4): overlapping half transparent discs, so that density shows."""
    size, reach = round(extent * _OVERSAMPLING), round(radius * _OVERSAMPLING)
    count = np.zeros((size + 2 * reach, size + 2 * reach), np.int32)
    grid = np.arange(-reach, reach + 1)
    disc = (grid[:, None] ** 2 + grid**2 <= (reach + 0.3) ** 2).astype(np.int32)
    for px, py in zip(np.rint(x * _OVERSAMPLING).astype(int), np.rint(y * _OVERSAMPLING).astype(int), strict=True):
        count[py : py + 2 * reach + 1, px : px + 2 * reach + 1] += disc
    inside = count[reach : reach + size, reach : reach + size]
    shade = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
    alpha = np.rint(255 * (1 - 0.4**inside)).astype(np.uint8)
    return np.dstack([np.broadcast_to(shade, (*inside.shape, 3)), alpha])


def curves(content: Curves, width: float) -> Part:
    """Lines over epochs, each named at its right end."""
    total, height, left, top = COLUMN * width, 190.0, 48.0, 8.0
    values = np.concatenate([series.values for series in content.series])
    low, high = min(0.0, float(np.nanmin(values))), float(np.nanmax(values)) * 1.04 or 1.0
    right = total - max(text_width(series.name, _SIZE) for series in content.series) - 14
    epochs = max(len(series.values) for series in content.series)

    def at(epoch: float) -> float:
        return left + (epoch - 1) / max(epochs - 1, 1) * (right - left)

    def level(value: float) -> float:
        return top + (high - value) / (high - low) * height

    places, digits = ticks(low, high, 4)
    grid = [
        line(left, level(value), right, level(value), RULE, 0.6, "rule")
        + _mark(number(value, digits), left - 7, level(value) + 4, "end")
        for value in places
    ]
    whole = sorted({1, *(round(value) for value in ticks(1, max(epochs, 2))[0] if value >= 1)})
    marks = [_mark(f"{value:,}", at(value), top + height + 15, "middle") for value in whole if value <= epochs]
    names = [_mark(content.x_label, (left + right) / 2, top + height + 32, "middle"),
             _upright(content.y_label, 11, top + height / 2)]  # fmt: skip
    axis = line(left, top + height, right, top + height, INK, 0.9)
    return picture("chart", total, top + height + 38, *grid, axis, *_lines(content.series, at, level), *marks, *names)


def _lines(series: Sequence[Series], at: Callable[[float], float], level: Callable[[float], float]) -> list[str]:
    ends = spread([level(float(item.values[-1])) for item in series], 13)
    drawn = []
    for item, end, colour in zip(series, ends, _series_colours(series), strict=True):
        points = " ".join(f"{at(i + 1):.2f},{level(float(v)):.2f}" for i, v in enumerate(item.values) if np.isfinite(v))
        drawn.append(element("polyline", class_=colour[1], points=points, fill="none", stroke=colour[0],
                             stroke_width=1.8, stroke_linejoin="round"))  # fmt: skip
        drawn.append(text(item.name, at(len(item.values)) + 8, end + 4, _SIZE, weight=600, fill=colour[0], style=colour[2]))
    return drawn


def _series_colours(series: Sequence[Series]) -> list[tuple[str, str, str]]:
    main = [(MAIN, "stroke main", "main-text"), (SECOND, "stroke second", "second-text")]
    counts = np.cumsum([not item.reference for item in series]) - 1
    return [
        ("#9aa1ae", "stroke reference", "quiet") if item.reference else main[int(index) % len(main)]
        for item, index in zip(series, counts, strict=True)
    ]


def spread(places: Sequence[float], apart: float) -> list[float]:
    """The places moved as little as needed to stand at least `apart`, in the same order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    moved = list(places)
    for before, after in zip(order, order[1:], strict=False):
        moved[after] = max(moved[after], moved[before] + apart)
    shift = (sum(moved) - sum(places)) / len(places)
    return [place - shift for place in moved]


def matrix(content: Matrix, width: float) -> Part:
    """Counts of (true, predicted); the shade is the share of the row, so that rare classes show as well."""
    count = len(content.labels)
    left = max(text_width(label, _SIZE) for label in content.labels) + 28
    cell = min(56.0, (COLUMN * width - left - 2) / count)
    slanted = max(text_width(label, _SIZE) for label in content.labels) > cell - 4
    top = 24 + (max(text_width(label, _SIZE) for label in content.labels) * 0.71 + 4 if slanted else 14)
    height = min(cell, 30.0)
    shares = content.counts / np.maximum(content.counts.sum(axis=1, keepdims=True), 1)
    cells = [
        _count(int(content.counts[i, j]), float(shares[i, j]), left + j * cell, top + i * height, cell, height)
        for i in range(count)
        for j in range(count)
    ]
    rows = [text(label, left - 7, top + i * height + height / 2 + 4, _SIZE, "end") for i, label in enumerate(content.labels)]
    columns = [_column(label, left + j * cell + cell / 2, top - 6, slanted) for j, label in enumerate(content.labels)]
    names = [_mark(content.x_label, left + cell * count / 2, 12, "middle"),
             _upright(content.y_label, 10, top + height * count / 2)]  # fmt: skip
    return picture("chart", left + cell * count + 2 + (20 if slanted else 0), top + height * count + 2, *cells, *rows, *columns, *names)


def _count(count: int, share: float, x: float, y: float, width: float, height: float) -> str:
    shade = [round(255 + (int(MAIN[i : i + 2], 16) - 255) * share) for i in (1, 3, 5)]
    box = element("rect", x=x, y=y, width=width, height=height, fill="#" + bytes(shade).hex(), stroke=RULE, stroke_width=0.6)
    dark = share > 0.45
    fill = PAPER if dark else INK if count else "#9aa1ae"
    return box + text(f"{count:,}", x + width / 2, y + height / 2 + 4, _SIZE, "middle", 600 if count else 400, fill, "fixed")


def _column(label: str, x: float, y: float, slanted: bool) -> str:
    if not slanted:
        return text(label, x, y, _SIZE, "middle")
    return element("g", text(label, 0, 0, _SIZE), transform=f"translate({x:.1f} {y:.1f}) rotate(-45)")


def _mark(content: str, x: float, y: float, anchor: str) -> str:
    return text(content, x, y, _SIZE, anchor, fill=QUIET, style="quiet")


def _upright(content: str, x: float, y: float) -> str:
    label = text(content, 0, 0, _SIZE, "middle", fill=QUIET, style="quiet")
    return element("g", label, transform=f"translate({x:.1f} {y:.1f}) rotate(-90)")


def _key(names: Sequence[tuple[str, str]], left: float) -> list[str]:
    parts, x = [], left
    for name, colour in names:
        parts.append(element("circle", cx=x + 4, cy=9.5, r=3.4, fill=colour) + text(name, x + 13, 13.5, _SIZE))
        x += text_width(name, _SIZE) + 31
    return parts
