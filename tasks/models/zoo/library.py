"""Nets of libraries by their name, with trained weights from a file: torchvision, timm, keras.applications."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.models.preprocess import Declared, of_timm
from exhibit.tasks.models.zoo.given import GivenSpec, GivenTorchSpec
from exhibit.tasks.protocols import Compute, DifferentiableModel
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.framing import Frame, Interpolation
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.near import is_or_are, nearest

if TYPE_CHECKING:
    import keras
    from torch import nn


class _LibrarySpec(GivenSpec):
    """One that a library builds by its name."""

    net: str = Field(alias="architecture", min_length=1, description="name of the net, as the library calls it")

    weights: Path = Field(description="a file of its weights, never a pickle; docs/guide/own.md lists the formats")

    library: ClassVar[str]

    @property
    def file(self) -> Path:
        """As the config says."""
        return self.weights

    @property
    def called(self) -> str:
        """What the library calls it."""
        return self.net

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        return say("{net} of {library}, read before its softmax.", net=self.net, library=self.library)


class TorchvisionSpec(_LibrarySpec, GivenTorchSpec):
    """A classifier of torchvision.models; pictures are as the transform of its published weights makes them: those of
    the file's name, or else the library's default ones."""

    kind: Literal["torchvision"] = "torchvision"
    library: ClassVar[str] = "torchvision"

    def usual_preprocessing(self) -> Declared:
        return _of_torchvision(self.net, self.weights.name)

    def built(self, classes: int) -> "nn.Module":
        models, name = _torchvision(self.net)
        return models.get_model(name, weights=None, num_classes=classes)


class TimmSpec(_LibrarySpec, GivenTorchSpec):
    """A classifier of timm; pictures are as its `pretrained_cfg` says."""

    kind: Literal["timm"] = "timm"
    library: ClassVar[str] = "timm"

    def usual_preprocessing(self) -> Declared:
        found = _timm(self.net).models.get_pretrained_cfg(self.net)
        if found is None:
            raise InputError(f"model.preprocess: timm does not say what {self.net} was trained on; declare it")
        return of_timm(found.to_dict(), say("as timm's pretrained_cfg of {net} says", net=self.net))

    def built(self, classes: int) -> "nn.Module":
        return _timm(self.net).create_model(self.net, pretrained=False, num_classes=classes)


class KerasApplicationSpec(_LibrarySpec):
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

    def usual_preprocessing(self) -> Declared:
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
                f"{wanted[0]}x{wanted[1]}; give data.size={wanted[0]:d}"
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
        source=say(
            "as the transform of torchvision's {entry} says", entry=str(entry)
        ),  # a member of an Enum: nothing that is kept holds one
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
        source=mark("as the preprocess_input of keras.applications does"),
    )


def _known(net: str, names: list[str], what: str) -> str:
    """The name as it is known, whatever its case.

    Raises:
        InputError: with the nearest ones.
    """
    by_case = {name.casefold(): name for name in names}
    if (found := by_case.get(net.casefold())) is not None:
        return found
    near = [by_case[name] for name in nearest(net.casefold(), list(by_case), 0.4)]
    some = f"the nearest {is_or_are(near)} {', '.join(near)}" if near else f"such are {', '.join(sorted(names)[:3])}"
    raise InputError(f"model.architecture: {net!r} is none of {what}; {some}")
