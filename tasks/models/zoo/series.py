"""What the nets for series have in common."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from exhibit.tasks.models.kinds import only
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import say
from exhibit.tasks.records.model import OutputKind


class SeriesTraining(TrainingSpec):
    """Two convolutions over time, the mean over all steps, and a dense layer; channels are standardised by their mean
    and deviation in training.

    Z. Wang, W. Yan, T. Oates (2017), Time series classification from scratch with deep neural networks.
    """

    filters: int = Field(32, ge=1, le=16_384, description="of each convolution")
    width: int = Field(9, ge=1, le=10_001, description="steps that a filter sees")
    dropout: float = Field(0.2, ge=0, lt=1, description="share of averaged filters that are dropped in training")
    epochs: int = Field(60, ge=1, le=100_000)
    batch_size: int = Field(16, ge=1, le=1_000_000)
    learning_rate: float = Field(0.003, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        return say(
            "A convolutional net over time ({framework}) on standardised channels: two convolutions with {filters} "
            "rectified filters over {width} steps, of each the mean over all steps, with dropout {dropout}, then one "
            "output per class or value.",
            framework=self.framework,
            filters=str(self.filters),
            width=str(self.width),
            dropout=f"{self.dropout:g}",
        )


@dataclass(frozen=True)
class Standardised:
    """(raw - centre) / spread of each channel, in float32."""

    centre: Array
    spread: Array

    def __call__(self, inputs: Arrays) -> dict[str, Array]:
        """(samples, steps, channels) for each input."""
        return {
            name: ((values - self.centre) / self.spread).astype(np.float32)  # subtracted before anything is rounded
            for name, values in inputs.items()
        }


def only_series(dataset: Dataset, model: str) -> Input:
    """The one series that the dataset has.

    Raises:
        InputError: for other data.
    """
    return only(dataset, "series", f"a {model} reads one series")


def standardised(series: Input) -> Standardised:
    """By what the data says of its channels in training.

    Raises:
        InputError: where it says nothing.
    """
    if series.centre is None or series.spread is None:
        raise InputError(f"model: {series.name!r} does not say the mean and deviation of its channels (centre, spread)")
    return Standardised(series.centre, series.spread)


def gives(dataset: Dataset) -> OutputKind:
    """What the last layer is."""
    return "logits" if dataset.task == "classification" else "values"
