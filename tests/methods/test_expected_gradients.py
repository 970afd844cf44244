"""Expected gradients are the mean of integrated gradients over the background."""

from collections.abc import Callable

import numpy as np
import pytest

from exhibit.tasks.checks.completeness import CompletenessSpec
from exhibit.tasks.methods.draws import SamplingSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from exhibit.tasks.models.torch import TorchModel
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.explanation import Attribution
from tests.checks.linear import WEIGHTS, linear_case

Explain = Callable[..., Attribution]
BACKGROUND = {"x": np.random.default_rng(5).normal(size=(3, 5)).astype(np.float32)}


def test_they_are_the_mean_over_baselines_with_its_error(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    found = explain(ExpectedGradientsSpec(n_steps=6), classifier, table, baselines=BACKGROUND)
    each = [
        explain(IntegratedGradientsSpec(n_steps=6), classifier, table, baselines={"x": np.tile(row, (7, 1))})
        for row in BACKGROUND["x"]
    ]
    values = np.stack([single.values["x"] for single in each])
    np.testing.assert_allclose(found.values["x"], values.mean(0), rtol=1e-5, atol=1e-7)
    error = values.std(0, ddof=1) / np.sqrt(3)
    np.testing.assert_allclose(found.standard_error["x"][..., 0], error, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.base_value, np.mean([single.base_value for single in each], axis=0), rtol=1e-6)


def test_they_add_up_to_the_difference_from_the_mean_score(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    found = explain(ExpectedGradientsSpec(), classifier, table, baselines=BACKGROUND)
    np.testing.assert_allclose(
        found.values["x"].sum(axis=1), found.prediction - found.base_value + found.residual, atol=1e-5
    )
    assert np.abs(found.residual).max() < 0.02
    np.testing.assert_allclose(found.sampling_gap, 0, atol=1e-6)


def test_residuals_of_opposite_signs_do_not_cancel(closed_form: Callable[..., TorchModel], explain: Explain) -> None:
    """x**3 at 0 against 1 and -1, one midpoint: -+3/4 of the differences -+1."""
    inputs, baselines = {"x": np.zeros((7, 1), np.float32)}, {"x": np.array([[1], [-1]], np.float32)}
    model = closed_form(lambda x: (x**3).sum(1))
    found = explain(ExpectedGradientsSpec(n_steps=1), model, inputs, baselines=baselines)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
    np.testing.assert_allclose(found.draw_residual, 0.25, rtol=1e-6)
    np.testing.assert_allclose(found.draw_difference, 1, rtol=1e-6)
    assert CompletenessSpec().measure(linear_case(WEIGHTS, attributions=[found])).value == 0


def test_baselines_do_not_share_draws(closed_form: Callable[..., TorchModel], explain: Explain) -> None:
    """Of x**2 between 0 and x + e: E[(x + e)**2] = x**2 + s**2, with an error from all baselines times draws, also
    where the baselines are equal."""
    inputs, origin = {"x": np.full((7, 5), 2, np.float32)}, {"x": np.zeros((20, 5), np.float32)}
    method = ExpectedGradientsSpec(n_steps=4, sampling=SamplingSpec(nt_samples=10, stdevs=0.5, mode="absolute"))
    found = explain(method, closed_form(lambda x: (x**2).sum(1)), inputs, baselines=origin, batch=32)
    true = np.sqrt((4 * 2**2 * 0.5**2 + 2 * 0.5**4) / 200)
    assert np.std(found.values["x"] - (2**2 + 0.5**2)) == pytest.approx(true, rel=0.3)
    assert np.sqrt(np.mean(found.standard_error["x"][..., 0] ** 2)) == pytest.approx(true, rel=0.2)


def test_the_error_over_unlike_baselines_is_that_of_the_means_per_baseline(
    closed_form: Callable[..., TorchModel], explain: Explain, table: dict[str, Array]
) -> None:
    """Of a sum the attributions are x + e - x'. More draws make e smaller, but there are no more baselines."""
    method = ExpectedGradientsSpec(n_steps=2, sampling=SamplingSpec(nt_samples=8, stdevs=1e-3, mode="absolute"))
    found = explain(method, closed_form(lambda x: x.sum(1)), table, baselines=BACKGROUND)
    error = BACKGROUND["x"].std(axis=0, ddof=1) / np.sqrt(3)
    np.testing.assert_allclose(found.standard_error["x"][:, :, 0, 0], np.tile(error, (7, 1)), rtol=0.02)
    np.testing.assert_allclose(found.values["x"][..., 0], table["x"] - BACKGROUND["x"].mean(axis=0), atol=2e-3)


def test_without_a_background_they_are_refused(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    with pytest.raises(InputError, match="the background is empty"):
        explain(ExpectedGradientsSpec(), classifier, table)
