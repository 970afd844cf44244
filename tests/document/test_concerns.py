"""Page one names what is wrong with model or data, once, and leads to where it is told."""

import pytest

from exhibit.tasks.document import concerns
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Concern
from tests.document.test_first_pages import flowers


def leak(material: Material) -> tuple[Concern, ...]:
    said = "The column a alone tells the label of 100% of 120 rows"
    return (Concern(title="A feature gives the label away", sentence=f"{said}.", section="data"),)


def test_what_is_the_same_of_two_chapters_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concerns, "_ASKED", (leak,))
    first, second = flowers([1, 2, 3, 4], slug="one"), flowers([1, 2, 3, 4], slug="two")
    found = concerns.concerns([first, second], {"one": "chapter-one", "two": "chapter-two"})
    assert [(item.of, item.anchor) for item in found] == [("One", "section-one-data")]


def test_a_point_without_a_chapter_is_read_about_in_its_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concerns, "_ASKED", (leak,))
    (found,) = concerns.concerns([flowers([1, 2, 3, 4], slug="one")], {"one": "chapter-compared"})
    assert found.anchor == "chapter-compared"
