"""The stage `draw_comparison`: the figures of a comparison."""

from collections.abc import Sequence

from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.language import ENGLISH
from exhibit.tasks.records.material import Material, Scales
from exhibit.tasks.stages.drawings import draw_figures
from exhibit.tasks.stages.stage import FinishedStage, read
from exhibit.tasks.store import Digest, Store


def draw_comparison(
    store: Store, comparison: Digest, materials: Sequence[Digest], scales: Digest, language: str = ENGLISH
) -> FinishedStage:
    """Output "drawings" of a comparison; `materials`: of its points."""
    from exhibit.tasks.document import comparison as chapter

    def figures(limits: Scales) -> Sequence[Figure]:
        chapters = [read(store, Material, digest) for digest in materials]
        return chapter.figures(read(store, Comparison, comparison), {item.slug: item for item in chapters}, limits)

    inputs: dict[str, Digest | Sequence[Digest]] = {"comparison": comparison, "materials": list(materials)}
    return draw_figures(store, draw_comparison, inputs | {"scales": scales}, figures, language)
