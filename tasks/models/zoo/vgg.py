"""Nets in the manner of VGG on Keras: VGG16 with a new last layer, and a small one to train from the start."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.preprocess import Preprocessing
from exhibit.tasks.models.zoo.images import AugmentedSpec, coloured, halved, only_image, scaling
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.override import typed

if TYPE_CHECKING:
    import keras

# Means of blue, green and red over ImageNet, as VGG was published.
VGG_PREPROCESSING = Preprocessing((103.939, 116.779, 123.68), (1.0, 1.0, 1.0), reverse=True)


class _VGG(AugmentedSpec):
    """What both have in common: images go through the training in batches, and there is one logit per class."""

    framework: ClassVar[str] = "Keras"

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.keras_training import fit

        image = self._image(dataset)
        return fit(
            lambda: self._net(image, len(dataset.classes), started=True),
            self._preprocessing(image),
            dataset,
            self,
            compute,
            progress,
        )

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.keras import KerasModel
        from exhibit.tasks.models.keras_training import restored

        image = self._image(dataset)
        net = restored(lambda: self._net(image, len(dataset.classes), started=False), weights, compute)
        return KerasModel(net, self._preprocessing(image), "logits", compute)

    @abstractmethod
    def _image(self, dataset: Dataset) -> Input: ...

    @abstractmethod
    def _preprocessing(self, image: Input) -> Preprocessing: ...

    @abstractmethod
    def _net(self, image: Input, classes: int, *, started: bool) -> "keras.Model":
        """The net; `started`: with the weights that training begins with."""


class SmallVGGSpec(_VGG):
    """Blocks of a convolution and a maximum over 2x2, then all places flattened into one logit per class."""

    kind: Literal["small_vgg"] = "small_vgg"
    called: ClassVar[str] = mark("small VGG net for pictures")
    filters: tuple[Annotated[int, Field(ge=1, le=16_384)], ...] = Field(
        (16, 32, 64, 64), min_length=1, description="of the convolution of each block"
    )
    dropout: float = Field(0.3, ge=0, lt=1, description="share of the flattened features dropped in training")
    epochs: int = Field(20, ge=1, le=100_000)
    batch_size: int = Field(32, ge=1, le=1_000_000)
    learning_rate: float = Field(0.001, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        filters = ", ".join(map(str, self.filters))
        return say(
            "A small net in the manner of VGG (Keras) on pixels scaled to 0..1: 3x3 convolutions with {filters} "
            "rectified filters, each followed by a maximum over 2x2, flattened with dropout {dropout} into one logit "
            "per class.",
            filters=filters,
            dropout=f"{self.dropout:g}",
        )

    def _image(self, dataset: Dataset) -> Input:
        def shorter(times: int) -> str:
            return typed("model.filters", self.filters[:times])

        return halved(only_image(dataset, self.kind), self.kind, len(self.filters), shorter)

    def _preprocessing(self, image: Input) -> Preprocessing:
        return scaling(image)

    def _net(self, image: Input, classes: int, *, started: bool) -> "keras.Model":
        from exhibit.tasks.models.zoo.keras_images import small_vgg

        del started  # it starts with random weights
        return small_vgg(image.values.shape[1:], self.filters, self.dropout, classes)


class VGG16TransferSpec(_VGG):
    """VGG16 without its last layers, which stays as it is, flattened into one logit per class, which is trained.

    K. Simonyan, A. Zisserman (2015), Very deep convolutional networks for large-scale image recognition.
    """

    kind: Literal["vgg16_transfer"] = "vgg16_transfer"
    called: ClassVar[str] = mark("VGG16 with a new last layer")
    base: Literal["imagenet"] | Path | None = Field(
        "imagenet", description="weights of the frozen part: imagenet, a file (.h5), or null for random ones"
    )
    epochs: int = Field(20, ge=1, le=100_000)
    batch_size: int = Field(32, ge=1, le=1_000_000)
    learning_rate: float = Field(0.0001, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        if self.base is None:
            return mark(
                "VGG16 (keras.applications) without its dense layers, with random weights that stay as they are; its "
                "features, flattened, lead to one logit per class, and only that layer is trained."
            )
        return mark(
            "VGG16 (keras.applications) without its dense layers, with its ImageNet weights that stay as they are; its "
            "features, flattened, lead to one logit per class, and only that layer is trained."
        )

    def _image(self, dataset: Dataset) -> Input:
        return coloured(only_image(dataset, self.kind), self.kind, 32)

    def _preprocessing(self, _: Input) -> Preprocessing:
        return VGG_PREPROCESSING

    def _net(self, image: Input, classes: int, *, started: bool) -> "keras.Model":
        from exhibit.tasks.models.zoo.keras_images import vgg16_transfer

        return vgg16_transfer(image.values.shape[1:], self.base if started else None, classes)
