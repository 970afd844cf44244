"""A small convolutional net with batch normalisation for photographs."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.models.zoo.images import halved, only_image, scaling
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import Weights

if TYPE_CHECKING:
    from torch import nn


class TorchCNNSpec(TrainingSpec):
    """Convolutions with batch normalisation in torch, each followed by a maximum over 2x2, then an average.

    Pixels are divided by the brightest value.
    """

    kind: Literal["torch_cnn"] = "torch_cnn"
    called: ClassVar[str] = mark("neural net for pictures")
    framework: ClassVar[str] = "torch"
    filters: int = Field(
        16, ge=1, le=16_384, description="of the first convolution; each further one has twice as many"
    )
    blocks: int = Field(4, ge=1, le=6, description="convolutions, each halving the sides of the image")
    dropout: float = Field(0.2, ge=0, lt=1, description="share of averaged features that are dropped in training")
    epochs: int = Field(15, ge=1, le=100_000)
    batch_size: int = Field(32, ge=1, le=1_000_000)
    learning_rate: float = Field(0.001, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        return say(
            "A convolutional net (torch) on pixels scaled to 0..1: {blocks} 3x3 convolutions with {first} to {last} "
            "filters, each with batch normalisation, a rectifier and a maximum over 2x2; an average over all places "
            "with dropout {dropout}, then one logit per class.",
            blocks=str(self.blocks),
            first=str(self.filters),
            last=str(self.filters << (self.blocks - 1)),
            dropout=f"{self.dropout:g}",
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.torch_training import fit
        from exhibit.tasks.models.zoo.torch_images import ChannelsFirst

        image = self._image(dataset)
        return fit(lambda: self._net(image, dataset), ChannelsFirst(scaling(image)), dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored
        from exhibit.tasks.models.zoo.torch_images import ChannelsFirst

        image = self._image(dataset)
        net = restored(lambda: self._net(image, dataset), weights)
        return TorchModel(net, ChannelsFirst(scaling(image)), "logits", compute)

    def _image(self, dataset: Dataset) -> Input:
        return halved(only_image(dataset, self.kind), self.kind, self.blocks, lambda times: f"model.blocks={times:d}")

    def _net(self, image: Input, dataset: Dataset) -> "nn.Module":
        from exhibit.tasks.models.zoo.torch_images import ImageNet

        channels = image.values.shape[-1]
        return ImageNet(channels, self.filters, self.blocks, self.dropout, len(dataset.classes))
