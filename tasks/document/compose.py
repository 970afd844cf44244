"""Results become a document: the front page, the chapters, and what stands at the end."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.document import changes, comparison, reading
from exhibit.tasks.document.chapter import chapter, not_assessed
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.spec import MANY
from exhibit.tasks.document.words import capital, count, listing
from exhibit.tasks.records.changed import Changed
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.figure import Palette
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Badge, Block, Chapter, Column, Document, Failure, Section, Table
from exhibit.tasks.records.verdict import CheckResult, CheckWords, Verdict


def compose(
    materials: Sequence[Material],
    title: str | None,
    checks: Mapping[str, CheckWords],
    models: int | None = None,
    own: Sequence[str] | None = None,
    comparisons: Sequence[Comparison] = (),
    changed: Changed | None = None,
    failures: Sequence[Failure] = (),
) -> Document:
    """The whole document. `checks`: every one that a reader may expect, by name; `models`: how many are
    explained, if not one at each point; `own`: slugs of the points that have chapters of their own, all if None;
    `failures`: points that could not be explained, and why."""
    by_slug = {material.slug: material for material in materials}
    questions = {name: words.question for name, words in checks.items()}
    slugs = list(by_slug) if own is None else own
    covered = {point.slug for item in comparisons if len(item.points) > _ON_PAGE_ONE for point in item.points}
    points = [_without_teaser(chapter(by_slug[slug], questions), slug in covered) for slug in slugs]
    compared = [
        comparison.chapter(item, by_slug, all(point.slug in slugs for point in item.points)) for item in comparisons
    ]
    order = [*compared, *points] if len(points) > MANY else [*points, *compared]
    chapters = (*((changes.chapter(changed),) if changed else ()), *order)
    shown = next((item.teaser.sentence for item in chapters if item.teaser), "")
    return Document(
        title=title or _title(len(materials) if models is None else models),
        subtitle=_subtitle(materials),
        badges=(
            *_failed_badge(materials, failures),
            *_badges(materials, checks),
            *(changes.badges(changed) if changed else ()),
        ),
        chapters=chapters,
        failures=tuple(failures),
        back=(reading.section(questions, shown, _palettes([by_slug[slug] for slug in slugs])), *_exclusions(materials)),
    )


def _palettes(materials: Sequence[Material]) -> set[Palette]:
    """What the chapters of their own draw maps of pictures in; a comparison has the usual colours."""
    return {material.palette for material in materials if any(item.traits.pixels for item in material.dataset.inputs)}


_ON_PAGE_ONE = 2  # points of a comparison that are on page one themselves


def _without_teaser(chapter: Chapter, covered: bool) -> Chapter:
    return chapter.model_copy(update={"teaser": None}) if covered else chapter


def _title(models: int) -> str:
    numbers = {1: "one model looks", 2: "two models look", 3: "three models look", 4: "four models look"}
    return f"What {numbers.get(models, f'{models} models look')} at"


def _subtitle(materials: Sequence[Material]) -> str:
    subjects = list(dict.fromkeys(_subject(material) for material in materials))
    return (
        f"{capital(listing(subjects))}: which parts of the input carry each prediction, "
        "and how far that can be trusted."
    )


def _subject(material: Material) -> str:
    kinds = dict.fromkeys(item.kind for item in material.dataset.inputs)
    return f"the {material.dataset.label_name} from {listing([KINDS[kind].elements for kind in kinds])}"


def _checks(materials: Sequence[Material]) -> list[CheckResult]:
    return [check for material in materials for method in material.methods for check in method.checks]


def _badges(materials: Sequence[Material], checks: Mapping[str, CheckWords]) -> tuple[Badge, ...]:
    measured = [check for check in _checks(materials) if check.verdict in ("pass", "fail")]
    badges = [
        _check_badge(checks[name], [check for check in measured if check.check == name])
        for name in dict.fromkeys(check.check for check in measured)
    ]
    missing = [name for name in checks if all(name in not_assessed(material, checks) for material in materials)]
    if missing:
        names = listing([name.replace("_", " ") for name in missing])
        badges.append(Badge(title=f"{len(missing)} not assessed", text=names, verdict="not assessed"))
    badges.append(_held_out_badge(materials))
    return tuple(badges)


def _failed_badge(materials: Sequence[Material], failures: Sequence[Failure]) -> tuple[Badge, ...]:
    if not failures:
        return ()
    title = f"{len(failures)} of {len(failures) + len(materials)} failed"
    return (Badge(title=title, text=f"not explained: {listing([item.title for item in failures])}", verdict="fail"),)


def _check_badge(words: CheckWords, results: Sequence[CheckResult]) -> Badge:
    passed = sum(check.verdict == "pass" for check in results)
    verdict: Verdict = "pass" if passed == len(results) else "fail"
    return Badge(title=f"{passed} of {len(results)} {words.passed}", text=words.meaning, verdict=verdict)


def _held_out_badge(materials: Sequence[Material]) -> Badge:
    held_out = [item for item in materials if item.measured_rows == "test" and item.performance.metrics]
    others = [material for material in materials if material not in held_out]
    rest = [f"{m.title.lower()} {_measured_on(m)}" for m in others]
    if len(rest) > _ON_PAGE_ONE:
        rest = sorted({_measured_on(m) for m in others})
    text = f"quality measured: {listing(rest)}" if rest else "quality measured on rows not trained on"
    return Badge(title=f"{len(held_out)} of {len(materials)} on held-out rows", text=text)


def _measured_on(material: Material) -> str:
    return f"on the {material.measured_rows} rows" if material.performance.metrics else "nowhere, without labels"


def _exclusions(materials: Sequence[Material]) -> tuple[Section, ...]:
    """A table for each data with exclusions; points on the same data share it."""
    first: dict[str, Material] = {}
    for material in materials:
        if material.dataset.excluded:
            first.setdefault(repr((material.dataset.title, material.dataset.excluded)), material)
    tables = tuple(
        Table(
            name=f"{material.slug}-excluded",
            caption=f"{material.title}: {count(len(material.dataset.excluded), 'sample')} that could not be used.",
            columns=(Column(title="sample"), Column(title="given"), Column(title="reason")),
            rows=tuple((item.sample_id, item.given, item.reason) for item in material.dataset.excluded),
        )
        for material in first.values()
    )
    return (Section(title="Excluded samples", blocks=(Block(tables=tables),)),) if tables else ()
