"""A fitted model from a file of its own library: scikit-learn by skops, XGBoost, LightGBM, CatBoost."""

from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from exhibit.tasks.models.choice import GivenModel
from exhibit.tasks.models.columns import (
    ColumnsModel,
    columns_of,
    failure,
    kind_of_logits,
    require_known,
    require_order,
    require_these,
)
from exhibit.tasks.models.fitted import READERS, Fitted, read_fitted
from exhibit.tasks.models.remarks import order_of_outputs
from exhibit.tasks.protocols import Capability, Compute, Model, Progress
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Wanted
from exhibit.tasks.records.language import mark, say, say_all
from exhibit.tasks.records.model import OutputKind, Prediction, Remarks, Weights
from exhibit.tasks.records.opening import there
from exhibit.tasks.records.override import typed


class EstimatorSpec(GivenModel):
    """A fitted model of scikit-learn (.skops), XGBoost (.json, .ubj), LightGBM (.txt) or CatBoost (.cbm), explained on
    the columns that it was fitted on: words, numbers and missing values as they stand in the file.

    No such file holds code; of a .skops file each type must be one that skops trusts, or the machine in
    EXHIBIT_TRUSTED_TYPES. Columns are matched by name, or taken by place where the model knows no names, which the
    report says. Of XGBoost those rounds count by which it predicts: all of a booster, of its classes (XGBClassifier and
    so on) those up to the best one where the training stopped early.
    """

    kind: Literal["estimator"] = "estimator"
    path: Path = Field(description="a .skops, .json, .ubj, .txt or .cbm file, as its library saves a fitted model")
    output: Literal["auto", "probabilities", "logits"] = Field(
        "auto",
        description="of a classifier; auto: probabilities; logits: what its trees add up to, of two classes log-odds",
    )

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "trees"})
    several: ClassVar[bool] = True

    @field_validator("path")
    @classmethod
    def _known_ending(cls, path: Path) -> Path:
        if path.suffix.lower() not in READERS:
            raise ValueError(
                f"{path.name} ends in {path.suffix!r}; a fitted model is read from {', '.join(READERS)}, as skops, "
                "XGBoost, LightGBM and CatBoost save it; a pickle is never opened"
            )
        return path

    @property
    def framework(self) -> str:
        """The library whose file it is."""
        return READERS[self.path.suffix.lower()][0].framework

    @property
    def called(self) -> str:
        """It is whatever its library saved."""
        return mark("fitted model")

    @property
    def architecture(self) -> str:
        """One sentence about the model."""
        counted = READERS[self.path.suffix.lower()][0].counted
        told = say(
            "A fitted model of {library}, read from a file of its own; it is given whole columns.",
            library=self.framework,
        )
        return say_all(told, counted)

    @property
    def training(self) -> str:
        """That nothing is known of it."""
        return mark("It was not trained here: it is as the file gives it.")

    def output_kind(self, dataset: Dataset) -> OutputKind | None:
        """As the config says; of a classification on logits only the number of classes tells."""
        if dataset.task == "regression":
            return "values"
        if dataset.task == "multi_label":
            if self.output == "logits":
                raise InputError("model.output: of several labels a fitted model gives probabilities; leave it at auto")
            return "chances"
        if self.output != "logits":
            return "probabilities"
        return "log_odds" if len(dataset.classes) == 2 else "logits"

    def wanted(self, compute: Compute, weights: Weights | None = None) -> Wanted:
        """The columns that it was fitted on."""
        return self._read(self._bytes() if weights is None else _file(weights), compute).wanted

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """The file as it is, tried on a few rows.

        Raises:
            InputError: for a file or data that do not go together.
        """
        weights = Weights(arrays={"file": np.frombuffer(self._bytes(), np.uint8)}, parameters=0)
        self.restore(dataset, weights, compute)
        progress(1, 1)
        return weights

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> Model:
        """The model that lies in the weights as its file.

        Raises:
            InputError: where it does not take the data, or gives something else than these ask for.
        """
        fitted = self._read(_file(weights), compute)
        kind = self.output_kind(dataset)
        assert kind is not None
        require_these(fitted, dataset, "model.path")
        require_order(fitted.classes, dataset, "model.path")
        require_known(fitted, dataset, "model.path")
        share = dataset.task == "regression" and fitted.gives_shares
        if not share and fitted.classifies != (dataset.task != "regression"):
            is_, asked = (
                ("a classifier", "data.task=classification")
                if fitted.classifies
                else ("no classifier that gives probabilities", "data.task=regression")
            )
            raise InputError(
                f"model.path: the {fitted.framework} model is {is_}, and the data is a {dataset.task} of "
                f"{dataset.label_name!r}; {asked} says otherwise"
            )
        model = ColumnsModel(fitted, columns_of(dataset), kind, compute)
        self._try(model, dataset, fitted.classes)
        if kind in ("logits", "log_odds"):
            model.output = kind_of_logits(fitted, dataset, "model.path")
        return model

    def remarks(self, dataset: Dataset, _: Weights, prediction: Prediction) -> Remarks:
        """Whether the labels say another order of the classes than what was taken for granted."""
        return order_of_outputs(dataset, prediction.outputs) if dataset.classes else Remarks()

    def _try(self, model: Model, dataset: Dataset, known: tuple[str, ...]) -> None:
        lacking = [np.isnan(item.array).any(axis=1) for item in dataset.inputs if item.values.dtype.kind == "f"]
        rows = np.flatnonzero(np.any(lacking, axis=0))[:_TRIED] if lacking else np.arange(0)
        some = dataset.take(np.union1d(rows, np.arange(min(_TRIED, len(dataset.labels)))))
        try:
            outputs = model.predict(some.arrays)
        except InputError:
            raise
        except Exception as error:  # each library fails in its own ways
            raise InputError(
                f"model.path: the {self.framework} model cannot predict this data: {failure(error, dataset)}"
            ) from error
        wanted = len(some.outputs)
        if outputs.shape[1] != wanted:
            what = "class" if some.classes else "label"
            each = f", one for each {what} ({', '.join(some.outputs[:10])})" if wanted > 1 else ""
            more = some.classes and outputs.shape[1] > wanted
            all_of_them = f"; {_classes_typed(known)} names all that it knows" if more else ""
            raise InputError(
                f"model.path: the model gives {outputs.shape[1]} outputs, and the data asks for {wanted}{each}"
                f"{all_of_them}"
            )

    def _bytes(self) -> bytes:
        try:
            if not there(self.path):
                name, found = self.path.name, self.path.exists()
                what = f"{name} is no regular file" if found else f"there is no file {name}"
                raise InputError(f"model.path: {what}; put the fitted model there")
            return self.path.read_bytes()
        except OSError as error:
            raise InputError(f"model.path: {self.path.name} cannot be read: {error.strerror}") from error

    def _read(self, data: bytes, compute: Compute) -> Fitted:
        return read_fitted(data, self.path.suffix.lower(), compute.threads)


def _classes_typed(known: tuple[str, ...]) -> str:
    """All classes of a model, which has these where it knows them by name, as they are typed."""
    return typed("data.classes", known) if known else "data.classes=[...], a list in the order of its outputs,"


def _file(weights: Weights) -> bytes:
    return weights.arrays["file"].tobytes()


_TRIED = 8  # rows
