"""The torch net for texts."""

from typing import TYPE_CHECKING

from torch import Tensor, nn

from exhibit.tasks.models.zoo.labels import scale_layers
from exhibit.tasks.records.data import Dataset, Input

if TYPE_CHECKING:
    from exhibit.tasks.models.zoo.texts import TextTraining


class TextNet(nn.Module):
    """(samples, tokens) of ids to (samples, outputs). All that follows the layer `embed` depends on it alone."""

    def __init__(self, spec: "TextTraining", text: Input, dataset: Dataset) -> None:
        super().__init__()
        length = text.values.shape[1]
        self.embed = nn.Embedding(len(text.vocabulary), spec.units, padding_idx=0)
        self.read: nn.Module = nn.AvgPool1d(length)
        size = spec.units
        if spec.reads == "convolution":
            convolution = nn.Conv1d(spec.units, spec.filters, spec.width, padding="same")
            self.read, size = nn.Sequential(convolution, nn.ReLU(), nn.MaxPool1d(length)), spec.filters
        self.outputs = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(spec.dropout),
            nn.Linear(size, spec.hidden),
            nn.ReLU(),
            nn.Linear(spec.hidden, max(len(dataset.classes), 1)),
            *scale_layers(dataset),
        )

    def forward(self, ids: Tensor) -> Tensor:
        """(samples, outputs)."""
        outputs: Tensor = self.outputs(self.read(self.embed(ids).transpose(1, 2)))
        return outputs
