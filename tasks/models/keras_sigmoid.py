"""Keras nets that end in sigmoids, read before them; and those of one output for two classes, as models of both."""

from collections.abc import Sequence
from typing import ClassVar

from exhibit.tasks.models.keras import KerasModel
from exhibit.tasks.models.keras_import import tf
from exhibit.tasks.models.keras_last import BeforeLastModel
from exhibit.tasks.records.model import OutputKind

_SAME = ("Identity", "Reshape", "Squeeze", "ExpandDims")  # the same numbers in another shape


class SigmoidModel(BeforeLastModel):
    """A net whose outputs are sigmoids; they are left out, and each output is the log-odds of its own."""

    kind: ClassVar[OutputKind] = "log_odds"

    @staticmethod
    def before(outputs: tf.Tensor) -> tf.Tensor | None:
        """What was given to the sigmoid."""
        operation = outputs.op
        while operation.type in _SAME or (operation.type == "StridedSlice" and _whole(operation)):
            operation = operation.inputs[0].op
        return operation.inputs[0] if operation.type == "Sigmoid" else None


class TwoClassesModel(KerasModel):
    """A net whose one output is of the second of two classes: its log-odds, or as `output` chances its probability.
    The first has the opposite."""

    def call(self, arguments: Sequence[tf.Tensor], numbers: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """The outputs of both classes."""
        second = super().call(arguments, numbers)
        return tf.concat([-second if self.output == "log_odds" else 1 - second, second], axis=1)


class TwoSigmoidsModel(TwoClassesModel, SigmoidModel):
    """The same of a net that ends in a sigmoid, which is left out."""


def _whole(slice_: tf.Operation) -> bool:
    """Whether a slice leaves out nothing."""
    before, after = slice_.inputs[0].shape, slice_.outputs[0].shape
    return before.num_elements() is not None and bool(before.num_elements() == after.num_elements())
