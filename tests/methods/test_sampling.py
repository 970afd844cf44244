"""Sampling: known moments, draws that depend on nothing but their key, dropout alone."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.methods.draws import Draws, SamplingSpec
from exhibit.tasks.methods.gradient import GradientXInputSpec, VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.models.torch import TorchModel, as_tensors
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.explanation import Attribution

Build = Callable[..., TorchModel]
Explain = Callable[..., Attribution]

DROPOUT = SamplingSpec(nt_samples=6, stdevs=0, dropout=True)
IDS = np.array([f"s{row}" for row in range(7)])


def noisy(sampling: SamplingSpec, model: TorchModel, table: dict[str, Array]) -> list[Array]:
    """What every draw explains."""
    place = model.place(table)
    draws = Draws(sampling, "input", IDS)
    return [draws.of(np.arange(7), np.full(7, number)).noisy(place)["x"] for number in range(sampling.nt_samples)]


def test_one_draw_without_noise_is_the_gradient(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    plain = explain(VanillaGradSpec(), classifier, table)
    drawn = explain(VanillaGradSpec(sampling=SamplingSpec(nt_samples=1, stdevs=0)), classifier, table)
    assert drawn.values["x"].tobytes() == plain.values["x"].tobytes()
    np.testing.assert_allclose(drawn.prediction, plain.prediction, rtol=1e-6)
    np.testing.assert_allclose(drawn.sampling_gap, 0, atol=1e-6)
    assert np.isnan(drawn.standard_error["x"]).all()


def test_a_linear_model_has_no_standard_error(closed_form: Build, explain: Explain, table: dict[str, Array]) -> None:
    found = explain(VanillaGradSpec(sampling=SamplingSpec()), closed_form(lambda x: 3 * x.sum(1)), table)
    np.testing.assert_allclose(found.values["x"], 3, rtol=1e-6)
    np.testing.assert_allclose(found.standard_error["x"], 0, atol=1e-6)


def test_moments_and_errors_are_those_of_the_draws(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    model, sampling = closed_form(lambda x: (x**3).sum(1)), SamplingSpec(nt_samples=8)
    found = explain(VanillaGradSpec(sampling=sampling), model, table)
    gradients = np.stack([3 * x.astype(np.float64) ** 2 for x in noisy(sampling, model, table)])
    powers = np.stack([gradients, np.abs(gradients), gradients**2], axis=-1)
    np.testing.assert_allclose(found.values["x"][..., 0], gradients.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.moments["x"][:, :, 0], powers.mean(0), rtol=1e-5)
    expected = powers.std(0, ddof=1) / np.sqrt(8)
    np.testing.assert_allclose(found.standard_error["x"][:, :, 0], expected, rtol=1e-4, atol=1e-7)


def test_channels_are_summed_before_errors_are_taken(explain: Explain) -> None:
    class Cubes(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (x**3).flatten(1).sum(1)[:, None]

    model = TorchModel(Cubes(), as_tensors, "values", Compute(batch=4))
    pixels = {"x": np.random.default_rng(0).normal(size=(2, 4, 3, 3)).astype(np.float32)}  # channels first
    found = explain(VanillaGradSpec(sampling=SamplingSpec(nt_samples=5)), model, pixels)
    assert found.values["x"].shape == (2, 3, 3, 4, 1)
    assert found.moments["x"].shape == found.standard_error["x"].shape == (2, 3, 3, 1, 3)
    np.testing.assert_allclose(found.moments["x"][..., 0], found.values["x"].sum(axis=3), rtol=1e-5)
    # The channels of a series, (samples, steps, channels), are elements.
    series = {"x": pixels["x"][:, 0]}
    found = explain(VanillaGradSpec(sampling=SamplingSpec(nt_samples=5)), model, series)
    assert found.moments["x"].shape == found.standard_error["x"].shape == (2, 3, 3, 1, 3)
    np.testing.assert_allclose(found.moments["x"][..., 0], found.values["x"], rtol=1e-5)


def test_the_error_of_many_draws_covers_the_known_mean(
    closed_form: Build, explain: Explain, table: dict[str, Array]
) -> None:
    sampling = SamplingSpec(nt_samples=400, stdevs=0.5, mode="absolute")
    found = explain(VanillaGradSpec(sampling=sampling), closed_form(lambda x: (x**2).sum(1)), table, batch=7)
    error = found.standard_error["x"][:, :, 0, 0]
    np.testing.assert_allclose(error, 2 * 0.5 / np.sqrt(400), rtol=0.2)
    assert (np.abs(found.values["x"][..., 0] - 2 * table["x"]) < 4.5 * error).all()
    # E[(x + e)^2] - x^2 is the variance of e, in each of five features.
    np.testing.assert_allclose(found.sampling_gap, 5 * 0.25, atol=0.5)


def test_noise_is_relative_to_the_range_of_each_sample(closed_form: Build, table: dict[str, Array]) -> None:
    model = closed_form(lambda x: x.sum(1))
    relative, absolute = (
        noisy(SamplingSpec(nt_samples=1, stdevs=0.3, mode=mode), model, table)[0] - table["x"]
        for mode in ("relative", "absolute")
    )
    ranges = np.ptp(table["x"], axis=1, keepdims=True)
    np.testing.assert_allclose(relative, absolute * ranges, rtol=1e-4, atol=1e-6)


def test_columns_of_a_table_have_no_range_in_a_sample(closed_form: Build, table: dict[str, Array]) -> None:
    with pytest.raises(InputError, match=r"per_channel .* x has one number for each element .* bring them to one unit"):
        noisy(SamplingSpec(mode="per_channel"), closed_form(lambda x: x.sum(1)), table)


@pytest.mark.parametrize("sampling", [SamplingSpec(nt_samples=3), DROPOUT, SamplingSpec(nt_samples=3, dropout=True)])
def test_neither_order_nor_chunks_change_a_bit(
    sampling: SamplingSpec, classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    method, targets = VanillaGradSpec(sampling=sampling), np.array([[0], [1], [2], [0], [1], [2], [0]])
    whole = explain(method, classifier, table, targets, batch=32, ids=IDS)
    order = np.array([6, 2, 4, 0, 1, 5, 3])
    for rows in (order, order[:3], order[:1]):
        part = explain(method, classifier, {"x": table["x"][rows]}, targets[rows], batch=32, ids=IDS[rows])
        assert part.values["x"].tobytes() == whole.values["x"][rows].tobytes()
        assert part.standard_error["x"].tobytes() == whole.standard_error["x"][rows].tobytes()


@pytest.mark.parametrize("spelling", [2, -5])
def test_a_layer_has_the_same_draws_however_it_is_spelled(
    spelling: int, classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    assert classifier.layers[spelling] == "2"
    named, numbered = (
        explain(VanillaGradSpec(layer=layer, sampling=SamplingSpec(nt_samples=2)), classifier, table).values
        for layer in ("2", spelling)
    )
    assert {name: values.tobytes() for name, values in named.items()} == {
        name: values.tobytes() for name, values in numbered.items()
    }


def test_another_seed_gives_other_draws(classifier: TorchModel, explain: Explain, table: dict[str, Array]) -> None:
    a, b = (
        explain(VanillaGradSpec(sampling=SamplingSpec(nt_samples=2, seed=seed)), classifier, table).values["x"]
        for seed in (0, 1)
    )
    assert not np.allclose(a, b)


class DropoutNet(nn.Module):
    """Batch normalisation, then a dropout module, then a functional dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(5)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        kept = self.dropout(self.norm(x))
        return functional.dropout(kept, 0.25, self.training).sum(1, keepdim=True)


def test_dropout_drops_by_its_numbers_and_nothing_else_is_in_training(
    explain: Explain, table: dict[str, Array]
) -> None:
    model = TorchModel(DropoutNet().eval(), as_tensors, "values", Compute(batch=7))
    found = explain(VanillaGradSpec(sampling=DROPOUT), model, table, batch=7)
    expected = np.zeros((7, 5))
    for number in range(DROPOUT.nt_samples):
        draws = Draws(DROPOUT, "input", IDS)
        for row in range(7):
            first, second = (draws.generator(row, number, f"dropout {n}").random((5,), np.float32) for n in (0, 1))
            expected[row] += (first >= 0.5) / 0.5 * (second >= 0.25) / 0.75 / DROPOUT.nt_samples
    np.testing.assert_allclose(found.values["x"][..., 0], expected / np.sqrt(1 + 1e-5), rtol=1e-5)
    assert not any(module.training for module in model.net.modules())
    np.testing.assert_array_equal(model.net.norm.running_mean, 0)


def test_the_global_random_state_is_left_alone(
    classifier: TorchModel, explain: Explain, table: dict[str, Array]
) -> None:
    before = torch.get_rng_state().numpy().tobytes(), np.random.get_state()[1].tobytes()
    explain(VanillaGradSpec(sampling=SamplingSpec(nt_samples=2, dropout=True)), classifier, table)
    assert (torch.get_rng_state().numpy().tobytes(), np.random.get_state()[1].tobytes()) == before


def test_masks_held_along_the_path_are_complete_and_fresh_ones_per_step_are_not(
    explain: Explain, table: dict[str, Array]
) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = nn.Sequential(nn.Linear(5, 32), nn.Dropout(0.5), nn.Softplus(), nn.Linear(32, 1))
    model = TorchModel(net, as_tensors, "values", Compute(batch=7))
    held, fresh = (
        explain(
            IntegratedGradientsSpec(n_steps=20, sampling=SamplingSpec(nt_samples=3, stdevs=0, dropout=True, mask=mask)),
            model,
            table,
            batch=7,
        )
        for mask in ("per_draw", "per_step")
    )
    assert np.abs(held.residual).max() < 1e-3
    assert np.abs(fresh.residual).max() > 1e-2


class RecurrentNet(nn.Module):
    """Drops between its layers, where nobody can reach."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(5, 1, num_layers=2, dropout=0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.recurrent(x)[0]


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (nn.Linear(5, 1), "the model has no dropout"),
        (nn.Sequential(nn.Linear(5, 4), nn.AlphaDropout(0.5), nn.Linear(4, 1)), "alpha_dropout cannot be sampled"),
        (RecurrentNet(), r"the dropout inside 'recurrent' \(LSTM\)"),
    ],
)
def test_what_cannot_be_sampled_is_refused(
    net: nn.Module, message: str, explain: Explain, table: dict[str, Array]
) -> None:
    model = TorchModel(net, as_tensors, "values", Compute(batch=7))
    with pytest.raises(InputError, match=message):
        explain(VanillaGradSpec(sampling=DROPOUT), model, table, batch=7)


def test_methods_name_their_sampling() -> None:
    assert VanillaGradSpec(sampling=SamplingSpec()).title == "Gradient with SmoothGrad noise"
    assert "Akita" in GradientXInputSpec(sampling=DROPOUT).citation
    assert "6 draws" in VanillaGradSpec(sampling=DROPOUT).formula
