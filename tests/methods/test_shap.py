"""Kernel SHAP against exact Shapley values, and what every explainer of SHAP has in common."""

from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
import torch

from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.methods.shap_deep import DeepShapSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.methods.shap_tree import TreeShapSpec
from exhibit.tasks.models.torch import TorchModel
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.explanation import Attribution
from tests.methods.exact import Predicting, mixing, shapley

Explain = Callable[..., Attribution]


def interacting(x: Array) -> Array:
    """Two outputs of eight features with interactions, (samples, 2)."""
    first = np.tanh(x.sum(1)) + x[:, 0] * x[:, 1] - x[:, 2] ** 2 + x[:, 6] * x[:, 7] * x[:, 0]
    return np.stack([first, x[:, 3] * x[:, 4] * x[:, 5]], axis=1)


@pytest.fixture
def eight() -> dict[str, Array]:
    return {"x": np.random.default_rng(0).normal(size=(2, 8))}


@pytest.fixture
def model() -> Predicting:
    return Predicting(lambda inputs: interacting(inputs["x"].astype(np.float64)))


def test_kernel_gives_exact_values_of_eight_features(
    eight: dict[str, Array], model: Predicting, explain: Explain
) -> None:
    baseline = {"x": np.full((2, 8), 0.3)}
    found = explain(KernelShapSpec(), model, eight, np.tile([0, 1], (2, 1)), baselines=baseline)
    for row in range(2):
        expected = shapley(mixing(interacting, eight["x"][row], baseline["x"][row]), 8)
        np.testing.assert_allclose(found.values["x"][row], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
    np.testing.assert_allclose(found.base_value, interacting(baseline["x"]))


def test_kernel_gives_every_feature_a_value_not_just_ten(explain: Explain) -> None:
    weights = np.arange(1, 21) / 10
    model = Predicting(lambda inputs: (inputs["x"] @ weights)[:, None])
    found = explain(KernelShapSpec(nsamples=300), model, {"x": np.ones((1, 20))})
    np.testing.assert_allclose(found.values["x"][0, :, 0], weights, rtol=1e-4)


@pytest.mark.parametrize(("shown", "hidden"), [(3e-9, 0.0), (1.7e9 + 5000, 1.7e9), (100.0005, 100.0)])
def test_kernel_tells_values_that_numpy_calls_close(shown: float, hidden: float, explain: Explain) -> None:
    """SHAP leaves such elements out without a word, and gives what they do to the others."""
    weights = np.array([3 / (shown - hidden), 1.0, 2.0])
    model = Predicting(lambda inputs: ((inputs["x"] - hidden) @ weights)[:, None])
    baseline = {"x": np.full((1, 3), hidden)}
    found = explain(KernelShapSpec(), model, {"x": np.array([[shown, hidden + 1, hidden]])}, baselines=baseline)
    np.testing.assert_allclose(found.values["x"][0, :, 0], [3, 1, 0], rtol=1e-6)


def test_kernel_of_what_hides_itself_is_nothing(explain: Explain) -> None:
    model = Predicting(lambda inputs: inputs["x"].sum(axis=1, keepdims=True))
    same = {"x": np.ones((1, 3))}
    np.testing.assert_array_equal(explain(KernelShapSpec(), model, same, baselines=same).values["x"], 0)


def test_kernel_takes_several_inputs_together(explain: Explain) -> None:
    model = Predicting(lambda inputs: (inputs["a"].sum((1, 2)) + 2 * inputs["b"][:, 0])[:, None])
    inputs = {"a": np.ones((2, 2, 2), np.float32), "b": np.full((2, 1), 3, np.float32)}
    found = explain(KernelShapSpec(), model, inputs)
    np.testing.assert_allclose(found.values["a"], 1, rtol=1e-4)
    np.testing.assert_allclose(found.values["b"], 6, rtol=1e-4)


@pytest.mark.parametrize("nsamples", ["auto", 100])
def test_kernel_names_another_method_for_inputs_that_are_too_large(
    nsamples: Literal["auto"] | int, explain: Explain
) -> None:
    """Few coalitions do not help: SHAP solves for all elements at once."""
    model = Predicting(lambda inputs: inputs["x"].mean(axis=(1, 2, 3))[:, None])
    image = {"x": np.ones((1, 224, 224, 3), np.float32)}
    with pytest.raises(InputError, match=r"of 150,528 elements, .* of at most 50,000,000; use partition_shap"):
        explain(KernelShapSpec(nsamples=nsamples), model, image)


def test_kernel_counts_the_elements_that_differ_from_the_baseline(explain: Explain) -> None:
    """A large image that is black but for two pixels is small, as long as its rows are few."""
    model = Predicting(lambda inputs: inputs["x"].sum(axis=(1, 2, 3))[:, None])
    image = {"x": np.zeros((1, 100, 100, 1), np.float32)}
    image["x"][0, 0, :2] = 1
    found = explain(KernelShapSpec(), model, image)
    np.testing.assert_allclose(found.values["x"], image["x"][..., None], atol=1e-6)


@pytest.mark.parametrize(
    "spec",
    [KernelShapSpec(nsamples=60), PartitionShapSpec(masker="baseline", max_evals=18, batch_size=2)],
    ids=lambda spec: spec.kind,
)
def test_predicting_explainers_draw_by_seed_and_sample_and_leave_the_global_state_alone(
    spec: MethodSpec, explain: Explain
) -> None:
    """Four quadrants of the same importance: which of them are looked into is drawn."""
    weights = np.array([[1, 2], [3, 4]])

    def quadrants(inputs: Arrays) -> Array:
        parts = inputs["x"].reshape(-1, 2, 2, 2, 2).swapaxes(2, 3) * weights
        return (parts.sum(axis=(3, 4)) ** 2).sum(axis=(1, 2))[:, np.newaxis]

    _is_its_own(spec, Predicting(quadrants), {"x": np.ones((3, 4, 4, 1), np.float32)}, None, explain)


@pytest.mark.parametrize(
    "spec",
    [DeepShapSpec(), GradientShapSpec(nsamples=7), GradientShapSpec(nsamples=7, local_smoothing=0.1, layer=0)],
    ids=["deep", "gradient", "gradient at a layer"],
)
def test_explainers_of_nets_draw_by_seed_and_sample_and_leave_the_global_state_alone(
    spec: MethodSpec, rectified: TorchModel, table: dict[str, Array], explain: Explain
) -> None:
    background = {"x": table["x"][3:]}
    _is_its_own(spec, rectified, {"x": table["x"][:3]}, background, explain)


def _is_its_own(spec: MethodSpec, model: object, inputs: Arrays, baselines: Arrays | None, explain: Explain) -> None:
    """Neither company, order, the global state nor an earlier call matters, but the seed does where draws are made."""
    ids = np.array(["a", "b", "c"])
    before = np.random.get_state()[1].tobytes(), torch.random.get_rng_state().numpy().tobytes()
    whole = explain(spec, model, inputs, ids=ids, baselines=baselines)
    assert (np.random.get_state()[1].tobytes(), torch.random.get_rng_state().numpy().tobytes()) == before
    np.random.random(3)
    torch.rand(3)
    chosen = {name: array[[2, 0]] for name, array in inputs.items()}
    part = explain(spec, model, chosen, ids=ids[[2, 0]], baselines=baselines)
    other = explain(spec.model_copy(update={"seed": 1}), model, chosen, ids=ids[[2, 0]], baselines=baselines)
    for name, values in part.values.items():
        assert values.tobytes() == whole.values[name][[2, 0]].tobytes()
        assert (values.tobytes() == other.values[name].tobytes()) == (spec.kind == "deep_shap")


@pytest.mark.parametrize("spec", [DeepShapSpec(), GradientShapSpec()], ids=lambda spec: spec.kind)
def test_a_model_that_only_predicts_has_no_gradients_to_explain_with(
    spec: MethodSpec, eight: dict[str, Array], model: Predicting, explain: Explain
) -> None:
    with pytest.raises(InputError, match=f"{spec.kind}: needs gradients, but the model only predicts; use kernel_shap"):
        explain(spec, model, eight, baselines=eight)


@pytest.mark.parametrize("spec", [DeepShapSpec(), GradientShapSpec()], ids=lambda spec: spec.kind)
def test_a_background_is_needed(
    spec: MethodSpec, rectified: TorchModel, table: dict[str, Array], explain: Explain
) -> None:
    with pytest.raises(InputError, match=f"{spec.kind}: the background is empty"):
        explain(spec, rectified, table)


def test_trees_are_not_looked_for_in_a_net(rectified: TorchModel, table: dict[str, Array], explain: Explain) -> None:
    with pytest.raises(
        InputError, match="tree_shap: explains tree ensembles of scikit-learn, but this model is not one"
    ):
        explain(TreeShapSpec(), rectified, table, baselines=table, score="logit")


def test_elements_that_cannot_be_hidden_are_refused() -> None:
    with pytest.raises(InputError, match="'molecule' cannot be hidden one by one"):
        KernelShapSpec().require_inputs([Input(name="molecule", kind="molecule", values=np.array(["C"]))])
