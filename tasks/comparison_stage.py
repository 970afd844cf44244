"""The stages that set points, and reports, beside each other, over what their chapters are made of."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from exhibit.tasks.document.changed import Changed, Earlier, PointFacts
from exhibit.tasks.document.compared import Comparison
from exhibit.tasks.document.material import Material, Scales
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.packing import pack
from exhibit.tasks.report_stages import Drawings
from exhibit.tasks.stages import Done, read, run_stage
from exhibit.tasks.store import Digest, Store


def compare(
    store: Store, slug: str, configs: Sequence[Mapping[str, Any]], numbers: Sequence[int], materials: Sequence[Digest]
) -> Done:
    """Output "comparison" of points on the same data.

    `configs`: plain config of each point, free of paths; `numbers`: which points of the report they are.
    """

    from exhibit.tasks.comparison import comparison

    def run() -> dict[str, bytes]:
        found = [read(store, Material, digest) for digest in materials]
        return {"comparison": pack(comparison(slug, configs, numbers, found))}

    spec = {"slug": slug, "configs": list(configs), "numbers": list(numbers)}
    return run_stage(store, compare, spec, {"materials": list(materials)}, [comparison.__module__], run)


def relate(store: Store, comparisons: Sequence[Digest]) -> Done:
    """Output "agreement": every pair of results of all comparisons, a row each."""
    from exhibit.tasks.comparison import agreement_table

    def run() -> dict[str, bytes]:
        return {"agreement": agreement_table([read(store, Comparison, digest) for digest in comparisons])}

    return run_stage(store, relate, {}, {"comparisons": list(comparisons)}, [agreement_table.__module__], run)


def change(
    store: Store,
    points: Sequence[tuple[str, Mapping[str, Any], Digest, Digest]],
    materials: Sequence[Digest],
    tables: Mapping[str, Digest],
    earlier: Digest | None,
) -> Done:
    """Outputs "changed" and "changes", its summary for machines. `points`: slug, plain config, and digests of dataset
    and weights; `earlier`: the report that this one is compared with, None if there is none."""
    from exhibit.tasks.changes import changed, facts, nothing_earlier
    from exhibit.tasks.document.evidence import pretty
    from exhibit.tasks.settings import of_point

    def run() -> dict[str, bytes]:
        found = nothing_earlier()
        if earlier is not None:
            before, here = read(store, Earlier, earlier), [read(store, Material, digest) for digest in materials]
            now = [
                PointFacts(
                    slug=slug,
                    title=str(config["title"]),
                    settings=of_point(config),
                    data=dataset,
                    samples=len(item.labels),
                    excluded=len(item.dataset.excluded),
                    weights=weights,
                )
                for (slug, config, dataset, weights), item in zip(points, here, strict=True)
            ]
            found = changed(
                before.report,
                facts(before.points, before.importances, before.checks, before.metrics),
                facts(now, *(store.get(tables[name]) for name in ("importances", "checks", "metrics"))),
                _without_importance(here),
            )
        return {"changed": pack(found), "changes": pretty(found.summary.model_dump(mode="json", by_alias=True))}

    inputs: dict[str, Digest | Sequence[Digest]] = {"materials": list(materials), **tables}
    return run_stage(
        store,
        change,
        {"points": [list(point) for point in points]},
        inputs if earlier is None else inputs | {"earlier": earlier},
        [changed.__module__, pretty.__module__],
        run,
        [_without_importance],
    )


def _without_importance(materials: Sequence[Material]) -> set[tuple[str, str]]:
    """Slugs and inputs of pictures that are not aligned: their pixels have no importance of their own."""
    return {
        (item.slug, one.name)
        for item in materials
        for one in item.dataset.inputs
        if one.kind == "image" and not one.aligned
    }


def draw_comparison(store: Store, comparison: Digest, materials: Sequence[Digest], scales: Digest) -> Done:
    """Output "drawings" of a comparison; `materials`: of its points."""
    from exhibit.tasks.document import comparison as chapter

    def figures(limits: Scales) -> Sequence[Figure]:
        found = [read(store, Material, digest) for digest in materials]
        return chapter.figures(read(store, Comparison, comparison), {item.slug: item for item in found}, limits)

    inputs: dict[str, Digest | Sequence[Digest]] = {"comparison": comparison, "materials": list(materials)}
    return _draw(store, draw_comparison, inputs | {"scales": scales}, chapter.__name__, figures)


def draw_changes(store: Store, changed: Digest, scales: Digest) -> Done:
    """Output "drawings" of the changes since an earlier report."""
    from exhibit.tasks.document import changes as chapter

    def figures(_: Scales) -> Sequence[Figure]:
        return chapter.figures(read(store, Changed, changed))

    return _draw(store, draw_changes, {"changed": changed, "scales": scales}, chapter.__name__, figures)


def _draw(
    store: Store,
    stage: Callable[..., Done],
    inputs: Mapping[str, Digest | Sequence[Digest]],
    module: str,
    figures: Callable[[Scales], Sequence[Figure]],
) -> Done:
    from exhibit.tasks.drawing import draw

    def run() -> dict[str, bytes]:
        limits = json.loads(store.get(str(inputs["scales"])))
        return {"drawings": pack(Drawings(items=tuple(draw(figure) for figure in figures(limits))))}

    return run_stage(store, stage, {}, inputs, [module, draw.__module__], run)
