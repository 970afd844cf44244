"""Every text has words in every language, with the same {names} in them."""

from string import Formatter

import pytest
from pydantic import ValidationError

from exhibit.tasks.catalogues import languages, spoken
from exhibit.tasks.document.spec import DocumentSpec
from exhibit.tasks.records.language import say, sentences, tr
from tests.language.messages import Text, missing, texts, translated

OTHERS = languages()[1:]


def names_in(text: str) -> set[str]:
    """The {names} of a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_has_words(language: str) -> None:
    lacking = missing(language)
    assert not lacking, "\n".join(f"{places[0]}: {text}" for text, places in lacking.items())


@pytest.mark.parametrize("language", OTHERS)
def test_no_words_for_what_nobody_says(language: str) -> None:
    known = texts()
    assert not [text for text in translated(language) if text not in known]


@pytest.mark.parametrize("language", OTHERS)
def test_words_have_the_names_of_their_text(language: str) -> None:
    def agrees(text: Text, said: str) -> bool:
        # A language without plurals says one and many alike.
        return names_in(said) == names_in(text.many or text.one)

    wrong = {text: said for text, words in translated(language).items() for said in words if not agrees(text, said)}
    assert not wrong


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_stays_nothing(language: str) -> None:
    with spoken(language):
        assert tr("") == "" == sentences(["", say("")])


@pytest.mark.parametrize("given", ["fr", "ja-JP", "", None, 5, ["ja"]])
def test_another_language_is_refused_with_those_that_there_are(given: object) -> None:
    with pytest.raises(ValidationError, match="has no catalogue of words; allowed: en, ja, zh-Hans"):
        DocumentSpec.model_validate({"language": given})


# What a page calls one thing by; another word beside it would be taken for another thing.
ONE_WORD = {
    "ja": {
        "ベースライン": "基準入力",
        "証跡": "証拠",
        "ランダムな": "無作為な",
        "品質": "性能",
        "ピクセル": "画素",
        "スピアマン": "Spearman",
        "フィッシャー": "Fisher",
        "二つ": "2つ",
        "一つ": "1つ",
    },
    "zh-Hans": {"斯皮尔曼": "Spearman", "费希尔": "Fisher", "图片": "图像"},
}


@pytest.mark.parametrize("language", OTHERS)
def test_one_thing_has_one_word(language: str) -> None:
    said = [text for words in translated(language).values() for text in words]
    assert all(any(word in text for text in said) for word in ONE_WORD[language].values())
    assert not [text for text in said for other in ONE_WORD[language] if other in text]
