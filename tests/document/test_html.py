import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from exhibit.tasks.document.html import headline, linked, render_html
from exhibit.tasks.drawing.matrix import matrix
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.figure import Matrix
from exhibit.tasks.records.page import Block, Column, Section, Table
from tests.structure import assert_gold, outline

MEDIA = ("screen", "print")


class Page(HTMLParser):
    """Every start tag with its attributes, and the text that is read."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.skipped = 0
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        self.skipped += tag in ("style", "script")

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in ("style", "script")

    def handle_data(self, data: str) -> None:
        if not self.skipped:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, *names: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.mark.parametrize("medium", MEDIA)
def test_nothing_is_fetched(rendered: Any, medium: str) -> None:
    """Every address is inside the page, in a data URL, or a font of the dependencies (paper)."""
    source = rendered(medium)
    page = Page(source)
    addresses = [attributes[key] for _, attributes in page.tags for key in ("src", "href") if key in attributes]
    addresses += re.findall(r'url\("([^"]*)"\)', source)
    assert addresses
    assert {address for address in addresses if not address.startswith(("#", "data:", "font:"))} == set()
    assert medium == "print" or not any(address.startswith("font:") for address in addresses)


def test_the_page_carries_its_own_policy(rendered: Any) -> None:
    source = rendered("screen")
    (policy,) = [m["content"] for m in Page(source).all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", source, re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert "default-src 'none'" in policy
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


def test_the_policy_names_the_only_script(rendered: Any) -> None:
    source = rendered("screen")
    (script,) = re.findall(r"<script>(.*?)</script>", source, re.DOTALL)
    assert f"script-src 'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" in source
    assert "<script" not in rendered("print")


def test_there_are_no_inline_styles_or_handlers(rendered: Any) -> None:
    attributes = {key for _, given in Page(rendered("screen")).tags for key in given}
    assert not {key for key in attributes if key == "style" or key.startswith("on")}


@pytest.mark.parametrize("medium", MEDIA)
def test_the_structure_is_gold(rendered: Any, medium: str) -> None:
    assert_gold(f"sample.{medium}.txt", outline(rendered(medium)))


@pytest.mark.parametrize("medium", MEDIA)
def test_every_link_has_its_place(rendered: Any, medium: str) -> None:
    page = Page(rendered(medium))
    places = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(places) == len(set(places))
    assert {a["href"].removeprefix("#") for a in page.all("a")} <= set(places)


@pytest.mark.parametrize("slug", ["table", "figure", "chapter", "section", "card"])
def test_a_chapter_may_be_called_as_what_else_has_a_place(document: Any, drawings: Any, facts: Any, slug: str) -> None:
    """A table of one's own is called `table`, and the guide has a table that is called as a section is."""
    plain = Table(name="", caption="c.", columns=(Column(title="a"),), rows=(("b",),))
    own = document.chapters[0].model_copy(
        update={
            "slug": slug,
            "sections": tuple(
                Section(title=name, id=name, blocks=(Block(tables=(plain.model_copy(update={"name": name}),)),))
                for name in ("checks", "limits")
            ),
        }
    )
    page = Page(render_html(document.model_copy(update={"chapters": (own,)}), drawings, facts, "screen"))
    places = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert [place for place in places if places.count(place) > 1] == []


def test_every_picture_has_alternative_text(rendered: Any) -> None:
    page = Page(rendered("screen"))
    assert all(image["alt"] for image in page.all("img"))
    assert all(svg["role"] == "img" and svg["aria-label"] for svg in page.all("svg"))


def test_on_paper_the_title_of_a_vector_picture_is_its_alternative_text(rendered: Any) -> None:
    page = Page(rendered("print"))
    assert len(page.all("svg")) == len(page.all("title")) - 1  # one is that of the page


def test_titles_of_small_cells_are_for_the_screen(document: Any, drawings: Any, facts: Any) -> None:
    counts = Matrix(labels=tuple("a" * 40), counts=np.eye(40), x_label="", y_label="")
    confusion = drawings["digits-confusion"].model_copy(update={"parts": (matrix(counts, 1.0),)})
    found = [
        render_html(document, drawings | {"digits-confusion": confusion}, facts, medium).count("<title>a, a: 1</title>")
        for medium in ("screen", "print")
    ]
    assert found == [40, 0]


@pytest.mark.parametrize("medium", MEDIA)
def test_figures_and_tables_are_numbered_in_order(rendered: Any, medium: str) -> None:
    source = rendered(medium)
    for kind, tag in (("Figure", "figcaption"), ("Table", "caption")):
        numbers = [int(n) for n in re.findall(rf"<{tag}><b>{kind} (\d+)\.</b>", source)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert numbers


def test_both_media_say_the_same(rendered: Any, document: Any) -> None:
    """Each caption, paragraph, note and cell stands in both."""
    screen, paper = (Page(rendered(medium)).text for medium in MEDIA)
    blocks = [b for chapter in document.chapters for section in chapter.sections for b in section.blocks]
    words = [p for b in blocks for p in b.paragraphs] + [n.text for b in blocks for n in b.asides]
    words += [t.caption for b in blocks for t in b.tables] + [document.title, document.subtitle]
    for word in words:
        assert " ".join(word.split()) in screen
        assert " ".join(word.split()) in paper


def test_verdicts_are_words(rendered: Any) -> None:
    words = set(re.findall(r'<span class="verdict [\w-]+">([^<]+)</span>', rendered("screen")))
    assert words == {"pass", "fail", "undecided", "not assessed", "not applicable"}


def test_what_the_user_wrote_is_not_markup(document: Any, drawings: Any, facts: Any) -> None:
    title = "<script>alert(1)</script> & co"
    page = render_html(document.model_copy(update={"title": title}), drawings, facts, "screen")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; co" in page


@pytest.mark.parametrize("medium", MEDIA)
def test_a_character_without_a_glyph_stops_the_run_and_is_named_where_that_is_wanted(
    document: Any, drawings: Any, facts: Any, medium: Any
) -> None:
    strict = facts.model_copy(update={"missing_glyphs": "refuse"})
    with pytest.raises(InputError, match=r"'𓀀' \(U\+13000, egyptian .* in “.*Birds 𓀀 and .*”: .*Japanese"):
        render_html(document.model_copy(update={"title": "Birds 𓀀 and bees"}), drawings, strict, medium)


@pytest.mark.parametrize("medium", MEDIA)
def test_a_character_without_a_glyph_is_marked_by_its_code_point(
    document: Any, drawings: Any, facts: Any, medium: Any
) -> None:
    """In its place and in a note, and no page that has none has that note."""
    page = render_html(document.model_copy(update={"title": "Birds 𓀀 and bees"}), drawings, facts, medium)
    text = Page(page).text
    assert "Birds ⟨U+13000⟩ and bees" in text
    assert "code points stand in their place: ⟨U+13000⟩ egyptian hieroglyph a001." in text
    assert "missing-glyphs" not in render_html(document, drawings, facts, medium)


def test_the_date_is_written_out_and_the_digest_in_groups(rendered: Any) -> None:
    text = Page(rendered("screen")).text
    assert "issued 21 November 2026" in text
    assert "7c1e 04ab 93d2 5f60" in text


def test_the_screen_version_is_small(rendered: Any) -> None:
    assert len(rendered("screen")) < 5e6


def test_the_page_on_screen_has_no_style_that_browsers_do_not_know(rendered: Any) -> None:
    """It is printed as the paper is; what the engine of the PDF alone knows is an error to a validator."""
    style = rendered("screen").split("</style>")[0]
    assert "@media print" in style
    assert [
        word for word in ("string(", "string-set", "bookmark-level", "target-counter", "leader(") if word in style
    ] == []
    assert "counter(pages)" in style


@pytest.mark.parametrize("paper", ["A4", "letter"])
def test_only_paper_has_a_size(paper: str, document: Any, drawings: Any, facts: Any) -> None:
    given = facts.model_copy(update={"paper": paper})
    assert f"@page {{ size: {paper} }}" in render_html(document, drawings, given, "print")
    on_screen = render_html(document, drawings, given, "screen")
    assert "{ size:" not in on_screen
    assert on_screen == render_html(document, drawings, facts, "screen")  # printed on what the browser has


@pytest.mark.parametrize(
    ("caption", "line"),
    [
        ("Loss over 9 epochs; at the end loss 0.123.", "Loss over 9 epochs"),
        ("Integrated gradients, step by step: residual and change", "Integrated gradients, step by step"),
        ("Gradient: the 4 features that lead, in nats. Light: low.", "Gradient: the 4 features that lead"),
    ],
)
def test_the_list_of_figures_says_in_a_line_what_each_shows(caption: str, line: str) -> None:
    assert headline(caption) == line


def test_what_follows_doi_leads_to_the_publication() -> None:
    found = linked("A. Uthor <x>, Title, doi:10.1038/s42256-021-00343-w; B. Other, doi:10.48550/arXiv.1703.01365.")
    assert found == (
        'A. Uthor &lt;x&gt;, Title, <a href="https://doi.org/10.1038/s42256-021-00343-w">'
        'doi:10.1038/s42256-021-00343-w</a>; B. Other, <a href="https://doi.org/10.48550/arXiv.1703.01365">'
        "doi:10.48550/arXiv.1703.01365</a>."
    )
    assert linked('doi:10.1/"onclick=x, nothing') == "doi:10.1/&#34;onclick=x, nothing"
    assert '"><' not in linked('doi:10.1234/"><script>')
