"""What is planted in data is found, and clean data are not accused."""

import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.datasheet.drift import holm, stability
from exhibit.tasks.datasheet.sheet import datasheet
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.datasheet import Datasheet

SEEDS = range(40)


def table(values: Array, labels: Array, test: int = 0, classes: tuple[str, ...] = ("a", "b")) -> Dataset:
    """The last `test` rows are held out."""
    names = tuple(f"x{k}" for k in range(values.shape[1]))
    return Dataset(
        title="t", description="d", source="s", task="classification" if classes else "regression",
        inputs=(Input(name="table", kind="table", values=values, features=names),),
        sample_ids=np.arange(len(values)).astype(str), labels=labels,
        split=np.array(["train"] * (len(values) - test) + ["test"] * test), classes=classes, label_name="label",
    )  # fmt: skip


def described(values: Array, labels: Array, test: int = 0, classes: tuple[str, ...] = ("a", "b")) -> Datasheet:
    found = datasheet(table(values, labels, test, classes))
    assert found is not None
    return found


def clean(seed: int) -> tuple[Array, Array]:
    """600 rows of 4 columns, of which two tell much of the label, but not all."""
    draws = np.random.default_rng(seed)
    values = draws.normal(size=(600, 4))
    return values, (values[:, 0] + values[:, 1] + draws.normal(size=600) > 0.8).astype(int)


def accused(found: Datasheet) -> bool:
    return bool(found.leaks or any(item.moved or item.surprising for item in found.drifts) or found.shared)


def test_planted_faults_are_found_and_clean_data_are_not_accused() -> None:
    leaks = drifts = false = outside = 0
    for seed in SEEDS:
        values, labels = clean(seed)
        false += accused(described(values, labels, 150))
        planted, draws = values.copy(), np.random.default_rng(1000 + seed)
        planted[:, 2] = labels + 0.1 * draws.normal(size=600)
        planted[450:, 3] += 1.0
        planted[450:465, 1] = 9.0
        found = described(planted, labels, 150)
        leaks += [leak.feature for leak in found.leaks] == ["x2"]
        drifts += [item.feature for item in found.drifts if item.moved] == ["x3"]
        outside += "x1" in [item.feature for item in found.drifts if item.surprising]
    assert min(leaks, drifts, outside) >= 38
    assert false <= 2


def test_a_number_that_is_the_label_is_found_and_a_good_one_is_not() -> None:
    draws = np.random.default_rng(0)
    label = draws.lognormal(size=500)
    values = np.column_stack([label**3, label + draws.normal(size=500)])
    assert [leak.feature for leak in described(values, label, classes=()).leaks] == ["x0"]


@pytest.mark.parametrize("load", [load_iris, load_wine, load_breast_cancer])
def test_a_column_that_honestly_separates_classes_is_no_leak(load: object) -> None:
    data = load()  # type: ignore[operator]
    assert not described(data.data, data.target, classes=tuple(map(str, data.target_names))).leaks


def test_the_commonest_class_alone_gives_nothing_away() -> None:
    values = np.random.default_rng(0).normal(size=(2000, 3))
    labels = (np.arange(2000) % 100 == 0).astype(int)
    assert not described(values, labels).leaks


def test_rows_are_counted_that_stand_there_twice() -> None:
    values = np.arange(80.0).reshape(40, 2)
    values[5] = values[4]
    values[30] = values[3]
    values[31] = values[2]
    labels = np.zeros(40, int)
    labels[31] = 1
    found = described(values, labels, 10)
    assert (found.repeated, found.shared, found.shared_with_label) == (1, 2, 1)


def test_filled_cells_are_missing() -> None:
    values = np.arange(80.0).reshape(40, 2)
    filled = np.zeros((40, 2), bool)
    filled[:7, 1] = True
    data = table(values, np.zeros(40, int))
    item = data.inputs[0].model_copy(update={"filled": filled})
    found = datasheet(data.model_copy(update={"inputs": (item,)}))
    assert found is not None
    assert [column.missing for column in found.columns] == [0, 7]
    assert found.columns[1].low == values[7, 1]


def test_a_category_of_ones_is_one_column() -> None:
    ones = np.eye(3)[np.arange(60) % 3]
    data = table(ones, np.zeros(60, int))
    item = data.inputs[0].model_copy(update={"features": ("job: a", "job: b", "job: c"), "columns": ("job",) * 3})
    found = datasheet(data.model_copy(update={"inputs": (item,)}))
    assert found is not None
    assert [(column.name, column.number, column.values) for column in found.columns] == [("job", False, 3)]
    assert found.distributions[0].bins == ("a", "b", "c")


def test_the_index_is_its_formula_and_holm_his() -> None:
    before, after = np.repeat([0.0, 1.0], [50, 50]), np.repeat([0.0, 1.0], [20, 80])
    b, a = np.array([50.5, 50.5]) / 101, np.array([20.5, 80.5]) / 101
    expected = float(((a - b) * np.log(a / b)).sum())
    assert stability(Values("x", np.empty(0), ("no", "yes")), before, after) == pytest.approx(expected)
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])


def test_drift_is_that_of_scipy() -> None:
    values, labels = clean(1)
    (first, *_) = described(values, labels, 150).drifts
    expected = ks_2samp(values[:450, 0], values[450:, 0], method="asymp")
    assert (first.statistic, first.chance) == pytest.approx((expected.statistic, expected.pvalue))
