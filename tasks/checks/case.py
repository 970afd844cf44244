"""What a check sees: one method's explanations, and the two functions that explanations are checked by."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution


class Shard(NamedTuple):
    """Some explained samples: what the method stored, and `values[input]` (samples, ..., targets) of it without
    channels, aggregated as the method says; NaN where a sample has no element, being shorter than others."""

    attribution: Attribution
    values: Arrays

    def flat(self) -> Array:
        """(samples, elements, targets) over all inputs."""
        return flat(self.values)


@dataclass(frozen=True)
class Case:
    """One method of a chapter. Everything is computed when it is asked for.

    `attributions`: what the method stored, part by part; `shards`: the same with its elements beside each other.
    `dataset`: the explained samples. `others`: the other methods of the chapter by label; `variants`: those of the same
    kind, with what is set otherwise, here and there. `trainings`: importances (features,) of the model and of those
    trained with other seeds. `score(inputs, rows)`: scores (samples,) of the first target of the explained `rows` at
    changed raw `inputs`; `explain(inputs, rows)`: their attributions as `Shard.values`; `baseline(rows)`: raw values
    that stand for absence, the same for every method, None where there are none. `randomised(seed)`: one `explain` per
    cascade of randomised layers, from the top; none for a model without layers of weights.
    """

    label: str
    additive: bool
    attributions: Callable[[], Iterator[Attribution]]
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


def existing(values: Array, present: Array | None) -> Array:
    """`values` (samples, elements, targets), NaN where none is `present` (samples, elements); None: all are.

    What fills up a shorter sample is zero for every method and every model: as elements, it would make explanations
    sparse and alike.
    """
    return values if present is None else np.where(present[..., np.newaxis], values, values.dtype.type(np.nan))


def first(shards: Iterator[Shard], count: int) -> Array:
    """(samples, elements) attributions of the first target of the first `count` samples; NaN beyond a sample's last
    element."""
    found: list[Array] = []
    missing = count
    for shard in shards:
        found.append(shard.flat()[:missing, :, 0])
        missing -= len(found[-1])
        if not missing:
            break
    widest = max(part.shape[1] for part in found)
    return np.concatenate([widened(part, widest) for part in found])


def widened(values: Array, elements: int) -> Array:
    """(samples, elements) from fewer elements: the samples have no more."""
    return np.pad(values, [(0, 0), (0, elements - values.shape[1])], constant_values=np.nan)


def known_mean(values: Array) -> float:
    """The mean of what is a number; NaN where nothing is."""
    return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")


def lowest(values: Array) -> float | None:
    """The smallest of what is a number; None where nothing is."""
    return float(np.nanmin(values)) if not np.isnan(values).all() else None


def written(value: float, form: str) -> str:
    """A number in this form; a dash for what is none."""
    return "–" if np.isnan(value) else format(value, form)


NO_ORDER = " A dash: one of the two makes no difference between elements."
