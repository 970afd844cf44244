"""The stage `compare`: points on the same data beside each other."""

from collections.abc import Mapping, Sequence
from typing import Any

from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def compare(
    store: Store, slug: str, configs: Sequence[Mapping[str, Any]], numbers: Sequence[int], materials: Sequence[Digest]
) -> FinishedStage:
    """Output "comparison" of points on the same data.

    `configs`: plain config of each point, free of paths; `numbers`: which points of the report they are.
    """

    from exhibit.tasks.comparing.comparison import comparison

    def run() -> dict[str, bytes]:
        chapters = [read(store, Material, digest) for digest in materials]
        return {"comparison": pack(comparison(slug, configs, numbers, chapters))}

    spec = {"slug": slug, "configs": list(configs), "numbers": list(numbers)}
    return run_stage(store, compare, spec, {"materials": list(materials)}, run)
