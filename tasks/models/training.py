"""What every training has in common, whatever the framework."""

from collections.abc import Iterator
from math import isfinite
from typing import ClassVar

import numpy as np
from pydantic import Field

from tasks.records import Array, InputError, Spec

History = dict[str, list[float]]  # a value per epoch


class TrainingSpec(Spec):
    """How a net is trained: Adam on minibatches, every draw from `seed`."""

    epochs: int = Field(ge=1, description="passes over the training rows")
    batch_size: int = Field(ge=1, description="rows per step; the last batch of an epoch may be smaller")
    learning_rate: float = Field(gt=0, description="of Adam")
    seed: int = Field(0, ge=0, lt=2**32, description="of the initial weights, the order of rows and dropout")

    framework: ClassVar[str]

    @property
    def training(self) -> str:
        """One sentence about the training."""
        return (
            f"Trained with Adam for {self.epochs} epochs, in batches of {self.batch_size}, learning rate "
            f"{self.learning_rate:g}, seed {self.seed}."
        )

    def epoch(self, number: int, rows: Array) -> Iterator[Array]:
        """The training `rows` of epoch `number` in minibatches, in an order of its own."""
        shuffled = np.random.default_rng((self.seed, number)).permutation(rows)
        yield from np.split(shuffled, range(self.batch_size, len(rows), self.batch_size))

    def checked(self, loss: float, epoch: int) -> float:
        """`loss`, if training is still going somewhere.

        Raises:
            InputError: when it is infinite or not a number.
        """
        if not isfinite(loss):
            raise InputError(
                f"model.learning_rate: with {self.learning_rate} training diverged in epoch {epoch + 1}; "
                "use a smaller one"
            )
        return loss
