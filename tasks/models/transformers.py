"""Text classifiers of Hugging Face's transformers, from a folder of this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import Field, model_validator

from exhibit.tasks.models.choice import GivenModel
from exhibit.tasks.models.kinds import only
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.spelling import Brought

if TYPE_CHECKING:
    from exhibit.tasks.models.pretrained import Folder


class TransformersSpec(GivenModel):
    """A sequence classifier as `save_pretrained` wrote it into a folder: `config.json`, `model.safetensors` and
    `tokenizer.json`, which cuts the texts. Nothing is fetched, no pickle is opened and no code of the folder is run.

    T. Wolf and others (2020), Transformers: state-of-the-art natural language processing.
    """

    kind: Literal["transformers"] = "transformers"
    path: Path | None = Field(
        None, description="the folder; its files count by content, wherever it lies. In the evidence they stand below"
    )
    config: Path | None = Field(None, description="config.json of the folder, in its place")
    weights: tuple[Path, ...] = Field((), description="its files of weights, in its place")
    about: str = Field("", description="what the model is, as its config.json says")

    framework: ClassVar[str] = "torch"
    called: ClassVar[str] = mark("Hugging Face classifier")
    training: ClassVar[str] = mark("It was not trained here: its weights are those of its folder.")

    @model_validator(mode="after")
    def _folder_or_files(self) -> Self:
        if self.path is None and (self.config is None or not self.weights):
            raise ValueError("path: give the folder of the model, with config.json, model.safetensors, tokenizer.json")
        return self

    @property
    def architecture(self) -> str:
        """One sentence about the model."""
        return say("A text classifier of Hugging Face's transformers ({about}).", about=self.about)

    def brings(self) -> Brought | None:
        """Its tokenizer and its outputs; None where its files are named one by one, which the data know already."""
        return None if self.path is None else self._folder(self.path).brought

    def opened(self) -> Self:
        """With its files in the place of the folder."""
        if self.path is None:
            return self
        found = self._folder(self.path)
        return self.model_copy(
            update={"path": None, "config": found.config, "weights": found.weights, "about": found.about}
        )

    def read_from(self) -> dict[str, Path | tuple[Path, ...]]:
        """Its files."""
        return super().read_from() | {"weights": self.weights}

    def fit(self, dataset: Dataset, compute: Compute, _: Progress) -> Weights:
        """The given weights, with the config that says what they are of.

        Raises:
            InputError: for data that no tokenizer of the model has read, and for files that are no such model.
        """
        from exhibit.tasks.models.torch_transformers import given

        self._require_read(dataset)
        assert self.config is not None
        return given(self.config, self.weights, compute)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.torch_transformers import restored

        self._require_read(dataset)
        return restored(dataset, weights, compute)

    def _folder(self, path: Path) -> "Folder":
        from exhibit.tasks.models.pretrained import opened

        return opened(path)

    def _require_read(self, dataset: Dataset) -> None:
        text = only(dataset, "text", "a text classifier of transformers reads one text")
        if text.spelling is None:
            raise InputError("model: it reads texts by its own tokenizer; use data=text with model.path=DIR")
