"""A multilayer perceptron for tables."""

from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from tasks.models.training import TrainingSpec
from tasks.protocols import Compute, DifferentiableModel, Progress
from tasks.records import Dataset, InputError, OutputKind, Weights

if TYPE_CHECKING:
    from torch import nn


class MLPSpec(TrainingSpec):
    """Dense layers with rectifiers and dropout in torch, on the raw values of a table.

    The defaults are those of Chainer Chemistry's iris example; its count of layers takes in the output.
    """

    kind: Literal["mlp"] = "mlp"
    framework: ClassVar[str] = "torch"
    hidden: int = Field(48, ge=1, description="units of each hidden layer")
    layers: int = Field(2, ge=1, description="layers with weights, the output among them")
    dropout: float = Field(0.5, ge=0, lt=1, description="share of hidden units that are dropped in training")
    epochs: int = Field(100, ge=1)
    batch_size: int = Field(16, ge=1)
    learning_rate: float = Field(0.003, gt=0)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        hidden = self.layers - 1
        if not hidden:
            return "A linear model on the raw values (torch)."
        return (
            f"A multilayer perceptron (torch) on the raw values: {hidden} hidden layer{'s' * (hidden > 1)} of "
            f"{self.hidden} rectified units with dropout {self.dropout:g}, then one output per class or value."
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from tasks.models.torch import as_tensors
        from tasks.models.torch_training import fit

        return fit(lambda: self._net(dataset), as_tensors, dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from tasks.models.torch import TorchModel, as_tensors
        from tasks.models.torch_training import restored

        output: OutputKind = "logits" if dataset.task == "classification" else "values"
        return TorchModel(restored(lambda: self._net(dataset), weights), as_tensors, output, compute)

    def _net(self, dataset: Dataset) -> "nn.Module":
        from torch import nn

        (table,) = dataset.inputs
        if table.kind != "table":
            raise InputError(f"model: an mlp takes one table, but the data has {table.name!r} of kind {table.kind}")
        outputs = max(len(dataset.classes), 1)
        sizes = [table.values.shape[1], *[self.hidden] * (self.layers - 1)]
        blocks = [
            layer
            for before, after in pairwise(sizes)
            for layer in (nn.Linear(before, after), nn.ReLU(), nn.Dropout(self.dropout))
        ]
        return nn.Sequential(*blocks, nn.Linear(sizes[-1], outputs))
