"""Names of groups are as somebody wrote them, whatever the file made of numbers and dates."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError

from exhibit.flows.config import read_report
from exhibit.flows.errors import ConfigError
from exhibit.tasks.data.grouping import By, GroupColumns, given_groups, groupings, named_groups
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.named import Levers
from exhibit.tasks.data.rows import words
from exhibit.tasks.data.table_file import read_table
from tests.language.messages import ROOT

TENTHS = ["0.1", "0.7", "3", "not stated"]


@pytest.mark.parametrize("kind", ["float32", "float16", "Float32", "float32[pyarrow]", "category", "object"])
def test_numbers_of_few_bits_are_named_without_the_digits_of_many(kind: str) -> None:
    narrow = pd.Series([0.1, 0.7, 3, None]).astype("float32")
    cells = (
        pd.Series([*map(np.float32, (0.1, 0.7, 3)), None], dtype=object) if kind == "object" else narrow.astype(kind)
    )
    assert named_groups(pd.DataFrame({"a": cells}), By("a")) == TENTHS


def test_an_end_of_a_range_is_where_the_number_was_written() -> None:
    """0.7 in 32 bits is a little less than 0.7."""
    table = pd.DataFrame({"a": np.array([0.1, 0.3, 0.7, np.nan], np.float32)})
    assert named_groups(table, By("a", (0.3, 0.7))) == ["under 0.3", "0.3 to under 0.7", "0.7 and over", "not stated"]


def test_numbers_of_few_bits_that_a_function_gives_are_so_beside_none() -> None:
    found = given_groups({"a": [*np.array([0.1, 0.7, 3], np.float32), None]}, [], 4, "it")
    assert found
    assert found.items[0].groups == tuple(TENTHS)


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["2024-01-31", None, "2024-02-01"], ["2024-01-31", None, "2024-02-01"]),
        (["2024-01-31 08:30", None, "2024-02-01"], ["2024-01-31 08:30:00", None, "2024-02-01 00:00:00"]),
    ],
)
@pytest.mark.parametrize("kind", ["datetime64[ns]", "datetime64[ns, Europe/Berlin]", "category"])
def test_dates_have_a_time_only_where_one_has_one(cells: list[str], names: list[str], kind: str) -> None:
    dates = pd.Series(pd.to_datetime(pd.Series(cells), format="mixed"))
    zone = kind.endswith("Berlin]") and any(":" in cell for cell in cells if cell)
    found = words(dates.dt.tz_localize("Europe/Berlin") if kind.endswith("Berlin]") else dates.astype(kind))
    assert [name and name.removesuffix("+01:00") if zone else name for name in found] == names


def test_dates_of_a_file_and_of_a_function_are_groups_by_day(tmp_path: Path) -> None:
    days = pd.to_datetime(pd.Series(["2024-01-31", "2024-02-01"]))
    pd.DataFrame({"day": days}).to_parquet(tmp_path / "days.parquet")
    table = read_table(tmp_path / "days.parquet", "path", ["day"], (), Limits())
    for found in (groupings(("day",), [table]), given_groups({"day": [datetime(2024, 1, 31), None]}, [], 2, "it")):
        assert found
        assert found.items[0].groups[0] == "2024-01-31"


@pytest.mark.parametrize(
    "given", [[{}], ["sex", {}], "", False, [[]], [None], [{"": [1]}], [{"age": {}}], [True], [{"age": []}]]
)
def test_what_names_no_column_of_groups_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError, match=r"name columns, as|are numbers, as"):
        TypeAdapter(GroupColumns).validate_python(given)


@pytest.mark.parametrize("given", [[{}], ["income", {}], [[]], [None], [True]])
def test_what_names_no_actionable_column_is_refused(given: Any) -> None:
    with pytest.raises(ValidationError, match="was given; name"):
        TypeAdapter(Levers).validate_python(given)


@pytest.mark.parametrize("key", ["groups", "protected"])
def test_data_of_which_no_sample_says_whose_it_is_name_those_that_do(key: str) -> None:
    have = {path.stem for path in (ROOT / "conf/data").glob("*.yaml") if f"\n{key}:" in path.read_text()}
    with pytest.raises(ConfigError, match="there is no such key") as raised:
        read_report(["study=digits", f"data.{key}=[sex]"])
    named = re.search("it is a key of (.+)", str(raised.value))
    assert named
    assert set(named[1].split(", ")) == have
