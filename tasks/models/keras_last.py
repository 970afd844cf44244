"""Keras nets that are read before the operation that gives their outputs: a softmax, a sigmoid.

Layers, functions of Keras or TensorFlow and code of the user's own leave the same operations in the graph.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import ClassVar, Self

from exhibit.tasks.models.encoding import Axes
from exhibit.tasks.models.keras import Encode, KerasModel, compiled
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.model import OutputKind

_USUAL: Mapping[str, Axes] = MappingProxyType({})


class BeforeLastModel(KerasModel, ABC):
    """A net without its last operation, which only a graph knows; what it gives then is `kind`."""

    kind: ClassVar[OutputKind]

    def __init__(self, net: keras.Model, encode: Encode, compute: Compute, axes: Mapping[str, Axes] = _USUAL) -> None:
        super().__init__(net, encode, self.kind, compute, axes)

    @staticmethod
    @abstractmethod
    def before(outputs: tf.Tensor) -> tf.Tensor | None:
        """What was given to the operation that gave these outputs of a graph; None where another gave them."""

    @classmethod
    def recognised(
        cls, net: keras.Model, encode: Encode, compute: Compute, inputs: Arrays, axes: Mapping[str, Axes] = _USUAL
    ) -> Self | None:
        """The model, if it is that operation that gives the outputs of the net for `inputs`."""
        found: list[tf.Tensor | None] = []

        def look(arguments: Sequence[tf.Tensor]) -> tf.Tensor:
            outputs = whole.call(arguments)
            found.append(cls.before(outputs))
            return outputs

        whole = KerasModel(net, encode, cls.kind, compute, axes)
        compiled(look)([tf.constant(array) for array in encode(inputs).values()])
        return None if found[0] is None else cls(net, encode, compute, axes)

    def call(self, arguments: Sequence[tf.Tensor], numbers: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """The outputs before the last operation."""
        if tf.executing_eagerly():
            return compiled(partial(BeforeLastModel.call, self))(list(arguments), list(numbers))
        outputs = super().call(arguments, numbers)
        before = self.before(outputs)
        assert before is not None
        return tf.reshape(before, (-1, outputs.shape[-1]))
