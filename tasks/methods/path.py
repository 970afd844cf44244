"""Gradients along a line of points: what the whole gradient family evaluates.

A gradient is the end of the line alone; integrated gradients are a weighted sum along it from the baseline.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

import numpy as np

from exhibit.tasks.methods.alike import require_alike
from exhibit.tasks.methods.draws import Draws, Masks
from exhibit.tasks.methods.pairs import Pairs
from exhibit.tasks.protocols import (
    DifferentiableModel,
    Place,
    Score,
    Side,
    padded_batches,
    scores,
    take,
)
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.model import OutputKind

# What gradients are multiplied with: 1, x, x - x', or that difference in raw units.
Factor = Literal["one", "input", "difference", "raw_difference"]


class Pass(NamedTuple):
    """One round over a line: new sums are `keep` @ the old ones + `weights` @ the gradients at `alphas`.

    The first sum is the estimate; a rule may need others to change the weights of points that it has met.

    `keep`: (sums, sums). `alphas`: (points,), 0 is the baseline, 1 the sample. `weights`: (sums, points).
    """

    keep: Array
    alphas: Array
    weights: Array

    @classmethod
    def whole(cls, alphas: Array, weights: Array) -> Self:
        """The weighted gradients at all points at once."""
        return cls(np.zeros((1, 1)), alphas, weights[np.newaxis])

    def further(self) -> Self | None:
        """The pass that gives all sums after this one but the first, which rest on few of its points and on no earlier
        sum; None where there are no others."""
        if len(self.weights) == 1:
            return None
        assert not self.keep[1:].any(), "a further sum is of the points of one pass"
        used = self.weights[1:].any(axis=0)
        return self._replace(keep=self.keep[1:, 1:], alphas=self.alphas[used], weights=self.weights[1:, used])


SCORES_ALONE = Pass.whole(np.empty(0), np.empty(0))


class _Points(NamedTuple):
    """A batch of points on lines.

    `rows`, `number`: (batch,) the line, and which of its points. `runs`: where the same point of successive lines
    stands together: its number, those lines, and their items in the batch.
    """

    rows: Array
    number: Array
    runs: list[tuple[int, slice, slice]]

    @classmethod
    def of(cls, rows: Array, number: Array, count: int) -> Self:
        """`count` items are points, the others only fill the batch."""
        starts = np.flatnonzero(np.r_[True, np.diff(number[:count]) != 0]).tolist()
        pieces = zip(starts, [*starts[1:], count], strict=True)
        runs = [
            (int(number[start]), slice(int(rows[start]), int(rows[stop - 1]) + 1), slice(start, stop))
            for start, stop in pieces
        ]
        return cls(rows, number, runs)


class Segment(NamedTuple):
    """A batch of lines from `start` to `end`, both shaped like the values of `place`; the first `used` of them count.

    `targets`: (batch,) output indices.
    """

    place: Place
    start: Arrays
    end: Arrays
    output: OutputKind
    score: Score
    targets: Array
    raw: Arrays
    raw_baselines: Arrays | None
    masks: Masks | None
    used: int

    def gradients(self, step: Pass) -> tuple[dict[str, Array], dict[float, Array]]:
        """The weighted sums (sums, used, ...) of the gradients of one pass, in float64, and the scores (used,) met.

        Each line adds up its own points in their order, whatever else is in the batch.
        """
        met = {alpha: np.empty(self.used) for alpha in step.alphas.tolist()}
        sums = len(step.weights)
        total = {name: np.zeros((sums, self.used, *end.shape[1:])) for name, end in self.end.items()}
        for rows, number, runs in self._batches(len(step.alphas)):
            place, values = self._at(rows, step.alphas[number])
            reached, gradients = place.gradient(values, self.score, self.targets[rows])
            for point, lines, items in runs:
                met[float(step.alphas[point])][lines] = reached[items]
                for name, gradient in gradients.items():
                    for whole, weight in zip(total[name], step.weights[:, point], strict=True):
                        _add(whole[lines], weight, gradient[items])
        return total, met

    def factor(self, factor: Factor, name: str) -> Array | float:
        """What the gradients of `name` are multiplied with, for the lines that count."""
        lines = slice(self.used)
        match factor:
            case "one":
                return 1.0
            case "input":
                return self.end[name][lines].astype(np.float64)
            case "difference":
                return self.end[name][lines].astype(np.float64) - self.start[name][lines]
            case "raw_difference":
                baseline = 0.0 if self.raw_baselines is None else self.raw_baselines[name][lines]
                return self.raw[name][lines].astype(np.float64) - baseline

    def scores(self, alphas: Array) -> dict[float, Array]:
        """Scores (used,) at some points of the lines, in float64."""
        by_alpha = {alpha: np.empty(self.used) for alpha in alphas.tolist()}
        for rows, number, runs in self._batches(len(alphas)):
            place, values = self._at(rows, alphas[number])
            reached = scores(place.outputs(values), self.output, self.score, self.targets[rows])
            for point, lines, items in runs:
                by_alpha[float(alphas[point])][lines] = reached[items]
        return by_alpha

    def _batches(self, points: int) -> Iterator[_Points]:
        """Every point of every line, in full batches: of few lines several points at once."""
        rows, number = np.tile(np.arange(self.used), points), np.repeat(np.arange(points), self.used)
        for items, count in padded_batches(len(rows), len(self.targets)):
            yield _Points.of(rows[items], number[items], count)

    def _at(self, rows: Array, alphas: Array) -> tuple[Place, dict[str, Array]]:
        """Points of the lines `rows`, as a place and its values: exactly `start` at 0, exactly `end` at 1."""
        place = self.place.taken(rows, None if self.masks is None else self.masks.taken(rows, alphas))
        every = np.array_equal(rows, np.arange(len(self.targets)))
        if every and (alphas == 1).all():
            return place, dict(self.end)
        values = {}
        for name, end in self.end.items():
            start = self.start[name]
            weight = alphas.reshape(-1, *[1] * (end.ndim - 1))
            values[name] = (start if every else start[rows]) * (1 - weight).astype(end.dtype)
            values[name] += (end if every else end[rows]) * weight.astype(end.dtype)
        return place, values


@dataclass(frozen=True, eq=False)
class Question:
    """Which scores of which samples are explained, seen from where in the model, against which baseline.

    `against`: (pairs,) rows of `baselines`; None: the row of the sample. `number`: (pairs,) which of the `draws`.
    """

    model: DifferentiableModel
    inputs: Arrays
    baselines: Arrays | None
    layer: str | int | None
    at: Side
    score: Score
    pairs: Pairs
    against: Array | None = None
    draws: Draws | None = None
    number: Array | None = None

    def segment(self, rows: Array, used: int) -> Segment:
        """The lines of the pairs `rows`, of which the first `used` count."""
        samples, targets = self.pairs.sample[rows], self.pairs.target[rows]
        draw = None if self.draws is None or self.number is None else self.draws.of(samples, self.number[rows])
        masks = None if draw is None else draw.masks
        raw = take(self.inputs, samples)
        place = self.model.place(raw, self.layer, self.at, masks)
        end = place.values if draw is None else draw.noisy(place)
        if self.baselines is None:
            start: Arrays = {name: np.zeros_like(values) for name, values in end.items()}
            return Segment(place, start, end, self.model.output, self.score, targets, raw, None, masks, used)
        baselines = take(self.baselines, samples if self.against is None else self.against[rows])
        start = self.model.place(baselines, self.layer, self.at, masks).values
        if self.against is not None:
            require_alike("method", place, start)
        return Segment(place, start, end, self.model.output, self.score, targets, raw, baselines, masks, used)


def blocks(array: Array) -> Iterator[slice]:
    """The rows of `array` in parts that stay in the cache from one operation to the next: large temporary arrays cost
    more than what is computed with them."""
    size = max(_BLOCK // max(array[:1].size, 1), 1)
    return (slice(start, start + size) for start in range(0, len(array), size))


_BLOCK = 2**17  # elements


def _add(total: Array, weight: float, values: Array) -> None:
    """Adds the weighted values to the total, in its precision."""
    for rows in blocks(values) if weight else ():
        total[rows] += weight * values[rows]


def together(questions: Sequence[Question]) -> Question:
    """Questions about the same pairs that differ in baseline or draw, as one about all of these pairs in turn."""
    first, count = questions[0], len(questions)
    pairs = first.pairs._replace(sample=np.tile(first.pairs.sample, count), target=np.tile(first.pairs.target, count))
    return replace(
        first,
        pairs=pairs,
        against=_joined([question.against for question in questions]),
        number=_joined([question.number for question in questions]),
    )


def _joined(parts: Sequence[Array | None]) -> Array | None:
    known = [part for part in parts if part is not None]
    return np.concatenate(known) if known else None
