"""Boosters that are read from a file are known by what is in it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost

from exhibit.tasks.models.content import content
from exhibit.tasks.models.fitted import fitted
from exhibit.tasks.records.base import Array

ROWS = np.random.default_rng(0).normal(size=(60, 3))


def _lightgbm(path: str, labels: Array) -> None:
    model = lightgbm.LGBMRegressor(n_estimators=3, verbose=-1, n_jobs=1)
    model.fit(ROWS, labels).booster_.save_model(path)


def _xgboost(path: str, labels: Array) -> None:
    xgboost.XGBRegressor(n_estimators=3, n_jobs=1).fit(ROWS, labels).save_model(path)


def _catboost(path: str, labels: Array) -> None:
    model = catboost.CatBoostRegressor(iterations=3, verbose=0, thread_count=1, allow_writing_files=False)
    model.fit(ROWS, labels).save_model(path)


def _xgboost_by_class(path: str) -> Any:
    model = xgboost.XGBRegressor()
    model.load_model(path)
    return model


@pytest.mark.parametrize(
    ("name", "write", "read"),
    [
        ("a.txt", _lightgbm, lambda path: lightgbm.Booster(model_file=path)),
        ("a.json", _xgboost, lambda path: xgboost.Booster(model_file=path)),
        ("a.json", _xgboost, _xgboost_by_class),
        ("a.cbm", _catboost, lambda path: catboost.CatBoost().load_model(path)),
    ],
    ids=["lightgbm", "xgboost", "XGBRegressor", "catboost"],
)
def test_another_file_is_another_model_and_the_same_file_the_same(
    name: str, write: Callable[[str, Array], None], read: Callable[[str], Any], tmp_path: Path
) -> None:
    def digest(labels: Array) -> str:
        write(str(tmp_path / name), labels)
        own = fitted(read(str(tmp_path / name)), 1)
        assert own is not None
        return content(own.held()).digest

    first = digest(ROWS[:, 0])
    assert digest(ROWS[:, 0]) == first
    assert digest(ROWS[:, 1]) != first


def test_catboost_of_three_classes_is_known_by_its_trees_and_not_by_the_hour() -> None:
    """Columns that change places leave the values of the leaves as they are, and are another model."""

    def digest(rows: Array) -> str:
        model = catboost.CatBoostClassifier(
            iterations=3, verbose=0, thread_count=1, allow_writing_files=False, random_strength=0, bootstrap_type="No"
        )
        own = fitted(model.fit(rows, np.arange(60) // 20), 1)
        assert own is not None
        return content(own.held()).digest

    first = digest(ROWS)
    assert digest(ROWS) == first
    assert digest(ROWS[:, ::-1]) != first
