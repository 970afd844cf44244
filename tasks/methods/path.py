"""Gradients along a line of points: the engine of the whole gradient family.

A gradient is the end of the line alone; integrated gradients are a weighted sum along it from the baseline.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tasks.methods.pairs import Pairs
from tasks.protocols import (
    DIFFERENCE_FLOOR,
    Compute,
    DifferentiableModel,
    Place,
    Score,
    Side,
    padded_batches,
    scores,
    take,
)
from tasks.records import Array, Arrays, OutputKind

if TYPE_CHECKING:
    from tasks.methods.sampling import Draw, Masks

# What gradients are multiplied with: 1, x, x - x', or that difference in raw units.
Factor = Literal["one", "input", "difference", "raw_difference"]


class Pass(NamedTuple):
    """One round over a line: the new estimate is `keep` of the old one plus the weighted gradients at `alphas`.

    Alpha 0 is the baseline, 1 the sample. `keep` and the weights sum to 1.
    """

    keep: float
    alphas: Array
    weights: Array


SCORES_ALONE = Pass(1.0, np.empty(0), np.empty(0))


class Segment(NamedTuple):
    """A batch of lines from `start` to `end`, both shaped like the values of `place`."""

    place: Place
    start: Arrays
    end: Arrays
    output: OutputKind
    score: Score
    targets: Array
    raw: Arrays
    raw_baselines: Arrays | None
    masks: "Masks | None" = None

    def point(self, alpha: float) -> dict[str, Array]:
        """Where the lines are at `alpha`: exactly `start` at 0, exactly `end` at 1."""
        return {name: (1 - alpha) * self.start[name] + alpha * end for name, end in self.end.items()}

    def gradients(self, step: Pass) -> tuple[dict[str, Array], dict[float, Array]]:
        """The weighted sum of the gradients of one pass, in float64, and the scores (batch,) met on the way."""
        met: dict[float, Array] = {}
        total: dict[str, Array] = {name: np.zeros(end.shape) for name, end in self.end.items()}
        for alpha, weight in zip(step.alphas.tolist(), step.weights.tolist(), strict=True):
            if self.masks is not None:
                self.masks.at(alpha)
            met[alpha], gradients = self.place.gradient(self.point(alpha), self.score, self.targets)
            for name, gradient in gradients.items():
                total[name] += weight * gradient
        return total, met

    def factor(self, factor: Factor, name: str) -> Array | float:
        """What the gradients of `name` are multiplied with."""
        match factor:
            case "one":
                return 1.0
            case "input":
                return self.end[name].astype(np.float64)
            case "difference":
                return self.end[name].astype(np.float64) - self.start[name]
            case "raw_difference":
                baseline = 0.0 if self.raw_baselines is None else self.raw_baselines[name]
                return self.raw[name].astype(np.float64) - baseline

    def scores(self, alpha: float) -> Array:
        """Scores (batch,) at a point of the lines, in float64."""
        return scores(self.place.outputs(self.point(alpha)), self.output, self.score, self.targets)


@dataclass(frozen=True, eq=False)
class Question:
    """Which scores of which samples are explained, seen from where in the model, against which baseline."""

    model: DifferentiableModel
    inputs: Arrays
    baselines: Arrays | None
    layer: str | int | None
    at: Side
    score: Score
    pairs: Pairs
    draw: "Draw | None" = None

    def segment(self, rows: Array) -> Segment:
        """The lines of the pairs `rows`."""
        samples, targets = self.pairs.sample[rows], self.pairs.target[rows]
        masks = None if self.draw is None else self.draw.masks(samples)
        raw = take(self.inputs, samples)
        place = self.model.place(raw, self.layer, self.at, masks)
        end = place.values if self.draw is None else self.draw.noisy(place, samples)
        if self.baselines is None:
            start: Arrays = {name: np.zeros_like(values) for name, values in end.items()}
            return Segment(place, start, end, self.model.output, self.score, targets, raw, None, masks)
        baselines = take(self.baselines, samples)
        start = self.model.place(baselines, self.layer, self.at, masks).values
        return Segment(place, start, end, self.model.output, self.score, targets, raw, baselines, masks)


class Estimates:
    """What is known so far about every pair.

    `values[name]`: (pairs, ...) attributions in float64; `mask[name]`: (pairs, elements) of ragged ones. `dtypes`:
    the precision of the model at its place, in which results are kept.
    """

    def __init__(self, count: int) -> None:
        self.values: dict[str, Array] = {}
        self.mask: dict[str, Array] = {}
        self.dtypes: dict[str, np.dtype[Any]] = {}
        self.prediction, self.base_value = np.full(count, np.nan), np.full(count, np.nan)
        self.residual = np.full(count, np.inf)
        self.steps = np.zeros(count, np.int64)
        self.finished = np.zeros(count, bool)

    def read(self, name: str, rows: Array, width: int) -> Array:
        """The attributions of `rows`, ragged ones as far as `width` elements."""
        return self.values[name][rows, :width]

    def write(self, rows: Array, values: Arrays, mask: Arrays) -> None:
        """Puts values (and a mask) in `rows`, growing ragged ones to the longest so far."""
        count = len(self.finished)
        for known, new in ((self.values, values), (self.mask, mask)):
            for name, array in new.items():
                known[name] = _wide(known.get(name), count, array)
                known[name][rows, : array.shape[1]] = array


def explain(
    question: Question, passes: Iterable[Pass], factor: Factor, tolerance: float | None, compute: Compute
) -> Estimates:
    """Runs the passes over all pairs; from the second on only over those that are not finished.

    A pair is finished when in two successive passes the residual is within `tolerance` of the difference of the
    score and the attributions change by less in L1 between them: a small residual alone can be cancellation.
    Without a tolerance no pair finishes early.
    """
    found = Estimates(len(question.pairs.sample))
    for step in passes:
        active = np.flatnonzero(~found.finished)
        if not len(active):
            break
        for chosen, used in padded_batches(len(active), compute.batch):
            _advance(found, question.segment(active[chosen]), active[chosen][:used], step, factor, tolerance)
    return found


def _advance(
    found: Estimates, segment: Segment, rows: Array, step: Pass, factor: Factor, tolerance: float | None
) -> None:
    used = len(rows)
    total, met = segment.gradients(step)
    new = {name: (gradient * segment.factor(factor, name))[:used] for name, gradient in total.items()}
    first = not found.steps[rows].any()
    if first:
        found.prediction[rows] = (met[1.0] if 1.0 in met else segment.scores(1.0))[:used]
        found.dtypes = {name: end.dtype for name, end in segment.end.items()}
        if factor == "difference":
            found.base_value[rows] = (met[0.0] if 0.0 in met else segment.scores(0.0))[:used]
        old: dict[str, Array] = {name: np.zeros_like(values) for name, values in new.items()}
    else:
        old = {name: found.read(name, rows, values.shape[1]) for name, values in new.items()}
    new = {name: step.keep * old[name] + values for name, values in new.items()}
    was_met = _met(found, rows, old, tolerance)
    found.write(rows, new, {name: mask[:used] for name, mask in segment.place.mask.items()})
    found.residual[rows] = _sum(new) - (found.prediction[rows] - found.base_value[rows])
    found.steps[rows] += len(step.alphas)
    if tolerance is not None and not first:
        change = _sum({name: np.abs(new[name] - old[name]) for name in new})
        size = np.maximum(_sum({name: np.abs(values) for name, values in new.items()}), DIFFERENCE_FLOOR)
        found.finished[rows] = was_met & _met(found, rows, new, tolerance) & (change <= tolerance * size)


def _met(found: Estimates, rows: Array, values: Arrays, tolerance: float | None) -> Array:
    """Whether the residual is within the tolerance, or within what float32 can tell."""
    prediction, base_value = found.prediction[rows], found.base_value[rows]
    difference = np.maximum(np.abs(prediction - base_value), DIFFERENCE_FLOOR)
    magnitude = np.abs(prediction) + np.abs(base_value) + _sum({name: np.abs(item) for name, item in values.items()})
    allowed = (tolerance or 0.0) * difference + _ROUNDING * magnitude
    return np.abs(found.residual[rows]) <= allowed


_ROUNDING = 8 * np.finfo(np.float32).eps


def _sum(values: Arrays) -> Array:
    """(batch,) sums over all elements of all inputs, one element after another: padding changes no bit."""
    per_element = (item.reshape(*item.shape[:2], -1).sum(axis=2) for item in values.values())
    return np.sum([np.cumsum(item, axis=1)[:, -1] for item in per_element], axis=0)


def _wide(known: Array | None, count: int, array: Array) -> Array:
    """`known`, or zeros of the kind of `array`, with room for its elements."""
    if known is None:
        return np.zeros((count, *array.shape[1:]), array.dtype)
    missing = array.shape[1] - known.shape[1]
    return np.pad(known, [(0, 0), (0, max(missing, 0)), *[(0, 0)] * (known.ndim - 2)]) if missing > 0 else known
