"""The Keras nets for photographs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from exhibit.tasks.models.hdf5 import require_self_contained
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.opening import there

Source = Literal["imagenet"] | Path | None

_URL = "https://storage.googleapis.com/tensorflow/keras-applications"
_FILES = {
    "VGG16": "vgg16/vgg16_weights_tf_dim_ordering_tf_kernels",
    "Xception": "xception/xception_weights_tf_dim_ordering_tf_kernels",
}


def small_vgg(shape: Sequence[int], filters: Sequence[int], dropout: float, classes: int) -> keras.Model:
    """Layers are called as in VGG16: block1_conv1, block1_pool and so on."""
    layers = keras.layers
    blocks = [
        layer
        for number, count in enumerate(filters, start=1)
        for layer in (
            layers.Conv2D(count, 3, padding="same", activation="relu", name=f"block{number}_conv1"),
            layers.MaxPooling2D(name=f"block{number}_pool"),
        )
    ]
    head = [layers.Flatten(name="flat"), layers.Dropout(dropout, name="dropout"), layers.Dense(classes, name="logits")]
    return keras.Sequential([layers.Input(tuple(shape), name="image"), *blocks, *head], name="small_vgg")


def vgg16_transfer(shape: Sequence[int], base: Source, classes: int) -> keras.Model:
    """VGG16 without its dense layers, frozen, and a trainable layer of logits.

    Raises:
        InputError: when the weights of `base` cannot be had.
    """
    images = keras.layers.Input(tuple(shape), name="image")
    frozen = _application("VGG16", base, "model.base", include_top=False, input_tensor=images)
    frozen.trainable = False
    flat = keras.layers.Flatten(name="flat")(frozen.output)
    return keras.Model(images, keras.layers.Dense(classes, name="logits")(flat), name="vgg16_transfer")


def published(name: Literal["VGG16", "Xception"], weights: Source) -> keras.Model:
    """The whole net without its softmax.

    VGG16 gets back the dropout of a half after both dense layers with which it was trained, and which Keras leaves out.

    Raises:
        InputError: when the weights cannot be had.
    """
    net = _application(name, weights, "model.weights", include_top=True, classifier_activation=None)
    if name != "VGG16":
        return net
    features = net.get_layer("flatten").output
    for number, dense in enumerate(("fc1", "fc2"), start=1):
        features = keras.layers.Dropout(0.5, name=f"dropout{number}")(net.get_layer(dense)(features))
    return keras.Model(net.input, net.get_layer("predictions")(features), name="vgg16")


def _application(
    name: Literal["VGG16", "Xception"], weights: Source, key: str, *, include_top: bool, **options: object
) -> keras.Model:
    make = getattr(keras.applications, name)
    source = str(weights) if isinstance(weights, Path) else weights
    if isinstance(weights, Path) and there(weights):
        require_self_contained(weights)
    try:
        return make(weights=source, include_top=include_top, **options)
    # Keras says by a bare Exception that a download has failed, and a file that is damaged can fail in any way.
    except Exception as error:
        if weights is None:
            raise
        file = f"{_FILES[name]}{'' if include_top else '_notop'}.h5"
        raise InputError(
            f"{key}: the weights {weights} of {name} cannot be loaded ({' '.join(str(error).split())}); get "
            f"{_URL}/{file} and put it in ~/.keras/models, or give its path, or null for random weights"
        ) from error
