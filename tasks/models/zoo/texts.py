"""What the nets for texts have in common."""

from typing import Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.models.kinds import only
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import say
from exhibit.tasks.records.model import OutputKind


class TextTraining(TrainingSpec):
    """An embedding of the tokens, what is read off it at every place, and a dense layer.

    `convolution`: the largest answer of each filter over all places. `mean`: the mean over all places, those of the
    padding too, which are zero. Y. Kim (2014), Convolutional neural networks for sentence classification. The embedding
    is the layer `embed`.
    """

    reads: Literal["convolution", "mean"] = Field("convolution", description="how places become one")
    units: int = Field(32, ge=1, le=16_384, description="channels of a token")
    filters: int = Field(64, ge=1, le=16_384, description="of the convolution")
    width: int = Field(3, ge=1, le=1_000, description="tokens that a filter sees")
    hidden: int = Field(32, ge=1, le=16_384, description="units of the dense layer")
    dropout: float = Field(0.3, ge=0, lt=1, description="share of read units that are dropped in training")
    epochs: int = Field(20, ge=1, le=100_000)
    batch_size: int = Field(32, ge=1, le=1_000_000)
    learning_rate: float = Field(0.003, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        read = (
            say(
                "{filters} rectified filters over {width} tokens, of each the largest answer in the text",
                filters=str(self.filters),
                width=str(self.width),
            )
            if self.reads == "convolution"
            else say("their mean over the text")
        )
        return say(
            "A net for texts ({framework}): {units} channels per token, {read}, with dropout {dropout}, then {hidden} "
            "rectified units and one output per class or value.",
            framework=self.framework,
            units=str(self.units),
            read=read,
            dropout=f"{self.dropout:g}",
            hidden=str(self.hidden),
        )


def only_text(dataset: Dataset, model: str) -> Input:
    """The one text that the dataset has.

    Raises:
        InputError: for other data.
    """
    return only(dataset, "text", f"a {model} reads one text")


def gives(dataset: Dataset) -> OutputKind:
    """What the last layer is."""
    return "logits" if dataset.task == "classification" else "values"


def ids(inputs: Arrays) -> dict[str, Array]:
    """What the nets take."""
    return {name: values.astype(np.int64) for name, values in inputs.items()}
