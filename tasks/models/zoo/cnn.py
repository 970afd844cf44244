"""A small convolutional net for images."""

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.models.zoo.images import halved, only_image, scaling
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import Weights

if TYPE_CHECKING:
    import keras


class CNNSpec(TrainingSpec):
    """Two convolutions and a dense layer in Keras, on small images divided by their brightest value."""

    kind: Literal["cnn"] = "cnn"
    called: ClassVar[str] = mark("neural net for pictures")
    framework: ClassVar[str] = "Keras"
    filters: int = Field(32, ge=1, le=16_384, description="of the first convolution; the second has twice as many")
    hidden: int = Field(64, ge=1, le=16_384, description="units of the dense layer")
    dropout: float = Field(0.3, ge=0, lt=1, description="share of dense units that are dropped in training")
    epochs: int = Field(20, ge=1, le=100_000)
    batch_size: int = Field(32, ge=1, le=1_000_000)
    learning_rate: float = Field(0.001, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        return say(
            "A convolutional net (Keras) on pixels scaled to 0..1: 3x3 convolutions with {first} and {second} "
            "rectified filters, maximum over 2x2, {hidden} rectified units with dropout {dropout}, then one logit per "
            "class.",
            first=str(self.filters),
            second=str(2 * self.filters),
            hidden=str(self.hidden),
            dropout=f"{self.dropout:g}",
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.keras_training import fit

        image = halved(only_image(dataset, self.kind), self.kind, 1)
        return fit(lambda: self._net(image, dataset), scaling(image), dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.keras import KerasModel
        from exhibit.tasks.models.keras_training import restored

        image = halved(only_image(dataset, self.kind), self.kind, 1)
        net = restored(lambda: self._net(image, dataset), weights, compute)
        return KerasModel(net, scaling(image), "logits", compute)

    def _net(self, image: Input, dataset: Dataset) -> "keras.Model":
        from exhibit.tasks.models.keras_import import keras

        layers = keras.layers
        return keras.Sequential(
            [
                layers.Input(image.values.shape[1:], name=image.name),
                layers.Conv2D(self.filters, 3, padding="same", activation="relu", name="convolution_1"),
                layers.Conv2D(2 * self.filters, 3, padding="same", activation="relu", name="convolution_2"),
                layers.MaxPooling2D(name="maximum"),
                layers.Flatten(name="flat"),
                layers.Dense(self.hidden, activation="relu", name="hidden"),
                layers.Dropout(self.dropout, name="dropout"),
                layers.Dense(len(dataset.classes), name="logits"),
            ],
            name="cnn",
        )
