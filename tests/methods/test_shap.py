"""SHAP's explainers against exact Shapley values by enumeration."""

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np
import pytest

from tasks.methods.shap import KernelShapSpec, PartitionShapSpec, blurred
from tasks.records import Array, Arrays, Attribution, InputError, OutputKind

Explain = Callable[..., Attribution]


class Predicting:
    """A model that only predicts."""

    output: OutputKind = "values"

    def __init__(self, function: Callable[[Arrays], Array]) -> None:
        self.predict = function


def interacting(inputs: Arrays) -> Array:
    """Two outputs of six features with interactions."""
    x = inputs["x"].astype(np.float64)
    return np.stack([np.tanh(x.sum(1)) + x[:, 0] * x[:, 1] - x[:, 2] ** 2, x[:, 3] * x[:, 4] * x[:, 5]], axis=1)


def shapley(function: Callable[[Array], Array], x: Array, baseline: Array) -> Array:
    """Exact values (features, outputs) by enumeration of all coalitions."""
    count = len(x)

    def value(coalition: tuple[int, ...]) -> Array:
        mixed = baseline.copy()
        mixed[list(coalition)] = x[list(coalition)]
        return function(mixed)

    result = np.zeros((count, len(function(x))))
    for feature in range(count):
        others = [other for other in range(count) if other != feature]
        for size in range(count):
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            for coalition in combinations(others, size):
                result[feature] += weight * (value((*coalition, feature)) - value(coalition))
    return result


@pytest.fixture
def six() -> dict[str, Array]:
    return {"x": np.random.default_rng(0).normal(size=(3, 6))}


def test_kernel_gives_exact_values_of_few_features(six: dict[str, Array], explain: Explain) -> None:
    baseline = {"x": np.full((3, 6), 0.3)}
    found = explain(KernelShapSpec(), Predicting(interacting), six, np.tile([0, 1], (3, 1)), baselines=baseline)
    for row in range(3):
        expected = shapley(lambda x: interacting({"x": x[None]})[0], six["x"][row], baseline["x"][row])
        np.testing.assert_allclose(found.values["x"][row], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)


def test_kernel_gives_every_feature_a_value_not_just_ten(explain: Explain) -> None:
    weights = np.arange(1, 21) / 10
    model = Predicting(lambda inputs: (inputs["x"] @ weights)[:, None])
    found = explain(KernelShapSpec(nsamples=300), model, {"x": np.ones((1, 20))})
    np.testing.assert_allclose(found.values["x"][0, :, 0], weights, rtol=1e-4)


def test_kernel_takes_several_inputs_together(explain: Explain) -> None:
    model = Predicting(lambda inputs: (inputs["a"].sum((1, 2)) + 2 * inputs["b"][:, 0])[:, None])
    inputs = {"a": np.ones((2, 2, 2), np.float32), "b": np.full((2, 1), 3, np.float32)}
    found = explain(KernelShapSpec(), model, inputs)
    np.testing.assert_allclose(found.values["a"], 1, rtol=1e-4)
    np.testing.assert_allclose(found.values["b"], 6, rtol=1e-4)


@pytest.mark.parametrize("spec", [KernelShapSpec(nsamples=40), PartitionShapSpec(masker="baseline", max_evals=30)])
def test_seeds_are_per_sample_and_the_global_state_is_left_alone(
    spec: KernelShapSpec | PartitionShapSpec, explain: Explain
) -> None:
    inputs = {"x": np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype(np.float32)}
    model = Predicting(lambda given: np.tanh(given["x"].reshape(len(given["x"]), -1)).prod(axis=1, keepdims=True) * 1e6)
    before = np.random.get_state()[1].tobytes()
    ids = np.array(["a", "b", "c"])
    whole = explain(spec, model, inputs, ids=ids)
    assert np.random.get_state()[1].tobytes() == before
    part = explain(spec, model, {"x": inputs["x"][[2, 0]]}, ids=ids[[2, 0]])
    assert part.values["x"].tobytes() == whole.values["x"][[2, 0]].tobytes()


@pytest.mark.parametrize("masker", ["blur", "baseline"])
def test_partition_is_exact_for_an_additive_model(masker: str, explain: Explain) -> None:
    rng = np.random.default_rng(0)
    weights, images = rng.normal(size=(2, 4, 2)), rng.normal(size=(2, 2, 4, 2)).astype(np.float32)
    model = Predicting(lambda inputs: (inputs["image"] * weights).sum((1, 2, 3))[:, None])
    # Sixteen elements are four levels of halves: 2 * (1 + 4 + 16 + 64) evaluations.
    spec = PartitionShapSpec(masker=masker, blur=3, max_evals=200)
    found = explain(spec, model, {"image": images})
    hidden = blurred(images, 3) if masker == "blur" else np.zeros_like(images)
    np.testing.assert_allclose(found.values["image"][..., 0], weights * (images - hidden), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


def test_partition_adds_up_with_few_evaluations_too(explain: Explain) -> None:
    images = np.random.default_rng(0).normal(size=(1, 8, 8, 1)).astype(np.float32)
    model = Predicting(lambda inputs: np.tanh(inputs["image"].sum((1, 2, 3)))[:, None])
    found = explain(PartitionShapSpec(masker="baseline", max_evals=20), model, {"image": images})
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)


def test_blur_keeps_a_flat_image_and_averages_another() -> None:
    flat = np.full((1, 6, 6, 3), 7, np.float32)
    np.testing.assert_allclose(blurred(flat, 3), flat)
    spot = np.zeros((1, 5, 5, 1), np.float32)
    spot[0, 2, 2] = 9
    np.testing.assert_allclose(blurred(spot, 3)[0, 1:4, 1:4, 0], 1, rtol=1e-6)


def test_inputs_that_do_not_fit_are_refused(explain: Explain, six: dict[str, Array]) -> None:
    with pytest.raises(InputError, match="explains models of one image"):
        explain(PartitionShapSpec(masker="baseline"), Predicting(interacting), six)
    molecules = Predicting(lambda inputs: np.zeros((len(inputs["molecule"]), 1)))
    with pytest.raises(InputError, match="'molecule' cannot be hidden one by one"):
        explain(KernelShapSpec(), molecules, {"molecule": np.array(["C"])})
