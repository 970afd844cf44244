"""Classifiers of pictures that come trained: weights from a file, and what pictures become before them."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import ConfigDict, Field

from exhibit.tasks.models.choice import GivenModel
from exhibit.tasks.models.preprocess import NOTHING, Declared, PreprocessSpec, beside, declared_in
from exhibit.tasks.models.remarks import order_of_outputs
from exhibit.tasks.models.zoo.images import coloured, only_image
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.framing import Frame
from exhibit.tasks.records.language import mark, say, say_all
from exhibit.tasks.records.model import Prediction, Remarks, Weights

if TYPE_CHECKING:
    from torch import nn

_LEAST = 8  # pixels of a side


class GivenSpec(GivenModel):
    """A classifier of colour pictures whose weights are those of a file; what pictures become before it is declared."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    pictures: PreprocessSpec = Field(
        NOTHING,
        alias="preprocess",
        description="what pictures become before the net; what is null is as what comes with the weights says",
    )

    @property
    def training(self) -> str:
        """One sentence about where the weights are from."""
        return mark("It was not trained here: its weights are those of the file.")

    def read_from(self) -> dict[str, Path | tuple[Path, ...]]:
        """Every file that is read, by its key."""
        said = self._said_in
        files: dict[str, Path | tuple[Path, ...]] = {"weights": self.file}
        return files if said is None else files | {"preprocess.file": said}

    def frame(self) -> Frame | None:
        """As the config, or what comes with the weights, says."""
        return self.declared().frame

    def declared(self) -> Declared:
        """What pictures become: as the config, a file beside the weights, or the library says.

        Raises:
            InputError: where nothing says it, or the library does not know the net.
        """
        said = self._said_in
        found = declared_in(said, "model.preprocess") if said is not None else self.usual_preprocessing()
        return self.pictures.resolved(found) or found

    @property
    def _said_in(self) -> Path | None:
        return self.pictures.file or beside(self.file)

    def remarks(self, dataset: Dataset, _: Weights, prediction: Prediction) -> Remarks:
        """What the net is given of the pictures, and which classes its outputs are taken for."""
        image, declared = dataset.inputs[0], self.declared()
        side, frame = image.values.shape[1], declared.frame
        size = (
            say(
                "It is given {given} pixels, and its weights were trained on {trained}.",
                given=f"{side}x{side}",
                trained=f"{frame.size}x{frame.size}",
            )
            if frame is not None and frame.size != side
            else ""
        )
        return order_of_outputs(dataset, prediction.outputs, say_all(declared.said(image), size))

    def fit(self, dataset: Dataset, compute: Compute, _: Progress) -> Weights:
        """The weights of the file.

        Raises:
            InputError: for data that the net was not made for, or weights that are not its own.
        """
        self.pictures.require_framed(self._image(dataset))
        weights = self._given(dataset, compute)
        self._tried(dataset, weights, compute)
        return weights

    def _image(self, dataset: Dataset) -> Input:
        return coloured(only_image(dataset, self.called), self.called, _LEAST)

    def _tried(self, dataset: Dataset, weights: Weights, compute: Compute) -> None:
        """Raises InputError where the net does not take pictures of this size."""
        image, one = dataset.inputs[0], compute.model_copy(update={"batch": 1})
        try:
            self.restore(dataset, weights, one).predict(dataset.take(np.arange(1)).arrays)
        except InputError:
            raise
        except Exception as error:  # nets fail in their own ways
            height, width = image.values.shape[1:3]
            raise InputError(
                f"model: {self.called} does not take pictures of {height}x{width} pixels (data.size): "
                f"{' '.join(str(error).split())}"
            ) from error

    @property
    @abstractmethod
    def file(self) -> Path:
        """Of the weights.

        Raises:
            InputError: where a package that ships it is not installed.
        """

    @abstractmethod
    def usual_preprocessing(self) -> Declared:
        """What is known of the net, whatever its weights."""

    @abstractmethod
    def _given(self, dataset: Dataset, compute: Compute, /) -> Weights: ...


class GivenTorchSpec(GivenSpec):
    """One of torch."""

    framework: ClassVar[str] = "torch"

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights; it gives logits."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored
        from exhibit.tasks.models.zoo.torch_images import ChannelsFirst

        encode = ChannelsFirst(self.declared().on(self._image(dataset)))
        return TorchModel(restored(lambda: self.built(len(dataset.classes)), weights), encode, "logits", compute)

    def _given(self, dataset: Dataset, _: Compute) -> Weights:
        from exhibit.tasks.models.torch_training import given

        return given(lambda: self.built(len(dataset.classes)), self.file)

    @abstractmethod
    def built(self, classes: int) -> "nn.Module":
        """With random weights."""
