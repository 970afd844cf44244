"""What CatBoost's objectives give: shares as amounts, and classes whatever stands behind the name of the objective."""

from pathlib import Path
from typing import Any

import catboost
import numpy as np
import pandas as pd
import pytest

from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.models.estimator import EstimatorSpec
from exhibit.tasks.models.fitted import read_fitted
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.load import columns_wanted
from tests.conftest import Memory

ROWS = np.random.default_rng(0).normal(size=(120, 2))
SHARES = 1 / (1 + np.exp(-2 * ROWS[:, 0]))
WON = (np.random.default_rng(1).uniform(size=120) < SHARES).astype(int)
COMPUTE = Compute(batch=32)


def trained(path: Path, objective: str, labels: Any) -> Any:
    model = catboost.CatBoost(
        {"loss_function": objective, "iterations": 10, "depth": 2, "verbose": 0, "thread_count": 1,
         "allow_writing_files": False}
    )  # fmt: skip
    model.fit(pd.DataFrame(ROWS, columns=["a", "b"]), labels).save_model(str(path / "m.cbm"))
    return model


def restored(path: Path, labels: Any, **options: Any) -> tuple[Any, Any]:
    pd.DataFrame({"a": ROWS[:, 0], "b": ROWS[:, 1], "y": labels}).to_csv(path / "t.csv", index=False)
    rows = TableSpec(path=path / "t.csv", label="y", test_share=0, **options).load(Memory())
    spec = EstimatorSpec(path=path / "m.cbm")
    return spec.restore(rows, spec.fit(rows, COMPUTE, silent), COMPUTE), rows


def test_shares_that_a_model_learned_are_amounts(tmp_path: Path) -> None:
    """And its values against a background add up to them; along the paths they are of log-odds, and refused."""
    own = trained(tmp_path, "CrossEntropy", SHARES)
    model, rows = restored(tmp_path, SHARES)
    truth = own.predict(ROWS, prediction_type="Probability")[:, 1]
    assert model.output == "values"
    np.testing.assert_allclose(model.predict(rows.arrays)[:, 0], truth, atol=1e-9)
    found = model.contributions(rows.take(np.arange(4)).arrays, rows.take(np.arange(40)).arrays)
    np.testing.assert_allclose((found.values.sum(axis=1) + found.base)[:, 0], truth[:4], atol=1e-6)


@pytest.mark.parametrize("objective", ["CrossEntropy", "Logloss", "Focal:focal_alpha=0.5;focal_gamma=2"])
def test_zeros_and_ones_are_classes(objective: str, tmp_path: Path) -> None:
    own = trained(tmp_path, objective, WON)
    model, rows = restored(tmp_path, WON, task="classification")
    truth = own.predict(ROWS, prediction_type="Probability")
    np.testing.assert_allclose(model.predict(rows.arrays), truth, atol=1e-9)


def test_another_task_is_advised(tmp_path: Path) -> None:
    trained(tmp_path, "Logloss", WON)
    assert read_fitted((tmp_path / "m.cbm").read_bytes(), ".cbm", 1).classifies
    with pytest.raises(InputError, match=r"is a classifier, .* data\.task=classification says otherwise"):
        restored(tmp_path, SHARES)


def test_gaps_become_the_word_that_stood_there_in_the_training(tmp_path: Path) -> None:
    """CatBoost takes no category without a value, so that a user fills them by a word; any other word is one that the
    model never saw, and says nothing of itself."""
    jobs = np.where(WON == 1, "nurse", np.where(ROWS[:, 0] > 0, "smith", None))
    filled = pd.DataFrame({"job": pd.Series(jobs).fillna("none"), "a": ROWS[:, 0]})
    model = catboost.CatBoostClassifier(iterations=5, depth=2, verbose=0, thread_count=1, allow_writing_files=False)
    model.fit(filled, WON, cat_features=["job"]).save_model(str(tmp_path / "m.cbm"))
    pd.DataFrame({"job": jobs, "a": ROWS[:, 0], "y": WON}).to_csv(tmp_path / "t.csv", index=False)
    spec = EstimatorSpec(path=tmp_path / "m.cbm")

    def found(**missing: Any) -> Any:
        data = TableSpec(path=tmp_path / "t.csv", label="y", test_share=0, **missing)
        rows = data.load_for(Memory(), columns_wanted(data, spec, COMPUTE))
        return spec.restore(rows, spec.fit(rows, COMPUTE, silent), COMPUTE).predict(rows.arrays)

    truth = model.predict_proba(filled)
    np.testing.assert_allclose(found(missing={"job": {"word": "none"}}), truth, atol=1e-12)
    assert np.abs(found(missing="category") - truth).max() > 0.01
    with pytest.raises(InputError, match=r"the word of its training for it: 'data\.missing=\{job:\{word: WORD\}\}'"):
        found()
