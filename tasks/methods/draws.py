"""What is drawn around a gradient method: noise on what is explained, dropout in the model.

Every draw is a function of (seed, sample, draw, layer) alone, so neither chunks, order nor workers change a number.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.protocols import Dropout, Place
from exhibit.tasks.records.base import Array, Arrays, InputError, Spec
from exhibit.tasks.records.language import Message, as_message, joined, mark, say, sayn


class SamplingSpec(Spec):
    """How many draws are averaged, and what is drawn."""

    nt_samples: int = Field(30, ge=1, le=100_000, description="draws")
    stdevs: float = Field(
        0.15, ge=0, le=1_000_000, description="standard deviation of the noise, see mode; 0: no noise"
    )
    mode: Literal["relative", "per_channel", "absolute"] = Field(
        "relative",
        description="relative: stdevs times (max - min) of a sample; per_channel: of each channel of a sample alone, "
        "where they are in different units",
    )
    dropout: bool = Field(False, description="sample the dropout of the model, and nothing else of its training mode")
    mask: Literal["per_draw", "per_step"] = Field(
        "per_draw", description="a dropout mask for the whole path, or a fresh one per step (not complete)"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of the noise and the dropout")

    @property
    def title(self) -> str:
        """What is drawn: its published name where it has one."""
        names = {
            (True, False): mark("SmoothGrad noise"),
            (False, True): mark("BayesGrad dropout"),
            (True, True): mark("noise and dropout"),
        }
        return names.get((self.stdevs > 0, self.dropout), mark("draws of nothing"))

    def formula(self, plain: str) -> Message:
        """The mean of `plain` over the draws, as inline HTML."""
        noise = "<i>x</i> → <i>x</i> + <i>ε</i>, <i>ε</i> ~ N(0, <i>σ</i>²)" if self.stdevs else ""
        dropout = mark("dropout sampled") if self.dropout else ""
        averaged_over = [word for word in (noise, dropout) if word]
        of = sayn(
            "mean over {number} draw of {formula}",
            "mean over {number} draws of {formula}",
            self.nt_samples,
            formula=as_message(plain),
        )
        return say("{formula}, {drawn}", formula=of, drawn=joined(averaged_over)) if averaged_over else of

    @property
    def citations(self) -> tuple[str, ...]:
        """The papers that what is drawn comes from."""
        smooth = (
            "D. Smilkov and others (2017), SmoothGrad: removing noise by adding noise, doi:10.48550/arXiv.1706.03825."
        )
        bayes = (
            "H. Akita et al. (2018), BayesGrad: explaining predictions of graph convolutional networks, "
            "doi:10.48550/arXiv.1807.01985."
        )
        return (*((smooth,) if self.stdevs else ()), *((bayes,) if self.dropout else ()))


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
        extent = 1.0 if sampling.mode == "absolute" else np.ptp(values, axis=self._axes(name, values.ndim))
        noise = self.generator(row, f"noise {self.draws.layer} {name}").standard_normal(values.shape)
        noise *= sampling.stdevs * np.asarray(extent, np.float64)
        values += noise.astype(values.dtype)

    def _axes(self, name: str, axes: int) -> tuple[int, ...] | None:
        """Over which of them (max - min) is taken; None: all.

        Raises:
            InputError: for elements without channels.
        """
        if self.draws.sampling.mode == "relative":
            return None
        if axes < 2:
            raise InputError(
                f"sampling.mode: per_channel was given, but {name} has one number for each element of a sample, and no "
                "range of them; let a preprocess bring them to one unit, and use relative or absolute"
            )
        return tuple(range(axes - 1))

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
        draws = self._drawn._replace(samples=self._drawn.samples[rows], numbers=self._drawn.numbers[rows])
        return Masks(draws, [f" at {alpha!r}" for alpha in alphas.tolist()])

    def __call__(self, number: int, shape: tuple[int, ...]) -> Array:
        """Uniform numbers (samples, *shape) in [0, 1)."""
        if (number, shape) not in self._known:
            purposes = [f"dropout {number}{step}" for step in self._steps]
            numbers = [self._drawn.generator(row, what).random(shape, np.float32) for row, what in enumerate(purposes)]
            self._known[number, shape] = np.stack(numbers)
        return self._known[number, shape]
