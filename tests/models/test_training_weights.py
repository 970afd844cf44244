"""Rows of a training that do not all count alike: what counts twice is what is there twice."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory

SOURCE = """
def torch_net(outputs):
    from torch import nn

    return nn.Linear(2, outputs)


def keras_net(outputs):
    import keras

    return keras.Sequential([keras.Input((2,)), keras.layers.Dense(outputs)])
"""
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(12, 2)).astype(np.float32)
COUNTS = np.array([0, 1, 2, 3] * 3)
NOISE = RANDOM.normal(size=(12, 2))
LABELS: dict[str, Any] = {
    "regression": X[:, 0] + NOISE[:, 0],
    "two": np.where(X[:, 0] + NOISE[:, 0] > 0, "yes", "no"),
    "classes": np.resize(["a", "b", "c"], 12),
    "several": X @ [[1.0, 2.0], [0.0, 100.0]] + NOISE,
    "multi_label": np.resize([[1, 0], [1, 1], [0, 0], [0, 1], [1, 1]], (12, 2)),
}
OUTPUTS = {"regression": 1, "two": 1, "classes": 3, "several": 2, "multi_label": 2}


def of(labels: str, rows: Any) -> Dataset:
    return dataset_of({"inputs": {"x": X[rows]}, "labels": LABELS[labels][rows]}, "data.factory: own:rows")


@pytest.mark.parametrize(
    ("net", "labels"),
    [
        *(("torch_net", labels) for labels in LABELS),
        ("keras_net", "two"),
        ("keras_net", "several"),
    ],  # losses of our own
)
def test_a_row_of_weight_two_trains_as_two_rows_do(
    net: str, labels: str, own_module: Callable[[str, str], None]
) -> None:
    """Of all rows in one batch; a row of weight 0 trains nothing. Only the ratio of the weights counts."""
    own_module("own_weights", SOURCE)
    spec = FactorySpec.model_validate(
        {"factory": f"own_weights:{net}", "arguments": {"outputs": OUTPUTS[labels]}, "fit": "auto", "epochs": 2,
         "batch_size": 100, "learning_rate": 0.1}
    )  # fmt: skip
    rows = of(labels, np.arange(12))
    twice = of(labels, np.repeat(np.arange(12), COUNTS)).model_copy(update={"several": rows.several})
    found = spec.fit(rows.model_copy(update={"weights": 7.0 * COUNTS}), Compute(), silent)
    expected = spec.fit(twice, Compute(), silent)
    for name, values in expected.arrays.items():
        np.testing.assert_allclose(found.arrays[name], values, atol=1e-5)
    np.testing.assert_allclose(found.history["loss"], expected.history["loss"], rtol=1e-5)


def test_trees_are_fitted_with_the_weights() -> None:
    from sklearn.ensemble import RandomForestRegressor

    rows = of("regression", np.arange(12)).model_copy(update={"weights": COUNTS.astype(float)})
    spec = ForestSpec(trees=3)
    forest = spec.estimator("regression").fit(X.astype(np.float64), LABELS["regression"], sample_weight=COUNTS)
    assert isinstance(forest, RandomForestRegressor)
    found = spec.fit(rows, Compute(), silent)
    model = spec.restore(rows, found, Compute())
    np.testing.assert_allclose(model.predict({"x": X})[:, 0], forest.predict(X.astype(np.float64)))


def table(folder: Path, weights: list[Any], **options: Any) -> TableSpec:
    frame = pd.DataFrame(
        {"age": np.arange(6) / 3, "w": weights, "price": np.arange(6) / 7, "part": ["train"] * 5 + ["test"]}
    )
    frame.to_csv(folder / "t.csv", index=False)
    frame[["age"]].to_csv(folder / "later.csv", index=False)
    return TableSpec(path=folder / "t.csv", label="price", split="part", weight="w", **options)


def test_a_column_of_weights_is_no_feature_and_is_said(tmp_path: Path) -> None:
    spec = table(tmp_path, [0, 1, 2.5, 1, 1, 9], explain=tmp_path / "later.csv")
    data = spec.load(Memory())
    assert data.inputs[0].features == ("age",)
    assert data.weights is not None
    assert data.weights.tolist() == [0, 1, 2.5, 1, 1, 9, *[1] * 6]
    assert data.training_weights is not None
    assert data.training_weights[:5].mean() == pytest.approx(1)
    said = "The column w says how much a training counts a row, from 0 to 2.5 in the training rows"
    assert said in data.description
    measured = spec.fitted(data)
    assert measured is not None
    assert measured.weights is not None
    assert len(measured.weights) == 6
    assert spec.named_elsewhere(data)["w"] == "the weight of a row"


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ([1, None, 1, 1, 1, 1], "data.weight: the column 'w' has no number in row 1, and in 1 of 6 rows"),
        ([1, 1, -2, 1, 1, 1], "data.weight: the column 'w' is -2 in row 2"),
        ([0, 0, 0, 0, 0, 1], "data.weight: the column 'w' is 0 in every training row"),
    ],
    ids=["empty", "negative", "nothing"],
)
def test_what_is_no_weight_is_refused(weights: list[Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        table(tmp_path, weights).load(Memory())
    assert said in str(caught.value)
