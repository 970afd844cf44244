"""Files of fitted models that somebody changed: each is a model or one sentence, and none ends this process or keeps it
waiting. What is seen to be whole is what the libraries themselves write."""

import json
import os
import re
import signal
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exhibit.tasks.models.fitted import Fitted, read_fitted
from exhibit.tasks.models.tree_files import require_lightgbm, require_xgboost
from exhibit.tasks.models.trial import _trials, trial
from exhibit.tasks.models.trial_process import tried
from exhibit.tasks.models.ubjson import read_ubjson
from exhibit.tasks.records.base import InputError
from tests.changed_bytes import changed

ENDINGS = (".json", ".ubj", ".txt", ".cbm")


@cache
def rows() -> tuple[Any, Any]:
    draws = np.random.default_rng(0)
    words = pd.Categorical(draws.choice(list("abcdefgh"), 200))
    frame = pd.DataFrame({"a": draws.normal(size=200), "b": draws.normal(size=200), "c": words})
    return frame, (frame["a"] > 0).astype(int) + frame["c"].isin(list("bdf"))


def saved(model: Any, ending: str) -> bytes:
    with TemporaryDirectory() as folder:
        model.save_model(path := str(Path(folder) / f"model{ending}"))
        return Path(path).read_bytes()


@cache
def good(ending: str) -> bytes:
    frame, classes = rows()
    if ending in (".json", ".ubj"):
        booster = xgboost.XGBClassifier(n_estimators=2, max_depth=3, max_cat_to_onehot=1, enable_categorical=True)
        return saved(booster.set_params(n_jobs=1).fit(frame, classes), ending)
    if ending == ".txt":
        options = {"num_leaves": 5, "min_data_per_group": 1, "cat_smooth": 0, "max_cat_to_onehot": 1, "n_jobs": 1}
        model = lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, **options)
        return saved(model.fit(frame, classes).booster_, ending)
    model = catboost.CatBoostClassifier(iterations=2, depth=3, verbose=0, thread_count=1, allow_writing_files=False)
    return saved(model.fit(frame[["a", "b"]], classes), ending)


def outcome(data: bytes, ending: str) -> str:
    """Empty for a model."""
    try:
        assert isinstance(read_fitted(data, ending, 1), Fitted)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_as_its_library_wrote_it_is_read(ending: str) -> None:
    assert outcome(good(ending), ending) == ""


STRAYS = "has a node that leads back, or to one that is not there"
MODEL = ("learner", "gradient_booster", "model")
TREES = (*MODEL, "trees")


def outcome_of_changed(where: Sequence[str | int], what: Any) -> str:
    """Of a model of XGBoost with something else at that place of it."""
    found = whole = json.loads(good(".json"))
    for name in where[:-1]:
        found = found[name]
    found[where[-1]] = what
    return outcome(json.dumps(whole).encode(), ".json")


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("left_children", 0, STRAYS),
        ("left_children", 2, STRAYS),  # as does the right one
        ("left_children", 99_999, STRAYS),
        ("right_children", -5, STRAYS),
        ("split_indices", 2_000_000, "has a node that asks for a column beyond its 3"),
        ("categories_segments", 2_000_000, "has categories that are not there"),
    ],
)
def test_a_tree_of_xgboost_with_another_number_is_refused(name: str, number: int, words: str) -> None:
    """It ends the process at most of these."""
    assert words in outcome_of_changed([*TREES, 0, name, 0], number)


@pytest.mark.parametrize(
    ("where", "what", "words"),
    [
        ((*TREES, 0, "default_left"), [0], "and 1 numbers in default_left"),
        ((*MODEL, "iteration_indptr"), [0, 9_999], "its rounds are of trees that are not there"),
        ((*MODEL, "tree_info"), [0], "trees, and tells of 1"),
        (("learner", "learner_model_param"), {}, "it has no 'num_feature'"),
        (("learner",), 7, "XGBoost cannot read the .json file: "),
        (("learner", "learner_model_param", "num_feature"), "many", "invalid literal for int"),
        (("learner", "learner_model_param", "num_feature"), "2000000000", "XGBoost cannot "),
    ],
)
def test_a_changed_model_of_xgboost_is_refused(where: Sequence[str | int], what: Any, words: str) -> None:
    assert words in outcome_of_changed(where, what)


@pytest.mark.parametrize(
    ("pattern", "instead", "words"),
    [
        (r"left_child=-?\d+", "left_child=0", STRAYS),
        (r"left_child=-?\d+", "left_child=99999", STRAYS),
        (r"right_child=-?\d+", "right_child=-99999", STRAYS),
        (r"split_feature=\d+", "split_feature=99999", "has a node that asks for a column beyond its 3"),
        (r"num_leaves=\d+", "num_leaves=2000000000", "2,000,000,000 leaves, and "),
        (r"decision_type=\d+", "decision_type=", "numbers in decision_type"),
        (r"cat_threshold=\d+", "cat_threshold=", "has categories that are not there"),
        (r"cat_boundaries=0", "cat_boundaries=-4", "has categories that are not there"),
        (r"\[num_leaves: 5\]", "[num_l", "'[num_l' is no setting"),
        ("max_feature_idx", "min_feature_idx", "it has no 'max_feature_idx'"),
    ],
)
def test_a_changed_model_of_lightgbm_is_refused(pattern: str, instead: str, words: str) -> None:
    """It ends the process at most of these."""
    text, count = re.subn(pattern, instead, good(".txt").decode(), count=1)
    assert count
    assert words in outcome(text.encode(), ".txt")


def test_what_does_not_come_to_its_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("exhibit.tasks.models.trial_process.said", lambda data, ending: [None for _ in iter(int, 1)])
    assert "it was not done with it after 0 s" in tried(b"", ".txt", 0.2)


def test_what_ends_its_process_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "exhibit.tasks.models.trial_process.said", lambda data, ending: os.kill(os.getpid(), signal.SIGKILL)
    )
    assert "its process ended, as happens where bytes of a file were changed" in tried(b"", ".txt", 60)


def test_the_process_that_tries_them_may_be_ended() -> None:
    """The next file has another one."""
    assert trial(good(".txt"), ".txt") == ""
    assert _trials._process is not None
    _trials._process.kill()
    _trials._process.wait()
    trial.cache_clear()
    assert trial(good(".txt"), ".txt") == ""


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=15, deadline=None, database=None)
@given(data=st.data())
def test_files_with_other_bytes_are_models_or_refused(ending: str, data: Any) -> None:
    said = outcome(data.draw(changed(good(ending))), ending)
    assert said == "" or said.startswith("model.path: "), said


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
@example(b"{L\0\0\0\0\0\0\0\1aL" + b"\xff" * 8)
@example(b"[" * 5000)
def test_bytes_are_ubjson_or_not(data: bytes) -> None:
    with suppress(ValueError):
        read_ubjson(data)


def test_ubjson_is_read_as_json_is() -> None:
    """All that XGBoost writes both ways."""
    texts = json.loads(good(".json"))
    tree, same = (
        whole["learner"]["gradient_booster"]["model"]["trees"][1] for whole in (texts, read_ubjson(good(".ubj")))
    )
    assert tree.keys() == same.keys()
    assert tree["left_children"] == list(same["left_children"])
    assert np.allclose(tree["split_conditions"], same["split_conditions"])
    assert texts["learner"]["attributes"] == read_ubjson(good(".ubj"))["learner"]["attributes"]


@pytest.mark.parametrize(
    "options",
    [
        {"booster": "dart", "rate_drop": 0.5}, {"booster": "gblinear"}, {"num_parallel_tree": 3}, {"max_depth": 1},
        {"objective": "multi:softprob", "num_class": 3}, {"multi_strategy": "multi_output_tree", "tree_method": "hist"},
        {"gamma": 1e9}, {"grow_policy": "lossguide", "max_leaves": 5}, {"max_depth": 6, "gamma": 0.5},
    ],
    ids=str,
)  # fmt: skip
def test_models_of_xgboost_of_any_kind_are_whole(options: dict[str, Any]) -> None:
    frame, classes = rows()
    several = "multi_strategy" in options
    label = np.column_stack([classes, frame["a"]]) if several else classes.to_numpy()
    booster = xgboost.train({"nthread": 1, **options}, xgboost.DMatrix(frame[["a", "b"]], label), 2)
    for kind in ("json", "ubj"):
        require_xgboost(bytes(booster.save_raw(kind)))


@pytest.mark.parametrize(
    "options",
    [
        {"boosting": "dart"}, {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1}, {"linear_tree": True},
        {"objective": "multiclass", "num_class": 3}, {"min_data_in_leaf": 500},
        {"num_leaves": 60, "min_data_in_leaf": 1}, {"max_cat_to_onehot": 1, "cat_smooth": 0},
        {"monotone_constraints": [1, 0]}, {"interaction_constraints": [[0], [1]]},
    ],
    ids=str,
)  # fmt: skip
def test_models_of_lightgbm_of_any_kind_are_whole(options: dict[str, Any]) -> None:
    frame, classes = rows()
    numeric = {"monotone_constraints", "interaction_constraints", "linear_tree"} & set(options)
    columns = ["a", "b"] if numeric else ["a", "b", "c"]
    data = lightgbm.Dataset(frame[columns], classes, params={"verbose": -1})
    booster = lightgbm.train({"verbose": -1, "num_threads": 1, "min_data_per_group": 1, **options}, data, 3)
    require_lightgbm(booster.model_to_string().encode())
