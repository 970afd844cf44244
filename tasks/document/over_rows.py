"""Words about the rows that a model was asked about, and what that cost."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document.words import count, listing
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Asked
from exhibit.tasks.records.material import Material

INTERVALS = " Lines: half the length of the 95% interval over rows, to both sides."


def rows_of(material: Material, asked: Asked) -> str:
    """200 of 1,000 test rows, drawn at random (seed 0); 30 training rows."""
    of = " and ".join(dict.fromkeys(material.rows_of(split) for split in asked.splits))
    if asked.rows == asked.of:
        return count(asked.rows, f"{of} row")
    return f"{asked.rows:,} of {asked.of:,} {of} rows, drawn at random (seed {asked.seed})"


def features_asked(asked: int, total: int, left: Sequence[tuple[str, str]] = ()) -> str:
    """How many of all features a model was asked about; `left` are those of them of which nothing can be said, with
    the reason."""
    without = listing([f"{feature} ({why})" for feature, why in left])
    if left and len(left) == asked:
        others = "" if asked == total else f" Others than the {asked:,} of {total:,} that count most were not tried."
        return f"Not applicable to {without}.{others}"
    but = f" but {without}" if left else ""
    if asked == total:
        every = "Both" if total == _BOTH else f"All {total:,}"
        return "The only feature was asked about." if total == 1 else f"{every} features{but} were asked about."
    if asked == 1:
        return f"The feature of {total:,} that counts most by the main method was asked about, and no other."
    return (
        f"The {asked:,} of {total:,} features that count most by the main method{but} were asked about, and no others."
    )


_BOTH = 2


def cost(asked: Asked) -> str:
    """How often the model was asked."""
    return f"{count(asked.calls, 'row')} went through the model for it."


def digits(values: Array) -> int:
    """Decimals: so many that the distance between the ends has two that count, two at least."""
    width = float(np.ptp(values))
    return 2 if width <= 0 else int(np.clip(1 - np.floor(np.log10(width)), 2, 6))
