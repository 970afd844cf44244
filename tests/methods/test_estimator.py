"""Fitted models from files of their own libraries, against what these libraries predict of the frame they were fitted
on, and their Shapley values against SHAP and exact enumeration over raw columns."""

import os
from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import shap
import skops.io
import xgboost
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

import exhibit
from exhibit.tasks.data.baselines import background, baseline
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.methods.occlusion import OcclusionSpec
from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.methods.shap_kernel import KernelShapSpec
from exhibit.tasks.methods.shap_tree import TreeShapSpec
from exhibit.tasks.models import histogram_trees
from exhibit.tasks.models.catboost_words import CategoryWords
from exhibit.tasks.models.columns import ColumnsModel, columns_of, require_known
from exhibit.tasks.models.estimator import EstimatorSpec
from exhibit.tasks.models.fitted import TRUSTED_TYPES, CatBoost, Whole, fitted
from exhibit.tasks.protocols import Compute, Model, Score, scores, silent
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, TableColumn
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.stages.load import load, told_by_place
from exhibit.tasks.store import Store
from tests.conftest import Memory

COMPUTE = Compute(batch=64, threads=1)
ROWS = 240
WORDS = ["region", "purpose"]


def _loans() -> pd.DataFrame:
    """Numbers with gaps, a truth value, words, and codes with zeros in front."""
    random = np.random.default_rng(0)
    loans = pd.DataFrame(
        {
            "age": random.integers(20, 70, ROWS).astype(float),
            "region": random.choice(["01", "02", "13"], ROWS),
            "own": random.random(ROWS) < 0.4,
            "purpose": random.choice(["car", "home", "education"], ROWS),
        }
    )
    loans.loc[::9, "age"] = np.nan
    risk = (loans.age.fillna(30) > 45).astype(int) + (loans.purpose == "car") * 1 + (loans.region == "13") * 1
    return loans.assign(label=np.where(risk + random.random(ROWS) > 1.6, "late", "paid"))


LOANS = _loans()
X, Y = LOANS.drop(columns="label"), (LOANS.label == "paid").astype(int)
CATEGORIES = X.astype(dict.fromkeys(WORDS, "category"))


def _xgboost(path: Path) -> Array:
    model = xgboost.XGBClassifier(n_estimators=6, max_depth=3, enable_categorical=True, n_jobs=1).fit(CATEGORIES, Y)
    model.save_model(path)
    return model.predict_proba(CATEGORIES)


def _lightgbm(path: Path) -> Array:
    model = lightgbm.LGBMClassifier(n_estimators=6, verbose=-1, n_jobs=1).fit(CATEGORIES, Y)
    model.booster_.save_model(path)
    return model.predict_proba(CATEGORIES)


def _catboost(path: Path) -> Array:
    model = catboost.CatBoostClassifier(
        iterations=6, depth=3, verbose=0, thread_count=1, allow_writing_files=False, cat_features=WORDS
    ).fit(X, Y)
    model.save_model(str(path))
    return model.predict_proba(X)


def _pipeline(path: Path) -> Array:
    model = Pipeline([("columns", _steps()), ("model", LogisticRegression())]).fit(X, LOANS.label)
    skops.io.dump(model, path)
    return model.predict_proba(X)


def _steps() -> ColumnTransformer:
    return ColumnTransformer(
        [("words", OneHotEncoder(handle_unknown="ignore"), WORDS), ("numbers", SimpleImputer(), ["age"])],
        remainder="passthrough",
    )


def _forest(path: Path, *steps: Any) -> Array:
    trees = RandomForestClassifier(5, max_depth=5, random_state=0)
    model = Pipeline([("columns", _steps()), *steps, ("model", trees)]).fit(X, LOANS.label)
    skops.io.dump(model, path)
    return model.predict_proba(X)


def _mixed_forest(path: Path) -> Array:
    return _forest(path, ("mixed", PCA(3)))


def _histogram(path: Path) -> Array:
    model = HistGradientBoostingClassifier(max_iter=6, categorical_features="from_dtype").fit(CATEGORIES, LOANS.label)
    skops.io.dump(model, path)
    return model.predict_proba(CATEGORIES)


FILES: dict[str, Callable[[Path], Array]] = {
    "boosted.json": _xgboost,
    "boosted.ubj": _xgboost,
    "boosted.txt": _lightgbm,
    "boosted.cbm": _catboost,
    "pipeline.skops": _pipeline,
    "histogram.skops": _histogram,
    "forest.skops": _forest,
    "mixed_forest.skops": _mixed_forest,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loans")
    LOANS.to_csv(folder / "loans.csv", index=False)
    return folder


@pytest.fixture(autouse=True)
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """What skops does not trust by itself of a HistGradientBoostingClassifier."""
    trees = "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"
    monkeypatch.setenv(
        TRUSTED_TYPES, f"functools.partial,sklearn.tree._tree.Tree,{trees},sklearn.utils.validation.check_array"
    )


def made(folder: Path, file: str, **options: Any) -> tuple[EstimatorSpec, Dataset, Model, Array]:
    """A model from a file, the data that it asks for, and what its own library predicts."""
    expected = FILES[file](folder / file)
    spec = EstimatorSpec(path=folder / file, **options)
    data = TableSpec(path=folder / "loans.csv", label="label", classes=("late", "paid"), test_share=0).load_for(
        Memory(), spec.wanted(COMPUTE)
    )
    weights = unpack(type(spec.fit(data, COMPUTE, silent)), pack(spec.fit(data, COMPUTE, silent)))
    return spec, data, spec.restore(data, weights, COMPUTE), expected


@pytest.mark.parametrize("file", FILES)
def test_predictions_are_those_of_the_library_on_the_frame_of_its_training(file: str, folder: Path) -> None:
    """With words, codes such as 01, truth values and gaps as they stand in the file."""
    _, data, model, expected = made(folder, file)
    (table,) = data.inputs
    assert table.features == ("age", "region", "own", "purpose")
    assert table.values.shape == (ROWS, 4)
    assert table.whole[1].categories == ("01", "02", "13")
    assert "Missing are age in 27 of 240 rows; the model is given them as missing." in data.description
    np.testing.assert_allclose(model.predict(data.arrays), expected, atol=1e-6)


def exact(score: Callable[[Array], Array], x: Array, others: Array) -> Array:
    """Shapley values by enumeration: columns outside a coalition are those of each row of `others`, on average."""
    count = len(x)

    @cache
    def known_worth(coalition: frozenset[int]) -> float:
        rows = others.copy()
        rows[:, list(coalition)] = x[list(coalition)]
        return float(score(rows).mean())

    def worth(coalition: tuple[int, ...]) -> float:
        return known_worth(frozenset(coalition))

    return np.array(
        [
            sum(
                factorial(size) * factorial(count - size - 1) / factorial(count)
                * (worth((*known, player)) - worth(known))
                for size in range(count)
                for known in combinations([k for k in range(count) if k != player], size)
            )
            for player in range(count)
        ]
    )  # fmt: skip


@pytest.mark.parametrize("file", ["boosted.ubj", "boosted.txt", "boosted.cbm", "pipeline.skops"])
def test_hidden_columns_are_whole_columns(file: str, folder: Path, explain: Callable[..., Any]) -> None:
    """Kernel SHAP against enumeration over four raw columns, and occlusion against predictions of a changed frame: the
    baseline is the mean of a number and the commonest word."""
    _, data, model, _ = made(folder, file)
    name, rows = data.inputs[0].name, np.arange(3)
    hidden = baseline("auto", data, None, rows)
    assert hidden is not None
    commonest = LOANS.purpose.value_counts().index[0]
    assert hidden[name][0, 0] == pytest.approx(LOANS.age.mean())
    assert data.inputs[0].whole[3].word(hidden[name][0, 3]) == commonest
    samples, targets = {name: data.inputs[0].array[rows]}, np.ones((3, 1), int)
    found = explain(KernelShapSpec(), model, samples, targets, baselines=hidden, score="probability")
    for row in rows.tolist():
        expected = exact(lambda mixed: model.predict({name: mixed})[:, 1], samples[name][row], hidden[name][:1])
        np.testing.assert_allclose(found.values[name][row, :, 0], expected, atol=1e-6)
    lost = explain(OcclusionSpec(), model, samples, targets, baselines=hidden, score="probability")
    changed = samples[name].copy()
    changed[:, 3] = hidden[name][:, 3]
    expected = model.predict(samples)[:, 1] - model.predict({name: changed})[:, 1]
    np.testing.assert_allclose(lost.values[name][:, 3, 0], expected, atol=1e-6)


@pytest.mark.parametrize("file", ["boosted.ubj", "boosted.txt", "boosted.cbm"])
@without_transformers()
def test_along_the_paths_values_are_those_of_shap(file: str, folder: Path, explain: Callable[..., Any]) -> None:
    """Of the log-odds, which they add up to; with native categories and gaps."""
    spec, data, model, _ = made(folder, file, output="logits")
    assert model.output == spec.output_kind(data) == "log_odds"
    samples = {data.inputs[0].name: data.inputs[0].array[:5]}
    targets = np.tile([0, 1], (5, 1))
    found = explain(TreeShapSpec(background=None), model, samples, targets, score="logit")
    rows = X if file == "boosted.cbm" else CATEGORIES
    estimator = model.estimator
    if file == "boosted.ubj":  # SHAP gives a bare booster no categories
        estimator = xgboost.XGBClassifier(enable_categorical=True)
        estimator.load_model(folder / file)
    own = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent")
    expected = own.shap_values(rows[:5], check_additivity=False)
    values = found.values[data.inputs[0].name]
    np.testing.assert_allclose(values[..., 1], expected, atol=1e-6)
    np.testing.assert_allclose(values[..., 0], -expected, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


@pytest.mark.parametrize("file", ["boosted.ubj", "boosted.txt", "boosted.cbm", "histogram.skops"])
def test_against_a_background_values_are_exact_over_raw_columns(
    file: str, folder: Path, explain: Callable[..., Any]
) -> None:
    _, data, model, _ = made(folder, file, output="logits")
    name, rows = data.inputs[0].name, background(12, 0, data)
    samples, targets = {name: data.inputs[0].array[:3]}, np.ones((3, 1), int)
    found = explain(TreeShapSpec(background=12), model, samples, targets, baselines=rows, score="logit")
    for row in range(3):
        expected = exact(lambda mixed: model.predict({name: mixed})[:, 1], samples[name][row], rows[name])
        np.testing.assert_allclose(found.values[name][row, :, 0], expected, atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)


@pytest.mark.parametrize("file", ["boosted.txt", "histogram.skops"])
def test_of_probabilities_both_classes_mirror_each_other(file: str, folder: Path, explain: Callable[..., Any]) -> None:
    """Of trees with categories of their own: they add up, and have the signs that their log-odds have."""
    found = {}
    for output, score in (("auto", "probability"), ("logits", "logit")):
        _, data, model, _ = made(folder, file, output=output)
        name, rows = data.inputs[0].name, background(1, 0, data)
        samples, targets = {name: data.inputs[0].array[:3]}, np.tile([0, 1], (3, 1))
        found[score] = explain(TreeShapSpec(background=1), model, samples, targets, baselines=rows, score=score)
        np.testing.assert_allclose(found[score].residual, 0, atol=1e-6)
    values, of_log_odds = (found[score].values[name] for score in ("probability", "logit"))
    np.testing.assert_allclose(values[..., 0], -values[..., 1], atol=1e-8)
    assert (np.sign(values) == np.sign(of_log_odds)).all()
    assert values.any()


@pytest.mark.parametrize("label", ["two classes", "three classes", "a number"])
def test_trees_of_scikit_learn_that_split_by_category_are_read_as_it_reads_them(label: str) -> None:
    """What they add up to, node by node, with gaps, words that the training does not know, and more than 32 of them."""
    random = np.random.default_rng(0)
    words, x = np.array([f"word {k}" for k in range(45)]), random.normal(size=300)
    place = random.integers(0, 45, 300)
    frame = pd.DataFrame({"x": x, "word": pd.Categorical(words[place])})
    frame.loc[::7, "word"] = frame.loc[::5, "x"] = np.nan
    value = x + 2 * (place % 3)
    settings: dict[str, Any] = {"max_iter": 4, "categorical_features": "from_dtype"}
    model: Any = HistGradientBoostingRegressor(**settings)
    if label != "a number":
        model, value = HistGradientBoostingClassifier(**settings), np.digitize(value, [1, 3][: label.count("ee") + 1])
    model.fit(frame[:200], value[:200])
    assert histogram_trees.splits_by_category(model)
    new = frame.assign(word=frame.word.cat.rename_categories({"word 44": "unknown"}))
    rows = histogram_trees.compared(model, new)
    found = np.tile(np.asarray(model._baseline_prediction, float).reshape(1, -1), (300, 1))
    for tree in histogram_trees.trees(model):
        goes, at = tree.goes_left(rows), np.zeros(300, int)
        while (tree.left[at] >= 0).any():
            further = np.where(goes[np.arange(300), at], tree.left[at], tree.right[at])
            at = np.where(tree.left[at] < 0, at, further)
        found[:, tree.output] += tree.value[at]
    expected = model.predict(new) if label == "a number" else model.decision_function(new)
    np.testing.assert_allclose(found, expected.reshape(300, -1), atol=1e-10)


@without_transformers()
def test_trees_behind_a_pipeline_are_exact_over_raw_columns(folder: Path, explain: Callable[..., Any]) -> None:
    """Against enumeration, with words, gaps and a truth value; values of derived columns, added up, are others."""
    _, data, model, _ = made(folder, "forest.skops")
    name, rows = data.inputs[0].name, data.inputs[0].array
    samples, targets = {name: rows[:3]}, np.tile([0, 1], (3, 1))
    found = explain(
        TreeShapSpec(background=12), model, samples, targets, baselines={name: rows[:12]}, score="probability"
    )
    expected = [exact(lambda mixed: model.predict({name: mixed})[:, 1], row, rows[:12]) for row in rows[:3]]
    np.testing.assert_allclose(found.values[name][..., 1], expected, atol=1e-6)
    np.testing.assert_allclose(found.values[name][..., 0], -found.values[name][..., 1], atol=1e-6)
    np.testing.assert_allclose(found.residual, 0, atol=1e-6)
    derived = model.estimator[0].transform(X)
    regions = shap.TreeExplainer(model.estimator[-1], derived[:12]).shap_values(derived[:3])[:, :3, 1].sum(axis=1)
    assert np.abs(regions - np.array(expected)[:, 1]).max() > 0.002


def test_a_step_that_mixes_columns_is_refused_by_tree_shap(folder: Path, explain: Callable[..., Any]) -> None:
    _, data, model, _ = made(folder, "mixed_forest.skops")
    samples = {data.inputs[0].name: data.inputs[0].array[:3]}
    with pytest.raises(InputError, match=r"make one column of several of the data \(.*age.*use kernel_shap or occl"):
        explain(TreeShapSpec(background=12), model, samples, np.ones((3, 1), int), baselines=background(12, 0, data),
                score="probability")  # fmt: skip


def test_probabilities_have_no_path_dependent_values(folder: Path, explain: Callable[..., Any]) -> None:
    _, data, model, _ = made(folder, "boosted.txt")
    with pytest.raises(InputError, match=r"give model\.output=logits, or a number of rows"):
        explain(TreeShapSpec(background=None), model, {"table": data.inputs[0].array[:2]}, score="probability")


def test_a_file_with_other_types_is_refused_with_what_to_type(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRUSTED_TYPES)
    _histogram(folder / "strange.skops")
    with pytest.raises(InputError, match=r"TreePredictor.*does not trust.*export EXHIBIT_TRUSTED_TYPES=functools"):
        EstimatorSpec(path=folder / "strange.skops").wanted(COMPUTE)


@pytest.mark.parametrize("ending", [".skops", ".json", ".ubj", ".txt", ".cbm"])
def test_what_is_no_model_is_said_in_a_sentence(ending: str, tmp_path: Path) -> None:
    (tmp_path / f"broken{ending}").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match=r"^model\.path: .* cannot read the"):
        EstimatorSpec(path=tmp_path / f"broken{ending}").wanted(COMPUTE)
    with pytest.raises(InputError, match=r"there is no file none"):
        EstimatorSpec(path=tmp_path / f"none{ending}").wanted(COMPUTE)
    os.mkfifo(tmp_path / f"pipe{ending}")
    with pytest.raises(InputError, match=rf"pipe{ending} is no regular file; put"):
        EstimatorSpec(path=tmp_path / f"pipe{ending}").wanted(COMPUTE)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a pickle is never opened"):
        EstimatorSpec(path=tmp_path / "model.joblib")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda loans: loans.rename(columns={"age": "years"}), "was fitted on age, which the data do not have"),
        (lambda loans: loans.assign(shoe=43), r"was not fitted on shoe; leave them out with 'data\.ignore=\[shoe\]'"),
        (lambda loans: loans.assign(region="77"), "knows the categories .01., .02., .13., and is given 77"),
    ],
    ids=["missing", "extra", "other words"],
)
def test_columns_are_matched_by_name(change: Any, message: str, folder: Path, tmp_path: Path) -> None:
    spec, *_ = made(folder, "boosted.txt")
    change(LOANS).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(InputError, match=message):
        spec.fit(
            TableSpec(path=tmp_path / "other.csv", label="label").load_for(Memory(), spec.wanted(COMPUTE)),
            COMPUTE,
            silent,
        )


def test_the_order_of_columns_in_the_file_is_of_no_account(folder: Path, tmp_path: Path) -> None:
    spec, _, _, expected = made(folder, "boosted.txt")
    LOANS[["label", "purpose", "own", "age", "region"]].to_csv(tmp_path / "turned.csv", index=False)
    data = TableSpec(path=tmp_path / "turned.csv", label="label", test_share=0).load_for(Memory(), spec.wanted(COMPUTE))
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    np.testing.assert_allclose(model.predict(data.arrays), expected, atol=1e-6)


def test_columns_that_a_model_does_not_name_are_taken_by_place_and_that_is_said(tmp_path: Path) -> None:
    frame = LOANS[["label", "own", "age"]].fillna({"age": 30.0})
    frame.to_csv(tmp_path / "t.csv", index=False)
    own = LogisticRegression().fit(frame[["own", "age"]].to_numpy(float), frame.label)
    skops.io.dump(own, tmp_path / "m.skops")
    spec = EstimatorSpec(path=tmp_path / "m.skops")
    store, given = Store(tmp_path / "store"), TableSpec(path=tmp_path / "t.csv", label="label", test_share=0)
    wanted = spec.wanted(COMPUTE)
    loaded = load(store, given, wanted=wanted)
    data = unpack(Dataset, store.get(loaded["dataset"]))
    said = "The model knows no names of columns, so it is given them by place, in this order: own, age; data.features"
    assert said in data.description
    told = told_by_place(store, loaded["dataset"], wanted)
    assert told is not None
    assert told.startswith(said)
    predicted = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE).predict(data.arrays)
    np.testing.assert_allclose(predicted, own.predict_proba(frame[["own", "age"]].to_numpy(float)))
    named = spec.wanted(COMPUTE).model_copy(update={"names": ("own", "age")})
    assert "by place" not in given.load_for(Memory(), named).description
    assert told_by_place(store, loaded["dataset"], named) is None


def test_rows_of_some_classes_alone_are_told_to_name_all(tmp_path: Path) -> None:
    rows = X[["own"]].assign(label=np.array([10, 20, 30])[np.arange(ROWS) % 3])
    skops.io.dump(LogisticRegression().fit(rows[["own"]], rows.label), tmp_path / "m.skops")
    rows[rows.label != 20].to_csv(tmp_path / "t.csv", index=False)
    spec = EstimatorSpec(path=tmp_path / "m.skops")
    given = TableSpec(path=tmp_path / "t.csv", label="label")
    with pytest.raises(InputError, match=r"asks for 2, .*data\.classes=\[\"10\",\"20\",\"30\"\]' names all that"):
        spec.fit(given.load_for(Memory(), spec.wanted(COMPUTE)), COMPUTE, silent)
    all_of_them = given.model_copy(update={"classes": ("10", "20", "30")})
    spec.fit(all_of_them.load_for(Memory(), spec.wanted(COMPUTE)), COMPUTE, silent)


def test_a_model_that_takes_no_gaps_says_what_to_choose(tmp_path: Path) -> None:
    """And with a choice it predicts."""
    frame = LOANS[["age", "own", "label"]]
    frame.to_csv(tmp_path / "t.csv", index=False)
    skops.io.dump(LogisticRegression().fit(frame[["age", "own"]].fillna(0), frame.label), tmp_path / "m.skops")
    spec = EstimatorSpec(path=tmp_path / "m.skops")
    wanted = spec.wanted(COMPUTE)
    with pytest.raises(InputError, match=r"some lack a value \(age in 27\), so data\.missing=exclude, mean"):
        spec.fit(TableSpec(path=tmp_path / "t.csv", label="label").load_for(Memory(), wanted), COMPUTE, silent)
    data = TableSpec(path=tmp_path / "t.csv", label="label", missing="median").load_for(Memory(), wanted)
    spec.fit(data, COMPUTE, silent)
    assert "age in 27 (the median," in data.description


def test_several_classes_and_regressions(tmp_path: Path, explain: Callable[..., Any]) -> None:
    """Three classes have margins that a softmax takes; a regression has values."""
    grades = np.digitize(X.age.fillna(30) + 10 * (X.purpose == "car"), [35, 50])
    for label, objective, output, outputs in (
        (grades, "multi:softprob", "logits", 3),
        (grades * 1.5 + 0.25, "reg:squarederror", "auto", 1),
    ):
        X.assign(label=label).to_csv(tmp_path / "t.csv", index=False)
        kind = xgboost.XGBClassifier if outputs == 3 else xgboost.XGBRegressor
        own = kind(n_estimators=4, max_depth=2, objective=objective, enable_categorical=True).fit(CATEGORIES, label)
        own.save_model(tmp_path / "m.ubj")
        spec = EstimatorSpec(path=tmp_path / "m.ubj", output=output)
        task = "classification" if outputs == 3 else "regression"
        data = TableSpec(path=tmp_path / "t.csv", label="label", task=task).load_for(Memory(), spec.wanted(COMPUTE))
        model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
        predicted = model.predict(data.arrays)
        expected = own.predict(CATEGORIES, output_margin=True).reshape(ROWS, -1)
        np.testing.assert_allclose(predicted, expected, atol=1e-5)
        score = "logit" if outputs == 3 else "value"
        samples = {"table": data.inputs[0].array[:4]}
        found = explain(TreeShapSpec(background=None), model, samples, np.full((4, 1), outputs - 1), score=score)
        np.testing.assert_allclose(found.residual, 0, atol=1e-5)
        assert predicted.shape == (ROWS, outputs)


def test_a_softmax_of_two_classes_has_a_logit_for_each(tmp_path: Path) -> None:
    """Neither is the log-odds of its class: the sigmoid of one is not its probability, which a score would be."""
    own = xgboost.XGBClassifier(n_estimators=4, max_depth=2, objective="multi:softprob", enable_categorical=True)
    own.set_params(num_class=2, n_jobs=1).fit(CATEGORIES, Y).save_model(tmp_path / "m.ubj")
    LOANS.to_csv(tmp_path / "t.csv", index=False)
    spec = EstimatorSpec(path=tmp_path / "m.ubj", output="logits")
    given = TableSpec(path=tmp_path / "t.csv", label="label", classes=("late", "paid"))
    data = given.load_for(Memory(), spec.wanted(COMPUTE))
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    targets = np.tile([0, 1], (ROWS, 1))
    outputs, score = model.predict(data.arrays), Score(kind="probability")
    found = np.stack([scores(outputs, model.output, score, column) for column in targets.T], axis=1)
    np.testing.assert_allclose(found, own.predict_proba(CATEGORIES), atol=1e-6)


def test_words_beyond_ascii_are_those_of_the_training_or_refused(tmp_path: Path, explain: Callable[..., Any]) -> None:
    """XGBoost 3.2 cuts such words at the wrong bytes: with all of them its trees are explained exactly, without one
    another word would be taken for it."""
    words = dict(zip(["car", "home", "education"], ["自動車", "住宅", "教育費"], strict=True))
    frame = LOANS[["age", "purpose", "label"]].replace({"purpose": words})
    inputs = frame[["age", "purpose"]].astype({"purpose": "category"})
    own = xgboost.XGBClassifier(n_estimators=5, max_depth=3, enable_categorical=True).fit(inputs, Y)
    own.save_model(tmp_path / "m.ubj")
    spec = EstimatorSpec(path=tmp_path / "m.ubj", output="logits")
    frame.to_csv(tmp_path / "t.csv", index=False)
    given = TableSpec(path=tmp_path / "t.csv", label="label", classes=("late", "paid"), test_share=0)
    data = given.load_for(Memory(), spec.wanted(COMPUTE))
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    np.testing.assert_allclose(model.predict(data.arrays)[:, 1], own.predict(inputs, output_margin=True), atol=1e-6)
    samples, rows = {"table": data.inputs[0].array[:2]}, background(9, 0, data)
    found = explain(TreeShapSpec(background=9), model, samples, np.ones((2, 1), int), baselines=rows, score="logit")
    for row in range(2):
        expected = exact(lambda mixed: model.predict({"table": mixed})[:, 1], samples["table"][row], rows["table"])
        np.testing.assert_allclose(found.values["table"][row, :, 0], expected, atol=1e-6)
    frame[frame.purpose != "住宅"].to_csv(tmp_path / "t.csv", index=False)
    fewer = given.load_for(Memory(), spec.wanted(COMPUTE))
    with pytest.raises(InputError, match="must hold just the 3 words of the training"):
        spec.fit(fewer, COMPUTE, silent)


def _early(path: Path, *, native: bool) -> Array:
    """Of a training that goes on for some rounds after the best one; on numbers, words and gaps."""
    held, turned = CATEGORIES[:40], 1 - Y[:40]
    if native:
        first = xgboost.DMatrix(CATEGORIES, Y, enable_categorical=True)
        second = xgboost.DMatrix(held, turned, enable_categorical=True)
        settings = {"objective": "binary:logistic", "max_depth": 3, "nthread": 1}
        xgboost.train(
            settings, first, 20, evals=[(second, "held")], early_stopping_rounds=4, verbose_eval=False
        ).save_model(path)
        booster = xgboost.Booster(model_file=path)
        assert booster.best_iteration + 1 < booster.num_boosted_rounds()
        return booster.predict(first, output_margin=True)
    own = xgboost.XGBClassifier(
        n_estimators=20, max_depth=3, early_stopping_rounds=4, enable_categorical=True, n_jobs=1
    )  # fmt: skip
    own.fit(CATEGORIES, Y, eval_set=[(held, turned)], verbose=False).save_model(path)
    assert own.best_iteration + 1 < own.get_booster().num_boosted_rounds()
    return own.predict(CATEGORIES, output_margin=True)


@pytest.mark.parametrize("native", [True, False], ids=["booster", "class"])
def test_the_rounds_of_xgboost_that_count_are_those_by_which_it_predicts(
    native: bool, tmp_path: Path, explain: Callable[..., Any]
) -> None:
    """Of a booster all, of its classes those up to the best one; against rows, along the paths, with categories."""
    expected = _early(tmp_path / "m.ubj", native=native)
    LOANS.to_csv(tmp_path / "t.csv", index=False)
    spec = EstimatorSpec(path=tmp_path / "m.ubj", output="logits")
    data = TableSpec(path=tmp_path / "t.csv", label="label", classes=("late", "paid"), test_share=0).load_for(
        Memory(), spec.wanted(COMPUTE)
    )
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    np.testing.assert_allclose(model.predict(data.arrays)[:, 1], expected, atol=1e-6)
    samples, rows = {"table": data.inputs[0].array[:2]}, background(9, 0, data)
    found = explain(TreeShapSpec(background=9), model, samples, np.ones((2, 1), int), baselines=rows, score="logit")
    for row in range(2):
        values = exact(lambda mixed: model.predict({"table": mixed})[:, 1], samples["table"][row], rows["table"])
        np.testing.assert_allclose(found.values["table"][row, :, 0], values, atol=1e-6)
    along = explain(TreeShapSpec(background=None), model, samples, np.ones((2, 1), int), score="logit")
    np.testing.assert_allclose(along.residual, 0, atol=1e-5)


@pytest.mark.parametrize("output", ["auto", "logits"])
@pytest.mark.parametrize(
    "labels",
    [np.array(["cheap", "dear"]), np.array([False, True]), np.array([10, 20]), np.array([10, 20, 30]),
     np.array(["a", "b", "c"])],
    ids=["words", "truth", "numbers", "three numbers", "three words"],
)  # fmt: skip
def test_catboost_is_explained_against_rows_whatever_its_labels_are_called(
    labels: Array, output: Any, tmp_path: Path, explain: Callable[..., Any]
) -> None:
    """Log-odds and margins exactly; probabilities of two classes add up, and those of more are refused: what CatBoost
    gives adds up, but is divided by the change of one logit alone."""
    frame = X[["own", "purpose"]].assign(age=X.age.fillna(30))
    label = labels[np.digitize(frame.age + 10 * (frame.purpose == "car"), [35, 50][: len(labels) - 1])]
    own = catboost.CatBoostClassifier(
        iterations=6, depth=3, verbose=0, thread_count=1, allow_writing_files=False, cat_features=["purpose"]
    ).fit(frame, label)
    own.save_model(str(tmp_path / "m.cbm"))
    frame.assign(label=label).to_csv(tmp_path / "t.csv", index=False)
    spec = EstimatorSpec(path=tmp_path / "m.cbm", output=output)
    data = TableSpec(path=tmp_path / "t.csv", label="label", task="classification", test_share=0).load_for(
        Memory(), spec.wanted(COMPUTE)
    )
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    if output == "auto":
        np.testing.assert_allclose(model.predict(data.arrays), own.predict_proba(frame), atol=1e-6)
    samples, rows, last = {"table": data.inputs[0].array[:2]}, background(9, 0, data), len(labels) - 1
    score = "probability" if output == "auto" else "logit"
    asked = {"baselines": rows, "score": score}
    if len(labels) > 2 and output == "auto":
        with pytest.raises(InputError, match="by that of its own logit alone"):
            explain(TreeShapSpec(background=9), model, samples, np.full((2, 1), last), **asked)
        return
    found = explain(TreeShapSpec(background=9), model, samples, np.full((2, 1), last), **asked)
    for row in range(2):
        values = exact(lambda mixed: model.predict({"table": mixed})[:, last], samples["table"][row], rows["table"])
        if output == "logits":
            np.testing.assert_allclose(found.values["table"][row, :, 0], values, atol=1e-6)
        assert found.values["table"][row, :, 0].sum() == pytest.approx(values.sum(), abs=1e-6)


@pytest.mark.parametrize("background_rows", [9, None])
@pytest.mark.parametrize("kind", [GradientBoostingClassifier, HistGradientBoostingClassifier])
@without_transformers()
def test_log_odds_of_two_classes_of_scikit_learn_mirror_each_other(
    kind: Any, background_rows: int | None, tmp_path: Path, explain: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against rows exactly, along the paths as SHAP has them, which add up."""
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(80, 3)).round(2), columns=["a", "b", "c"])
    label = np.where(frame.a * frame.b + frame.c > 0, "yes", "no")
    own = kind(**{"n_estimators" if kind is GradientBoostingClassifier else "max_iter": 6}).fit(frame, label)
    skops.io.dump(own, tmp_path / "m.skops")
    monkeypatch.setenv(TRUSTED_TYPES, ",".join(skops.io.get_untrusted_types(file=tmp_path / "m.skops")))
    frame.assign(label=label).to_csv(tmp_path / "t.csv", index=False)
    spec = EstimatorSpec(path=tmp_path / "m.skops", output="logits")
    data = TableSpec(path=tmp_path / "t.csv", label="label", test_share=0).load_for(Memory(), spec.wanted(COMPUTE))
    model = spec.restore(data, spec.fit(data, COMPUTE, silent), COMPUTE)
    samples, rows = {"table": data.inputs[0].array[:2]}, background(9, 0, data)
    against = rows if background_rows else None
    found = explain(
        TreeShapSpec(background=background_rows), model, samples, np.tile([0, 1], (2, 1)), baselines=against,
        score="logit",
    )  # fmt: skip
    values = found.values["table"]
    np.testing.assert_allclose(values[..., 0], -values[..., 1], atol=1e-8)
    np.testing.assert_allclose(found.residual, 0, atol=1e-5)
    np.testing.assert_allclose(found.prediction[:, 1], own.decision_function(frame[:2]), atol=1e-6)
    if against is None:
        expected = shap.TreeExplainer(own, feature_perturbation="tree_path_dependent").shap_values(frame[:2])
    else:
        expected = [
            exact(lambda mixed: model.predict({"table": mixed})[:, 1], row, rows["table"]) for row in samples["table"]
        ]
    np.testing.assert_allclose(values[..., 1], expected, atol=1e-5)


def _encoder_before_a_line() -> Any:
    encode = ColumnTransformer([("c", OneHotEncoder(handle_unknown="ignore"), ["c"])], remainder="passthrough")
    return Pipeline([("encode", encode), ("fit", LogisticRegression())])


def _trees() -> Any:
    return HistGradientBoostingClassifier(max_iter=2, categorical_features="from_dtype")


@pytest.mark.parametrize(
    ("make", "cells", "problem"),
    [
        (_encoder_before_a_line, pd.Series(["x ", " y"]), "the column 'c' holds 'x '"),
        (_encoder_before_a_line, pd.Series(["x", " y"]), "the column 'c' holds ' y'"),
        (_encoder_before_a_line, pd.Series(["", "y"]), "the column 'c' holds ''"),
        (_encoder_before_a_line, pd.Series(["1", "2"]), "cells of the column 'c' are unknown"),
        (_trees, pd.Series(["x", " y"]).astype("category"), "the column 'c' holds ' y'"),
    ],
    ids=["blanks", "a blank", "no letters", "words of digits", "trees"],
)
def test_categories_that_a_model_does_not_know_are_refused(
    make: Callable[[], Any], cells: "pd.Series[Any]", problem: str
) -> None:
    """An encoder that ignores unknown words would predict without them, and say nothing; so do trees."""
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "c": cells.iloc[np.arange(40) % 2].reset_index(drop=True)})
    model = make().fit(frame, np.arange(40) % 2)
    with pytest.raises(InputError, match=problem):
        exhibit.explain(model, frame, np.arange(40) % 2, method="occlusion", check=[])


def test_which_rows_come_first_does_not_decide_whether_a_model_knows_a_column() -> None:
    """Eight rows of forty are strange: the model was tried on just these, and refused as one that knows none."""
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "c": np.resize(["x", "y"], 40)})
    model = _encoder_before_a_line().fit(frame, np.arange(40) % 2)
    strange = frame.assign(c=["z"] * 8 + frame["c"].tolist()[8:])
    report = exhibit.explain(model, strange, np.arange(40) % 2, method="occlusion", check=[])
    assert report.attributions["occlusion"].shape == (40, 2)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
@pytest.mark.parametrize(("own", "refused"), [("x", False), (" x", True), ("x ", True)])
def test_a_file_whose_words_have_blanks_is_refused_for_a_fitted_model(
    own: str, refused: bool, ending: str, tmp_path: Path
) -> None:
    """They are dropped when it is read; CatBoost would take what is left for a word that it has never seen."""
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "c": np.tile([own, "y"], 20), "label": np.tile(["u", "v"], 20)})
    item = catboost.CatBoostClassifier(iterations=2, verbose=0, cat_features=["c"], allow_writing_files=False)
    item.fit(frame[["a", "c"]], frame["label"]).save_model(str(tmp_path / "m.cbm"))
    path = tmp_path / f"t{ending}"
    frame.to_csv(path, index=False) if ending == ".csv" else frame.to_parquet(path)
    spec = EstimatorSpec(path=tmp_path / "m.cbm")
    data = TableSpec(path=path, label="label", test_share=0)
    if refused:
        with pytest.raises(InputError, match=f"data.path: the column 'c' holds {own!r}; blanks"):
            data.load_for(Memory(), spec.wanted(COMPUTE))
        return
    found = data.load_for(Memory(), spec.wanted(COMPUTE))
    model = spec.restore(found, spec.fit(found, COMPUTE, silent), COMPUTE)
    np.testing.assert_allclose(model.predict(found.arrays), item.predict_proba(frame[["a", "c"]]), atol=1e-9)


def _boosted(kind: Any, **settings: Any) -> Any:
    return kind(n_estimators=4, random_state=0, n_jobs=1, **settings)


_TYPED: dict[str, Callable[[], Any]] = {
    "encoder": _encoder_before_a_line,
    "trees": _trees,
    "xgboost": lambda: _boosted(xgboost.XGBClassifier, enable_categorical=True),
    "lightgbm": lambda: _boosted(lightgbm.LGBMClassifier, min_child_samples=2, verbose=-1),
    "catboost": lambda: catboost.CatBoostClassifier(
        iterations=4, verbose=0, cat_features=["c"], thread_count=1, allow_writing_files=False
    ),
}


@pytest.mark.parametrize(
    ("library", "cells"),
    [
        (library, cells)
        for library in _TYPED
        for cells in ([1, 2, -3], [True, False], [2**53, 2**53 + 1])
        if library != "xgboost" or cells[0] is not True  # which takes no truth values for categories
    ],
)
def test_categories_that_are_no_words_are_given_in_their_own_type(library: str, cells: Sequence[Any]) -> None:
    """1 is another category than "1", and what CatBoost makes of True is neither "True" nor "1.0"."""
    kind = None if library == "catboost" else "category"
    frame = pd.DataFrame({"a": np.arange(48.0) % 7, "c": pd.Series(np.resize(cells, 48), dtype=kind)})
    label = (frame["c"] == cells[0]).to_numpy() ^ (frame["a"] > 5).to_numpy()
    model = _TYPED[library]().fit(frame, label)
    asked = _model_of(model, frame, label)
    np.testing.assert_allclose(asked, model.predict_proba(frame), atol=1e-6)


def test_words_of_truth_are_given_as_the_model_knows_them() -> None:
    """pandas reads True of a file as a truth value, where a model may have been fitted on words."""
    words = np.resize(["True", "False"], 48)
    frame = pd.DataFrame({"a": np.arange(48.0) % 7, "c": words})
    model = _encoder_before_a_line().fit(frame, words == "True")
    frame["c"] = frame["c"] == "True"
    np.testing.assert_allclose(_model_of(model, frame, words), model.predict_proba(frame.assign(c=words)), atol=1e-9)


def test_a_word_that_pandas_reads_as_missing_is_asked_about() -> None:
    """A file has NA, and the model was fitted on what pandas made of it."""
    fit = pd.DataFrame({"a": np.arange(48.0) % 7, "c": np.resize(["x", "y", "NA"], 48)})
    label = fit["c"] == "NA"
    model = _encoder_before_a_line().fit(fit.assign(c=fit["c"].replace("NA", np.nan)), label)
    with pytest.raises(InputError, match=r"'c' holds 'NA', which .* missing, .*: 'data.missing_values=\[NA\]'"):
        _model_of(model, fit, label)
    as_words = _encoder_before_a_line().fit(fit, label)
    np.testing.assert_allclose(_model_of(as_words, fit, label), as_words.predict_proba(fit), atol=1e-9)


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "split off"])
@pytest.mark.parametrize(
    ("fitted_on", "given"),
    [
        (["True", "False"], [True, False]),
        (["true", "false"], [True, False]),
        ([1, 2, 3], [1.0, 2.0, 3.0]),
        (["1.0", "2.0", "3.0"], [1, 2, 3]),
        (["a", "b"], ["a", "b"]),
    ],
    ids=["words of truth", "small words of truth", "integers", "decimals", "words"],
)
def test_catboost_is_given_the_words_that_it_knows(fitted_on: list[Any], given: list[Any], counted: bool) -> None:
    """A file says neither whether True was a word nor whether 1.0 was 1; the hashes in the model do."""
    frame = pd.DataFrame({"a": np.arange(48.0) % 7, "c": np.resize(np.array(fitted_on, object), 48)})
    label = (frame["c"] == fitted_on[0]).to_numpy() ^ (frame["a"] > 5).to_numpy()
    model = _TYPED["catboost"]().set_params(one_hot_max_size=1 if counted else 9).fit(frame, label)
    column = np.resize(np.array(given, object if isinstance(given[0], str) else None), 48)
    asked = _model_of(model, frame.assign(c=column), label)
    np.testing.assert_allclose(asked, model.predict_proba(frame), atol=1e-9)


@pytest.mark.parametrize("most", [1, 2], ids=["counted", "split off"])
def test_words_that_catboost_has_never_seen_are_refused(most: int) -> None:
    frame = pd.DataFrame({"a": np.arange(48.0) % 7, "c": np.resize(["yes", "no"], 48)})
    label = (frame["c"] == "yes").to_numpy() ^ (frame["a"] > 5).to_numpy()
    model = _TYPED["catboost"]().set_params(one_hot_max_size=most).fit(frame, label)
    with pytest.raises(InputError, match="'c' holds 0, 1, and the CatBoost model knows none of these"):
        _model_of(model, frame.assign(c=np.resize([0, 1], 48)), label)


@pytest.mark.parametrize(
    ("own", "given", "problem"),
    [
        (["TRUE", "FALSE"], [True, False], None),
        (["01", "02"], [1, 2], None),
        (["1.00", "2.00"], [1, 2], None),
        (["+1", "+2"], [1, 2], "keeps too few of the words of 'c' to tell how they were spelled"),
        (["+1", "02"], [1, 2], "keeps too few of the words of 'c' to tell how they were spelled"),
        (["1", "01"], ["1", "01"], None),
        ([" x", "y"], ["x", "y"], "'c' holds 'x', and the CatBoost model knows ' x' instead"),
        (["Ab ", "y"], ["ab", "y"], "'c' holds 'ab', and the CatBoost model knows 'Ab ' instead"),
        (["x", "y"], ["z", "y"], None),
    ],
)
def test_words_of_a_split_are_spelled_as_its_hash_says_or_refused(
    own: list[str], given: list[Any], problem: str | None
) -> None:
    """Where many categories are split off one by one, the file keeps only those of the splits: here the first one."""
    frame = pd.DataFrame({"a": np.arange(60.0) % 7, "c": np.resize(np.array([*own, "more"], object), 60)})
    label = ((frame["c"] == own[0]) ^ (frame["a"] > 5)).to_numpy()
    model = _TYPED["catboost"]().set_params(iterations=2, depth=2, one_hot_max_size=255).fit(frame, label)
    rows = (frame["c"] != "more").to_numpy()
    asked = frame[rows].assign(c=np.resize(np.array(given, object if isinstance(given[0], str) else None), rows.sum()))
    if problem is None:
        spelled = frame[rows].assign(c=np.resize(given if isinstance(given[0], str) else own, rows.sum()))
        found = _model_of(model, asked, label[rows])
        np.testing.assert_allclose(found, model.predict_proba(spelled), atol=1e-9)
        return
    with pytest.raises(InputError, match=problem):
        _model_of(model, asked, label[rows])


def test_numbers_that_catboost_knows_in_combinations_alone_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file has the hashes of whole combinations, which do not tell those of a column."""
    frame = pd.DataFrame({"c": np.resize(["1", "2"], 8), "d": np.resize(["1", "1", "2"], 8)})
    item = _TYPED["catboost"]().set_params(cat_features=["c", "d"], iterations=1).fit(frame, frame["c"])
    words = CategoryWords(item)
    told = {
        "categorical_features": [{"flat_feature_index": 0}, {"flat_feature_index": 1}],
        "ctrs": [{"elements": [{"cat_feature_index": 0}, {"cat_feature_index": 1}]}],
    }
    monkeypatch.setattr(words, "_told", lambda: {"features_info": told})
    with pytest.raises(InputError, match="keeps too few of the words of 'c'"):
        words.of(0, TableColumn(name="c", kind="category", categories=("1", "2"), counted=True))
    assert words.of(1, TableColumn(name="d", kind="category", categories=("ab", "cd"))).words == ("ab", "cd")


def _model_of(model: Any, frame: Any, label: Array) -> Array:
    """What it predicts of all rows, as it is given them."""
    own = fitted(model, 1)
    assert own is not None
    data = dataset_of({"inputs": {"rows": frame}, "labels": label}, "data.factory: own:rows", own.wanted)
    require_known(own, data, "model.factory")
    return ColumnsModel(own, columns_of(data), "probabilities", COMPUTE).predict(data.arrays)


def test_catboost_knows_truth_values_as_it_was_given_them() -> None:
    """Its own words for them are neither True nor False."""
    frame = pd.DataFrame({"a": np.arange(40.0) % 7, "c": np.arange(40) % 2 == 0})
    item = catboost.CatBoostClassifier(iterations=5, verbose=0, cat_features=["c"], thread_count=1, one_hot_max_size=2)
    item.set_params(allow_writing_files=False).fit(frame, np.arange(40) % 2)
    columns = (TableColumn(name="a", kind="number"), TableColumn(name="c", kind="truth"))
    found = CatBoost(item).predict(Whole(frame.to_numpy(np.float64), columns), "probabilities")
    np.testing.assert_allclose(found, item.predict_proba(frame), rtol=1e-12)
