"""The card of a model and the profile on the page: what is stated, what is not, and where clauses are answered."""

import re
import subprocess
from functools import partial

import pytest

from exhibit.flows.filed import with_files
from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document.chapter import figures
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.html import CLOSER, Facts, one_front, render_html
from exhibit.tasks.document.pdf import render_pdf, sheets
from exhibit.tasks.document.press import dense
from exhibit.tasks.document.profile import DISCLAIMER, NOT_HERE, numbers_of
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.model import Metric, Performance
from exhibit.tasks.records.page import Column, Concern, Document, Fact, Table
from exhibit.tasks.records.profile import REFERENCES, Profile
from tests.document.test_first_pages import flowers, with_checks

FACTS = Facts(
    issued="2026-01-01T00:00:00Z",
    digest="0" * 64,
    provenance=(Table(name="origin", caption="c", columns=(Column(title="a"),), rows=(("b",),)),),
    config="",
    version="1",
)
ITEM = with_checks(flowers([1, 2, 3, 4]), ("deletion", "pass"))
DRAWINGS = tuple(map(draw, figures(ITEM, {})))


def written(card: Card | None = None, *answers: list[str]) -> Document:
    clauses = [{"id": str(k), "title": "t", "answers": item} for k, item in enumerate(answers)]
    facts = {"title": "the rules", "source": "House", "version": "1 of 2026", "clauses": clauses}
    profile = Profile.model_validate(facts) if answers else None
    return compose([ITEM], None, CHECK_WORDS, card=card, profile=profile, drawings=DRAWINGS)


def html(document: Document, **how: str) -> str:
    return render_html(document, {one.figure.name: one for one in DRAWINGS}, FACTS, "print", **how)


def test_without_a_card_there_is_no_section_and_no_count() -> None:
    document = written()
    assert document.card is None
    assert "Model card" not in html(document)


def test_page_one_counts_what_a_card_does_not_state() -> None:
    document = written(Card(owner="Botany", users=("a", "b")))
    fact = document.front.stated[-1]
    assert (fact.name, fact.text, fact.care) == (
        "Model card",
        f"{len(Card.model_fields) - 2} of 24 fields not stated",
        True,
    )
    body = html(document).partition("<body")[2]
    assert body.count(">not stated</span>") == 22
    whole = Card.model_validate(
        {name: [{"risk": "a", "met_by": "b"}] if name == "risks" else "a" for name in Card.model_fields}
    )
    last = written(whole).front.stated[-1]
    assert (last.text, last.care) == ("all 24 fields stated", False)


def test_a_profile_writes_the_quality_of_a_guess_as_a_number_that_anyone_reads() -> None:
    metrics = [
        Metric(name=name, value=value, split="test", count=80, interval=(0.2, 0.5), naive=naive)
        for name, value, naive in (("RMSE", 53.86, 71.145), ("R²", 0.427, -1.46e-5))
    ]
    said = numbers_of(ITEM.model_copy(update={"performance": Performance(metrics=tuple(metrics))})).performance
    assert said is not None
    assert [part.rpartition("guess ")[2] for part in said.split(")")[:2]] == ["71.1", "−0.00001"]


def test_what_a_user_writes_is_text_and_no_markup() -> None:
    text = "<script>alert(1)</script> {{ 7 * 7 }} & “審査”"
    body = html(written(Card(owner=text, users=(text,)))).partition("<body")[2]
    assert "<script>alert" not in body
    assert body.count("&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }} &amp; “審査”") == 2


def test_a_word_that_is_a_verdict_elsewhere_is_a_text_of_the_card() -> None:
    field = html(written(Card(owner="pass"))).partition('id="card-owner"')[2].partition("</section")[0]
    assert "<p>pass</p>" in field


def test_a_clause_is_as_answered_as_what_it_points_to() -> None:
    document = written(
        Card(owner="Botany"),
        ["card.owner", "section.limits", "number.samples"],
        ["card.owner", "card.users"],
        ["card.users", "section.groups"],
        ["section.groups"],
        [],
    )
    assert document.profile is not None
    states = [clause.state for clause in document.profile.clauses]
    assert states == ["here", "in part", "not stated", NOT_HERE, NOT_HERE]
    assert document.profile.summary == (
        "Of 5 clauses: 1 with all that the profile points to, 1 with a part of it, 1 that a model card would answer, "
        "where nothing is stated and 2 not provided by this report."
    )


def test_without_a_card_what_it_would_say_is_not_stated() -> None:
    profile = written(None, ["card.owner"]).profile
    assert profile is not None
    assert profile.clauses[0].found[0].state == "not stated"
    assert not profile.clauses[0].found[0].places


def test_every_link_of_a_profile_leads_somewhere() -> None:
    """Whatever may be referred to; each id stands once."""
    every = [f"{what}.{name}" for what, names in REFERENCES.items() for name in names]
    document = written(Card(owner="Botany"), *([one] for one in every))
    body = html(document).partition("<body")[2]
    ids = re.findall(r'\bid="([^"]+)"', body)
    table = body.partition('class="data clauses')[2]
    links = re.findall(r'href="#([^"]+)"', table)
    assert set(links) <= set(ids)
    assert len(set(ids)) == len(ids)
    expected = {"card", "verdicts", "provenance", "card-owner", "section-flowers-limits", "section-flowers-importances"}
    assert expected <= set(links)
    assert "figure-flowers-importances" in links
    assert DISCLAIMER in body


def test_numbers_are_those_of_the_chapter() -> None:
    profile = written(None, ["number.samples", "number.explained", "number.verdicts"]).profile
    assert profile is not None
    values = [found.values for found in profile.clauses[0].found]
    assert values == [(f"{len(ITEM.labels)}",), (f"{ITEM.explained}",), ("1 pass",)]


def test_no_profile_asserts_that_anything_conforms() -> None:
    body = html(written(None, ["section.limits"])).partition('id="profile"')[2]
    text = re.sub("<[^>]+>", " ", body.replace(DISCLAIMER, ""))
    assert not re.search(r"\b(compl(y|ies|iant|iance)|conform|fulfil|satisf)", text, re.IGNORECASE)


@pytest.mark.parametrize("given", [None, 3, {"card": None}, {"card": {"owner": "a"}}])
def test_what_names_no_file_is_left_to_the_validation(given: object) -> None:
    assert with_files(given, {}) == given


def test_page_one_is_one_page_whatever_the_user_has_stated_and_is_to_be_known() -> None:
    """Nine facts, long ones among them, and two warnings about the model and the data."""
    document = written()
    stated = [Fact(name=name, text="who answers for it, in a long line of words " * 2) for name in ("Purpose", "Owner")]
    stated += [Fact(name=f"Fact {k}", text="stated") for k in range(6)]
    known = [
        Concern(title="It is off", sentence="The probability is off by 0.054 on average. " * 3, section="quality")
        for _ in range(2)
    ]
    front = document.front.model_copy(update={"stated": tuple(stated), "concerns": tuple(known)})
    page = html(document.model_copy(update={"front": front}))
    assert len(set_alone(page, within(page, '<header class="front', "</header>"))) == 1


def test_a_front_that_would_go_on_beyond_page_one_is_set_as_closely_as_that_needs() -> None:
    """What is found wrong stands below the answers: on a second page nobody would read it first."""
    document = written()
    known = [Concern(title="It is off", sentence="By 0.054 on average. " * 12, section="quality") for _ in range(3)]
    front = document.front.model_copy(update={"concerns": tuple(known)})
    page = partial(html, document.model_copy(update={"front": front, "title": "what it is predicted from " * 3}))
    closest = CLOSER[-1]
    assert dense(page) == closest
    assert sheets(page(template="chapters/front.jinja", dense=closest)) == 1


@pytest.mark.parametrize(("height", "printed"), [(200, "loose"), (260, "close")])
def test_a_front_is_printed_closer_only_where_it_goes_on(height: int, printed: str) -> None:
    """260 mm are more than an A4 page of WeasyPrint's own margins has."""
    start = '<html lang="en"><title>a</title><p>{}</p><p style="height: {}mm"></p>'
    page = start + '<h2 id="verdicts" style="break-before: page">b</h2>'
    made = render_pdf(page.format("loose", height), (), FACTS.issued, lambda: page.format("close", 10))
    assert pages_of(made)[0].split()[0] == printed


@pytest.mark.parametrize(("chapters", "one"), [(1, True), (3, True), (4, False)])
def test_the_front_of_up_to_three_chapters_is_to_be_one_page(chapters: int, one: bool) -> None:
    points = [ITEM.model_copy(update={"slug": f"p{k}", "title": f"P{k}"}) for k in range(chapters)]
    drawings = tuple(draw(figure) for point in points for figure in figures(point, {}))
    document = compose(points, None, CHECK_WORDS, drawings=drawings)
    assert one_front(document) == one
    page = render_html(document, {item.figure.name: item for item in drawings}, FACTS, "print")
    assert ('id="front-end"' in page) == one


@pytest.mark.parametrize(("height", "printed"), [(200, "loose"), (240, "close")])
def test_a_front_that_verdicts_follow_on_the_same_page_is_printed_closer_where_it_goes_on(
    height: int, printed: str
) -> None:
    """Of several chapters the verdicts go on below the front: its third chapter fell to page two, and nobody saw."""
    page = '<html lang="en"><title>a</title><p>{}</p><p style="height: {}mm"></p><p id="front-end">e</p>'
    page += '<h2 id="verdicts">b</h2>'
    made = render_pdf(page.format("loose", height), (), FACTS.issued, lambda: page.format("close", 10))
    assert pages_of(made)[0].split()[0] == printed


def test_a_document_of_one_page_is_printed_as_it_is() -> None:
    page = '<html lang="en"><title>a</title><p>loose</p>'
    assert pages_of(render_pdf(page, (), FACTS.issued, lambda: page))[0].split()[0] == "loose"


def within(page: str, start: str, end: str) -> str:
    at = page.index(start)
    return page[at : page.index(end, at)] + end


def set_alone(page: str, part: str, above: int = 0) -> list[str]:
    """The text of the pages that a part takes in the look of a document, so many millimetres below the top."""
    body = f'<body id="here"><div style="height: {above}mm"></div>{part}</body>'
    alone = page[: page.index("<body")] + re.sub('href="[^"]*"', 'href="#here"', body)
    return pages_of(render_pdf(alone, (), FACTS.issued))


def pages_of(made: bytes) -> list[str]:
    said = subprocess.run(["pdftotext", "-", "-"], input=made, capture_output=True, check=True).stdout.decode()
    return said.split("\f")[:-1]


def test_a_heading_and_its_list_and_the_lines_of_a_caption_are_on_one_page() -> None:
    """The caption stands above a figure that goes on, so that nothing else keeps its lines together."""
    page = html(written())
    caption = f"<figcaption>It begins {'and it goes on ' * 40} and it ends.</figcaption>"
    figure = f'<figure class="long">{caption}<p>1</p><p>2</p></figure>'
    for above, part, first, last in (
        (234, within(page, '<nav class="listing"', "</nav>"), "Contents", "Appendix"),
        (241, figure, "It begins", "it ends."),
    ):
        pages = set_alone(page, part, above)
        assert [first in text for text in pages] == [last in text for text in pages] == [False, True]
