"""What a report sets beside each other: points on the same data, and the report beside an earlier one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from exhibit.flows.config import Report
from exhibit.flows.earlier import Found
from exhibit.flows.points import Chapter
from exhibit.tasks.stages.change import change
from exhibit.tasks.stages.compare import compare
from exhibit.tasks.stages.draw_changes import draw_changes
from exhibit.tasks.stages.draw_comparison import draw_comparison
from exhibit.tasks.stages.relate import relate
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.stages.tabulate import tabulate
from exhibit.tasks.store import Digest, Store


@dataclass(frozen=True)
class Across:
    """Digests of the comparisons and of the changes, of their drawings and of the tables that are attached; `own`:
    the chapters that the document has of single points."""

    own: list[int]
    comparisons: list[Digest]
    changed: Digest | None
    drawn: list[FinishedStage]
    tables: dict[str, Digest]


def across(
    one: Callable[..., FinishedStage],
    report: Report,
    store: Store,
    earlier: Found | None,
    chapters: Sequence[Chapter],
    configs: Sequence[Mapping[str, Any]],
    materials: Sequence[Digest],
    scales: Digest,
) -> Across:
    """Compares the points of a report, and the report with an earlier one where that is asked for.

    `one`: runs a stage and waits for it, called as `one(what, stage, *args)`. `configs`: plain config of each point, as
    the evidence has it; `materials`: what each chapter shows.
    """
    language = report.document.language
    groups = same_data([chapter["load"]["dataset"] for chapter in chapters])
    tables = dict(one("report", tabulate, materials).outputs)
    comparisons, drawn = [], []
    for number, group in enumerate(groups, 1):
        slug, own = f"comparison_{number}", [materials[k] for k in group]  # no slug of a point has a "_"
        numbers = [k + 1 for k in group]
        comparison = one(slug, compare, slug, [configs[k] for k in group], numbers, own)
        comparisons.append(comparison["comparison"])
        drawn.append(one(slug, draw_comparison, comparison["comparison"], own, scales, language))
    if comparisons:
        tables |= one("report", relate, comparisons).outputs
    changed = None
    if report.document.compare_to is not None:
        points = [
            (chapter.slug, config, chapter["load"]["dataset"], chapter.fits[0]["weights"])
            for chapter, config in zip(chapters, configs, strict=True)
        ]
        before = store.put(earlier.said) if earlier else None
        done = one("report", change, points, materials, tables, before)
        changed, tables["changes"] = done["changed"], done["changes"]
        drawn.append(one("report", draw_changes, changed, scales, language))
    compared = {k for group in groups for k in group}
    own_chapters = report.document.own_chapters(len(chapters), compared)
    return Across(own_chapters, comparisons, changed, drawn, tables)


def same_data(datasets: Sequence[Digest]) -> list[list[int]]:
    """Positions of the points that have equal data, where there are several."""
    alike: dict[Digest, list[int]] = {}
    for position, digest in enumerate(datasets):
        alike.setdefault(digest, []).append(position)
    return [group for group in alike.values() if len(group) > 1]
