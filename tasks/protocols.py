"""What a model is to a method or a check, whatever framework it comes from.

No framework is imported here, and no particular model, method or check is named.
"""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from typing import Any, Literal, NamedTuple, Protocol, TypeGuard

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, Arrays, InputError, Spec
from exhibit.tasks.records.model import OutputKind

Progress = Callable[[int, int], None]  # done, total
Side = Literal["input", "output"]  # before or after a layer
Capability = Literal["predictions", "gradients", "trees"]  # what a model gives and a method asks for
MOST_ASKED_FIRST: tuple[Capability, ...] = ("trees", "gradients", "predictions")
# Uniform numbers in [0, 1), (samples, *shape), for the n-th dropout that a net comes to in one prediction.
Dropout = Callable[[int, tuple[int, ...]], Array]

_FLOOR = 1e-3  # a residual is not taken relative to a difference of the score that is smaller than this


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


WHOLE_BATCH = 32


SCHEDULING = frozenset({"chunk", "training_hours"})  # of `Compute`: what changes no bit


class Compute(Spec):
    """What changes bits: it is part of every key (but for `SCHEDULING`).

    In batches of a multiple of `WHOLE_BATCH` a sample's numbers do not depend on its place in the batch: vector units
    work in such steps, and what is left over is rounded otherwise. (Keras nets are computed in multiples of 24, to
    which batches of 24 and more are filled up. The known exception is TensorFlow's softmax over rows whose length is
    no multiple of 8.)
    """

    threads: int = Field(2, ge=1, le=1_024, description="that a framework computes with; a part of every key")
    batch: int = Field(64, ge=1, le=1_000_000, description="samples that a model takes at a time; a part of every key")
    chunk: int = Field(
        128,
        ge=1,
        le=1_000_000,
        description="samples of one piece of work; what is finished outlives a run that is killed",
    )
    training_hours: float = Field(
        24.0,
        gt=0,
        le=100_000,
        description="hours of a training, estimated from its first steps; one that would take longer is refused",
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: cuda where there is one")
    deterministic: bool = Field(
        True, description="only operations that give the same bits again; false: the same numbers within rounding"
    )


class Score(Spec):
    """The number that is explained, per sample: an output as `logit`, `probability` or `value`, the `loss`
    (cross-entropy in nats) of the target class, or of a `factory` the user's own.

    `function` of a factory: (outputs (samples, outputs), targets (samples,)) -> (samples,), on arrays of the model's
    framework where gradients are taken and of numpy elsewhere.
    """

    kind: Literal["logit", "probability", "value", "loss", "factory"] = "logit"
    function: Callable[..., Any] | None = None

    def least(self, size: Array) -> Array:
        """What a residual is relative to at the least: a thousandth of a probability or of a nat; of numbers in a unit
        of their own, in which that can be all, a thousandth of `size` (pairs,), how much there is to tell apart, where
        it is less."""
        return _FLOOR * (np.minimum(size, 1) if self.kind in ("value", "factory") else np.ones_like(size))


Reading = Literal["identity", "softmax", "logistic", "cross_entropy", "logistic_loss", "negative_log", "own"]


def reading(output: OutputKind, score: Score) -> Reading:
    """How `score` is read off the outputs of a model.

    Raises:
        InputError: for a score that such outputs do not hold.
    """
    if score.kind == "factory":
        return "own"
    readings: dict[OutputKind, dict[str, Reading]] = {
        "values": {"value": "identity"},
        "logits": {"logit": "identity", "probability": "softmax", "loss": "cross_entropy"},
        "log_odds": {"logit": "identity", "probability": "logistic", "loss": "logistic_loss"},
        "probabilities": {"probability": "identity", "loss": "negative_log"},
        "chances": {"probability": "identity", "loss": "negative_log"},
    }
    known = readings[output]
    if score.kind not in known:
        hint = "; for logits give the model without its last softmax" if score.kind == "logit" else ""
        raise InputError(
            f"target.score: {score.kind!r} was given, but the model gives {output}: use {' or '.join(known)}{hint}"
        )
    return known[score.kind]


def own_score(score: Score, outputs: Any, targets: Any) -> Any:
    """The scores (samples,) of the user's own function, of the framework of `outputs`.

    Raises:
        InputError: without a function, or for a result of another shape.
    """
    if score.function is None:
        raise InputError("target.factory: the score 'factory' needs a function, as package.module:function")
    result = score.function(outputs, targets)
    if (shape := tuple(getattr(result, "shape", ()))) != (outputs.shape[0],):
        raise InputError(
            f"target.factory: one score per sample was expected, shape ({outputs.shape[0]},), but the function gave "
            f"{shape}"
        )
    return result


def scores(outputs: Array, kind: OutputKind, score: Score, targets: Array) -> Array:
    """The scores (samples,) of the outputs `targets` (samples,), read off (samples, outputs) in float64.

    Raises:
        InputError: for a score that such outputs do not hold.
    """
    values = outputs.astype(np.float64)
    if score.kind == "factory":
        return np.asarray(own_score(score, values, targets), np.float64)
    if (how := reading(kind, score)) in ("softmax", "cross_entropy"):
        values = values - np.logaddexp.reduce(values, axis=1, keepdims=True)
    chosen = values[np.arange(len(values)), targets]
    match how:
        case "identity":
            return chosen
        case "softmax":
            return np.exp(chosen)
        case "logistic":
            return np.asarray(np.exp(-np.logaddexp(0, -chosen)))
        case "logistic_loss":
            losses: Array = np.logaddexp(0, -chosen)
        case "cross_entropy":
            losses = -chosen
        case _:
            losses = -np.log(chosen)
    return losses


class Place(Protocol):
    """A batch of samples seen from one place in a model: its preprocessed inputs or a hidden layer.

    `values[name]`: (samples, ...) floats, padded where ragged; `mask[name]`: (samples, elements) True where an
    element exists, only for ragged ones. For a hidden layer the single name is that of the input it belongs to,
    or of the layer.
    """

    @property
    def values(self) -> Arrays: ...

    @property
    def mask(self) -> Arrays: ...

    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, Arrays]:
        """Scores (samples,) at `values`, and the gradient of each sample's own score, shaped like `values`.

        `targets`: (samples,) output indices.
        """
        ...

    def outputs(self, values: Arrays) -> Array:
        """The outputs (samples, outputs) of the model at `values`."""
        ...

    def taken(self, rows: Array, dropout: "Dropout | None" = None) -> "Place":
        """The samples `rows` of this batch, which may repeat, seen from the same place with this dropout."""
        ...

    def bypassed(self) -> bool:
        """Whether numbers that lead to this place also reach the outputs by ways around it, as with a skip connection.

        Numbers of another input, which do not lead here, are held: they bypass nothing.
        """
        ...


class Model(Protocol):
    """A model that predicts. `inputs` are raw values by input name; preprocessing belongs to the model."""

    @property
    def output(self) -> OutputKind: ...

    @property
    def gives(self) -> AbstractSet[Capability]:
        """What a method may ask it for: "gradients" of a `DifferentiableModel`, "trees" of a `TreeModel`."""
        ...

    def predict(self, inputs: Arrays) -> Array:
        """Outputs (samples, outputs) as the model gives them."""
        ...


class Contributions(NamedTuple):
    """What the library of the trees says itself: `values` (samples, elements, outputs) over the elements of all inputs
    side by side, and the expected value (samples, outputs) behind them."""

    values: Array
    base: Array


class TreeModel(Model, Protocol):
    """A model that an estimator makes, which may be one of trees, over the elements of all inputs side by side."""

    @property
    def estimator(self) -> Any: ...

    def contributions(self, inputs: Arrays, background: Arrays | None) -> Contributions | None:
        """Shapley values of its outputs by its own library: path-dependent, or with hidden elements taken from rows of
        the `background`; None where this has none and SHAP reads the estimator.

        Raises:
            InputError: for outputs that the library does not explain.
        """
        ...


class DifferentiableModel(Model, Protocol):
    """A model that also gives gradients, at its preprocessed inputs or at a hidden layer."""

    @property
    def net(self) -> Any:
        """What its framework calls a net: a torch module or a Keras model."""
        ...

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that can be given as `layer`."""
        ...

    def embedding(self, inputs: Arrays) -> str | None:
        """The layer that makes vectors of ids, one for each element of some `inputs`; None where not just one does."""
        ...

    def evaluate(self, inputs: Arrays) -> Array:
        """What `predict` gives but for rounding, as fast as it can be had."""
        ...

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> Place:
        """The batch `inputs` seen from `layer` (None: the preprocessed inputs).

        With `dropout` a unit is dropped where its number is below the rate of its dropout; nothing else leaves
        inference mode.

        Raises:
            InputError: for a layer that is not there (the message lists the layers), or a model without dropout.
        """
        ...


def gives_gradients(model: Model) -> TypeGuard[DifferentiableModel]:
    """Whether a model is one that also gives gradients and layers."""
    return "gradients" in model.gives


def gives_trees(model: Model) -> TypeGuard[TreeModel]:
    """Whether a model shows the estimator that it is made of."""
    return "trees" in model.gives


def evaluated(model: Model, inputs: Arrays) -> Array:
    """What `predict` gives but for rounding, as fast as the model has it."""
    return model.evaluate(inputs) if gives_gradients(model) else model.predict(inputs)


def padded_batches(count: int, size: int) -> Iterator[tuple[Array, int]]:
    """Indices in batches of exactly `size`, with how many of them count.

    The last batch is filled by repeating its last index: the size of a batch changes bits, its neighbours do not.
    """
    for start in range(0, count, size):
        rows = np.arange(start, min(start + size, count))
        yield np.pad(rows, (0, size - len(rows)), mode="edge"), len(rows)


def take(arrays: Arrays, rows: Array) -> dict[str, Array]:
    """The given rows of every array."""
    return {name: array[rows] for name, array in arrays.items()}
