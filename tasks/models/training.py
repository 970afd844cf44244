"""What every training has in common, whatever the framework."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from tasks.protocols import Progress
from tasks.records import Array, Arrays, Dataset, InputError, Spec

Loss = Callable[[Array], float]  # of the given rows


class TrainingSpec(Spec):
    """How a net is trained: Adam on minibatches, every draw from `seed`; or where its weights are."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    epochs: int = Field(ge=1, description="passes over the training rows")
    batch_size: int = Field(ge=1, description="rows per step; the last batch of an epoch may be smaller")
    learning_rate: float = Field(gt=0, description="of Adam")
    seed: int = Field(0, ge=0, lt=2**32, description="of the initial weights, the order of rows and dropout")
    fitting: Literal["auto", "never"] = Field("auto", alias="fit", description="auto: train; never: restore `weights`")
    weights: Path | None = Field(None, description="with fit never: a file of weights, never a pickle")

    has_weights: ClassVar[bool] = False  # of its own, before any training

    @model_validator(mode="after")
    def _weights_or_training(self) -> Self:
        if self.weights is not None and self.fitting == "auto":
            raise ValueError("weights are read with fit: never; with fit: auto the net is trained from the start")
        if self.weights is None and self.fitting == "never" and not self.has_weights:
            raise ValueError("fit: never needs weights: a file to restore")
        return self

    @property
    @abstractmethod
    def framework(self) -> str:
        """What the net is built with."""

    @property
    def training(self) -> str:
        """One sentence about the training."""
        if self.fitting == "never":
            return "It was not trained here: its weights were given."
        return (
            f"Trained with Adam for {self.epochs} epochs, in batches of {self.batch_size}, learning rate "
            f"{self.learning_rate:g}, seed {self.seed}."
        )

    def run(self, dataset: Dataset, step: Loss, test: Loss, progress: Progress) -> dict[str, Array]:
        """Trains by `step` on minibatches of the rows with split "train".

        Gives a value per epoch: "loss" over the training rows while they train, and "test_loss" after the epoch where
        there are test rows.

        Raises:
            InputError: when training diverges.
        """
        train, held_out = np.flatnonzero(dataset.split == "train"), np.flatnonzero(dataset.split == "test")
        history: dict[str, list[float]] = {"loss": [], "test_loss": []} if len(held_out) else {"loss": []}
        for epoch in range(self.epochs):
            total = sum(step(rows) * len(rows) for rows in self._minibatches(epoch, train))
            history["loss"].append(self._checked(total / len(train), epoch))
            if len(held_out):
                history["test_loss"].append(self._mean(test, held_out))
            progress(epoch + 1, self.epochs)
            if self.enough(history):
                break
        return {name: np.array(values) for name, values in history.items()}

    def seen(self, inputs: Arrays, _: Array) -> Arrays:
        """What the net is trained on in place of the `inputs` of the given rows: here they themselves."""
        return inputs

    def enough(self, _: Mapping[str, Sequence[float]]) -> bool:
        """Whether training stops after the epochs of this history: here it goes on to the last."""
        return False

    def _mean(self, loss: Loss, rows: Array) -> float:
        """Over `rows`, so many at a time as in training."""
        parts = np.split(rows, range(self.batch_size, len(rows), self.batch_size))
        return sum(loss(part) * len(part) for part in parts) / len(rows)

    def _minibatches(self, number: int, rows: Array) -> Iterator[Array]:
        """The training `rows` of epoch `number`, in an order of its own."""
        shuffled = np.random.default_rng((self.seed, number)).permutation(rows)
        yield from np.split(shuffled, range(self.batch_size, len(rows), self.batch_size))

    def _checked(self, loss: float, epoch: int) -> float:
        if not isfinite(loss):
            raise InputError(
                f"model.learning_rate: with {self.learning_rate} training diverged in epoch {epoch + 1}; "
                "use a smaller one"
            )
        return loss
