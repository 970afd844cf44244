"""Estimates that are refined until they add up, pair by pair, in full batches.

What a pass is (the points of a rule of integration) is the business of the method; here is only when to stop.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np

from exhibit.tasks.methods.pairs import Pairs
from exhibit.tasks.methods.path import Factor, Pass, Question, Segment, together
from exhibit.tasks.protocols import DIFFERENCE_FLOOR, Compute, padded_batches
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution


class Estimates:
    """What is known so far about every pair.

    `values[name]`: (pairs, ...) attributions in the precision of the model at its place; `others`: for each further
    sum of the rule the same; `mask[name]`: (pairs, elements) of ragged ones. `passes`: (pairs,) how many were run.
    `ladder`: (pairs, passes, 4), see `Attribution`.
    """

    def __init__(self, count: int) -> None:
        self.values: dict[str, Array] = {}
        self.others: list[dict[str, Array]] = []
        self.mask: dict[str, Array] = {}
        self.prediction, self.base_value = np.full(count, np.nan), np.full(count, np.nan)
        self.residual = np.full(count, np.inf)
        self.steps, self.passes = np.zeros((2, count), np.int64)
        self.finished = np.zeros(count, bool)
        self.ladder = np.zeros((count, 0, 4))

    @classmethod
    def of(cls, begun: Attribution, pairs: Pairs) -> Self:
        """What an attribution with a ladder says of its pairs."""
        assert begun.ladder is not None, "asked for by the caller"
        known = cls(len(pairs.sample))
        known.values = {name: pairs.gathered(array).copy() for name, array in begun.values.items()}
        known.mask = {name: array[pairs.sample] for name, array in begun.mask.items()}
        known.prediction, known.base_value = pairs.gathered(begun.prediction), pairs.gathered(begun.base_value)
        known.residual, known.steps = pairs.gathered(begun.residual), pairs.gathered(begun.steps)
        known.ladder = pairs.gathered(begun.ladder, 1)
        known.passes = np.count_nonzero(known.ladder[:, :, 0], axis=1)
        return known

    def as_refined_to(self, tolerance: float, most: int) -> Self:
        """The same for another tolerance, and for at most so many passes: a pair that is finished by its last pass is
        finished, and one that ends before it begins anew, for its values of then are not known."""
        self.ladder = self.ladder[:, :most]
        every = np.arange(self.ladder.shape[1])
        size = np.abs(self.prediction) + np.abs(self.base_value)
        ends = finished_by(self.ladder, self.prediction - self.base_value, size, tolerance)
        ends = np.pad(ends, [(0, 0), (1, 0)]) & (every < self.passes[:, np.newaxis])
        early = (ends & (every < self.passes[:, np.newaxis] - 1)).any(axis=1) | (self.passes > most)
        self.finished = ends.any(axis=1) & ~early
        for known in (self.passes, self.steps, self.ladder, *self.values.values()):
            known[early] = 0
        return self

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

    def higher(self, number: int) -> None:
        """Room for what the pass of this number says."""
        missing = max(number + 1 - self.ladder.shape[1], 0)
        self.ladder = np.pad(self.ladder, [(0, 0), (0, missing), (0, 0)])

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
    question: Question,
    passes: Iterable[Pass],
    factor: Factor,
    tolerance: float | None,
    compute: Compute,
    begun: Estimates | None = None,
) -> Estimates:
    """Runs the passes over all pairs; from the second on only over those that are not finished.

    A pair is finished when in two successive passes the residual is within `tolerance` of the difference of the
    score and the attributions change by less in L1 between them: a small residual alone can be cancellation.
    Without a tolerance no pair finishes early. `begun`: what is known by passes that were run before; they are not run
    again, and the answer is the same to the bit.
    """
    estimates = begun or Estimates(len(question.pairs.sample))
    resumed, last = ~estimates.finished & (estimates.passes > 0), None
    for number, step in enumerate(passes):
        if estimates.finished.all():
            break
        active = np.flatnonzero(~estimates.finished & (estimates.passes == number))
        estimates.higher(number)
        if last is not None and (again := active[resumed[active]]).size:
            resumed[again] = False
            _restore(estimates, question, again, last, factor, compute)
        # Pairs that are done make room for others: every batch is full, because the size of a batch changes bits.
        for chosen, used in padded_batches(len(active), compute.batch):
            _advance(estimates, question.segment(active[chosen], used), active[chosen][:used], step, factor, tolerance)
        last = step
    return estimates


def _restore(
    estimates: Estimates, question: Question, pairs: Array, step: Pass, factor: Factor, compute: Compute
) -> None:
    """The further sums after `step`, which are of few of its points, and of none before (`Pass.further`)."""
    if (further := step.further()) is None:
        return
    estimates.others = estimates.others or [{} for _ in further.weights]
    for chosen, used in padded_batches(len(pairs), compute.batch):
        segment, rows = question.segment(pairs[chosen], used), pairs[chosen][:used]
        for name, sums in _sums(segment, segment.gradients(further)[0], factor).items():
            for known, values in zip(estimates.others, sums, strict=True):
                known[name] = _wide(known.get(name), len(estimates.finished), segment.end[name])
                known[name][rows, : values.shape[1]] = values


def _sums(segment: Segment, gradients: dict[str, Array], factor: Factor) -> dict[str, Array]:
    """The weighted gradients times what they are multiplied with, in their place: a batch of images is large."""
    return {
        name: np.multiply(gradient, segment.factor(factor, name), out=gradient) for name, gradient in gradients.items()
    }


def finished_by(ladder: Array, difference: Array, size: Array, tolerance: float) -> Array:
    """(pairs, passes - 1) whether a pair is finished by each pass but the first, after what the `ladder` says of both.

    `difference`: (pairs,) the score's from the baseline; `size`: the sum of both scores' sizes.
    """
    _, residual, change, magnitude = np.moveaxis(ladder, -1, 0)
    difference = np.maximum(np.abs(difference), DIFFERENCE_FLOOR)
    # Sums of float32 are not known more closely: pairs with large scores and small differences would never finish.
    allowed = tolerance * difference[:, np.newaxis] + _ROUNDING * (size[:, np.newaxis] + magnitude)
    met = np.abs(residual) <= allowed
    # The last pass had to add up as well: by chance a single one does while the attribution still moves.
    return met[:, :-1] & met[:, 1:] & (change[:, 1:] <= tolerance)


_ROUNDING = 8 * np.finfo(np.float32).eps


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
    sums = _sums(segment, gradients, factor)
    new = {name: gradient[0] for name, gradient in sums.items()}
    first = not estimates.steps[rows].any()
    if first:
        _begin(estimates, segment, rows, met, factor, len(step.weights))
    else:
        before = {name: estimates.read(name, rows, values.shape[1]) for name, values in new.items()}
        old = {name: known[0] for name, known in before.items()}
        for name, known in before.items():
            # The points of a pass lie between those before, so none is lost.
            for row, kept in enumerate(step.keep):
                for weight, one in zip(kept, known, strict=True):
                    if weight:  # to add a zero would change the sign of others
                        sums[name][row] += weight * one
    estimates.write(rows, sums)
    prediction, base_value = estimates.prediction[rows], estimates.base_value[rows]
    residual = total(new) - (prediction - base_value) if factor == "difference" else np.full(len(rows), np.nan)
    magnitude = total({name: np.abs(values) for name, values in new.items()})
    change = np.full(len(rows), np.nan)
    if tolerance is not None and not first:
        moved = total({name: np.abs(new[name] - old[name]) for name in new})
        change = moved / np.maximum(magnitude, DIFFERENCE_FLOOR)
    number = int(estimates.passes[rows[0]])
    estimates.residual[rows] = residual
    estimates.steps[rows] += len(step.alphas)
    estimates.passes[rows] += 1
    estimates.ladder[rows, number] = np.stack([estimates.steps[rows], residual, change, magnitude], axis=1)
    if tolerance is not None and not first:
        size = np.abs(prediction) + np.abs(base_value)
        both = estimates.ladder[rows, number - 1 : number + 1]
        estimates.finished[rows] = finished_by(both, prediction - base_value, size, tolerance)[:, 0]


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
