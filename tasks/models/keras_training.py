"""How Keras nets are trained."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from tasks.models.keras import Encode, configure, one_or_all
from tasks.models.keras_import import keras
from tasks.models.training import History, TrainingSpec
from tasks.protocols import Compute, Progress
from tasks.records import Array, Dataset, Weights


def fit(
    build: Callable[[], keras.Model],
    encode: Encode,
    dataset: Dataset,
    training: TrainingSpec,
    compute: Compute,
    progress: Progress,
) -> Weights:
    """Trains `build()` on the rows with split "train"; the global random state is left alone.

    The loss is the cross-entropy for a classification, the mean squared error for a regression. History: "loss"
    over the training rows while they train, and "test_loss" after each epoch where there are test rows.

    Raises:
        InputError: when training diverges.
    """
    configure(compute)
    with _seeded(training.seed):
        net = build()
    net.compile(
        optimizer=keras.optimizers.Adam(training.learning_rate),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if dataset.task == "classification"
        else keras.losses.MeanSquaredError(),
        jit_compile=False,
    )
    encoded = encode(dataset.arrays)

    def batch(rows: Array) -> tuple[Any, Array]:
        return one_or_all([array[rows] for array in encoded.values()]), dataset.labels[rows]

    train, test = np.flatnonzero(dataset.split == "train"), np.flatnonzero(dataset.split == "test")
    history: History = {"loss": [], "test_loss": []} if len(test) else {"loss": []}
    for epoch in range(training.epochs):
        total = sum(float(net.train_on_batch(*batch(rows))) * len(rows) for rows in training.epoch(epoch, train))
        history["loss"].append(training.checked(total / len(train), epoch))
        if len(test):
            history["test_loss"].append(float(net.test_on_batch(*batch(test))))
        progress(epoch + 1, training.epochs)
    return Weights(
        arrays={variable.path: variable.numpy() for variable in net.weights},
        history={name: np.array(values) for name, values in history.items()},
        parameters=sum(int(np.prod(variable.shape)) for variable in net.trainable_weights),
    )


def restored(build: Callable[[], keras.Model], weights: Weights, compute: Compute) -> keras.Model:
    """`build()` with the given weights."""
    configure(compute)  # building a net starts TensorFlow, and then threads can no longer be set
    with _seeded(0):
        net = build()
    net.set_weights(list(weights.arrays.values()))
    return net


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Keras draws the seeds of initial weights and of dropout from Python's global generator, put back after."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)
