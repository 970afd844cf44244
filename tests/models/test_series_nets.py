"""Nets over time of the user's own, torch and Keras: LSTM, GRU, convolutions and transformers. Gradients and integrated
gradients are those of Captum, of the same net in the other framework, and of small differences."""

from collections.abc import Callable
from typing import Any

import captum.attr
import numpy as np
import pytest
import torch

from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.zoo.keras_series_net import KerasSeriesNetSpec
from exhibit.tasks.models.zoo.series_net import SeriesNetSpec
from exhibit.tasks.protocols import Compute, Score, gives_gradients, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution

NAME = "own_series_nets"
STEPS, CHANNELS = 8, 3
SOURCE = """
import numpy as np


def torch_net(layer, turned=False, preprocess=False):
    import torch
    from torch import nn
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.read = {
                "lstm": lambda: nn.LSTM(3, 5, batch_first=True),
                "gru": lambda: nn.GRU(3, 5, batch_first=True),
                "conv": lambda: nn.Sequential(nn.Conv1d(3, 5, 3, padding=1), nn.Tanh()),
                "transformer": lambda: nn.Sequential(
                    nn.Linear(3, 4), nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)
                ),
            }[layer]()
            self.out = nn.Linear(4 if layer == "transformer" else 5, 2)

        def forward(self, series):
            if layer == "conv":
                return self.out(self.read(series if turned else series.transpose(1, 2)).mean(2))
            found = self.read(series)
            return self.out(found.mean(1) if layer == "transformer" else found[0][:, -1])

    def turn(inputs):
        return {"series": inputs["series"].transpose(0, 2, 1)}

    return (Net(), turn) if preprocess else Net()


def keras_net(layer, turned=False):
    import keras
    keras.utils.set_random_seed(0)
    given = keras.Input((3, 8) if turned else (8, 3), name="series")
    steps = keras.layers.Permute((2, 1))(given) if turned else given
    if layer == "transformer":
        found = keras.layers.MultiHeadAttention(2, 4)(steps, steps)
        found = keras.layers.LayerNormalization()(found + steps)
        found = keras.layers.GlobalAveragePooling1D()(found)
    else:
        found = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[layer](5)(steps)
    net = keras.Model(given, keras.layers.Dense(2)(found))
    return (net, lambda inputs: {"series": inputs["series"].transpose(0, 2, 1)}) if turned else net


def keras_lstm_of_torch():
    import keras
    net, other = torch_net("lstm"), keras_net("lstm")
    held = {name: tensor.detach().numpy() for name, tensor in net.named_parameters()}
    lstm, dense = other.layers[1:]
    lstm.set_weights([
        held["read.weight_ih_l0"].T, held["read.weight_hh_l0"].T, held["read.bias_ih_l0"] + held["read.bias_hh_l0"]
    ])
    dense.set_weights([held["out.weight"].T, held["out.bias"]])
    return other
"""


@pytest.fixture(autouse=True)
def own(own_module: Callable[[str, str], None]) -> None:
    own_module(NAME, SOURCE)


@pytest.fixture(scope="module")
def data() -> Dataset:
    values = np.random.default_rng(0).normal(size=(6, STEPS, CHANNELS))
    return dataset_of(
        {"inputs": {"series": {"values": values, "kind": "series"}}, "labels": ["a", "b"] * 3}, "own:rows"
    )


def made(data: Dataset, name: str, **arguments: Any) -> Any:
    spec, compute = FactorySpec(factory=f"{NAME}:{name}", arguments=arguments), Compute(batch=4)
    return spec.restore(data, spec.fit(data, compute, silent), compute)


TARGETS = np.array([[0], [1]] * 3)


def explained(method: Any, model: Any, data: Dataset) -> Attribution:
    found: Attribution = method.attribute(model, data.arrays, None, data.sample_ids, TARGETS, Score(), Compute(batch=4))
    return found


STEPS_OF_PATH = 32
METHOD = IntegratedGradientsSpec(n_steps=STEPS_OF_PATH)


def by_captum(net: torch.nn.Module, values: Array) -> Array:
    taken = captum.attr.IntegratedGradients(net).attribute(
        torch.tensor(values), target=torch.tensor(TARGETS[:, 0]), n_steps=STEPS_OF_PATH, method="riemann_middle"
    )
    return taken.detach().numpy()


@pytest.mark.parametrize("layer", ["lstm", "gru", "conv", "transformer"])
def test_torch_nets_are_explained_as_by_captum(layer: str, data: Dataset) -> None:
    model = made(data, "torch_net", layer=layer)
    assert gives_gradients(model)
    found = explained(METHOD, model, data).values["series"][..., 0]
    np.testing.assert_allclose(found, by_captum(model.net, data.arrays["series"]), rtol=1e-3, atol=1e-5)


def test_a_net_that_wants_channels_first_is_explained_on_the_steps_of_the_data(data: Dataset) -> None:
    """Its preprocess turns the axes, and the explanation turns them back."""
    turned = made(data, "torch_net", layer="conv", turned=True, preprocess=True)
    straight = made(data, "torch_net", layer="conv")
    found, expected = (explained(METHOD, model, data).values["series"] for model in (turned, straight))
    assert found.shape == (6, STEPS, CHANNELS, 1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


def test_a_net_that_does_not_take_steps_first_is_told_what_to_give_it(data: Dataset) -> None:
    with pytest.raises(InputError, match=r"'series' of shape 8 x 3.*\(samples, channels, steps\) by its preprocess"):
        made(data, "torch_net", layer="conv", turned=True)


def test_the_same_lstm_in_keras_gives_the_same(data: Dataset) -> None:
    found, expected = (
        explained(METHOD, made(data, name, **arguments), data).values["series"]
        for name, arguments in (("keras_lstm_of_torch", {}), ("torch_net", {"layer": "lstm"}))
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(("layer", "turned"), [("lstm", False), ("gru", False), ("transformer", False), ("gru", True)])
def test_gradients_of_keras_nets_are_those_of_small_differences(layer: str, turned: bool, data: Dataset) -> None:
    model = made(data, "keras_net", layer=layer, turned=turned)
    found = explained(VanillaGradSpec(), model, data).values["series"][..., 0]
    values, width = data.arrays["series"], 1e-2
    for step, channel in ((0, 0), (3, 2), (7, 1)):
        ends = []
        for sign in (1, -1):
            moved = values.copy()
            moved[:, step, channel] += sign * width
            ends.append(model.predict({"series": moved})[np.arange(6), TARGETS[:, 0]])
        np.testing.assert_allclose(found[:, step, channel], (ends[0] - ends[1]) / (2 * width), rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize("name", ["torch_net", "keras_net"])
@pytest.mark.parametrize("layer", ["gru", "transformer"])
def test_parts_add_up_to_the_change_of_the_score(name: str, layer: str, data: Dataset) -> None:
    found = explained(IntegratedGradientsSpec(), made(data, name, layer=layer), data)
    total = found.values["series"].sum(axis=(1, 2))
    np.testing.assert_allclose(total, found.prediction - found.base_value, rtol=0.02, atol=2e-3)


@pytest.mark.parametrize(
    "method",
    [
        GradientXInputSpec(),
        VanillaGradSpec(aggregate="abs", sampling=SamplingSpec(nt_samples=3)),
    ],
    ids=["gradient_x_input", "smooth_grad"],
)
def test_other_gradient_methods_keep_steps_and_channels(method: Any, data: Dataset) -> None:
    found = explained(method, made(data, "torch_net", layer="lstm"), data)
    assert found.values["series"].shape == (6, STEPS, CHANNELS, 1)
    assert np.isfinite(found.values["series"]).all()


@pytest.mark.parametrize("spec", [SeriesNetSpec, KerasSeriesNetSpec])
def test_the_nets_of_the_program_tell_a_bump_from_none(spec: Any) -> None:
    random = np.random.default_rng(0)
    values, labels = random.normal(size=(80, 20, 2)) * 5 + 100, np.arange(80) % 2
    values[labels == 1, 8:12, 1] += 30
    given = {
        "inputs": {"s": {"values": values, "kind": "series"}},
        "labels": labels,
        "split": ["train", "train", "test", "test"] * 20,
    }
    data, compute = dataset_of(given, "own:rows"), Compute()
    net = spec(filters=8, width=5, epochs=25, learning_rate=0.01)
    model = net.restore(data, net.fit(data, compute, silent), compute)
    held_out = data.take(data.split == "test")
    assert (model.predict(held_out.arrays).argmax(axis=1) == held_out.labels).mean() > 0.9
    assert spec(epochs=1).architecture.startswith("A convolutional net over time (")
