"""How a picture of any size becomes a square of one size: as a model was trained, and as data does it with files."""

from typing import Literal

from exhibit.tasks.records.base import Record

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]


class Frame(Record):
    """`size`: side of the square in pixels. `resize`: what the shorter side is brought to before the middle is cut out;
    None: the picture is squeezed into the square."""

    size: int
    resize: int | None
    interpolation: Interpolation
