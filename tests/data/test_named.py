"""Columns that must not be a reason, and those that a person could change: what is understood, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from exhibit.flows.config import read_report
from exhibit.flows.errors import ConfigError
from exhibit.tasks.data.named import codes, decimals_of, written
from exhibit.tasks.data.own_table import TableSpec
from exhibit.tasks.data.select import SelectionSpec, by_row
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.decision import Lever
from tests.conftest import Memory

ROWS = """who,income,debts,purpose,born,sex,note,good
a,1000,3,car,1990-01-31,f,x,1
b,2000,,house,1980-01-31,m,y,0
c,3000,1,car,1970-01-31,f,z,1
d,4000,0,,1960-01-31,m,w,0
e,5000,2,boat,1965-01-31,m,w,1
f,6000,2,boat,1966-01-31,f,w,0
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_text(ROWS)
    return file


def spec(path: Path, **given: object) -> TableSpec:
    plain = {"path": path, "label": "good", "id": "who", "ignore": ["note"], "dates": ["born"], "test_share": 0}
    missing = {"debts": "median", "purpose": "category"}
    return TableSpec.model_validate({**plain, "missing": missing, **given})


def loaded(one: TableSpec) -> Dataset:
    return one.load(Memory())


def test_directions_are_written_in_several_ways(path: Path) -> None:
    ways = (["income: up", "debts:down", "purpose"], [{"income": "up"}, {"debts": "down"}, "purpose"],
            {"income": "up", "debts": "down", "purpose": None})  # fmt: skip
    for way in ways:
        one = spec(path, actionable=way)
        again = TableSpec.model_validate(one.model_dump(mode="json"))
        for each in (one, again):
            assert each.by_name(loaded(each)).levers == (
                Lever(column="income", direction="up"),
                Lever(column="debts", direction="down"),
                Lever(column="purpose"),
            )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"actionable": ["incom"]}, "actionable: the data have no column 'incom'; near is income"),
        ({"actionable": ["good"]}, "actionable: 'good' is the label, so the model is not given it"),
        ({"actionable": ["note"]}, "actionable: 'note' is in data.ignore, so"),
        ({"actionable": ["who"]}, "actionable: 'who' is the id of a row, so"),
        ({"actionable": ["purpose: up"]}, "'purpose' is a category, which goes neither up nor down"),
        ({"actionable": ["born"]}, "'born' is a date, whose parts cannot be changed"),
        ({"actionable": ["born, year"]}, "'born, year' is a date, whose parts cannot be changed"),
        ({"actionable": ["income: sideways"]}, "the direction of 'income' is up or down, not 'sideways'"),
        ({"actionable": ["income", "income: up"]}, "'income' is named twice"),
        ({"actionable": ["sex"], "protected": ["sex"]}, "'sex' is in data.protected, too"),
        ({"actionable": ["born, year"], "protected": ["born"]}, "'born, year' is in data.protected, too"),
        ({"protected": ["good"]}, "protected: 'good' is the label, which the model predicts: it is never a reason"),
        ({"protected": ["gender"]}, "protected: the data have no column 'gender'"),
    ],
)
def test_what_cannot_be_said_of_a_column_is_refused(path: Path, given: dict[str, object], message: str) -> None:
    one = spec(path, **given)
    with pytest.raises(InputError, match=message):
        one.by_name(loaded(one))


def test_a_direction_is_up_or_down() -> None:
    with pytest.raises(ConfigError, match="the direction of 'a' is up or down, not 'sideways'"):
        read_report(["study=iris", "data.actionable=[{a:sideways}]"])


def test_columns_that_the_model_is_not_given_may_be_protected(path: Path) -> None:
    one = spec(path, protected=["note", "born"])
    named = one.by_name(loaded(one))
    assert [column.name for column in named.columns if named.is_protected(column)] == [
        "born, year", "born, month", "born, weekday", "born, age in days",
    ]  # fmt: skip


def test_what_is_said_of_columns_determines_no_sample(path: Path) -> None:
    plain, told = spec(path), spec(path, protected=["sex"], actionable=["income"])
    assert plain.spec_with_digests() == told.spec_with_digests()


def test_codes_are_the_cells_and_are_written_back(path: Path) -> None:
    """A cell that was filled is missing; what stands for missing is no choice; a category is one of 0 and 1."""
    one = spec(path)
    data = loaded(one)
    item, columns = data.inputs[0], one.columns(data)
    names = [column.name for column in columns]
    found = codes(item, columns)
    assert found[:, names.index("income")].tolist() == [1000, 2000, 3000, 4000, 5000, 6000]
    assert np.isnan(found[:, names.index("debts")]).tolist() == [False, True, False, False, False, False]
    purpose = columns[names.index("purpose")]
    assert [purpose.categories[k] for k in purpose.choices] == ["boat", "car", "house"]
    assert [purpose.word(code) for code in found[:, names.index("purpose")]] == [
        "car", "house", "car", "missing", "boat", "boat",
    ]  # fmt: skip
    wanted = np.array([found[1], found[1]])
    wanted[0, names.index("purpose")], wanted[1, names.index("income")] = 0, 4321
    rows = written(item.array[1], columns, found[1], wanted)
    back = codes(item.model_copy(update={"values": rows, "filled": None}), columns)
    assert back[0, names.index("purpose")] == 0
    assert back[1, names.index("income")] == 4321
    changed = (rows != item.array[1]).sum(axis=1).tolist()
    assert changed == [2, 1]


@pytest.mark.parametrize(
    ("numbers", "decimals"),
    [
        ([1.0, 20.0], 0),
        ([0.5, 3.0], 1),
        ([3494200.01, 5.0], 2),
        (np.float32([5.1, 4.97]), 2),
        ([1.5e9, 2.5e9], 0),
        ([np.pi * 100, 0.0], 2),
        ([1e-13, 5e-13, 9e-13], 17),
    ],
)
def test_numbers_are_in_the_decimals_that_they_are_written_in(numbers: list[float], decimals: int) -> None:
    assert decimals_of(np.asarray(numbers, np.float64 if isinstance(numbers, list) else np.float32)) == decimals


def test_samples_are_named_by_their_ids(path: Path) -> None:
    data = loaded(spec(path, missing="exclude"))
    assert by_row(SelectionSpec(ids=("c", "a", "c")), data).index == (1, 0)
    with pytest.raises(InputError, match="'b' is among the rows that cannot be used: debts is missing"):
        by_row(SelectionSpec(ids=("b",)), data)
    with pytest.raises(InputError, match="the data has no sample 'cc'; near is c"):
        by_row(SelectionSpec(ids=("cc",)), data)
    with pytest.raises(ValueError, match="index and ids both name what is drawn"):
        SelectionSpec(ids=("a",), index=(0,))


def test_what_stands_for_an_empty_cell_is_known_as_that(path: Path) -> None:
    """So that nobody is told to change it, as of a cell that stays empty."""
    one = spec(path)
    found = {column.name: column for column in one.columns(loaded(one))}
    purpose = found["purpose"]
    assert purpose.missing == len(purpose.categories) - 1
    assert purpose.missing not in purpose.choices
    assert found["income"].missing is None
