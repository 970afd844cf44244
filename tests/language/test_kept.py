"""What a stage keeps is said in the language of the page, and an empty text has no words in any."""

import pytest

from exhibit.tasks.checks.case import all_of, told
from exhibit.tasks.records.language import Message, languages, spoken, tr
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.records.verdict import CheckResult


@pytest.mark.parametrize("language", languages())
def test_an_empty_text_has_no_words(language: str) -> None:
    with spoken(language):
        assert tr("") == tr(Message()) == ""


def test_what_a_check_says_goes_through_the_store_in_parts() -> None:
    result = CheckResult.not_applicable("deletion", "shap", all_of(3, "explained samples"))
    kept = unpack(CheckResult, pack(result)).sentence
    assert kept == "all 3 explained samples"
    with spoken("ja"):
        assert tr(kept) == "説明したサンプル3件すべて"
        assert tr(told(1e-7, 0.01, "%")) == "0.01%未満"
