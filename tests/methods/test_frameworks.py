"""The same weights and inputs give the same numbers on torch and on Keras."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientMethod, GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras
from exhibit.tasks.models.torch import Encoded, TorchModel
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution

COMPUTE = Compute(batch=4)
PLACES = [None, ("norm", "output"), ("inside", "output"), ("inside", "input"), ("dense", "output")]


class ResidualNet(nn.Module):
    """Convolution, batch normalisation, a residual block, two dense layers, and dropout of units and of channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4, eps=1e-3)
        self.inside = nn.Conv2d(4, 4, 3, padding=1)
        self.units = nn.Dropout(0.3)
        self.channels = nn.Dropout2d(0.5)
        self.dropout = nn.Dropout(0.4)
        self.dense = nn.Linear(4 * 36, 6)
        self.logits = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        before = self.norm(self.conv(x)).relu_()
        after = before + self.units(nn.functional.softplus(self.inside(before)))
        flat = self.channels(after).permute(0, 2, 3, 1).flatten(1)
        return self.logits(self.dropout(nn.functional.softplus(self.dense(flat))))


def keras_net() -> keras.Model:
    layers = keras.layers
    image = layers.Input((6, 6, 2))
    before = layers.ReLU()(
        layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, padding="same", name="conv")(image))
    )
    inside = layers.Activation("softplus")(layers.Conv2D(4, 3, padding="same", name="inside")(before))
    both = layers.Add()([before, layers.Dropout(0.3, name="units")(inside)])
    flat = layers.Flatten()(layers.SpatialDropout2D(0.5)(both))
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


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("rule", ["midpoint", "gausslegendre", "trapezoid", "endpoints"])
def test_every_rule_agrees(
    rule: str,
    place: tuple[str, str] | None,
    both: tuple[TorchModel, KerasModel],
    images: dict[str, Array],
    explain: Callable[..., Attribution],
) -> None:
    where = {} if place is None else {"layer": place[0], "at": place[1]}
    black = {"image": np.zeros_like(images["image"])}
    fixed = IntegratedGradientsSpec(**where, rule=rule, n_steps=5)
    agree(fixed, both, images, explain, baselines=black)
    refined = fixed.model_copy(update={"n_steps": "auto", "tolerance": 0.2})
    torch_found, keras_found = agree(refined, both, images, explain, baselines=black)
    np.testing.assert_array_equal(torch_found.steps, keras_found.steps)


@pytest.mark.parametrize("place", PLACES)
def test_expected_gradients_agree(
    place: tuple[str, str] | None,
    both: tuple[TorchModel, KerasModel],
    images: dict[str, Array],
    explain: Callable[..., Attribution],
) -> None:
    where = {} if place is None else {"layer": place[0], "at": place[1]}
    method = ExpectedGradientsSpec(**where, n_steps=3)
    agree(method, both, images, explain, baselines={"image": images["image"][:2][::-1]})


SAMPLINGS = {
    "noise": SamplingSpec(nt_samples=3),
    "absolute noise": SamplingSpec(nt_samples=2, mode="absolute", stdevs=0.1),
    "dropout": SamplingSpec(nt_samples=3, stdevs=0, dropout=True),
    "both": SamplingSpec(nt_samples=2, dropout=True),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("kind", [VanillaGradSpec, GradientXInputSpec, IntegratedGradientsSpec])
def test_sampled_attributions_agree(
    kind: type[GradientMethod],
    sampling: str,
    place: tuple[str, str] | None,
    both: tuple[TorchModel, KerasModel],
    images: dict[str, Array],
    explain: Callable[..., Attribution],
) -> None:
    """Both frameworks drop the same units and whole channels, and see the same noise."""
    where = {} if place is None else {"layer": place[0], "at": place[1]}
    steps = {"n_steps": 3} if kind is IntegratedGradientsSpec else {}
    torch_found, keras_found = agree(kind(**where, **steps, sampling=SAMPLINGS[sampling]), both, images, explain)
    for name, moments in torch_found.moments.items():
        assert largest_difference(moments, keras_found.moments[name]) < 1e-5
    np.testing.assert_allclose(torch_found.sampling_gap, keras_found.sampling_gap, rtol=1e-5, atol=1e-5)


def test_a_mask_per_step_agrees(
    both: tuple[TorchModel, KerasModel], images: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    sampling = SamplingSpec(nt_samples=2, dropout=True, mask="per_step")
    agree(IntegratedGradientsSpec(n_steps=3, sampling=sampling), both, images, explain)


def test_sampled_dropout_is_not_the_plain_gradient(
    both: tuple[TorchModel, KerasModel], images: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    """Or the two could agree by dropping nothing."""
    sampled = VanillaGradSpec(sampling=SAMPLINGS["dropout"])
    for model in both:
        found, plain = (explain(method, model, images).values["image"] for method in (sampled, VanillaGradSpec()))
        assert largest_difference(found, plain) > 0.1


@pytest.mark.parametrize("batch", [1, 2, 3, 6])
def test_the_batch_changes_no_more_than_rounding(
    batch: int, both: tuple[TorchModel, KerasModel], images: dict[str, Array], explain: Callable[..., Attribution]
) -> None:
    method = IntegratedGradientsSpec(n_steps=4, sampling=SAMPLINGS["both"])
    for model in both:
        found, usual = (explain(method, model, images, batch=size).values["image"] for size in (batch, 4))
        assert largest_difference(found, usual) < 1e-5


def agree(
    method: GradientMethod,
    both: tuple[TorchModel, KerasModel],
    images: dict[str, Array],
    explain: Callable[..., Attribution],
    **options: dict[str, Array],
) -> tuple[Attribution, Attribution]:
    """What the method finds on torch and on Keras, which is the same numbers."""
    first, second = (explain(method, model, images, **options) for model in both)
    assert first.values.keys() == second.values.keys()
    for name, values in first.values.items():
        assert largest_difference(values, second.values[name]) < 1e-5
    np.testing.assert_allclose(first.prediction, second.prediction, rtol=1e-5, atol=1e-6)
    return first, second


def test_the_net_that_was_in_training_mode_still_is(both: tuple[TorchModel, KerasModel]) -> None:
    assert all(module.training for module in both[0].net.modules())
    assert all(parameter.requires_grad for parameter in both[0].net.parameters())
