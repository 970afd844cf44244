"""A model that is asked about other rows than those of the data, and has to answer in finite numbers there too.

Methods and checks ask about baselines, noise and rows with parts taken away. Sums, maxima and gradients may swallow
what is no number, so that it would be seen nowhere in what they give.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from exhibit.tasks.protocols import Dropout, Score, Side
from exhibit.tasks.records.base import Array, Arrays, InputError

Answer = TypeVar("Answer")


class NoNumberError(InputError):
    """A model gave this instead of a number."""


class Watched:
    """What is asked in the place of a model or of a place in it. All that it is not said to do otherwise it does as
    what it watches: methods may know a framework by more than the protocol of a model."""

    def __init__(self, watched: Any) -> None:
        self._watched = watched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._watched, name)


class FiniteModel(Watched):
    """An `exhibit.tasks.protocols.Model` as it is, but that it raises `NoNumberError` where an output is none."""

    def predict(self, inputs: Arrays) -> Array:
        """As the model."""
        return _finite(self._watched.predict(inputs))

    def evaluate(self, inputs: Arrays) -> Array:
        """As the model."""
        return _finite(self._watched.evaluate(inputs))

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> "_FinitePlace":
        """As the model."""
        return _FinitePlace(self._watched.place(inputs, layer, at, dropout))


class _FinitePlace(Watched):
    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, Arrays]:
        scores, gradients = self._watched.gradient(values, score, targets)
        return _finite(scores), gradients

    def outputs(self, values: Arrays) -> Array:
        return _finite(self._watched.outputs(values))

    def taken(self, rows: Array, dropout: Dropout | None = None) -> "_FinitePlace":
        return _FinitePlace(self._watched.taken(rows, dropout))


def _finite(numbers: Array) -> Array:
    strange = ~np.isfinite(numbers)
    if strange.any():
        raise NoNumberError(str(numbers[strange][0]))
    return numbers


def answered(ask: Callable[[Array], Answer], rows: Array, names: Array, model: str, asked_by: str) -> Answer:
    """`ask(rows)`, which asks a `FiniteModel` about changes of the samples of these `names` (rows,).

    Raises:
        InputError: where it gives no number, with the sample, and by what method or check it was asked.
    """
    try:
        return ask(rows)
    except NoNumberError as error:
        # One by one: in a batch nobody knows whose changed row it was.
        alone = (number for number in range(len(rows)) if not _answers(ask, rows[number : number + 1]))
        raise no_number(str(error), model, str(names[next(alone, 0)]), asked_by) from error


def _answers(ask: Callable[[Array], object], rows: Array) -> bool:
    try:
        ask(rows)
    except NoNumberError:
        return False
    return True


def no_number(value: str, model: str, sample: str, asked_by: str) -> InputError:
    """What is said of a model that gives this for a change of a sample that it predicts as it is."""
    return InputError(
        f"model: {model} gives {value} where {asked_by} asks about {sample!r} with something changed (a baseline, "
        "noise, or parts of it replaced), though it gives numbers for the sample itself; mend the model for such "
        f"inputs, give another baseline where there is one, or leave out {asked_by}"
    )
