"""Where colour scales end: one chapter may cut a scale that others share, so every figure says what it loses."""

import numpy as np

from exhibit.tasks.document.words import listing, share
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Figure, Scale
from exhibit.tasks.records.language import sentences, tr


def stated(figure: Figure) -> Figure:
    """The figure, whose caption says how many of its values are beyond the ends of their scale."""
    several = len(figure.scales) > 1
    cut = [
        _cut(part, scale, several)
        for index, scale in enumerate(figure.scales)
        if (part := _beyond(figure.content.values_on(index), scale.limit))
    ]
    if not cut:
        return figure
    lost = tr("Beyond the ends of the scale, drawn in its last colours: {values}.", values=listing(cut))
    return figure.model_copy(update={"caption": sentences([figure.caption, lost])})


def _cut(part: float, scale: Scale, several: bool) -> str:
    """How many of the values, and where a figure has several scales of which."""
    if several:
        return tr("{share} of the values in {unit}", share=share(part), unit=tr(scale.unit))
    return tr("{share} of the values", share=share(part))


def _beyond(arrays: list[Array], limit: float) -> float:
    """Share of the values that there are."""
    known = sum(int((~np.isnan(values)).sum()) for values in arrays)
    return sum(int((np.abs(values) > limit).sum()) for values in arrays) / max(known, 1)
