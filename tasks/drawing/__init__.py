"""Figures become pictures: what is drawn is data, scale, caption and alternative text; this package only draws it."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field

from exhibit.tasks.drawing.maps import MapSpec
from exhibit.tasks.records.base import Record, Spec
from exhibit.tasks.records.figure import (
    BarPanels,
    Bars,
    Curves,
    Diagram,
    Drawing,
    Figure,
    Images,
    Ladder,
    Matrix,
    Molecules,
    Part,
    Ranks,
    Scatter,
    Swarm,
    Tokens,
    Waterfall,
    Waterfalls,
)


class MoleculeSpec(Spec):
    """How the contributions of atoms are drawn."""

    scale: Literal["shared", "per_sample"] = Field(
        "shared", description="one scale for all molecules, or for each its own: colours then cannot be compared"
    )
    share: float = Field(1.0, gt=0, le=1, description="only this share of the atoms, the strongest, is coloured")
    analogues: Annotated[int, Field(ge=0)] | tuple[tuple[str, str], ...] = Field(
        3, description="how many pairs of molecules that are alike stand side by side, or which, by name or id"
    )


class DrawingSpec(Spec):
    """What the drawings of a chapter have in common."""

    kind: Literal["drawing"] = "drawing"
    top_k: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        "all", description="how many of the most important features of a table are drawn"
    )
    image: MapSpec = Field(MapSpec(), description="how the attributions of images are drawn")
    molecule: MoleculeSpec = Field(MoleculeSpec(), description="how the contributions of atoms are drawn")


def draw(figure: Figure) -> Drawing:
    """The figure with its drawn parts, named as `Drawing` says; the same figure gives the same bytes."""
    from exhibit.tasks.drawing.colormap import colour_bar

    bars = (colour_bar(scale, f"scale{index}") for index, scale in enumerate(figure.scales))
    return Drawing(figure=figure, parts=(*_parts(figure), *bars))


def _parts(figure: Figure) -> tuple[Part, ...]:
    match figure.content:
        case Images() as content:
            from exhibit.tasks.drawing.image import images

            return images(content, figure.scales)
        case Molecules() as content:
            from exhibit.tasks.drawing.molecule import molecules

            return molecules(content, figure.scales)
        case Tokens() as content:
            from exhibit.tasks.drawing.text import tokens

            return tokens(content, figure.scales, figure.width)
        case content:
            return (_chart(content, figure.width),)


def _chart(content: Record, width: float) -> Part:
    from exhibit.tasks.drawing.curves import curves
    from exhibit.tasks.drawing.diagram import diagram
    from exhibit.tasks.drawing.ladder import ladder
    from exhibit.tasks.drawing.matrix import matrix
    from exhibit.tasks.drawing.ranks import ranks
    from exhibit.tasks.drawing.scatter import scatter
    from exhibit.tasks.drawing.swarm import swarm
    from exhibit.tasks.drawing.table import bars, panels
    from exhibit.tasks.drawing.waterfall import waterfall, waterfalls

    charts: dict[type[Record], Callable[[Any, float], Part]] = {
        Bars: bars,
        BarPanels: panels,
        Scatter: scatter,
        Curves: curves,
        Matrix: matrix,
        Swarm: swarm,
        Waterfall: waterfall,
        Waterfalls: waterfalls,
        Ladder: ladder,
        Diagram: diagram,
        Ranks: ranks,
    }
    return charts[type(content)](content, width)
