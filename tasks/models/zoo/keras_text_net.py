"""A small Keras net for one text."""

from typing import ClassVar, Literal

from exhibit.tasks.models.zoo.texts import TextTraining, gives, ids, only_text
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import Weights


class KerasTextNetSpec(TextTraining):
    """The net for texts in Keras."""

    kind: Literal["keras_text_net"] = "keras_text_net"
    called: ClassVar[str] = mark("neural net for texts")
    framework: ClassVar[str] = "Keras"

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.keras_training import fit
        from exhibit.tasks.models.zoo.keras_text import text_net

        text = only_text(dataset, self.kind)
        return fit(lambda: text_net(self, text, dataset), ids, dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.keras import KerasModel
        from exhibit.tasks.models.keras_training import restored
        from exhibit.tasks.models.zoo.keras_text import text_net

        text = only_text(dataset, self.kind)
        net = restored(lambda: text_net(self, text, dataset), weights, compute)
        return KerasModel(net, ids, gives(dataset), compute)
