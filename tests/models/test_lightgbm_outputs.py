"""What LightGBM's objectives give: probabilities, their log-odds, and shares."""

from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest

from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.models.estimator import EstimatorSpec
from exhibit.tasks.models.fitted import Whole, read_fitted
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.data import TableColumn
from tests.conftest import Memory

ROWS = np.random.default_rng(0).normal(size=(200, 2))
SHARES = 1 / (1 + np.exp(-2 * ROWS[:, 0]))
WON = (np.random.default_rng(1).uniform(size=200) < SHARES).astype(int)
WHOLE = Whole(ROWS, tuple(TableColumn(name=name, kind="number") for name in "ab"))


def trained(path: Path, labels: Any, **settings: Any) -> bytes:
    told = {"num_leaves": 5, "min_data_in_leaf": 5, "learning_rate": 0.5, "verbose": -1, "num_threads": 1}
    frame = pd.DataFrame(ROWS, columns=["a", "b"])
    lightgbm.train(told | settings, lightgbm.Dataset(frame, labels), 10).save_model(path)
    return path.read_bytes()


@pytest.mark.parametrize(
    "settings",
    [
        {"objective": "binary"},
        {"objective": "binary", "sigmoid": 2.0},
        {"objective": "cross_entropy"},
        {"objective": "cross_entropy_lambda"},
    ],
    ids=str,
)
def test_logits_are_the_log_odds_of_the_probabilities(settings: dict[str, Any], tmp_path: Path) -> None:
    """Whatever the sigmoid; the other cross-entropy counts events, of which there may be more than one."""
    model = read_fitted(trained(tmp_path / "m.txt", WON, **settings), ".txt", 1)
    chances, logits = (model.predict(WHOLE, scale)[:, 0] for scale in ("probabilities", "logits"))
    assert ((chances > 0) & (chances < 1)).all()
    np.testing.assert_allclose(logits, np.log(chances / (1 - chances)), atol=1e-6)
    along = model.along_the_paths(WHOLE)
    assert along is not None
    np.testing.assert_allclose(along.sum(axis=1)[:, 0], logits, atol=1e-6)
    against = model.against(WHOLE._replace(codes=ROWS[:9]), WHOLE, "logits")
    assert against is not None
    np.testing.assert_allclose(against.sum(axis=1)[:, 0], logits[:9], atol=1e-6)


def test_shares_that_a_model_learned_are_amounts(tmp_path: Path) -> None:
    data = trained(tmp_path / "m.txt", SHARES, objective="cross_entropy")
    pd.DataFrame({"a": ROWS[:, 0], "b": ROWS[:, 1], "share": SHARES}).to_csv(tmp_path / "t.csv", index=False)
    rows = TableSpec(path=tmp_path / "t.csv", label="share", test_share=0).load(Memory())
    spec, compute = EstimatorSpec(path=tmp_path / "m.txt"), Compute(batch=32)
    model = spec.restore(rows, spec.fit(rows, compute, silent), compute)
    assert model.output == "values"
    truth = lightgbm.Booster(model_str=data.decode()).predict(ROWS)
    np.testing.assert_allclose(model.predict(rows.arrays)[:, 0], truth, atol=1e-6)
