"""Where colour scales end: one chapter may cut a scale that others share, so every figure says what it loses."""

import numpy as np

from exhibit.tasks.document.words import listing, share
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Content, Figure, Images, Molecules, Tokens


def stated(figure: Figure) -> Figure:
    """The figure, whose caption says how many of its values are beyond the ends of their scale."""
    several = len(figure.scales) > 1
    cut = [
        f"{share(part)} of the values{f' in {scale.unit}' if several else ''}"
        for index, scale in enumerate(figure.scales)
        if (part := _beyond(_on_scale(figure.content, index), scale.limit))
    ]
    if not cut:
        return figure
    caption = f"{figure.caption} Beyond the ends of the scale, drawn in its last colours: {listing(cut)}."
    return figure.model_copy(update={"caption": caption})


def _on_scale(content: Content, index: int) -> list[Array]:
    """What is coloured by the scale with this index."""
    match content:
        case Images():
            return [cell.pixels for cells in content.rows for cell in cells if cell and cell.scale == index]
        case Molecules():
            return [item.values for item in content.items if item.scale == index and item.limit is None]
        case Tokens():
            return [line.values for line in content.items]
        case _:
            return []


def _beyond(found: list[Array], limit: float) -> float:
    """Share of the values that there are."""
    known = sum(int((~np.isnan(values)).sum()) for values in found)
    return sum(int((np.abs(values) > limit).sum()) for values in found) / max(known, 1)
