"""What a chapter shows of all explained samples of its methods, from one pass over their shards: each is read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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


@dataclass(frozen=True)
class Wanted:
    """What one method asks of a pass: what a shard has cost, and by name functions of a shard and of the positions of
    its samples that give (samples, values)."""

    cost: Callable[[Attribution], Cost | None]
    per_sample: Mapping[str, PerSample]


def over_shards(
    shards: Iterable[tuple[int, int, Attribution]], shown: Array, wanted: Sequence[Wanted]
) -> list[Results]:
    """One pass for all methods that have these shards, as those do that differ in how they aggregate: the results of
    each. `shards`: start, stop and content; `shown`: positions among all samples."""
    rows: dict[int, Attribution] = {}
    parts: list[tuple[Array, Array, Array, Array]] = []
    ladders: list[Array] = []
    costs: list[list[Cost | None]] = [[] for _ in wanted]
    collected: list[dict[str, list[Array]]] = [{name: [] for name in one.per_sample} for one in wanted]
    for start, stop, part in shards:
        inside = [int(position) for position in shown if start <= position < stop]
        rows |= {position: part.rows(slice(position - start, position - start + 1)) for position in inside}
        parts.append((part.steps, part.converged, part.prediction, part.base_value))
        ladders += [] if part.ladder is None else [part.ladder[..., 0]]
        for one, spent, values in zip(wanted, costs, collected, strict=True):
            spent.append(one.cost(part))
            for name, function in one.per_sample.items():
                values[name].append(function(part, np.arange(start, stop)))
    steps, converged, prediction, base_value = (np.concatenate(each) for each in zip(*parts, strict=True))
    whole = Attribution.joined([rows[position] for position in shown.tolist()])
    evaluations = np.concatenate(ladders) if ladders else None
    return [
        Results(
            shown=whole,
            steps=steps,
            converged=converged,
            prediction=prediction,
            base_value=base_value,
            evaluations=evaluations,
            cost=_sum(spent),
            per_sample={name: _joined(each) for name, each in values.items()},
        )
        for spent, values in zip(costs, collected, strict=True)
    ]


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
