"""Sampling around any gradient method: one question per draw, and the mean of the answers."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import reduce
from typing import Any, NamedTuple, Self

import numpy as np

from exhibit.tasks.methods.draws import Draws, SamplingSpec
from exhibit.tasks.methods.pairs import Pairs
from exhibit.tasks.methods.path import Question, blocks
from exhibit.tasks.methods.refine import Estimates
from exhibit.tasks.records.base import Array, Arrays


def drawn_questions(sampling: SamplingSpec, questions: Sequence[Question], sample_ids: Array) -> list[Question]:
    """Every question once per draw, in turn; no two of them share a draw."""
    first, pairs = questions[0], len(questions[0].pairs.sample)
    place = "input" if first.layer is None else f"{first.at} of {_name(first.layer, first.model.layers)}"
    draws = Draws(sampling, place, sample_ids)
    each = [question for question in questions for _ in range(sampling.nt_samples)]
    return [replace(one, draws=draws, number=np.full(pairs, number)) for number, one in enumerate(each)]


def _name(layer: str | int, layers: Sequence[str]) -> str | int:
    """One word for a layer however it is spelled; what is not there stays as it is, and the model refuses it."""
    names: dict[str | int, str] = {**dict(enumerate(layers)), **dict(enumerate(layers, -len(layers)))}
    return names.get(layer, layer)


def unsummed_of(inputs: Arrays) -> frozenset[str]:
    """The names of the inputs whose channels are not summed, for each is a quantity of its own: those of series
    (samples, steps, channels). Pictures have an axis more, and tables, ids and SMILES fewer."""
    return frozenset(name for name, values in inputs.items() if values.ndim == 3)


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

    def _kept(self, arrays: Arrays, pairs: Pairs) -> dict[str, Array]:
        """In the precision of the model."""
        kinds = {name: values.dtype for name, values in self.mean.values.items()}
        return {name: pairs.spread(values.astype(kinds[name]), -2) for name, values in arrays.items()}


def averaged(
    answers: Iterable[Estimates], groups: int, size: int, plain: Estimates, unsummed: AbstractSet[str] = frozenset()
) -> Sampled:
    """Accumulates `groups` times `size` answers. `unsummed`: names of values whose channels are elements.

    `plain` holds the scores without any draw; it is filled with the means. Only the means of groups are independent:
    answers that share a baseline are alike. The standard error of a mean over M groups is sqrt(var / M), var with
    M - 1; NaN for a single one.
    """
    count = groups * size
    sums: dict[str, _Sums] = {}
    difference, absolute_difference, absolute_residual = np.zeros((3, len(plain.prediction)))
    plain.residual[:], plain.finished[:] = 0, True
    for number, answer in enumerate(answers, start=1):
        for name, values in answer.values.items():
            sums.setdefault(name, _Sums.like(values, name not in unsummed)).add(values, size, last=number % size == 0)
        plain.mask = answer.mask
        plain.steps = np.maximum(plain.steps, answer.steps)
        plain.finished = plain.finished & answer.finished
        plain.residual = plain.residual + answer.residual / count
        absolute_residual += np.abs(answer.residual) / count
        score_change = answer.prediction - np.nan_to_num(answer.base_value)
        difference += score_change / count
        absolute_difference += np.abs(score_change) / count
    plain.values = {name: (total.values / count).astype(total.kind) for name, total in sums.items()}
    errors = {name: _standard_error(total.first, total.second, groups) for name, total in sums.items()}
    gap = difference - (plain.prediction - np.nan_to_num(plain.base_value))
    moments = {name: total.first / groups for name, total in sums.items()}
    return Sampled(plain, moments, errors, gap, absolute_residual, absolute_difference)


class _Sums(NamedTuple):
    """Sums in float64: of the values, of the moments in a group that is not over, and over groups of their mean
    moments and of the squares of those; `kind`: what the values came in; `summed`: whether over channels."""

    values: Array
    group: Array
    first: Array
    second: Array
    kind: np.dtype[Any]
    summed: bool

    @classmethod
    def like(cls, values: Array, summed: bool) -> Self:
        """Nothing yet."""
        summed = summed and values.ndim > 2
        group, first, second = np.zeros((3, *(values.shape[:-1] if summed else values.shape), 3))
        return cls(np.zeros(values.shape), group, first, second, values.dtype, summed)

    def add(self, values: Array, size: int, *, last: bool) -> None:
        """One answer more, perhaps the last of a group."""
        for rows in blocks(values):
            wide = values[rows].astype(np.float64)
            self.values[rows] += wide
            moments = channel_moments(wide, self.summed)
            if size > 1:
                moments += self.group[rows]
                self.group[rows] = 0 if last else moments
            if last:
                moments /= size
                self.first[rows] += moments
                self.second[rows] += moments**2


def channel_moments(values: Array, summed: bool) -> Array:
    """a, |a| and a**2 of each element: (pairs, elements, ..., 3).

    `values`: (pairs, features) of a table, or (pairs, elements, ..., channels); `summed`: over their channels.
    """
    if values.ndim == 2 or not summed:
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
