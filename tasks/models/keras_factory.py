"""What a user's own Keras net needs: see `exhibit.tasks.models.factory.Backend`."""

from collections.abc import Callable

from exhibit.tasks.models import keras_training
from exhibit.tasks.models.encoding import Preprocess, Wanted, by_name, plain
from exhibit.tasks.models.keras import Encode, KerasModel
from exhibit.tasks.models.keras_import import Functional, keras
from exhibit.tasks.models.keras_softmax import LogitsModel
from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.protocols import Compute, Progress
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights

__all__ = ["before_softmax", "encoding", "filled", "fit", "whole"]


def encoding(net: keras.Model, dataset: Dataset, preprocess: Preprocess | None) -> Encode:
    """Raw values as `preprocess` gives them, or as they are; each to the input of its name."""
    prepare, wanted, told = preprocess or plain(dataset), _inputs(net), preprocess is not None
    return lambda inputs: by_name(prepare(inputs), wanted, told=told)


def fit(
    build: Callable[[], keras.Model],
    encode: Encode,
    dataset: Dataset,
    training: TrainingSpec,
    compute: Compute,
    progress: Progress,
) -> Weights:
    """Trains, or takes the weights that `training` names."""
    return keras_training.fit(lambda: _listed(build()), encode, dataset, training, compute, progress)


def before_softmax(net: keras.Model, encode: Encode, compute: Compute, inputs: Arrays) -> LogitsModel | None:
    """The model without its last softmax, if the net ends in one for `inputs`."""
    return LogitsModel.recognised(_listed(net), encode, compute, inputs)


def filled(net: keras.Model, weights: Weights, compute: Compute) -> keras.Model:
    """The net with these weights."""
    return keras_training.restored(lambda: _listed(net), weights, compute)


def whole(net: keras.Model, encode: Encode, compute: Compute) -> KerasModel:
    """A model whose outputs are still to be named."""
    return KerasModel(_listed(net), encode, "values", compute)


def _inputs(net: keras.Model) -> Wanted | None:
    """What a functional net calls its inputs: the keys of those that it takes as a dictionary; None for other nets."""
    if not isinstance(net, Functional) or isinstance(net, keras.Sequential):
        return None
    structure = net._inputs_struct
    names = sorted(structure) if isinstance(structure, dict) else [tensor.name for tensor in net.inputs]
    return Wanted(tuple(names), frozenset(names))


def _listed(net: keras.Model) -> keras.Model:
    """The same layers as a net that takes its inputs as a list, in their order."""
    if not isinstance(net, Functional) or not isinstance(net._inputs_struct, dict):
        return net
    return keras.Model(list(net.inputs), net._outputs_struct, name=net.name)
