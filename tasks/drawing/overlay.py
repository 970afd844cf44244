"""Attributions laid over the picture that they explain."""

import numpy as np

from exhibit.tasks.drawing.colormap import colours
from exhibit.tasks.records.base import Array

_LIGHTNESS = np.array([0.2126, 0.7152, 0.0722])  # of red, green and blue, ITU-R BT.709
_GREEN, _RED = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])


def overlay(picture: Array, values: Array, limit: float, opacity: float) -> Array:
    """(height, width, 3) in 0..1: the colours of `values` (height, width) over a light grey `picture` (height, width,
    1 or 3) in 0..1.

    A value is as opaque as it is strong: where it is zero the picture alone is seen, at the limit its colour covers it
    by `opacity`.
    """
    strength = opacity * np.clip(np.abs(values) / limit, 0, 1)[..., np.newaxis]
    return (1 - strength) * grey(picture) + strength * colours(values, limit) / 255


def grey(picture: Array) -> Array:
    """(height, width, 1): the lightness of the picture, from middle grey to white, so that colours stand out."""
    light = picture @ _LIGHTNESS if picture.shape[-1] == 3 else picture[..., 0]
    return 0.45 + 0.55 * np.clip(light, 0, 1)[..., np.newaxis]


def green_and_red(picture: Array, values: Array, limit: float, opacity: float) -> Array:
    """(height, width, 3) in 0..1: green light for positive values and red for negative ones added to the picture, as in
    the Keras example. Readers with a colour-vision deficiency cannot tell them apart."""
    place = np.clip(values / limit, -1, 1)[..., np.newaxis]
    light = np.maximum(place, 0) * _GREEN + np.maximum(-place, 0) * _RED
    return np.clip(picture + opacity * light, 0, 1)
