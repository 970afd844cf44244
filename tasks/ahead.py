"""Whether the largest of several parts is ahead of the others by more than chance."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.lead import Lead

FEWEST = 5  # samples, for an error that says anything


def halves(lead: Lead, families: int = 1) -> Array:
    """(others,): half of the interval of each difference, by Student's t. All those of `families` such comparisons
    together have a level of 95% (Bonferroni)."""
    return student(lead.errors, lead.samples, families * max(len(lead.gaps), 1))


def surely(lead: Lead, families: int = 1) -> bool:
    """Whether it is ahead of every other part by more than chance, in at least `FEWEST` samples."""
    known = lead.samples >= FEWEST and len(lead.gaps) > 0
    return known and bool((lead.gaps > halves(lead, families)).all())


def student(errors: Array, samples: int | Sequence[int] | Array, comparisons: int = 1) -> Array:
    """Half of the 95% interval that Student's t makes of standard `errors` over so many `samples`, where so many
    `comparisons` together have that level (Bonferroni); infinite over a single sample."""
    from scipy.special import stdtrit

    degrees = np.asarray(samples) - 1
    quantile = -stdtrit(np.maximum(degrees, 1), 0.025 / comparisons)
    return np.where(degrees > 0, quantile, np.inf) * errors
