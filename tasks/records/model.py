"""What a model leaves: its weights, its outputs, and how good they are."""

import math
from typing import Literal, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.language import Message, say
from exhibit.tasks.records.shown import printed

# log_odds and chances: each output for itself, so that its probability is the logistic function of it, or it itself.
OutputKind = Literal["logits", "log_odds", "probabilities", "chances", "values"]


class Received(Record):
    """What a model of the user's own was given for the first rows, as one of its inputs: the shape of one row, the type
    and the range of the numbers."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    low: float
    high: float

    @property
    def said(self) -> Message:
        """image: 1 x 8 x 8 numbers a row from 0 to 16 (float32)."""
        low, high = printed(self.low, ".4g"), printed(self.high, ".4g")
        if math.prod(self.shape) == 1:
            return say(
                "{input}: one number a row from {low} to {high} ({type})",
                input=self.name,
                low=low,
                high=high,
                type=self.dtype,
            )
        return say(
            "{input}: {size} numbers a row from {low} to {high} ({type})",
            input=self.name,
            size=" x ".join(map(str, self.shape)),
            low=low,
            high=high,
            type=self.dtype,
        )


class Weights(Record):
    """A trained model: ordered arrays; the architecture is rebuilt from its spec. `history` has a value per epoch.
    `given`: the content of what code of the user's own gave, before any training, and `framework` what that is built
    with, and `received` what it was given; all empty for a model of the program. `known`: what a model that is given is
    known to give, whatever its numbers look like; None where these tell."""

    arrays: dict[str, Array]
    history: dict[str, Array] = Field(default_factory=dict)
    parameters: int
    given: str = Field("", exclude_if=lambda content: not content)
    framework: str = Field("", exclude_if=lambda content: not content)
    received: tuple[Received, ...] = Field((), exclude_if=lambda content: not content)
    known: OutputKind | None = Field(None, exclude_if=lambda content: content is None)


class Prediction(Record):
    """`outputs`: (samples, outputs) of the model for every sample of the dataset, raw as the model gives them."""

    kind: OutputKind
    outputs: Array

    def about(self, number: int) -> Self:
        """The outputs of one of several labels alone: its value, or of whether it does not hold and holds."""
        own: Array = self.outputs[:, [number]]
        if self.kind == "values":
            return self.model_copy(update={"outputs": own})
        other = -own if self.kind == "log_odds" else 1 - own
        return self.model_copy(update={"outputs": np.concatenate([other, own], axis=1)})

    def probabilities(self, rows: Array) -> Array:
        """(rows, outputs) of a classification."""
        outputs: Array = self.outputs[rows].astype(np.float64)
        if self.kind == "log_odds":
            return np.asarray(np.exp(-np.logaddexp(0, -outputs)))
        if self.kind != "logits":
            return outputs
        return np.asarray(np.exp(outputs - np.logaddexp.reduce(outputs, axis=1, keepdims=True)))


class Remarks(Record):
    """What was taken for granted about a model, in sentences; `doubt`: what its labels say against that."""

    said: tuple[Message, ...] = ()
    doubt: Message = Message()


class Rate(Record):
    """Right answers among so many."""

    right: int = Field(description="right answers")
    total: int = Field(description="among so many")
    interval: tuple[float, float] = Field(description="95% interval of their share")

    @property
    def share(self) -> float:
        return self.right / self.total

    def less(self, other: "Rate") -> tuple[float, float]:
        """The 95% interval of this share less the `other`, R. G. Newcombe (1998), method 10."""
        gap = self.share - other.share
        down = np.hypot(self.share - self.interval[0], other.interval[1] - other.share)
        up = np.hypot(self.interval[1] - self.share, other.share - other.interval[0])
        return float(gap - down), float(gap + up)


class Metric(Record):
    """A measured quality."""

    name: str = Field(description="what is measured")
    value: float = Field(description="how good it is")
    split: Split = Field(description="which samples it is measured on")
    count: int = Field(description="on how many")
    interval: tuple[float, float] | None = Field(None, description="95% interval; null where none is known")
    naive: float | None = Field(
        None,
        description="that of a guess on the same samples that knows the training labels alone: always their commonest "
        "class, or their mean",
    )


class Planted(Record):
    """A region that only some pictures of a class have, and how often they are read right with it and without it."""

    region: Message
    output: int
    present: Rate
    absent: Rate


class Performance(Record):
    """`labels`: of each of several by name; all else is then of the one that is explained, if any."""

    metrics: tuple[Metric, ...]
    confusion: Array | None = None  # (true, predicted) counts on the rows of the metrics
    planted: Planted | None = None
    repeated: int = 0  # of the measured rows, equal to a row that the model was trained on
    labels: "dict[str, Performance]" = Field(default_factory=dict, exclude_if=lambda labels: not labels)

    def about(self, label: str) -> Self:
        """That of one of several labels, beside which those of all are known."""
        own = self.labels[label]
        return self.model_copy(update={**dict(own), "labels": self.labels})
