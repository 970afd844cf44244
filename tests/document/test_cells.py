"""A sample of a table is read by its columns, each with what it holds."""

import numpy as np
import pytest

from exhibit.tasks.document.cells import cells
from exhibit.tasks.records.data import Input, TableColumn

ONE_HOT = Input(
    name="table",
    kind="table",
    values=np.array([[6.0, 0.0, 1.0, 0.0], [711_500.0, 1.0, 0.0, 0.0], [0.25, 0.0, 0.0, 0.0]]),
    features=("months", "job: skilled", "job: none", "job: other"),
    columns=("months", "job", "job", "job"),
    filled=np.array([[False] * 4, [True, False, False, False], [False] * 4]),
)
WHOLE = Input(
    name="table",
    kind="table",
    values=np.array([[6.0, 1.0, 1.0], [np.nan, np.nan, 0.0]]),
    features=("months (of 30 days)", "job", "abroad"),
    whole=(
        TableColumn(name="months (of 30 days)", kind="number"),
        TableColumn(name="job", kind="category", categories=("none", "skilled")),
        TableColumn(name="abroad", kind="truth"),
    ),
)


@pytest.mark.parametrize(
    ("row", "names"),
    [
        (0, ["months: 6", "job: none"]),
        (1, ["months: empty", "job: skilled"]),  # it was filled since
        (2, ["months: 0.25", "job: none of its values"]),
    ],
)
def test_a_category_is_one_column_with_the_value_that_the_sample_has(row: int, names: list[str]) -> None:
    found, together = cells(ONE_HOT, row, np.array([0.5, 0.125, -0.25, 0.0625]))
    assert found == names
    assert together.tolist() == [0.5, 0.125 - 0.25 + 0.0625]


def test_a_column_given_whole_has_its_own_word() -> None:
    values = np.array([1.0, 2.0, 3.0])
    assert cells(WHOLE, 0, values)[0] == ["months: 6", "job: skilled", "abroad: yes"]
    assert cells(WHOLE, 1, values)[0] == ["months: empty", "job: missing", "abroad: no"]
    assert cells(WHOLE, 0, values)[1].tolist() == [1.0, 2.0, 3.0]
