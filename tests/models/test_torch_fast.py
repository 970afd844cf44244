"""Fast copies of torch nets: the same numbers, and the net itself as it came."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.models.torch_fast import FastCopies, folded
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array

IMAGES = {"image": np.random.default_rng(0).normal(size=(4, 2, 8, 8)).astype(np.float32)}
TARGETS = np.array([0, 1, 2, 0])


class Block(nn.Module):
    """Convolution, batch normalisation and a skip connection around both."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.softplus(x + self.norm(self.conv(x)))


def make_net(*more: nn.Module) -> nn.Module:
    """A smooth net with batch normalisation that has learned something."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(
            *(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Tanh(), Block(), *more),
            *(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3)),
        )
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                module.reset_parameters()  # those that were given, too
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean)
                nn.init.uniform_(module.running_var, 0.5, 2)
                nn.init.normal_(module.weight)
    return net


def model_of(net: nn.Module) -> TorchModel:
    return TorchModel(net, as_tensors, "logits", Compute(batch=4))


def gradient(model: TorchModel, layer: str | None = None) -> Array:
    place = model.place(IMAGES, layer)
    (found,) = place.gradient(place.values, Score(), TARGETS)[1].values()
    return found


def oracle(net: nn.Module) -> Array:
    """At the input, by torch alone."""
    x = torch.tensor(IMAGES["image"], requires_grad=True)
    (found,) = torch.autograd.grad(net.eval()(x)[range(4), TARGETS].sum(), x)
    return found.movedim(1, -1).numpy()


def norms(net: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in net.modules())


def relative(found: Array, expected: Array) -> float:
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


def test_convolutions_take_over_the_normalisation_behind_them() -> None:
    net = make_net()
    assert norms(net) == 2
    assert norms(folded(net)) == 0


def test_the_copy_gives_the_gradients_of_the_net() -> None:
    net = make_net()
    assert model_of(net).place(IMAGES).net is not net
    assert relative(gradient(model_of(net)), oracle(net)) < 1e-5


def test_in_float64_it_agrees_to_ten_digits() -> None:
    net = make_net().double().eval()
    x = torch.tensor(IMAGES["image"], dtype=torch.float64)
    model = TorchModel(net, lambda _: Encoded({"image": x}), "logits", Compute(batch=4))
    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(net(leaf)[range(4), TARGETS].sum(), leaf)
    found = gradient(model)
    assert found.dtype == np.float64
    assert relative(found, expected.movedim(1, -1).numpy()) < 1e-10


def test_the_net_itself_is_left_alone() -> None:
    net = make_net().train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    model = model_of(net)
    gradient(model)
    gradient(model, "3.conv")
    assert [name for name, _ in net.named_modules()] == [name for name, _ in make_net().named_modules()]
    assert all(module.training for module in net.modules())
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert all(parameter.is_contiguous() for parameter in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


@pytest.mark.parametrize("layer", ["0", "1", "3", "3.conv", "3.norm", "6"])
def test_a_layer_that_is_asked_for_sees_what_it_saw(layer: str) -> None:
    """A convolution before its normalisation, the normalisation, a block of both."""
    net = make_net().eval()
    seen: list[Tensor] = []
    hook = net.get_submodule(layer).register_forward_hook(lambda _, __, result: seen.append(result))
    net(torch.tensor(IMAGES["image"]))
    hook.remove()
    (found,) = model_of(net).place(IMAGES, layer).values.values()
    expected = seen[0].detach()
    shown = expected.movedim(1, -1) if expected.ndim == 4 else expected
    np.testing.assert_allclose(found, shown.numpy(), rtol=1e-4, atol=1e-5)


def test_the_other_normalisations_are_still_folded() -> None:
    assert norms(folded(make_net(), "0")) == 1
    assert norms(folded(make_net(), "3")) == 1


class Branching(nn.Module):
    """Depends on the data: it cannot be traced."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.mean() > 0 else x


class Growing(nn.Module):
    """Gives something else with every call: no copy can agree."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.calls


class Viewing(nn.Module):
    """Asks for channels that come first in memory."""

    def forward(self, x: Tensor) -> Tensor:
        return x.view(len(x), -1)[:, :, None, None].expand(-1, -1, 2, 2)[:, :4]


@pytest.mark.parametrize("module", [Branching, Viewing])
def test_nets_that_cannot_be_copied_so_are_explained_all_the_same(module: Callable[[], nn.Module]) -> None:
    net = make_net(module())
    assert relative(gradient(model_of(net)), oracle(net)) < 1e-5


def test_a_copy_that_does_not_agree_is_not_used() -> None:
    net = make_net(Growing())
    assert model_of(net).place(IMAGES).net is net


def test_a_normalisation_that_cannot_be_traced_stays() -> None:
    assert norms(model_of(make_net(Branching())).place(IMAGES).net) == 2


def test_changed_weights_change_the_explanation() -> None:
    net = make_net()
    model = model_of(net)
    before = gradient(model)
    with torch.no_grad():
        net[0].weight.mul_(2)
    after = gradient(model)
    assert relative(after, oracle(net)) < 1e-5
    assert relative(after, before) > 0.1
    net[0] = nn.Conv2d(2, 4, 3, padding=1)
    assert relative(gradient(model), oracle(net)) < 1e-5


def test_a_module_without_weights_that_is_replaced_changes_the_explanation() -> None:
    net = make_net()
    model = model_of(net)
    before = gradient(model)
    net[2] = nn.Sigmoid()
    after = gradient(model)
    assert relative(after, oracle(net)) < 1e-5
    assert relative(after, before) > 0.1
    net[2], net[3] = net[3], net[2]
    assert relative(gradient(model), oracle(net)) < 1e-5


def test_a_copy_is_made_once() -> None:
    net, made = make_net().eval(), []
    copies = FastCopies(net)

    def run(each: nn.Module) -> Tensor:
        made.append(each)
        return each(torch.tensor(IMAGES["image"]))

    with torch.no_grad():
        assert copies.of(None, run) is copies.of(None, run)
    assert len(made) == 2  # the net and its copy, compared once


def test_hooks_of_others_are_honoured() -> None:
    """Those that come later, too."""
    net = make_net()
    model = model_of(net)
    for module in (net[3], net[0]):
        module.register_forward_hook(lambda _, __, result: 3 * result)
        for each in (model, model_of(net)):
            assert relative(gradient(each), oracle(net)) < 1e-5


def test_a_convolution_that_two_normalisations_share_is_not_folded() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 1)
            self.first, self.second = nn.BatchNorm2d(2), nn.BatchNorm2d(2)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.conv(self.first(self.conv(x))))

    assert norms(folded(Shared())) == 2


def test_evaluating_is_predicting_but_for_rounding() -> None:
    model = model_of(make_net())
    np.testing.assert_allclose(model.evaluate(IMAGES), model.predict(IMAGES), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("layer", [None, "0", "3"])
def test_the_place_in_a_batch_changes_no_bit(layer: str | None) -> None:
    net, images = make_net(), np.random.default_rng(1).normal(size=(32, 2, 8, 8)).astype(np.float32)
    model = TorchModel(net, as_tensors, "logits", Compute(batch=32))
    order = np.random.default_rng(2).permutation(32)
    found = []
    for rows in (np.arange(32), order):
        place = model.place({"image": images[rows]}, layer)
        (values,) = place.gradient(place.values, Score(), np.zeros(32, int))[1].values()
        found.append(values)
    assert found[0][order].tobytes() == found[1].tobytes()


class Rectified(nn.Module):
    """A rectifier that is used twice, one of what is used again, and one that works in place."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.third = (nn.Conv2d(4, 4, 3, padding=1) for _ in range(3))
        self.shared, self.after, self.alone = nn.ReLU(), nn.ReLU(), nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        before = self.second(self.shared(self.first(x)))
        again = self.shared(before + x) + self.after(before) * before
        return x + self.alone(self.third(again))


def test_working_in_place_changes_nothing() -> None:
    net = make_net(Rectified())
    model = model_of(net)
    assert relative(gradient(model), oracle(net)) < 1e-5
    copied = model.place(IMAGES).net
    assert [copied.get_submodule(f"4.{name}").inplace for name in ("shared", "after", "alone")] == [False, False, True]


def test_a_rectifier_alone_behind_its_convolution_works_in_place() -> None:
    net = make_net(nn.Conv2d(4, 16, 1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 4, 1))
    model = model_of(net)
    assert model.place(IMAGES).net.get_submodule("6").inplace
    assert not net[6].inplace
    for layer in ("4", "5", "6"):
        place = model.place(IMAGES, layer)
        before = {name: values.copy() for name, values in place.values.items()}
        place.gradient(place.values, Score(), TARGETS)
        assert all(np.array_equal(values, place.values[name]) for name, values in before.items())
        np.testing.assert_allclose(place.outputs(place.values), model.predict(IMAGES), rtol=1e-4, atol=1e-6)
    assert relative(gradient(model), oracle(net)) < 1e-5


def pooling_net() -> nn.Sequential:
    """A rectifier before a maximum over windows, between two convolutions."""
    return nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2, padding=1), nn.Conv2d(8, 4, 1))


def test_a_maximum_over_windows_changes_places_with_its_rectifier() -> None:
    """To the bit: the largest of what is positive is what is positive of the largest."""
    plain = pooling_net().eval()
    quick = folded(plain)
    assert [type(module) for module in quick.children()] == [type(module) for module in plain.children()]
    assert [node.target for node in quick.graph.nodes][1:5] == ["0", "2", "1", "3"]
    found = []
    for net in (plain, quick):
        x = torch.tensor(np.random.default_rng(0).normal(size=(4, 4, 9, 9)).astype(np.float32), requires_grad=True)
        outputs = net(x)
        found.append((outputs.detach(), *torch.autograd.grad(outputs.square().sum(), x)))
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("layer", ["4", "5", "6", "7"])
def test_layers_around_a_maximum_see_what_they_saw(layer: str) -> None:
    net = make_net(*pooling_net())
    model = model_of(net)
    for copied in (None, layer):
        assert relative(gradient(model, copied), gradient(TorchModelAsItIs(net), copied)) < 1e-5


class TorchModelAsItIs(TorchModel):
    """Explains the net itself."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__(net, as_tensors, "logits", Compute(batch=4))

    def _explaining_net(self, encoded: Encoded, layer: str | None = None) -> nn.Module:
        return self.net
