"""Pictures and maps as PNG. Pixels stay pixels: small images are enlarged by nearest neighbour, never blurred."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from exhibit.tasks.drawing.colormap import colours
from exhibit.tasks.drawing.descriptor import FigureKind
from exhibit.tasks.drawing.overlay import green_and_red, overlay
from exhibit.tasks.drawing.svg import COLUMN
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import BETWEEN, PICTURE, Cell, Images, Part, Reading, Scale, picture_side
from exhibit.tasks.records.language import mark

_SIDE = 240  # pixels up to which the longer side is enlarged


def images(content: Images, scales: Sequence[Scale]) -> tuple[Part, ...]:
    """One part per cell that is not left empty."""
    return tuple(
        picture_of(cell, scales, f"r{row}c{column}")
        for row, cells in enumerate(content.rows)
        for column, cell in enumerate(cells)
        if cell is not None
    )


def picture_of(cell: Cell, scales: Sequence[Scale], name: str) -> Part:
    """The cell as a PNG part, enlarged by a whole factor."""
    pixels = enlarged(rgb(cell, scales))
    height, width = pixels.shape[:2]
    return Part(name=name, media_type="image/png", data=png(pixels), size=(float(width), float(height)))


def rgb(cell: Cell, scales: Sequence[Scale]) -> NDArray[np.uint8]:
    """(height, width, 3) colours: signed values on their scale, over a picture where there is one; an input as it is
    (grey where it has one channel)."""
    if cell.scale is None:
        return _bytes(cell.pixels)
    limit = scales[cell.scale].limit
    if cell.beneath is None:
        return colours(cell.pixels, limit)
    lay = overlay if cell.palette == "diverging" else green_and_red
    return _bytes(lay(cell.beneath, cell.pixels, limit, cell.opacity))


def _bytes(picture: Array) -> NDArray[np.uint8]:
    grey_or_colour = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return np.broadcast_to(grey_or_colour, (*picture.shape[:2], 3))


def enlarged(pixels: Array) -> Array:
    """Every pixel repeated by a whole factor, so that few pixels are squares wherever they are shown."""
    factor = max(1, _SIDE // max(pixels.shape[:2]))
    return pixels.repeat(factor, axis=0).repeat(factor, axis=1)


def png(pixels: Array) -> bytes:
    """(height, width, 3 or 4) bytes as a PNG, without a date."""
    buffer = io.BytesIO()
    # Level 9 takes ten times as long for enlarged maps, and saves a hundredth.
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _broad(content: Images) -> bool:
    """Many pictures side by side, wide ones, or a tall figure."""
    columns, side = len(content.rows[0]), picture_side(content.width)
    width = 0 if content.width is None else columns * (side + BETWEEN)
    return columns > 4 or width > COLUMN or len(content.rows) * side > 3 * PICTURE


def _long(content: Images) -> bool:
    """Rows that stay together, with scales and caption, leave the page before them empty where they just do not fit."""
    return len(content.rows) > 1


IMAGES = FigureKind(
    record=Images,
    draw=lambda content, scales, _: images(content, scales),
    reading=Reading(
        title=mark("Maps of pictures"),
        text=mark(
            "Each row is one picture, each column what one method says about it. Coloured pixels moved the score."
        ),
        warning=mark(
            "A coloured area is what the model used, not necessarily the object. Pale does not mean unimportant "
            "where many pale pixels add up."
        ),
        colours={
            "diverging": mark(
                "Red moved it up, blue down, the darker the more. Where it lies over a photograph, the colour covers "
                "as much as it is strong."
            ),
            "keras_example": mark(
                "Where light is added to the photograph, green moved it up, red down, the brighter the more."
            ),
        },
        unsigned=mark(
            "Where a scale begins at zero the colour is a size without a sign: it says how much, not which way."
        ),
    ),
    template="images",
    numbers=True,
    broad=_broad,
    long=_long,
    fixed=lambda content: len(content.rows) > 12,  # WeasyPrint would measure all rows again for each of its pages
)
