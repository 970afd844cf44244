"""Numbers of a table that need more than 24 bits: kept as they are given, cast where a model wants it, and refused
where that would change what it sees."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory

NAME = "own_precision"
SOURCE = """
def truth():
    return lambda inputs: ((inputs["x"][:, :1] - 1_700_000_000) / 60) % 10


def torch_net(double=False, shift=False):
    import torch
    from torch import nn
    net = nn.Linear(2, 1)
    with torch.no_grad():
        net.weight[:] = torch.tensor([[1.0, 0.0]])
        net.bias[:] = 0
    net = net.double() if double else net
    return (net, lambda inputs: {"x": inputs["x"] - 1_700_000_000}) if shift else net


def keras_net(double=False, shift=False):
    import keras, numpy as np
    kind = "float64" if double else "float32"
    dense = keras.layers.Dense(1, dtype=kind)
    given = keras.Input((2,), dtype=kind)
    net = keras.Model(given, dense(given), dtype=kind)
    dense.set_weights([np.array([[1.0], [0.0]]), np.zeros(1)])
    return (net, lambda inputs: {"x": inputs["x"] - 1_700_000_000}) if shift else net
"""
SECONDS = 1_700_000_000 + 60.0 * np.arange(40)
COMPUTE = Compute(batch=4)


@pytest.fixture(autouse=True)
def own(own_module: Callable[[str, str], None]) -> None:
    own_module(NAME, SOURCE)


def data(column: Any) -> Dataset:
    rows = np.stack([np.asarray(column, np.float64), np.arange(40.0)], axis=1)
    given = {"inputs": {"x": {"values": rows, "features": ["seconds", "row"]}}, "labels": np.arange(40) % 10.0}
    return dataset_of(given | {"task": "regression"}, "data.factory: own:rows")


def outputs(dataset: Dataset, function: str, **arguments: Any) -> Any:
    spec = FactorySpec(factory=f"{NAME}:{function}", arguments=arguments)
    return spec.restore(dataset, spec.fit(dataset, COMPUTE, silent), COMPUTE).predict(dataset.arrays)[:, 0]


def test_a_function_is_given_the_numbers_as_they_are() -> None:
    np.testing.assert_array_equal(outputs(data(SECONDS), "truth"), np.arange(40) % 10)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_table_keeps_every_number(ending: str, tmp_path: Path) -> None:
    import pandas as pd

    exact = [2**53 - 1, 16_777_217, 0.1, 1e30, 20240131]
    frame = pd.DataFrame({"x": exact, "y": [0.5, 1.5, 2.5, 3.5, 4.5]})
    path = tmp_path / f"t{ending}"
    frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path)
    assert TableSpec(path=path, label="y", test_share=0).load(Memory()).inputs[0].values[:, 0].tolist() == exact


@pytest.mark.parametrize("function", ["torch_net", "keras_net"])
def test_a_net_is_given_what_it_computes_with(function: str) -> None:
    """All of it in float64; in float32 what a preprocess made of it before."""
    np.testing.assert_array_equal(outputs(data(SECONDS), function, double=True), SECONDS)
    np.testing.assert_array_equal(outputs(data(SECONDS), function, shift=True), SECONDS - 1_700_000_000)
    np.testing.assert_array_equal(outputs(data(SECONDS - SECONDS[0]), function), SECONDS - SECONDS[0])


@pytest.mark.parametrize("function", ["torch_net", "keras_net"])
@pytest.mark.parametrize("column", [SECONDS, 16_777_216 + np.arange(40), 1e39 * np.arange(40), 1e8 + np.arange(40) / 7])
def test_a_cast_that_changes_what_a_net_sees_is_refused(function: str, column: Any) -> None:
    said = r"a net of float32 computes with 24 bits, in which 'seconds' moves by up to"
    with pytest.raises(InputError, match=said):
        outputs(data(column), function)
    with pytest.raises(InputError, match=r"random_forest \(scikit-learn\) computes with 24 bits"):
        ForestSpec(trees=2).fit(data(column), COMPUTE, silent)


@pytest.mark.parametrize("column", [np.arange(40) / 7, 1e6 * np.arange(40) + 0.1, 1e30 * np.arange(40)])
def test_rounding_of_decimals_is_no_change(column: Any) -> None:
    np.testing.assert_allclose(outputs(data(column), "torch_net"), column, rtol=1e-6)


def test_a_net_of_the_program_subtracts_before_it_rounds() -> None:
    """The weights and outputs are those of the same column less its first value."""
    spec = MLPSpec(epochs=2, hidden=4)
    found = []
    for column in (SECONDS, SECONDS - SECONDS[0]):
        dataset = data(column)
        weights = spec.fit(dataset, COMPUTE, silent)
        found.append(spec.restore(dataset, weights, COMPUTE).predict(dataset.arrays))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-4)
