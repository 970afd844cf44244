"""Published variants, against their formulas written out."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from tasks.methods.integrated_gradients import IntegratedGradientsSpec
from tasks.models.torch import Encoded, TorchModel
from tasks.protocols import Compute
from tasks.records import Array, Attribution

Explain = Callable[..., Attribution]
RAW = np.random.default_rng(0).uniform(0, 255, (3, 5)).astype(np.float32)
BASELINE = np.random.default_rng(1).uniform(0, 255, (3, 5)).astype(np.float32)


@pytest.fixture(scope="module")
def net() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))


@pytest.fixture(scope="module")
def model(net: nn.Module) -> TorchModel:
    def encode(inputs: dict[str, Array]) -> Encoded:
        return Encoded({"x": torch.tensor(inputs["x"] / 127.5 - 1)})

    return TorchModel(net, encode, "logits", Compute(batch=4))


def gradients(net: nn.Module, x: Array) -> Array:
    """Of the probability of class 0, at the preprocessed input."""
    leaf = torch.tensor(x, requires_grad=True)
    return torch.autograd.grad(net(leaf).softmax(1)[:, 0].sum(), leaf)[0].numpy()


def test_keras_example(net: nn.Module, model: TorchModel, explain: Explain) -> None:
    steps = [BASELINE + (step / 50) * (RAW - BASELINE) for step in range(51)]
    grads = np.stack([gradients(net, (step / 127.5 - 1).astype(np.float32)) for step in steps])
    published = (RAW - BASELINE) * ((grads[:-1] + grads[1:]) / 2).mean(axis=0)
    method = IntegratedGradientsSpec(compat="keras_example", rule="trapezoid", n_steps=50)
    found = explain(method, model, {"x": RAW}, baselines={"x": BASELINE}, score="probability")
    np.testing.assert_allclose(found.values["x"][..., 0], published, rtol=1e-4, atol=1e-6)
    assert not method.additive
    own = explain(
        IntegratedGradientsSpec(rule="trapezoid", n_steps=50),
        model,
        {"x": RAW},
        baselines={"x": BASELINE},
        score="probability",
    )
    np.testing.assert_allclose(found.values["x"], 127.5 * own.values["x"], rtol=1e-4)


def test_chainer_chemistry(net: nn.Module, model: TorchModel, explain: Explain) -> None:
    x = (RAW / 127.5 - 1).astype(np.float32)
    total = np.zeros_like(x)
    for alpha in np.linspace(0.0, 1.0, 5, dtype=np.float32):
        total += gradients(net, alpha * x) / 5
    method = IntegratedGradientsSpec(compat="chainer_chemistry", rule="endpoints", n_steps=5)
    found = explain(method, model, {"x": RAW}, score="probability")
    np.testing.assert_allclose(found.values["x"][..., 0], x * total, rtol=1e-4, atol=1e-6)


def test_a_variant_says_how_it_differs_and_wants_its_own_rule() -> None:
    method = IntegratedGradientsSpec(compat="chainer_chemistry", rule="endpoints", n_steps=5)
    assert "both ends" in str(method.departure)
    assert IntegratedGradientsSpec().departure is None
    with pytest.raises(ValidationError, match="wants rule: trapezoid and a number for n_steps"):
        IntegratedGradientsSpec(compat="keras_example")
