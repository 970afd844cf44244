"""Which intervals say something: one without a width would say that nobody can be surprised."""

import math
from typing import Any

_WIDTH = 1e-12  # of an interval in parts of its ends, up to which it is no more than the rounding of a computer


def has_width(low: float, high: float) -> bool:
    """Whether an interval is one: what was the same wherever it was measured does not say how far it may be off."""
    width = high - low
    return width == math.inf or width > _WIDTH * max(abs(low), abs(high))


def filed(plain: Any) -> Any:
    """Plain data for a file, in which each `interval` without a width is null."""
    match plain:
        case dict():
            return {key: _known(item) if key == "interval" else filed(item) for key, item in plain.items()}
        case list() | tuple():
            return [filed(item) for item in plain]
        case _:
            return plain


def _known(interval: Any) -> Any:
    match interval:
        case (float() | int() as low, float() | int() as high) if not has_width(low, high):
            return None
        case _:
            return interval
