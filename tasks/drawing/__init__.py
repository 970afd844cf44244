"""Figures become pictures: what is drawn is data, scale, caption and alternative text; this package only draws it."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from tasks.records import (
    Array,
    BarPanels,
    Bars,
    Curves,
    Drawing,
    Figure,
    Images,
    Matrix,
    Molecules,
    Part,
    Scale,
    Scatter,
    Spec,
)


class DrawingSpec(Spec):
    """What the drawings of a chapter have in common."""

    kind: Literal["drawing"] = "drawing"
    scale: Literal["shared", "per_sample"] = Field(
        "shared", description="one colour scale for everything of the same unit, or one per picture (not comparable)"
    )
    top_k: int | Literal["all"] = Field("all", description="how many of the most important features are drawn")

    def scales(self, unit: str, values: Sequence[Array]) -> tuple[Scale, ...]:
        """The colour scales of pictures of `values`, all of the same `unit`: one for all of them, or one each."""
        limits = [float(np.max(np.abs(item), initial=0.0)) for item in values]
        chosen = limits if self.scale == "per_sample" else [max(limits, default=0.0)]
        return tuple(Scale(unit=unit, limit=limit or 1.0) for limit in chosen)

    def top(self, importance: Array) -> Array:
        """Indices of the features to draw, the most important first. `importance`: (features,) not negative."""
        order = np.argsort(-importance, kind="stable")
        return order if self.top_k == "all" else order[: self.top_k]


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
