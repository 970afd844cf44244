"""A sample of a table is read by its columns, each with what it holds."""

import numpy as np
import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.comparing.comparison import comparison
from exhibit.tasks.document import samples
from exhibit.tasks.document.cells import cells
from exhibit.tasks.document.chapter import figures, limits
from exhibit.tasks.document.common import sums_table
from exhibit.tasks.records.data import Input, TableColumn
from exhibit.tasks.records.figure import BarPanels
from exhibit.tasks.records.language import Message
from exhibit.tasks.records.material import Material
from tests.conftest import content
from tests.points import config, inputs, material, method

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


# --- bars of single samples: months, and the three features of one job ------------------------------------

PARTS = np.array([0.05, 0.125, -0.25, 0.0625])


def occluded(slug: str, top_k: int | None = None) -> Material:
    """A chapter about `ONE_HOT` by a method that does not add up, whose importances have one for each column."""
    found = method("a", PARTS, ONE_HOT, ONE_HOT.features).model_copy(update={"additive": False})
    whole = method("a", np.array([0.05, -0.0625]), ONE_HOT.model_copy(update={"columns": ()}), ("months", "job"))
    point = material(slug, [found.model_copy(update={"summary": whole.summary})], ONE_HOT)
    return point.model_copy(update={"top_k": top_k})


@pytest.mark.parametrize(("top_k", "drawn"), [(None, {"months": 0.05, "job": -0.0625}), (1, {"job": -0.0625})])
def test_bars_of_a_sample_have_one_for_each_column_whatever_it_is_made_of(
    top_k: int | None, drawn: dict[str, float]
) -> None:
    point = occluded("p", top_k)
    figure = next(one for one in figures(point, {}) if one.name == "p-a-samples")
    bars = content(figure, BarPanels)
    assert [dict(zip(bars.labels, panel.values.tolist(), strict=True)) for panel in bars.panels] == [drawn] * 3


def test_the_same_sample_under_two_results_has_one_bar_for_each_column() -> None:
    found = [occluded("p"), occluded("q")]
    configs = [config({"a": {"kind": "a"}}, seed=seed) for seed in range(2)]
    materials = {one.slug: one for one in found}
    drawn = samples.figures(comparison("comparison_1", configs, range(1, 3), found), materials, limits(tuple(found)))
    for figure in drawn:
        bars = content(figure, BarPanels)
        assert bars.labels == ("months", "job")
        assert [panel.values.tolist() for panel in bars.panels] == [[0.05, -0.0625]] * 2


@pytest.mark.parametrize(("target", "said"), [("rose", "rose"), ("predicted", "rose (predicted)")])
def test_a_class_that_was_named_stands_once_beside_its_sums(target: str, said: str) -> None:
    """rose (rose) of a sample that is a tulip would read as if that were true."""
    point = occluded("p").model_copy(update={"target_names": (target,)})
    assert {row[1] for row in sums_table(point, point.main).rows} == {said}


@pytest.mark.parametrize(("language", "said"), [("en", "log solubility"), ("zh-Hans", "对数溶解度")])
def test_sums_call_a_label_of_numbers_as_sentences_do(language: str, said: str) -> None:
    item = inputs("text")
    point = material("p", [method("m", np.ones(4), item, "abcd")], item)
    data = point.dataset.model_copy(
        update={"classes": (), "task": "regression", "label_name": Message("log solubility")}
    )
    point = point.model_copy(update={"dataset": data, "target_names": ("log solubility",)})
    with spoken(language):
        assert {row[1] for row in sums_table(point, point.main).rows} == {said}
