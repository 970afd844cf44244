"""What a spreadsheet makes of the tables that go with a report."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exhibit.tasks.document.layout import whole_tables
from exhibit.tasks.evidence.tables import check_rows
from exhibit.tasks.records.page import Block, Column, Document, Section, Table
from exhibit.tasks.records.spreadsheet import csv_bytes
from exhibit.tasks.records.verdict import CheckResult
from exhibit.tasks.stages.tabulate import _checks_csv

RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


@given(st.sampled_from(RUN), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_cell_is_a_formula_and_each_can_be_read_back(sign: str, rest: str) -> None:
    ((cell, after),) = read(csv_bytes([[text := sign + rest, "x"]]))
    assert cell == f"'{text}" or (cell == text and float(text.replace(",", "").rstrip("%")) is not None)
    assert after == "x"


@pytest.mark.parametrize("number", ["-0.5", "+1.77", "-1e-09", "+1,024", "-5%", "-.5", "-inf", "3", ""])
def test_a_number_stays_a_number(number: str) -> None:
    assert read(csv_bytes([[number, "x"]])) == [[number, "x"]]


def test_values_that_are_no_texts_are_written_as_they_are() -> None:
    assert csv_bytes([[-0.5, None, True, -3]]) == b"-0.5,,True,-3\r\n"


@pytest.mark.parametrize("text", ["-2+3+cmd|' /C calc'!A0", "+1 to +2", "-1\n", "+", "-٣", "=1", "+1_000"])
def test_what_only_begins_like_a_number_is_text(text: str) -> None:
    assert read(csv_bytes([[text]])) == [[f"'{text}"]]


def test_names_of_features_samples_and_methods_in_the_tables_of_a_report_are_text() -> None:
    table = Table(
        name="long",
        caption="c",
        columns=(Column(title="@SUM(A1)"), Column(title="value")),
        rows=(("=HYPERLINK(A1)", "+0.50"),) * 99,
    )
    blocks = (Section(title="s", blocks=(Block(tables=(table,)),)),)
    document = Document(title="t", subtitle="s", badges=(), chapters=(), back=blocks)
    (data,) = whole_tables(document).values()
    assert read(data)[:2] == [["'@SUM(A1)", "value"], ["'=HYPERLINK(A1)", "+0.50"]]
    check = CheckResult(
        check="deletion", method="=m", verdict="pass", required=False, value=-0.5, interval=(-1.0, 0.0),
        sentence="@a falls first",
    )  # fmt: skip
    heading, row = read(_checks_csv(check_rows([("=chapter", [check])])))
    found = dict(zip(heading, row, strict=True))
    assert (found["chapter"], found["method"], found["sentence"]) == ("'=chapter", "'=m", "'@a falls first")
    assert (found["value"], found["interval"], found["interval_to"]) == ("-0.5", "-1.0", "0.0")
