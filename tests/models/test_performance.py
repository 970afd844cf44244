"""Measured quality agrees with scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, r2_score, root_mean_squared_error

from exhibit.tasks.chances import wilson
from exhibit.tasks.data.image import DigitsSpec
from exhibit.tasks.data.solubility import SolubilitySpec
from exhibit.tasks.models.performance import _bounds, _logs, _resampled, performance
from exhibit.tasks.records.model import Prediction
from tests.conftest import Memory


def test_accuracy_and_confusion_are_those_of_the_test_rows() -> None:
    digits = DigitsSpec().load(Memory())
    guess = np.where(np.arange(1797) % 10 == 0, 0, digits.labels)
    found = performance(digits, Prediction(kind="logits", outputs=np.eye(10)[guess]))
    test = digits.split == "test"
    assert found.metrics[0].value == accuracy_score(digits.labels[test], guess[test])
    assert found.confusion is not None
    assert np.array_equal(found.confusion, confusion_matrix(digits.labels[test], guess[test]))
    low, high = found.metrics[0].interval or (0, 0)
    assert low < found.metrics[0].value < high


def test_a_regression_is_measured_as_scikit_learn_does() -> None:
    data = SolubilitySpec().load(Memory())
    guess = data.labels + np.random.default_rng(0).normal(size=len(data.labels))
    found = performance(data, Prediction(kind="values", outputs=guess[:, None]))
    test = data.split == "test"
    rmse, r2 = found.metrics
    assert rmse.value == pytest.approx(root_mean_squared_error(data.labels[test], guess[test]))
    assert r2.value == pytest.approx(r2_score(data.labels[test], guess[test]))
    for metric in found.metrics:
        low, high = metric.interval or (0, 0)
        assert low < metric.value < high


def test_of_many_classes_the_five_likeliest_count() -> None:
    """Sample k's true class has rank k: one of ten is the likeliest, five are among the likeliest five."""
    digits = DigitsSpec().load(Memory()).take(np.arange(10))
    outputs = -np.abs(np.arange(30.0) - 10)[None].repeat(10, axis=0)
    labels = np.argsort(-outputs[0], kind="stable")[:10]
    data = digits.model_copy(
        update={"labels": labels, "classes": tuple(map(str, range(30))), "split": np.full(10, "test")}
    )
    found = performance(data, Prediction(kind="logits", outputs=outputs))
    assert [(metric.name, metric.value) for metric in found.metrics] == [("accuracy", 0.1), ("top-5 accuracy", 0.5)]
    assert found.confusion is None


def test_wilsons_interval_of_all_hits_is_not_certain() -> None:
    """10 of 10 right: the interval goes down to 72%, Wilson (1927)."""
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_resamples_are_the_same_however_many_are_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that an interval over a million rows needs no more than one over a thousand."""
    random = np.random.default_rng(1)
    labels, predicted = random.normal(size=(2, 37))
    whole = _resampled(labels, predicted)
    monkeypatch.setattr("exhibit.tasks.models.performance._AT_A_TIME", 100)
    for one, other in zip(whole, _resampled(labels, predicted), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_interval_of_few_rows_reaches_as_far_up_as_normal_errors_do() -> None:
    """Of 30 normal errors the exact interval (chi-squared) ends 34% above the RMSE, that of plain resamples 23%."""
    random = np.random.default_rng(0)
    reach = []
    for _ in range(20):
        labels, errors = random.normal(size=(2, 30))
        value, own = np.sqrt((errors**2).mean()), _logs(labels, labels - errors)
        (bounds, _) = _bounds(own, _resampled(labels, labels - errors))
        assert bounds is not None
        reach.append(np.sqrt(bounds) / value)
    low, high = np.exp(np.log(reach).mean(axis=0))
    assert 0.76 < low < 0.84
    assert 1.28 < high < 1.48


def test_what_is_never_off_and_what_is_always_off_by_as_much_bounds_nothing() -> None:
    """No resample differs, so they do not say how far other rows may be off."""
    labels = np.arange(12.0)
    for error in (0.0, 2.0):
        assert _bounds(_logs(labels, labels + error), _resampled(labels, labels + error))[0] is None
