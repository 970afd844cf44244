"""Results become a document: the front page, the chapters, and what stands at the end."""

from collections.abc import Sequence

from tasks.document import reading
from tasks.document.chapter import chapter, not_assessed
from tasks.document.material import Material
from tasks.document.words import capital, count, listing
from tasks.records import Badge, Block, CheckResult, Column, Document, Section, Table, Verdict


def compose(materials: Sequence[Material], title: str | None, questions: dict[str, str]) -> Document:
    """The whole document. `questions`: every check that a reader may expect, and what it asks."""
    chapters = tuple(chapter(material, questions) for material in materials)
    return Document(
        title=title or _title(materials),
        subtitle=_subtitle(materials),
        badges=_badges(materials, questions),
        chapters=chapters,
        back=(reading.section(questions, chapters[0].teaser.sentence), *_exclusions(materials)),
    )


def _title(materials: Sequence[Material]) -> str:
    numbers = {1: "one model looks", 2: "two models look", 3: "three models look", 4: "four models look"}
    return f"What {numbers.get(len(materials), f'{len(materials)} models look')} at"


def _subtitle(materials: Sequence[Material]) -> str:
    subjects = [_subject(material) for material in materials]
    return (
        f"{capital(listing(subjects))}: which parts of the input carry each prediction, "
        "and how far that can be trusted."
    )


def _subject(material: Material) -> str:
    means = {"table": "measurements", "image": "pixels", "molecule": "atoms", "text": "words"}
    kinds = dict.fromkeys(item.kind for item in material.dataset.inputs)
    return f"the {material.dataset.label_name} from {listing([means[kind] for kind in kinds])}"


def _checks(materials: Sequence[Material]) -> list[CheckResult]:
    return [check for material in materials for method in material.methods for check in method.checks]


def _badges(materials: Sequence[Material], questions: dict[str, str]) -> tuple[Badge, ...]:
    measured = [check for check in _checks(materials) if check.verdict in ("pass", "fail")]
    badges = [
        _check_badge(name, [check for check in measured if check.check == name])
        for name in dict.fromkeys(check.check for check in measured)
    ]
    missing = [name for name in questions if all(name in not_assessed(material, questions) for material in materials)]
    if missing:
        names = listing([name.replace("_", " ") for name in missing])
        badges.append(Badge(title=f"{len(missing)} not assessed", text=names, verdict="not assessed"))
    badges.append(_held_out_badge(materials))
    return tuple(badges)


def _check_badge(name: str, results: Sequence[CheckResult]) -> Badge:
    passed = sum(check.verdict == "pass" for check in results)
    word, text = _PASSED.get(name, (name.replace("_", " "), name.replace("_", " ")))
    verdict: Verdict = "pass" if passed == len(results) else "fail"
    return Badge(title=f"{passed} of {len(results)} {word}", text=text, verdict=verdict)


_PASSED = {
    "completeness": ("complete", "additive explanations add up to the change of the score"),
    "seed_stability": ("stable", "explanations keep their order in another training"),
    "stability": ("stable nearby", "explanations keep their shape for inputs that differ a little"),
    "deletion": ("faithful, deleting", "the score falls with the elements that are named first"),
    "insertion": ("faithful, inserting", "the score rises with the elements that are named first"),
    "randomization": ("follow the weights", "explanations change when the weights are random"),
    "agreement": ("agree", "methods give the same order of elements"),
    "sparseness": ("sparse", "few elements carry the explanation"),
    "localization": ("on the object", "explanations lie where the object is known to be"),
}


def _held_out_badge(materials: Sequence[Material]) -> Badge:
    held_out = [material for material in materials if material.measured_rows == "test"]
    rest = [f"{m.title.lower()} on the {m.measured_rows} rows" for m in materials if m not in held_out]
    text = f"quality measured: {listing(rest)}" if rest else "quality measured on rows not trained on"
    return Badge(title=f"{len(held_out)} of {len(materials)} on held-out rows", text=text)


def _exclusions(materials: Sequence[Material]) -> tuple[Section, ...]:
    tables = tuple(
        Table(
            name=f"{material.slug}-excluded",
            caption=f"{material.title}: {count(len(material.dataset.excluded), 'sample')} that could not be used.",
            columns=(Column(title="sample"), Column(title="given"), Column(title="reason")),
            rows=tuple((item.sample_id, item.given, item.reason) for item in material.dataset.excluded),
        )
        for material in materials
        if material.dataset.excluded
    )
    return (Section(title="Excluded samples", blocks=(Block(tables=tables),)),) if tables else ()
