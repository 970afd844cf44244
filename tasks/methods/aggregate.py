"""Attributions summarised over samples, shard by shard: nothing is gathered in memory.

How importances are compared or drawn does not belong here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from exhibit.tasks.methods.kinds import KINDS
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.explanation import Aggregate, Attribution, Importance, InputSummary
from exhibit.tasks.records.kinds import Kind


def aggregated(part: Attribution, name: str, kind: Kind, aggregate: Aggregate) -> Array:
    """(samples, elements, ..., targets) attributions of one input without channels.

    `abs` and `square` are taken element by element, then summed over channels, then averaged over draws; with
    sampling that is what the moments hold. The plain sum keeps the total: what the channels of a pixel or an atom
    contribute together.

    Raises:
        InputError: where the attributions belong to a hidden layer that is not part of this input.
    """
    if name not in part.values:
        raise InputError(
            f"layer: the attributions are those of {', '.join(part.values)}, which a report cannot show as parts of "
            f"the input {name!r}; name a layer whose elements are those of the input, or none"
        )
    if name in part.moments:
        return part.moments[name][..., ("raw", "abs", "square").index(aggregate)]
    values = part.values[name]
    match aggregate:
        case "raw":
            return channel_sum(values, kind)
        case "abs":
            return channel_sum(np.abs(values), kind)
        case "square":
            return channel_sum(np.square(values), kind)


def on_pixels(values: Array, item: Input) -> Array:
    """`values` (samples, ..., targets) of an image's hidden layer, laid onto the pixels of `item`: each cell of the
    layer is spread evenly over the pixels that it covers, so the total stays. All else as it is."""
    pixels = item.values.shape[1:3]
    if not item.traits.pixels or values.ndim != 4 or values.shape[1:3] == pixels:
        return values
    rows, columns = (_spread(have, want) for have, want in zip(values.shape[1:3], pixels, strict=True))
    return np.einsum("yi,xj,sijt->syxt", rows, columns, values, optimize=True).astype(values.dtype)


def _spread(cells: int, pixels: int) -> Array:
    """(pixels, cells): the share of each of the `cells` side by side that falls on each of the `pixels`."""
    edges = np.arange(pixels + 1)[:, np.newaxis] * (cells / pixels) - np.arange(cells)
    return np.diff(np.clip(edges, 0, 1), axis=0)


def channel_sum(values: Array, kind: Kind) -> Array:
    """(samples, ..., channels, targets) of an image, a molecule or a text without the channels; a table, and a text
    whose ids were taken as numbers, as it is.

    The sum keeps the total: what the channels of a pixel or an atom contribute together.
    """
    return values.sum(axis=-2) if KINDS[kind].channels(values) else values


@dataclass
class Moments:
    """Count and the sums of a, |a|, a**2 per feature; NaN marks a feature that a sample does not have. `shared`: the
    sums of |a| times the sum of |a| over all features, and of the square of that."""

    count: Array = field(default_factory=lambda: np.zeros(()))
    powers: tuple[Array, ...] = field(default_factory=lambda: (np.zeros(()),) * 3)
    shared: tuple[Array, ...] = field(default_factory=lambda: (np.zeros(()),) * 2)

    def add(self, values: Array) -> None:
        """Add (samples, features, targets), one sample after another: sums do not depend on the shards."""
        values = values.astype(np.float64)
        self.count = self.count + (~np.isnan(values)).sum(axis=0)
        for sample in np.nan_to_num(values, nan=0.0):
            size = np.abs(sample)
            whole = size.sum(axis=0)
            new = (sample, size, sample**2)
            self.powers = tuple(old + item for old, item in zip(self.powers, new, strict=True))
            self.shared = tuple(old + item for old, item in zip(self.shared, (size * whole, whole**2), strict=True))

    def share_errors(self, column: int) -> Array | None:
        """(features,) standard errors over samples of the shares of |a|, each a ratio of two means over the same ones
        (the delta method); None where a sample does not have every feature, NaN of one sample, which has no error."""
        count, (_, sizes, squares) = self.count[:, column], (power[:, column] for power in self.powers)
        samples, whole = int(count.max(initial=0)), float(sizes.sum())
        if (count != samples).any() or not samples or not whole:
            return None
        if samples == 1:
            return np.full(len(sizes), np.nan)
        share = sizes / whole
        apart = squares - 2 * share * self.shared[0][:, column] + share**2 * self.shared[1][column]
        apart = np.where(apart > _ROUNDED * squares, apart, 0)
        return np.asarray(np.sqrt(apart * samples / max(samples - 1, 1)) / whole)


_ROUNDED = 1e-12  # of a sum of squares: what is less is left over by the sums of what is zero


@dataclass
class Products:
    """Sums over the samples that have both of two features, each (targets, features, features): their number, of a of
    the first, and of a of the first times a of the second."""

    sums: tuple[Array, ...] = field(default_factory=lambda: (np.zeros(()),) * 3)

    def add(self, values: Array) -> None:
        """Add (samples, features, targets), NaN where a sample does not have a feature, one after another."""
        for sample in values.astype(np.float64):
            has, value = (~np.isnan(sample)).astype(np.float64), np.nan_to_num(sample, nan=0.0)
            new = (np.einsum("ft,gt->tfg", one, other) for one, other in ((has, has), (value, has), (value, value)))
            self.sums = tuple(old + item for old, item in zip(self.sums, new, strict=True))

    def covariance(self, target: int, present: Array) -> Array:
        """Of the means of the features that are `present`, (features, features), clustered by sample: of features that
        all samples have as of paired values, of such that no sample has both of zero."""
        both, first, products = (array[target][np.ix_(present, present)] for array in self.sums)
        count = both.diagonal()
        mean = first.diagonal() / count
        shared = products - first * mean - first.T * mean[:, np.newaxis] + both * np.outer(mean, mean)
        scale = 1 / np.sqrt(count * np.maximum(count - 1, 1))
        return np.asarray(shared * np.outer(scale, scale))


def importances(
    name: str,
    features: tuple[str, ...],
    targets: tuple[str, ...],
    aggregate: Aggregate,
    shards: Iterable[Array],
    grouped: bool = False,
) -> tuple[Importance, ...]:
    """One `Importance` per target from shards of (samples, features, targets) values, aggregated as `aggregate` says.

    A feature that no sample has is left out. `grouped`: features are groups, whose means have a covariance.
    """
    moments, products = Moments(), Products() if grouped else None
    for shard in shards:
        moments.add(shard)
        if products is not None:
            products.add(shard)
    return tuple(
        _importance(name, features, target, aggregate, moments, products, k) for k, target in enumerate(targets)
    )


def _importance(
    name: str,
    features: tuple[str, ...],
    target: str,
    aggregate: Aggregate,
    moments: Moments,
    products: Products | None,
    column: int,
) -> Importance:
    present = moments.count[:, column] > 0
    count = moments.count[present, column]
    mean, mean_absolute, mean_square = (power[present, column] / count for power in moments.powers)
    variance = np.maximum(mean_square - mean_absolute**2, 0) * count / np.maximum(count - 1, 1)
    return Importance(
        input=name,
        target=target,
        features=tuple(np.array(features, dtype=object)[present]),
        mean=mean,
        mean_absolute=mean_absolute,
        mean_square=mean_square,
        standard_error=np.where(count > 1, np.sqrt(variance / count), np.nan),
        share_error=moments.share_errors(column) if present.all() else None,
        count=count.astype(np.int64),
        aggregate=aggregate,
        covariance=None if products is None else products.covariance(column, present),
    )


def input_summary(name: str, shards: Iterable[Array]) -> InputSummary:
    """What one input contributes as a whole, from shards of (samples, ..., targets) values without channels."""
    flat = [values.reshape(len(values), -1, values.shape[-1]) for values in shards]
    return InputSummary(
        input=name,
        total=np.concatenate([part.sum(axis=1, dtype=np.float64) for part in flat]),
        absolute=np.concatenate([np.abs(part).sum(axis=1, dtype=np.float64) for part in flat]),
        median=np.median(np.concatenate([part.reshape(-1, part.shape[-1]) for part in flat]), axis=0),
    )


def class_means(shards: Iterable[Array], labels: Array, classes: int) -> Array:
    """Mean of (samples, height, width, targets) values by label: (classes, height, width, targets). What has no label
    counts to no class."""
    sums, start = np.zeros(()), 0
    of = np.where(np.isnan(labels), classes, labels).astype(np.int64)  # one class more, which is left out
    for values in shards:
        if not sums.shape:
            sums = np.zeros((classes + 1, *values.shape[1:]))
        np.add.at(sums, of[start : start + len(values)], values.astype(np.float64))
        start += len(values)
    counts = np.bincount(of[:start], minlength=classes + 1)[:classes]
    return sums[:classes] / np.maximum(counts, 1).reshape(-1, *[1] * (sums.ndim - 1))


def mean_absolute(shards: Iterable[Array]) -> Array:
    """Mean |a| over samples of every element, from shards of (samples, ...) values."""
    total, count = np.zeros(()), 0
    for values in shards:
        for sample in values:  # one after another: sums do not depend on the shards
            total = total + np.abs(sample.astype(np.float64))
        count += len(values)
    return np.asarray(total / max(count, 1))


def content_digests(shards: Iterable[Attribution]) -> dict[str, str]:
    """sha256 of every array over all samples in order, without padding: however the samples were cut into shards,
    the same attributions give the same digests."""
    hashes: dict[str, Any] = {}
    for shard in shards:
        for name, array in flat_arrays(shard).items():
            mask = (
                shard.mask.get(name.partition("/")[2])
                if name.startswith(("values/", "moments/", "standard_error/"))
                else None
            )
            elements = array if mask is None else array[mask]
            hashes.setdefault(name, hashlib.sha256()).update(np.ascontiguousarray(elements).tobytes())
    return {name: digest.hexdigest() for name, digest in sorted(hashes.items()) if not name.startswith("mask/")}


def flat_arrays(part: Attribution) -> dict[str, Array]:
    """The arrays of an attribution by the names under which they are filed: values/NAME, mask/NAME, residual, ..."""
    arrays: dict[str, Array] = {}
    for field_name, value in part:
        match value:
            case np.ndarray():
                arrays[field_name] = value
            case dict():
                arrays |= {f"{field_name}/{name}": array for name, array in value.items()}
            case _:
                pass
    return arrays
