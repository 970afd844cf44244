"""The stage `draw`: the figures of a chapter."""

import json

from exhibit.tasks.catalogues import key_of, spoken
from exhibit.tasks.protocols import Progress, silent
from exhibit.tasks.records.figure import Drawings
from exhibit.tasks.records.language import ENGLISH
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def draw(
    store: Store, material: Digest, scales: Digest, language: str = ENGLISH, progress: Progress = silent
) -> FinishedStage:
    """Output "drawings" of a chapter."""
    from exhibit.tasks.document.chapter import figures
    from exhibit.tasks.drawing.kinds import draw as draw_figure

    def run() -> dict[str, bytes]:
        drawings = []
        with spoken(language):
            wanted = figures(read(store, Material, material), json.loads(store.get(scales)))
            for number, figure in enumerate(wanted, 1):
                drawings.append(draw_figure(figure))
                progress(number, len(wanted))
        return {"drawings": pack(Drawings(items=tuple(drawings)))}

    return run_stage(
        store,
        draw,
        key_of(language),
        {"material": material, "scales": scales},
        run,
    )
