"""Expected gradients are the mean of integrated gradients over the background."""

from collections.abc import Callable

import numpy as np
import pytest

from tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from tasks.models.torch import TorchModel
from tasks.records import Array, Attribution, InputError

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


def test_without_a_background_they_are_refused(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    with pytest.raises(InputError, match="no background rows"):
        explain(ExpectedGradientsSpec(), classifier, table)
