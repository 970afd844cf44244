"""What the explainers of SHAP have in common here: seeds, scores, and the residual computed from the model itself."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from exhibit.tasks.methods.alike import require_alike
from exhibit.tasks.methods.method import Against, Method
from exhibit.tasks.protocols import (
    DifferentiableModel,
    Model,
    Place,
    Score,
    Side,
    gives_gradients,
    padded_batches,
    scores,
    take,
)
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.language import say
from exhibit.tasks.records.model import OutputKind


class ShapMethod(Method):
    """Options of every explainer of SHAP."""

    seed: int = Field(0, ge=0, lt=2**32, description="of what is drawn at random")

    title: ClassVar[str]
    citation: ClassVar[str]
    formula: ClassVar[str] = (
        "Σ<sub><i>T</i></sub> |<i>T</i>|! (<i>n</i>−|<i>T</i>|−1)!/<i>n</i>! · "
        "(<i>S</i>(<i>T</i> ∪ <i>i</i>) − <i>S</i>(<i>T</i>))"
    )
    additive: ClassVar[bool] = True


class BackgroundMethod(ShapMethod):
    """Options of explainers that compare with rows of the training data and average over them."""

    background: int = Field(
        20, ge=1, le=100_000, description="rows of the training data that are compared with, drawn by seed"
    )

    formula: ClassVar[str] = say(
        "mean over <i>x</i>′ of {formula}, what is hidden being taken from <i>x</i>′", formula=ShapMethod.formula
    )

    @property
    def against(self) -> Against:
        """Rows of the training data."""
        return Against("samples", self.background, self.seed)


def differentiable(model: Model, kind: str) -> DifferentiableModel:
    """The model, if it gives gradients.

    Raises:
        InputError: if it only predicts.
    """
    if not gives_gradients(model):
        raise InputError(f"{kind}: needs gradients, but the model only predicts; use kernel_shap or occlusion")
    return model


def rows_of(background: Arrays | None, kind: str) -> Arrays:
    """The background rows, each input (background, ...).

    Raises:
        InputError: without any.
    """
    if background is None:
        raise InputError(f"{kind}: the background is empty: it needs at least one training row")
    return background


def compared(
    kind: str, model: DifferentiableModel, background: Arrays, layer: str | int | None, at: Side, size: int
) -> tuple[dict[str, Array], Place]:
    """The background where a method looks, and the place of its last rows; however large it is, the net sees `size`
    rows at a time.

    Raises:
        InputError: for inputs without a common size.
    """
    parts: dict[str, list[Array]] = {}
    for rows, used in padded_batches(len(next(iter(background.values()))), size):
        place = model.place(take(background, rows), layer, at)
        require_alike(kind, place, {name: values[0] for name, values in parts.items()} or place.values)
        for name, values in place.values.items():
            parts.setdefault(name, []).append(values[:used])
    return {name: np.concatenate(values) for name, values in parts.items()}, place


def scores_of(
    predict: Callable[[Arrays], Array], kind: OutputKind, score: Score, targets: Sequence[int], inputs: Arrays
) -> Array:
    """Scores (samples, targets) of the same outputs `targets` for every sample of raw `inputs`."""
    outputs = predict(inputs)
    return np.stack([scores(outputs, kind, score, np.full(len(outputs), target)) for target in targets], axis=1)


def own_scores(model: Model, inputs: Arrays, score: Score, targets: Array) -> Array:
    """Scores (samples, targets), each sample with its own `targets` (samples, targets)."""
    outputs = model.predict(inputs)
    return np.stack([scores(outputs, model.output, score, column) for column in targets.T], axis=1)


def mean_scores(model: Model, background: Arrays, score: Score, targets: Array) -> Array:
    """Mean scores (samples, targets) over the background, of the outputs `targets` (samples, targets)."""
    outputs = model.predict(background)
    means = {
        target: scores(outputs, model.output, score, np.full(len(outputs), target)).mean()
        for target in np.unique(targets).tolist()
    }
    return np.array([[means[target] for target in row] for row in targets.tolist()])


def explained(
    sample_ids: Array,
    targets: Array,
    values: Mapping[str, Array],
    prediction: Array,
    base_value: Array,
    **more: Any,
) -> Attribution:
    """`values[name]`: (samples, ..., targets) Shapley values, with what they fail to add up to."""
    total = sum(array.reshape(len(targets), -1, targets.shape[1]).sum(axis=1) for array in values.values())
    return Attribution(
        sample_ids=sample_ids,
        targets=targets,
        values={name: array.astype(np.float32) for name, array in values.items()},
        prediction=prediction,
        base_value=base_value,
        residual=total - (prediction - base_value),
        steps=np.zeros(targets.shape, np.int64),
        converged=np.ones(targets.shape, bool),
        **more,
    )


def flat(inputs: Arrays) -> Array:
    """(samples, elements) of all inputs side by side."""
    return np.concatenate([array.reshape(len(array), -1) for array in inputs.values()], axis=1)


def parts(values: Array, like: Arrays) -> dict[str, Array]:
    """(samples, elements, ...) of all inputs side by side as one array per input, shaped like those of `like`."""
    ends = np.cumsum([array[0].size for array in like.values()])[:-1]
    return {
        name: piece.reshape(len(values), *array.shape[1:], *values.shape[2:])
        for (name, array), piece in zip(like.items(), np.split(values, ends, axis=1), strict=True)
    }


def seed_of(seed: int, sample_id: object) -> int:
    """A seed for everything that is drawn for one sample."""
    return int.from_bytes(hashlib.sha256(f"{seed}\0{sample_id}".encode()).digest()[:4], "little")


@contextmanager
def kept_state() -> Iterator[None]:
    """SHAP draws from numpy's global state, which is put back after."""
    before: Any = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(before)
