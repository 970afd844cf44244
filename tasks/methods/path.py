"""Gradients along a line of points, the engine of the whole gradient family.

A gradient is the line's end alone; integrated gradients are a weighted sum over the line from the baseline.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from tasks.methods.pairs import Pairs
from tasks.protocols import DIFFERENCE_FLOOR, Compute, DifferentiableModel, Place, Score, Side, padded_batches, take
from tasks.records import Array, Arrays, Attribution


class Pass(NamedTuple):
    """One round over a line: the new estimate is `keep` of the old one plus the weighted gradients at `alphas`.

    Alpha 0 is the baseline, 1 the sample. The weights and what is kept sum to 1.
    """

    keep: float
    alphas: Array
    weights: Array


@dataclass(frozen=True)
class Line:
    """What is asked: which scores of which samples, seen from where, from which baseline."""

    model: DifferentiableModel
    inputs: Arrays
    baselines: Arrays | None
    layer: str | int | None
    at: Side
    score: Score
    pairs: Pairs

    def segment(self, rows: Array) -> "Segment":
        """The lines of the pairs `rows`."""
        samples = self.pairs.sample[rows]
        place = self.model.place(take(self.inputs, samples), self.layer, self.at)
        if self.baselines is None:
            start: Arrays = {name: np.zeros_like(values) for name, values in place.values.items()}
        else:
            start = self.model.place(take(self.baselines, samples), self.layer, self.at).values
        return Segment(place, start, place.values, self.score, self.pairs.target[rows])


class Segment(NamedTuple):
    """A batch of lines: from `start` to `end`, both shaped like the values of `place`."""

    place: Place
    start: Arrays
    end: Arrays
    score: Score
    targets: Array

    def point(self, alpha: float) -> dict[str, Array]:
        """Where the lines are at `alpha`; exactly `start` at 0 and `end` at 1."""
        return {name: (1 - alpha) * self.start[name] + alpha * end for name, end in self.end.items()}

    def gradients(self, step: Pass) -> dict[str, Array]:
        """The weighted sum of the gradients of one pass, in float64."""
        total: dict[str, Array] = {name: np.zeros(end.shape) for name, end in self.end.items()}
        for alpha, weight in zip(step.alphas.tolist(), step.weights.tolist(), strict=True):
            _, gradients = self.place.gradient(self.point(alpha), self.score, self.targets)
            for name, gradient in gradients.items():
                total[name] += weight * gradient
        return total

    def scores(self, alpha: float) -> Array:
        """Scores (batch,) at one end, in float64."""
        return self.place.scores(self.point(alpha), self.score, self.targets).astype(np.float64)


@dataclass
class Estimates:
    """What is known so far about every pair.

    `values[name]`: (pairs, ...) attributions in float64. `agreed`: whether the last pass met the residual.
    """

    count: int
    values: dict[str, Array] = field(default_factory=dict)
    mask: dict[str, Array] = field(default_factory=dict)
    dtypes: dict[str, np.dtype[np.generic]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prediction, self.base_value = np.full(self.count, np.nan), np.full(self.count, np.nan)
        self.steps = np.zeros(self.count, np.int64)
        self.agreed, self.finished = np.zeros(self.count, bool), np.zeros(self.count, bool)

    @property
    def residual(self) -> Array:
        """sum a - (S(x) - S(x')), (pairs,); NaN without a baseline."""
        total = sum(values.reshape(self.count, -1).sum(axis=1) for values in self.values.values())
        return total - (self.prediction - self.base_value)


def explain(
    line: Line, passes: Iterator[Pass], factor: "Factor", tolerance: float | None, compute: Compute
) -> Estimates:
    """Runs the passes over all pairs; with a `tolerance` only over those that have not met it.

    A pair is finished when in two successive passes the residual is within the tolerance and the attributions
    changed by less between them: a small residual alone can be cancellation.
    """
    found = Estimates(len(line.pairs.sample))
    for step in passes:
        active = np.flatnonzero(~found.finished)
        for chosen, used in padded_batches(len(active), compute.batch):
            _advance(found, line, step, factor, tolerance, active[chosen], used)
        if found.finished.all():
            break
    return found
