"""SHAP's DeepExplainer on Keras nets."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from logging import LogRecord

import keras
import tensorflow as tf
from tensorflow.python.eager import execute

from tasks.records import Array, InputError

Outputs = Callable[[Sequence[tf.Tensor]], tf.Tensor]


def deep_values(outputs: Outputs, samples: Sequence[Array], background: Sequence[Array], target: int) -> list[Array]:
    """Values of the output `target`, shaped like each of `samples`, by SHAP's DeepExplainer.

    `outputs`: those of the net for its preprocessed inputs.

    Raises:
        InputError: where the net does something that the explainer has no rule for.
    """
    import shap

    inputs = [keras.Input(array.shape[1:], dtype=array.dtype.name) for array in samples]
    # The explainer spends its time on one output alone; the net itself gets no new node.
    one = keras.layers.Lambda(lambda values: outputs(values)[:, target : target + 1], output_shape=(1,))
    alone = keras.Model(inputs, one(inputs))
    _check(alone)
    with _undisturbed():
        explainer = shap.DeepExplainer(alone, list(background))
        found = explainer.shap_values(list(samples), check_additivity=False)
    return [array[..., 0] for array in (found if len(samples) > 1 else [found])]


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
    """The operations whose results depend on the inputs' values."""
    specs = [tf.TensorSpec((2, *item.shape[1:]), item.dtype) for item in net.inputs]
    graph = tf.function(lambda given: net(given, training=False), autograph=False).get_concrete_function(specs).graph
    moving = {tensor.ref() for tensor in graph.inputs[: len(specs)]}
    for operation in graph.get_operations():  # in the order in which they were made, so after what they depend on
        if any(tensor.ref() in moving for tensor in operation.inputs) and operation.type != "Shape":
            moving |= {tensor.ref() for tensor in operation.outputs}
            yield operation


@contextmanager
def _undisturbed() -> Iterator[None]:
    """SHAP replaces how TensorFlow records gradients, and puts that back only if nothing fails; it warns of graphs
    that have been checked here, and calls a net of one input with a list. Each output is a graph of its own."""
    before, logger = execute.record_gradient, tf.get_logger()
    logger.addFilter(_is_news)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Your TensorFlow version is newer", UserWarning)
            warnings.filterwarnings("ignore", "The structure of `inputs` doesn't match", UserWarning)
            yield
    finally:
        execute.record_gradient = before
        logger.removeFilter(_is_news)


def _is_news(record: LogRecord) -> bool:
    return "triggered tf.function retracing" not in record.getMessage()
