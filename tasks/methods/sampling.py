"""Sampling around any gradient method: noise on what is explained, dropout in the model.

Every draw is a function of (seed, sample, draw, layer) alone, so neither chunks, order nor workers change a number.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.methods.pairs import Pairs
from exhibit.tasks.methods.path import Question, blocks
from exhibit.tasks.methods.refine import Estimates
from exhibit.tasks.protocols import Dropout, Place
from exhibit.tasks.records.base import Array, Arrays, Spec


class SamplingSpec(Spec):
    """How many draws are averaged, and what is drawn."""

    nt_samples: int = Field(30, ge=1, description="draws")
    stdevs: float = Field(0.15, ge=0, description="standard deviation of the noise, see mode; 0: no noise")
    mode: Literal["relative", "absolute"] = Field(
        "relative", description="relative: stdevs times (max - min) of a sample"
    )
    dropout: bool = Field(False, description="sample the dropout of the model, and nothing else of its training mode")
    mask: Literal["per_draw", "per_step"] = Field(
        "per_draw", description="a dropout mask for the whole path, or a fresh one per step (not complete)"
    )
    seed: int = Field(0, ge=0, description="of the noise and the dropout")

    def drawn(self, questions: Sequence[Question], sample_ids: Array) -> list[Question]:
        """Every question once per draw, in turn; no two of them share a draw."""
        first, pairs = questions[0], len(questions[0].pairs.sample)
        place = "input" if first.layer is None else f"{first.at} of {_name(first.layer, first.model.layers)}"
        draws = Draws(self, place, sample_ids)
        each = [question for question in questions for _ in range(self.nt_samples)]
        return [replace(one, draws=draws, number=np.full(pairs, number)) for number, one in enumerate(each)]

    @property
    def title(self) -> str:
        """What is drawn: its published name where it has one."""
        names = {
            (True, False): "SmoothGrad noise",
            (False, True): "BayesGrad dropout",
            (True, True): "noise and dropout",
        }
        return names.get((self.stdevs > 0, self.dropout), "draws of nothing")

    def formula(self, plain: str) -> str:
        """The mean of `plain` over the draws, as inline HTML."""
        noise = "<i>x</i> → <i>x</i> + <i>ε</i>, <i>ε</i> ~ N(0, <i>σ</i>²)" if self.stdevs else ""
        dropout = "dropout sampled" if self.dropout else ""
        drawn = "; ".join(word for word in (noise, dropout) if word)
        return f"mean over {self.nt_samples} draws of {plain}" + (f", {drawn}" if drawn else "")

    @property
    def citations(self) -> tuple[str, ...]:
        """The papers that what is drawn comes from."""
        smooth = "D. Smilkov and others (2017), SmoothGrad: removing noise by adding noise."
        bayes = "H. Akita et al. (2018), BayesGrad: explaining predictions of graph convolutional networks."
        return (*((smooth,) if self.stdevs else ()), *((bayes,) if self.dropout else ()))


def _name(layer: str | int, layers: Sequence[str]) -> str | int:
    """One word for a layer however it is spelled; what is not there stays as it is, and the model refuses it."""
    names: dict[str | int, str] = {**dict(enumerate(layers)), **dict(enumerate(layers, -len(layers)))}
    return names.get(layer, layer)


@dataclass(frozen=True)
class Draws:
    """All draws of all samples; `layer` is where noise is added."""

    sampling: SamplingSpec
    layer: str
    sample_ids: Array

    def of(self, samples: Array, numbers: Array) -> "Drawn":
        """The given draws of the given samples, side by side."""
        return Drawn(self, samples, numbers)

    def generator(self, sample: int, number: int, purpose: str) -> np.random.Generator:
        """The random numbers of one draw of one sample for one purpose."""
        words = (self.sampling.seed, self.sample_ids[sample], number, purpose)
        key = hashlib.sha256("\0".join(map(str, words)).encode()).digest()[:16]
        return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))


class Drawn(NamedTuple):
    """A batch of draws: (batch,) of which samples, and which of their draws."""

    draws: Draws
    samples: Array
    numbers: Array

    def noisy(self, place: Place) -> Arrays:
        """The values of `place` with noise on the elements that exist."""
        if not self.draws.sampling.stdevs:
            return place.values
        noisy = {name: np.array(values, order="C") for name, values in place.values.items()}
        for name, values in noisy.items():
            for row in range(len(values)):
                real = slice(None) if name not in place.mask else slice(int(place.mask[name][row].sum()))
                self._add_noise(name, values[row, real], row)
        return noisy

    def _add_noise(self, name: str, values: Array, row: int) -> None:
        """To the elements of one row, in place."""
        sampling = self.draws.sampling
        extent = 1.0 if sampling.mode == "absolute" else float(values.max() - values.min())
        noise = self.generator(row, f"noise {self.draws.layer} {name}").standard_normal(values.shape)
        noise *= sampling.stdevs * extent
        values += noise.astype(values.dtype)

    def generator(self, row: int, purpose: str) -> np.random.Generator:
        """The random numbers of one row of the batch."""
        return self.draws.generator(self.samples[row], self.numbers[row], purpose)

    @property
    def masks(self) -> "Masks | None":
        """Dropout, where it is sampled."""
        return Masks(self) if self.draws.sampling.dropout else None


class Masks:
    """The numbers that decide what is dropped, as `exhibit.tasks.protocols.Dropout`; the same at every step of a path
    unless a mask per step is asked for."""

    def __init__(self, drawn: Drawn, steps: Sequence[str] = ()) -> None:
        self._drawn = drawn
        self._steps = steps or [""] * len(drawn.samples)
        self._known: dict[tuple[int, tuple[int, ...]], Array] = {}

    def taken(self, rows: Array, alphas: Array) -> Dropout:
        """Dropout for the given rows at some steps of their paths."""
        if self._drawn.draws.sampling.mask == "per_draw":
            return lambda number, shape: self(number, shape)[rows]
        drawn = self._drawn._replace(samples=self._drawn.samples[rows], numbers=self._drawn.numbers[rows])
        return Masks(drawn, [f" at {alpha!r}" for alpha in alphas.tolist()])

    def __call__(self, number: int, shape: tuple[int, ...]) -> Array:
        """Uniform numbers (samples, *shape) in [0, 1)."""
        if (number, shape) not in self._known:
            purposes = [f"dropout {number}{step}" for step in self._steps]
            numbers = [self._drawn.generator(row, what).random(shape, np.float32) for row, what in enumerate(purposes)]
            self._known[number, shape] = np.stack(numbers)
        return self._known[number, shape]


class Sampled(NamedTuple):
    """Means over the draws, and per name (pairs, elements, ..., 3) moments of a, |a|, a**2 with standard errors.

    `gap`, `residual`, `difference`: (pairs,), see `Attribution`; the last two are means of absolute values.
    """

    mean: Estimates
    moments: dict[str, Array]
    standard_error: dict[str, Array]
    gap: Array
    residual: Array
    difference: Array

    def fields(self, pairs: Pairs) -> dict[str, Any]:
        """What an attribution holds more than without sampling."""
        return {
            "moments": self._kept(self.moments, pairs),
            "standard_error": self._kept(self.standard_error, pairs),
            "sampling_gap": pairs.spread(self.gap),
            "draw_residual": pairs.spread(self.residual),
            "draw_difference": pairs.spread(self.difference),
        }

    def _kept(self, found: Arrays, pairs: Pairs) -> dict[str, Array]:
        """In the precision of the model."""
        kinds = {name: values.dtype for name, values in self.mean.values.items()}
        return {name: pairs.spread(values.astype(kinds[name]), -2) for name, values in found.items()}


def averaged(answers: Iterable[Estimates], groups: int, size: int, plain: Estimates) -> Sampled:
    """Accumulates `groups` times `size` answers.

    `plain` holds the scores without any draw; it is filled with the means. Only the means of groups are independent:
    answers that share a baseline are alike. The standard error of a mean over M groups is sqrt(var / M), var with
    M - 1; NaN for a single one.
    """
    count = groups * size
    sums: dict[str, _Sums] = {}
    difference, absolute_difference, absolute_residual = np.zeros((3, len(plain.prediction)))
    plain.residual[:], plain.finished[:] = 0, True
    for number, found in enumerate(answers, start=1):
        for name, values in found.values.items():
            sums.setdefault(name, _Sums.like(values)).add(values, size, last=number % size == 0)
        plain.mask = found.mask
        plain.steps = np.maximum(plain.steps, found.steps)
        plain.finished = plain.finished & found.finished
        plain.residual = plain.residual + found.residual / count
        absolute_residual += np.abs(found.residual) / count
        drawn = found.prediction - np.nan_to_num(found.base_value)
        difference += drawn / count
        absolute_difference += np.abs(drawn) / count
    plain.values = {name: (total.values / count).astype(total.kind) for name, total in sums.items()}
    errors = {name: _standard_error(total.first, total.second, groups) for name, total in sums.items()}
    gap = difference - (plain.prediction - np.nan_to_num(plain.base_value))
    moments = {name: total.first / groups for name, total in sums.items()}
    return Sampled(plain, moments, errors, gap, absolute_residual, absolute_difference)


class _Sums(NamedTuple):
    """Sums in float64: of the values, of the moments in a group that is not over, and over groups of their mean
    moments and of the squares of those; `kind`: what the values came in."""

    values: Array
    group: Array
    first: Array
    second: Array
    kind: np.dtype[Any]

    @classmethod
    def like(cls, values: Array) -> Self:
        """Nothing yet."""
        elements = values.shape if values.ndim == 2 else values.shape[:-1]
        group, first, second = np.zeros((3, *elements, 3))
        return cls(np.zeros(values.shape), group, first, second, values.dtype)

    def add(self, values: Array, size: int, *, last: bool) -> None:
        """One answer more, perhaps the last of a group."""
        for rows in blocks(values):
            wide = values[rows].astype(np.float64)
            self.values[rows] += wide
            moments = channel_moments(wide)
            if size > 1:
                moments += self.group[rows]
                self.group[rows] = 0 if last else moments
            if last:
                moments /= size
                self.first[rows] += moments
                self.second[rows] += moments**2


def channel_moments(values: Array) -> Array:
    """a, |a| and a**2 of each element, summed over its channels: (pairs, elements, ..., 3).

    `values`: (pairs, features) of a table, or (pairs, elements, ..., channels).
    """
    if values.ndim == 2:
        return np.stack([values, np.abs(values), values**2], axis=-1)
    return np.stack([_channel_sum(power) for power in (values, np.abs(values), values**2)], axis=-1)


def _channel_sum(values: Array) -> Array:
    """Over a last axis that is often short, for which sum() takes several times as long."""
    if values.shape[-1] > 4:
        return np.einsum("...c->...", values)
    return reduce(np.add, np.moveaxis(values, -1, 0))


def _standard_error(first: Array, second: Array, count: int) -> Array:
    if count == 1:
        return np.full(first.shape, np.nan)
    variance = np.maximum(second - first**2 / count, 0) / (count - 1)
    return np.sqrt(variance / count)
