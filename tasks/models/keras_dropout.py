"""Layers of Keras nets with their call replaced, and dropout with numbers from outside."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from typing import Any

from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.records.base import InputError

Call = Callable[..., Any]

_INSIDE = ("dropout", "recurrent_dropout")  # rates of what recurrent layers drop inside
_OTHERS = (
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
)


@contextmanager
def wrapped(layer: keras.Layer, around: Callable[..., Any]) -> Iterator[None]:
    """While this lasts, the layer calls `around(its own call, inputs, ...)`.

    The `call` of the instance is replaced: that reaches inside a residual block, where a sub-model from the layer
    to the output cannot be built.
    """
    before, call = vars(layer).get("call"), layer.call

    def said_plainly(*arguments: Any, **options: Any) -> Any:
        try:
            return around(call, *arguments, **options)
        except InputError as error:
            error._keras_call_info_injected = True  # type: ignore[attr-defined]  # Keras adds nothing to the sentence
            raise

    layer.call = said_plainly
    try:
        yield
    finally:
        del layer.call
        if before is not None:
            layer.call = before


@contextmanager
def dropping(net: keras.Model, uniform: Callable[[int, tuple[int, ...]], tf.Tensor]) -> Iterator[None]:
    """While this lasts, every dropout of `net` drops the units whose number is below its rate.

    `uniform` is given the number of the dropout in order of use and the shape of what is dropped as one.

    Raises:
        InputError: where the net has no dropout, or one that cannot be reached.
    """
    used = count()

    def drop(layer: keras.Layer, _: Call, inputs: tf.Tensor, *__: Any, **___: Any) -> tf.Tensor:
        # Spatial dropout drops whole channels; only the layer knows which axis they are.
        spatial = getattr(layer, "_get_noise_shape", lambda _: None)(inputs)
        noise_shape = spatial or layer.noise_shape or [None] * inputs.ndim
        shape = tuple(have if want is None else want for have, want in zip(inputs.shape, noise_shape, strict=True))
        shape = (inputs.shape[0], *shape[1:])  # no two samples share what is dropped
        numbers = uniform(next(used), shape)
        kept = tf.cast(numbers >= layer.rate, inputs.dtype)
        return inputs * kept / (1 - layer.rate or 1)  # at a rate of 1 nothing is left

    layers = list(net._flatten_layers(include_self=False))
    for layer in layers:
        if isinstance(layer, _OTHERS) or any(getattr(layer, name, None) for name in _INSIDE):
            raise InputError(f"sampling.dropout: {layer.name!r} ({type(layer).__name__}) cannot be sampled")
    dropouts = [layer for layer in layers if isinstance(layer, keras.layers.Dropout)]
    if not dropouts:
        raise InputError("sampling.dropout: the model has no dropout to sample")
    with ExitStack() as stack:
        for layer in dropouts:
            stack.enter_context(wrapped(layer, partial(drop, layer)))
        yield
