"""EfficientNet-B1 with a new last layer, from torchvision."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.preprocess import Preprocessing
from exhibit.tasks.models.zoo.images import AugmentedSpec, coloured, only_image
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import Weights

if TYPE_CHECKING:
    from torch import nn

# Of red, green and blue over ImageNet, in raw units: those of the transform that comes with the weights.
PREPROCESSING = Preprocessing(
    (0.485 * 255, 0.456 * 255, 0.406 * 255), (0.229 * 255, 0.224 * 255, 0.225 * 255)
)  # fmt: skip


class EfficientNetSpec(AugmentedSpec):
    """EfficientNet-B1 whose last layer is replaced by one output per class; all of it is trained.

    M. Tan, Q. Le (2019), EfficientNet: rethinking model scaling for convolutional neural networks.
    """

    kind: Literal["efficientnet_b1"] = "efficientnet_b1"
    called: ClassVar[str] = "EfficientNet-B1"
    framework: ClassVar[str] = "torch"
    base: Literal["imagenet"] | Path | None = Field(
        "imagenet", description="weights to begin with: imagenet, a file (.pth) of torchvision's, or null for random"
    )
    epochs: int = Field(5, ge=1, le=100_000)
    batch_size: int = Field(32, ge=1, le=1_000_000)
    learning_rate: float = Field(0.0003, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        if self.base is None:
            return mark(
                "EfficientNet-B1 (torchvision), begun with random weights; its last layer is replaced by one logit "
                "per class, and all of it is trained."
            )
        return mark(
            "EfficientNet-B1 (torchvision), begun with the weights that it has from ImageNet; its last layer is "
            "replaced by one logit per class, and all of it is trained."
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train".

        Raises:
            InputError: without torchvision, or without the weights to begin with.
        """
        from exhibit.tasks.models.torch_training import fit
        from exhibit.tasks.models.zoo.torch_images import ChannelsFirst, efficientnet_b1

        coloured(only_image(dataset, self.kind), self.kind, 32)
        classes = len(dataset.classes)
        encode = ChannelsFirst(PREPROCESSING)
        return fit(lambda: efficientnet_b1(classes, self.base), encode, dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored
        from exhibit.tasks.models.zoo.torch_images import ChannelsFirst, efficientnet_b1

        def build() -> "nn.Module":
            return efficientnet_b1(len(dataset.classes), None)

        return TorchModel(restored(build, weights), ChannelsFirst(PREPROCESSING), "logits", compute)
