"""Keras' published nets for the thousand classes of ImageNet, as they are."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.preprocess import Preprocessing
from exhibit.tasks.models.zoo.images import coloured, only_image
from exhibit.tasks.models.zoo.vgg import VGG_PREPROCESSING
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import Weights

if TYPE_CHECKING:
    import keras

_CLASSES = 1000


class _PublishedSpec(ModelChoice):
    """A net with the weights that it was published with; it is not trained here."""

    weights: Literal["imagenet"] | Path | None = Field(
        "imagenet", description="imagenet, a file of weights, or null for random weights"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of random weights")

    framework: ClassVar[str] = "Keras"
    application: ClassVar[Literal["VGG16", "Xception"]]
    side: ClassVar[int]
    preprocessing: ClassVar[Preprocessing]

    @property
    def training(self) -> str:
        """One sentence about where the weights are from."""
        if self.weights is None:
            return say("It was not trained: its weights are random, seed {seed}.", seed=str(self.seed))
        return mark("It was not trained here: its weights were given.")

    @property
    def trains(self) -> bool:
        """Never; random weights are no training."""
        return False

    def frame(self) -> Frame:
        """The middle of the picture, as for nets of that time."""
        return Frame(size=self.side, resize=round(self.side * 256 / 224), interpolation="bilinear")

    def fit(self, dataset: Dataset, compute: Compute, _: Progress) -> Weights:
        """The given weights.

        Raises:
            InputError: for data that the net was not made for, or weights that are not there.
        """
        from exhibit.tasks.models.keras_training import given

        self._checked(dataset)
        path = self.weights if isinstance(self.weights, Path) else None
        if path is None or path.suffix == ".h5":
            return given(lambda: self._net(self.weights), None, self.seed, compute)
        return given(lambda: self._net(None), path, self.seed, compute)

    def restore(self, _: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights; it gives logits, its softmax is left out."""
        from exhibit.tasks.models.keras import KerasModel
        from exhibit.tasks.models.keras_training import restored

        return KerasModel(restored(lambda: self._net(None), weights, compute), self.preprocessing, "logits", compute)

    def _net(self, weights: Literal["imagenet"] | Path | None) -> "keras.Model":
        from exhibit.tasks.models.zoo.keras_images import published

        return published(self.application, weights)

    def _checked(self, dataset: Dataset) -> None:
        name = self.application
        image = coloured(only_image(dataset, name), name, self.side)
        if image.values.shape[1:3] != (self.side, self.side):
            raise InputError(
                f"data.size: {image.values.shape[1]} was given, but {name} takes {self.side}x{self.side} pixels"
            )
        if len(dataset.classes) != _CLASSES:
            raise InputError(
                f"model: {name} has the {_CLASSES} classes of ImageNet, but the data has {len(dataset.classes)}; use "
                "data with those classes, as data=photographs, or a model that is trained on the data"
            )


class VGG16Spec(_PublishedSpec):
    """VGG16 on 224x224 pixels.

    K. Simonyan, A. Zisserman (2015), Very deep convolutional networks for large-scale image recognition.
    """

    kind: Literal["vgg16"] = "vgg16"
    called: ClassVar[str] = "VGG16"
    application: ClassVar[Literal["VGG16", "Xception"]] = "VGG16"
    side: ClassVar[int] = 224
    preprocessing: ClassVar[Preprocessing] = VGG_PREPROCESSING
    architecture: ClassVar[str] = mark(
        "VGG16 (keras.applications) for the thousand classes of ImageNet, read before its softmax."
    )


class XceptionSpec(_PublishedSpec):
    """Xception on 299x299 pixels.

    F. Chollet (2017), Xception: deep learning with depthwise separable convolutions.
    """

    kind: Literal["xception"] = "xception"
    called: ClassVar[str] = "Xception"
    application: ClassVar[Literal["VGG16", "Xception"]] = "Xception"
    side: ClassVar[int] = 299
    preprocessing: ClassVar[Preprocessing] = Preprocessing((127.5,), (127.5,))
    architecture: ClassVar[str] = mark(
        "Xception (keras.applications) for the thousand classes of ImageNet, read before its softmax."
    )
