"""Figures become pictures: what is drawn is data, scale, caption and alternative text; this package only draws it."""

from typing import Annotated, Literal

from pydantic import Field

from tasks.records import (
    BarPanels,
    Bars,
    Curves,
    Drawing,
    Figure,
    Images,
    Matrix,
    Molecules,
    Part,
    Scatter,
    Spec,
)


class DrawingSpec(Spec):
    """What the drawings of a chapter have in common."""

    kind: Literal["drawing"] = "drawing"
    top_k: Annotated[int, Field(ge=1)] | Literal["all"] = Field(
        "all", description="how many of the most important features of a table are drawn"
    )


def draw(figure: Figure) -> Drawing:
    """The figure with its drawn parts, named as `Drawing` says; the same figure gives the same bytes."""
    from tasks.drawing.colormap import colour_bar

    bars = (colour_bar(scale, f"scale{index}") for index, scale in enumerate(figure.scales))
    return Drawing(figure=figure, parts=(*_parts(figure), *bars))


def _parts(figure: Figure) -> tuple[Part, ...]:
    match figure.content:
        case Images() as content:
            from tasks.drawing.image import images

            return images(content, figure.scales)
        case Molecules() as content:
            from tasks.drawing.molecule import molecules

            return molecules(content, figure.scales)
        case content:
            return (_chart(content, figure.width),)


def _chart(content: Bars | BarPanels | Scatter | Curves | Matrix, width: float) -> Part:
    from tasks.drawing.curves import curves
    from tasks.drawing.matrix import matrix
    from tasks.drawing.scatter import scatter
    from tasks.drawing.table import bars, panels

    match content:
        case Bars():
            return bars(content, width)
        case BarPanels():
            return panels(content, width)
        case Scatter():
            return scatter(content, width)
        case Curves():
            return curves(content, width)
        case Matrix():
            return matrix(content, width)
