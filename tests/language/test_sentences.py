"""What page one says, in languages other than English."""

import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.grounds import worded as reasons
from exhibit.tasks.document.profile import summary
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import judged
from exhibit.tasks.records.finding import Extremes, Leaders, Named
from exhibit.tasks.records.language import tr
from exhibit.tasks.records.trust import Doubted, Reserved

LENGTH = Leaders(first=(Named(name="petal length", value=0.5), Named(name="petal width", value=0.25)))


@pytest.mark.parametrize(
    ("language", "title", "sentence"),
    [
        (
            "en",
            "petal length leads",
            "Petal length and petal width carry 75% of the explanation, petal length most (50%).",
        ),
        ("ja", "petal lengthが首位", "petal length、petal widthが説明の75%を占め、最大はpetal length（50%）である。"),
        ("zh-Hans", "petal length居首", "petal length和petal width占解释的75%，其中petal length最多（50%）。"),
    ],
)
def test_a_finding_is_told_in_the_language_of_the_page(language: str, title: str, sentence: str) -> None:
    with spoken(language):
        assert worded(LENGTH) == (title, sentence)


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Hydroxyl raises the predicted x and halogen lowers it"),
        ("ja", "Hydroxylはxの予測値を上げる一方、halogenはxの予測値を下げる"),
        ("zh-Hans", "Hydroxyl使预测的x升高，而halogen使预测的x降低"),
    ],
)
def test_only_english_says_it_of_what_was_named(language: str, title: str) -> None:
    with spoken(language):
        finding = Extremes(
            up=Named(name="Hydroxyl", value=1.0, interval=(0.9, 1.1), samples=31),
            down=Named(name="halogen", value=-1.0, interval=(-1.1, -0.9), samples=31),
            samples=40,
            raises=tr("raises the predicted {name}", name="x"),
            lowers=tr("lowers the predicted {name}", name="x"),
            signed=True,
        )
        assert worded(finding)[0] == title


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "The user states that it has not seen these. What comes first may be chance."),
        ("ja", "モデルがこれらを見ていないことは、利用者の申告による。首位は偶然かもしれない。"),
        ("zh-Hans", "用户声明它未见过这些数据。居首者可能出于偶然。"),
    ],
)
def test_reasons_follow_each_other_as_the_language_has_it(language: str, said: str) -> None:
    with spoken(language):
        assert reasons([Reserved(id="stated"), Doubted(id="chance")], {}) == said


def test_a_verdict_is_a_word_of_the_language() -> None:
    with spoken("ja"):
        assert [judged("pass"), judged("with care"), judged("not applicable")] == ["合格", "注意して", "対象外"]


@pytest.mark.parametrize("value", [1234.5, 0.02])
def test_a_number_of_four_digits_keeps_them(value: float) -> None:
    """A comma within a number is not that before its interval."""
    finding = Extremes(up=Named(name="a", value=value, samples=31), down=None, samples=40, raises="", lowers="")
    number = "1,234" if value > 1 else "0.0200"
    assert worded(finding)[1].endswith(f"of either sign ({number} for each in 31 molecules).")


def test_clauses_are_joined_as_clauses_not_as_nouns() -> None:
    with spoken("zh-Hans"):
        assert summary(["here", "in part"]) == "2个条款中：1条具备档案所指的全部内容，1条具备其中一部分。"
    assert (
        summary(["here", "in part"]) == "Of 2 clauses: 1 with all that the profile points to and 1 with a part of it."
    )
