"""SHAP's DeepExplainer on Keras nets."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from logging import LogRecord
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.eager import execute

from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.records.base import Array, InputError

# Outputs of the net for its encoded inputs, with other values at one place.
Outputs = Callable[[Sequence[tf.Tensor], Sequence[tf.Tensor]], tf.Tensor]

Rule = Callable[..., Any]


class DeepNet:
    """SHAP's DeepExplainer on a net, of one sample after another against the same `background`.

    `encoded`: what leads to the place of the values, of one sample, here any; `of` takes it for each.
    """

    def __init__(self, outputs: Outputs, background: Sequence[Array], encoded: Sequence[Array]) -> None:
        self._outputs, self._background = outputs, background
        self._encoded = [tf.Variable(array, trainable=False) for array in encoded]
        self._explainer = cache(self._explainer_of)

    def of(self, sample: Sequence[Array], encoded: Sequence[Array], target: int) -> list[Array]:
        """Values of the output `target`, shaped like each of `sample`, (1, ...).

        Raises:
            InputError: where the net does something that the explainer has no rule for.
        """
        for variable, array in zip(self._encoded, encoded, strict=True):
            variable.assign(array)
        with _undisturbed():
            contributions = self._explainer(target).shap_values(list(sample), check_additivity=False)
        return [array[..., 0] for array in (contributions if len(sample) > 1 else [contributions])]

    def _explainer_of(self, target: int) -> Any:
        """Of one output alone, on which it spends its time; the net itself gets no new node."""
        import shap

        def output(values: Any) -> tf.Tensor:
            values = values if isinstance(values, list | tuple) else [values]
            rows = tf.shape(values[0])[0]
            encoded = [tf.repeat(variable, rows, axis=0) for variable in self._encoded]
            return self._outputs(encoded, values)[:, target : target + 1]

        inputs = [keras.Input(array.shape[1:], dtype=array.dtype.name) for array in self._background]
        alone = keras.Model(inputs, keras.layers.Lambda(output, output_shape=(1,))(inputs))
        _check(alone)
        with without_transformers():
            return shap.DeepExplainer(alone, list(self._background))


def _check(net: keras.Model) -> None:
    from shap.explainers._deep.deep_tf import op_handlers

    known = op_handlers.keys() - {"Max"}  # its rule is for an element, but a maximum is over many
    for operation in _moving(net):
        if operation.type not in known:
            raise InputError(
                f"deep_shap: SHAP has no exact rule for the operation {operation.type} of {operation.name!r}; "
                "use integrated_gradients"
            )


def _moving(net: keras.Model) -> Iterator[tf.Operation]:
    """The operations whose results depend on the inputs' values, and the outputs on them."""
    specs = [tf.TensorSpec((2, *item.shape[1:]), item.dtype) for item in net.inputs]
    graph = tf.function(lambda given: net(given, training=False), autograph=False).get_concrete_function(specs).graph
    moving, used = {tensor.ref() for tensor in graph.inputs[: len(specs)]}, _used(graph.outputs)
    for operation in graph.get_operations():  # in the order in which they were made, so after what they depend on
        moved = any(tensor.ref() in moving for tensor in operation.inputs) and operation.type != "Shape"
        if moved and operation.name in used:
            moving |= {tensor.ref() for tensor in operation.outputs}
            yield operation


def _used(outputs: Sequence[tf.Tensor]) -> set[str]:
    """The names of all operations that the outputs depend on: of what is left out of a net some stay without use."""
    used: set[str] = set()
    waiting = [tensor.op for tensor in outputs]
    while waiting:
        operation = waiting.pop()
        if operation.name not in used:
            used.add(operation.name)
            waiting += [tensor.op for tensor in operation.inputs]
    return used


@contextmanager
def _undisturbed() -> Iterator[None]:
    """SHAP replaces how TensorFlow records gradients, and puts that back only if nothing fails; it warns of graphs
    that have been checked here, and calls a net of one input with a list. Each output is a graph of its own. Of what is
    linear it knows the difference, but not the other sign, which the first of two classes is made by. It takes the
    slope where an activation changes by less than 1e-6, and under a maximum nothing below 1e-7, as if all were about 1:
    here a change across a bend is what it is, and maxima are in units of the largest of their layer."""
    from shap.explainers._deep.deep_tf import op_handlers, passthrough

    before, logger = execute.record_gradient, tf.get_logger()
    logger.addFilter(_is_news)
    own = {kind: op_handlers[kind] for kind in (*_BENT, "MaxPool")}
    op_handlers.update({"Neg": passthrough, "MaxPool": _maxpool, **{kind: _bent(own[kind]) for kind in _BENT}})
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Your TensorFlow version is newer", UserWarning)
            warnings.filterwarnings("ignore", "The structure of `inputs` doesn't match", UserWarning)
            yield
    finally:
        execute.record_gradient = before
        del op_handlers["Neg"]
        op_handlers.update(own)
        logger.removeFilter(_is_news)


# Activations with a bend at zero, where the slopes at both ends say nothing of what lies between.
_BENT = ("Relu", "Elu", "Selu")


def _bent(own: Rule) -> Rule:
    def rule(explainer: Any, operation: Any, *given: tf.Tensor) -> list[tf.Tensor]:
        (found,) = own(explainer, operation, *given)
        (x, other), (y, out) = tf.split(operation.inputs[0], 2), tf.split(operation.outputs[0], 2)
        across, share = (tf.concat([each, each], 0) for each in (tf.sign(x) != tf.sign(other), (y - out) / (x - other)))
        return [tf.where(across, given[0] * share, found)]

    return rule


def _maxpool(explainer: Any, operation: Any, *given: tf.Tensor) -> tf.Tensor:
    """As SHAP's, but for its limit."""
    (x, other), (y, out) = tf.split(operation.inputs[0], 2), tf.split(operation.outputs[0], 2)
    change, larger = x - other, tf.maximum(y, out)
    operation.type = operation.type.removeprefix("shap_")
    own = explainer.orig_grads[operation.type](operation, given[0] * tf.concat([larger - out, y - larger], 0))
    least = 1e-7 * tf.minimum(1.0, tf.reduce_max(tf.abs(operation.inputs[0])))
    share = tf.where(tf.abs(change) < least, tf.zeros_like(change), tf.add_n(tf.split(own, 2)) / change)
    return tf.concat([share, share], 0)


def _is_news(record: LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()
