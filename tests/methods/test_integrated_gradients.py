"""Integrated gradients against closed forms, completeness and Captum."""

from collections.abc import Callable
from itertools import islice, pairwise

import captum.attr
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor, nn

from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec, Rule, refining, single
from exhibit.tasks.models.torch import Encoded, TorchModel
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution

Build = Callable[..., TorchModel]
Explain = Callable[..., Attribution]

RULES: tuple[Rule, ...] = ("cosine", "midpoint", "gausslegendre", "trapezoid", "endpoints")


def relative_residual(found: Attribution) -> Array:
    return np.abs(found.residual) / np.abs(found.prediction - found.base_value)


@given(st.sampled_from(RULES), st.integers(2, 40))
def test_weights_sum_to_one(rule: Rule, count: int) -> None:
    assert single(rule, count).weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("rule", RULES)
def test_refining_ends_where_all_points_at_once_would(rule: Rule) -> None:
    points: dict[float, Array] = {}  # of each point its weight in each sum
    for step in islice(refining(rule), 4):
        points = {alpha: step.keep @ weights for alpha, weights in points.items() if step.keep.any()}
        points |= dict(zip(step.alphas.tolist(), step.weights.T, strict=True))
    whole = single(rule, len(points) - (rule == "trapezoid"))
    np.testing.assert_allclose(sorted(points), whole.alphas, atol=1e-12)
    np.testing.assert_allclose([points[alpha][0] for alpha in sorted(points)], whole.weights[0], atol=1e-12)


@pytest.mark.parametrize("power", [1, 2, 5])
def test_the_error_of_the_cosine_rule_falls_with_the_fourth_power(power: int) -> None:
    """Twice the parts: a sixteenth, once the powers of 1 / n that come after are small."""
    errors = []
    for parts in (16, 32):
        step = single("cosine", parts - 1)
        errors.append(abs(step.weights[0] @ np.exp(power * step.alphas) - np.expm1(power) / power))
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.1)


def test_refined_steps_are_those_of_the_cosine_rule_and_given_ones_midpoints() -> None:
    assert [len(step.alphas) for step in IntegratedGradientsSpec(max_steps=15).passes()] == [3, 4, 8]
    (step,) = IntegratedGradientsSpec(n_steps=4).passes()
    assert [IntegratedGradientsSpec(n_steps=n).settings()["rule"] for n in ("auto", 4)] == ["cosine", "midpoint"]
    np.testing.assert_allclose(step.alphas, [1 / 8, 3 / 8, 5 / 8, 7 / 8])


def test_a_tolerance_that_nothing_is_refined_to_is_no_setting_of_a_reader() -> None:
    refined, fixed = (set(IntegratedGradientsSpec(n_steps=n).settings()) for n in ("auto", 4))
    assert refined - fixed == {"tolerance", "max_steps"}
    assert fixed <= refined


@pytest.mark.parametrize("rule", ["auto", *RULES])
def test_an_allowance_below_the_first_pass_is_refused(rule: str) -> None:
    """It ended in a KeyError, once the data had been loaded and the model trained."""
    first = 4 if rule == "trapezoid" else 3
    with pytest.raises(
        ValidationError, match=f"max_steps={first - 1} holds not even the first pass of rule .* {first}"
    ):
        IntegratedGradientsSpec.model_validate({"rule": rule, "max_steps": first - 1})
    spec = IntegratedGradientsSpec.model_validate({"rule": rule, "max_steps": first})
    assert [len(step.alphas) for step in spec.passes()] == [first]
    assert IntegratedGradientsSpec.model_validate({"rule": rule, "max_steps": 1, "n_steps": 2}).n_steps == 2


def test_no_gradient_is_taken_at_a_baseline_where_there_is_none(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    """The square root has no slope at 0."""
    found = explain(IntegratedGradientsSpec(), closed_form(lambda x: x.abs().sqrt().sum(1)), table)
    assert found.converged.all()
    np.testing.assert_allclose(found.values["x"][..., 0], np.sqrt(np.abs(table["x"])), rtol=1e-2)


@pytest.mark.parametrize("rule", RULES)
def test_linear_model_gives_w_times_the_difference(
    rule: Rule, closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    weights = torch.tensor([1, -2, 3, 0, 0.5])
    baseline = np.full((7, 5), 0.25, np.float32)
    method = IntegratedGradientsSpec(rule=rule, n_steps=2)
    found = explain(method, closed_form(lambda x: x @ weights + 4), table, baselines={"x": baseline})
    np.testing.assert_allclose(found.values["x"][..., 0], weights.numpy() * (table["x"] - 0.25), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)
    np.testing.assert_allclose(found.base_value[:, 0], weights.sum().item() * 0.25 + 4, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(RULES),
    *(st.integers(1, most) for most in (5, 6, 3, 4, 7)),
    st.integers(0, 2**32 - 1),
)
def test_linear_models_of_any_shape_give_w_times_the_difference(
    rule: Rule, samples: int, features: int, outputs: int, columns: int, batch: int, seed: int
) -> None:
    """For any number of samples, features, outputs, targets and any size of batch, to float64's precision."""
    rng = np.random.default_rng(seed)
    x, baseline = rng.normal(size=(2, samples, features))
    targets = rng.integers(outputs, size=(samples, columns))
    net = nn.Linear(features, outputs).double()
    model = TorchModel(net, lambda raw: Encoded({"x": torch.tensor(raw["x"])}), "values", Compute(batch=batch))
    found = IntegratedGradientsSpec(rule=rule, n_steps=3).attribute(
        model, {"x": x}, {"x": baseline}, np.arange(samples), targets, Score(kind="value"), Compute(batch=batch)
    )
    weights = net.weight.detach().numpy()[targets]  # samples, columns, features
    expected = weights * (x - baseline)[:, None]
    np.testing.assert_allclose(found.values["x"], np.moveaxis(expected, 1, -1), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.residual, 0, atol=1e-10)


@pytest.mark.parametrize("rule", RULES)
def test_square_gives_the_square(rule: Rule, closed_form: Build, explain: Explain, table: dict[str, Array]) -> None:
    found = explain(IntegratedGradientsSpec(rule=rule, n_steps=3), closed_form(lambda x: (x**2).sum(1)), table)
    np.testing.assert_allclose(found.values["x"][..., 0], table["x"] ** 2, rtol=1e-4, atol=1e-6)


def test_product_is_shared_equally(closed_form: Build, explain: Explain, table: dict[str, Array]) -> None:
    found = explain(IntegratedGradientsSpec(n_steps=5), closed_form(lambda x: x[:, 0] * x[:, 1]), table)
    half = table["x"][:, 0] * table["x"][:, 1] / 2
    np.testing.assert_allclose(found.values["x"][:, :2, 0], np.stack([half, half], 1), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found.values["x"][:, 2:], 0)


def test_two_gauss_points_are_exact_for_the_fourth_power(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    method = IntegratedGradientsSpec(rule="gausslegendre", n_steps=2)
    found = explain(method, closed_form(lambda x: (x**4).sum(1)), table)
    np.testing.assert_allclose(found.values["x"][..., 0], table["x"] ** 4, rtol=1e-4, atol=1e-6)


def test_endpoints_are_the_mean_of_both_ends_whatever_the_function(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    method = IntegratedGradientsSpec(rule="endpoints", n_steps=2)
    found = explain(method, closed_form(lambda x: x.exp().sum(1)), table)
    expected = table["x"] * (np.exp(table["x"]) + 1) / 2
    np.testing.assert_allclose(found.values["x"][..., 0], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("score", ["logit", "probability", "loss"])
def test_refined_attributions_are_complete(
    rule: Rule, score: str, classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    method = IntegratedGradientsSpec(rule=rule, max_steps=3000)
    found = explain(method, classifier, table, np.full((7, 1), 1), score=score, batch=8)
    assert found.converged.all()
    assert relative_residual(found).max() <= 0.01
    np.testing.assert_allclose(
        found.values["x"].sum(axis=1) - (found.prediction - found.base_value), found.residual, atol=1e-5
    )


@pytest.mark.parametrize(("rule", "name"), [("midpoint", "riemann_middle"), ("gausslegendre", "gausslegendre")])
def test_captum_gives_the_same_with_the_same_steps(
    rule: Rule, name: str, classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    baselines = np.full((7, 5), 0.5, np.float32)
    targets = np.array([0, 1, 2, 0, 1, 2, 0])
    method = IntegratedGradientsSpec(rule=rule, n_steps=12)
    found = explain(method, classifier, table, targets[:, None], baselines={"x": baselines})
    expected = captum.attr.IntegratedGradients(classifier.net).attribute(
        torch.tensor(table["x"]), torch.tensor(baselines), torch.tensor(targets), n_steps=12, method=name
    )
    np.testing.assert_allclose(found.values["x"][..., 0], expected.numpy(), rtol=1e-5, atol=1e-6)


def test_captum_gives_the_same_at_a_hidden_layer(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    method = IntegratedGradientsSpec(n_steps=12, layer="4")
    found = explain(method, classifier, table, np.full((7, 1), 2))
    net = classifier.net
    activation = net[:5](torch.tensor(table["x"])).detach()
    expected = captum.attr.IntegratedGradients(net[5:]).attribute(
        activation, target=2, n_steps=12, method="riemann_middle"
    )
    np.testing.assert_allclose(found.values["4"][..., 0], expected.numpy(), rtol=1e-5, atol=1e-6)


def test_a_model_in_float64_is_explained_to_ten_digits(explain: Explain, table: dict[str, Array]) -> None:
    # Captum would not do here: it weights the steps in float32.
    net = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1)).double()
    x = torch.tensor(table["x"], dtype=torch.float64)
    points = torch.stack([(step + 0.5) / 12 * x for step in range(12)]).requires_grad_()
    (gradients,) = torch.autograd.grad(net(points).sum(), points)
    model = TorchModel(net, lambda _: Encoded({"x": x}), "values", Compute(batch=7))
    found = explain(IntegratedGradientsSpec(n_steps=12), model, table, batch=7)
    assert found.values["x"].dtype == np.float64
    np.testing.assert_allclose(found.values["x"][..., 0], (x * gradients.mean(0)).numpy(), rtol=1e-10, atol=1e-14)


def test_cancellation_is_not_taken_for_convergence(closed_form: Build, explain: Explain) -> None:
    # At x1 = x2 the two terms cancel in every sum, so the residual is zero however coarse the steps are.
    steep = closed_form(lambda x: torch.sigmoid(40 * (x[:, 0] - 0.5)) - torch.sigmoid(40 * (x[:, 1] - 0.5)))
    same = {"x": np.ones((1, 2), np.float32)}
    coarse = explain(IntegratedGradientsSpec(n_steps=3), steep, same)
    assert abs(coarse.residual[0, 0]) < 1e-6
    assert abs(coarse.values["x"][0, 0, 0] - 1) > 0.1
    refined = explain(IntegratedGradientsSpec(), steep, same)
    assert refined.converged.all()
    assert refined.values["x"][0, 0, 0] == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("unit", [1e3, 1e-2, 1e-4, 1e-6, 1e-9])
def test_the_unit_of_a_value_decides_neither_how_many_steps_nor_how_far_off(
    unit: float, closed_form: Build, explain: Explain
) -> None:
    """A thousandth was all of a concentration in mol/l: 7 steps were content with a map that was off by 12%."""

    def value(x: Tensor) -> Tensor:
        bent = torch.relu(x[:, 0] - 0.3) - torch.relu(x[:, 1] - 0.45)
        return bent + torch.sigmoid(20 * (x[:, 0] - 0.5)) + torch.tanh(3 * x[:, 0] * x[:, 1])

    samples = {"x": np.array([[1, 1], [0.7, 0.4], [0.6, 0.9]], np.float32)}
    points = torch.tensor((np.arange(20_000) + 0.5)[:, None, None] / 20_000 * samples["x"].astype(np.float64))
    points.requires_grad_()
    (gradients,) = torch.autograd.grad(value(points.flatten(0, 1)).sum(), points)
    exact = samples["x"] * gradients.mean(0).numpy()
    usual = explain(IntegratedGradientsSpec(), closed_form(value), samples)
    found = explain(IntegratedGradientsSpec(), closed_form(lambda x: unit * value(x)), samples)
    assert found.converged.all()
    np.testing.assert_array_equal(found.steps, usual.steps)
    off = np.abs(found.values["x"][..., 0] / unit - exact).sum(axis=1) / np.abs(exact).sum(axis=1)
    assert off.max() < 0.01


@pytest.mark.parametrize("unit", [1, 1e-6])
def test_what_cancels_on_the_way_is_soon_known_in_any_unit(unit: float, closed_form: Build, explain: Explain) -> None:
    """x (1 - x) goes up and comes back: neither its difference nor its attribution says how exact zero has to be."""
    there_and_back = closed_form(lambda x: unit * x[:, 0] * (1 - x[:, 0]))
    found = explain(IntegratedGradientsSpec(), there_and_back, {"x": np.ones((1, 1), np.float32)})
    assert found.converged.all()
    assert found.steps[0, 0] == 7
    assert abs(found.values["x"][0, 0, 0]) < 1e-6 * unit


def test_only_unfinished_samples_go_on(closed_form: Build, explain: Explain) -> None:
    kinked = closed_form(lambda x: x[:, 0] + torch.relu(x[:, 1] - 0.377))
    found = explain(IntegratedGradientsSpec(), kinked, {"x": np.array([[1, 0], [1, 1]], np.float32)})
    assert found.steps[0, 0] == 7  # linear: known after 3 points, confirmed by 7
    assert found.steps[1, 0] > 7


def test_refining_stops_at_the_limit_and_says_so(closed_form: Build, explain: Explain) -> None:
    jump = closed_form(lambda x: torch.sigmoid(1e4 * (x[:, 0] - 0.3)))
    found = explain(IntegratedGradientsSpec(max_steps=50), jump, {"x": np.ones((1, 1), np.float32)})
    assert not found.converged.any()
    assert found.steps[0, 0] == 31  # 3, 7, 15, 31; then 63
    fixed = explain(IntegratedGradientsSpec(n_steps=50), jump, {"x": np.ones((1, 1), np.float32)})
    assert fixed.converged.all()


def test_the_ladder_is_the_error_of_the_rule_pass_by_pass(closed_form: Build, explain: Explain) -> None:
    """Of x^4 from 0 to 1 the midpoint rule with n points gives 1 - 1 / (2 n^2): 3, 9, 27 points."""
    fourth = closed_form(lambda x: x[:, 0] ** 4)
    found = explain(IntegratedGradientsSpec(rule="midpoint"), fourth, {"x": np.ones((1, 1), np.float32)})
    estimate = [1 - 1 / (2 * n**2) for n in (3, 9, 27)]
    moved = [np.nan, *(abs(new - old) for old, new in pairwise(estimate))]
    assert found.ladder is not None
    assert found.ladder[0, 0, :3, 0].tolist() == [3, 9, 27]
    np.testing.assert_allclose(found.ladder[0, 0, :3, 1], [value - 1 for value in estimate], rtol=1e-3)
    np.testing.assert_allclose(found.ladder[0, 0, :3, 2], moved, rtol=1e-3)
    np.testing.assert_allclose(found.ladder[0, 0, :3, 3], estimate, rtol=1e-3)
    np.testing.assert_allclose(found.ladder[0, 0, :3, 4:], [[0, 1]] * 3)  # the scores at the ends
    assert not found.ladder[0, 0, 3:].any()  # it had stopped
    assert found.ladder[0, 0, 2, 1] == found.residual[0, 0]


def test_a_fixed_number_of_steps_has_no_ladder(closed_form: Build, explain: Explain, table: dict[str, Array]) -> None:
    assert explain(IntegratedGradientsSpec(n_steps=4), closed_form(lambda x: x.sum(1)), table).ladder is None


def test_rounding_of_large_scores_does_not_keep_it_going(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    offset = closed_form(lambda x: 5000 + 0.01 * x.sum(1))
    assert (explain(IntegratedGradientsSpec(), offset, table).steps == 7).all()


def test_a_sample_equal_to_its_baseline_gets_nothing(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    found = explain(IntegratedGradientsSpec(), classifier, table, baselines=table)
    np.testing.assert_array_equal(found.values["x"], 0)
    assert found.converged.all()


def test_baselines_go_through_the_preprocessing_of_the_model(explain: Explain) -> None:
    net = nn.Linear(2, 1, bias=False)
    model = TorchModel(net, lambda raw: Encoded({"x": torch.tensor(raw["x"]) / 16 - 1}), "values", Compute(batch=4))
    raw, baseline = np.array([[16, 4]], np.float32), np.array([[8, 8]], np.float32)
    found = explain(IntegratedGradientsSpec(n_steps=2), model, {"x": raw}, baselines={"x": baseline})
    weights = net.weight.detach().numpy()
    np.testing.assert_allclose(found.values["x"][..., 0], weights * (raw - baseline) / 16, rtol=1e-5)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)


def test_neither_order_nor_chunks_change_a_bit(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    targets = np.array([[0, 1], [1, 1], [2, 0], [0, 2], [1, 0], [2, 2], [0, 0]])
    whole = explain(IntegratedGradientsSpec(), classifier, table, targets, score="probability", batch=32)
    order = np.array([6, 2, 4, 0, 1, 5, 3])
    for rows in (order, order[:3], order[3:], order[:1]):
        part = explain(
            IntegratedGradientsSpec(), classifier, {"x": table["x"][rows]}, targets[rows], score="probability", batch=32
        )
        assert part.values["x"].tobytes() == whole.values["x"][rows].tobytes()
        assert part.residual.tobytes() == whole.residual[rows].tobytes()
        assert (part.steps == whole.steps[rows]).all()
        np.testing.assert_array_equal(part.ladder, whole.ladder[rows])


def test_several_inputs_add_up_together(explain: Explain) -> None:
    class Both(nn.Module):
        def forward(self, a: Tensor, b: Tensor) -> Tensor:
            return (a.sum(1) * b.sum(1))[:, None]

    model = TorchModel(
        Both(), lambda raw: Encoded({name: torch.tensor(array) for name, array in raw.items()}), "values", Compute()
    )
    inputs = {"a": np.ones((2, 3), np.float32), "b": np.full((2, 2), 2, np.float32)}
    found = explain(IntegratedGradientsSpec(n_steps=4), model, inputs)
    np.testing.assert_allclose(found.values["a"].sum(axis=1) + found.values["b"].sum(axis=1), 12, rtol=1e-5)
    np.testing.assert_allclose(found.values["a"][0, :, 0], 2, rtol=1e-5)
