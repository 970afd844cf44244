"""The frame of a document in another language: guide, card, labels of figures, scripts, and the foot of a page."""

import re

import pytest
from markupsafe import Markup

from exhibit.tasks.catalogues import languages, spoken
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document.card import page
from exhibit.tasks.document.chapter import _verdicts
from exhibit.tasks.document.fonts import screen_faces
from exhibit.tasks.document.html import SCRIPTS, TEMPLATES, Facts, filled, headline, render_html
from exhibit.tasks.document.layout import letters
from exhibit.tasks.document.provenance import provenance
from exhibit.tasks.document.reading import Colours, section
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.page import Block, Chapter, Column, Document, Section, Table
from tests.document.test_first_pages import flowers

OTHERS = languages()[1:]
PROOF = {
    "compute": {"device": "cpu", "threads": 2, "batch": 64, "deterministic": True},
    "platform": {"python": "3", "system": "Linux", "machine": "x"},
    "typesetting": {"Pango": "1"},
    "content": "ab", "source": "cd", "claim": "said by an older program", "libraries": {}, "chapters": [],
}  # fmt: skip


def words(text: str) -> list[str]:
    """Those of English, but for what stays on every page: logit, and the name of a correlation."""
    return [word for word in re.findall(r"[A-Za-z]{4,}", text) if word not in ("logit", "Spearman")]


@pytest.mark.parametrize("language", OTHERS)
def test_the_guide_is_said_in_the_language(language: str) -> None:
    colours = Colours(palettes=("keras_example",), laid_over=True, sizes=True, shared=True)
    with spoken(language):
        found = section({}, "", colours)
    said = [text for block in found.blocks for text in (block.heading, *block.paragraphs)]
    said += [text for block in found.blocks for note in block.asides for text in (note.title, note.text)]
    said += [text for row in found.blocks[-1].tables[0].rows for text in row]
    assert len(said) > 30
    assert not words(" ".join(said))


@pytest.mark.parametrize("language", OTHERS)
def test_every_field_of_a_card_has_a_title_and_a_meaning(language: str) -> None:
    with spoken(language):
        fields = page(Card()).fields
    assert {field.id for field in fields} == set(Card.model_fields)
    assert not words(" ".join(f"{field.title} {field.meaning}" for field in fields))


def rendered(language: str, medium: str) -> str:
    table = Table(name="t", caption="c", columns=(Column(title="a"),), rows=(("pass",), ("not assessed",)))
    part = Section(title="s", blocks=(Block(tables=(table,)),))
    chapter = Chapter(slug="c", title="c", eyebrow="", lead="", teaser=None, sections=(part,))
    document = Document(
        language=language, title="t", subtitle="", badges=(), card=page(Card()), chapters=(chapter,), back=()
    )
    with spoken(language):
        facts = Facts(
            issued="2026-01-02T00:00:00Z", digest="0" * 64, provenance=provenance(PROOF), config="a: 1", version="1"
        )
    return render_html(document, {}, facts, "screen" if medium == "screen" else "print")


def test_the_frame_is_japanese() -> None:
    text = rendered("ja", "screen")
    assert '<html lang="ja">' in text
    for said in ("目次", "<b>表1</b>", "モデルカード", "付録", "来歴", '"Filter rows": "行を絞り込む"'):
        assert said in text
    assert '<span class="verdict not-assessed">未評価</span>' in text
    assert 'class="verdict pass">合格</span>' in text
    assert "said by an older program" in text  # what this program would not say is no text of its own
    assert 'data-content="Exhibit報告書' in rendered("ja", "print")


def test_the_foot_of_a_page_is_english_in_english() -> None:
    assert 'data-content="Exhibit report · content 0000 0000 0000"' in rendered("en", "print")


def test_scripts_say_only_what_is_written_out() -> None:
    """What else they said could not be found for the catalogues, and would be no text of the page."""
    for script in SCRIPTS:
        source = (TEMPLATES / script).read_text()
        called = re.findall(r"\btr\((.)", source.replace("const tr = (text", ""))
        assert set(called) <= {'"'}, script


@pytest.mark.parametrize(
    ("caption", "line"),
    [
        ("各特徴量の重要度の割合。線：標準誤差。", "各特徴量の重要度の割合"),
        ("勾配：個々のサンプル、単位はロジット。赤は支持する。", "勾配：個々のサンプル"),
        ("梯度：单个样本，单位为logit。", "梯度：单个样本"),
    ],
)
def test_the_first_sentence_of_a_caption_ends_with_its_full_stop(caption: str, line: str) -> None:
    assert headline(caption) == line


def test_what_fills_a_text_of_the_page_is_markup_only_where_it_says_so() -> None:
    assert filled("<{a}> {b}", a=Markup("<b>x</b>"), b="<i>") == "&lt;<b>x</b>&gt; &lt;i&gt;"


def test_letters_of_chinese_take_the_room_of_two() -> None:
    assert [letters(text) for text in ("abc", "特征", "R² 0.9", "（1）")] == [3, 4, 6, 5]


@pytest.mark.parametrize(
    ("language", "between"), [("en", "score? "), ("ja", "変化に等しいか、"), ("zh-Hans", "得分的变化？")]
)
def test_questions_that_follow_each_other_are_told_apart(language: str, between: str) -> None:
    """Japanese ones have no sign at their end."""
    with spoken(language):
        [said] = [text for block in _verdicts(flowers(), CHECK_WORDS).blocks for text in block.paragraphs]
    assert between in said


@pytest.mark.parametrize(("language", "families"), [("en", 0), ("ja", 0), ("zh-Hans", 2)])
def test_quotation_marks_of_chinese_pages_are_chinese(language: str, families: int) -> None:
    """Other pages have those of the Latin faces, and a page without any has no face for them."""
    with spoken(language):
        rules = re.findall('family:"(Chinese [A-Za-z]+ Marks)";font-weight:([46]00)', screen_faces("他说“是”"))
        assert not re.search('family:"Chinese', screen_faces("他说是"))
    assert len(rules) == 2 * families
    assert len({family for family, _ in rules}) == families
    for sheet in ("screen.css", "print.css"):
        asked = re.search(r"html:lang\(zh\) {([^}]*)}", (TEMPLATES / sheet).read_text())
        assert asked is not None
        assert all(f'"{family}", "Source' in asked[1] for family, _ in rules)
