"""A net that ends in a softmax is read before it, so that a logit is a logit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.models import keras_softmax, torch_softmax
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.models.torch import TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array, InputError

COMPUTE = Compute(batch=4)
TABLE = {"x": np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)}
TARGETS = np.array([0, 1, 2, 1])


class Ending(nn.Module):
    """Three logits through attention and a hidden softmax, and what `end` makes of them."""

    def __init__(self, end: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.logits, self.dropout = nn.Linear(3, 4), nn.Linear(4, 3), nn.Dropout(0.5)
        self.end = end

    def forward(self, x: Tensor) -> Tensor:
        hidden = functional.softmax(self.first(x), dim=1)
        return self.end(self.logits(self.dropout(hidden)))


ENDS: dict[str, Callable[[Tensor], Tensor]] = {
    "a module": nn.Softmax(dim=1),
    "a function": lambda x: functional.softmax(x, dim=-1),
    "torch.softmax": lambda x: torch.softmax(x, 1),
    "a method": lambda x: x.softmax(dim=1),
    "named input": lambda x: functional.softmax(input=x, dim=1),
    "a logarithm": lambda x: x.log_softmax(dim=1),
    "a module for the logarithm": nn.LogSoftmax(dim=1),
    "the logarithm of a softmax": lambda x: torch.log(x.softmax(dim=1)),
    "the logarithm as a method": lambda x: functional.softmax(x, dim=1).log(),
}


def logits_of(net: Ending) -> Array:
    with torch.no_grad():
        return net.logits(net.first(torch.tensor(TABLE["x"])).softmax(1)).numpy()


def ending(name: str) -> Ending:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Ending(ENDS[name]).eval()


@pytest.mark.parametrize("end", ENDS)
def test_a_torch_net_gives_the_logits_before_its_last_softmax(end: str) -> None:
    net = ending(end)
    model = torch_softmax.LogitsModel.recognised(net, as_tensors, COMPUTE, TABLE)
    assert model is not None
    assert model.output == "logits"
    np.testing.assert_allclose(model.predict(TABLE), logits_of(net), rtol=1e-6)
    with torch.no_grad():
        assert (net(torch.tensor(TABLE["x"])).numpy() != logits_of(net)).any(), "the net itself is as it was"


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("layer", [None, "first", "logits"])
def test_gradients_of_the_logit_are_those_before_the_softmax(end: str, layer: str | None) -> None:
    net = ending(end)
    model = torch_softmax.LogitsModel.recognised(net, as_tensors, COMPUTE, TABLE)
    plain = Ending(nn.Identity()).eval()
    plain.load_state_dict(net.state_dict(), strict=False)
    assert model is not None
    places = [each.place(TABLE, layer) for each in (model, TorchModel(plain, as_tensors, "logits", COMPUTE))]
    for score in (Score(kind="logit"), Score(kind="probability"), Score(kind="loss")):
        found, expected = (place.gradient(place.values, score, TARGETS) for place in places)
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
        for name, gradient in expected[1].items():
            np.testing.assert_allclose(found[1][name], gradient, rtol=1e-5, atol=1e-7)


def test_dropout_is_sampled_before_the_softmax_that_is_left_out() -> None:
    model = torch_softmax.LogitsModel.recognised(ending("a module"), as_tensors, COMPUTE, TABLE)
    assert model is not None
    place = model.place(TABLE, dropout=lambda _, shape: np.zeros((4, *shape), np.float32))
    bias = model.net.logits.bias.detach().numpy()
    np.testing.assert_allclose(place.outputs(place.values), np.tile(bias, (4, 1)), rtol=1e-6)


def test_a_softmax_on_the_way_is_not_the_end() -> None:
    net = Ending(nn.Identity()).eval()
    assert torch_softmax.LogitsModel.recognised(net, as_tensors, COMPUTE, TABLE) is None
    for end in (lambda x: 2 * x.softmax(1), lambda x: (x.softmax(1) + 0.1).log(), lambda x: (-x.log_softmax(1)).log()):
        net = Ending(end).eval()
        assert torch_softmax.LogitsModel.recognised(net, as_tensors, COMPUTE, TABLE) is None


def test_a_convolution_net_is_folded_and_read_before_its_softmax() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3)).eval()
    images = {"x": np.random.default_rng(0).normal(size=(4, 1, 4, 4)).astype(np.float32)}
    model = torch_softmax.LogitsModel.recognised(nn.Sequential(layers, nn.Softmax(1)), as_tensors, COMPUTE, images)
    assert model is not None
    place = model.place(images)
    with torch.no_grad():
        np.testing.assert_allclose(place.outputs(place.values), layers(torch.tensor(images["x"])), rtol=1e-5, atol=1e-6)


class Function(keras.layers.Layer):
    """Code of the user's own."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        super().__init__()
        self.function = function

    def call(self, x: Any) -> Any:
        return self.function(x)


KERAS_ENDS = {
    "an activation": lambda: [keras.layers.Dense(3, activation="softmax", name="last")],
    "an activation layer": lambda: [keras.layers.Dense(3), keras.layers.Activation("softmax")],
    "a layer": lambda: [keras.layers.Dense(3), keras.layers.Softmax()],
    "a logarithm": lambda: [keras.layers.Dense(3, activation="log_softmax")],
    "a function": lambda: [keras.layers.Dense(3), Function(keras.ops.softmax)],
    "a function of TensorFlow": lambda: [keras.layers.Dense(3), keras.layers.Lambda(tf.nn.softmax)],
    "a logarithm as a function": lambda: [keras.layers.Dense(3), Function(keras.ops.log_softmax)],
    "a logarithm of TensorFlow": lambda: [keras.layers.Dense(3), keras.layers.Lambda(tf.nn.log_softmax)],
    "the logarithm of a softmax": lambda: [
        keras.layers.Dense(3, activation="softmax"),
        Function(keras.ops.log),
    ],
    "a nested model": lambda: [keras.Sequential([keras.layers.Dense(3), keras.layers.Softmax()])],
}


def keras_net(end: str) -> keras.Model:
    configure(COMPUTE)
    first = keras.layers.Dense(4, activation="softmax", name="first")
    return keras.Sequential([keras.layers.Input((3,)), first, *KERAS_ENDS[end]()])


@pytest.mark.parametrize("end", KERAS_ENDS)
def test_a_keras_net_gives_the_logits_before_its_last_softmax(end: str) -> None:
    net = keras_net(end)
    model = keras_softmax.LogitsModel.recognised(net, dict, COMPUTE, TABLE)
    assert model is not None
    kernels = net.get_weights()
    hidden = TABLE["x"] @ kernels[0] + kernels[1]
    hidden = np.exp(hidden) / np.exp(hidden).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict(TABLE), hidden @ kernels[2] + kernels[3], rtol=1e-5, atol=1e-6)
    place = model.place(TABLE, "first")
    _, gradients = place.gradient(place.values, Score(kind="logit"), TARGETS)
    np.testing.assert_allclose(gradients["first"], kernels[2].T[TARGETS], rtol=1e-5)
    both = np.log(net(TABLE["x"]).numpy()) if "logarithm" not in end else net(TABLE["x"]).numpy()
    assert (np.abs(both - model.predict(TABLE)) > 1e-3).any(), "the net itself is as it was"


@pytest.mark.parametrize("end", ["softmax", "log_softmax"])
def test_a_function_behind_the_last_layer_of_a_keras_net_is_left_out(end: str) -> None:
    """It is an operation of the net, and no layer."""
    configure(COMPUTE)
    inputs, last = keras.layers.Input((3,)), keras.layers.Dense(3)
    net = keras.Model(inputs, getattr(keras.ops, end)(last(inputs)))
    model = keras_softmax.LogitsModel.recognised(net, dict, COMPUTE, TABLE)
    assert model is not None
    np.testing.assert_allclose(model.predict(TABLE), last(TABLE["x"]).numpy(), rtol=1e-5, atol=1e-6)
    eager = model.outputs_at(None, [], [tf.constant(TABLE["x"])])
    np.testing.assert_allclose(eager, model.predict(TABLE), rtol=1e-6)


def test_a_logarithm_of_something_else_on_keras_is_not_the_end() -> None:
    configure(COMPUTE)
    for function in (lambda x: keras.ops.log(keras.ops.softmax(x) + 0.1), lambda x: 2 * keras.ops.log_softmax(x)):
        net = keras.Sequential([keras.layers.Input((3,)), Function(function)])
        assert keras_softmax.LogitsModel.recognised(net, dict, COMPUTE, TABLE) is None


def test_a_keras_net_without_softmax_at_its_end_is_taken_as_it_is() -> None:
    configure(COMPUTE)
    layers = [keras.layers.Input((3,)), keras.layers.Dense(3, activation="softmax"), keras.layers.Dense(3)]
    assert keras_softmax.LogitsModel.recognised(keras.Sequential(layers), dict, COMPUTE, TABLE) is None


def test_probabilities_that_nothing_is_known_about_have_no_logit() -> None:
    """The sentence says what can be done."""
    configure(COMPUTE)
    net = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(3, activation="sigmoid")])
    place = KerasModel(net, dict, "probabilities", COMPUTE).place(TABLE)
    with pytest.raises(InputError, match="use probability or loss; for logits give the model without its last softmax"):
        place.gradient(place.values, Score(kind="logit"), TARGETS)
