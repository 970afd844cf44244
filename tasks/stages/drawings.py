"""What the stages that draw more than a chapter have in common."""

import json
from collections.abc import Callable, Mapping, Sequence

from exhibit.tasks.catalogues import key_of, spoken
from exhibit.tasks.records.figure import Drawings, Figure
from exhibit.tasks.records.material import Scales
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, run_stage
from exhibit.tasks.store import Digest, Store


def draw_figures(
    store: Store,
    stage: Callable[..., FinishedStage],
    inputs: Mapping[str, Digest | Sequence[Digest]],
    figures: Callable[[Scales], Sequence[Figure]],
    language: str,
) -> FinishedStage:
    from exhibit.tasks.drawing.kinds import draw

    def run() -> dict[str, bytes]:
        limits = json.loads(store.get(str(inputs["scales"])))
        with spoken(language):
            return {"drawings": pack(Drawings(items=tuple(draw(figure) for figure in figures(limits))))}

    return run_stage(store, stage, key_of(language), inputs, run)
