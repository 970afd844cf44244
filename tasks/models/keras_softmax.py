"""Keras nets that end in a softmax, read before it: what they give then are logits."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Self

from tasks.models.keras import Encode, KerasModel, one_or_all
from tasks.models.keras_dropout import Call, wrapped
from tasks.models.keras_import import keras, tf
from tasks.protocols import Compute
from tasks.records import Arrays

_SOFTMAX = (keras.activations.softmax, keras.activations.log_softmax)


class LogitsModel(KerasModel):
    """A net whose result is that of the softmax in its layer `last`; it is left out."""

    def __init__(self, net: keras.Model, encode: Encode, compute: Compute, last: keras.Layer) -> None:
        super().__init__(net, encode, "logits", compute)
        self._last = last

    @classmethod
    def recognised(cls, net: keras.Model, encode: Encode, compute: Compute, inputs: Arrays) -> Self | None:
        """The model, if the net gives the result of a softmax as it is for `inputs`."""
        seen: list[tuple[keras.Layer, Any]] = []

        def watch(layer: keras.Layer, call: Call, *arguments: Any, **options: Any) -> Any:
            seen.append((layer, call(*arguments, **options)))
            return seen[-1][1]

        with ExitStack() as stack:
            for layer in filter(_ends_in_softmax, net._flatten_layers(include_self=False)):
                stack.enter_context(wrapped(layer, partial(watch, layer)))
            outputs = net(one_or_all([tf.constant(array) for array in encode(inputs).values()]), training=False)
        last = [layer for layer, result in seen if result is outputs]
        return cls(net, encode, compute, last[0]) if last else None

    def call(self, arguments: Sequence[tf.Tensor], numbers: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """The outputs before the last softmax."""
        with _without_softmax(self._last):
            return super().call(arguments, numbers)


def _ends_in_softmax(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.Softmax) or getattr(layer, "activation", None) in _SOFTMAX


@contextmanager
def _without_softmax(layer: keras.Layer) -> Iterator[None]:
    """While this lasts, the layer gives what its softmax is given."""
    if isinstance(layer, keras.layers.Softmax):
        with wrapped(layer, _as_given):
            yield
        return
    softmax: Callable[..., Any] = layer.activation
    layer.activation = keras.activations.linear
    try:
        yield
    finally:
        layer.activation = softmax


def _as_given(_: Call, inputs: Any, *__: Any, **___: Any) -> Any:
    return inputs
