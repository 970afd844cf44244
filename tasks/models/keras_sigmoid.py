"""Keras nets of one output for two classes: their last sigmoid, and both classes from what is before or behind it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Self

from exhibit.tasks.models.encoding import Axes
from exhibit.tasks.models.keras import Encode, KerasModel, compiled
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.model import OutputKind

_USUAL: Mapping[str, Axes] = MappingProxyType({})
_SAME = ("Identity", "Reshape", "Squeeze", "ExpandDims")  # the same numbers in another shape


class SigmoidModel(KerasModel):
    """A net whose outputs are sigmoids; with `before` they are left out, and each output is the log-odds of its own."""

    def __init__(
        self,
        net: keras.Model,
        encode: Encode,
        compute: Compute,
        axes: Mapping[str, Axes] = _USUAL,
        *,
        before: bool = True,
    ) -> None:
        super().__init__(net, encode, "log_odds", compute, axes)
        self._before = before

    @classmethod
    def recognised(
        cls, net: keras.Model, encode: Encode, compute: Compute, inputs: Arrays, axes: Mapping[str, Axes] = _USUAL
    ) -> Self | None:
        """The model, if the outputs of the net for `inputs` are those of a sigmoid."""
        before: list[tf.Tensor | None] = []

        def look(arguments: Sequence[tf.Tensor]) -> tf.Tensor:
            outputs = model.call(arguments)
            before.append(_before_sigmoid(outputs))
            return outputs

        model = KerasModel(net, encode, "chances", compute, axes)
        compiled(look)([tf.constant(array) for array in encode(inputs).values()])
        return None if before[0] is None else cls(net, encode, compute, axes)

    def call(self, arguments: Sequence[tf.Tensor], numbers: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """The outputs before the last sigmoid, which only a graph knows."""
        if tf.executing_eagerly():
            return compiled(self.call)(list(arguments), list(numbers))
        return self.read(super().call(arguments, numbers))

    def read(self, outputs: tf.Tensor) -> tf.Tensor:
        """What is before the sigmoid that gave these outputs of a graph, in their shape."""
        if not self._before:
            return outputs
        before = _before_sigmoid(outputs)
        assert before is not None
        return tf.reshape(before, (-1, outputs.shape[-1]))


class TwoClassesModel(SigmoidModel):
    """A net whose one output is of the second of two classes: its log-odds, or with `output` chances its probability.
    The first has the opposite."""

    def __init__(
        self,
        net: keras.Model,
        encode: Encode,
        compute: Compute,
        axes: Mapping[str, Axes] = _USUAL,
        *,
        before: bool = True,
        output: OutputKind = "log_odds",
    ) -> None:
        super().__init__(net, encode, compute, axes, before=before)
        self.output = output

    def read(self, outputs: tf.Tensor) -> tf.Tensor:
        """The outputs of both classes."""
        second = super().read(outputs)
        return tf.concat([-second if self.output == "log_odds" else 1 - second, second], axis=1)


def _before_sigmoid(outputs: tf.Tensor) -> tf.Tensor | None:
    """What was given to the sigmoid that gave these outputs of a graph; None where none did."""
    operation = outputs.op
    while operation.type in _SAME or (operation.type == "StridedSlice" and _whole(operation)):
        operation = operation.inputs[0].op
    return operation.inputs[0] if operation.type == "Sigmoid" else None


def _whole(slice_: tf.Operation) -> bool:
    """Whether a slice leaves out nothing."""
    before, after = slice_.inputs[0].shape, slice_.outputs[0].shape
    return before.num_elements() is not None and bool(before.num_elements() == after.num_elements())
