"""The Keras adapter: places, and nets that are left as they came."""

import numpy as np
import pytest

from tasks.models.keras import KerasModel, configure
from tasks.models.keras_import import keras
from tasks.protocols import Compute, Score
from tasks.records import InputError

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
