"""What page one has to name about model and data, beside the explanation."""

from collections.abc import Callable, Mapping, Sequence

from exhibit.tasks.document import datasheet, for_whom, quality
from exhibit.tasks.records.language import tr
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Concern, section_anchor

# Each says what it found in a chapter, and names the section that tells how it was measured.
_ASKED: tuple[Callable[[Material], Sequence[Concern]], ...] = (
    datasheet.concerns,
    quality.concerns,
    for_whom.concerns,
)


def concerns(materials: Sequence[Material], anchors: Mapping[str, str]) -> tuple[Concern, ...]:
    """Of all chapters, in their order; what is the same of several is said once. `anchors`: where each point is read
    about, by its slug: in a chapter of its own, or in a comparison, which has no such sections."""
    return _placed(materials, anchors, _ASKED)


def by_group(materials: Sequence[Material], anchors: Mapping[str, str]) -> tuple[Concern, ...]:
    """What is said of the verdicts by group, beside the table of all others."""
    return _placed(materials, anchors, (for_whom.verdicts,))


def open_questions(materials: Sequence[Material], anchors: Mapping[str, str]) -> tuple[Concern, ...]:
    """What page one says that nobody knows, of what was asked."""
    return _placed(materials, anchors, (for_whom.open_questions,))


def _placed(
    materials: Sequence[Material], anchors: Mapping[str, str], asked: Sequence[Callable[[Material], Sequence[Concern]]]
) -> tuple[Concern, ...]:
    found: dict[tuple[str, str], Concern] = {}
    for material in materials:
        slug, there = material.slug, anchors.get(material.slug, "")
        for concern in (concern for ask in asked for concern in ask(material)):
            anchor = section_anchor(slug, concern.section) if there == f"chapter-{slug}" else there
            placed = concern.model_copy(update={"of": tr(material.title), "anchor": anchor})
            found.setdefault((concern.title, concern.sentence), placed)
    return tuple(found.values())
