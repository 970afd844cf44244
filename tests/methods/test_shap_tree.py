"""Tree SHAP against exact Shapley values."""

from collections.abc import Callable
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import shap
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression

from exhibit.tasks.methods import shap_tree
from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.methods.shap_tree import TreeShapSpec
from exhibit.tasks.models.callable import EstimatorModel
from exhibit.tasks.models.columns import ColumnsModel
from exhibit.tasks.models.fitted import fitted as fitted_by_its_library
from exhibit.tasks.protocols import Compute, Score
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import TableColumn
from exhibit.tasks.records.explanation import Attribution
from tests.methods.exact import Worth, mixing, shapley

Explain = Callable[..., Attribution]

ROWS = np.random.default_rng(0).normal(size=(60, 6))
BACKGROUND = {"x": ROWS[:5]}
SAMPLES = {"x": ROWS[5:8]}


def fitted(estimator: Any, classes: int = 2) -> EstimatorModel:
    """On a product, so that features interact."""
    value = ROWS[:, 0] * ROWS[:, 1] + ROWS[:, 2] + np.abs(ROWS[:, 3])
    labels = np.digitize(value, np.quantile(value, np.arange(1, classes) / classes)) if classes else value
    return EstimatorModel(estimator.fit(ROWS, labels), Compute(batch=8))


FOREST = fitted(RandomForestClassifier(8, max_depth=4, random_state=0), classes=3)
BOOSTED = fitted(GradientBoostingClassifier(n_estimators=8, random_state=0))
REGRESSION = fitted(GradientBoostingRegressor(n_estimators=8, random_state=0), classes=0)


def expected_over_background(model: EstimatorModel, x: Array) -> Worth:
    """The mean output with all features outside the coalition taken from each background row."""

    def worth(coalition: tuple[int, ...]) -> Array:
        mixed = BACKGROUND["x"].copy()
        mixed[:, list(coalition)] = x[list(coalition)]
        return model.predict({"x": mixed}).mean(axis=0)

    return worth


@pytest.mark.parametrize(("model", "targets"), [(FOREST, [2, 0]), (REGRESSION, [0])], ids=["forest", "values"])
def test_interventional_values_are_exact(model: EstimatorModel, targets: list[int], explain: Explain) -> None:
    found = explain(TreeShapSpec(), model, SAMPLES, np.tile(targets, (3, 1)), baselines=BACKGROUND)
    for row in range(3):
        expected = shapley(expected_over_background(model, SAMPLES["x"][row]), 6)[:, targets]
        np.testing.assert_allclose(found.values["x"][row], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
    np.testing.assert_allclose(found.prediction, model.predict(SAMPLES)[:, targets])
    np.testing.assert_allclose(found.base_value[0], model.predict(BACKGROUND).mean(axis=0)[targets])


def test_trees_are_explained_without_a_word_to_transformers(explain: Explain, unloadable_transformers: None) -> None:
    found = explain(TreeShapSpec(), REGRESSION, SAMPLES, np.zeros((3, 1), np.int64), baselines=BACKGROUND)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)


def test_log_odds_are_rescaled_to_probabilities_by_background_row(explain: Explain) -> None:
    """For each row b: the exact values of the log-odds f, times (p(x) - p(b)) / (f(x) - f(b))."""
    found = explain(TreeShapSpec(), BOOSTED, SAMPLES, np.tile([0, 1], (3, 1)), baselines=BACKGROUND)
    odds = BOOSTED.estimator.decision_function
    for row, x in enumerate(SAMPLES["x"]):
        expected = np.zeros(6)
        for b in BACKGROUND["x"]:
            exact = shapley(mixing(lambda mixed: odds(mixed)[:, np.newaxis], x, b), 6)[:, 0]
            (fx, fb), (px, pb) = odds(np.stack([x, b])), BOOSTED.predict({"x": np.stack([x, b])})[:, 1]
            expected += exact * (px - pb) / (fx - fb) / len(BACKGROUND["x"])
        np.testing.assert_allclose(found.values["x"][row], np.stack([-expected, expected], 1), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)


@pytest.mark.parametrize("model", [FOREST, REGRESSION], ids=["forest", "values"])
@without_transformers()
def test_without_a_background_values_are_those_of_shap_along_the_paths(model: EstimatorModel, explain: Explain) -> None:
    found = explain(TreeShapSpec(background=None), model, SAMPLES)
    own = shap.TreeExplainer(model.estimator, feature_perturbation="tree_path_dependent")
    expected = own.shap_values(SAMPLES["x"])
    np.testing.assert_allclose(
        found.values["x"][..., 0], expected[..., 0] if expected.ndim == 3 else expected, rtol=1e-5
    )
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
    assert "no baseline rows" in str(TreeShapSpec(background=None).departure)


def test_features_of_several_inputs_stand_side_by_side(explain: Explain) -> None:
    parts = [{"a": rows["x"][:, :2], "b": rows["x"][:, 2:]} for rows in (SAMPLES, BACKGROUND)]
    found = explain(TreeShapSpec(), FOREST, parts[0], baselines=parts[1])
    whole = explain(TreeShapSpec(), FOREST, SAMPLES, baselines=BACKGROUND)
    np.testing.assert_array_equal(np.concatenate([found.values["a"], found.values["b"]], axis=1), whole.values["x"])


@pytest.mark.parametrize(
    ("spec", "model", "score", "message"),
    [
        (
            TreeShapSpec(),
            fitted(GradientBoostingClassifier(n_estimators=2), classes=3),
            "",
            r"SHAP does not explain this GradientBoostingClassifier \(it knows such trees of two classes alone, and "
            r"these are of 3\); use kernel_shap$",
        ),
        (
            TreeShapSpec(),
            fitted(LogisticRegression()),
            "",
            r"does not explain this LogisticRegression \(it is not made of trees that SHAP knows\); use kernel_shap$",
        ),
        (TreeShapSpec(background=None), BOOSTED, "", "SHAP explains the log-odds of boosted trees"),
        (TreeShapSpec(), FOREST, "loss", "explains probabilities, not the score 'loss' of them"),
    ],
    ids=["boosted, three classes", "no trees", "log-odds", "loss"],
)
def test_what_shap_cannot_do_is_refused(
    spec: TreeShapSpec, model: EstimatorModel, score: str, message: str, explain: Explain
) -> None:
    with pytest.raises(InputError, match=message):
        explain(spec, model, SAMPLES, baselines=BACKGROUND, score=score)


def test_a_background_is_needed_unless_it_is_given_up(explain: Explain) -> None:
    with pytest.raises(InputError, match="tree_shap: the background is empty"):
        explain(TreeShapSpec(), FOREST, SAMPLES)


TENTHS = (np.random.default_rng(1).integers(0, 12, (150, 4)) / 10).astype(np.float32)
CLOSE = 1 + np.random.default_rng(1).integers(0, 12, (150, 4)) * 1e-9  # one number in single precision


@pytest.mark.parametrize(
    ("estimator", "rows"),
    [
        (RandomForestClassifier(20, random_state=0), TENTHS),
        (GradientBoostingRegressor(n_estimators=20, random_state=0), TENTHS.astype(np.float64)),
        (HistGradientBoostingRegressor(max_iter=20, min_samples_leaf=1), CLOSE),
    ],
    ids=["float32 table", "float64 table", "thresholds closer than single precision"],
)
def test_values_beside_a_threshold_take_the_branch_that_the_model_takes(
    estimator: Any, rows: Array, explain: Explain
) -> None:
    """Of 100 background rows and more, each of which counts."""
    steps = np.rint((rows.astype(np.float64) - rows.min()) / np.ptp(rows) * 11)
    labels = ((steps[:, 0] * steps[:, 1] + steps[:, 2] ** 2) // 30).astype(np.int64)
    model = EstimatorModel(estimator.fit(rows, labels), Compute(batch=2000))
    found = explain(TreeShapSpec(background=150), model, {"x": rows[:12]}, baselines={"x": rows})
    for row in range(12):

        def worth(coalition: tuple[int, ...], x: Array = rows[row]) -> Array:
            mixed = rows.copy()
            mixed[:, list(coalition)] = x[list(coalition)]
            return model.predict({"x": mixed}).mean(axis=0)

        np.testing.assert_allclose(found.values["x"][row], shapley(worth, 4)[:, :1], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found.residual, 0, atol=1e-4)
    assert "exact" not in f"{TreeShapSpec().departure}{TreeShapSpec.__doc__}".lower()


BOOSTED_ROWS = (np.random.default_rng(2).integers(0, 12, (120, 4)) / 10).astype(np.float64)
VALUE = BOOSTED_ROWS[:, 0] * BOOSTED_ROWS[:, 1] + BOOSTED_ROWS[:, 2] + np.abs(BOOSTED_ROWS[:, 3] - 0.5)


def boosted(library: str, name: str, labels: Array = VALUE, **options: Any) -> EstimatorModel:
    module = import_module(library)
    quiet = {"verbose": -1, "min_child_samples": 2} if library == "lightgbm" else {}
    estimator = getattr(module, name)(n_estimators=15, n_jobs=1, **quiet, **options)
    return EstimatorModel(estimator.fit(BOOSTED_ROWS, labels), Compute(batch=64))


def explained_by(model: EstimatorModel | ColumnsModel, explain: Explain, background: int | None) -> Attribution:
    return explain(
        TreeShapSpec(background=background), model, {"x": BOOSTED_ROWS[:8]}, baselines={"x": BOOSTED_ROWS[60:80]}
    )


@pytest.mark.parametrize(("library", "name"), [("lightgbm", "LGBMRegressor"), ("xgboost", "XGBRegressor")])
def test_values_of_boosters_are_exact(library: str, name: str, explain: Explain) -> None:
    """On tenths, which lie beside the thresholds in single precision."""
    model = boosted(library, name)
    found = explained_by(model, explain, 20)
    for row in range(8):

        def worth(coalition: tuple[int, ...], x: Array = BOOSTED_ROWS[row]) -> Array:
            mixed = BOOSTED_ROWS[60:80].copy()
            mixed[:, list(coalition)] = x[list(coalition)]
            return model.predict({"x": mixed}).mean(axis=0)

        np.testing.assert_allclose(found.values["x"][row], shapley(worth, 4), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("library", "name"), [("lightgbm", "LGBMRegressor"), ("xgboost", "XGBRegressor")])
@without_transformers()
def test_along_the_paths_the_library_of_a_booster_is_given_the_rows_themselves(
    library: str, name: str, explain: Explain
) -> None:
    """Values of its own: SHAP asks it there, and places among thresholds are other rows to it."""
    model = boosted(library, name)
    found = explained_by(model, explain, None)
    own = shap.TreeExplainer(model.estimator, feature_perturbation="tree_path_dependent")
    np.testing.assert_allclose(found.values["x"][..., 0], own.shap_values(BOOSTED_ROWS[:8]), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


@pytest.mark.parametrize("background", [20, None])
@pytest.mark.parametrize(
    ("library", "name", "classes", "options"),
    [
        ("lightgbm", "LGBMClassifier", 3, {}),
        ("lightgbm", "LGBMRegressor", 0, {"objective": "poisson"}),
        ("lightgbm", "LGBMRegressor", 0, {"boosting_type": "rf", "subsample": 0.7, "subsample_freq": 1}),
        ("lightgbm", "LGBMRegressor", 0, {"linear_tree": True}),
        ("xgboost", "XGBClassifier", 3, {}),
        ("xgboost", "XGBRegressor", 0, {"objective": "count:poisson"}),
        ("xgboost", "XGBRegressor", 0, {"booster": "gblinear"}),
    ],
)
def test_boosters_whose_trees_add_up_to_something_else_are_refused(
    library: str, name: str, classes: int, options: dict[str, Any], background: int | None, explain: Explain
) -> None:
    """To margins of several classes or a logarithm; are averaged; have lines in their leaves."""
    labels = np.digitize(VALUE, np.quantile(VALUE, [0.33, 0.66])) if classes else VALUE
    model = boosted(library, name, labels, **options)
    with pytest.raises(InputError, match=r"reads other trees|does not explain this|SHAP explains the log-odds"):
        explained_by(model, explain, background)


ELSE = r"its own library explains something else than what this .* predicts"
CATBOOST = {"verbose": 0, "thread_count": 1, "allow_writing_files": False}


@pytest.mark.parametrize(
    ("library", "name", "background", "options", "said"),
    [
        *(("xgboost", "XGBRegressor", rows, {"objective": "count:poisson"}, ELSE) for rows in (None, 5)),
        *(("lightgbm", "LGBMRegressor", rows, {"objective": "poisson"}, ELSE) for rows in (None, 5)),
        *(("catboost", "CatBoostRegressor", rows, {"loss_function": "Poisson"}, ELSE) for rows in (None, 5)),
        ("catboost", "CatBoostRegressor", 5, {"loss_function": "Tweedie:variance_power=1.5"}, ELSE),
        ("catboost", "CatBoostRegressor", 5, {"grow_policy": "Depthwise"}, "explains symmetric trees alone"),
        ("catboost", "CatBoostRegressor", 5, {"grow_policy": "Lossguide"}, "explains symmetric trees alone"),
        ("xgboost", "XGBRegressor", 5, {"booster": "gblinear"}, "is linear .gblinear. and has no trees"),
    ],
)
def test_what_the_own_library_of_whole_columns_adds_up_to_is_compared_with_the_prediction(
    library: str, name: str, background: int | None, options: dict[str, Any], said: str, explain: Explain
) -> None:
    """And the prediction is that of the library, not the logarithm of it; CatBoost ends the process where trees are
    not symmetric."""
    settings = CATBOOST if library == "catboost" else {"n_jobs": 1}
    estimator = getattr(import_module(library), name)(n_estimators=5, **settings, **options)
    own = fitted_by_its_library(estimator.fit(BOOSTED_ROWS, np.abs(VALUE)), 1)
    assert own is not None
    columns = [TableColumn(name=f"c{k}", kind="number") for k in range(BOOSTED_ROWS.shape[1])]
    model = ColumnsModel(own, columns, "values", Compute(batch=8))
    np.testing.assert_allclose(model.predict({"x": BOOSTED_ROWS})[:, 0], estimator.predict(BOOSTED_ROWS), rtol=1e-5)
    with pytest.raises(InputError, match=said):
        explained_by(model, explain, background)


def test_logits_of_three_classes_of_catboost_are_exact_and_never_reach_shap(monkeypatch: pytest.MonkeyPatch) -> None:
    """In SHAP itself such a model was seen to end the process."""
    import catboost

    monkeypatch.setattr(shap, "TreeExplainer", None)
    classes = np.digitize(VALUE, np.quantile(VALUE, [1 / 3, 2 / 3]))
    estimator = catboost.CatBoostClassifier(iterations=5, verbose=0, thread_count=1, allow_writing_files=False)
    own = fitted_by_its_library(estimator.fit(BOOSTED_ROWS, classes), 1)
    assert own is not None
    columns = [TableColumn(name=f"c{k}", kind="number") for k in range(BOOSTED_ROWS.shape[1])]
    model = ColumnsModel(own, columns, "logits", Compute(batch=32))
    background = BOOSTED_ROWS[60:80]
    found = model.contributions({"x": BOOSTED_ROWS[:3]}, {"x": background})
    assert found is not None
    for row in range(3):

        def worth(coalition: tuple[int, ...], x: Array = BOOSTED_ROWS[row]) -> Array:
            mixed = background.copy()
            mixed[:, list(coalition)] = x[list(coalition)]
            return model.predict({"x": mixed}).mean(axis=0)

        exact = shapley(worth, 4)
        np.testing.assert_allclose(found.values[row], exact, atol=1e-8)
        np.testing.assert_allclose(found.values[row].sum(axis=0), exact.sum(axis=0), atol=1e-8)


def test_no_log_odds_are_spoken_of_in_a_regression() -> None:
    assert TreeShapSpec().departure_in("regression") is None
    assert "log-odds" in str(TreeShapSpec().departure_in("classification"))
    assert "no baseline rows" in str(TreeShapSpec(background=None).departure_in("regression"))


@pytest.mark.parametrize("seconds", [0.0, 0.001, 0.7, 9.0])
@without_transformers()
def test_rows_are_asked_in_so_few_at_a_time_that_shap_draws_no_bar(
    seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It draws one on stderr after ten seconds of a call; each row keeps its values to the last bit."""
    explainer = shap.TreeExplainer(FOREST.estimator, shap.maskers.Independent(ROWS[:5], max_samples=5))
    calls: list[int] = []

    def values_of(rows: Array) -> Array:
        calls.append(len(rows))
        return np.asarray(explainer.shap_values(rows, check_additivity=False))

    monkeypatch.setattr(shap_tree, "time", SimpleNamespace(monotonic=lambda: seconds * sum(calls)))
    found = shap_tree.in_batches(values_of, ROWS)
    assert sum(calls) == len(ROWS)
    assert seconds * max(calls) < 10
    assert max(calls) > 20 or seconds > 0.5
    assert found.tobytes() == values_of(ROWS).tobytes()


def test_trees_are_asked_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    whole = shap.TreeExplainer.shap_values

    def values(explainer: Any, rows: Array, **options: Any) -> Any:
        asked.append(len(rows))
        return whole(explainer, rows, **options)

    monkeypatch.setattr(shap.TreeExplainer, "shap_values", values)
    shap_tree._tree_values(FOREST.estimator, ROWS, ROWS[:5], Score(kind="probability"))
    assert asked[0] == 1
    assert sum(asked) == len(ROWS)
