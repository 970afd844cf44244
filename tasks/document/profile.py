"""Where a report answers the clauses of a profile: every reference is looked up in the finished document."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exhibit.tasks.document.rows import called, held_out
from exhibit.tasks.document.words import clauses, count, judged, listing, neither, rounded, share
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.data import Rows
from exhibit.tasks.records.figure import Drawing
from exhibit.tasks.records.filed import Answered, Found, Place, ProfilePage, State
from exhibit.tasks.records.language import mark, of_option, tr, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric
from exhibit.tasks.records.page import ABSENT, Document
from exhibit.tasks.records.profile import Clause, Numbers, Profile

_MOST_PLACES = 3  # that are printed of one reference
NOT_HERE: State = "not provided by this report"

DISCLAIMER = mark(
    "This is no legal advice, and no statement that anything conforms to the text above. It says where this report has "
    "something on a clause; that something is there says nothing about whether it is enough."
)


def page(
    profile: Profile,
    document: Document,
    card: Card | None,
    materials: Sequence[Material],
    drawings: Sequence[Drawing] = (),
) -> ProfilePage:
    """All clauses of a profile, with what a document has on them. `drawings`: of the figures of the document."""
    numbers = {material.slug: numbers_of(material) for material in materials}
    look: dict[str, Callable[[str], Found]] = {
        "card": lambda name: _in_card(name, card),
        "section": lambda name: _section(name, document),
        "figure": lambda name: _figure(name, document, drawings),
        "number": lambda name: _number(name, document, numbers),
    }
    answered = tuple(_answered(clause, look) for clause in profile.clauses)
    return ProfilePage(
        title=tr(of_option(profile.title)),
        source=tr(of_option(profile.source)),
        version=tr(of_option(profile.version)),
        note=tr(of_option(profile.note or "")),
        clauses=answered,
        summary=summary([clause.state for clause in answered]),
        disclaimer=tr(DISCLAIMER),
    )


def _answered(clause: Clause, look: Mapping[str, Callable[[str], Found]]) -> Answered:
    pairs = [reference.partition(".") for reference in clause.answers]
    found = tuple(look[what](name) for what, _, name in pairs)
    return Answered(
        id=tr(of_option(clause.id)),
        title=tr(of_option(clause.title)),
        state=_state({item.state for item in found}),
        found=found,
    )


def _state(states: set[State]) -> State:
    """That of a clause: of what its references lead to."""
    if states == {"here"}:
        return "here"
    if "here" in states:
        return "in part"
    return "not stated" if "not stated" in states else NOT_HERE


def _in_card(name: str, card: Card | None) -> Found:
    known = card is not None and bool(card.given(name))
    title = tr(Card.titled(name))
    places = (Place(anchor=f"card-{name}", label=tr("Model card")),) if card is not None else ()
    return Found(
        reference=f"card.{name}", title=title, state="here" if known else "not stated", places=places if known else ()
    )


def _found(reference: str, title: str, places: Sequence[Place], values: Sequence[str] = ()) -> Found:
    return Found(
        reference=reference,
        title=title,
        state="here" if places else NOT_HERE,
        places=tuple(places[:_MOST_PLACES]),
        values=tuple(values[:_MOST_PLACES]),
        more=max(0, len(places) - _MOST_PLACES),
    )


def _section(name: Any, document: Document) -> Found:
    """Sections with that id, in whichever chapters; what a document has once by its own name."""
    whole = {
        "card": (tr("Model card"), document.card is not None),
        "verdicts": (tr("All verdicts"), bool(document.front.answers)),
        "guide": (tr("How to read this report"), document.guide is not None),
        "provenance": (tr("Provenance"), True),
        "configuration": (tr("Configuration"), True),
    }
    if name in whole:
        title, there = whole[name]
        return _found(f"section.{name}", title, [Place(anchor=name, label="")] * there)
    placed = [
        (section.title, Place(anchor=section.anchor(slug, number), label=label))
        for slug, label, sections in (
            *((chapter.slug, chapter.title, chapter.sections) for chapter in document.chapters),
            ("back", "", document.back),
        )
        for number, section in enumerate(sections, 1)
        if section.id == name
    ]
    title = placed[0][0] if placed else tr(ABSENT[name])
    return _found(f"section.{name}", title, [place for _, place in placed])


def _figure(name: str, document: Document, drawings: Sequence[Drawing]) -> Found:
    printed = {figure for block in document.blocks for figure in block.figures}
    alike = [one for one in drawings if one.figure.content.kind == name and one.figure.name in printed]
    places = [Place(anchor=f"figure-{one.figure.name}", label="", figure=one.figure.name) for one in alike]
    missing = tr("A figure of the kind {kind}", kind=name.replace("_", " "))
    title = alike[0].reading.title if alike else missing
    return _found(f"figure.{name}", title, places)


def _number(name: str, document: Document, numbers: Mapping[str, Numbers]) -> Found:
    """A number of each chapter that has it."""
    field = Numbers.model_fields[name]
    titles = {chapter.slug: chapter.title for chapter in document.chapters}
    values: list[tuple[str, str]] = [
        (slug, said) for slug, item in numbers.items() if slug in titles and (said := _values(item)[name]) is not None
    ]
    places = [Place(anchor=f"chapter-{slug}", label=titles[slug]) for slug, _ in values]
    return _found(f"number.{name}", tr(field.title or name), places, [said for _, said in values])


def _values(numbers: Numbers) -> dict[str, Any]:
    return dict(numbers)


def numbers_of(material: Material) -> Numbers:
    """What is counted and measured of a chapter, in words."""
    checks = Counter(check.verdict for method in material.methods for check in method.checks)
    tables = [item for item in material.dataset.inputs if item.traits.named]
    return Numbers(
        samples=f"{len(material.labels):,}",
        explained=f"{material.explained:,}",
        excluded=f"{len(material.dataset.excluded):,}",
        features=f"{sum(len(item.features) for item in tables):,}" if tables else None,
        parameters=f"{material.parameters:,}",
        performance=trp("list", "; ").join(
            _measured(one, material.rows_of(one.split)) for one in material.performance.metrics
        )
        or None,
        verdicts=listing([_with(number, judged(verdict)) for verdict, number in checks.items()]) or None,
    )


def _with(number: int, verdict: str) -> str:
    return tr("{number} {verdict}", number=str(number), verdict=verdict)


def _measured(metric: Metric, rows: Rows) -> str:
    write = share if metric.name.endswith("accuracy") else _of_share if metric.name == "R²" else rounded
    interval = ""
    if metric.interval:
        low, high = map(write, metric.interval)
        interval = tr(", 95% interval {low} to {high}", low=low, high=high)
    naive = "" if metric.naive is None else tr("; a naive guess {value}", value=write(metric.naive))
    return tr(
        "{metric} {value} ({rows}{interval}{naive})",
        metric=tr(metric.name),
        value=write(metric.value),
        rows=called(held_out(rows), metric.count),
        interval=interval,
        naive=naive,
    )


def _of_share(value: float) -> str:
    """Of a guess it is a hair below zero, which nobody reads as 1e-05."""
    return neither(value, 3)


def summary(states: Sequence[State]) -> str:
    """How many clauses are in which state, in a sentence."""
    words: dict[State, str] = {
        "here": mark("{number} with all that the profile points to"),
        "in part": mark("{number} with a part of it"),
        "not stated": mark("{number} that a model card would answer, where nothing is stated"),
        NOT_HERE: mark("{number} not provided by this report"),
    }
    said = [tr(what, number=str(states.count(state))) for state, what in words.items() if state in states]
    return tr("Of {clauses}: {states}.", clauses=count(len(states), "clause"), states=clauses(said))
