"""The same weights and inputs give the same numbers on torch and on Keras."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tasks.methods.gradient import GradientMethod, GradientXInputSpec, VanillaGradSpec
from tasks.methods.integrated_gradients import IntegratedGradientsSpec
from tasks.methods.sampling import SamplingSpec
from tasks.models.keras import KerasModel, configure
from tasks.models.keras_import import keras
from tasks.models.torch import Encoded, TorchModel
from tasks.protocols import Compute
from tasks.records import Array, Arrays, Attribution

COMPUTE = Compute(batch=4)
PLACES = [None, ("norm", "output"), ("inside", "output"), ("inside", "input"), ("dense", "output")]


class ResidualNet(nn.Module):
    """Convolution, batch normalisation, a residual block, dropout and two dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4, eps=1e-3)
        self.inside = nn.Conv2d(4, 4, 3, padding=1)
        self.dropout = nn.Dropout(0.4)
        self.dense = nn.Linear(4 * 36, 6)
        self.logits = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        before = self.norm(self.conv(x)).relu_()
        after = before + nn.functional.softplus(self.inside(before))
        flat = after.permute(0, 2, 3, 1).flatten(1)
        return self.logits(self.dropout(nn.functional.softplus(self.dense(flat))))


def keras_net() -> keras.Model:
    layers = keras.layers
    image = layers.Input((6, 6, 2))
    before = layers.ReLU()(
        layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, padding="same", name="conv")(image))
    )
    inside = layers.Activation("softplus")(layers.Conv2D(4, 3, padding="same", name="inside")(before))
    flat = layers.Flatten()(layers.Add()([before, inside]))
    hidden = layers.Activation("softplus")(layers.Dense(6, name="dense")(flat))
    return keras.Model(image, layers.Dense(3, name="logits")(layers.Dropout(0.4, name="dropout")(hidden)))


def keras_weights(net: ResidualNet) -> dict[str, list[Array]]:
    def kernel(layer: nn.Conv2d | nn.Linear) -> list[Array]:
        axes = (2, 3, 1, 0) if layer.weight.ndim == 4 else (1, 0)
        return [layer.weight.detach().permute(axes).numpy(), layer.bias.detach().numpy()]

    norm = net.norm
    moments = [norm.weight.detach(), norm.bias.detach(), norm.running_mean, norm.running_var]
    convolutions = {name: kernel(getattr(net, name)) for name in ("conv", "inside", "dense", "logits")}
    return convolutions | {"norm": [array.numpy() for array in moments]}


@pytest.fixture(scope="module")
def both() -> tuple[TorchModel, KerasModel]:
    """One net in both frameworks, preprocessing included."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        net = ResidualNet()
        for tensor in (net.norm.weight, net.norm.running_var):
            tensor.detach().uniform_(0.5, 2)
        net.norm.running_mean.normal_()
    configure(COMPUTE)
    other = keras_net()
    for name, arrays in keras_weights(net).items():
        other.get_layer(name).set_weights(arrays)

    def encode(inputs: Arrays) -> Encoded:
        return Encoded({"image": torch.tensor(inputs["image"] / 255).movedim(-1, 1)})

    return (
        TorchModel(net.train(), encode, "logits", COMPUTE),
        KerasModel(other, lambda inputs: {"image": inputs["image"] / np.float32(255)}, "logits", COMPUTE),
    )


@pytest.fixture(scope="module")
def images() -> dict[str, Array]:
    return {"image": np.random.default_rng(0).uniform(0, 255, (6, 6, 6, 2)).astype(np.float32)}


def largest_difference(a: Array, b: Array) -> float:
    """||a - b|| / ||b||, the largest over samples."""
    norms = [np.linalg.norm(x.reshape(len(x), -1), axis=1) for x in (a - b, b)]
    return float((norms[0] / norms[1]).max())


def test_predictions_agree(both: tuple[TorchModel, KerasModel], images: dict[str, Array]) -> None:
    assert largest_difference(*(model.predict(images) for model in both)) < 1e-5


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("score", ["logit", "probability", "loss"])
@pytest.mark.parametrize("kind", [VanillaGradSpec, GradientXInputSpec, IntegratedGradientsSpec])
def test_attributions_agree(
    kind: type[GradientMethod],
    score: str,
    place: tuple[str, str] | None,
    both: tuple[TorchModel, KerasModel],
    images: dict[str, Array],
    explain: Callable[..., Attribution],
) -> None:
    where = {} if place is None else {"layer": place[0], "at": place[1]}
    method = kind(**where, **({"n_steps": 8} if kind is IntegratedGradientsSpec else {}))
    targets = np.array([[0, 1], [1, 1], [2, 0], [0, 2], [1, 0], [2, 2]])
    torch_found, keras_found = (explain(method, model, images, targets, score=score) for model in both)
    assert torch_found.values.keys() == keras_found.values.keys()
    for name, values in torch_found.values.items():
        assert values.shape == keras_found.values[name].shape
        for column in range(2):
            assert largest_difference(values[..., column], keras_found.values[name][..., column]) < 1e-5
    np.testing.assert_allclose(torch_found.prediction, keras_found.prediction, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("place", [None, ("inside", "output")])
@pytest.mark.parametrize("sampling", [SamplingSpec(nt_samples=2), SamplingSpec(nt_samples=2, dropout=True)])
def test_sampled_attributions_agree(
    sampling: SamplingSpec,
    place: tuple[str, str] | None,
    both: tuple[TorchModel, KerasModel],
    images: dict[str, Array],
    explain: Callable[..., Attribution],
) -> None:
    where = {} if place is None else {"layer": place[0], "at": place[1]}
    method = IntegratedGradientsSpec(**where, n_steps=4, sampling=sampling)
    torch_found, keras_found = (explain(method, model, images) for model in both)
    for name, values in torch_found.values.items():
        assert largest_difference(values, keras_found.values[name]) < 1e-5
        assert largest_difference(torch_found.moments[name], keras_found.moments[name]) < 1e-5
    np.testing.assert_allclose(torch_found.sampling_gap, keras_found.sampling_gap, atol=1e-5)


def test_the_net_that_was_in_training_mode_still_is(both: tuple[TorchModel, KerasModel]) -> None:
    assert all(module.training for module in both[0].net.modules())
    assert all(parameter.requires_grad for parameter in both[0].net.parameters())
