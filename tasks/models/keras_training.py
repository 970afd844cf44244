"""How Keras nets get their weights: by training, or from a file."""

import json
import random
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from exhibit.tasks.models.hdf5 import require_self_contained
from exhibit.tasks.models.keras import Encode, configure, one_or_all
from exhibit.tasks.models.keras_import import global_state, keras
from exhibit.tasks.models.training import Measured, TrainingSpec, label_spreads
from exhibit.tasks.models.weights import read, require_belongs
from exhibit.tasks.protocols import Compute, Progress
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.opening import there
from exhibit.tasks.records.shown import unread_by
from exhibit.tasks.room import memory

Build = Callable[[], keras.Model]


def fit(
    build: Build,
    encode: Encode,
    dataset: Dataset,
    training: TrainingSpec,
    compute: Compute,
    progress: Progress,
    *,
    probabilities: bool = False,
    single: bool = False,
) -> Weights:
    """Trains `build()` on the rows with split "train", or takes the weights that `training` names; the global random
    state is left alone.

    The loss is the cross-entropy for a classification, of logits or where the net gives them of `probabilities`, the
    mean squared error for a regression; of several labels the mean over them, of errors in standard deviations or of
    binary cross-entropies; each training row times its weight, where the data has any. `single`: its one output is of
    the second of two classes.

    Raises:
        InputError: when training diverges, or the weights do not belong to the net.
    """
    if training.fitting == "never":
        return given(build, training.weights, training.seed, compute)
    configure(compute)
    with _seeded(training.seed):
        net = build()
    loss, metrics = _loss(dataset, probabilities=probabilities, single=single)
    net.compile(optimizer=keras.optimizers.Adam(training.learning_rate), loss=loss, metrics=metrics, jit_compile=False)

    def batch(inputs: Arrays) -> Any:
        return one_or_all(list(encode(inputs).values()))

    weights = dataset.training_weights

    def step(rows: Array) -> Measured:
        inputs = training.seen(dataset.take(rows).arrays, rows)
        own = None if weights is None else weights[rows].astype(np.float32)
        return _measured(net.train_on_batch(batch(inputs), dataset.labels[rows], sample_weight=own, return_dict=True))

    def test(rows: Array) -> Measured:
        inputs = dataset.take(rows).arrays
        return _measured(net.test_on_batch(batch(inputs), dataset.labels[rows], return_dict=True))

    return _weights(net, training.run(dataset, step, test, compute, progress))


def _loss(dataset: Dataset, *, probabilities: bool, single: bool) -> tuple[Any, list[Any]]:
    """What a net is trained by, and what is measured beside it."""
    if dataset.task == "multi_label":
        return keras.losses.BinaryCrossentropy(from_logits=not probabilities), []
    if dataset.several:
        spread = np.array(label_spreads(dataset))

        def squares(labels: Any, outputs: Any) -> Any:
            scaled = (outputs - keras.ops.cast(labels, outputs.dtype)) / keras.ops.cast(spread, outputs.dtype)
            return keras.ops.mean(keras.ops.square(scaled), axis=-1)

        return squares, []
    if dataset.task == "regression":
        return keras.losses.MeanSquaredError(), []
    if not single:
        return keras.losses.SparseCategoricalCrossentropy(from_logits=not probabilities), ["accuracy"]

    def entropy(labels: Any, outputs: Any) -> Any:
        return keras.losses.binary_crossentropy(*_columns(labels, outputs), from_logits=not probabilities)

    def right(labels: Any, outputs: Any) -> Any:
        return keras.metrics.binary_accuracy(*_columns(labels, outputs), threshold=0.5 if probabilities else 0.0)

    return entropy, [keras.metrics.MeanMetricWrapper(right, name="accuracy")]


def _columns(*parts: Any) -> list[Any]:
    """Each as (rows, 1)."""
    return [keras.ops.reshape(keras.ops.cast(part, parts[-1].dtype), (-1, 1)) for part in parts]


def _measured(logs: Mapping[str, Any]) -> Measured:
    return Measured(float(logs["loss"]), float(logs["accuracy"]) if "accuracy" in logs else None)


def given(build: Build, path: Path | None, seed: int, compute: Compute) -> Weights:
    """The weights of `build()`, or those of a file that fit it.

    Raises:
        InputError: when the weights do not belong to the net.
    """
    configure(compute)
    with _seeded(seed):
        net = build()
    return _weights(_given(net, path), {})


def restored(build: Build, weights: Weights, compute: Compute) -> keras.Model:
    """`build()` with the given weights."""
    configure(compute)  # building a net starts TensorFlow, and then threads can no longer be set
    with _seeded(0):
        net = build()
    net.set_weights(list(weights.arrays.values()))
    return net


def _given(net: keras.Model, path: Path | None) -> keras.Model:
    """The net with the weights of a file: by the paths of its variables where the file names them, else in order."""
    if path is None:
        return net
    if there(path):
        require_self_contained(path)
    try:
        if path.suffix == ".h5":
            net.load_weights(path)
        else:
            arrays = read(path, {".keras": _keras_file, ".weights.h5": _keras_file})
            wanted = {variable.path: tuple(variable.shape) for variable in net.weights}
            if wanted.keys() & arrays.keys():
                require_belongs(path.name, {name: array.shape for name, array in arrays.items()}, wanted)
            named = [arrays[variable.path] for variable in net.weights if variable.path in arrays]
            net.set_weights(named if len(named) == len(arrays) else list(arrays.values()))
    except Exception as error:  # of a file that is damaged, in any way
        if isinstance(error, InputError):
            raise
        raise InputError(f"model.weights: {path.name} does not belong to this net: {unread_by(error)}") from error
    return net


def _keras_file(path: Path) -> dict[str, Array]:
    _require_room(path)
    net = keras.saving.load_model(path, compile=False, safe_mode=True)
    return {variable.path: np.asarray(variable.numpy()) for variable in net.weights}


def _require_room(path: Path) -> None:
    """Raises ValueError where the layers that a Keras archive says it has are larger than the memory of this machine:
    their variables are told, and not made. Of what cannot be told so, nothing is made, either."""
    with zipfile.ZipFile(path) as archive, archive.open("config.json") as file:
        said = file.read(_LONGEST + 1)
    if len(said) > _LONGEST:
        raise ValueError(f"its config.json is longer than {_LONGEST:,} bytes")
    waiting = [*global_state.get_global_attribute("uninitialized_variables", [])]
    try:
        with keras.StatelessScope(initialize_variables=False):
            net = keras.saving.deserialize_keras_object(json.loads(said), safe_mode=True)
    finally:  # else Keras makes those of this net, however large, beside those of the next
        global_state.set_global_attribute("uninitialized_variables", waiting)
    needed = sum(prod(variable.shape) * (8 if "64" in variable.dtype else 4) for variable in net.weights)
    if needed > (there := memory()):
        raise ValueError(f"its layers need {needed / 1e9:,.0f} GB, but this machine has {there / 1e9:,.0f} GB")


_LONGEST = 1 << 27  # bytes of what says how a net is built


def _weights(net: keras.Model, history: dict[str, Array]) -> Weights:
    return Weights(
        arrays={variable.path: np.asarray(variable.numpy()) for variable in net.weights},
        history=history,
        parameters=sum(int(np.prod(variable.shape)) for variable in net.trainable_weights),
    )


@contextmanager
def names_from_the_start() -> Iterator[None]:
    """Layers without a name are called as they are in a process of their own, whatever was built before."""
    known = global_state.get_global_attribute("object_name_uids")
    global_state.set_global_attribute("object_name_uids", defaultdict(int))
    try:
        yield
    finally:
        global_state.set_global_attribute("object_name_uids", known)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Keras draws the seeds of initial weights and of dropout from Python's global generator, put back after."""
    state = random.getstate()
    random.seed(seed)
    try:
        with names_from_the_start():
            yield
    finally:
        random.setstate(state)
