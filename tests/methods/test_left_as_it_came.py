"""A net, the global random states and the modes of a framework are after an explanation what they were before."""

import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.gradient import GradientMethod, GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models.keras import KerasModel, configure
from exhibit.tasks.models.keras_import import keras, tf
from exhibit.tasks.models.torch import Encoded, TorchModel
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.explanation import Attribution

COMPUTE = Compute(batch=4)
IMAGES = {"image": np.random.default_rng(0).normal(size=(6, 5, 5, 1)).astype(np.float32)}
SAMPLING = SamplingSpec(nt_samples=2, dropout=True)
METHODS = {
    "gradient": VanillaGradSpec(),
    "gradient at a layer": GradientXInputSpec(layer="norm", at="input"),
    "integrated gradients": IntegratedGradientsSpec(n_steps=2),
    "integrated gradients at a layer": IntegratedGradientsSpec(layer="conv"),
    "sampled": IntegratedGradientsSpec(n_steps=2, sampling=SAMPLING),
    "sampled at a layer": VanillaGradSpec(layer="norm", sampling=SAMPLING),
    "occlusion": OcclusionSpec(sliding_window_shapes=5, strides=5),
    "occlusion at a layer": OcclusionSpec(layer="conv", sliding_window_shapes=3, strides=3),
}


class Net(nn.Sequential):
    """Trained and frozen by halves, in mixed modes, with a gradient and perhaps a hook of its owner's.

    With a hook the net itself is explained, without one a copy.
    """

    def __init__(self, hooked: bool) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)
        self.drop, self.flat, self.logits = nn.Dropout(0.5), nn.Flatten(), nn.Linear(18, 3)
        self.norm.eval()
        self.conv.bias.requires_grad_(False)
        self.logits.weight.grad = torch.ones_like(self.logits.weight)
        if hooked:
            self.logits.register_forward_hook(lambda *_: None)


def torch_model(*, hooked: bool) -> TorchModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Net(hooked)

    def encode(inputs: Arrays) -> Encoded:
        return Encoded({"image": torch.tensor(inputs["image"]).movedim(-1, 1)})

    return TorchModel(net, encode, "logits", COMPUTE)


def keras_model() -> KerasModel:
    configure(COMPUTE)
    layers = keras.layers
    net = keras.Sequential(
        [
            layers.Input((5, 5, 1)),
            layers.Conv2D(2, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, name="drop"),
            layers.Flatten(),
            layers.Dense(3, name="logits"),
        ]
    )
    net.get_layer("conv").trainable = False
    return KerasModel(net, dict, "logits", COMPUTE)


def torch_state(model: TorchModel) -> tuple[object, ...]:
    modules = dict(model.net.named_modules())
    return (
        {name: (module.training, sorted(vars(module))) for name, module in modules.items()},
        {name: (len(module._forward_hooks), len(module._forward_pre_hooks)) for name, module in modules.items()},
        [(p.data_ptr(), p.requires_grad, p.is_contiguous(), p._version) for p in model.net.parameters()],
        [None if p.grad is None else p.grad.numpy().tobytes() for p in model.net.parameters()],
        {name: tensor.numpy().tobytes() for name, tensor in model.net.state_dict().items()},
        torch.get_rng_state().numpy().tobytes(),
        torch.is_grad_enabled(),
    )


def keras_state(model: KerasModel) -> tuple[object, ...]:
    layers = model.net._flatten_layers()
    return (
        # Seeds of dropout are among the variables.
        [variable.numpy().tobytes() for variable in model.net.variables],
        [variable.trainable for variable in model.net.variables],
        {layer.name: ("call" in vars(layer), layer.trainable) for layer in layers},
        tf.random.get_global_generator().state.numpy().tobytes(),
        keras.backend.floatx(),
    )


def shared_state() -> tuple[object, ...]:
    return random.getstate(), np.random.get_state()[1].tobytes()


@pytest.fixture(params=["torch", "torch hooked", "keras"])
def subject(request: pytest.FixtureRequest) -> tuple[Any, Callable[[], tuple[object, ...]]]:
    """A model, and what must not change about it and its framework."""
    if request.param != "keras":
        torch_one = torch_model(hooked=request.param == "torch hooked")
        return torch_one, lambda: (*torch_state(torch_one), *shared_state())
    keras_one = keras_model()
    tf.random.set_global_generator(tf.random.Generator.from_seed(1))
    keras_one.predict(IMAGES)  # tracing for the first time counts operations
    return keras_one, lambda: (*keras_state(keras_one), *shared_state())


@pytest.mark.parametrize("hooked", [False, True])
def test_a_net_that_somebody_watches_is_explained_itself(hooked: bool) -> None:
    model = torch_model(hooked=hooked)
    assert (model.place(IMAGES).net is model.net) == hooked


@pytest.mark.parametrize("name", METHODS)
def test_everything_is_left_as_it_came(
    name: str, subject: tuple[Any, Callable[[], tuple[object, ...]]], explain: Callable[..., Attribution]
) -> None:
    model, state = subject
    before = state()
    explain(METHODS[name], model, IMAGES)
    assert state() == before


@pytest.mark.parametrize("name", METHODS)
def test_everything_is_left_as_it_came_after_an_exception_in_the_middle(
    name: str, subject: tuple[Any, Callable[[], tuple[object, ...]]]
) -> None:
    """The score gives up after some calls: at first inside the net's gradient, at last among numpy's numbers."""
    model, state = subject
    before = state()
    with pytest.raises(ZeroDivisionError):
        failing(METHODS[name], model, 0)
    assert state() == before
    for calls in (1, 2):
        with suppress(ZeroDivisionError):  # what is compiled calls the score only once
            failing(METHODS[name], model, calls)
        assert state() == before


def failing(method: GradientMethod | OcclusionSpec, model: Any, calls: int) -> Attribution:
    left = [calls]

    def score(outputs: Any, targets: Any) -> Any:
        if not left[0]:
            raise ZeroDivisionError
        left[0] -= 1
        return outputs[:, 0]

    own, ids = Score(kind="factory", function=score), np.array([f"s{row}" for row in range(6)])
    batch = Compute(batch=2)
    return method.attribute(model, IMAGES, None, ids, np.zeros((6, 1), np.int64), own, batch)


@pytest.mark.parametrize("hooked", [False, True])
@pytest.mark.parametrize("name", ["gradient", "integrated gradients", "integrated gradients at a layer"])
def test_the_mode_of_training_does_not_leak(name: str, hooked: bool, explain: Callable[..., Attribution]) -> None:
    """Dropout and the moments of batch normalisation are off, whatever the modes are."""
    model = torch_model(hooked=hooked)
    mixed = explain(METHODS[name], model, IMAGES)
    model.net.train()
    training = explain(METHODS[name], model, IMAGES)
    model.net.eval()
    assert all(
        values.tobytes() == explain(METHODS[name], model, IMAGES).values[key].tobytes() == other.tobytes()
        for (key, values), other in zip(mixed.values.items(), training.values.values(), strict=True)
    )


@pytest.mark.parametrize("score", ["logit", "loss"])
def test_a_gradient_is_of_each_samples_own_score_not_of_a_mean(
    score: str, subject: tuple[Any, Callable[[], tuple[object, ...]]], explain: Callable[..., Attribution]
) -> None:
    """A mean over a batch of six would be six times smaller: one sample alone has the same gradient."""
    model, _ = subject
    together = explain(VanillaGradSpec(), model, IMAGES, score=score, batch=6).values["image"]
    for row in range(6):
        alone = explain(
            VanillaGradSpec(), model, {"image": IMAGES["image"][row : row + 1]}, score=score, batch=1
        ).values["image"]
        np.testing.assert_allclose(together[row], alone[0], rtol=1e-4, atol=1e-6)


def test_the_best_outputs_of_each_sample_stand_in_order(
    subject: tuple[Any, Callable[[], tuple[object, ...]]], explain: Callable[..., Attribution]
) -> None:
    """Column k explains the output of rank k of that sample."""
    model, _ = subject
    targets: Array = np.argsort(-model.predict(IMAGES), axis=1)
    ranked = explain(IntegratedGradientsSpec(n_steps=3), model, IMAGES, targets)
    assert (np.diff(ranked.prediction, axis=1) <= 0).all()
    for rank in range(3):
        alone = explain(IntegratedGradientsSpec(n_steps=3), model, IMAGES, targets[:, rank : rank + 1])
        np.testing.assert_allclose(
            ranked.values["image"][..., rank], alone.values["image"][..., 0], rtol=1e-4, atol=1e-6
        )
