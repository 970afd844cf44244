"""What is named in the language of a page, and what keeps the name that its file gave it."""

import pandas as pd
import pytest

from exhibit.flows.config import read_report
from exhibit.tasks.catalogues import spoken
from exhibit.tasks.data.grouping import groupings
from exhibit.tasks.document import between
from exhibit.tasks.records.compared import Level, Where
from exhibit.tasks.records.grouping import NOT_STATED, group_name, range_names
from exhibit.tasks.records.language import of_option, tr
from exhibit.tasks.records.subgroups import ForWhom
from tests.test_for_whom import NOTHING


def test_ranges_of_numbers_are_named_in_the_language_of_the_page() -> None:
    names = range_names(["-2.5", "40"])
    assert names == ["under -2.5", "-2.5 to under 40", "40 and over"]
    assert [group_name(name) for name in names] == names
    with spoken("ja"):
        assert [group_name(name) for name in names] == ["-2.5未満", "-2.5以上40未満", "40以上"]
        assert group_name(NOT_STATED) == "記載なし"


@pytest.mark.parametrize(
    "name", ["under 5", "5 to under 7", "40 and over", "no ring", "a rarer scaffold", "male, under 5", "missing", ""]
)
def test_a_group_that_the_file_names_keeps_its_name(name: str) -> None:
    """Whatever it may mean to a catalogue; beside it the ranges of numbers are in the language of the page."""
    table = pd.DataFrame({"band": [name, "other", None], "age": [3, 40, 50]})
    found = groupings(("band", {"age": (5.0, 40.0)}), [table])
    assert found
    by = {one.by[0]: dict.fromkeys(one.groups, 1) for one in found.items}
    ours = {one.by[0]: one.ours for one in found.items}
    material = ForWhom(by=by, ours=ours, given=(), measured=None, explained=NOTHING)
    with spoken("ja"):
        names = material.names(["band"])
        assert names[name or NOT_STATED] == (name or "記載なし")
        assert names[NOT_STATED] == "記載なし"
        assert material.names(["age"])["under 5"] == "5未満"
        both = found.items[0].crossed(found.items[1])
        crossed = material.names(["band", "age"])
        assert list(crossed) == list(both.groups)
        assert crossed["other, under 5"] == "other、5未満"


@pytest.mark.parametrize(
    ("words", "ja", "zh"),
    [
        (["data=table", "data.path=rows.csv", "data.label=a"], "表", "表格"),
        (["data=series", "data.path=rows.csv", "data.label=a"], "時系列", "时间序列"),
        (["data=table", "data.path=rows.csv", "data.label=a", "title=My table"], "My table", "My table"),
    ],
)
def test_a_chapter_without_a_title_is_called_as_its_data_in_the_language(words: list[str], ja: str, zh: str) -> None:
    (point,) = read_report([*words, "model=mlp", "method=[occlusion]"]).points
    title = of_option(point.title)
    for language, said in (("ja", ja), ("zh-Hans", zh)):
        with spoken(language):
            assert tr(title) == said


def test_settings_are_named_as_they_are_typed() -> None:
    seeds, method = Level(name="seed", values=("0", "1")), Level(name="method", values=("occlusion",))
    found = Where(how="within", levels=(seeds, method), inside=2, total=4)
    assert between.where(found) == "only with seed=0 or 1 and method=occlusion (2 of 4)"
    with spoken("ja"):
        assert between.where(found) == "seed=0または1かつmethod=occlusionのときに限り（4件中2件）"
