"""Models that only predict: functions, scikit-learn's estimators, and trees fitted again from their key."""

import numpy as np
import pytest

from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.models.callable import CallableModel, EstimatorModel, flat
from exhibit.tasks.models.trees import TreesSpec
from exhibit.tasks.models.zoo.gradient_boosting import BoostingSpec
from exhibit.tasks.models.zoo.random_forest import ForestSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import pack, unpack
from tests.conftest import Memory

COMPUTE = Compute(batch=16)
SPECS = [ForestSpec(trees=5), BoostingSpec(trees=3)]


@pytest.fixture(scope="module")
def iris() -> Dataset:
    return IrisSpec().load(Memory())


def regression(iris: Dataset) -> Dataset:
    return iris.model_copy(
        update={"task": "regression", "classes": (), "labels": iris.arrays["measurements"][:, 0].astype(float)}
    )


def test_a_function_gets_full_batches_of_raw_values() -> None:
    sizes = []

    def function(inputs: Arrays) -> Array:
        sizes.append(len(inputs["x"]))
        return inputs["x"] * 2

    values = np.arange(10.0).reshape(5, 2)
    model = CallableModel(function, "values", Compute(batch=3))
    np.testing.assert_array_equal(model.predict({"x": values}), 2 * values)
    assert sizes == [3, 3]


def test_outputs_of_another_shape_are_refused() -> None:
    model = CallableModel(lambda inputs: inputs["x"][:, 0], "values", Compute(batch=2))
    with pytest.raises(InputError, match=r"for 2 samples it returned an array of shape \(2,\)"):
        model.predict({"x": np.zeros((4, 3))})


def test_the_elements_of_all_inputs_lie_side_by_side() -> None:
    rows = flat({"table": np.array([[1, 2]]), "image": np.array([[[[3], [4]]]])})
    np.testing.assert_array_equal(rows, [[1, 2, 3, 4]])
    with pytest.raises(InputError, match="scikit-learn takes numbers, but the input 'molecule'"):
        flat({"molecule": np.array(["CCO"])})


@pytest.mark.parametrize("spec", SPECS)
def test_trees_are_those_of_scikit_learn(spec: TreesSpec, iris: Dataset) -> None:
    model = spec.restore(iris, spec.fit(iris, COMPUTE, silent), COMPUTE)
    rows = iris.arrays["measurements"]
    expected = spec.estimator("classification").fit(rows, iris.labels)
    assert isinstance(model, EstimatorModel)
    assert model.output == "probabilities"
    assert model.predict(iris.arrays).tobytes() == expected.predict_proba(rows).tobytes()
    assert model.estimator.predict_proba(rows).tobytes() == expected.predict_proba(rows).tobytes()


@pytest.mark.parametrize("spec", SPECS)
def test_a_regression_gives_one_value(spec: TreesSpec, iris: Dataset) -> None:
    data = regression(iris)
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    assert model.output == "values"
    assert model.predict(data.arrays).shape == (150, 1)
    assert np.corrcoef(model.predict(data.arrays)[:, 0], data.labels)[0, 1] > 0.9


def test_images_are_numbers_too() -> None:
    digits = DigitsSpec().load(Memory())
    spec = ForestSpec(trees=20)
    model = spec.restore(digits, spec.fit(digits, COMPUTE, silent), Compute(batch=256))
    test = digits.split == "test"
    assert (model.predict(digits.arrays).argmax(axis=1) == digits.labels)[test].mean() > 0.85


@pytest.mark.parametrize("spec", SPECS)
def test_a_fit_is_repeatable_and_its_trees_are_the_evidence(spec: TreesSpec, iris: Dataset) -> None:
    state = np.random.get_state()[1].tobytes()
    weights = spec.fit(iris, COMPUTE, silent)
    assert np.random.get_state()[1].tobytes() == state
    assert pack(weights) == pack(spec.fit(iris, COMPUTE, silent))
    assert not weights.history
    assert weights.parameters == weights.arrays["nodes"].sum() == len(weights.arrays["value"])


def test_another_seed_grows_another_forest(iris: Dataset) -> None:
    first, second = (pack(ForestSpec(trees=5, seed=seed).fit(iris, COMPUTE, silent)) for seed in (0, 1))
    assert first != second


@pytest.mark.parametrize("spec", SPECS)
def test_trees_that_were_stored_must_be_those_that_are_fitted_again(spec: TreesSpec, iris: Dataset) -> None:
    weights = unpack(Weights, pack(spec.fit(iris, COMPUTE, silent)))
    spec.restore(iris, weights, COMPUTE)
    weights.arrays["threshold"][0] += 1
    with pytest.raises(InputError, match="fitted again differ from the stored ones"):
        spec.restore(iris, weights, COMPUTE)


def test_a_class_that_no_training_row_has_is_refused(iris: Dataset) -> None:
    lacking = iris.model_copy(update={"split": np.where(iris.labels == 1, "test", "train")})
    with pytest.raises(InputError, match="the training rows have no example of versicolor"):
        ForestSpec().fit(lacking, COMPUTE, silent)


def test_molecules_are_refused(iris: Dataset) -> None:
    molecules = Input(name="molecule", kind="molecule", values=np.full(150, "CCO"))
    with pytest.raises(InputError, match="scikit-learn takes numbers"):
        ForestSpec().fit(iris.model_copy(update={"inputs": (molecules,)}), COMPUTE, silent)
