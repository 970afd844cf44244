"""A hidden layer that something bypasses does not carry the whole score, and the check of completeness says so."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from exhibit.tasks.checks.completeness import CompletenessSpec
from exhibit.tasks.methods.gradient import VanillaGradSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.shap_deep import DeepShapSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.models.torch import Encoded, TorchModel, as_tensors
from exhibit.tasks.protocols import Compute, DifferentiableModel
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Attribution
from tests.checks.linear import WEIGHTS, linear_case

Explain = Callable[..., Attribution]
COMPUTE = Compute(batch=4)


class Residual(nn.Module):
    """stem -> stem + inside -> head; `added` is where both come together."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.inside, self.head = nn.Linear(5, 4), nn.Linear(4, 4), nn.Linear(4, 2)
        self.added = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        before = self.stem(x)
        return self.head(self.added(before + torch.tanh(self.inside(before))))


def torch_model() -> TorchModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TorchModel(Residual(), as_tensors, "logits", COMPUTE)


def keras_model() -> DifferentiableModel:
    from exhibit.tasks.models.keras import KerasModel, configure
    from exhibit.tasks.models.keras_import import keras

    configure(COMPUTE)
    x = keras.layers.Input((5,))
    before = keras.layers.Dense(4, name="stem")(x)
    inside = keras.layers.Dense(4, activation="tanh", name="inside")(before)
    added = keras.layers.Add(name="added")([before, inside])
    net = keras.Model(x, keras.layers.Dense(2, name="head")(added))
    return KerasModel(net, dict, "logits", COMPUTE)


@pytest.mark.parametrize("build", [torch_model, keras_model])
@pytest.mark.parametrize(
    ("layer", "verdict"), [("stem", "pass"), ("inside", "not applicable"), ("added", "pass"), ("head", "pass")]
)
def test_only_the_layer_beside_a_skip_connection_is_bypassed(
    layer: str, verdict: str, build: Callable[[], DifferentiableModel], explain: Explain, table: dict[str, Array]
) -> None:
    found = explain(IntegratedGradientsSpec(layer=layer), build(), table)
    result = CompletenessSpec().measure(linear_case(WEIGHTS, attributions=[found]))
    assert result.verdict == verdict
    assert ("skip connection" in result.sentence) == (verdict == "not applicable")
    assert result.required == (verdict == "pass")


@pytest.mark.parametrize(("layer", "adds_up"), [("stem", True), ("inside", False)])
def test_what_is_bypassed_does_not_add_up_to_the_difference_of_the_score(
    layer: str, adds_up: bool, explain: Explain, table: dict[str, Array]
) -> None:
    """Against a baseline in raw units: S(x') is that of the baseline, not of the sample with one layer replaced."""
    model, baseline = torch_model(), {"x": np.full_like(table["x"], 0.5)}
    found = explain(IntegratedGradientsSpec(layer=layer, n_steps=100), model, table, baselines=baseline)
    difference = (model.predict(table) - model.predict(baseline))[:, 0]
    missing = np.abs(found.values[layer].sum(axis=1)[:, 0] - difference).max()
    assert (missing < 1e-4) == adds_up


class Both(nn.Module):
    """Two inputs that meet after a layer each, and interact."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.head = nn.Linear(3, 4), nn.Linear(3, 4), nn.Linear(4, 2)
        self.mixed = nn.Tanh()

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return self.head(self.mixed(self.first(a) + self.second(b)))


def torch_pair() -> TorchModel:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return TorchModel(Both(), as_tensors, "logits", COMPUTE)


def keras_pair() -> DifferentiableModel:
    from exhibit.tasks.models.keras import KerasModel, configure
    from exhibit.tasks.models.keras_import import keras

    configure(COMPUTE)
    keras.utils.set_random_seed(0)
    a, b = (keras.layers.Input((3,), name=name) for name in "ab")
    first = keras.layers.Dense(4, name="first")(a)
    second = keras.layers.Dense(4, name="second")(b)
    together = keras.layers.Activation("tanh")(keras.layers.Add()([first, second]))
    return KerasModel(keras.Model([a, b], keras.layers.Dense(2, name="head")(together)), dict, "logits", COMPUTE)


PAIR = {name: np.random.default_rng(number).normal(size=(3, 3)).astype(np.float32) for number, name in enumerate("ab")}
ROWS = {
    name: np.random.default_rng(9 + number).normal(size=(5, 3)).astype(np.float32) for number, name in enumerate("ab")
}
HELD = [
    (IntegratedGradientsSpec(layer="first"), None),
    (DeepShapSpec(layer="first"), ROWS),
    (GradientShapSpec(layer="first", nsamples=4000), ROWS),
]


@pytest.mark.parametrize("build", [torch_pair, keras_pair])
@pytest.mark.parametrize(("method", "rows"), HELD, ids=[method.kind for method, _ in HELD])
def test_at_the_layer_of_one_of_two_inputs_the_other_is_held(
    method: Any, rows: Any, build: Callable[[], DifferentiableModel], explain: Explain
) -> None:
    """The parts add up to the printed difference, S(x) less the score with that layer's activation replaced."""
    model = build()
    found = explain(method, model, PAIR, baselines=rows, batch=64)
    assert not found.bypassed.any()
    place, other = model.place(PAIR, "first"), None if rows is None else model.place(rows, "first")
    compared = np.zeros((1, 4), np.float32) if other is None else next(iter(other.values.values()))
    for row in range(3):
        replaced = np.concatenate(
            [place.outputs({next(iter(place.values)): np.tile(each, (3, 1))})[row] for each in compared[:, np.newaxis]]
        ).reshape(len(compared), -1)
        assert found.base_value[row, 0] == pytest.approx(float(replaced[:, 0].mean()), abs=1e-5)
    loose = CompletenessSpec(threshold=0.2 if method.kind == "gradient_shap" else 0.01, floor=0.1)
    assert loose.measure(linear_case(WEIGHTS, attributions=[found])).verdict == "pass"
    wrong = found.model_copy(update={"residual": found.residual + 7.3})
    assert loose.measure(linear_case(WEIGHTS, attributions=[wrong])).verdict == "fail"


def test_ids_have_no_numbers_that_could_bypass_their_embedding(explain: Explain) -> None:
    net = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 2))
    model = TorchModel(net, lambda raw: Encoded({"text": torch.tensor(raw["text"])}), "logits", COMPUTE)
    tokens = {"text": np.array([[1, 2, 3], [4, 5, 6]])}
    found = explain(IntegratedGradientsSpec(layer="0", n_steps=2), model, tokens)
    assert not found.bypassed.any()


def test_it_is_asked_only_where_something_should_add_up(explain: Explain, table: dict[str, Array]) -> None:
    model = torch_model()
    assert explain(VanillaGradSpec(layer="inside"), model, table).bypassed is None
    assert explain(IntegratedGradientsSpec(), model, table).bypassed is None
