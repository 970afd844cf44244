"""Nets of libraries by their name, with trained weights from a file: torchvision, timm, keras.applications."""

from abc import abstractmethod
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import ConfigDict, Field

from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.models.preprocess import NOTHING, Declared, PreprocessSpec, beside, declared_in, of_timm
from exhibit.tasks.models.remarks import order_of_outputs
from exhibit.tasks.models.zoo.images import coloured, only_image
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.framing import Frame, Interpolation
from exhibit.tasks.records.model import OutputKind, Weights

if TYPE_CHECKING:
    import keras
    from torch import nn

_LEAST = 8  # pixels of a side


class LibrarySpec(ModelChoice):
    """A classifier of colour pictures that a library builds by its name; the weights are those of a file."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    net: str = Field(alias="architecture", min_length=1, description="name of the net, as the library calls it")
    weights: Path = Field(description="a file of its weights, never a pickle; docs/guide/own.md lists the formats")
    pictures: PreprocessSpec = Field(
        NOTHING,
        alias="preprocess",
        description="what pictures become before the net; what is null is as what comes with the weights says",
    )
    unseen: bool = Field(
        False,
        description="you state that no row of the data trained the model, and the report says that you do; else its "
        "quality on rows that it has not seen is not assessed",
    )

    library: ClassVar[str]
    seed: ClassVar[int] = 0  # nothing is drawn

    @property
    def called(self) -> str:
        """What the library calls it."""
        return self.net

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        return f"{self.net} of {self.library}, read before its softmax."

    @property
    def training(self) -> str:
        """One sentence about where the weights are from."""
        return "It was not trained here: its weights are those of the file."

    @property
    def trains(self) -> bool:
        """Its weights are given."""
        return False

    @property
    def not_seen(self) -> bool:
        """As stated."""
        return self.unseen

    def read_from(self) -> dict[str, Path | tuple[Path, ...]]:
        """Every file that is read, by its key."""
        file = self._file
        return super().read_from() | ({} if file is None else {"preprocess.file": file})

    def frame(self) -> Frame | None:
        """As the config, or what comes with the weights, says."""
        return self.declared().frame

    def declared(self) -> Declared:
        """What pictures become: as the config, a file beside the weights, or the library says.

        Raises:
            InputError: where nothing says it, or the library does not know the net.
        """
        file = self._file
        found = declared_in(file, "model.preprocess") if file is not None else self._of_library()
        return self.pictures.resolved(found) or found

    @property
    def _file(self) -> Path | None:
        return self.pictures.file or beside(self.weights)

    def remarks(self, dataset: Dataset, outputs: Array, _: OutputKind) -> tuple[str, ...]:
        """What the net is given of the pictures, and which classes its outputs are taken for."""
        image, declared = dataset.inputs[0], self.declared()
        side, frame = image.values.shape[1], declared.frame
        size = (
            f" It is given {side}x{side} pixels, and its weights were trained on {frame.size}x{frame.size}."
            if frame is not None and frame.size != side
            else ""
        )
        return declared.said(image) + size, *order_of_outputs(dataset, outputs)

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
        return coloured(only_image(dataset, self.net), self.net, _LEAST)

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
                f"model: {self.net} does not take pictures of {height}x{width} pixels (data.size): "
                f"{' '.join(str(error).split())}"
            ) from error

    @abstractmethod
    def _of_library(self) -> Declared:
        """What the library says that its weights were trained on."""

    @abstractmethod
    def _given(self, dataset: Dataset, compute: Compute, /) -> Weights: ...


class _TorchSpec(LibrarySpec):
    framework: ClassVar[str] = "torch"

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights; it gives logits."""
        from exhibit.tasks.models.torch import TorchModel
        from exhibit.tasks.models.torch_training import restored
        from exhibit.tasks.models.zoo.torch_images import ChannelsFirst

        encode = ChannelsFirst(self.declared().on(self._image(dataset)))
        return TorchModel(restored(lambda: self._net(len(dataset.classes)), weights), encode, "logits", compute)

    def _given(self, dataset: Dataset, _: Compute) -> Weights:
        from exhibit.tasks.models.torch_training import given

        return given(lambda: self._net(len(dataset.classes)), self.weights)

    @abstractmethod
    def _net(self, classes: int) -> "nn.Module":
        """With random weights."""


class TorchvisionSpec(_TorchSpec):
    """A classifier of torchvision.models; pictures are as the transform of its published weights makes them: those of
    the file's name, or else the library's default ones."""

    kind: Literal["torchvision"] = "torchvision"
    library: ClassVar[str] = "torchvision"

    def _of_library(self) -> Declared:
        return _of_torchvision(self.net, self.weights.name)

    def _net(self, classes: int) -> "nn.Module":
        models, name = _torchvision(self.net)
        return models.get_model(name, weights=None, num_classes=classes)


class TimmSpec(_TorchSpec):
    """A classifier of timm; pictures are as its `pretrained_cfg` says."""

    kind: Literal["timm"] = "timm"
    library: ClassVar[str] = "timm"

    def _of_library(self) -> Declared:
        found = _timm(self.net).models.get_pretrained_cfg(self.net)
        if found is None:
            raise InputError(f"model.preprocess: timm does not say what {self.net} was trained on; declare it")
        return of_timm(found.to_dict(), f"as timm's pretrained_cfg of {self.net} says")

    def _net(self, classes: int) -> "nn.Module":
        return _timm(self.net).create_model(self.net, pretrained=False, num_classes=classes)


class KerasApplicationSpec(LibrarySpec):
    """A classifier of keras.applications; pictures are as the `preprocess_input` of its module makes them."""

    kind: Literal["keras_application"] = "keras_application"
    framework: ClassVar[str] = "Keras"
    library: ClassVar[str] = "keras.applications"

    def frame(self) -> Frame | None:
        """As the config declares it: Keras says the size only of a net that is built, which is checked there."""
        declared = self.pictures.resolved()
        return None if declared is None else declared.frame

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights; it gives logits."""
        from exhibit.tasks.models.keras import KerasModel
        from exhibit.tasks.models.keras_training import restored

        net = restored(lambda: self._net(dataset), weights, compute)
        return KerasModel(net, self.declared().on(self._image(dataset)), "logits", compute)

    def _of_library(self) -> Declared:
        return _of_keras(self.net)

    def _given(self, dataset: Dataset, compute: Compute) -> Weights:
        from exhibit.tasks.models.keras_training import given

        return given(lambda: self._net(dataset), self.weights, 0, compute)

    def _net(self, dataset: Dataset) -> "keras.Model":
        net = _application(self.net)(weights=None, classes=len(dataset.classes), classifier_activation=None)
        wanted, sides = tuple(net.input_shape[1:3]), dataset.inputs[0].values.shape[1:3]
        if None not in wanted and wanted != sides:
            raise InputError(
                f"data.size: the data gives pictures of {sides[0]}x{sides[1]} pixels, but {self.net} takes "
                f"{wanted[0]}x{wanted[1]}; give data.size={wanted[0]}"
            )
        return net


@lru_cache(maxsize=8)
def _of_torchvision(net: str, file: str) -> Declared:
    models, name = _torchvision(net)
    known = models.get_model_weights(name)
    entry = next((one for one in known if Path(one.url).name == file), known.DEFAULT)
    made = entry.transforms()
    how: Interpolation = made.interpolation.value
    return Declared(
        mean=tuple(made.mean),
        std=tuple(made.std),
        frame=Frame(size=made.crop_size[0], resize=made.resize_size[0], interpolation=how),
        source=f"as the transform of torchvision's {entry} says",
    )


def _torchvision(net: str) -> tuple[Any, str]:
    """The module of its models, and the name of one in it."""
    from exhibit.tasks.models.zoo.torch_images import torchvision_models

    models = torchvision_models(net)
    return models, _known(net, models.list_models(module=models), "torchvision's classifiers")


def _timm(net: str) -> Any:
    try:
        import timm
    except (ImportError, RuntimeError) as error:  # it imports torchvision, whose operators may not fit the build
        raise InputError(
            f"model: {net} needs timm and a torchvision that fits this torch ({error}); install them with: "
            "pip install timm torchvision"
        ) from error
    _known(net.partition(".")[0], timm.list_models(), "timm's nets")
    return timm


def _application(net: str) -> Any:
    from exhibit.tasks.models.keras_import import keras

    makers = {name: one for name, one in vars(keras.applications).items() if callable(one) and name[0].isupper()}
    return makers[_known(net, list(makers), "the nets of keras.applications")]


@lru_cache(maxsize=8)
def _of_keras(net: str) -> Declared:
    """By what its module's own function does to black, and to each colour alone: a factor and a summand for each."""
    import sys

    preprocess = sys.modules[_application(net).__module__].preprocess_input

    def made(colour: Array) -> Array:
        return np.asarray(preprocess(colour[np.newaxis, np.newaxis, np.newaxis].astype(np.float32)))[0, 0, 0]

    black, white = made(np.zeros(3)), made(np.full(3, 255.0))
    slope = (white - black).astype(np.float64) / 255
    reverse = bool(made(np.array([255.0, 0, 0]))[2] != black[2])
    return Declared(
        scale=255.0,
        mean=tuple(round(float(number), 3) + 0.0 for number in -black / slope),
        std=tuple(round(float(number), 3) for number in 1 / slope),
        channels="bgr" if reverse else "rgb",
        source="as the preprocess_input of keras.applications does",
    )


def _known(net: str, names: list[str], what: str) -> str:
    """The name as it is known, whatever its case.

    Raises:
        InputError: with the nearest ones.
    """
    from difflib import get_close_matches

    by_case = {name.casefold(): name for name in names}
    if (found := by_case.get(net.casefold())) is not None:
        return found
    near = ", ".join(by_case[name] for name in get_close_matches(net.casefold(), by_case, n=3, cutoff=0.4))
    raise InputError(
        f"model.architecture: {net!r} is none of {what}; the nearest are {near or ', '.join(sorted(names)[:3])}"
    )
