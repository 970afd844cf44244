"""What a check sees: one method's explanations, and the two functions that explanations are checked by."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tasks.records import Array, Arrays, Attribution, Dataset


class Shard(NamedTuple):
    """Some explained samples: what the method stored, and `values[input]` (samples, ..., targets) of it without
    channels, aggregated as the method says."""

    attribution: Attribution
    values: Arrays

    def flat(self) -> Array:
        """(samples, elements, targets) over all inputs; 0 where a ragged sample has no element."""
        return flat(self.values)


@dataclass(frozen=True)
class Case:
    """One method of a chapter. Everything is computed when it is asked for.

    `dataset`: the explained samples. `others`: the other methods of the chapter by label; `variants`: those of the same
    kind, with what is set otherwise, here and there. `trainings`: importances (features,) of the model and of those
    trained with other seeds. `score(inputs, rows)`: scores (samples,) of the first target of the explained `rows` at
    changed raw `inputs`; `explain(inputs, rows)`: their attributions as `Shard.values`; `baseline(rows)`: raw values
    that stand for absence, None where there are none. `randomised(seed)`: one `explain` per cascade of randomised
    layers, from the top.
    """

    label: str
    additive: bool
    shards: Callable[[], Iterator[Shard]]
    dataset: Callable[[], Dataset]
    others: Mapping[str, Callable[[], Iterator[Shard]]]
    variants: Mapping[str, Mapping[str, tuple[Any, Any]]]
    trainings: Callable[[], Sequence[Array]]
    score: Callable[[Arrays, Array], Array]
    explain: Callable[[Arrays, Array], Arrays]
    baseline: Callable[[Array], Arrays | None]
    randomised: Callable[[int], Iterator[tuple[str, Callable[[Arrays, Array], Arrays]]]]


def flat(values: Arrays) -> Array:
    """(samples, ..., targets) of every input as (samples, elements, targets)."""
    return np.concatenate([item.reshape(len(item), -1, item.shape[-1]) for item in values.values()], axis=1)


def first(shards: Iterator[Shard], count: int) -> Array:
    """(samples, elements) attributions of the first target of the first `count` samples."""
    found: list[Array] = []
    missing = count
    for shard in shards:
        found.append(shard.flat()[:missing, :, 0])
        missing -= len(found[-1])
        if not missing:
            break
    widest = max(part.shape[1] for part in found)
    return np.concatenate([np.pad(part, [(0, 0), (0, widest - part.shape[1])]) for part in found])


def spearman(a: Array, b: Array) -> Array:
    """Rank correlation of (samples, elements) with the same, per sample; NaN where one of them is constant."""
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=1) for values in (a, b)]
    centred = [rank - rank.mean(axis=1, keepdims=True) for rank in ranks]
    size = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    shared = (centred[0] * centred[1]).sum(axis=1)
    return np.where(size > 0, shared / np.where(size > 0, size, 1), np.nan)


def known_mean(values: Array) -> float:
    """The mean of what is a number; 0 where nothing is."""
    return float(np.nanmean(values)) if not np.isnan(values).all() else 0.0
