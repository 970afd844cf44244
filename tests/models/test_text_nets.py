"""Nets for texts, in torch and in Keras: the words that decide are the ones that are named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.baselines import background
from exhibit.tasks.data.text import TextSpec
from exhibit.tasks.methods.integrated_gradients import IntegratedGradientsSpec
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_deep import DeepShapSpec
from exhibit.tasks.methods.shap_gradient import GradientShapSpec
from exhibit.tasks.methods.shap_partition import PartitionShapSpec
from exhibit.tasks.models.performance import performance
from exhibit.tasks.models.zoo.keras_text_net import KerasTextNetSpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.models.zoo.text_net import TextNetSpec
from exhibit.tasks.models.zoo.texts import TextTraining
from exhibit.tasks.protocols import Compute, Score, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Prediction
from tests.conftest import Memory

COMPUTE = Compute(batch=32)
GOOD, BAD = ("wonderful", "lovely", "brilliant"), ("dreadful", "boring", "awful")
PLAIN = ["the", "a", "film", "story", "actor", "scene", "music", "with", "and", "of", "was", "very", "plot"]
METHODS: dict[str, Callable[[], Any]] = {
    "integrated gradients": lambda: IntegratedGradientsSpec(layer="embed"),
    "deep": lambda: DeepShapSpec(layer="embed", background=10),
    "gradient": lambda: GradientShapSpec(layer="embed", background=10, nsamples=50),
    "occlusion": OcclusionSpec,
    "partition": lambda: PartitionShapSpec(masker="tokens", max_evals=200),
}


@pytest.fixture(scope="module")
def reviews(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made-up reviews of which one word says how they end."""
    draws, path = np.random.default_rng(0), tmp_path_factory.mktemp("reviews") / "reviews.csv"
    lines = ["text,verdict,stars"]
    for number in range(200):
        good = number % 2 == 0
        text = [str(word) for word in draws.choice(PLAIN, int(draws.integers(4, 9)))]
        text.insert(int(draws.integers(len(text))), str(draws.choice(GOOD if good else BAD)))
        lines.append(f"{' '.join(text)},{'good' if good else 'bad'},{4.5 if good else 1.5}")
    path.write_text("\n".join(lines))
    return path


def trained(path: Path, model: Any, label: str = "verdict") -> tuple[Dataset, Any]:
    task: Any = "regression" if label == "stars" else "auto"
    data = TextSpec(path=path, text="text", label=label, task=task, length=12).load(Memory())
    weights = model.fit(data, COMPUTE, silent)
    return data, model.restore(data, weights, COMPUTE)


@pytest.fixture(scope="module", params=[TextNetSpec, KerasTextNetSpec], ids=["torch", "Keras"])
def known(request: pytest.FixtureRequest, reviews: Path) -> tuple[Dataset, Any]:
    return trained(reviews, request.param(epochs=8))


def token_values(part: Any) -> Array:
    values: Array = part.values["text"][..., 0]
    return values if values.ndim == 2 else values.sum(axis=-1)


@pytest.mark.parametrize("name", METHODS)
def test_the_word_that_decides_is_named(name: str, known: tuple[Dataset, Any]) -> None:
    data, net = known
    rows = np.flatnonzero(data.split == "test")[:8]
    inputs = {key: values[rows] for key, values in data.arrays.items()}
    method = METHODS[name]()
    counted = getattr(method, "background", None)
    compared: dict[str, Array] | None = (
        {"text": np.zeros_like(inputs["text"])} if counted is None else background(counted, 0, data)
    )
    if name == "integrated gradients":
        compared = None
    targets = data.labels[rows][:, np.newaxis]
    part = method.attribute(net, inputs, compared, data.sample_ids[rows], targets, Score(kind="logit"), COMPUTE)
    values = token_values(part)
    found = [data.inputs[0].vocabulary[ids[row.argmax()]] for ids, row in zip(inputs["text"], values, strict=True)]
    # A word may also count because other texts have a strong one in its place.
    assert sum(word in (*GOOD, *BAD) for word in found) >= (len(rows) if counted is None else len(rows) - 2)
    if method.additive and name != "gradient":  # which draws
        size = np.abs(part.prediction - part.base_value)
        assert (np.abs(part.residual) <= 0.02 * size + 1e-3).all()


def test_a_layer_that_shap_is_given_leaves_no_warning(
    known: tuple[Dataset, Any], recwarn: pytest.WarningsRecorder
) -> None:
    data, net = known
    inputs = {key: values[:2] for key, values in data.arrays.items()}
    DeepShapSpec(layer="embed").attribute(
        net, inputs, background(5, 0, data), data.sample_ids[:2], np.zeros((2, 1), int), Score(kind="logit"), COMPUTE
    )
    assert [str(item.message) for item in recwarn if "Module" in str(item.message)] == []


@pytest.mark.parametrize("model", [TextNetSpec, pytest.param(KerasTextNetSpec, marks=pytest.mark.slow)])
def test_a_value_is_predicted_in_its_own_unit(model: type[TextTraining], reviews: Path) -> None:
    data, net = trained(reviews, model(epochs=25, reads="mean", dropout=0.0), "stars")
    found = performance(data, Prediction(kind=net.output, outputs=net.predict(data.arrays)))
    assert net.output == "values"
    assert found.metrics[1].value > 0.8


def test_padding_says_nothing(known: tuple[Dataset, Any]) -> None:
    """Its embedding is zero, in training as well."""
    data, net = known
    seen = net.place({"text": data.inputs[0].values[:4]}, "embed").values["text"]
    assert (seen[data.inputs[0].values[:4] == 0] == 0).all()
    assert (data.inputs[0].values[:4] == 0).any()


def test_other_data_are_refused(reviews: Path) -> None:
    data = TextSpec(path=reviews, text="text", label="verdict").load(Memory())
    with pytest.raises(InputError, match="an mlp takes one table, but the data has 'text' of kind text"):
        MLPSpec().fit(data, COMPUTE, silent)
