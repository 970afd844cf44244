"""The stage `scale`: one colour scale per unit of measure, over all that is drawn."""

from collections.abc import Sequence

from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import canonical_json
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def scale(store: Store, materials: Sequence[Digest]) -> FinishedStage:
    """Output "scales": one limit per unit of measure over everything that is drawn."""
    from exhibit.tasks.document.chapter import limits

    def run() -> dict[str, bytes]:
        return {"scales": canonical_json(limits(tuple(read(store, Material, digest) for digest in materials)))}

    return run_stage(store, scale, {}, {"materials": list(materials)}, run)
