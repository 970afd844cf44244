"""How a decision is read off the outputs of a model."""

from dataclasses import dataclass

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.decision import Outcome
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.shown import as_set


@dataclass(frozen=True)
class Rule:
    """What makes outputs a decision between the classes, or between numbers on both sides of the threshold."""

    threshold: float | None
    classes: tuple[str, ...]
    unit: str

    @property
    def sides(self) -> tuple[str, ...]:
        """The outcomes that there are, in the order of their numbers."""
        if self.classes or self.threshold is None:
            return self.classes
        edge = f"{as_set(self.threshold)} {self.unit}".rstrip()
        return f"below {edge}", f"at least {edge}"

    def decided(self, prediction: Prediction) -> tuple[Array, Array]:
        """Of outputs (rows, outputs) the outcome (rows,), and how far each is from any outcome (rows, outcomes), of
        which the largest is that."""
        outputs = prediction.outputs.astype(np.float64)
        if self.threshold is None:
            return outputs.argmax(axis=1), outputs
        rows = np.arange(len(outputs))
        upper = prediction.probabilities(rows)[:, 1] if self.classes else outputs[:, 0]
        beyond = upper - self.threshold
        return (beyond >= 0).astype(int), np.stack([-beyond, beyond], axis=1)

    def outcome(self, prediction: Prediction, row: int) -> Outcome:
        """The outcome of one of the rows."""
        number = int(self.decided(prediction)[0][row])
        if not self.classes:
            name = self.sides[number] if self.sides else ""
            return Outcome(name=name, value=float(prediction.outputs[row, 0]))
        chances = prediction.probabilities(np.array([row]))[0]
        return Outcome(name=self.sides[number], probability=float(chances[number]))
