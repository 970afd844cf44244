"""What the page on screen carries of pictures and maps: all of a usual report, reduced where it would be too much."""

import io
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from math import gcd
from typing import Any, Self

import numpy as np
from markupsafe import Markup, escape

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.figure import Cell, Drawing, Part, Scale
from exhibit.tasks.records.language import tr
from exhibit.tasks.records.packing import canonical_json

_VALUES = 400_000  # numbers of maps that a page holds at most: about 1 MB
_PICTURES = 8_000_000  # bytes of pictures that a page holds, about: a browser opens that in a second
_COLOURS = 256  # that a PNG can number
_SMALL = 3_000  # bytes of a picture that is not worth reducing


class Reduction(Record):
    """Squares of how many pixels become one: `values` in the numbers of maps, `pictures` in what is drawn."""

    values: int = 1
    pictures: int = 1

    @classmethod
    def of(cls, drawings: Iterable[Drawing]) -> Self:
        """The smallest with which the maps and pictures of a document fit onto a page."""
        drawn = list(drawings)
        shapes = [values.shape[:2] for values in _maps(drawn)]
        sizes = [len(part.data) for item in drawn for part in item.parts if _reducible(part)]
        values = next(k for k in count(1) if sum(-(-h // k) * -(-w // k) for h, w in shapes) <= _VALUES + len(shapes))
        return cls(values=values, pictures=next(k for k in count(1) if sum(sizes) <= _PICTURES * k * k))

    @property
    def whole(self) -> bool:
        """Whether nothing is reduced."""
        return self.values == self.pictures == 1


def _maps(drawings: Iterable[Drawing]) -> Iterator[Array]:
    for item in drawings:
        if item.placement.numbers:
            for scale in range(len(item.figure.scales)):
                yield from item.figure.content.values_on(scale)


def _reducible(part: Part) -> bool:
    return part.media_type == "image/png" and len(part.data) > _SMALL


def values(cell: Cell, scale: Scale, reduction: Reduction) -> Markup:
    """Attributes with the numbers of a map: shares of its own largest one, `most`, as little-endian 16-bit integers in
    base64. What is beyond the scale's limit is only drawn as the limit."""
    pixels = block_means(cell.pixels, reduction.values)
    most = float(np.abs(pixels).max()) or scale.limit
    found = {
        "values": b64encode(np.rint(pixels / most * 32767).astype("<i2").tobytes()).decode(),
        "most": most,
        "width": pixels.shape[1],
        "each": reduction.values,
        "limit": scale.limit,
        "unit": tr(scale.unit),
    }
    if cell.beneath is not None:
        found |= {"opacity": cell.opacity, "palette": cell.palette}
    return Markup("").join(Markup(' data-{}="{}"').format(name, value) for name, value in found.items())


def block_means(pixels: Array, side: int) -> Array:
    """Means over squares of `side` pixels of (height, width, ...); those at the right and lower edge are smaller."""
    if side == 1:
        return pixels
    whole = pixels.astype(np.float64)
    for axis in (0, 1):
        starts = np.arange(0, whole.shape[axis], side)
        sizes = np.diff([*starts, whole.shape[axis]]).reshape([-1 if k == axis else 1 for k in range(whole.ndim)])
        whole = np.add.reduceat(whole, starts, axis=axis) / sizes
    return whole


def reduced(part: Part, reduction: Reduction) -> tuple[str, bytes]:
    """The media type and the bytes of a picture as the page holds it: a pixel that was repeated is held once, since a
    browser repeats it, few colours are numbered, and of PNG and WebP, both without loss, it is the smaller one."""
    if not _reducible(part):
        return part.media_type, part.data
    from PIL import Image

    drawn = np.asarray(Image.open(io.BytesIO(part.data), formats=("PNG",)))
    side = repeated(drawn) if reduction.pictures == 1 else reduction.pictures
    pixels = np.rint(block_means(drawn, side)).astype(np.uint8)
    image = Image.fromarray(pixels)
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        red, green, blue = np.moveaxis(pixels.astype(np.uint32), 2, 0)
        found, numbers = np.unique(red << 16 | green << 8 | blue, return_inverse=True)
        if len(found) <= _COLOURS:
            image = Image.fromarray(numbers.reshape(pixels.shape[:2]).astype(np.uint8))
            image.putpalette(found.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes())
    held = {
        "image/webp": _saved(Image.fromarray(pixels), "WEBP", lossless=True, method=4, exact=True),
        "image/png": min(_saved(image, "PNG", compress_level=6), part.data, key=len),
    }
    return min(held.items(), key=lambda item: len(item[1]))


def _saved(image: Any, kind: str, **settings: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def repeated(pixels: Array) -> int:
    """The side of the largest squares of one colour of which a picture is made, without a rest."""
    edges = list(pixels.shape[:2])
    for axis in (0, 1):
        lines = np.moveaxis(pixels, axis, 0).reshape(pixels.shape[axis], -1)
        edges += (np.flatnonzero((lines[1:] != lines[:-1]).any(axis=1)) + 1).tolist()
    return gcd(*edges)


def reachable(name: str) -> Markup:
    """Attributes of what may be wider than its place: the keyboard comes to it and moves it, a screen reader says what
    it is, and where a screen is narrow it says that there is more."""
    more = tr("scroll sideways for more")
    return Markup(' tabindex="0" role="group" aria-label="{}" data-more="{}"').format(name, more)


def facets(facets_by_figure: Mapping[str, tuple[str, ...]], row: int | None = None) -> Markup:
    """An attribute with the names of filters, or with what a row is by each of them; nothing without filters."""
    if not facets_by_figure:
        return Markup("")
    words = list(facets_by_figure) if row is None else [values[row] for values in facets_by_figure.values()]
    return Markup(' data-facets="{}"').format(escape(canonical_json(words).decode()))


def panel_facets(facets_by_panel: Mapping[str, tuple[str, ...]]) -> Markup:
    """For a chart of several panels: the names of filters, and what each panel is by all of them."""
    if not facets_by_panel:
        return Markup("")
    panels = escape(canonical_json([list(values) for values in zip(*facets_by_panel.values(), strict=True)]).decode())
    return facets(facets_by_panel) + Markup(' data-panels="{}"').format(panels)
