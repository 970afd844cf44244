"""Every kind of figure by its record, and how any figure is drawn."""

from typing import Any

from exhibit.tasks.drawing.colormap import colour_bar
from exhibit.tasks.drawing.curves import CASCADE, CURVES
from exhibit.tasks.drawing.descriptor import FigureKind
from exhibit.tasks.drawing.diagram import DIAGRAM
from exhibit.tasks.drawing.effects import EFFECT_PANELS
from exhibit.tasks.drawing.histograms import HISTOGRAMS
from exhibit.tasks.drawing.image import IMAGES
from exhibit.tasks.drawing.ladder import LADDER
from exhibit.tasks.drawing.matrix import MATRIX
from exhibit.tasks.drawing.molecules import MOLECULES
from exhibit.tasks.drawing.plane import PLANE
from exhibit.tasks.drawing.ranks import RANKS
from exhibit.tasks.drawing.scatter import SCATTER
from exhibit.tasks.drawing.swarm import SWARM
from exhibit.tasks.drawing.table import BAR_PANELS, BARS
from exhibit.tasks.drawing.text import TOKENS
from exhibit.tasks.drawing.traces import PROFILE, TRACES
from exhibit.tasks.drawing.waterfall import WATERFALL, WATERFALLS
from exhibit.tasks.drawing.whiskers import WHISKERS
from exhibit.tasks.records.figure import PIECE, Drawing, Figure, FigureContent, Reading
from exhibit.tasks.records.language import tr

_ALL: tuple[FigureKind[Any], ...] = (
    BARS,
    BAR_PANELS,
    IMAGES,
    MOLECULES,
    SCATTER,
    CURVES,
    CASCADE,
    PLANE,
    HISTOGRAMS,
    MATRIX,
    SWARM,
    WATERFALL,
    WATERFALLS,
    LADDER,
    DIAGRAM,
    TOKENS,
    RANKS,
    WHISKERS,
    TRACES,
    PROFILE,
    EFFECT_PANELS,
)
KINDS: dict[type[FigureContent], FigureKind[Any]] = {kind.record: kind for kind in _ALL}


def draw(figure: Figure) -> Drawing:
    """The figure with its drawn parts, named as `Drawing` says; the same figure gives the same bytes."""
    kind, content = KINDS[type(figure.content)], figure.content
    parts = kind.draw(content, figure.scales, figure.width)
    bars = (colour_bar(scale, f"scale{index}") for index, scale in enumerate(figure.scales))
    place = kind.place(content)
    divided = any(part.name.startswith(PIECE) for part in parts)
    return Drawing(
        figure=figure,
        parts=(*parts, *bars),
        reading=_said(kind.read(content)),
        placement=place.model_copy(update={"long": place.long or divided}),
    )


def _said(reading: Reading) -> Reading:
    """The same in the language of the page."""
    return Reading(
        title=tr(reading.title),
        text=tr(reading.text),
        warning=tr(reading.warning),
        colours={palette: tr(text) for palette, text in reading.colours.items()},
        unsigned=tr(reading.unsigned),
    )
