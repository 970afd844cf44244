"""The stage `compose`: the document as data."""

from collections.abc import Mapping, Sequence
from typing import Any

from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.records.changed import Changed
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.decision import Decisions
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.page import Document, Failure
from exhibit.tasks.records.verdict import CheckWords
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def compose(
    store: Store,
    title: str | None,
    checks: Mapping[str, CheckWords],
    materials: Sequence[Digest],
    own: Sequence[str],
    comparisons: Sequence[Digest],
    changes: Digest | None,
    failures: Sequence[Failure] = (),
    stated: Mapping[str, str] | None = None,
    decisions: Sequence[Digest] = (),
) -> FinishedStage:
    """Outputs "document" and "answers", the plain answers of its first page for programs, and where there are
    `decisions`, of each of the `materials`, "decisions", what their pages say. `checks`: every one that a
    reader may expect, by name; `own`: slugs of the points with chapters of their own; `stated`: what
    the user says of the model."""
    from exhibit.tasks.document.compose import compose as written
    from exhibit.tasks.document.decision import of_decisions

    def run() -> dict[str, bytes]:
        document = written(
            [read(store, Material, digest) for digest in materials],
            title,
            checks,
            own,
            [read(store, Comparison, digest) for digest in comparisons],
            None if changes is None else read(store, Changed, changes),
            failures,
            stated,
        )
        found = {"document": pack(document), "answers": pretty(_answers(document))}
        if not decisions:
            return found
        decided = [
            (read(store, Material, one), read(store, Decisions, other))
            for one, other in zip(materials, decisions, strict=True)
        ]
        pages, said = of_decisions(document, decided, checks, stated or {})
        return {**found, "document": pack(pages), "decisions": pretty(said)}

    inputs: dict[str, Digest | Sequence[Digest]] = {"materials": list(materials), "comparisons": list(comparisons)}
    if decisions:
        inputs["decisions"] = list(decisions)
    return run_stage(
        store,
        compose,
        {
            "title": title,
            "checks": {name: words.model_dump() for name, words in checks.items()},
            "own": list(own),
            "failures": [item.model_dump() for item in failures],
            "stated": dict(stated or {}),
        },
        inputs if changes is None else inputs | {"changes": changes},
        run,
    )


def _answers(document: Document) -> dict[str, Any]:
    """`answers.json`: the overall answer, those of page one, the rule, and what each chapter of page one found."""
    front = document.front
    return {
        "schema": "exhibit-answers/1",
        "overall": front.overall,
        "answers": [{"question": a.question, "answer": a.word, "reasons": list(a.reasons)} for a in front.answers],
        "rule": [
            *(f"{rule.question} {word}: {case}" for rule in front.rule for word, case in rule.cases),
            *front.notes,
        ],
        "found": [
            {"chapter": chapter.slug, "title": chapter.teaser.title, "sentence": chapter.teaser.sentence}
            for chapter in document.chapters
            if chapter.teaser
        ],
    }
