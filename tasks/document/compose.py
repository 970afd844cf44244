"""Results become a document: the front page, the chapters, and what stands at the end."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.document import card as cards
from exhibit.tasks.document import changes, comparison, reading
from exhibit.tasks.document import profile as profiles
from exhibit.tasks.document.answers import front
from exhibit.tasks.document.bearing import of_the_same
from exhibit.tasks.document.chapter import chapter, finding
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import capital, clauses, count, listing
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.changed import Changed
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.figure import Drawing
from exhibit.tasks.records.language import tr
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Badge, Block, Chapter, Column, Document, Failure, Section, Table
from exhibit.tasks.records.profile import Profile
from exhibit.tasks.records.verdict import CheckWords


def compose(
    materials: Sequence[Material],
    title: str | None,
    checks: Mapping[str, CheckWords],
    own: Sequence[str] | None = None,
    comparisons: Sequence[Comparison] = (),
    changed: Changed | None = None,
    failures: Sequence[Failure] = (),
    stated: Mapping[str, str] | None = None,
    card: Card | None = None,
    profile: Profile | None = None,
    drawings: Sequence[Drawing] = (),
) -> Document:
    """The whole document. `checks`: every one that a reader may expect, by name; `own`: slugs of the points that have
    chapters of their own, all if None; `failures`: points that could not be explained, and why;
    `stated`: what the user says of the model, as its purpose and owner,
    and its `card`; `profile`: whose clauses are looked up in what is written; `drawings`: of its figures, for these."""
    by_slug = {material.slug: material for material in materials}
    questions = {name: words.question for name, words in checks.items()}
    slugs = list(by_slug) if own is None else own
    covered = {point.slug for item in comparisons if len(item.points) > _ON_PAGE_ONE for point in item.points}
    # Of more points the comparison says what their methods agree on.
    apart = [material for material in materials if material.slug not in covered]
    beside = {one.slug: [] if one.slug in covered else of_the_same(one, apart) for one in materials}
    points = [
        _without_teaser(chapter(by_slug[slug], checks, beside[slug], card, stated), slug in covered) for slug in slugs
    ]
    compared = [
        comparison.chapter(item, by_slug, all(point.slug in slugs for point in item.points), checks)
        for item in comparisons
    ]
    order = [*compared, *points] if len(points) > MANY else [*points, *compared]
    chapters = (*((changes.chapter(changed),) if changed else ()), *order)
    shown = next((item.teaser.sentence for item in chapters if item.teaser), "")
    drawn = [by_slug[slug] for slug in slugs]
    written = None if card is None else cards.page(card)
    first = front(
        materials,
        {material.slug: finding(material, beside[material.slug]) for material in materials},
        checks,
        _anchors(slugs, comparisons),
        stated or {},
    )
    if written is not None:
        first = first.model_copy(update={"stated": (*first.stated, cards.fact(written))})
    document = Document(
        title=title or _title(materials),
        subtitle=_subtitle(materials),
        badges=(*_failed_badge(materials, failures), *(changes.badges(changed) if changed else ())),
        front=first,
        card=written,
        guide=reading.section(questions, shown, _colours(drawn)),
        chapters=chapters,
        failures=tuple(failures),
        back=(*_appendix(chapters), *_exclusions(materials)),
    )
    if profile is None:
        return document
    return document.model_copy(update={"profile": profiles.page(profile, document, card, drawn, drawings)})


def _anchors(own: Sequence[str], comparisons: Sequence[Comparison]) -> dict[str, str]:
    """Where each point is read about: in its own chapter, else in the comparison that it is part of."""
    compared = {point.slug: f"chapter-{item.slug}" for item in comparisons for point in item.points}
    return compared | {slug: f"chapter-{slug}" for slug in own}


def _appendix(chapters: Sequence[Chapter]) -> tuple[Section, ...]:
    """The formulas of all methods, each once, then parameters and sums of each chapter."""
    formulas = dict.fromkeys(block for item in chapters for block in item.appendix if block.formula)
    others = [(item, tuple(block for block in item.appendix if not block.formula)) for item in chapters]
    return (
        *((Section(title=tr("Formulas"), id="formulas", blocks=tuple(formulas)),) if formulas else ()),
        *(
            Section(title=tr("{chapter}: parameters and sums", chapter=item.title), blocks=blocks)
            for item, blocks in others
            if blocks
        ),
    )


def _colours(materials: Sequence[Material]) -> reading.Colours:
    """What the chapters of their own draw in; a comparison has the usual colours."""
    pictures = [found for found in materials if any(item.traits.pixels for item in found.dataset.inputs)]
    coloured = [found for found in materials if any(not item.traits.named for item in found.dataset.inputs)]
    drawn = [maps for found in pictures for method in found.methods for maps in method.maps.values()]
    return reading.Colours(
        palettes={found.palette for found in pictures},
        laid_over=any(found.overlay and found.palette == "diverging" for found in pictures),
        sizes=any(not method.signed for found in coloured for method in found.methods),
        shared=not any(maps.limits is not None for maps in drawn) and not any(found.own_scales for found in coloured),
    )


_ON_PAGE_ONE = 2  # points of a comparison that are on page one themselves


def _without_teaser(chapter: Chapter, covered: bool) -> Chapter:
    return chapter.model_copy(update={"teaser": None}) if covered else chapter


_MOST_TITLES = 3


def _title(materials: Sequence[Material]) -> str:
    """What the report is about."""
    if not materials:
        return tr("No prediction could be explained")
    about = list(dict.fromkeys(tr(material.dataset.label_name) for material in materials))
    data = dict.fromkeys(tr(material.dataset.title) for material in materials)
    names = list(data if len(data) < len(materials) else dict.fromkeys(tr(material.title) for material in materials))
    titles, labels = _first_of(names), _first_of(about)
    if len(about) == 1:
        return tr("{data}: what the {label} is predicted from", data=titles, label=labels)
    return tr("{data}: what the {labels} are predicted from", data=titles, labels=labels)


def _first_of(names: Sequence[str]) -> str:
    """All names, or of many the first ones and how many more there are."""
    if len(names) <= _MOST_TITLES:
        return listing(names)
    more = tr("{number} more", number=str(len(names) - _MOST_TITLES + 1))
    return listing([*names[: _MOST_TITLES - 1], more])


def _subtitle(materials: Sequence[Material]) -> str:
    subjects = list(dict.fromkeys(_subject(material) for material in materials))
    return tr(
        "{subjects}: which parts of the input carry each prediction, and how far that can be trusted.",
        subjects=capital(clauses(subjects)),
    )


def _subject(material: Material) -> str:
    elements = dict.fromkeys(KINDS[item.kind].elements(item) for item in material.dataset.inputs)
    return tr("the {label} from {elements}", label=tr(material.dataset.label_name), elements=listing(list(elements)))


def _failed_badge(materials: Sequence[Material], failures: Sequence[Failure]) -> tuple[Badge, ...]:
    if not failures:
        return ()
    total = len(failures) + len(materials)
    title = tr("{number} of {total} failed", number=str(len(failures)), total=str(total))
    text = tr("not explained: {titles}", titles=listing([item.title for item in failures]))
    return (Badge(title=title, text=text, verdict="fail"),)


def _exclusions(materials: Sequence[Material]) -> tuple[Section, ...]:
    """A table for each data with exclusions; points on the same data share it."""
    first: dict[str, Material] = {}
    for material in materials:
        if material.dataset.excluded:
            first.setdefault(repr((material.dataset.title, material.dataset.excluded)), material)
    tables = tuple(
        Table(
            name=f"{material.slug}-excluded",
            caption=tr(
                "{chapter}: {samples} that could not be used.",
                chapter=tr(material.title),
                samples=count(len(material.dataset.excluded), "sample"),
            ),
            columns=(Column(title=tr("sample")), Column(title=tr("given")), Column(title=tr("reason"))),
            rows=tuple((item.sample_id, item.given, tr(item.reason)) for item in material.dataset.excluded),
        )
        for material in first.values()
    )
    return (Section(title=tr("Excluded samples"), id="excluded", blocks=(Block(tables=tables),)),) if tables else ()
