"""What every training has in common, whatever the framework."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator

from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.duration import Pace
from exhibit.tasks.models.memory import require_memory
from exhibit.tasks.protocols import Compute, Progress
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Split
from exhibit.tasks.records.language import mark, sayn


class Measured(NamedTuple):
    """Means over some rows; `accuracy` of a classification alone."""

    loss: float
    accuracy: float | None = None


Measure = Callable[[Array], Measured]  # of the given rows


class TrainingSpec(ModelChoice):
    """How a net is trained: Adam on minibatches, every draw from `seed`; or where its weights are."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    epochs: int = Field(ge=1, le=100_000, description="passes over the training rows")
    batch_size: int = Field(ge=1, le=1_000_000, description="rows per step; the last batch of an epoch may be smaller")
    learning_rate: float = Field(gt=0, le=1_000, description="of Adam")
    seed: int = Field(0, ge=0, lt=2**32, description="of the initial weights, the order of rows and dropout")
    fitting: Literal["auto", "never"] = Field("auto", alias="fit", description="auto: train; never: restore `weights`")
    weights: Path | None = Field(None, description="with fit never: a file of weights, never a pickle")

    unseen: bool = Field(
        False,
        description="with fit never: you state that no row of the data trained the model, and the report says that you "
        "do; else its quality on rows that it has not seen is not assessed",
    )

    has_weights: ClassVar[bool] = False  # of its own, before any training

    @model_validator(mode="after")
    def _weights_or_training(self) -> Self:
        if self.weights is not None and self.fitting == "auto":
            raise ValueError("weights are read with fit: never; with fit: auto the net is trained from the start")
        if self.weights is None and self.fitting == "never" and not self.has_weights:
            raise ValueError("fit: never needs weights: a file to restore")
        if self.unseen and self.fitting == "auto":
            raise ValueError(
                "unseen: true is said of a model that is given, with fit: never; with fit: auto the training rows of "
                "the data train it"
            )
        return self

    def shortened(self) -> Self:
        """One pass over the rows."""
        return self.model_copy(update={"epochs": 1})

    @property
    def trains(self) -> bool:
        """Unless its weights are given."""
        return self.fitting == "auto"

    @property
    def not_seen(self) -> bool:
        """As stated."""
        return self.unseen

    @property
    def training(self) -> str:
        """One sentence about the training."""
        if self.fitting == "never":
            if self.weights is not None:
                return mark("It was not trained here: its weights are those of the file.")
            return mark("It was not trained here: its weights are as its function gives them.")
        return sayn(
            "Trained with Adam for {number} epoch, in batches of {batch}, learning rate {rate}, seed {seed}.",
            "Trained with Adam for {number} epochs, in batches of {batch}, learning rate {rate}, seed {seed}.",
            self.epochs,
            batch=str(self.batch_size),
            rate=f"{self.learning_rate:g}",
            seed=str(self.seed),
        )

    def run(
        self, dataset: Dataset, step: Measure, test: Measure, compute: Compute, progress: Progress
    ) -> dict[str, Array]:
        """Trains by `step` on minibatches of the rows with split "train".

        Gives a value per epoch: "loss", and "accuracy" of a classification, over the training rows while they train,
        and after the epoch the same of the rows that watch it, as "validation_loss" and "validation_accuracy", or of
        the test rows, as "test_loss" and "test_accuracy", where no other rows do.

        Raises:
            InputError: when training diverges, would take too long, or a batch does not fit into memory.
        """
        train, watching = np.flatnonzero(dataset.split == "train"), watched_by(dataset)
        held_out = np.flatnonzero(dataset.split == watching)
        if not len(train):
            raise InputError(
                "model.fit: the data has no training rows; give them, or model.fit=never with model.weights=FILE"
            )
        require_memory(dataset, min(self.batch_size, len(train)), "model.batch_size")
        epochs = self.fewest(watched=len(held_out) > 0)
        asked = f"model.epochs: {epochs:,} passes over {len(train):,} training rows"
        pace = Pace(asked, epochs * len(self._parts(train)), compute.training_hours)

        def paced(rows: Array) -> Measured:
            measured = step(rows)
            pace.step()
            return measured

        history: defaultdict[str, list[float]] = defaultdict(list)
        for epoch in range(self.epochs):
            measured = {"": _mean(paced, self._minibatches(epoch, train))}
            self._checked(measured[""].loss, epoch)
            if len(held_out):
                measured[f"{watching}_"] = _mean(test, self._parts(held_out))
            for split, means in measured.items():
                history[f"{split}loss"].append(means.loss)
                if means.accuracy is not None:
                    history[f"{split}accuracy"].append(means.accuracy)
            progress(epoch + 1, self.epochs)
            if self.enough(history):
                break
        return {name: np.array(values) for name, values in history.items()}

    def seen(self, inputs: Arrays, _: Array) -> Arrays:
        """What the net is trained on in place of the `inputs` of the given rows: here they themselves."""
        return inputs

    def fewest(self, *, watched: bool) -> int:
        """How many epochs it takes at least: here all of them, whether or not it is `watched` by other rows."""
        del watched
        return self.epochs

    def enough(self, _: Mapping[str, Sequence[float]]) -> bool:
        """Whether training stops after the epochs of this history: here it goes on to the last."""
        return False

    def _parts(self, rows: Array) -> list[Array]:
        """`rows`, so many at a time as in training."""
        return np.split(rows, range(self.batch_size, len(rows), self.batch_size))

    def _minibatches(self, number: int, rows: Array) -> Iterator[Array]:
        """The training `rows` of epoch `number`, in an order of its own."""
        shuffled = np.random.default_rng((self.seed, number)).permutation(rows)
        yield from self._parts(shuffled)

    def _checked(self, loss: float, epoch: int) -> None:
        if not isfinite(loss):
            raise InputError(
                f"model.learning_rate: with {self.learning_rate} training diverged in epoch {epoch + 1}; "
                "use a smaller one"
            )


def label_spreads(dataset: Dataset) -> list[float]:
    """The standard deviation of each of several labels over the training rows, so that units do not decide which of
    them is learned."""
    return [1.0 if label.scale is None else label.scale[1] for label in dataset.several]


def watched_by(dataset: Dataset) -> Split:
    """The split of the rows that a training is watched by, and may be stopped by."""
    return "validation" if (dataset.split == "validation").any() else "test"


def _mean(measure: Measure, parts: Iterable[Array]) -> Measured:
    """Over all rows of the parts, one part at a time."""
    measured = [(len(part), measure(part)) for part in parts]
    total = sum(size for size, _ in measured)
    loss = sum(size * part.loss for size, part in measured) / total
    right = [size * part.accuracy for size, part in measured if part.accuracy is not None]
    return Measured(loss, sum(right) / total if right else None)
