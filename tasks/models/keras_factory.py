"""What a user's own Keras net needs: see `exhibit.tasks.models.factory.Backend`."""

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

import numpy as np

from exhibit.tasks.models import keras_training
from exhibit.tasks.models.encoding import (
    Axes,
    Preprocess,
    by_name,
    called_as_the_data,
    places,
    plain,
    require_named,
    require_rows,
    shape_in_words,
)
from exhibit.tasks.models.keras import Encode, KerasModel
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.keras_inputs import inputs_of, listed
from exhibit.tasks.models.keras_sigmoid import SigmoidModel, TwoClassesModel, TwoSigmoidsModel
from exhibit.tasks.models.keras_softmax import LogitsModel
from exhibit.tasks.models.kinds import KINDS
from exhibit.tasks.models.preprocess import NOTHING, PreprocessSpec
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.protocols import Compute, Progress
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import OutputKind, Weights

__all__ = [
    "before_sigmoid", "before_softmax", "encoding", "failure", "filled", "fit", "has", "of_two", "received", "single",
    "whole",
]  # fmt: skip


class Encoding(NamedTuple):
    """From raw inputs to what a net takes: `taken` as it takes it. `axes`: where the net has the channels of
    images, of its inputs in its order."""

    taken: Encode
    axes: Mapping[str, Axes]

    def shown(self, inputs: Arrays) -> dict[str, Array]:
        """What the net takes, with the channels of images last."""
        return {name: _SHOWN.get(self.axes[name], _as_it_is)(array) for name, array in self.taken(inputs).items()}


def _as_it_is(array: Array) -> Array:
    return array


# From where a net has channels to last.
_SHOWN: dict[Axes, Callable[[Array], Array]] = {
    "first": lambda images: np.moveaxis(images, 1, -1),
    "none": lambda images: images[..., np.newaxis],
    "turned": lambda series: np.moveaxis(series, 1, -1),
}


def encoding(
    net: keras.Model, dataset: Dataset, preprocess: Preprocess | None, pictures: PreprocessSpec = NOTHING
) -> Encoding:
    """Raw values as `preprocess` gives them, or as they are; each to the input of its name."""
    prepare, wanted, told = preprocess or plain(dataset, pictures), inputs_of(net), preprocess is not None
    number = np.float32 if single(net) else np.float64

    def taken(inputs: Arrays) -> dict[str, Array]:
        prepared = prepare(inputs)
        require_named(prepared)
        found = called_as_the_data(by_name(prepared, wanted, told=told), dataset)
        arrays = {name: np.asarray(array) for name, array in found.items()}
        require_rows(arrays, inputs)
        _require_shapes(net, arrays, dataset)
        return {name: array.astype(number) if array.dtype.kind == "f" else array for name, array in arrays.items()}

    return Encoding(taken, places(dataset, "last", taken))


def _require_shapes(net: keras.Model, arrays: Mapping[str, Array], dataset: Dataset) -> None:
    """Raises InputError for pictures and series of another size than the inputs of the net say: Keras itself takes
    any that its layers can compute with, as a picture on its side."""
    inputs = getattr(net, "inputs", None) or ()  # a subclass may have none
    for (name, array), own in zip(arrays.items(), inputs, strict=False):
        asked = tuple(own.shape)
        sizes = zip(asked[1:], array.shape[1:], strict=False)
        if len(asked) == array.ndim >= _AXES and any(size not in (None, given) for size, given in sizes):
            change = " and ".join(dict.fromkeys(KINDS[item.kind].shaped_by for item in dataset.inputs))
            raise InputError(
                f"model.factory: it is of another shape: it takes the shape {shape_in_words(asked)} where the data "
                f"gives for each sample {name!r} of shape {shape_in_words(array.shape)}; change the model, or {change}"
            )


_AXES = 3  # samples, steps, channels; of tables the layers say it


def fit(
    build: Callable[[], keras.Model],
    encode: Encoding,
    dataset: Dataset,
    training: TrainingSpec,
    compute: Compute,
    progress: Progress,
    *,
    probabilities: bool = False,
    single: bool = False,
) -> Weights:
    """Trains, or takes the weights that `training` names."""

    def built() -> keras.Model:
        net = listed(build())
        if not net.built:  # it has no weights before it is called
            whole(net, encode, compute).predict(dataset.take(np.arange(1)).arrays)
        return net

    how = {"probabilities": probabilities, "single": single}
    return keras_training.fit(built, encode.taken, dataset, training, compute, progress, **how)


def before_softmax(net: keras.Model, encode: Encoding, compute: Compute, inputs: Arrays) -> LogitsModel | None:
    """The model without its last softmax, if the net ends in one for `inputs`."""
    return LogitsModel.recognised(listed(net), encode.shown, compute, inputs, encode.axes)


def before_sigmoid(net: keras.Model, encode: Encoding, compute: Compute, inputs: Arrays) -> SigmoidModel | None:
    """The model without its last sigmoid, if the net ends in one for `inputs`."""
    return SigmoidModel.recognised(listed(net), encode.shown, compute, inputs, encode.axes)


def of_two(net: keras.Model, encode: Encoding, compute: Compute, inputs: Arrays, output: OutputKind) -> TwoClassesModel:
    """The model of both classes, whose net has one output of the second: before a last sigmoid, else this `output`."""
    net = listed(net)
    known = TwoSigmoidsModel.recognised(net, encode.shown, compute, inputs, encode.axes)
    return TwoClassesModel(net, encode.shown, output, compute, encode.axes) if known is None else known


def has(net: keras.Model, weights: Weights) -> bool:
    """Whether these are the weights of the net; one that was not called yet has none to be kept."""
    own = listed(net).get_weights()
    return not own or all(map(np.array_equal, own, weights.arrays.values()))


def filled(net: keras.Model, weights: Weights, compute: Compute) -> keras.Model:
    """The net with these weights, which it has from then on."""
    return keras_training.restored(lambda: listed(net), weights, compute)


def whole(net: keras.Model, encode: Encoding, compute: Compute) -> KerasModel:
    """A model whose outputs are still to be named."""
    return KerasModel(listed(net), encode.shown, "values", compute, encode.axes)


def failure(model: KerasModel, _: Arrays, error: Exception) -> str:
    """What the net takes, where it says so, and what Keras says of it, in a clause."""
    parts = re.sub(r"\x1b\[\d+m", "", str(error)).split("\n\n")
    why = parts[1] if parts[0].startswith("Exception encountered") and len(parts) > 1 else parts[0]
    takes = ""
    with suppress(AttributeError, ValueError):  # of nets that do not say so before they are built
        takes = f"it takes the shape {' and '.join(shape_in_words(each.shape) for each in model.net.inputs)}"
    said = f"{type(error).__name__}, {' '.join(why.split()).rstrip('.')}"
    return f"{takes} ({said})" if takes else said


def received(encode: Encoding, inputs: Arrays) -> dict[str, Array]:
    """The arrays that the net takes, as it takes them."""
    return dict(encode.taken(inputs))


def single(net: keras.Model) -> bool:
    """Whether it computes with no more than 24 bits."""
    return all(variable.dtype != "float64" for variable in net.weights)
