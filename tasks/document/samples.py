"""The same samples under all points: small multiples on the shared scales."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.document import ends
from exhibit.tasks.document.compared_samples import View
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.figure import (
    Figure,
)
from exhibit.tasks.records.language import mark, tr
from exhibit.tasks.records.material import Material, Scales
from exhibit.tasks.records.page import Block, Section

Materials = Mapping[str, Material]
_SAMPLES = 3  # that are shown
_LONGEST = 30  # characters of a name above a panel


def section(comparison: Comparison, materials: Materials) -> Section | None:
    """None where no sample is shown at every point."""
    names = [figure.name for figure in figures(comparison, materials, {})]
    if not names:
        return None
    first, *others = names
    blocks = (Block(paragraphs=(tr(_READ),), figures=(first,)), *(Block(figures=(name,)) for name in others))
    return Section(title=tr("The same samples"), blocks=blocks)


_READ = mark(
    "What has the same scale, which is printed, has equal colours for equal numbers over the whole report; what has "
    "another is not to be compared by colour."
)


def figures(comparison: Comparison, materials: Materials, scales: Scales) -> tuple[Figure, ...]:
    """A figure per input, and per sample where there are many results."""
    views = _views(comparison, materials)
    common = _common(views)
    if not common or len(views) < 2:
        return ()
    inputs = views[0].material.dataset.inputs
    pictures = [
        figure for item in inputs for figure in KINDS[item.kind].compared(comparison, item, views, common, scales)
    ]
    return tuple(map(ends.stated, pictures))


def _views(comparison: Comparison, materials: Materials) -> list[View]:
    short = all(len(result.name) <= _LONGEST for result in comparison.results)
    return [
        View(
            result.name if short else result.code,
            result.code,
            materials[result.slug],
            next(method for method in materials[result.slug].methods if method.label == result.method),
        )
        for result in comparison.results
    ]


def _common(views: Sequence[View]) -> list[int]:
    """Rows of the data that are shown at every point, in the order of the first."""
    first, *others = (view.material.shown.tolist() for view in views)
    return [row for row in first if all(row in other for other in others)][:_SAMPLES]
