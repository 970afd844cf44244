"""Page one names what is wrong with model or data, once, and leads to where it is told."""

import pytest

from exhibit.tasks.document import concerns
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Concern
from exhibit.tasks.records.subgroups import Disparity, ForWhom, Measured, Pair, Subgroups
from tests.document.test_first_pages import flowers
from tests.test_for_whom import NOTHING


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


def test_page_two_counts_the_verdicts_by_group_which_its_table_does_not_have() -> None:
    """“All verdicts” lists those on explanations; 2 by group that nobody counts would be no question that was asked."""
    apart = [
        Disparity(
            measure=f"m{k}",
            difference=0.1,
            ratio=None,
            limit=limit,
            verdict=verdict,
            surest=Pair(high="a", low="b", difference=0.1, interval=(-0.1, 0.3)),
        )
        for k, (limit, verdict) in enumerate([(0.1, "undecided"), (0.1, "undecided"), (0.1, "fail"), (None, None)])
    ]

    def grouped(given: list[Disparity]) -> ForWhom:
        measured = Measured(
            split="test", rows=80, about="", whole={}, intervals=4, comparisons=4,
            tables=(Subgroups(by=("sex",), groups=(), disparities=tuple(given)),),
        )  # fmt: skip
        return ForWhom(by={"sex": {"a": 40, "b": 40}}, given=(), measured=measured, explained=NOTHING)

    told = [
        concerns.by_group(
            [flowers([1, 2, 3, 4], slug="one").model_copy(update={"groups": grouped(given)})], {"one": "chapter-one"}
        )
        for given in (apart, apart[3:])
    ]
    assert [[(item.sentence, item.anchor) for item in found] for found in told] == [
        [("Of 3 differences between groups that have a limit: 1 fail and 2 undecided.", "section-one-groups")],
        [("No difference between groups has a verdict: not assessed.", "section-one-groups")],
    ]
    assert concerns.by_group([flowers([1, 2, 3, 4], slug="one")], {"one": "chapter-one"}) == ()
