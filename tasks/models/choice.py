"""What every choice of a model answers: what it is made of, how it comes to its weights, and what it gives. No
particular model and no framework belongs here."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from exhibit.tasks.protocols import Capability, Compute, Model, Progress
from exhibit.tasks.records.base import Choice
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import OutputKind, Weights

if TYPE_CHECKING:
    from exhibit.tasks.records.figure import Diagram


class ModelChoice(Choice):
    """A model that can be explained. A new one says `framework`, `architecture` and `training`, and how to `fit` and to
    `restore`; for all else there is a default."""

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "gradients"})  # as far as is known before

    @property
    @abstractmethod
    def framework(self) -> str:
        """What it is built with."""

    @property
    @abstractmethod
    def architecture(self) -> str:
        """What it is made of, in a sentence."""

    @property
    @abstractmethod
    def training(self) -> str:
        """How it came to its weights, in a sentence or two."""

    @property
    def trains(self) -> bool:
        """Whether another seed makes another model of it; False where its weights are given."""
        return True

    @property
    def stops_early(self) -> bool:
        """Whether the rows that watch its training may end it."""
        return False

    def output_kind(self, dataset: Dataset) -> OutputKind | None:
        """What it gives for the task of the data; None where only the model itself will tell."""
        return "values" if dataset.task == "regression" else "logits"

    def diagram(self, _: Dataset) -> "Diagram | None":
        """The model drawn from its inputs to its outputs; None where a sentence says it all."""
        return None

    def files(self) -> dict[str, Path]:
        """Every file that weights are read from, by its key."""
        return {key: value for key, value in self if isinstance(value, Path)}

    @abstractmethod
    def fit(self, dataset: Dataset, compute: Compute, progress: Progress, /) -> Weights:
        """The weights, trained on the rows with split "train" or as they are given.

        Raises:
            InputError: for data that it was not made for.
        """

    @abstractmethod
    def restore(self, dataset: Dataset, weights: Weights, compute: Compute, /) -> Model:
        """The model with the given weights."""
