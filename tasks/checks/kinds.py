"""What the checks know of each kind of input: how far its values reach, and whether it has edges."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.kinds import Kind


def _of_all(item: Input) -> Array:
    low, high = zip(*((values.min(), values.max()) for values in item.values), strict=True)  # one sample at a time
    return np.asarray(max(high) - min(low), np.float64)


def _of_columns(item: Input) -> Array:
    return np.asarray(np.ptp(item.array, axis=0), np.float64)


def edge_strength(images: Array) -> Array:
    """(images, height, width) length of the gradient of the lightness, by Sobel's filter."""
    from scipy.ndimage import sobel

    light = images.mean(axis=-1, dtype=np.float64)
    return np.stack([np.hypot(sobel(image, axis=0), sobel(image, axis=1)) for image in light])


class CheckKind(NamedTuple):
    """One kind of input. `reach`: from the smallest to the largest value, of the whole or of each column that has a
    unit of its own; `edges`: how strong the edges of samples are, where they have any."""

    reach: Callable[[Input], Array] = _of_all
    edges: Callable[[Array], Array] | None = None


KINDS: dict[Kind, CheckKind] = {
    "table": CheckKind(reach=_of_columns),
    "image": CheckKind(edges=edge_strength),
    "text": CheckKind(),
    "molecule": CheckKind(),
}
