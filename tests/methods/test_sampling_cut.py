"""Neither order nor chunks change a bit of what convolution nets of either framework explain."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientMethod, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.torch import Encoded, TorchModel
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.explanation import Attribution

COMPUTE = Compute(batch=32)
IMAGES = np.random.default_rng(0).normal(size=(40, 9, 9, 3)).astype(np.float32)
IDS = np.array([f"s{row}" for row in range(40)])
TARGETS = np.arange(40)[:, np.newaxis] % 3
SAMPLING = SamplingSpec(nt_samples=3, dropout=True)
METHODS = {
    "gradient": VanillaGradSpec(),
    "sampled gradient at a layer": VanillaGradSpec(layer="norm", sampling=SAMPLING),
    "integrated gradients": IntegratedGradientsSpec(max_steps=64),
    "sampled integrated gradients": IntegratedGradientsSpec(n_steps=3, sampling=SAMPLING),
}


def torch_model() -> TorchModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential()
        net.add_module("conv", nn.Conv2d(3, 5, 3))
        net.add_module("norm", nn.BatchNorm2d(5))
        net.add_module("softplus", nn.Softplus())
        net.add_module("drop", nn.Dropout2d(0.5))
        net.add_module("flat", nn.Flatten())
        net.add_module("logits", nn.Linear(245, 3))

    def encode(inputs: Arrays) -> Encoded:
        return Encoded({"image": torch.tensor(inputs["image"]).movedim(-1, 1)})

    return TorchModel(net.eval(), encode, "logits", COMPUTE)


def keras_model() -> KerasModel:
    configure(COMPUTE)
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((9, 9, 3)),
            layers.Conv2D(5, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Activation("softplus"),
            layers.SpatialDropout2D(0.5),
            layers.Flatten(),
            layers.Dense(3, name="logits"),
        ]
    )
    return KerasModel(net, dict, "logits", COMPUTE)


@pytest.fixture(scope="module", params=[torch_model, keras_model])
def model(request: pytest.FixtureRequest) -> TorchModel | KerasModel:
    found: TorchModel | KerasModel = request.param()
    return found


@pytest.mark.parametrize("name", METHODS)
def test_neither_order_nor_chunks_change_a_bit(
    name: str, model: TorchModel | KerasModel, explain: Callable[..., Attribution]
) -> None:
    whole = told(METHODS[name], model, explain, np.arange(40))
    shuffled = np.random.default_rng(1).permutation(40)
    for rows in (shuffled, shuffled[:7], shuffled[:1]):
        part = told(METHODS[name], model, explain, rows)
        for field in ("prediction", "residual"):
            assert getattr(part, field).tobytes() == getattr(whole, field)[rows].tobytes()
        for field in ("values", "moments", "standard_error"):
            for key, values in (getattr(part, field) or {}).items():
                assert values.tobytes() == getattr(whole, field)[key][rows].tobytes(), field


NETS = {
    "separable": ((7, 7, 16), lambda: keras.layers.SeparableConv2D(24, 3)),
    "transposed": ((9, 9, 3), lambda: keras.layers.Conv2DTranspose(8, 3)),
    "dense along a sequence": ((11, 64), lambda: keras.layers.Dense(10)),
    "recurrent": ((11, 8), lambda: keras.layers.LSTM(10)),
    "dense": ((64,), lambda: keras.layers.Dense(10)),
}


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("batch", [32, 64])
def test_a_place_in_the_batch_changes_no_bit(name: str, batch: int) -> None:
    """Equal samples, of which the last are rounded otherwise where a product on the CPU has rows left over."""
    shape, layer = NETS[name]
    configure(COMPUTE)
    net = keras.Sequential([keras.layers.Input(shape), layer(), keras.layers.Flatten()])
    model = KerasModel(net, dict, "values", Compute(batch=batch))
    one = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    place = model.place({"x": np.repeat(one, batch, axis=0)})
    _, gradients = place.gradient(place.values, Score(kind="value"), np.zeros(batch, np.int64))
    for found in (model.predict({"x": np.repeat(one, batch, axis=0)}), place.outputs(place.values), gradients["x"]):
        assert len(found) == batch
        np.testing.assert_array_equal(found, np.repeat(found[:1], batch, axis=0))


def told(
    method: GradientMethod, model: TorchModel | KerasModel, explain: Callable[..., Attribution], rows: np.ndarray
) -> Attribution:
    return explain(method, model, {"image": IMAGES[rows]}, TARGETS[rows], batch=32, ids=IDS[rows])
