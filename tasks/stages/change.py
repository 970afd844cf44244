"""The stage `change`: what has changed since an earlier report."""

from collections.abc import Mapping, Sequence
from typing import Any

from exhibit.tasks.records.changed import Earlier, PointFacts
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def change(
    store: Store,
    points: Sequence[tuple[str, Mapping[str, Any], Digest, Digest]],
    materials: Sequence[Digest],
    tables: Mapping[str, Digest],
    earlier: Digest | None,
) -> FinishedStage:
    """Outputs "changed" and "changes", its summary for machines. `points`: slug, plain config, and digests of dataset
    and weights; `earlier`: the report that this one is compared with, None if there is none."""
    from exhibit.tasks.comparing.changes import changed, facts, nothing_earlier
    from exhibit.tasks.comparing.settings import of_point
    from exhibit.tasks.evidence.pretty_json import pretty

    def run() -> dict[str, bytes]:
        changes = nothing_earlier()
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
            changes = changed(
                before.report,
                facts(before.points, before.importances, before.checks, before.metrics),
                facts(now, *(store.get(tables[name]) for name in ("importances", "checks", "metrics"))),
                _without_importance(here),
            )
        return {"changed": pack(changes), "changes": pretty(changes.summary.model_dump(mode="json", by_alias=True))}

    inputs: dict[str, Digest | Sequence[Digest]] = {"materials": list(materials), **tables}
    return run_stage(
        store,
        change,
        {"points": [list(point) for point in points]},
        inputs if earlier is None else inputs | {"earlier": earlier},
        run,
    )


def _without_importance(materials: Sequence[Material]) -> set[tuple[str, str]]:
    """Slugs and inputs such as pictures that are not aligned: their features have no importance of their own."""
    return {(item.slug, one.name) for item in materials for one in item.dataset.inputs if not one.comparable}
