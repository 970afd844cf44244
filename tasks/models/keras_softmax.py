"""Keras nets that end in a softmax, read before it: what they give then are logits."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Self

from exhibit.tasks.models.encoding import Axes
from exhibit.tasks.models.keras import Encode, KerasModel, compiled
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Arrays

_USUAL: Mapping[str, Axes] = MappingProxyType({})


class LogitsModel(KerasModel):
    """A net that gives the result of a softmax, or the logarithm of one; it is left out.

    Layers, functions of Keras or TensorFlow and code of the user's own leave the same operations in the graph.
    """

    def __init__(self, net: keras.Model, encode: Encode, compute: Compute, axes: Mapping[str, Axes] = _USUAL) -> None:
        super().__init__(net, encode, "logits", compute, axes)

    @classmethod
    def recognised(
        cls, net: keras.Model, encode: Encode, compute: Compute, inputs: Arrays, axes: Mapping[str, Axes] = _USUAL
    ) -> Self | None:
        """The model, if the net gives the result of a softmax or its logarithm for `inputs`."""
        before: list[tf.Tensor | None] = []

        def look(arguments: Sequence[tf.Tensor]) -> tf.Tensor:
            outputs = model.call(arguments)
            before.append(_before_softmax(outputs))
            return outputs

        model = KerasModel(net, encode, "probabilities", compute, axes)
        compiled(look)([tf.constant(array) for array in encode(inputs).values()])
        return None if before[0] is None else cls(net, encode, compute, axes)

    def call(self, arguments: Sequence[tf.Tensor], numbers: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """The outputs before the last softmax, which only a graph knows."""
        if tf.executing_eagerly():
            return compiled(self.call)(list(arguments), list(numbers))
        logits = _before_softmax(super().call(arguments, numbers))
        assert logits is not None
        return logits


def _before_softmax(outputs: tf.Tensor) -> tf.Tensor | None:
    """What was given to the softmax that gave these outputs of a graph; None where none did."""
    last = _made_by(outputs)
    softmax = _made_by(last.inputs[0]) if last.type == "Log" else last
    known = ("Softmax",) if last.type == "Log" else ("Softmax", "LogSoftmax")
    return softmax.inputs[0] if softmax.type in known else None


def _made_by(tensor: tf.Tensor) -> tf.Operation:
    operation = tensor.op
    return _made_by(operation.inputs[0]) if operation.type == "Identity" else operation
