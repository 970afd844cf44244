"""Keras nets that end in a softmax, read before it: what they give then are logits."""

from typing import ClassVar

from exhibit.tasks.models.keras_import import tf
from exhibit.tasks.models.keras_last import BeforeLastModel
from exhibit.tasks.records.model import OutputKind


class LogitsModel(BeforeLastModel):
    """A net that gives the result of a softmax, or the logarithm of one; it is left out."""

    kind: ClassVar[OutputKind] = "logits"

    @staticmethod
    def before(outputs: tf.Tensor) -> tf.Tensor | None:
        """What was given to the softmax."""
        last = _made_by(outputs)
        softmax = _made_by(last.inputs[0]) if last.type == "Log" else last
        known = ("Softmax",) if last.type == "Log" else ("Softmax", "LogSoftmax")
        return softmax.inputs[0] if softmax.type in known else None


def _made_by(tensor: tf.Tensor) -> tf.Operation:
    operation = tensor.op
    return _made_by(operation.inputs[0]) if operation.type == "Identity" else operation
