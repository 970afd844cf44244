"""What figures of groups say of their own lines."""

import numpy as np
import pytest

from exhibit.tasks.document.whom_figures import figures
from exhibit.tasks.quality.groups import grouped, of_values
from exhibit.tasks.records.grouping import Grouping
from exhibit.tasks.records.subgroups import ForWhom, Measured
from tests.document.test_no_false_sentence import flowers
from tests.test_for_whom import NOTHING


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ((40, 40), "each group with the interval of the table below; dashed"),
        ((40, 2), "each group with the interval of the table below, where it has one there; dashed"),
        ((2, 2), "each group, without an interval, as none is known; dashed"),
    ],
)
def test_an_interval_is_announced_where_the_table_has_one(rows: tuple[int, int], said: str) -> None:
    by = Grouping(by=("site",), groups=("a", "b"), of=np.repeat([0, 1], rows))
    labels = np.random.default_rng(0).normal(size=sum(rows))
    tables, intervals, comparisons = grouped(of_values(labels, labels + np.arange(sum(rows)) % 3), [by])
    assert [all(one.interval for one in group.measures.values()) for group in tables[0].groups] == [
        number > 9 for number in rows
    ]
    measured = Measured(
        split="test", rows=sum(rows), about="", whole={"mean error": 0.0, "mean absolute error": 1.0}, tables=tables,
        intervals=intervals, comparisons=comparisons,
    )  # fmt: skip
    found = ForWhom(by={"site": dict(zip("ab", rows, strict=True))}, given=(), measured=measured, explained=NOTHING)
    (figure,) = figures(flowers([0.4, 0.3, 0.2, 0.1]).model_copy(update={"groups": found}))
    assert said in figure.caption
