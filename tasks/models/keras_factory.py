"""What a user's own Keras net needs: see `exhibit.tasks.models.factory.Backend`."""

import re
from contextlib import suppress

from exhibit.tasks.models.encoding import Preprocess, plain, require_named, shape_in_words
from exhibit.tasks.models.keras import Encode, KerasModel
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.keras_softmax import LogitsModel
from exhibit.tasks.models.keras_training import fit, restored
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights

__all__ = ["before_softmax", "encoding", "failure", "filled", "fit", "whole"]

before_softmax = LogitsModel.recognised


def encoding(dataset: Dataset, preprocess: Preprocess | None) -> Encode:
    """Raw values as `preprocess` gives them, or as they are."""
    prepare = preprocess or plain(dataset)

    def encode(inputs: Arrays) -> dict[str, Array]:
        prepared = prepare(inputs)
        require_named(prepared)
        return prepared

    return encode


def filled(net: keras.Model, weights: Weights, compute: Compute) -> keras.Model:
    """The net with these weights."""
    return restored(lambda: net, weights, compute)


def whole(net: keras.Model, encode: Encode, compute: Compute) -> KerasModel:
    """A model whose outputs are still to be named."""
    return KerasModel(net, encode, "values", compute)


def failure(model: KerasModel, _: Arrays, error: Exception) -> str:
    """What the net takes, where it says so, and what Keras says of it, in a clause."""
    parts = re.sub(r"\x1b\[\d+m", "", str(error)).split("\n\n")
    why = parts[1] if parts[0].startswith("Exception encountered") and len(parts) > 1 else parts[0]
    takes = ""
    with suppress(AttributeError, ValueError):  # of nets that do not say so before they are built
        takes = f"it takes the shape {' and '.join(shape_in_words(each.shape) for each in model.net.inputs)}"
    said = f"{type(error).__name__}, {' '.join(why.split()).rstrip('.')}"
    return f"{takes} ({said})" if takes else said
