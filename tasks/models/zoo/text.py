"""Small nets for one text, in torch and in Keras."""

from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from pydantic import Field

from tasks.models.training import TrainingSpec
from tasks.protocols import Compute, DifferentiableModel, Progress
from tasks.records import Array, Arrays, Dataset, Input, InputError, OutputKind, Weights

if TYPE_CHECKING:
    from tasks.models.torch import Encoded


class TextNetSpec(TrainingSpec):
    """An embedding of the tokens, what is read off it at every place, and a dense layer.

    `convolution`: the largest answer of each filter over all places. `mean`: the mean over all places, those of the
    padding too, which are zero. Y. Kim (2014), Convolutional neural networks for sentence classification. The embedding
    is the layer `embed`.
    """

    kind: Literal["text_net"] = "text_net"
    framework: ClassVar[str] = "torch"
    reads: Literal["convolution", "mean"] = Field("convolution", description="how places become one")
    units: int = Field(32, ge=1, description="channels of a token")
    filters: int = Field(64, ge=1, description="of the convolution")
    width: int = Field(3, ge=1, description="tokens that a filter sees")
    hidden: int = Field(32, ge=1, description="units of the dense layer")
    dropout: float = Field(0.3, ge=0, lt=1, description="share of read units that are dropped in training")
    epochs: int = Field(20, ge=1)
    batch_size: int = Field(32, ge=1)
    learning_rate: float = Field(0.003, gt=0)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        read = (
            f"{self.filters} rectified filters over {self.width} tokens, of each the largest answer in the text"
            if self.reads == "convolution"
            else "their mean over the text"
        )
        return (
            f"A net for texts ({self.framework}): {self.units} channels per token, {read}, with dropout "
            f"{self.dropout:g}, then {self.hidden} rectified units and one output per class or value."
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from tasks.models.torch_training import fit
        from tasks.models.zoo.torch_text import TextNet

        text = only_text(dataset, self.kind)
        return fit(lambda: TextNet(self, text, dataset), _as_ids, dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from tasks.models.torch import TorchModel
        from tasks.models.torch_training import restored
        from tasks.models.zoo.torch_text import TextNet

        text = only_text(dataset, self.kind)
        net = restored(lambda: TextNet(self, text, dataset), weights)
        return TorchModel(net, _as_ids, _gives(dataset), compute)


class KerasTextNetSpec(TextNetSpec):
    """The same net in Keras."""

    kind: Literal["keras_text_net"] = "keras_text_net"  # type: ignore[assignment]
    framework: ClassVar[str] = "Keras"

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from tasks.models.keras_training import fit
        from tasks.models.zoo.keras_text import text_net

        text = only_text(dataset, self.kind)
        return fit(lambda: text_net(self, text, dataset), _ids, dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from tasks.models.keras import KerasModel
        from tasks.models.keras_training import restored
        from tasks.models.zoo.keras_text import text_net

        text = only_text(dataset, self.kind)
        net = restored(lambda: text_net(self, text, dataset), weights, compute)
        return KerasModel(net, _ids, _gives(dataset), compute)


def only_text(dataset: Dataset, model: str) -> Input:
    """The one text that the dataset has.

    Raises:
        InputError: for other data.
    """
    text, *others = dataset.inputs
    if text.kind != "text" or others:
        kinds = ", ".join(f"{item.name!r} of kind {item.kind}" for item in dataset.inputs)
        raise InputError(f"model: a {model} reads one text, but the data has {kinds}")
    return text


def _gives(dataset: Dataset) -> OutputKind:
    return "logits" if dataset.task == "classification" else "values"


def _ids(inputs: Arrays) -> dict[str, Array]:
    return {name: values.astype(np.int64) for name, values in inputs.items()}


def _as_ids(inputs: Arrays) -> "Encoded":
    import torch

    from tasks.models.torch import Encoded

    return Encoded({name: torch.as_tensor(values) for name, values in _ids(inputs).items()})
