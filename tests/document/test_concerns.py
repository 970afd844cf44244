"""Page one names what is wrong with model or data, once, and leads to where it is told."""

import re
from typing import Literal

import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document import concerns
from exhibit.tasks.document.chapter import figures
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.html import render_html
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Concern
from exhibit.tasks.records.subgroups import Disparity, ForWhom, Measured, Pair, Subgroups
from tests.document.test_card import DRAWINGS, FACTS, ITEM
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


def apart(*verdicts: Literal["pass", "fail", "undecided"] | None) -> ForWhom:
    """What was measured of two groups, one measure for each verdict; None of a measure without a limit."""
    found = [
        Disparity(
            measure=f"m{k}",
            difference=0.1,
            ratio=None,
            limit=None if verdict is None else 0.1,
            verdict=verdict,
            surest=Pair(high="a", low="b", difference=0.1, interval=(-0.1, 0.3)),
        )
        for k, verdict in enumerate(verdicts)
    ]
    measured = Measured(
        split="test", rows=80, about="", whole={}, intervals=4, comparisons=4,
        tables=(Subgroups(by=("sex",), groups=(), disparities=tuple(found)),),
    )  # fmt: skip
    return ForWhom(by={"sex": {"a": 40, "b": 40}}, given=(), measured=measured, explained=NOTHING)


def chapter_of(groups: ForWhom | None) -> list[Material]:
    return [flowers([1, 2, 3, 4], slug="one").model_copy(update={"groups": groups})]


UNDECIDED = apart("undecided", "undecided", None)
TOO_SMALL = "No measure that has a limit could be compared between two groups of 30 rows or more: not assessed."


def test_page_two_counts_the_verdicts_by_group_which_its_table_does_not_have() -> None:
    """“All verdicts” lists those on explanations; 2 by group that nobody counts would be no question that was asked."""
    given = [apart("undecided", "undecided", "fail", None), apart(None)]
    told = [concerns.by_group(chapter_of(groups), {"one": "chapter-one"}) for groups in given]
    assert [[(item.sentence, item.anchor) for item in found] for found in told] == [
        [("Of 3 differences between groups that have a limit: 1 fail and 2 undecided.", "section-one-groups")],
        [(TOO_SMALL, "section-one-groups")],
    ]
    assert concerns.by_group(chapter_of(None), {"one": "chapter-one"}) == ()


@pytest.mark.parametrize(
    ("groups", "title", "sentence"),
    [
        (
            UNDECIDED,
            "Whether the model treats all groups alike is not decided for any group",
            "Of 2 differences between groups that have a limit: 2 undecided.",
        ),
        (
            apart("pass", "undecided", "undecided"),
            "Whether the model treats all groups alike is decided in part",
            "Of 3 differences between groups that have a limit: 1 pass and 2 undecided.",
        ),
        (apart(None), "Whether the model treats all groups alike was not assessed", TOO_SMALL),
        (
            UNDECIDED.model_copy(update={"measured": None}),
            "Whether the model treats all groups alike was not assessed",
            "No row has a label that the answers of the model could be compared with: not assessed.",
        ),
    ],
)
def test_page_one_says_of_groups_what_nobody_knows(groups: ForWhom, title: str, sentence: str) -> None:
    """Where nothing fails, silence would read as “alike”."""
    (found,) = concerns.open_questions(chapter_of(groups), {"one": "chapter-one"})
    assert (found.title, found.sentence, found.anchor) == (title, sentence, "section-one-groups")


@pytest.mark.parametrize("groups", [None, apart("pass", "pass"), apart("fail", "undecided")])
def test_page_one_has_nothing_open_without_groups_where_all_is_decided_or_where_one_fails(
    groups: ForWhom | None,
) -> None:
    assert concerns.open_questions(chapter_of(groups), {"one": "chapter-one"}) == ()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Whether the model treats all groups alike is not decided for any group."),
        ("ja", "モデルがすべての集団を同じように扱うかは、どの集団についても判定できていない。"),
        ("zh-Hans", "模型是否同等对待所有群体，对任何群体都未能判定。"),
    ],
)
def test_what_is_not_decided_stands_on_page_one_in_amber_however_much_is_found(language: str, said: str) -> None:
    with spoken(language):
        other = flowers([1, 2, 3, 4], slug="other")
        drawings = (*DRAWINGS, *map(draw, figures(other, {})))
        document = compose([ITEM, other], None, CHECK_WORDS, drawings=drawings)
        assert len(document.front.answers[1].each) == 2
        known = [Concern(title=f"Fault {k}", sentence="It is off.", section="quality") for k in range(5)]
        nobody = concerns.open_questions(chapter_of(UNDECIDED), {"one": "chapter-one"})
        front = document.front.model_copy(update={"concerns": tuple(known), "undecided": nobody})
        document = document.model_copy(update={"front": front, "language": language})
        page = render_html(document, {one.figure.name: one for one in drawings}, FACTS, "print")
    first = page[page.index('<header class="front') : page.index("</header>")]
    blank = " " * (language == "en")  # none behind a full stop of Japanese and Chinese
    assert f'<b class="care">{said}</b>{blank}{nobody[0].sentence} · ' in first
    assert not re.search(r"。(</b>)? (?!·)", page)
