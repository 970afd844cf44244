"""What is drawn speaks the language of its page: how figures are read, and the line in a box for a signature."""

import io
from datetime import UTC, datetime

import numpy as np
import pikepdf
import pytest

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document import signed_line
from exhibit.tasks.document.dependence import figures
from exhibit.tasks.document.pdf import render_pdf
from exhibit.tasks.document.revisions import language
from exhibit.tasks.document.signoff import Decision, Said
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.behaviour import Against, Asked, Dependence
from exhibit.tasks.records.figure import Bars, Figure, Series, Swarm
from exhibit.tasks.records.language import say
from tests.document.test_first_pages import flowers

FIGURE = Figure(
    name="shares",
    content=Bars(labels=("x", "y"), series=(Series(name="a", values=np.array([0.25, 0.75])),), axis="share"),
    caption="",
    alt="",
)


@pytest.mark.parametrize(("spoken_in", "title"), [("en", "Bars"), ("ja", "棒グラフ"), ("zh-Hans", "条形图")])
def test_how_a_figure_is_read_is_said_in_the_language_of_the_page(spoken_in: str, title: str) -> None:
    with spoken(spoken_in):
        assert draw(FIGURE).reading.title == title
    assert draw(FIGURE).reading.title == "Bars"


def test_the_unit_below_points_is_said_in_the_language_of_the_page() -> None:
    points = Swarm(labels=("x",), values=np.array([[0.5], [-0.5]]), shades=np.full((2, 1), 0.5), axis=say("nats"))
    figure = FIGURE.model_copy(update={"content": points})
    with spoken("ja"):
        assert ">ナット<" in draw(figure).parts[0].data.decode()
    assert b">nats<" in draw(figure).parts[0].data


def test_what_a_method_gives_is_measured_in_the_language_of_the_page() -> None:
    asked = Asked(rows=4, of=4, splits=("test",), seed=0, calls=0)
    item = Against(feature="x", seen=np.arange(4.0), values=np.arange(4.0))
    found = Dependence(asked=asked, method="m0", outputs=("a",), of=np.zeros(4, int), items=(item,), total=1)
    with spoken("ja"):
        [figure] = figures(flowers([1, 2, 3, 4]), found)
    assert figure.model_dump()["content"]["axis"] == "a、ロジット"


@pytest.mark.parametrize(
    ("of", "decision", "words"),
    [
        (
            "en",
            "approved_with_conditions",
            ("<b>approved with conditions</b> by A &lt; B", "30 November 2026, 07:05 UTC; certificate of Ada"),
        ),
        ("ja", "approved_with_conditions", ("<b>条件付き承認</b>：A &lt; B", "2026年11月30日 07:05 UTC；証明書：Ada")),
        ("zh-Hans", "rejected", ("<b>驳回</b>：A &lt; B", "2026年11月30日 07:05 UTC；证书：Ada")),
    ],
)
def test_the_line_of_a_signature_is_in_the_language_of_its_report(
    of: str, decision: Decision, words: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[str] = []

    def kept(html: str) -> tuple[int, bytes]:
        pages.append(html)
        return 1, b""

    monkeypatch.setattr(signed_line, "render_part", kept)
    said = Said(role="validator", name="A < B", decision=decision)
    signed_line.drawn_line(said, datetime(2026, 11, 30, 7, 5, tzinfo=UTC), "Ada", (300, 75), of)
    assert all(text in pages[0] for text in words)


@pytest.mark.parametrize(
    ("lang", "known", "label"),
    [
        ("ja", "ja", "validatorの署名"),
        ("en", "en", "Signature of the validator"),
        ("tlh", "en", "Signature of the validator"),
    ],
)
def test_a_box_for_a_signature_is_named_in_the_language_of_its_pages(lang: str, known: str, label: str) -> None:
    page = f'<html lang="{lang}"><head><title>x</title></head><body><h1 id="a">x</h1>'
    box = '<div id="signoff-validator" style="height: 26mm"></div></body></html>'
    made = render_pdf(page + box, [], "2026-01-01T00:00:00Z")
    assert language(made) == known
    with pikepdf.open(io.BytesIO(made)) as document:
        assert [str(field.TU) for field in document.Root.AcroForm.Fields] == [label]
