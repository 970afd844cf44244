"""Estimates that are refined until they add up, pair by pair, in full batches.

What a pass is (the points of a rule of integration) is the business of the method; here is only when to stop.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

from exhibit.tasks.methods.pairs import Pairs
from exhibit.tasks.methods.path import Factor, Pass, Question, Segment, together
from exhibit.tasks.protocols import Compute, Score, padded_batches
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution


class Estimates:
    """What is known so far about every pair.

    `values[name]`: (pairs, ...) attributions in the precision of the model at its place; `others`: for each further
    sum of the rule the same; `mask[name]`: (pairs, elements) of ragged ones. `passes`: (pairs,) how many were run.
    `ladder`: (pairs, passes, 6), see `Attribution`.
    """

    def __init__(self, count: int) -> None:
        self.values: dict[str, Array] = {}
        self.others: list[dict[str, Array]] = []
        self.mask: dict[str, Array] = {}
        self.prediction, self.base_value = np.full(count, np.nan), np.full(count, np.nan)
        self.lowest, self.highest = np.full(count, np.inf), np.full(count, -np.inf)  # scores on the line
        self.residual = np.full(count, np.inf)
        self.steps, self.passes = np.zeros((2, count), np.int64)
        self.finished = np.zeros(count, bool)
        self.ladder = np.zeros((count, 0, 6))

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
        known.lowest, known.highest = known.ladder[np.arange(len(known.passes)), known.passes - 1, 4:].T
        return known

    def as_refined_to(self, tolerance: float, most: int, score: Score) -> Self:
        """The same for another tolerance, and for at most so many passes: a pair that is finished by its last pass is
        finished, and one that ends before it begins anew, for its values of then are not known."""
        self.ladder = self.ladder[:, :most]
        every = np.arange(self.ladder.shape[1])
        ends = Said.of(self.ladder, self.prediction, self.base_value, score, tolerance).finished(tolerance)
        ends = np.pad(ends, [(0, 0), (1, 0)]) & (every < self.passes[:, np.newaxis])
        early = (ends & (every < self.passes[:, np.newaxis] - 1)).any(axis=1) | (self.passes > most)
        self.finished = ends.any(axis=1) & ~early
        for known in (self.passes, self.steps, self.ladder, *self.values.values()):
            known[early] = 0
        self.lowest[early], self.highest[early] = np.inf, -np.inf
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

    def reach(self, rows: Array, scores: Iterable[Array]) -> None:
        """Scores that `rows` have had on their lines."""
        for each in scores:
            self.lowest[rows] = np.minimum(self.lowest[rows], each)
            self.highest[rows] = np.maximum(self.highest[rows], each)

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


class Said(NamedTuple):
    """What passes said, each (pairs, passes).

    `residual`: its size relative to the difference of the score, or to the least that one is taken as; `rounding`: what
    single precision cannot tell of that; `change`: of the attribution since the last pass relative to its L1, likewise,
    NaN in the first.
    """

    residual: Array
    rounding: Array
    change: Array

    @classmethod
    def of(cls, ladder: Array, prediction: Array, base_value: Array, score: Score, tolerance: float) -> Self:
        """`ladder`: (pairs, passes, 6), see `Attribution`; `prediction`, `base_value`: (pairs,)."""
        _, residual, moved, size, lowest, highest = np.moveaxis(ladder, -1, 0)
        # How much there is to tell apart: the L1, or how far the score moves on the line where attributions cancel.
        least = score.least(np.maximum(size, highest - lowest))
        rounding = _ROUNDING * ((np.abs(prediction) + np.abs(base_value))[:, np.newaxis] + size)
        difference = np.maximum(np.abs(prediction - base_value)[:, np.newaxis], np.maximum(least, _TINY))
        # A change that single precision cannot tell is not asked for.
        still = np.minimum(rounding / tolerance, score.least(np.ones_like(size)))
        whole = np.maximum(np.maximum(size, least), np.maximum(still, _TINY))
        return cls(np.abs(residual) / difference, rounding / difference, moved / whole)

    def finished(self, tolerance: float) -> Array:
        """(pairs, passes - 1) whether a pair is finished by each pass but the first: the last one had to add up as
        well, for by chance a single one does while the attribution still moves."""
        met = self.residual <= tolerance + self.rounding
        return met[:, :-1] & met[:, 1:] & (self.change[:, 1:] <= tolerance)


# Sums of float32 are not known more closely: pairs with large scores and small differences would never finish.
_ROUNDING = 8 * np.finfo(np.float32).eps
_TINY = np.finfo(np.float32).tiny


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
    estimates.reach(rows, met.values())
    prediction, base_value = estimates.prediction[rows], estimates.base_value[rows]
    residual = total(new) - (prediction - base_value) if factor == "difference" else np.full(len(rows), np.nan)
    moved = np.full(len(rows), np.nan) if first else sizes({name: new[name] - old[name] for name in new})
    number = int(estimates.passes[rows[0]])
    estimates.residual[rows] = residual
    estimates.steps[rows] += len(step.alphas)
    estimates.passes[rows] += 1
    estimates.ladder[rows, number] = np.stack(
        [estimates.steps[rows], residual, moved, sizes(new), estimates.lowest[rows], estimates.highest[rows]], axis=1
    )
    if tolerance is not None and not first:
        both = estimates.ladder[rows, number - 1 : number + 1]
        said = Said.of(both, prediction, base_value, segment.score, tolerance)
        estimates.finished[rows] = said.finished(tolerance)[:, 0]


def _begin(
    estimates: Estimates, segment: Segment, rows: Array, met: dict[float, Array], factor: Factor, sums: int
) -> None:
    """The scores at the ends, where the first pass did not meet them, and room for the sums."""
    ends = (0.0, 1.0) if factor == "difference" else (1.0,)
    met = met | segment.scores(np.array([end for end in ends if end not in met]))
    estimates.prediction[rows] = met[1.0]
    if factor == "difference":
        estimates.base_value[rows] = met[0.0]
    estimates.reach(rows, met.values())
    estimates.begin(rows, segment.end, segment.place.mask, sums)


def sizes(values: Arrays) -> Array:
    """(batch,) sums of absolute values over all elements of all inputs."""
    return total({name: np.abs(item) for name, item in values.items()})


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
