"""Captum gives the same numbers where it computes the same thing: on images, in hidden layers, and with noise."""

from collections.abc import Callable

import captum.attr
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from exhibit.tasks.methods.draws import Draws, SamplingSpec
from exhibit.tasks.methods.gradient import GradientMethod, GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models.torch import Encoded, TorchModel
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution

Explain = Callable[..., Attribution]
IDS = np.array(["s0", "s1", "s2"])
TARGETS = np.array([0, 2, 1])
LAYERS = ["conv", "norm", "inside", "dense"]


class ResidualNet(nn.Module):
    """Convolution, batch normalisation and a smooth residual block, in float64."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4)
        self.inside = nn.Conv2d(4, 4, 3, padding=1)
        self.dense, self.logits = nn.Linear(4 * 16, 6), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        before = nn.functional.softplus(self.norm(self.conv(x)))
        after = before + torch.tanh(self.inside(before))
        return self.logits(torch.tanh(self.dense(after.flatten(1))))


@pytest.fixture(scope="module")
def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = ResidualNet().double().eval()
        nn.init.uniform_(net.norm.running_var, 0.5, 2)
    return net


@pytest.fixture(scope="module")
def model(net: nn.Module) -> TorchModel:
    def encode(inputs: dict[str, Array]) -> Encoded:
        return Encoded({"image": torch.tensor(inputs["image"]).movedim(-1, 1)})

    return TorchModel(net, encode, "logits", Compute(batch=4))


@pytest.fixture(scope="module")
def images() -> dict[str, Array]:
    return {"image": np.random.default_rng(0).normal(size=(3, 6, 6, 2))}


def first(images: dict[str, Array]) -> Tensor:
    """Channels first, as torch takes them."""
    return torch.tensor(images["image"]).movedim(-1, 1)


def shown(found: Tensor) -> Array:
    """Channels last."""
    found = found.detach()
    return (found.movedim(1, -1) if found.ndim == 4 else found).numpy()


def only(found: Attribution) -> Array:
    (values,) = found.values.values()
    assert values.dtype == np.float64
    return values[..., 0]


def same(found: Array, expected: Array, limit: float = 1e-10) -> bool:
    """||a - b|| / ||b|| per sample."""
    difference, size = (np.linalg.norm(item.reshape(len(item), -1), axis=1) for item in (found - expected, expected))
    return bool((difference <= limit * size).all())


@pytest.mark.parametrize(
    ("method", "oracle"),
    [
        (VanillaGradSpec(), lambda net, x, t: captum.attr.Saliency(net).attribute(x, target=t, abs=False)),
        (GradientXInputSpec(), lambda net, x, t: captum.attr.InputXGradient(net).attribute(x, target=t)),
    ],
)
def test_gradients(
    method: GradientMethod,
    oracle: Callable[..., Tensor],
    net: nn.Module,
    model: TorchModel,
    images: dict[str, Array],
    explain: Explain,
) -> None:
    expected = oracle(net, first(images).requires_grad_(), torch.tensor(TARGETS))
    assert same(only(explain(method, model, images, TARGETS[:, None])), shown(expected))


@pytest.mark.parametrize("layer", LAYERS)
def test_gradient_times_activation(
    layer: str, net: nn.Module, model: TorchModel, images: dict[str, Array], explain: Explain
) -> None:
    oracle = captum.attr.LayerGradientXActivation(net, net.get_submodule(layer))
    expected = oracle.attribute(first(images), target=torch.tensor(TARGETS))
    assert same(only(explain(GradientXInputSpec(layer=layer), model, images, TARGETS[:, None])), shown(expected))


@pytest.mark.parametrize(
    ("layer", "side"), [(layer, side) for layer in LAYERS for side in ("input", "output") if layer != "inside"]
)
def test_the_gradient_at_a_layer_is_that_of_the_activation(
    side: str, layer: str, net: nn.Module, model: TorchModel, images: dict[str, Array], explain: Explain
) -> None:
    """Times the activation. At the input of the residual branch Captum's is that of the skip connection too."""
    oracle = captum.attr.LayerGradientXActivation(net, net.get_submodule(layer))
    activation = captum.attr.LayerActivation(net, net.get_submodule(layer))
    inside = side == "input"
    product = oracle.attribute(first(images), target=torch.tensor(TARGETS), attribute_to_layer_input=inside)
    seen = activation.attribute(first(images), attribute_to_layer_input=inside)
    found = only(explain(VanillaGradSpec(layer=layer, at=side), model, images, TARGETS[:, None]))
    assert same(found * shown(seen), shown(product))


# Captum's weights are in float32, so it agrees to no more digits than those have.
@pytest.mark.parametrize("steps", [2, 5, 12])
@pytest.mark.parametrize(("rule", "name"), [("midpoint", "riemann_middle"), ("gausslegendre", "gausslegendre")])
def test_integrated_gradients(
    rule: str, name: str, steps: int, net: nn.Module, model: TorchModel, images: dict[str, Array], explain: Explain
) -> None:
    baseline = {"image": np.full_like(images["image"], 0.5)}
    expected = captum.attr.IntegratedGradients(net).attribute(
        first(images), first(baseline), torch.tensor(TARGETS), n_steps=steps, method=name
    )
    method = IntegratedGradientsSpec(rule=rule, n_steps=steps)
    assert same(only(explain(method, model, images, TARGETS[:, None], baselines=baseline)), shown(expected), 1e-6)


def test_captums_trapezoid_lacks_one_step_of_weight(
    net: nn.Module, model: TorchModel, images: dict[str, Array], explain: Explain
) -> None:
    """The same points, but its weights sum to (n - 1) / n."""
    expected = captum.attr.IntegratedGradients(net).attribute(
        first(images), target=torch.tensor(TARGETS), n_steps=9, method="riemann_trapezoid"
    )
    found = only(explain(IntegratedGradientsSpec(rule="trapezoid", n_steps=8), model, images, TARGETS[:, None]))
    assert same(found * 8 / 9, shown(expected), 1e-6)


@pytest.mark.parametrize("layer", LAYERS)
def test_integrated_gradients_at_a_layer(
    layer: str, net: nn.Module, model: TorchModel, images: dict[str, Array], explain: Explain
) -> None:
    """Against a black image, whose activation both take as the baseline. Captum varies the layer along with what
    bypasses it, so inside the residual block the two mean something else."""
    black = {"image": np.zeros_like(images["image"])}
    expected = captum.attr.LayerIntegratedGradients(net, net.get_submodule(layer)).attribute(
        first(images), first(black), torch.tensor(TARGETS), n_steps=7, method="riemann_middle"
    )
    method = IntegratedGradientsSpec(layer=layer, n_steps=7)
    found = only(explain(method, model, images, TARGETS[:, None], baselines=black))
    assert same(found, shown(expected), 1e-6)


@pytest.mark.parametrize(
    ("method", "oracle", "options"),
    [
        (VanillaGradSpec, captum.attr.Saliency, {"abs": False}),
        (GradientXInputSpec, captum.attr.InputXGradient, {}),
        (IntegratedGradientsSpec, captum.attr.IntegratedGradients, {"n_steps": 6, "method": "riemann_middle"}),
    ],
)
def test_noise_tunnel_with_the_same_noise(
    method: type[GradientMethod],
    oracle: Callable[[nn.Module], captum.attr.Attribution],
    options: dict[str, object],
    net: nn.Module,
    model: TorchModel,
    images: dict[str, Array],
    explain: Explain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sampling = SamplingSpec(nt_samples=4, stdevs=0.3, mode="absolute")
    draws, place = Draws(sampling, "input", IDS), model.place(images)
    noisy = [draws.of(np.arange(3), np.full(3, number)).noisy(place)["image"] for number in range(4)]
    noise = np.stack([item - images["image"] for item in noisy], axis=1).reshape(12, 6, 6, 2)  # all draws of a sample
    monkeypatch.setattr(torch, "normal", lambda *_: first({"image": noise}))
    tunnel = captum.attr.NoiseTunnel(oracle(net))
    expected = tunnel.attribute(
        first(images), nt_samples=4, stdevs=0.3, nt_type="smoothgrad", target=torch.tensor(TARGETS), **options
    )
    steps = {"n_steps": 6} if method is IntegratedGradientsSpec else {}
    found = explain(method(sampling=sampling, **steps), model, images, TARGETS[:, None], ids=IDS)
    assert same(only(found), shown(expected), 1e-6)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_occlusion_with_any_window_and_stride_that_fit(data: st.DataObject) -> None:
    """Captum gives every channel of an element the whole difference, in float32; ours share it."""
    window = (data.draw(st.integers(1, 4)), data.draw(st.integers(1, 4)))
    stride = tuple(data.draw(st.integers(1, size)) for size in window)
    shape = tuple(size + step * data.draw(st.integers(0, 2)) for size, step in zip(window, stride, strict=True))
    target = data.draw(st.integers(0, 2))
    with torch.random.fork_rng():
        torch.manual_seed(sum(shape))
        net = nn.Sequential(nn.Flatten(), nn.Linear(2 * shape[0] * shape[1], 5), nn.Tanh(), nn.Linear(5, 3)).double()
    model = TorchModel(net, lambda raw: Encoded({"image": torch.tensor(raw["image"]).movedim(-1, 1)}), "logits",
                       Compute(batch=8))  # fmt: skip
    images = {"image": np.random.default_rng(0).normal(size=(2, *shape, 2))}
    method = OcclusionSpec(sliding_window_shapes=window, strides=stride)
    found = method.attribute(model, images, None, IDS[:2], np.full((2, 1), target), Score(), Compute(batch=8))
    expected = captum.attr.Occlusion(net).attribute(first(images), (2, *window), (2, *stride), target=target)
    np.testing.assert_allclose(found.values["image"][..., 0] * 2, shown(expected), rtol=1e-5, atol=1e-7)


def test_noise_of_each_channel_is_that_of_noise_tunnel_with_its_standard_deviation(
    explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A series of two channels in different units; Captum is given each as an input of its own."""
    series = np.random.default_rng(0).normal(size=(1, 6, 2)) * [1, 1000]
    model = TorchModel(Cubes(), lambda inputs: Encoded({"x": torch.tensor(inputs["x"])}), "values", Compute(batch=4))
    unit = Draws(SamplingSpec(stdevs=1, mode="absolute"), "input", IDS)
    standing = [unit.of(np.arange(1), np.full(1, k)).noisy(model.place({"x": series * 0}))["x"] for k in range(4)]
    noise = iter(np.moveaxis(np.concatenate(standing), 2, 0))
    monkeypatch.setattr(torch, "normal", lambda _, deviation: deviation * torch.tensor(next(noise)))
    expected = captum.attr.NoiseTunnel(captum.attr.Saliency(lambda a, b: (a**3).sum(1) + (b**3).sum(1))).attribute(
        tuple(torch.tensor(series[:, :, k]) for k in range(2)),
        nt_samples=4,
        stdevs=tuple(0.15 * np.ptp(series[0], axis=0)),
        abs=False,
    )
    sampling = SamplingSpec(nt_samples=4, stdevs=0.15, mode="per_channel")
    found = explain(VanillaGradSpec(sampling=sampling), model, {"x": series}, ids=IDS[:1]).values["x"][..., 0]
    np.testing.assert_allclose(found, np.stack([part.numpy() for part in expected], axis=2), rtol=1e-9)


class Cubes(nn.Module):
    """The sum of the cubes of all elements."""

    def forward(self, x: Tensor) -> Tensor:
        return (x**3).sum((1, 2))[:, None]
