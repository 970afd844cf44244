"""Whatever names and titles hold, they are text on every page and in every figure: nothing of them is markup, moves the
letters behind it, or breaks a file."""

import html
import io
import re
import subprocess
from typing import Any
from unicodedata import normalize
from xml.etree import ElementTree

import numpy as np
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exhibit.tasks.document.html import render_html
from exhibit.tasks.document.pdf import render_pdf
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.figure import Bars, Figure, Series
from exhibit.tasks.records.page import Block, Column, Document, Section, Table
from tests.document.conftest import sample_facts
from tests.document.test_html import MEDIA, Page

MARKUP = ["<b>", "</script>", "&amp;", "]]>", "{{ 7 * 7 }}", "{% raw %}", "<!--", "'", '"', "' onload=x", "=1", "\\"]
MOVES = ["\x1b[2J", "\0", "\r", "\u2028", "\u202e", "\u2066", "\ufffe", "\x85", "\u200b", "\ufeff"]
LETTERS = st.characters(exclude_categories=["Cs"])
NAMES = st.lists(st.sampled_from([*MARKUP, *MOVES]) | LETTERS, min_size=1, max_size=12).map("".join)
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def document(name: str, names: list[str]) -> Document:
    """A page with names wherever a text can stand."""
    table = Table(
        name="t", caption=name, columns=(Column(title=name), Column(title=name)), rows=tuple((n, "1") for n in names)
    )
    block = Block(paragraphs=(name,), tables=(table,))
    return Document(title=name, subtitle=name, badges=(), chapters=(), back=(Section(title=name, blocks=(block,)),))


def shape(page: str) -> list[tuple[str, list[str]]]:
    """The elements of a page and their attributes, without the note on letters that no font has."""
    return [
        (tag, list(given))
        for tag, given in Page(page).tags
        if tag != "wbr" and "missing-glyphs" not in given.get("class", "")
    ]


@pytest.mark.parametrize("medium", MEDIA)
@given(name=NAMES, names=st.lists(NAMES, min_size=12, max_size=12))
@settings(max_examples=5)
def test_no_name_is_markup(medium: Any, name: str, names: list[str]) -> None:
    page = render_html(document(name, names), {}, sample_facts(), medium)
    assert not _STRANGE.findall(page)
    assert shape(page) == shape(render_html(document("plain", ["plain"] * 12), {}, sample_facts(), medium))


@given(NAMES, NAMES)
def test_no_name_breaks_a_figure(name: str, other: str) -> None:
    bars = Bars(labels=(name, other), series=(Series(name=name, values=np.array([0.5, 0.25])),), axis=other)
    for part in draw(Figure(name="f", content=bars, caption=name, alt=name, scales=())).parts:
        assert not _STRANGE.findall(part.data.decode())
        elements = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(part.data).iter()}
        assert elements <= {"svg", "g", "rect", "text", "tspan", "line", "path", "title", "circle"}


_JOINTS = re.compile("[\\s\u00ad\u200b-\u200f\u2060\ufeff]+")


def letters(text: str) -> list[str]:
    """Of a text, in no order: that of a line from right to left is the reader's own."""
    return sorted(normalize("NFKC", _JOINTS.sub("", text)))


@given(title=NAMES, names=st.lists(NAMES, min_size=30, max_size=30))
@settings(max_examples=2, deadline=None, database=None)
def test_every_name_stands_in_the_pdf_as_it_does_on_the_screen(title: str, names: list[str]) -> None:
    """Extracted with Poppler; and so does the title among what a file says of itself. The first of the draws are the
    plainest names, the second whatever comes."""
    table = Table(
        name="t", caption="c", columns=(Column(title="a"), Column(title="b"), Column(title="c")),
        rows=tuple((f"@{k}@", name, f"#{k}#") for k, name in enumerate(names)),
    )  # fmt: skip
    block = Block(paragraphs=(), tables=(table,))
    pages = Document(title=title, subtitle="s", badges=(), chapters=(), back=(Section(title="s", blocks=(block,)),))
    page = render_html(pages, {}, sample_facts(), "print")
    data = render_pdf(page, [], "2026-11-21T00:00:00Z")
    command = ["pdftotext", "-raw", "-", "-"]
    text = subprocess.run(command, input=data, capture_output=True, check=True).stdout.decode()
    for k, name in enumerate(names):
        (cell,) = re.findall(rf"<t[dh][^>]*>@{k}@</t[dh]>\s*<td[^>]*>(.*?)</td>", page, re.DOTALL)
        (found,) = re.findall(rf"@{k}@(.*?)#{k}#", text, re.DOTALL)
        assert letters(found) == letters(html.unescape(re.sub("<[^>]*>", "", cell))), ascii(name)
    (titled,) = re.findall("<title>(.*?)</title>", page, re.DOTALL)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert letters(str(pdf.docinfo["/Title"])) == letters(html.unescape(titled))
