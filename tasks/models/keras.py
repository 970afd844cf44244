"""Keras nets on TensorFlow behind the model protocol: predictions, gradients, hidden layers.

Training and files of weights are in `keras_training`, what a user's own net needs besides in `keras_factory`.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import cache, partial
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from exhibit.tasks.models.encoding import Axes, require_elements
from exhibit.tasks.models.keras_dropout import Call, dropping, wrapped
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.models.layers import (
    layer_name,
    only_embedding,
    place_name,
    require_numbers,
    require_one_array,
    require_sample_rows,
    require_samples_first,
    require_slopes,
    seen_once,
)
from exhibit.tasks.models.outputs import (
    no_slopes,
    require_as_before,
    require_one_output,
    require_real,
    require_row_each,
)
from exhibit.tasks.protocols import Capability, Compute, Dropout, Score, Side, own_score, padded_batches, reading, take
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.model import OutputKind

Encode = Callable[[Arrays], dict[str, Array]]
Spot = tuple[str, Side]  # one side of a layer
Tensors = list[tf.Tensor]


@dataclass(frozen=True)
class KerasPlace:
    """A batch seen from one place in a Keras net; see `exhibit.tasks.protocols.Place`."""

    model: "KerasModel"
    encoded: Arrays
    spot: Spot | None
    values: dict[str, Array]
    mask: dict[str, Array]
    dropout: Dropout | None = None

    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, dict[str, Array]]:
        """Scores (samples,), and the gradient of each sample's own score, shaped like `values`."""
        for name, array in values.items():
            require_slopes(name, array.dtype.kind == "f")
        function, used = self.model.compiled_gradient(self.spot, score), len(targets)
        scores, gradients = function(*self._tensors(values), tf.constant(whole(targets)))
        return scores.numpy()[:used], {
            name: item.numpy()[:used] for name, item in zip(self.values, gradients, strict=True)
        }

    def outputs(self, values: Arrays) -> Array:
        """Outputs (samples, outputs) at `values`."""
        outputs: Array = self.model.compiled_outputs(self.spot)(*self._tensors(values)).numpy()
        return outputs[: len(_first(values))]

    def taken(self, rows: Array, dropout: Dropout | None = None) -> "KerasPlace":
        """The samples `rows`, which may repeat, with this dropout."""
        if np.array_equal(rows, np.arange(len(_first(self.encoded)))):
            return replace(self, dropout=dropout)
        return replace(self, encoded=take(self.encoded, rows), values=take(self.values, rows), mask={}, dropout=dropout)

    def bypassed(self) -> bool:
        """Whether the outputs depend on numbers that lead to the activation while it is held."""
        return self.spot is not None and self.model.is_bypassed(self.spot, *self._tensors(self.values))

    def _tensors(self, values: Arrays) -> tuple[Tensors, Tensors, Tensors]:
        numbers = self.model.dropout_numbers(self.encoded, self.dropout)
        return (
            [] if self.spot is None else _tensors(self.encoded),
            _tensors({name: values[name] for name in self.values}),
            numbers,
        )


class KerasModel:
    """A Keras net as an `exhibit.tasks.protocols.DifferentiableModel`.

    `net` gives (samples, outputs) of kind `output`; `encode` takes raw inputs to what the net takes, in its order.
    `axes`: of its inputs in its order, where it has the channels of images elsewhere than last, as they are shown.
    The net runs in inference mode, and is left as it came. What is computed is compiled once per place and score.
    """

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "gradients"})

    def __init__(
        self,
        net: keras.Model,
        encode: Encode,
        output: OutputKind,
        compute: Compute,
        axes: Mapping[str, Axes] = MappingProxyType({}),
    ) -> None:
        configure(compute)
        self.net = net
        self.axes = axes
        self._layers = _named_layers(net)
        self.output: OutputKind = output
        self._encode = encode
        self._batch = compute.batch
        self._each: Sequence[int | None] | None = None  # the shape of the outputs of one sample, once it is seen
        self._outputs = compiled(self.call)
        self._activation = cache(self._trace_activation)
        self._dropout_shapes = cache(self._trace_dropout_shapes)
        self.compiled_outputs = cache(self._trace_outputs)
        self.compiled_gradient = cache(self._trace_gradient)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers in the order of `net.layers`; those of a model inside follow it, as outer/inner."""
        return tuple(self._layers)

    def embedding(self, inputs: Arrays) -> str | None:
        """The layer that makes vectors of ids, one for each element of some `inputs`; None where not just one does."""
        names: dict[str, None] = {}

        def look(name: str, call: Call, ids: Any, *arguments: Any, **options: Any) -> Any:
            vectors = call(ids, *arguments, **options)
            alone = tf.is_tensor(ids) and tf.is_tensor(vectors)
            if alone and vectors.ndim == 3 and vectors.shape[:2] == ids.shape[:2]:
                names[name] = None
            return vectors

        with ExitStack() as stack:
            for name, layer in self._layers.items():
                if _is_table(layer):
                    stack.enter_context(wrapped(layer, partial(look, name)))
            self.call(_tensors(self._encode(inputs)))
        return only_embedding([list(names)])

    def predict(self, inputs: Arrays) -> Array:
        """Outputs (samples, outputs) as the net gives them."""
        count = len(next(iter(inputs.values())))
        parts = []
        for rows, used in padded_batches(count, whole_size(self._batch)):
            outputs = self._outputs(_tensors(self._encode(take(inputs, rows))), []).numpy()
            require_row_each(len(outputs) if outputs.ndim else 0, len(rows))
            parts.append(outputs[:used])
        return np.concatenate(parts)

    def evaluate(self, inputs: Arrays) -> Array:
        """What `predict` gives."""
        return self.predict(inputs)

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> KerasPlace:
        """The batch `inputs` seen from `layer` (None: the preprocessed inputs), where given with dropout.

        Raises:
            InputError: for a layer that is not there or is not used exactly once, inputs that are not numbers, or
                a net without dropout.
        """
        encoded = self._encode(inputs)
        if layer is None:
            return KerasPlace(self, encoded, None, self._input_values(encoded), {}, dropout)
        name = layer_name(layer, self.layers)
        numbers = self.dropout_numbers(encoded, dropout)
        activation = self._activation((name, at))(_tensors(encoded), numbers).numpy()[: len(_first(encoded))]
        require_sample_rows(name, at, activation.shape, len(_first(encoded)))
        owner = place_name(tuple(inputs), name, activation.ndim)
        return KerasPlace(self, encoded, (name, at), {owner: activation}, {}, dropout)

    def is_bypassed(self, spot: Spot, arguments: Tensors, values: Tensors, numbers: Tensors) -> bool:
        """Whether some input that leads to `spot` also reaches the outputs without passing it."""
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            watched = [argument for argument in arguments if argument.dtype.is_floating]
            tape.watch(watched)
            reached = self._activation(spot)(arguments, numbers)
            outputs = self._outputs_at(spot, arguments, values, numbers)
        both = zip(*(tape.gradient(result, watched) for result in (reached, outputs)), strict=True)
        return any(there is not None and around is not None for there, around in both)

    def dropout_numbers(self, encoded: Arrays, dropout: Dropout | None) -> list[tf.Tensor]:
        """The uniform numbers of every dropout in order of use; none without `dropout`."""
        if dropout is None:
            return []
        shapes = self._dropout_shapes(tuple(array.shape for array in encoded.values()))
        return [tf.constant(whole(dropout(number, shape)), tf.float32) for number, shape in enumerate(shapes)]

    def _trace_dropout_shapes(self, shapes: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
        """Raises InputError for a net that drops along another first axis, which may by chance be as long as the batch:
        among one sample more it is not."""
        seen: list[tuple[int, ...]] = []
        more = shapes[0][0] + 1

        def keep_all(number: int, shape: tuple[int, ...]) -> tf.Tensor:
            require_samples_first(number, shape, more)
            seen.append(shape[1:])
            return tf.ones(shape)

        def look(arguments: Tensors) -> tf.Tensor:
            with dropping(self.net, keep_all):
                return self.call(arguments)

        tf.function(look, autograph=False).get_concrete_function(
            [tf.TensorSpec((more, *shape[1:])) for shape in shapes]
        )
        return seen

    def _input_values(self, encoded: dict[str, Array]) -> dict[str, Array]:
        for name, array in encoded.items():
            require_elements(name, self.axes.get(name), array)
            require_numbers(name, array.dtype.kind == "f", self.layers)
        return encoded

    def call(self, arguments: Sequence[tf.Tensor], numbers: Sequence[tf.Tensor] = ()) -> tf.Tensor:
        """The outputs (samples, outputs) of the net, with dropout by these numbers where there are any."""

        def given(number: int, shape: tuple[int, ...]) -> tf.Tensor:
            require_samples_first(number, shape, numbers[number].shape[0])
            return numbers[number]

        sampling = dropping(self.net, given) if numbers else nullcontext()
        with sampling:
            outputs = self.net(one_or_all(taken(arguments, self.axes)), training=False)
        require_one_output(outputs, tf.is_tensor(outputs))
        require_real(outputs.dtype.name, outputs.dtype.is_floating)
        if len(outputs.shape) == 1:  # one output for each sample
            outputs = outputs[:, tf.newaxis]
        self._each = require_as_before(outputs.shape[1:], self._each)
        return outputs

    def outputs_at(self, spot: Spot | None, arguments: Tensors, values: Sequence[tf.Tensor]) -> tf.Tensor:
        """Outputs at `values`, of the inputs or of `spot`; `arguments` lead there."""
        return self._outputs_at(spot, arguments, list(values), [])

    def _outputs_at(self, spot: Spot | None, arguments: Tensors, values: Tensors, numbers: Tensors) -> tf.Tensor:
        if spot is None:
            return self.call(values, numbers)
        with self._passing(spot, lambda _: values[0]):
            return self.call(arguments, numbers)

    def _trace_outputs(self, spot: Spot | None) -> Callable[..., Any]:
        def outputs(arguments: Tensors, values: Tensors, numbers: Tensors) -> tf.Tensor:
            return self._outputs_at(spot, arguments, values, numbers)

        return compiled(outputs)

    def _trace_gradient(self, spot: Spot | None, score: Score) -> Callable[..., Any]:
        def gradient(arguments: Tensors, values: Tensors, numbers: Tensors, targets: tf.Tensor) -> Any:
            # Watching no variables keeps the parameters out of the backward pass.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                outputs = self._outputs_at(spot, arguments, values, numbers)
                scores = read(outputs, self.output, score, targets)
            # Samples do not mix in inference mode: the gradient of the sum holds each one's own.
            gradients = tape.gradient(scores, values)
            if all(item is None for item in gradients):
                raise no_slopes()
            pairs = zip(gradients, values, strict=True)
            return scores, [tf.zeros_like(value) if item is None else item for item, value in pairs]

        return compiled(gradient)

    def _trace_activation(self, spot: Spot) -> Callable[..., Any]:
        def activation(arguments: Tensors, numbers: Tensors) -> tf.Tensor:
            seen: list[tf.Tensor] = []

            def keep(tensor: tf.Tensor) -> tf.Tensor:
                require_one_array(*spot, tf.is_tensor(tensor))
                seen.append(tensor)
                return tensor

            with self._passing(spot, keep):
                self.call(arguments, numbers)
            return seen_once(spot[0], seen)

        return compiled(activation)

    @contextmanager
    def _passing(self, spot: Spot, change: Callable[[tf.Tensor], tf.Tensor]) -> Iterator[None]:
        """While this lasts, `change` takes the activation and gives what the net goes on with."""

        def around(call: Call, inputs: Any, *arguments: Any, **options: Any) -> Any:
            if spot[1] == "input":
                return call(change(inputs), *arguments, **options)
            return change(call(inputs, *arguments, **options))

        with wrapped(self._layers[spot[0]], around):
            yield


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a graph, traced once per shape of its arguments.

    It is called by its concrete form: otherwise TensorFlow takes each new model for a function that is traced again
    and again, and warns.
    """
    traced = tf.function(function, autograph=False)
    forms: dict[object, Callable[..., Any]] = {}

    def call(*arguments: Any) -> Any:
        # TensorFlow looks for its form as well, which takes a tenth as long as the gradients of a small net.
        parts = ([item] if tf.is_tensor(item) else item for item in arguments)
        kind = tuple(tuple((tensor.dtype, *tensor.shape) for tensor in part) for part in parts)
        if kind not in forms:
            forms[kind] = traced.get_concrete_function(*arguments)
        return forms[kind](*arguments)

    return call


def read(outputs: tf.Tensor, kind: OutputKind, score: Score, targets: tf.Tensor) -> tf.Tensor:
    """The score (samples,) of the output `targets` (samples,)."""
    match reading(kind, score):
        case "own":
            return own_score(score, outputs, targets)
        case "identity":
            values = outputs
        case "softmax":
            values = tf.nn.softmax(outputs)
        case "logistic":
            values = tf.math.sigmoid(outputs)
        case "cross_entropy":
            values = -tf.nn.log_softmax(outputs)
        case "logistic_loss":
            values = tf.math.softplus(-outputs)
        case "negative_log":
            values = -tf.math.log(outputs)
    return tf.gather(values, targets, axis=1, batch_dims=1)


def configure(compute: Compute) -> None:
    """Threads, device and determinism of this process; TensorFlow takes the first two once, before it computes.

    Raises:
        InputError: when TensorFlow has started with others, or without the device.
    """
    gpus = tf.config.list_physical_devices("GPU")
    if compute.device == "cuda" and not gpus:
        raise InputError("compute.device: 'cuda' was given, but TensorFlow finds no GPU; use cpu or auto")
    try:
        if started_threads() == compute.threads and (compute.device != "cpu" or not gpus):
            return _told(compute)
        tf.config.threading.set_intra_op_parallelism_threads(compute.threads)
        tf.config.threading.set_inter_op_parallelism_threads(compute.threads)
        if compute.device == "cpu" and gpus:
            tf.config.set_visible_devices([], "GPU")
    except RuntimeError as error:
        raise InputError(
            f"compute.threads, compute.device: TensorFlow has started in this process with other than "
            f"{compute.threads} threads on {compute.device}; start a new process"
        ) from error
    return _told(compute)


def _told(compute: Compute) -> None:
    tf.config.experimental.enable_tensor_float_32_execution(False)
    if compute.deterministic:
        tf.config.experimental.enable_op_determinism()


def started_threads() -> int | None:
    """With how many threads TensorFlow computes in this process; None where it has not started."""
    from tensorflow.python.eager import context

    if not context.context()._initialized:
        return None
    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()


def taken(items: Sequence[Any], axes: Mapping[str, Axes]) -> list[Any]:
    """Arrays with channels last as a net with these `axes` takes them."""
    if not axes:
        return list(items)
    turned: dict[Axes, Callable[[Any], Any]] = {
        "first": lambda images: keras.ops.moveaxis(images, -1, 1),
        "none": lambda images: images[..., 0],
        "turned": lambda series: keras.ops.moveaxis(series, -1, 1),
    }
    return [turned[how](item) if how in turned else item for item, how in zip(items, axes.values(), strict=True)]


def one_or_all(items: Sequence[Any]) -> Any:
    """What a net of one or of several inputs is called with."""
    return items[0] if len(items) == 1 else list(items)


def _named_layers(net: keras.Model, prefix: str = "") -> dict[str, keras.Layer]:
    """The layers of a net and of the models inside it, by name."""
    layers: dict[str, keras.Layer] = {}
    for layer in net.layers:
        layers[prefix + layer.name] = layer
        if isinstance(layer, keras.Model):
            layers |= _named_layers(layer, f"{prefix}{layer.name}/")
    return layers


def whole_size(count: int) -> int:
    """How many samples are computed for `count` of them: see `exhibit.tasks.protocols.Compute`.

    TensorFlow's products on a CPU take 24 rows at a time; with AVX2 those that are left over are rounded otherwise.
    """
    return count if count < _ROWS or tf.config.get_visible_devices("GPU") else -(-count // _ROWS) * _ROWS


_ROWS = 24


def whole(array: Array) -> Array:
    """Filled up by its last sample to `whole_size`."""
    missing = whole_size(len(array)) - len(array)
    return np.pad(array, [(0, missing), *[(0, 0)] * (array.ndim - 1)], mode="edge") if missing else array


def _is_table(layer: keras.Layer) -> bool:
    """Whether it learns nothing but vectors of ids."""
    tables = [part for part in layer._flatten_layers() if isinstance(part, keras.layers.Embedding)]
    return 0 < sum(len(table.weights) for table in tables) == len(layer.weights)


def _tensors(arrays: Arrays) -> list[tf.Tensor]:
    return [tf.constant(whole(array)) for array in arrays.values()]


def _first(arrays: Arrays) -> Array:
    return next(iter(arrays.values()))
