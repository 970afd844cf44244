"""What a reader can follow from sample to sample, by name: by this explanations of groups of samples are compared."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.data.kinds import KINDS
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.subgroups import FEW, FRAME, WORDS

_SIDE = 3  # so many parts a side of a frame has
_AT_ONCE = 256  # pictures in memory


def followed(item: Input) -> tuple[str, ...]:
    """Their names, of all explained samples: the columns of a table, the channels of a series, functional groups; of
    pictures nine parts of the frame, for the same pixel shows something else in each; the commonest words of texts."""
    if item.traits.pixels:
        return FRAME
    if item.traits.ids:
        return tuple(_name(item, token) for token in _common(item))
    return KINDS[item.kind].names(item)


def followed_values(item: Input, rows: Array, values: Array) -> Array:
    """(rows, followed): what each of them is given in the samples `rows` of an input, of `values` (rows, ...) without
    channels; NaN where a sample does not have one. A part of the frame is given the |a| of all its pixels together, a
    word what all its occurrences are."""
    if item.traits.pixels:
        return _by_part_of_frame(np.abs(values).astype(np.float64))
    samples = item.take(rows)
    if item.traits.ids:
        return _by_token(samples.array, _common(item), values)
    return KINDS[item.kind].features(samples, values[..., np.newaxis])[..., 0].astype(np.float64)


def seen(item: Input, names: Sequence[str]) -> Mapping[str, Array]:
    """What may tell a column of all samples, (samples,) each: how light a part of the frame is, how high a channel or a
    window of time is on average, or whether one has the token of this name. What is followed in other data has columns
    of its own, or is in every sample."""
    if item.traits.pixels:
        return dict(zip(FRAME, _light(item).T, strict=True))
    if item.traits.timed:
        return dict(zip(names, KINDS[item.kind].amounts(item).T, strict=True))
    if not item.traits.ids:
        return {}
    ids: dict[str, list[int]] = {}
    for token in np.unique(item.array).tolist():
        ids.setdefault(_name(item, token), []).append(token)
    return {name: np.asarray(np.isin(item.array, ids.get(name, [])).any(axis=1), np.float64) for name in names}


def _light(item: Input) -> Array:
    """(samples, parts) the mean of all pixels and channels of each part of the frame."""
    found = []
    for start in range(0, len(item.values), _AT_ONCE):
        light = np.asarray(item.values[start : start + _AT_ONCE], np.float64).mean(axis=-1)
        pixels = _by_part_of_frame(np.ones_like(light[:1]))
        found.append(_by_part_of_frame(light) / np.where(pixels == 0, np.nan, pixels))
    return np.concatenate(found)


def _by_part_of_frame(sizes: Array) -> Array:
    """Of (samples, height, width); a pixel belongs to the part that its middle is in, so that parts add up to all."""
    rows, columns = ((np.arange(count) + 0.5) * _SIDE // count for count in sizes.shape[1:3])
    return np.stack(
        [
            sizes[:, rows == row][:, :, columns == column].sum(axis=(1, 2))
            for row in range(_SIDE)
            for column in range(_SIDE)
        ],
        axis=1,
    )


def _common(item: Input) -> Sequence[int]:
    """The tokens that most samples have, the commonest first, each in so many that two groups may be compared by it."""
    ids = item.array
    padding = 0 if item.vocabulary else -1
    tokens, counts = np.unique(
        np.concatenate([np.unique(row[row != padding]) for row in ids]) if len(ids) else ids, return_counts=True
    )
    order = np.lexsort((tokens, -counts))[:WORDS]
    return [int(tokens[place]) for place in order if counts[place] >= FEW]


def _name(item: Input, token: int) -> str:
    return f"“{item.vocabulary[token]}”" if item.vocabulary else f"token {token}"


def _by_token(ids: Array, tokens: Sequence[int], values: Array) -> Array:
    found = np.full((len(ids), len(tokens)), np.nan)
    for place, token in enumerate(tokens):
        there = ids == token
        has = there.any(axis=1)
        found[has, place] = np.where(there, values, 0)[has].sum(axis=1)
    return found
