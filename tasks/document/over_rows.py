"""Words about the rows that a model was asked about, and what that cost."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document.rows import counted
from exhibit.tasks.document.words import count, listing
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Asked
from exhibit.tasks.records.language import mark, sentences, tr
from exhibit.tasks.records.material import Material

INTERVALS = mark(" Lines: half the length of the 95% interval over rows, to both sides.")


def rows_of(material: Material, asked: Asked) -> str:
    """200 of 1,000 test rows, drawn at random (seed 0); 30 training rows."""
    every = counted(asked.of, [material.rows_of(split) for split in asked.splits])
    if asked.rows == asked.of:
        return every
    number = f"{asked.rows:,}"
    return tr("{number} of {rows}, drawn at random (seed {seed})", number=number, rows=every, seed=str(asked.seed))


def features_asked(asked: int, total: int, left: Sequence[tuple[str, str]] = ()) -> str:
    """How many of all features a model was asked about; `left` are those of them of which nothing can be said, with
    the reason."""
    without = listing([tr("{feature} ({why})", feature=feature, why=tr(why)) for feature, why in left])
    number, whole = f"{asked:,}", f"{total:,}"
    if left and len(left) == asked:
        others = tr("Others than the {number} of {total} that count most were not tried.", number=number, total=whole)
        return sentences([tr("Not applicable to {features}.", features=without), "" if asked == total else others])
    but = tr(" but {features}", features=without) if left else ""
    if asked == total:
        if total == 1:
            return tr("The only feature was asked about.")
        if total == _BOTH:
            return tr("Both features{but} were asked about.", but=but)
        return tr("All {total} features{but} were asked about.", total=whole, but=but)
    if asked == 1:
        return tr(
            "The feature of {total} that counts most by the main method was asked about, and no other.", total=whole
        )
    return tr(
        "The {number} of {total} features that count most by the main method{but} were asked about, and no others.",
        number=number,
        total=whole,
        but=but,
    )


_BOTH = 2


def cost(asked: Asked) -> str:
    """How often the model was asked."""
    return tr("{rows} went through the model for it.", rows=count(asked.calls, "row"))


def digits(values: Array) -> int:
    """Decimals: so many that the distance between the ends has two that count, two at least."""
    width = float(np.ptp(values))
    return 2 if width <= 0 else int(np.clip(1 - np.floor(np.log10(width)), 2, 6))
