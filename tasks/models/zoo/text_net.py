"""A small torch net for one text."""

from typing import TYPE_CHECKING, ClassVar, Literal

from exhibit.tasks.models.zoo.texts import TextTraining, gives, ids, only_text
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import Weights

if TYPE_CHECKING:
    from exhibit.tasks.models.torch import Encoded


class TextNetSpec(TextTraining):
    """The net for texts in torch."""

    kind: Literal["text_net"] = "text_net"
    called: ClassVar[str] = mark("neural net for texts")
    framework: ClassVar[str] = "torch"

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.torch_training import fit
        from exhibit.tasks.models.zoo.torch_text import TextNet

        text = only_text(dataset, self.kind)
        return fit(lambda: TextNet(self, text, dataset), _as_ids, dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored
        from exhibit.tasks.models.zoo.torch_text import TextNet

        text = only_text(dataset, self.kind)
        return TorchModel(restored(lambda: TextNet(self, text, dataset), weights), _as_ids, gives(dataset), compute)


def _as_ids(inputs: Arrays) -> "Encoded":
    import torch

    from exhibit.tasks.models.torch import Encoded

    return Encoded({name: torch.as_tensor(values) for name, values in ids(inputs).items()})
