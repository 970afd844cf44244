"""`exhibit.explain` of boosted trees: on log-odds, along their paths and against rows, with cells without a value."""

import html
from collections.abc import Callable
from itertools import combinations
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.svm import LinearSVC
from xgboost import XGBClassifier

import exhibit

RANDOM = np.random.default_rng(5)
ROWS = RANDOM.normal(size=(90, 4))
CLASSES = np.digitize(ROWS[:, 0] + ROWS[:, 1] * ROWS[:, 2], [-0.6, 0.8])
GAPS = np.where(RANDOM.random(ROWS.shape) < 0.2, np.nan, ROWS)
BACKGROUND = 5


@pytest.fixture(scope="module")
def store(shared_store: Path) -> str:
    return str(shared_store)


def explained(model: Any, X: Any, y: Any, store: str, *, rows: int | None = BACKGROUND, **settings: Any) -> Any:
    return exhibit.explain(
        model,
        X,
        y,
        background=X[:BACKGROUND],
        method={"tree_shap": {"background": rows}},
        check=[],
        settings={"selection.limit": 2} | settings,
        store=store,
    )


def shapley(score: Callable[[np.ndarray], np.ndarray], row: np.ndarray, others: np.ndarray) -> np.ndarray:
    """By every coalition of columns, the rest of which are those of the other rows."""
    count = len(row)

    def worth(held: tuple[int, ...]) -> float:
        mixed = others.copy()
        mixed[:, list(held)] = row[list(held)]
        return float(score(mixed).mean())

    return np.array(
        [
            sum(
                (worth((*held, column)) - worth(held)) / (count * comb(count - 1, size))
                for size in range(count)
                for held in combinations([one for one in range(count) if one != column], size)
            )
            for column in range(count)
        ]
    )


def margins(model: Any, X: Any) -> np.ndarray:
    """What its trees add up to, (rows, outputs)."""
    found = {
        "XGBClassifier": lambda: model.predict(X, output_margin=True),
        "LGBMClassifier": lambda: model.predict(X, raw_score=True),
        "HistGradientBoostingClassifier": lambda: model.decision_function(X),
    }[type(model).__name__]()
    return np.asarray(found).reshape(len(X), -1)


@pytest.mark.parametrize(
    ("model", "number"),
    [
        (XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1), 3),
        (LGBMClassifier(n_estimators=3, max_depth=2, min_child_samples=5, verbose=-1, n_jobs=1), 2),
        (HistGradientBoostingClassifier(max_iter=3, max_depth=2, min_samples_leaf=5), 3),
    ],
    ids=["XGBoost", "LightGBM", "HistGradientBoosting"],
)
def test_log_odds_of_boosted_classes_are_explained_exactly(model: Any, number: int, store: str) -> None:
    classes = np.minimum(CLASSES, number - 1)
    model.fit(ROWS, classes)
    report = explained(model, ROWS, classes, store, **{"model.output": "logits"})
    for place, (row, output) in enumerate(zip(report.samples, report.scores.output, strict=True)):

        def score(rows: np.ndarray, output: int = output) -> np.ndarray:
            own = margins(model, rows)
            return own[:, output] if number > 2 else own[:, 0] * (1 if output else -1)

        expected = shapley(score, ROWS[row], ROWS[:BACKGROUND])
        np.testing.assert_allclose(report.attributions["tree_shap"][place], expected, atol=1e-5)
        np.testing.assert_allclose(report.scores.prediction[place], score(ROWS[row : row + 1])[0], atol=1e-6)
    along = explained(model, ROWS, classes, store, rows=None, **{"model.output": "logits"})
    whole = along.attributions["tree_shap"].sum(axis=1) + along.scores.base_value
    np.testing.assert_allclose(whole, along.scores.prediction, atol=1e-5)


@pytest.mark.parametrize(
    "model",
    [
        GradientBoostingClassifier(n_estimators=3, loss="exponential"),
        CalibratedClassifierCV(LinearSVC()),
        RandomForestClassifier(n_estimators=2),
    ],
    ids=lambda model: type(model).__name__,
)
def test_what_is_no_logit_is_not_called_one(model: Any, store: str) -> None:
    labels = (CLASSES > 0).astype(int)
    with pytest.raises(exhibit.InputError, match=r"no logit of its probabilities|so it gives no logits"):
        explained(model.fit(ROWS, labels), ROWS, labels, store, **{"model.output": "logits"})


def test_cells_without_a_value_come_to_a_model_that_was_fitted_on_such_an_array(store: str) -> None:
    values = np.nansum(GAPS, axis=1)
    model = HistGradientBoostingRegressor(max_iter=3, max_depth=2, min_samples_leaf=5).fit(GAPS, values)
    for X in (GAPS, pd.DataFrame(GAPS)):
        report = explained(model, X, values, store)
        expected = [shapley(model.predict, GAPS[row], GAPS[:BACKGROUND]) for row in report.samples]
        np.testing.assert_allclose(report.attributions["tree_shap"], expected, atol=1e-6)


def test_cells_without_a_value_come_to_a_function_as_they_are(store: str) -> None:
    kinds = set()

    def total(X: Any) -> np.ndarray:
        kinds.add(type(X).__name__)
        return np.nansum(X, axis=1) + np.isnan(X).sum(axis=1)

    report = exhibit.explain(total, GAPS, None, method="occlusion", check=[], store=store)
    assert kinds == {"ndarray"}
    np.testing.assert_allclose(report.scores.prediction, total(GAPS))


def test_of_several_classes_catboost_is_explained_on_its_logits(store: str) -> None:
    """Its own values of probabilities take the other sign where the logit of the class hardly changes."""
    model = CatBoostClassifier(iterations=3, depth=2, verbose=0, allow_writing_files=False, thread_count=1)
    model.fit(GAPS, CLASSES)
    with pytest.raises(exhibit.InputError, match=r"of its own logit alone, .*; give model.output=logits, or use"):
        explained(model, GAPS, CLASSES, store)
    report = explained(model, GAPS, CLASSES, store, **{"model.output": "logits"})
    for place, (row, output) in enumerate(zip(report.samples, report.scores.output, strict=True)):

        def score(rows: np.ndarray, output: int = output) -> np.ndarray:
            return np.asarray(model.predict(rows, prediction_type="RawFormulaVal"))[:, output]

        expected = shapley(score, GAPS[row], GAPS[:BACKGROUND])
        np.testing.assert_allclose(report.attributions["tree_shap"][place], expected, atol=1e-6)


def test_trees_with_lines_in_their_leaves_are_refused_by_their_library(store: str) -> None:
    """It was said that code of the user's own had failed."""
    settings = {"n_estimators": 2, "max_depth": 2, "min_child_samples": 5, "verbose": -1, "n_jobs": 1}
    model = LGBMRegressor(linear_tree=True, **settings).fit(ROWS, ROWS[:, 0])
    with pytest.raises(
        exhibit.InputError, match=r"^tree_shap: LightGBM does not explain this model \(.*linear trees\)"
    ):
        explained(model, ROWS, ROWS[:, 0], store, rows=None)


@pytest.mark.parametrize(
    ("model", "library"),
    [
        (LGBMRegressor(n_estimators=2, min_child_samples=5, verbose=-1, n_jobs=1), "LightGBM"),
        (CatBoostRegressor(iterations=2, depth=2, verbose=0, allow_writing_files=False, thread_count=1), "CatBoost"),
    ],
    ids=["LightGBM", "CatBoost"],
)
def test_a_report_names_the_library_of_a_model(model: Any, library: str, store: str) -> None:
    """Classes of LightGBM are those of scikit-learn, too, and CatBoost's are not: they were "Python"."""
    page = explained(model.fit(ROWS, ROWS[:, 0]), ROWS, ROWS[:, 0], store)._repr_html_()
    assert f"Model of the user’s own ({library})" in html.unescape(html.unescape(page)).replace("'", "’")
