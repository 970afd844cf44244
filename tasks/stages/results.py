"""What a chapter shows of all explained samples of one method, from one pass over its shards: each is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution, Cost

PerSample = Callable[[Attribution, Array], Array]


@dataclass(frozen=True)
class Results:
    """One method over all explained samples.

    `shown`: the attributions of the shown positions, in their order. `steps`, `converged`, `prediction`, `base_value`:
    (samples, targets). `evaluations`: (samples, targets, passes) gradient evaluations of a refinement so far; None
    without one. `cost`: of all; None where the method does not say. `per_sample`: (samples, values) of what was asked
    for of every sample, by name; those of ragged samples are filled up with zeros.
    """

    shown: Attribution
    steps: Array
    converged: Array
    prediction: Array
    base_value: Array
    evaluations: Array | None
    cost: Cost | None
    per_sample: dict[str, Array]


def over_shards(
    shards: Iterator[tuple[int, int, Attribution]],
    shown: Array,
    cost: Callable[[Attribution], Cost | None],
    wanted: dict[str, PerSample],
) -> Results:
    """The pass. `shards`: start, stop and content; `shown`: positions among all samples; `wanted`: functions of a shard
    and the positions of its samples that give (samples, values)."""
    rows: dict[int, Attribution] = {}
    parts: list[tuple[Array, Array, Array, Array]] = []
    ladders: list[Array] = []
    costs: list[Cost | None] = []
    found: dict[str, list[Array]] = {name: [] for name in wanted}
    for start, stop, part in shards:
        inside = [int(position) for position in shown if start <= position < stop]
        rows |= {position: part.rows(slice(position - start, position - start + 1)) for position in inside}
        parts.append((part.steps, part.converged, part.prediction, part.base_value))
        ladders += [] if part.ladder is None else [part.ladder[..., 0]]
        costs.append(cost(part))
        for name, function in wanted.items():
            found[name].append(function(part, np.arange(start, stop)))
    steps, converged, prediction, base_value = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Results(
        shown=Attribution.joined([rows[position] for position in shown.tolist()]),
        steps=steps,
        converged=converged,
        prediction=prediction,
        base_value=base_value,
        evaluations=np.concatenate(ladders) if ladders else None,
        cost=_sum(costs),
        per_sample={name: _joined(values) for name, values in found.items()},
    )


def _sum(costs: Sequence[Cost | None]) -> Cost | None:
    """Of all shards; None where one is not known."""
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return None
    return Cost(
        gradients=sum(cost.gradients for cost in known),
        evaluations=sum(cost.evaluations for cost in known),
        at_most=any(cost.at_most for cost in known),
    )


def _joined(parts: Sequence[Array]) -> Array:
    """(samples, values), each filled up to the longest."""
    width = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, [(0, 0), (0, width - part.shape[1])]) for part in parts])
