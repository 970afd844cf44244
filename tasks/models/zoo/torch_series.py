"""The torch net for series."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

from exhibit.tasks.models.zoo.labels import scale_layers
from exhibit.tasks.records.data import Dataset, Input

if TYPE_CHECKING:
    from exhibit.tasks.models.zoo.series import SeriesTraining


class SeriesNet(nn.Module):
    """(samples, steps, channels) to (samples, outputs)."""

    def __init__(self, spec: "SeriesTraining", series: Input, dataset: Dataset) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv1d(series.values.shape[2], spec.filters, spec.width, padding="same"),
            nn.ReLU(),
            nn.Conv1d(spec.filters, spec.filters, spec.width, padding="same"),
            nn.ReLU(),
        )
        self.outputs = nn.Sequential(
            nn.Dropout(spec.dropout),
            nn.Linear(spec.filters, max(len(dataset.classes), 1)),
            *scale_layers(dataset),
        )

    def forward(self, series: Tensor) -> Tensor:
        """(samples, outputs)."""
        outputs: Tensor = self.outputs(self.convolutions(series.transpose(1, 2)).mean(2))
        return outputs
