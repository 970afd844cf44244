"""The stage `draw_changes`: the figures of what has changed."""

from collections.abc import Sequence

from exhibit.tasks.records.changed import Changed
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.language import ENGLISH
from exhibit.tasks.records.material import Scales
from exhibit.tasks.stages.drawings import draw_figures
from exhibit.tasks.stages.stage import FinishedStage, read
from exhibit.tasks.store import Digest, Store


def draw_changes(store: Store, changed: Digest, scales: Digest, language: str = ENGLISH) -> FinishedStage:
    """Output "drawings" of the changes since an earlier report."""
    from exhibit.tasks.document import changes as chapter

    def figures(_: Scales) -> Sequence[Figure]:
        return chapter.figures(read(store, Changed, changed))

    return draw_figures(store, draw_changes, {"changed": changed, "scales": scales}, figures, language)
