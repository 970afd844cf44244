"""What a reader follows of a series: its channels, or of a single channel windows of time."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Input

_WINDOWS = 10  # of a series with one channel


def part_names(item: Input) -> tuple[str, ...]:
    """The names of the channels, or of a single one the windows of time: 0 to 14 s."""
    if len(item.features) > 1:
        return item.features
    places, windows = item.moments, _windows(item)
    ends = (places[windows == window][[0, -1]] for window in range(int(windows[-1]) + 1))
    return tuple(item.when(float(start), float(end)) for start, end in ends)


def channel_scale(values: Array) -> dict[str, Array]:
    """`centre` and `spread` (channels,) of values (samples, steps, channels); a spread of 1 where nothing varies."""
    spread = values.std(axis=(0, 1), dtype=np.float64)
    return {"centre": values.mean(axis=(0, 1), dtype=np.float64), "spread": np.where(spread > 0, spread, 1.0)}


def narrowed(values: Array, names: Sequence[str], where: str) -> Array:
    """(samples, steps, channels) in float32, as nets take them.

    Raises:
        InputError: for a channel that this moves by more than a thousandth of its deviation, or that has no numbers.
    """
    if not (finite := np.isfinite(values).all(axis=(1, 2))).all():
        raise InputError(
            f"{where}: it has missing or infinite values in {int((~finite).sum())} of {len(values)} samples; leave "
            "these out"
        )
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    moved = np.abs(narrow.astype(np.float64) - values).max(axis=(0, 1))
    with np.errstate(over="ignore", invalid="ignore"):
        lost = ~((moved <= _KEPT * values.std(axis=(0, 1), dtype=np.float64)) & np.isfinite(moved))
    if lost.any():
        channel = int(lost.argmax())
        raise InputError(
            f"{where}: in the 24 bits that nets compute with the channel {names[channel]!r} moves by up to "
            f"{moved[channel]:.3g}; give it less its mean, or in other units"
        )
    return narrow


_KEPT = 1e-3  # of the deviation of a channel


def by_part(item: Input, values: Array) -> Array:
    """(samples, parts, targets) from (samples, steps, channels, targets): what the steps of a part have together.

    Raises:
        InputError: for values of other elements, as those of a hidden layer are.
    """
    if values.shape[1:3] != item.values.shape[1:3]:
        raise InputError(
            f"layer: its elements {values.shape[1:3]} are not the steps and channels {item.values.shape[1:3]} of "
            f"{item.name!r}, which a report shows; a series is explained at the input, without a layer"
        )
    if len(item.features) > 1:
        return values.sum(axis=1)
    windows = _windows(item)
    return np.stack([values[:, windows == window, 0].sum(axis=1) for window in range(int(windows[-1]) + 1)], axis=1)


def part_values(item: Input) -> Array:
    """(samples, parts): the mean of a channel or a window in each sample."""
    values = item.array.astype(np.float64)[..., np.newaxis]
    return by_part(item, values)[..., 0] / by_part(item, np.ones_like(values))[..., 0]


def _windows(item: Input) -> Array:
    """(steps,) which window a step is in."""
    steps = item.values.shape[1]
    return np.arange(steps) * min(_WINDOWS, steps) // steps
