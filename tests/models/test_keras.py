"""The Keras adapter: places, and nets that are left as they came."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array, InputError
from tests.conftest import ROOT

COMPUTE = Compute(batch=4)
TABLE = {"x": np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)}
ZEROS = np.zeros(4, np.int64)


@pytest.fixture(scope="module")
def model() -> KerasModel:
    configure(COMPUTE)
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(4, activation="relu", name="hidden"),
            layers.Dropout(0.5, name="dropout"),
            layers.Dense(2, name="logits"),
        ]
    )
    return KerasModel(net, dict, "logits", COMPUTE)


SAID = """
from exhibit.tasks.models.keras_import import keras
said = keras.config.backend(), keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()
import os
print(*said, keras.config.dtype_policy().name, os.environ["MKL_CBWR"])
"""


def test_what_a_user_has_set_for_keras_and_mkl_changes_no_number(tmp_path: Path) -> None:
    """In a file of the home directory, and in the environment."""
    (tmp_path / ".keras").mkdir()
    said = {"backend": "jax", "floatx": "float64", "epsilon": 0.1, "image_data_format": "channels_first"}
    (tmp_path / ".keras" / "keras.json").write_text(json.dumps(said))
    own = {"KERAS_HOME": str(tmp_path / ".keras"), "KERAS_BACKEND": "torch", "MKL_CBWR": "COMPATIBLE"}
    found = subprocess.run(
        [sys.executable, "-c", SAID], capture_output=True, text=True, cwd=ROOT, env=os.environ | own, check=True
    )
    assert found.stdout.split() == ["tensorflow", "float32", "1e-07", "channels_last", "float32", "AUTO,STRICT"]


def test_the_net_is_left_as_it_came(model: KerasModel) -> None:
    before = [array.tobytes() for array in model.net.get_weights()]
    place = model.place(TABLE, "hidden", "input")
    place.gradient(place.values, Score(), ZEROS)
    assert [array.tobytes() for array in model.net.get_weights()] == before
    assert not any("call" in vars(layer) for layer in model.net.layers)


def test_the_net_is_left_as_it_came_after_an_exception(model: KerasModel) -> None:
    place = model.place(TABLE, "hidden")
    wrong = {name: values[:, :2] for name, values in place.values.items()}
    with pytest.raises(ValueError, match="shape"):
        place.gradient(wrong, Score(), ZEROS)
    assert not any("call" in vars(layer) for layer in model.net.layers)


def test_outputs_at_the_place_itself_are_the_prediction(model: KerasModel) -> None:
    for layer, at in ((None, "output"), ("hidden", "input"), ("hidden", "output"), (-1, "output")):
        place = model.place(TABLE, layer, at)
        np.testing.assert_allclose(place.outputs(place.values), model.predict(TABLE), rtol=1e-6)


def test_a_wrong_layer_is_answered_with_the_layers(model: KerasModel) -> None:
    with pytest.raises(InputError, match=r"did you mean 'hidden'.*its layers are hidden, dropout, logits"):
        model.place(TABLE, "hiden")


def test_several_inputs_keep_their_order() -> None:
    a, b = keras.layers.Input((3,)), keras.layers.Input((3,))
    net = keras.Model([a, b], keras.layers.Subtract()([a, b]))
    model = KerasModel(net, dict, "values", COMPUTE)
    place = model.place({"a": TABLE["x"], "b": 2 * TABLE["x"]})
    scores, gradients = place.gradient(place.values, Score(kind="value"), ZEROS)
    np.testing.assert_allclose(scores, -TABLE["x"][:, 0], rtol=1e-6)
    np.testing.assert_array_equal(gradients["a"], np.eye(3)[ZEROS])
    np.testing.assert_array_equal(gradients["b"], -np.eye(3)[ZEROS])


def test_a_layer_that_is_used_twice_is_refused() -> None:
    shared, x = keras.layers.Dense(3, name="shared"), keras.layers.Input((3,))
    model = KerasModel(keras.Model(x, shared(shared(x))), dict, "values", COMPUTE)
    with pytest.raises(InputError, match="'shared' is used 2 times"):
        model.place(TABLE, "shared")


def test_a_layer_without_a_row_for_each_sample_is_refused() -> None:
    x = keras.layers.Input((3,))
    first = keras.layers.Activation("linear", name="first")(keras.ops.transpose(x))
    model = KerasModel(keras.Model(x, keras.ops.transpose(first)), dict, "values", COMPUTE)
    with pytest.raises(InputError, match=r"'first' has at its output is of shape \(3, \d+\) for \d+ samples"):
        model.place(TABLE, "first")


@pytest.fixture(scope="module")
def nested() -> KerasModel:
    """outer: a dense layer, a model of two dense layers with a model inside that drops, and a dense layer."""
    configure(COMPUTE)
    layers = keras.layers
    innermost = keras.Sequential([layers.Dropout(0.5, name="dropout"), layers.Dense(4, name="last")], name="innermost")
    x = layers.Input((5,))
    inner = keras.Model(x, innermost(layers.Dense(6, activation="tanh", name="first")(x)), name="inner")
    net = keras.Sequential(
        [layers.Input((3,)), layers.Dense(5, name="before"), inner, layers.Dense(2, name="logits")], name="outer"
    )
    return KerasModel(net, dict, "logits", COMPUTE)


def test_layers_of_models_inside_are_reached_by_the_names_of_both(nested: KerasModel) -> None:
    assert [name for name in nested.layers if "input" not in name] == [
        "before", "inner", "inner/first", "inner/innermost", "inner/innermost/dropout", "inner/innermost/last", "logits"
    ]  # fmt: skip
    for layer in ("before", "inner", "inner/first", "inner/innermost", "inner/innermost/last", "logits"):
        for at in ("input", "output"):
            place = nested.place(TABLE, layer, at)
            np.testing.assert_allclose(place.outputs(place.values), nested.predict(TABLE), rtol=1e-5, atol=1e-6)
    with pytest.raises(InputError, match="did you mean 'inner/first'"):
        nested.place(TABLE, "iner/first")


def test_the_gradient_inside_a_model_is_that_of_the_layers_behind(nested: KerasModel) -> None:
    last, logits = nested.net.get_layer("inner").get_layer("innermost").get_layer("last"), nested.net.layers[-1]
    place = nested.place(TABLE, "inner/first")
    _, gradients = place.gradient(place.values, Score(), ZEROS)
    expected = last.kernel.numpy() @ logits.kernel.numpy()[:, 0]
    np.testing.assert_allclose(gradients["inner/first"], np.tile(expected, (4, 1)), rtol=1e-5)


def test_dropout_of_models_inside_is_sampled(nested: KerasModel) -> None:
    """All that the dropout is given is dropped: the biases of what follows are left."""
    place = nested.place(TABLE, dropout=lambda _, shape: np.zeros((4, *shape), np.float32))
    last, logits = nested.net.get_layer("inner").get_layer("innermost").get_layer("last"), nested.net.layers[-1]
    expected = last.bias.numpy() @ logits.kernel.numpy() + logits.bias.numpy()
    np.testing.assert_allclose(place.outputs(place.values), np.tile(expected, (4, 1)), rtol=1e-5, atol=1e-7)


def test_a_model_inside_that_is_used_twice_is_refused() -> None:
    inner = keras.Sequential([keras.layers.Dense(3, name="dense")], name="inner")
    x = keras.layers.Input((3,))
    model = KerasModel(keras.Model(x, inner(inner(x))), dict, "values", COMPUTE)
    for layer in ("inner", "inner/dense"):
        with pytest.raises(InputError, match=f"'{layer}' is used 2 times"):
            model.place(TABLE, layer)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_spatial_dropout_drops_whole_channels(axes: int) -> None:
    """One number per sample and channel: a channel is gone or grows by 1 / (1 - rate)."""
    configure(COMPUTE)
    shape, rate = (*[3] * axes, 5), 0.4
    layer = getattr(keras.layers, f"SpatialDropout{axes}D")(rate)
    net = keras.Sequential([keras.layers.Input(shape), layer, keras.layers.Flatten()])
    model = KerasModel(net, dict, "values", COMPUTE)
    numbers = np.random.default_rng(0).random((4, *[1] * axes, 5)).astype(np.float32)
    asked = []

    def dropout(number: int, wanted: tuple[int, ...]) -> Array:
        asked.append((number, wanted))
        return numbers

    values = np.random.default_rng(1).normal(size=(4, *shape)).astype(np.float32)
    place = model.place({"x": values}, dropout=dropout)
    expected = values * (numbers >= rate) / (1 - rate)
    np.testing.assert_allclose(place.outputs(place.values), expected.reshape(4, -1), rtol=1e-6)
    assert set(asked) == {(0, (*[1] * axes, 5))}


def test_dropout_of_another_kind_is_refused() -> None:
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.AlphaDropout(0.5, name="alpha")])
    place = KerasModel(net, dict, "values", COMPUTE).place(TABLE, dropout=lambda _, shape: np.zeros((4, *shape)))
    with pytest.raises(InputError, match=r"'alpha' \(AlphaDropout\) cannot be sampled"):
        place.outputs(place.values)
