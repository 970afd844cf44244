"""Published variants, against their formulas written out."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from exhibit.tasks.methods.draws import Draws, SamplingSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution

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
    assert found.raw_factor == pytest.approx(np.full((3, 1), 127.5), rel=1e-5)
    own = explain(
        IntegratedGradientsSpec(rule="trapezoid", n_steps=50),
        model,
        {"x": RAW},
        baselines={"x": BASELINE},
        score="probability",
    )
    np.testing.assert_allclose(found.values["x"], 127.5 * own.values["x"], rtol=1e-4)


def test_keras_example_from_images_of_noise(net: nn.Module, model: TorchModel, explain: Explain) -> None:
    """As the example calls it, with num_runs=2: the mean over two baselines that every sample is compared with."""
    runs = []
    for noise in BASELINE[:2]:
        steps = [noise + (step / 50) * (RAW - noise) for step in range(51)]
        grads = np.stack([gradients(net, (step / 127.5 - 1).astype(np.float32)) for step in steps])
        runs.append((RAW - noise) * ((grads[:-1] + grads[1:]) / 2).mean(axis=0))
    method = ExpectedGradientsSpec(
        compat="keras_example", rule="trapezoid", n_steps=50, baseline="uniform", background=2
    )
    found = explain(method, model, {"x": RAW}, baselines={"x": BASELINE[:2]}, score="probability")
    np.testing.assert_allclose(found.values["x"][..., 0], np.mean(runs, axis=0), rtol=1e-4, atol=1e-6)
    assert not method.additive
    assert found.raw_factor == pytest.approx(np.full((3, 1), 127.5), rel=1e-5)


def test_how_much_too_large_a_sample_is_does_not_depend_on_its_company(net: nn.Module, explain: Explain) -> None:
    """Features on scales of their own give a factor that differs from sample to sample."""
    scales = np.array([1, 10, 50, 100, 200], np.float32)
    model = TorchModel(net, lambda inputs: Encoded({"x": torch.tensor(inputs["x"] / scales)}), "logits", Compute())
    method = IntegratedGradientsSpec(compat="keras_example", rule="trapezoid", n_steps=2)
    whole = explain(method, model, {"x": RAW}, baselines={"x": BASELINE}).raw_factor
    raw = np.abs(RAW - BASELINE)
    np.testing.assert_allclose(whole[:, 0], raw.sum(axis=1) / (raw / scales).sum(axis=1), rtol=1e-5)
    for row in range(3):
        alone = explain(method, model, {"x": RAW[[row]]}, baselines={"x": BASELINE[[row]]}).raw_factor
        assert alone.tobytes() == whole[[row]].tobytes()
    assert np.isnan(explain(method, model, {"x": RAW}, baselines={"x": RAW}).raw_factor).all()


def test_chainer_chemistry(net: nn.Module, model: TorchModel, explain: Explain) -> None:
    x = (RAW / 127.5 - 1).astype(np.float32)
    total = np.zeros_like(x)
    for alpha in np.linspace(0.0, 1.0, 5, dtype=np.float32):
        total += gradients(net, alpha * x) / 5
    method = IntegratedGradientsSpec(compat="chainer_chemistry", rule="endpoints", n_steps=5)
    found = explain(method, model, {"x": RAW}, score="probability")
    np.testing.assert_allclose(found.values["x"][..., 0], x * total, rtol=1e-4, atol=1e-6)


def test_chainer_chemistry_with_a_fresh_mask_at_every_step(explain: Explain) -> None:
    """Five draws of five steps, dropout sampled anew at each, both ends and the steps between weighted equally."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        first, second = nn.Linear(5, 8), nn.Linear(8, 1)
    model = TorchModel(nn.Sequential(first, nn.Tanh(), nn.Dropout(0.25), second), as_tensors, "values", Compute())
    sampling = SamplingSpec(nt_samples=5, stdevs=0, dropout=True, mask="per_step")
    method = IntegratedGradientsSpec(compat="chainer_chemistry", rule="endpoints", n_steps=5, sampling=sampling)
    x, ids = (RAW / 127.5 - 1).astype(np.float32), np.array(["a", "b", "c"])
    found = explain(method, model, {"x": x}, ids=ids)
    draws, published = Draws(sampling, "input", ids), np.zeros((5, 3, 5))
    for number in range(5):
        for alpha in np.linspace(0, 1, 5).tolist():
            numbers = [
                draws.generator(row, number, f"dropout 0 at {alpha!r}").random(8, np.float32) for row in range(3)
            ]
            leaf = torch.tensor(np.float32(alpha) * x, requires_grad=True)
            kept = torch.tensor(np.stack(numbers)) >= 0.25
            score = second(torch.tanh(first(leaf)) * kept / 0.75).sum()
            published[number] += x * torch.autograd.grad(score, leaf)[0].numpy() / 5
    np.testing.assert_allclose(found.values["x"][..., 0], published.mean(axis=0), rtol=1e-4, atol=1e-6)
    error = published.std(axis=0, ddof=1) / np.sqrt(5)
    np.testing.assert_allclose(found.standard_error["x"][..., 0, 0], error, rtol=1e-4, atol=1e-6)
    assert np.abs(found.residual).min() > 1e-4


def test_a_variant_says_how_it_differs_and_wants_its_own_rule() -> None:
    method = IntegratedGradientsSpec(compat="chainer_chemistry", rule="endpoints", n_steps=5)
    assert "both ends" in str(method.departure)
    assert IntegratedGradientsSpec().departure is None
    with pytest.raises(ValidationError, match="needs rule: trapezoid and a number for n_steps"):
        IntegratedGradientsSpec(compat="keras_example")
