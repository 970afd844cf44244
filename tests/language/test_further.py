"""A further language is nothing but its catalogue, and what that lacks is said in English."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from exhibit.tasks import catalogues
from exhibit.tasks.catalogues import languages, spoken
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.index import write_index
from exhibit.tasks.document.spec import DocumentSpec
from exhibit.tasks.records.language import tr
from tests.document.test_first_pages import flowers
from tests.language.left import pseudo
from tests.language.messages import texts

MADE, FEW = "eo", "fr"  # languages that nobody has written yet
KNOWN = (catalogues.languages, catalogues.catalogue_of, catalogues.said_by, catalogues._spoken_by)
FRENCH = r"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: fr\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\n"

msgid "Can the model be trusted?"
msgstr "Le modèle est-il fiable ?"

msgid "{number} row"
msgid_plural "{number} rows"
msgstr[0] "{number} ligne"
msgstr[1] "{number} lignes"
"""


def forget() -> None:
    for known in KNOWN:
        known.cache_clear()


@pytest.fixture(autouse=True)
def further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of catalogues with two more."""
    for language, words in ((MADE, pseudo()), (FEW, FRENCH)):
        (tmp_path / "locale" / language).mkdir(parents=True)
        (tmp_path / "locale" / language / "messages.po").write_text(words, encoding="utf-8")
    monkeypatch.setattr(catalogues, "LOCALE", tmp_path / "locale")
    forget()
    yield
    forget()


def test_it_can_be_asked_for() -> None:
    assert languages() == ("en", MADE, FEW)
    assert DocumentSpec.model_validate({"language": MADE}).language == MADE


def test_a_document_is_said_in_it() -> None:
    with spoken(MADE):
        document = compose([flowers([1, 2, 3, 4])], None, CHECK_WORDS)
    said = " ".join([document.subtitle, *(answer.question for answer in document.front.answers)])
    assert "жжжж" in said
    assert not re.search("[a-z]{4,}", said.replace("flowers", ""))


def test_all_that_is_said_is_said_in_it() -> None:
    with spoken(MADE):
        left = [
            text.one
            for text in texts()
            if not (text.many or text.context) and re.search("[A-Za-z]{4}", _own(tr(text.one)))
        ]
    assert not left


def _own(text: str) -> str:
    """Without {names}."""
    return re.sub(r"\{[^}]*\}", "", text)


def test_the_list_of_runs_is_said_in_it(tmp_path: Path) -> None:
    write_index(tmp_path, MADE)
    page = (tmp_path / "index.html").read_text()
    assert f'<html lang="{MADE}">' in page
    assert "<h1>жжж жжжж</h1>" in page


def test_what_it_lacks_is_said_in_english() -> None:
    with spoken(FEW):
        document = compose([flowers([1, 2, 3, 4])], None, CHECK_WORDS)
    assert document.front.answers[0].question == "Le modèle est-il fiable ?"
    assert document.front.answers[1].question == "Can the explanation be trusted?"
