"""A multilayer perceptron for tables."""

from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.kinds import only
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.models.zoo.labels import scale_layers
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import mark, sayn
from exhibit.tasks.records.model import Weights

if TYPE_CHECKING:
    from torch import nn

    from exhibit.tasks.models.torch import Encode


class MLPSpec(TrainingSpec):
    """Dense layers with rectifiers and dropout in torch, on a table: raw values, or standardised ones where the data
    says what they are in training.

    The defaults are those of Chainer Chemistry's iris example; its count of layers takes in the output.
    """

    kind: Literal["mlp"] = "mlp"
    called: ClassVar[str] = mark("neural net")
    framework: ClassVar[str] = "torch"
    several: ClassVar[bool] = True
    hidden: int = Field(48, ge=1, le=16_384, description="units of each hidden layer")
    layers: int = Field(2, ge=1, le=100, description="layers with weights, the output among them")
    dropout: float = Field(0.5, ge=0, lt=1, description="share of hidden units that are dropped in training")
    epochs: int = Field(100, ge=1, le=100_000)
    batch_size: int = Field(16, ge=1, le=1_000_000)
    learning_rate: float = Field(0.003, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        hidden = self.layers - 1
        if not hidden:
            return mark("A linear model on the values of the table (torch).")
        return sayn(
            "A multilayer perceptron (torch) on the values of the table: {number} hidden layer of {units} rectified "
            "units with dropout {dropout}, then one output per class or value.",
            "A multilayer perceptron (torch) on the values of the table: {number} hidden layers of {units} rectified "
            "units with dropout {dropout}, then one output per class or value.",
            hidden,
            units=str(self.hidden),
            dropout=f"{self.dropout:g}",
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.torch_training import fit

        return fit(lambda: self._net(dataset), _encoding(dataset), dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored

        output = self.output_kind(dataset)
        assert output is not None
        return TorchModel(restored(lambda: self._net(dataset), weights), _encoding(dataset), output, compute)

    def _net(self, dataset: Dataset) -> "nn.Module":
        from torch import nn

        table = _only_table(dataset)
        sizes = [table.values.shape[1], *[self.hidden] * (self.layers - 1)]
        blocks = [
            layer
            for before, after in pairwise(sizes)
            for layer in (nn.Linear(before, after), nn.ReLU(), nn.Dropout(self.dropout))
        ]
        return nn.Sequential(*blocks, nn.Linear(sizes[-1], len(dataset.outputs)), *scale_layers(dataset))


def _only_table(dataset: Dataset) -> Input:
    """The one table that the dataset has.

    Raises:
        InputError: for other data.
    """
    return only(dataset, "table", "an mlp takes one table")


def _encoding(dataset: Dataset) -> "Encode":
    """Raw values as tensors, standardised where the table says how."""
    from exhibit.tasks.models.torch import as_tensors

    table = _only_table(dataset)
    if table.centre is None or table.spread is None:
        return as_tensors
    centre, spread = table.centre, table.spread  # subtracted before anything is rounded
    return lambda inputs: as_tensors({name: (values - centre) / spread for name, values in inputs.items()})
