"""What every choice of a model answers: what it is made of, how it comes to its weights, and what it gives. No
particular model and no framework belongs here."""

from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field

from exhibit.tasks.protocols import Capability, Compute, Model, Progress
from exhibit.tasks.records.base import Choice, InputError
from exhibit.tasks.records.data import Dataset, Wanted
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.model import OutputKind, Prediction, Remarks, Weights
from exhibit.tasks.records.spelling import Brought

if TYPE_CHECKING:
    from exhibit.tasks.records.figure import Diagram


def require_same(model: "ModelChoice", before: str, now: str) -> None:
    """Raises InputError where what code of the user's own gives is another model than before."""
    if before != now:
        raise InputError(
            f"model.factory: {model.own_function} gives another model each time that it is called (sha256 "
            f"{before[:12]}, then {now[:12]}), and what is explained must be the model that predicted: seed what it "
            "draws, or train once, save the model and load it"
        )


class ModelChoice(Choice):
    """A model that can be explained. A new one says `framework`, `architecture` and `training`, and how to `fit` and to
    `restore`; for all else there is a default."""

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "gradients"})  # as far as is known before
    several: ClassVar[bool] = False  # whether it may have an output for each of several labels

    @property
    @abstractmethod
    def framework(self) -> str:
        """What it is built with."""

    @property
    def called(self) -> str:
        """What kind of model it is, in words for a reader who is no engineer and is told the framework, too."""
        return self.option().replace("_", " ")

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
        """Whether it is fitted here, to the training rows and from a seed; False where it comes as it is."""
        return True

    @property
    def not_seen(self) -> bool:
        """Whether the user says of a given model that no row of the data trained it."""
        return False

    @property
    def stops_early(self) -> bool:
        """Whether the rows that watch its training may end it."""
        return False

    def shortened(self) -> Self:
        """The same with as little training as there can be: what it takes and gives does not depend on it."""
        return self

    def output_kind(self, dataset: Dataset) -> OutputKind | None:
        """What it gives for the task of the data; None where only the model itself will tell."""
        kinds: dict[str, OutputKind] = {"regression": "values", "multi_label": "log_odds", "classification": "logits"}
        return kinds[dataset.task]

    def frame(self) -> Frame | None:
        """How it was trained on pictures of any size; None where that is not known.

        Raises:
            InputError: where what should say it cannot be read.
        """
        return None

    def diagram(self, _: Dataset) -> "Diagram | None":
        """The model drawn from its inputs to its outputs; None where a sentence says it all."""
        return None

    def brings(self) -> Brought | None:
        """What it says of the texts that it reads by a tokenizer of its own; None for all others.

        Raises:
            InputError: for files that are no such model.
        """
        return None

    def opened(self) -> Self:
        """The same, with the files that it is read from in the place of the folder that they are in."""
        return self

    def read_from(self) -> dict[str, Path | tuple[Path, ...]]:
        """Every file that weights are read from, by its key."""
        return {key: value for key, value in self if isinstance(value, Path)}

    def given(self, _rows: Callable[[], Dataset], _compute: Compute, /) -> str:
        """The content of what code of the user's own gives now, beside all that its spec says; empty where there is
        none. `rows`: those of the fit."""
        return ""

    def wanted(self, _compute: Compute, _weights: Weights | None = None, /) -> Wanted | None:
        """The columns that it asks for as they came; None: it takes numbers, a category as 0 or 1 for each value.
        `weights`: of a run before, where its file is not at hand.

        Raises:
            InputError: for a model that cannot be read.
        """
        return None

    def remarks(self, _dataset: Dataset, _weights: Weights, _prediction: Prediction, /) -> Remarks:
        """What was taken for granted about the model that gave this prediction of all rows.

        Raises:
            InputError: where these rows show that it was wrong.
        """
        return Remarks()

    def require_alone(
        self, _dataset: Dataset, _weights: Weights, _prediction: Prediction, _model: Model, _compute: Compute, /
    ) -> None:
        """Raises InputError for a `model` of the user's own that has predicted a row by its company."""
        return

    @abstractmethod
    def fit(self, dataset: Dataset, compute: Compute, progress: Progress, /) -> Weights:
        """The weights, trained on the rows with split "train" or as they are given.

        Raises:
            InputError: for data that it was not made for.
        """

    @abstractmethod
    def restore(self, dataset: Dataset, weights: Weights, compute: Compute, /) -> Model:
        """The model with the given weights."""


class GivenModel(ModelChoice):
    """A model that comes trained, from files."""

    unseen: bool = Field(
        False,
        description="you state that no row of the data trained the model, and the report says that you do; else its "
        "quality on rows that it has not seen is not assessed",
    )

    seed: ClassVar[int] = 0  # nothing is drawn

    @property
    def trains(self) -> bool:
        """Never."""
        return False

    @property
    def not_seen(self) -> bool:
        """As stated."""
        return self.unseen
