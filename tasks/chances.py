"""The interval of a share, and chances of several tests together."""

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

from exhibit.tasks.records.base import Array


def wilson(hits: float, count: float, z: float = 1.959964) -> tuple[float, float]:
    """The interval of a share, E. B. Wilson (1927), at 95% or by another quantile `z` of the normal distribution. Of no
    hits it begins at zero, and of nothing else ends at one, to the last digit."""
    share = hits / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return float(centre - half) if hits else 0.0, float(centre + half) if hits != count else 1.0


def clopper_pearson(hits: float, count: float, level: float) -> tuple[float, float]:
    """The interval of a share that holds it as often as `level` says, or more often, of however few: C. J. Clopper and
    E. S. Pearson (1934). At a level near 1 Wilson's misses the share of rare hits far more often than it says."""
    out = (1 - level) / 2
    low = float(betaincinv(hits, count - hits + 1, out)) if hits > 0 else 0.0
    high = float(betaincinv(hits + 1, count - hits, 1 - out)) if hits < count else 1.0
    return low, high


def holm(chances: Sequence[float] | Array) -> Array:
    """The chances of all tests together, in their order, S. Holm (1979)."""
    given = np.asarray(chances, np.float64)
    order = np.argsort(given, kind="stable")
    raised = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    found = np.empty(len(given))
    found[order] = np.minimum(raised, 1.0)
    return found
