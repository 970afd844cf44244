"""Attributions summarised over samples, shard by shard: nothing is gathered in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tasks.records import Aggregate, Array, Importance


def channel_sum(values: Array, kind: str) -> Array:
    """(samples, ..., channels, targets) of an image or a molecule without the channels; a table as it is.

    The sum keeps the total: what the channels of a pixel or an atom contribute together.
    """
    return values if kind == "table" else values.sum(axis=-2)


@dataclass
class Moments:
    """Count and the sums of a, |a|, a**2, a**4 per feature; NaN marks a feature that a sample does not have."""

    count: Array = field(default_factory=lambda: np.zeros(()))
    powers: tuple[Array, Array, Array, Array] = field(default_factory=lambda: (np.zeros(()),) * 4)

    def add(self, values: Array) -> None:
        """Add (samples, features, targets)."""
        values = values.astype(np.float64)
        self.count = self.count + (~np.isnan(values)).sum(axis=0)
        new = (values, np.abs(values), values**2, values**4)
        self.powers = tuple(old + np.nansum(item, axis=0) for old, item in zip(self.powers, new, strict=True))


def importances(
    name: str, features: tuple[str, ...], targets: tuple[str, ...], aggregate: Aggregate, shards: Iterable[Array]
) -> tuple[Importance, ...]:
    """One `Importance` per target from shards of (samples, features, targets) values.

    A feature that no sample has is left out.
    """
    moments = Moments()
    for shard in shards:
        moments.add(shard)
    return tuple(_importance(name, features, target, aggregate, moments, k) for k, target in enumerate(targets))


def _importance(
    name: str, features: tuple[str, ...], target: str, aggregate: Aggregate, moments: Moments, column: int
) -> Importance:
    present = moments.count[:, column] > 0
    count = moments.count[present, column]
    mean, mean_absolute, mean_square, mean_fourth = (power[present, column] / count for power in moments.powers)
    # The second moment of what is averaged: of a**2 it is a**4, of |a| and of a it is a**2.
    first, second = (mean_square, mean_fourth) if aggregate == "square" else (mean_absolute, mean_square)
    variance = np.maximum(second - first**2, 0) * count / np.maximum(count - 1, 1)
    return Importance(
        input=name,
        target=target,
        features=tuple(np.array(features, dtype=object)[present]),
        mean=mean,
        mean_absolute=mean_absolute,
        mean_square=mean_square,
        standard_error=np.sqrt(variance / count),
        count=count.astype(np.int64),
        aggregate=aggregate,
    )
