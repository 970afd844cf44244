"""Facts of what encoders in a fitted Pipeline have never seen: one-hot gives it zeros, and says nothing."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from exhibit.tasks.data.factory import dataset_of
from exhibit.tasks.models.columns import ColumnsModel, columns_of
from exhibit.tasks.models.fitted import fitted
from exhibit.tasks.models.unseen import unseen
from exhibit.tasks.protocols import Compute

FITTED = pd.DataFrame({"age": np.arange(30.0), "job": np.resize(["a", "b", "c"], 30)})
LABEL = np.resize([0, 1], 30)
ONE_HOT = OneHotEncoder(handle_unknown="ignore")
COMMONEST = make_pipeline(SimpleImputer(strategy="most_frequent"), ONE_HOT)
A_NEW_WORD = make_pipeline(SimpleImputer(strategy="constant", fill_value="gap"), ONE_HOT)
SAID = "Its encoders have not seen all cells of the data: {}. What an encoder has not seen is all the same to it."


def said(encoder: object, jobs: dict[int, str | None], trained: pd.DataFrame = FITTED) -> str:
    """What is said of rows that hold other `jobs` than those of the training, by their number."""
    item = make_pipeline(make_column_transformer((encoder, ["job"]), remainder="passthrough"), LogisticRegression())
    own = fitted(item.fit(trained, LABEL), 1)
    assert own is not None
    frame = FITTED.assign(job=[jobs.get(row, job) for row, job in enumerate(FITTED["job"])])
    data = dataset_of({"inputs": {"rows": frame}, "labels": LABEL}, "data.factory: own:rows", own.wanted)
    return str(unseen(ColumnsModel(own, columns_of(data), "probabilities", Compute()), data))


@pytest.mark.parametrize(
    ("encoder", "jobs", "columns"),
    [
        (ONE_HOT, {9: None, 10: None, 20: "x"}, "job in 3 of 30 rows ('x', empty)"),
        (ONE_HOT, dict(zip(range(9, 15), "pqrstt", strict=True)), "job in 6 of 30 rows ('t', 'p', 'q', 2 more)"),
        (COMMONEST, {9: None, 20: "x"}, "job in 1 of 30 rows ('x')"),
        (A_NEW_WORD, {9: None}, "job in 1 of 30 rows (empty)"),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), {20: "x"}, "job in 1 of 30 rows ('x')"),
    ],
    ids=["words and gaps", "the commonest are named", "filled", "filled with a new word", "by number"],
)
def test_cells_that_an_encoder_has_not_seen_are_said(
    encoder: object, jobs: dict[int, str | None], columns: str
) -> None:
    assert said(encoder, jobs) == SAID.format(columns)


def test_what_was_seen_or_is_filled_is_not_said() -> None:
    gaps = FITTED.assign(job=[None, *FITTED["job"][1:]])
    assert not said(ONE_HOT, {})
    assert not said(ONE_HOT, {9: None}, gaps)
    assert not said(COMMONEST, {9: None})


def test_models_of_other_columns_are_not_asked() -> None:
    own = fitted(LogisticRegression().fit(FITTED[["age"]], LABEL), 1)
    assert own is not None
    data = dataset_of({"inputs": {"rows": FITTED[["age"]]}, "labels": LABEL}, "data.factory: own:rows", own.wanted)
    assert not unseen(ColumnsModel(own, columns_of(data), "probabilities", Compute()), data)
