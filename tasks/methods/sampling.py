"""Sampling around any gradient method: noise on what is explained, dropout in the model.

Every draw is a function of (seed, sample, draw, layer) alone, so neither chunks, order nor workers change a number.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from pydantic import Field

from tasks.methods.pairs import Pairs
from tasks.methods.path import Estimates, Question
from tasks.protocols import Place
from tasks.records import Array, Arrays, Spec


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
    seed: int = Field(0, ge=0)

    def draws(self, question: Question, sample_ids: Array) -> list[Question]:
        """The question once per draw."""
        place = "input" if question.layer is None else f"{question.at} of {question.layer}"
        return [replace(question, draw=Draw(self, number, place, sample_ids)) for number in range(self.nt_samples)]

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


@dataclass(frozen=True)
class Draw:
    """One draw for every sample; `layer` is where noise is added."""

    sampling: SamplingSpec
    number: int
    layer: str
    sample_ids: Array

    def noisy(self, place: Place, samples: Array) -> Arrays:
        """The values of `place` with noise on the elements that exist; `samples` says whose they are."""
        if not self.sampling.stdevs:
            return place.values
        return {
            name: np.stack([self._noisy(name, values[row], place.mask, row, s) for row, s in enumerate(samples)])
            for name, values in place.values.items()
        }

    def _noisy(self, name: str, values: Array, mask: Arrays, row: int, sample: int) -> Array:
        real = slice(None) if name not in mask else slice(int(mask[name][row].sum()))
        kept = values[real]
        extent = 1.0 if self.sampling.mode == "absolute" else float(kept.max() - kept.min())
        noise = self.generator(sample, f"noise {self.layer} {name}").standard_normal(kept.shape)
        noisy = values.copy()
        noisy[real] += (self.sampling.stdevs * extent * noise).astype(values.dtype)
        return noisy

    def generator(self, sample: int, purpose: str) -> np.random.Generator:
        """The random numbers of this draw of one sample for one purpose."""
        words = (self.sampling.seed, self.sample_ids[sample], self.number, purpose)
        key = hashlib.sha256("\0".join(map(str, words)).encode()).digest()[:16]
        return np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))

    def masks(self, samples: Array) -> "Masks | None":
        """Dropout for these samples, where it is sampled."""
        return Masks(self, samples) if self.sampling.dropout else None


class Masks:
    """The numbers that decide what is dropped, as `tasks.protocols.Dropout`; the same at every step of a path
    unless a mask per step is asked for."""

    def __init__(self, draw: Draw, samples: Array) -> None:
        self._draw, self._samples = draw, samples
        self._known: dict[tuple[int, tuple[int, ...]], Array] = {}
        self._step = ""

    def at(self, alpha: float) -> None:
        """Moves on to another step of the path."""
        if self._draw.sampling.mask == "per_step":
            self._step = f" at {alpha!r}"
            self._known.clear()

    def __call__(self, number: int, shape: tuple[int, ...]) -> Array:
        """Uniform numbers (samples, *shape) in [0, 1)."""
        if (number, shape) not in self._known:
            purpose = f"dropout {number}{self._step}"
            numbers = [self._draw.generator(sample, purpose).random(shape, np.float32) for sample in self._samples]
            self._known[number, shape] = np.stack(numbers)
        return self._known[number, shape]


class Sampled(NamedTuple):
    """Means over the draws, and per name (pairs, elements, ..., 3) moments of a, |a|, a**2 with standard errors."""

    mean: Estimates
    moments: dict[str, Array]
    standard_error: dict[str, Array]
    gap: Array

    def fields(self, pairs: Pairs) -> dict[str, Any]:
        """What an attribution holds more than without sampling."""
        return {
            "moments": {name: pairs.spread(values.astype(np.float32), -2) for name, values in self.moments.items()},
            "standard_error": {
                name: pairs.spread(values.astype(np.float32), -2) for name, values in self.standard_error.items()
            },
            "sampling_gap": pairs.spread(self.gap),
        }


def averaged(questions: Sequence[Question], run: Callable[[Question], Estimates], plain: Estimates) -> Sampled:
    """Answers every question and accumulates.

    `plain` holds the scores without any draw; it is filled with the means. The standard error of a mean over M
    draws is sqrt(var / M), var with M - 1; NaN for a single draw.
    """
    count = len(questions)
    first: dict[str, Array] = {}
    second: dict[str, Array] = {}
    difference = np.zeros(len(plain.prediction))
    for number, question in enumerate(questions):
        found = run(question)
        for name, values in found.values.items():
            moments = channel_moments(values)
            first[name] = first.get(name, 0) + moments
            second[name] = second.get(name, 0) + moments**2
            plain.values[name] = plain.values[name] + values / count
        plain.mask = found.mask
        plain.steps = np.maximum(plain.steps, found.steps)
        plain.finished = found.finished if number == 0 else plain.finished & found.finished
        plain.residual = (0 if number == 0 else plain.residual) + found.residual / count
        difference += (found.prediction - np.nan_to_num(found.base_value)) / count
    errors = {name: _standard_error(first[name], second[name], count) for name in first}
    gap = difference - (plain.prediction - np.nan_to_num(plain.base_value))
    return Sampled(plain, {name: total / count for name, total in first.items()}, errors, gap)


def channel_moments(values: Array) -> Array:
    """a, |a| and a**2 of each element, summed over its channels: (pairs, elements, ..., 3).

    `values`: (pairs, features) of a table, or (pairs, elements, ..., channels).
    """
    powers = np.stack([values, np.abs(values), values**2], axis=-1)
    return powers if values.ndim == 2 else powers.sum(axis=-2)


def _standard_error(first: Array, second: Array, count: int) -> Array:
    if count == 1:
        return np.full(first.shape, np.nan)
    variance = np.maximum(second - first**2 / count, 0) / (count - 1)
    return np.sqrt(variance / count)
