"""Where colour scales end: one chapter may cut a scale that others share, so every figure says what it loses."""

import numpy as np

from exhibit.tasks.document.words import listing, share
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Figure


def stated(figure: Figure) -> Figure:
    """The figure, whose caption says how many of its values are beyond the ends of their scale."""
    several = len(figure.scales) > 1
    cut = [
        f"{share(part)} of the values{f' in {scale.unit}' if several else ''}"
        for index, scale in enumerate(figure.scales)
        if (part := _beyond(figure.content.values_on(index), scale.limit))
    ]
    if not cut:
        return figure
    caption = f"{figure.caption} Beyond the ends of the scale, drawn in its last colours: {listing(cut)}."
    return figure.model_copy(update={"caption": caption})


def _beyond(arrays: list[Array], limit: float) -> float:
    """Share of the values that there are."""
    known = sum(int((~np.isnan(values)).sum()) for values in arrays)
    return sum(int((np.abs(values) > limit).sum()) for values in arrays) / max(known, 1)
