"""What a user's own Keras net needs: see `exhibit.tasks.models.factory.Backend`."""

from exhibit.tasks.models.encoding import Preprocess, plain
from exhibit.tasks.models.keras import Encode, KerasModel
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.keras_softmax import LogitsModel
from exhibit.tasks.models.keras_training import fit, restored
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights

__all__ = ["before_softmax", "encoding", "filled", "fit", "whole"]

before_softmax = LogitsModel.recognised


def encoding(dataset: Dataset, preprocess: Preprocess | None) -> Encode:
    """Raw values as `preprocess` gives them, or as they are."""
    return preprocess or plain(dataset)


def filled(net: keras.Model, weights: Weights, compute: Compute) -> keras.Model:
    """The net with these weights."""
    return restored(lambda: net, weights, compute)


def whole(net: keras.Model, encode: Encode, compute: Compute) -> KerasModel:
    """A model whose outputs are still to be named."""
    return KerasModel(net, encode, "values", compute)
