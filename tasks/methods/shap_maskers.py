"""What stands in for the hidden regions of an image, and for the hidden tokens of a text."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, InputError

Masker = Literal["blur", "inpaint_telea", "inpaint_ns", "baseline", "tokens"]
_Pixels = Annotated[int, Field(ge=1, le=4_096)]
Square = _Pixels | tuple[_Pixels, _Pixels]  # pixels along height and width


class Mask(NamedTuple):
    """How one sample (1, ...) is hidden: `apply` takes masks (rows, elements), True where an element is kept, and
    gives the rows with all other elements hidden."""

    sample: Array
    apply: Callable[[Array], Array]

    @classmethod
    def by_value(cls, sample: Array, hidden: Array) -> "Mask":
        """A hidden element takes its value from `hidden`, shaped like the sample: all rows at once."""

        def apply(kept: Array) -> Array:
            return np.where(kept.reshape(-1, *sample.shape[1:]), sample, hidden)

        return cls(sample, apply)

    @classmethod
    def by_inpainting(cls, sample: Array, method: Literal["inpaint_telea", "inpaint_ns"]) -> "Mask":
        """A hidden region grows in from its edge; where nothing is left, the image's mean colour."""
        pixels = _bytes(sample)

        def apply(kept: Array) -> Array:
            hidden = np.logical_not(kept).reshape(-1, *sample.shape[1:]).max(axis=-1)
            return np.stack([_inpainted(pixels, each, method) for each in hidden]).astype(sample.dtype)

        return cls(sample, apply)


@lru_cache(maxsize=8)
def partition(shape: tuple[int, ...]) -> Array:
    """SHAP's tree over an image (height, width, channels), or over tokens (tokens,), which is halved again and again,
    the first half being the longer one: (elements - 1, 4) of left, right, distance and size."""
    import shap

    if np.prod(shape) == 1:
        raise InputError("partition_shap: one element alone has no partition; use kernel_shap")
    clustering: Array = shap.maskers.Image(np.zeros((*shape, 1, 1)[:3])).clustering
    return clustering


def blurred(image: Array, square: Square) -> Array:
    """(1, height, width, channels) averaged over squares as SHAP does it, mirrored at the edge; bytes stay bytes."""
    import cv2

    height, width = (square, square) if isinstance(square, int) else square
    known = image[0] if image.dtype in (np.uint8, np.float32, np.float64) else image[0].astype(np.float64)
    smooth: Array = cv2.blur(known, (width, height))
    return smooth.reshape(image.shape)


def _bytes(image: Array) -> Array:
    pixels: Array = image[0].astype(np.uint8)
    if image.shape[-1] not in (1, 3) or not np.array_equal(pixels, image[0]):
        raise InputError(
            "masker: inpainting needs whole numbers from 0 to 255 with 1 or 3 channels, but the image has "
            f"{image.shape[-1]} and values from {image.min():g} to {image.max():g}; use blur or baseline"
        )
    return pixels


def _inpainted(pixels: Array, hidden: Array, method: str) -> Array:
    import cv2

    if hidden.all():
        return np.broadcast_to(pixels.mean(axis=(0, 1)), pixels.shape)
    flags = {"inpaint_telea": cv2.INPAINT_TELEA, "inpaint_ns": cv2.INPAINT_NS}[method]
    filled: Array = cv2.inpaint(pixels, hidden.astype(np.uint8), inpaintRadius=3, flags=flags)
    return filled.reshape(pixels.shape)
