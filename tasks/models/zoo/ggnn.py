"""A gated graph network for molecules."""

from typing import ClassVar, Literal

from pydantic import Field

from exhibit.tasks.models.kinds import only
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import Weights

_TAKES = "a ggnn predicts a value of molecules"


class GGNNSpec(TrainingSpec):
    """A gated graph network (PyG) on molecules given as SMILES, for a measured value.

    Y. Li, D. Tarlow, M. Brockschmidt, R. Zemel (2016), Gated graph sequence neural networks. The sizes are those
    of Chainer Chemistry's solubility example. The atom embedding is the layer `embed`.
    """

    kind: Literal["ggnn"] = "ggnn"
    called: ClassVar[str] = mark("neural net for molecules")
    framework: ClassVar[str] = "torch"
    units: int = Field(32, ge=1, le=16_384, description="channels of an atom")
    steps: int = Field(4, ge=1, le=10_000, description="rounds of messages between neighbouring atoms")
    dropout: float = Field(0.25, ge=0, lt=1, description="share of units that are dropped in training")
    epochs: int = Field(60, ge=1, le=100_000)
    batch_size: int = Field(64, ge=1, le=1_000_000)
    learning_rate: float = Field(0.003, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        return say(
            "A gated graph network (torch, PyG): {units} channels per atom embedded from its element and state, "
            "{steps} rounds of messages weighted by the kind of bond, a gated sum over the atoms, then {units} "
            "rectified units with dropout {dropout} and one value.",
            units=str(self.units),
            steps=str(self.steps),
            dropout=f"{self.dropout:g}",
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.torch_training import fit
        from exhibit.tasks.models.zoo.graph import GatedGraphNet, encode

        only(dataset, "molecule", _TAKES, "regression")
        labels = dataset.labels[dataset.split == "train"]
        mean, deviation = float(labels.mean()), float(labels.std())
        return fit(
            lambda: GatedGraphNet(self.units, self.steps, self.dropout, mean, deviation),
            encode,
            dataset,
            self,
            compute,
            progress,
        )

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored
        from exhibit.tasks.models.zoo.graph import GatedGraphNet, encode

        only(dataset, "molecule", _TAKES, "regression")
        net = restored(lambda: GatedGraphNet(self.units, self.steps, self.dropout), weights)
        return TorchModel(net, encode, "values", compute)
