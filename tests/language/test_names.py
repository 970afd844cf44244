"""What is named in the language of a page, and what keeps the name that its file gave it."""

import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document import between
from exhibit.tasks.records.compared import Level, Where
from exhibit.tasks.records.grouping import NOT_STATED, group_name, range_names


def test_ranges_of_numbers_are_named_in_the_language_of_the_page() -> None:
    names = range_names(["-2.5", "40"])
    assert names == ["under -2.5", "-2.5 to under 40", "40 and over"]
    assert [group_name(name) for name in names] == names
    with spoken("ja"):
        assert [group_name(name) for name in names] == ["-2.5未満", "-2.5以上40未満", "40以上"]
        assert group_name("female, 40 and over") == "female, 40以上"
        assert group_name(NOT_STATED) == "記載なし"


@pytest.mark.parametrize("name", ["under the sea", "40 and over it", "to under", "male, not stated here", ""])
def test_a_group_that_the_file_names_keeps_its_name(name: str) -> None:
    with spoken("ja"):
        assert group_name(name) == name


def test_settings_are_named_as_they_are_typed() -> None:
    seeds, method = Level(name="seed", values=("0", "1")), Level(name="method", values=("occlusion",))
    found = Where(how="within", levels=(seeds, method), inside=2, total=4)
    assert between.where(found) == "only with seed=0 or 1 and method=occlusion (2 of 4)"
    with spoken("ja"):
        assert between.where(found) == "seed=0または1かつmethod=occlusionのときに限り（4件中2件）"
