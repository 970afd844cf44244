"""Estimates that are refined until they add up, pair by pair, in full batches.

What a pass is (the points of a rule of integration) is the business of the method; here is only when to stop.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.methods.path import Factor, Pass, Question, Segment, together
from exhibit.tasks.protocols import DIFFERENCE_FLOOR, Compute, padded_batches
from exhibit.tasks.records.base import Array, Arrays


class Estimates:
    """What is known so far about every pair.

    `values[name]`: (pairs, ...) attributions in the precision of the model at its place; `others`: for each further
    sum of the rule the same; `mask[name]`: (pairs, elements) of ragged ones. `ladder`: (pairs, passes, 3), see
    `Attribution`.
    """

    def __init__(self, count: int) -> None:
        self.values: dict[str, Array] = {}
        self.others: list[dict[str, Array]] = []
        self.mask: dict[str, Array] = {}
        self.prediction, self.base_value = np.full(count, np.nan), np.full(count, np.nan)
        self.residual = np.full(count, np.inf)
        self.steps = np.zeros(count, np.int64)
        self.finished = np.zeros(count, bool)
        self.ladder = np.zeros((count, 0, 3))

    def read(self, name: str, rows: Array, width: int) -> Array:
        """The sums (sums, rows, ...) of `rows` in float64, the attributions first, ragged ones as far as `width`."""
        sums = [known[name][rows, :width] for known in (self.values, *self.others)]
        return np.stack(sums, dtype=np.float64, casting="safe")

    def begin(self, rows: Array, like: Arrays, mask: Arrays, sums: int) -> None:
        """Zeros for `rows`, of the kind of the values `like`, and their mask."""
        self.others = self.others or [{} for _ in range(1, sums)]
        for known in (self.values, *self.others):
            for name, array in like.items():
                known[name] = _wide(known.get(name), len(self.finished), array)
        for name, array in mask.items():
            self.mask[name] = _wide(self.mask.get(name), len(self.finished), array)
            self.mask[name][rows, : array.shape[1]] = array[: len(rows)]

    def write(self, rows: Array, sums: Arrays) -> None:
        """Puts the sums (sums, rows, ...) in `rows`."""
        for name, arrays in sums.items():
            for known, array in zip((self.values, *self.others), arrays, strict=True):
                known[name][rows, : array.shape[1]] = array

    def higher(self) -> None:
        """Room for what the next pass says."""
        self.ladder = np.pad(self.ladder, [(0, 0), (0, 1), (0, 0)])

    def part(self, pairs: slice) -> "Estimates":
        """Some of the pairs."""
        chosen = Estimates(0)
        for name, value in vars(self).items():
            setattr(chosen, name, _cut(value, pairs))
        return chosen


def _cut(value: Any, pairs: slice) -> Any:
    """Some of the pairs of an array, or of each of those in a dictionary or a list."""
    match value:
        case dict():
            return {name: _cut(array, pairs) for name, array in value.items()}
        case list():
            return [_cut(part, pairs) for part in value]
        case _:
            return value[pairs]


def explain(
    question: Question, passes: Iterable[Pass], factor: Factor, tolerance: float | None, compute: Compute
) -> Estimates:
    """Runs the passes over all pairs; from the second on only over those that are not finished.

    A pair is finished when in two successive passes the residual is within `tolerance` of the difference of the
    score and the attributions change by less in L1 between them: a small residual alone can be cancellation.
    Without a tolerance no pair finishes early.
    """
    estimates = Estimates(len(question.pairs.sample))
    for step in passes:
        active = np.flatnonzero(~estimates.finished)
        if not len(active):
            break
        estimates.higher()
        # Pairs that are done make room for others: every batch is full, because the size of a batch changes bits.
        for chosen, used in padded_batches(len(active), compute.batch):
            _advance(estimates, question.segment(active[chosen], used), active[chosen][:used], step, factor, tolerance)
    return estimates


def explain_each(
    questions: Sequence[Question],
    passes: Callable[[], Iterable[Pass]],
    factor: Factor,
    tolerance: float | None,
    compute: Compute,
) -> Iterator[Estimates]:
    """What is known about each question in turn; those about few pairs are answered together, in full batches."""
    count = len(questions[0].pairs.sample)
    size = max(compute.batch // count, 1)
    for start in range(0, len(questions), size):
        some = questions[start : start + size]
        estimates = explain(together(some), passes(), factor, tolerance, compute)
        yield from (estimates.part(slice(number * count, (number + 1) * count)) for number in range(len(some)))


def _advance(
    estimates: Estimates, segment: Segment, rows: Array, step: Pass, factor: Factor, tolerance: float | None
) -> None:
    gradients, met = segment.gradients(step)
    # In place of the gradients, which are not needed again: a batch of images is large.
    sums = {
        name: np.multiply(gradient, segment.factor(factor, name), out=gradient) for name, gradient in gradients.items()
    }
    new = {name: gradient[0] for name, gradient in sums.items()}
    first = not estimates.steps[rows].any()
    if first:
        _begin(estimates, segment, rows, met, factor, len(step.weights))
    else:
        before = {name: estimates.read(name, rows, values.shape[1]) for name, values in new.items()}
        old = {name: known[0] for name, known in before.items()}
        # Asked before the new values are written: the residual is still that of the pass before.
        was_met = _met(estimates, rows, old, tolerance)
        for name, known in before.items():
            # The points of a pass lie between those before, so none is lost.
            for row, kept in enumerate(step.keep):
                for weight, one in zip(kept, known, strict=True):
                    sums[name][row] += weight * one
    estimates.write(rows, sums)
    additive = factor == "difference"
    estimates.residual[rows] = (
        total(new) - (estimates.prediction[rows] - estimates.base_value[rows]) if additive else np.nan
    )
    estimates.steps[rows] += len(step.alphas)
    change = np.full(len(rows), np.nan)
    if tolerance is not None and not first:
        size = np.maximum(total({name: np.abs(values) for name, values in new.items()}), DIFFERENCE_FLOOR)
        change = total({name: np.abs(new[name] - old[name]) for name in new}) / size
        # The last pass had to add up as well: by chance a single one does while the attribution still moves.
        estimates.finished[rows] = was_met & _met(estimates, rows, new, tolerance) & (change <= tolerance)
    estimates.ladder[rows, -1] = np.stack([estimates.steps[rows], estimates.residual[rows], change], axis=1)


def _begin(
    estimates: Estimates, segment: Segment, rows: Array, met: dict[float, Array], factor: Factor, sums: int
) -> None:
    """The scores at the ends, where the first pass did not meet them, and room for the sums."""
    ends = (0.0, 1.0) if factor == "difference" else (1.0,)
    met = met | segment.scores(np.array([end for end in ends if end not in met]))
    estimates.prediction[rows] = met[1.0]
    if factor == "difference":
        estimates.base_value[rows] = met[0.0]
    estimates.begin(rows, segment.end, segment.place.mask, sums)


def _met(estimates: Estimates, rows: Array, values: Arrays, tolerance: float | None) -> Array:
    """Whether the residual is within the tolerance, or within what float32 can tell."""
    prediction, base_value = estimates.prediction[rows], estimates.base_value[rows]
    difference = np.maximum(np.abs(prediction - base_value), DIFFERENCE_FLOOR)
    magnitude = np.abs(prediction) + np.abs(base_value) + total({name: np.abs(item) for name, item in values.items()})
    allowed = (tolerance or 0.0) * difference + _ROUNDING * magnitude
    return np.abs(estimates.residual[rows]) <= allowed


# Sums of float32 are not known more closely: pairs with large scores and small differences would never finish.
_ROUNDING = 8 * np.finfo(np.float32).eps


def total(values: Arrays) -> Array:
    """(batch,) sums over all elements of all inputs, one element after another: padding changes no bit."""
    per_element = (item.reshape(*item.shape[:2], -1).sum(axis=2) for item in values.values())
    return np.sum([np.cumsum(item, axis=1)[:, -1] for item in per_element], axis=0)


def _wide(known: Array | None, count: int, array: Array) -> Array:
    """`known`, or zeros of the kind of `array`, with room for its elements."""
    if known is None:
        return np.zeros((count, *array.shape[1:]), array.dtype)
    missing = array.shape[1] - known.shape[1]
    return np.pad(known, [(0, 0), (0, max(missing, 0)), *[(0, 0)] * (known.ndim - 2)]) if missing > 0 else known
