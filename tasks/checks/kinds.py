"""What the checks know of each kind of input: how far its values reach, and whether it has edges."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import mark


def _of_all(item: Input) -> Array:
    low, high = zip(*((values.min(), values.max()) for values in item.values), strict=True)  # one sample at a time
    return np.asarray(max(high) - min(low), np.float64)


def _of_columns(item: Input) -> Array:
    """A word cannot change a little."""
    values = item.array.astype(np.float64)
    gaps = np.isnan(values)
    low, high = np.where(gaps, np.inf, values).min(axis=0), np.where(gaps, -np.inf, values).max(axis=0)
    words = np.array([column.kind != "number" for column in item.whole] or [False] * values.shape[1])
    return np.where(np.isfinite(high - low) & ~words, high - low, 0.0)


def _of_channels(item: Input) -> Array:
    return np.asarray(np.ptp(item.array, axis=(0, 1)), np.float64)


def edge_strength(images: Array) -> Array:
    """(images, height, width) length of the gradient of the lightness, by Sobel's filter."""
    from scipy.ndimage import sobel

    light = images.mean(axis=-1, dtype=np.float64)
    return np.stack([np.hypot(sobel(image, axis=0), sobel(image, axis=1)) for image in light])


def _in_parts(_: tuple[int, ...], known: Array, most: int, random: np.random.Generator) -> Array:
    """Elements alone, or spread over as many groups as there may be: which are together is an accident."""
    count = int(known.sum())
    labels = np.zeros(len(known), int)
    labels[known] = random.permutation(np.arange(count) % most)
    return labels


def _in_passages(_: tuple[int, ...], known: Array, most: int, __: np.random.Generator) -> Array:
    """Tokens alone, or in passages of equal length."""
    count = int(known.sum())
    labels = np.zeros(len(known), int)
    labels[known] = np.arange(count) * min(most, count) // max(count, 1)
    return labels


def _in_patches(shape: tuple[int, ...], _: Array, most: int, __: np.random.Generator) -> Array:
    """Pixels in a grid of patches, as square as it comes out."""
    side = max(1, int(np.sqrt(most)))
    rows, columns = (np.arange(length) * min(side, length) // length for length in shape)
    return np.asarray((rows[:, None] * (columns.max() + 1) + columns).ravel())


def _in_windows(shape: tuple[int, ...], _: Array, most: int, __: np.random.Generator) -> Array:
    """Windows of time of equal length, of each channel by itself or, where there are many, of some together."""
    steps, channels = shape
    rows = min(channels, most)
    windows = np.arange(steps) * min(most // rows, steps) // steps
    return np.asarray((windows[:, None] * rows + np.arange(channels) * rows // channels).ravel())


def _from_baseline(item: Input, baseline: Array) -> Array:
    """(rows, ...) distance from the baseline as a share of the reach of the column or the channel; of a word, or a
    number that is missing, whether it is another."""
    reach = KINDS[item.kind].reach(item)
    far = np.abs(item.array - baseline) / np.where(reach > 0, reach, 1)
    return np.where(np.isnan(far), 1.0, np.minimum(far, 1.0) if item.whole else far)


class CheckKind(NamedTuple):
    """One kind of input. `reach`: from the smallest to the largest value, of the whole or of each column that has a
    unit of its own; `edges`: how strong the edges of samples are, where they have any; `groups(shape, known, most,
    random)`: (elements,) which of at most so many groups an element of one sample is taken away with; `control(item,
    baseline)`: (samples, ...) how much an element stands out without any model, and `control_name` what that is called;
    `placed`: whether elements have a place that is the same in every sample, a column or a part of the picture."""

    reach: Callable[[Input], Array] = _of_all
    edges: Callable[[Array], Array] | None = None
    groups: Callable[[tuple[int, ...], Array, int, np.random.Generator], Array] = _in_parts
    control: Callable[[Input, Array], Array] | None = None
    control_name: str = ""
    placed: bool = False


KINDS: dict[Kind, CheckKind] = {
    "table": CheckKind(
        reach=_of_columns, control=_from_baseline, control_name=mark("distances from the baseline"), placed=True
    ),
    "image": CheckKind(
        edges=edge_strength,
        groups=_in_patches,
        control=lambda item, _: edge_strength(item.array),
        control_name=mark("the strength of edges"),
        placed=True,
    ),
    "text": CheckKind(groups=_in_passages),
    "molecule": CheckKind(),
    "series": CheckKind(
        reach=_of_channels,
        groups=_in_windows,
        control=_from_baseline,
        control_name=mark("distances from the baseline"),
        placed=True,
    ),
}
