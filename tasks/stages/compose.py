"""The stage `compose`: the document as data."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from exhibit.tasks.catalogues import key_of, spoken
from exhibit.tasks.evidence.pretty_json import pretty
from exhibit.tasks.records.card import Card
from exhibit.tasks.records.changed import Changed
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.decision import Decisions
from exhibit.tasks.records.figure import Drawings
from exhibit.tasks.records.filed import ProfilePage
from exhibit.tasks.records.language import ENGLISH
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.page import Document, Failure
from exhibit.tasks.records.profile import Profile
from exhibit.tasks.records.trust import Answers, FoundSentence
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
    card: Card | None = None,
    profile: Profile | None = None,
    drawings: Sequence[Digest] = (),
    decisions: Sequence[Digest] = (),
    signoff: Sequence[str] = (),
    language: str = ENGLISH,
) -> FinishedStage:
    """Outputs "document" and "answers", the plain answers of its first page for programs; "quality" and "groups" where
    these were measured, "datasheet", "card" and "profile" where there are any, and where there are
    `decisions`, of each of the `materials`, "decisions", what their pages say. `checks`: every one that a reader may
    expect, by name; `own`: slugs of the points with chapters of their own; `stated`: what the user says of the model;
    `drawings`: of all chapters, in which a profile looks for figures; `signoff`: who signs, on a page at the end;
    `language`: of the document."""
    from exhibit.tasks.document import datasheet, for_whom, quality
    from exhibit.tasks.document.compose import compose as written
    from exhibit.tasks.document.decision import of_decisions

    def run() -> dict[str, bytes]:
        gathered = [read(store, Material, digest) for digest in materials]
        compared = [read(store, Comparison, digest) for digest in comparisons]
        changed = None if changes is None else read(store, Changed, changes)
        drawn = [item for digest in looked_at for item in read(store, Drawings, digest).items]

        @cache
        def written_in(tongue: str) -> Document:
            """What programs read is English, whatever a reader reads."""
            with spoken(tongue):
                document = written(
                    gathered, title, checks, own, compared, changed, failures, stated, card, profile, drawn
                )
            return document.model_copy(update={"signoff": tuple(signoff), **key_of(tongue)})

        document = written_in(ENGLISH)
        found = {
            "document": pack(document if language == ENGLISH else written_in(language)),
            "answers": pretty(_answers(document).model_dump(mode="json", by_alias=True)),
        }
        found |= {"quality": pretty(quality.as_plain(gathered))} if any(item.quality for item in gathered) else {}
        found |= {"datasheet": pretty(datasheet.as_plain(gathered))} if any(item.datasheet for item in gathered) else {}
        found |= {"groups": pretty(for_whom.as_plain(gathered))} if any(item.groups for item in gathered) else {}
        found |= {} if card is None else {"card": pretty(_card(card))}
        found |= {} if document.profile is None else {"profile": pretty(_profile(document.profile))}
        if not decisions:
            return found
        decided = [
            (material, read(store, Decisions, other)) for material, other in zip(gathered, decisions, strict=True)
        ]

        def pages_in(tongue: str) -> tuple[Document, dict[str, Any]]:
            whole = written_in(tongue)
            with spoken(tongue):
                return of_decisions(whole, decided, checks, stated or {})

        _, said = pages_in(ENGLISH)
        return {**found, "document": pack(pages_in(language)[0]), "decisions": pretty(said)}

    looked_at = [] if profile is None else list(drawings)
    inputs: dict[str, Digest | Sequence[Digest]] = {"materials": list(materials), "comparisons": list(comparisons)}
    inputs |= {"drawings": looked_at} if looked_at else {}
    inputs |= {"decisions": list(decisions)} if decisions else {}
    return run_stage(
        store,
        compose,
        {
            "title": title,
            "checks": {name: words.model_dump() for name, words in checks.items()},
            "own": list(own),
            "failures": [item.model_dump() for item in failures],
            "stated": dict(stated or {}),
            "card": None if card is None else card.model_dump(mode="json"),
            "profile": None if profile is None else profile.model_dump(mode="json"),
            "signoff": list(signoff),
            **key_of(language),
        },
        inputs if changes is None else inputs | {"changes": changes},
        run,
    )


def _card(card: Card) -> dict[str, Any]:
    """`card.json`: every field as it is stated, null where it is not."""
    return {"schema": "exhibit-card/1", "card": card.model_dump(mode="json"), "not_stated": list(card.not_stated)}


def _profile(found: ProfilePage) -> dict[str, Any]:
    """`profile.json`: every clause, and where in the document it is answered."""
    plain = found.model_dump(mode="json", exclude={"summary", "disclaimer"})
    return {"schema": "exhibit-profile/1", "says": [found.summary, found.disclaimer], **plain}


def _answers(document: Document) -> Answers:
    """`answers.json`: the overall answer, those of page one, the rule, and what each chapter of page one found."""
    front = document.front
    return Answers(
        overall=front.overall,
        answers=front.answered,
        rule=(
            *(f"{rule.question} {word}: {case}" for rule in front.rule for word, case in rule.cases),
            *front.notes,
        ),
        found=tuple(
            FoundSentence(
                chapter=chapter.slug,
                title=chapter.teaser.title,
                sentence=chapter.teaser.sentence,
                finding=front.findings.get(chapter.slug),
            )
            for chapter in document.chapters
            if chapter.teaser
        ),
    )
