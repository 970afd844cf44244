"""The stage `draw_decisions`: the pictures of the pages about single decisions."""

from exhibit.tasks.protocols import Progress, silent
from exhibit.tasks.records.decision import Decisions
from exhibit.tasks.records.language import ENGLISH
from exhibit.tasks.records.material import Material
from exhibit.tasks.stages.drawings import draw_figures
from exhibit.tasks.stages.stage import FinishedStage, read
from exhibit.tasks.store import Digest, Store


def draw_decisions(
    store: Store,
    material: Digest,
    decisions: Digest,
    scales: Digest,
    language: str = ENGLISH,
    progress: Progress = silent,
) -> FinishedStage:
    """Output "drawings"."""
    from exhibit.tasks.document.decision import figures

    done = draw_figures(
        store,
        draw_decisions,
        {"material": material, "decisions": decisions, "scales": scales},
        lambda limits: figures(read(store, Material, material), read(store, Decisions, decisions), limits),
        language,
    )
    progress(1, 1)
    return done
