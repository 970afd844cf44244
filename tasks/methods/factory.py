"""A user's own method: what a function from a trusted module says about the elements of an input."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import ConfigDict, Field

from exhibit.tasks.factory import MethodFactory, called, load
from exhibit.tasks.methods.method import Against, Method
from exhibit.tasks.protocols import (
    Compute,
    DifferentiableModel,
    Model,
    Score,
    gives_gradients,
    padded_batches,
    scores,
    take,
)
from exhibit.tasks.records.base import Arguments, Array, Arrays, InputError
from exhibit.tasks.records.data import Baseline
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.language import mark_option, of_option
from exhibit.tasks.records.shown import what_it_is


class MethodFactorySpec(Method):
    """What `factory(model, inputs, baselines, targets, **arguments)` gives.

    `model` is an `ExplainableModel`; `inputs` and `baselines`: raw values by name, shaped alike; `targets`: (samples,)
    the output of each sample that is explained. The answer is an array shaped like each input, by name or alone where
    there is one, of an image with its channels or without. It is called once for each target.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    kind: Literal["factory"] = "factory"
    factory: MethodFactory = Field(
        description="package.module:function, from a module that EXHIBIT_TRUSTED_MODULES names; or the name of one "
        "that an installed package offers"
    )
    arguments: Arguments = Field(default_factory=dict, description="of the function, by name")
    adds_up: bool = Field(
        False, alias="additive", description="whether values add up to the change of the score; the residual is theirs"
    )
    baseline: Baseline = Field("auto", description="in raw units: auto, zero, black, mean, blur or uniform")
    own_title: str = Field(
        mark_option("A method of the user's own"),
        alias="title",
        min_length=1,
        description="what the report calls the method",
    )
    own_citation: str = Field(
        mark_option("A function that the user gave."), alias="citation", description="where the method was published"
    )

    formula: ClassVar[str] = ""
    _for_no_reader: ClassVar[frozenset[str]] = frozenset({"kind", "own_title", "own_citation"})

    @property
    def own_function(self) -> str:
        """The method itself."""
        return self.factory

    @property
    def title(self) -> str:
        """As the user calls it."""
        return of_option(self.own_title)

    @property
    def citation(self) -> str:
        """As the user says."""
        return of_option(self.own_citation)

    @property
    def additive(self) -> bool:
        """As the user says."""
        return self.adds_up

    @property
    def against(self) -> Against:
        """A baseline for each sample."""
        return Against(self.baseline)

    def __hash__(self) -> int:
        return hash(self.model_dump_json())

    def attribute(
        self,
        model: DifferentiableModel,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Attribution:
        """As every method; the scores, the base value and the residual are computed here."""
        if baselines is None:
            raise InputError("method.factory: it needs a baseline of raw values, but this kind of data has none")
        where = f"method.factory: {self.factory}"
        explainable = ExplainableModel(model, score, compute.batch)
        explain = partial(load(self.factory, "method.factory"), explainable)
        columns = [
            self._values(called(partial(explain, inputs, baselines, column), self.arguments, where), inputs)
            for column in targets.T
        ]
        values = {name: np.stack([column[name] for column in columns], axis=-1) for name in inputs}
        prediction, base = (
            np.stack([explainable.scores(rows, column) for column in targets.T], axis=1) for rows in (inputs, baselines)
        )
        total = sum(array.reshape(len(targets), -1, targets.shape[1]).sum(axis=1) for array in values.values())
        unknown = np.full(targets.shape, np.nan)
        return Attribution(
            sample_ids=sample_ids,
            targets=targets,
            values={name: array.astype(np.float32) for name, array in values.items()},
            prediction=prediction,
            base_value=base if self.additive else unknown,
            residual=total - (prediction - base) if self.additive else unknown,
            steps=np.zeros(targets.shape, np.int64),
            converged=np.ones(targets.shape, bool),
        )

    def _values(self, given: Any, inputs: Arrays) -> dict[str, Array]:
        """The answer as arrays shaped like the inputs; maps without channels get one.

        Raises:
            InputError: for anything else.
        """
        by_name = given if isinstance(given, Mapping) else dict.fromkeys(inputs, given) if len(inputs) == 1 else None
        if by_name is None or by_name.keys() != inputs.keys():
            names = ", ".join(map(str, by_name)) if by_name is not None else what_it_is(given)
            raise InputError(
                f"method.factory: {self.factory} gave {names}; values for {', '.join(inputs)} were expected"
            )
        return {name: self._checked(name, by_name[name], array.shape) for name, array in inputs.items()}

    def _checked(self, name: str, given: Any, shape: tuple[int, ...]) -> Array:
        values = np.asarray(given)
        if values.dtype.kind not in "fiub" or values.shape not in (shape, shape[:-1] if len(shape) > 2 else shape):
            raise InputError(
                f"method.factory: {self.factory} gave {values.dtype} of shape {values.shape} for {name}; numbers of "
                f"shape {shape} were expected"
            )
        if not np.isfinite(values).all():
            raise InputError(f"method.factory: {self.factory} gave non-finite values for {name}")
        values = values.astype(np.float64)
        return values if values.shape == shape else values[..., np.newaxis]


class ExplainableModel(NamedTuple):
    """A model as a user's own method sees it: its predictions, and the score that is explained.

    `model` is the model itself, with its `net` where it has one; `batch`: samples at a time.
    """

    model: Model
    score: Score
    batch: int

    def predict(self, inputs: Arrays) -> Array:
        """Outputs (samples, outputs) for raw values by name."""
        return self.model.predict(inputs)

    def scores(self, inputs: Arrays, targets: Array) -> Array:
        """The score (samples,) of the outputs `targets` (samples,)."""
        return scores(self.model.predict(inputs), self.model.output, self.score, targets)

    def gradient(self, inputs: Arrays, targets: Array) -> dict[str, Array]:
        """The gradient of each sample's own score with respect to its preprocessed inputs, shaped like these.

        Raises:
            InputError: for a model that only predicts.
        """
        if not gives_gradients(self.model):
            raise InputError("method.factory: it asks for gradients, but the model only predicts")
        parts = []
        for rows, used in padded_batches(len(targets), self.batch):
            place = self.model.place(take(inputs, rows))
            _, gradients = place.gradient(place.values, self.score, targets[rows])
            parts.append({name: array[:used] for name, array in gradients.items()})
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
