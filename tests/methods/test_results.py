"""What comes with every result, by known answers; and that few explanations share the batches of the model."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from exhibit.tasks.methods.draws import Draws, SamplingSpec
from exhibit.tasks.methods.gradient import GradientMethod, GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import ExpectedGradientsSpec, IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.models.torch import TorchModel
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution

Build = Callable[..., TorchModel]
Explain = Callable[..., Attribution]

IDS = np.array([f"s{row}" for row in range(7)])
NOISE = SamplingSpec(nt_samples=6, stdevs=0.4, mode="absolute")
FAMILY = [
    VanillaGradSpec(),
    GradientXInputSpec(),
    IntegratedGradientsSpec(),
    IntegratedGradientsSpec(n_steps=4),
    ExpectedGradientsSpec(n_steps=4),
    OcclusionSpec(),
    VanillaGradSpec(sampling=NOISE),
    IntegratedGradientsSpec(n_steps=4, sampling=NOISE),
]


def square(x: Tensor) -> Tensor:
    return (x**2).sum(1)


def noisy(model: TorchModel, table: dict[str, Array]) -> Array:
    """(draws, samples, features) that are explained."""
    draws, place = Draws(NOISE, "input", IDS), model.place(table)
    each = (draws.of(np.arange(7), np.full(7, number)).noisy(place)["x"] for number in range(NOISE.nt_samples))
    return np.stack([item.astype(np.float64) for item in each])


@pytest.mark.parametrize("method", FAMILY, ids=lambda method: method.title)
def test_every_result_is_complete_as_a_record(
    method: GradientMethod, closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    targets = np.zeros((7, 2), np.int64)  # the same output twice
    found = explain(method, closed_form(square), table, targets, baselines={"x": np.full((7, 5), 0.5, np.float32)})
    for numbers in (found.prediction, found.base_value, found.residual, found.steps, found.converged):
        assert numbers.shape == (7, 2)
    np.testing.assert_allclose(found.prediction[:, 0], (table["x"] ** 2).sum(1), rtol=1e-5)
    np.testing.assert_array_equal(found.values["x"][..., 0], found.values["x"][..., 1])
    assert found.converged.all()
    assert (found.steps > 0).all() == method.additive
    assert (np.isfinite(found.base_value) & np.isfinite(found.residual)).all() == method.additive
    if method.additive:
        np.testing.assert_allclose(found.base_value, 5 * 0.5**2, rtol=1e-5)


@pytest.mark.parametrize("method", [method for method in FAMILY if method.additive], ids=lambda method: method.title)
def test_the_residual_is_what_the_parts_lack(
    method: GradientMethod, closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    baseline = {"x": np.full((7, 5), 0.5, np.float32)}
    found = explain(method, closed_form(lambda x: x.exp().sum(1)), table, baselines=baseline)
    gap = 0 if found.sampling_gap is None else found.sampling_gap
    expected = found.values["x"].sum(axis=1) - (found.prediction - found.base_value + gap)
    np.testing.assert_allclose(found.residual, expected, atol=2e-5)


def test_integrated_gradients_of_noisy_squares_have_the_moments_and_errors_of_their_draws(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    """Of x^2 against 0 each draw gives (x + e)^2."""
    model = closed_form(square)
    found = explain(IntegratedGradientsSpec(n_steps=4, sampling=NOISE), model, table, ids=IDS)
    draws = noisy(model, table) ** 2
    powers = np.stack([draws, np.abs(draws), draws**2], axis=-1)
    np.testing.assert_allclose(found.values["x"][..., 0], draws.mean(0), rtol=1e-4)
    np.testing.assert_allclose(found.moments["x"][:, :, 0], powers.mean(0), rtol=1e-4)
    expected = powers.std(0, ddof=1) / np.sqrt(NOISE.nt_samples)
    np.testing.assert_allclose(found.standard_error["x"][:, :, 0], expected, rtol=1e-3, atol=1e-6)


def test_the_sampling_gap_of_a_square_is_what_the_noise_adds_to_it(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    model = closed_form(square)
    found = explain(IntegratedGradientsSpec(n_steps=4, sampling=NOISE), model, table, ids=IDS)
    expected = (noisy(model, table) ** 2).sum(axis=2).mean(axis=0) - (table["x"].astype(np.float64) ** 2).sum(axis=1)
    np.testing.assert_allclose(found.sampling_gap[:, 0], expected, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.residual, 0, atol=1e-4)


def test_draws_of_nothing_are_integrated_gradients_themselves(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    plain = explain(IntegratedGradientsSpec(n_steps=5), classifier, table)
    drawn = explain(
        IntegratedGradientsSpec(n_steps=5, sampling=SamplingSpec(nt_samples=1, stdevs=0)), classifier, table
    )
    assert drawn.values["x"].tobytes() == plain.values["x"].tobytes()
    assert drawn.residual.tobytes() == plain.residual.tobytes()


class Counting:
    """The square, and how often the model was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, x: Tensor) -> Tensor:
        self.calls += 1
        assert len(x) == 32
        return square(x)


@pytest.mark.parametrize(
    ("method", "calls"),
    [
        (VanillaGradSpec(), 1),
        (IntegratedGradientsSpec(n_steps=16), 2),  # all points in one batch, and both ends in another
        (IntegratedGradientsSpec(n_steps=64), 5),
        (VanillaGradSpec(sampling=SamplingSpec(nt_samples=16)), 2),  # all draws, and the sample without noise
        (OcclusionSpec(), 1),  # the samples as they are, beside their windows
    ],
)
def test_the_points_and_draws_of_few_samples_share_a_batch(
    method: GradientMethod, calls: int, closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    formula = Counting()
    explain(method, closed_form(formula, batch=32), {"x": table["x"][:2]}, batch=32)
    assert formula.calls == calls


@pytest.mark.parametrize("count", [1, 5, 7])
@pytest.mark.parametrize("sampling", [None, SamplingSpec(nt_samples=9, dropout=True)])
def test_sharing_a_batch_changes_no_bit(
    count: int, sampling: SamplingSpec | None, classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    """Few samples fill the batch of 32 with their points and draws; beside others they have it to share."""
    rows = np.tile(np.arange(7), 5)
    method = IntegratedGradientsSpec(n_steps=9, sampling=sampling)
    many, few = (
        explain(method, classifier, {"x": table["x"][chosen]}, batch=32, ids=IDS[chosen])
        for chosen in (rows, np.arange(count))
    )
    assert many.values["x"][:count].tobytes() == few.values["x"].tobytes()
    assert many.residual[:count].tobytes() == few.residual.tobytes()


def test_a_fresh_mask_per_step_is_the_same_however_the_points_are_batched(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    sampling = SamplingSpec(nt_samples=3, stdevs=0, dropout=True, mask="per_step")
    method = IntegratedGradientsSpec(n_steps=5, rule="endpoints", sampling=sampling)
    whole = explain(method, classifier, table, batch=32, ids=IDS)
    alone = explain(method, classifier, {"x": table["x"][2:3]}, batch=32, ids=IDS[2:3])
    assert whole.values["x"][2:3].tobytes() == alone.values["x"].tobytes()


def test_float64_stays_float64(closed_form: Build, explain: Explain, table: dict[str, Array]) -> None:
    from exhibit.tasks.models.torch import Encoded
    from exhibit.tasks.protocols import Compute

    precise = {"x": table["x"].astype(np.float64)}
    single = closed_form(square)
    model = TorchModel(single.net, lambda raw: Encoded({"x": torch.tensor(raw["x"])}), "values", Compute(batch=4))
    for method in FAMILY:
        found = explain(method, model, precise, baselines={"x": np.zeros((7, 5))})
        assert {array.dtype for array in (found.values["x"], *found.moments.values())} == {np.dtype(np.float64)}
    exact = explain(GradientXInputSpec(), model, precise).values["x"][..., 0]
    np.testing.assert_allclose(exact, 2 * precise["x"] ** 2, rtol=1e-12)
    occluded = explain(OcclusionSpec(), model, precise).values["x"][..., 0]
    np.testing.assert_allclose(occluded, precise["x"] ** 2, rtol=1e-10)
