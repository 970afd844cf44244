"""A model that is asked about other rows than those of the data, and has to answer in finite numbers there too.

Methods and checks ask about baselines, noise and rows with parts taken away. Sums, maxima and gradients may swallow
what is no number, so that it would be seen nowhere in what they give.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

import numpy as np

from exhibit.tasks.protocols import Capability, Contributions, Dropout, Score, Side
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.model import OutputKind

Answer = TypeVar("Answer")


MOST = 1e150  # of a number whose square is counted: the sum of many is finite, and that of what is below 1 / MOST is 0


class NoNumberError(InputError):
    """A model gave this instead of a number."""


class WatchedModel:
    """A model of `exhibit.tasks.protocols` that answers as the one that it watches. `watched`: that one itself, for a
    method that reads the net of a framework on its own."""

    def __init__(self, watched: Any) -> None:
        self.watched = watched

    @property
    def output(self) -> OutputKind:
        return self.watched.output

    @property
    def gives(self) -> AbstractSet[Capability]:
        return self.watched.gives

    @property
    def net(self) -> Any:
        return self.watched.net

    @property
    def layers(self) -> tuple[str, ...]:
        return self.watched.layers

    @property
    def estimator(self) -> Any:
        return self.watched.estimator

    def embedding(self, inputs: Arrays) -> str | None:
        return self.watched.embedding(inputs)

    def contributions(self, inputs: Arrays, background: Arrays | None) -> Contributions | None:
        return self.watched.contributions(inputs, background)


class WatchedPlace:
    """The same of a place in it."""

    def __init__(self, watched: Any) -> None:
        self.watched = watched

    @property
    def values(self) -> Arrays:
        return self.watched.values

    @property
    def mask(self) -> Arrays:
        return self.watched.mask

    def bypassed(self) -> bool:
        return self.watched.bypassed()


def unwatched(one: Any) -> Any:
    """A model or a place itself, however often it is watched; it knows its framework by more than the protocols say."""
    return unwatched(one.watched) if isinstance(one, WatchedModel | WatchedPlace) else one


class FiniteModel(WatchedModel):
    """An `exhibit.tasks.protocols.Model` as it is, but that it raises `NoNumberError` where an output is none."""

    def predict(self, inputs: Arrays) -> Array:
        """As the model."""
        return _finite(self.watched.predict(inputs))

    def evaluate(self, inputs: Arrays) -> Array:
        """As the model."""
        return _finite(self.watched.evaluate(inputs))

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> "_FinitePlace":
        """As the model."""
        return _FinitePlace(self.watched.place(inputs, layer, at, dropout))


class _FinitePlace(WatchedPlace):
    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, Arrays]:
        scores, gradients = self.watched.gradient(values, score, targets)
        return _finite(scores), gradients

    def outputs(self, values: Arrays) -> Array:
        return _finite(self.watched.outputs(values))

    def taken(self, rows: Array, dropout: Dropout | None = None) -> "_FinitePlace":
        return _FinitePlace(self.watched.taken(rows, dropout))


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
