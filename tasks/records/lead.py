"""By how much the largest of several parts is ahead of the others."""

from collections.abc import Sequence
from typing import Self

import numpy as np

from exhibit.tasks.records.base import Array, Record

FEWEST = 5  # samples, for an error that says anything


class Lead(Record):
    """By how much the part with the largest mean, number `first`, is ahead of each other one: `gaps` (others,) and
    their standard `errors` (others,) over `samples`.

    The same samples measure both parts, so what makes both larger in one of them is no error of their difference: the
    errors are those of the differences, sample by sample.
    """

    first: int
    gaps: Array
    errors: Array
    samples: int

    @classmethod
    def of(cls, sizes: Array) -> Self:
        """Of `sizes` (samples, parts), at least one sample and one part."""
        first = int(sizes.mean(axis=0).argmax())
        ahead = np.delete(sizes[:, [first]] - sizes, first, axis=1).astype(np.float64)
        spread = ahead.std(axis=0, ddof=1) if len(ahead) > 1 else np.full(ahead.shape[1], np.inf)
        return cls(
            first=first, gaps=ahead.mean(axis=0), errors=spread / np.sqrt(max(len(ahead), 1)), samples=len(sizes)
        )

    def halves(self, families: int = 1) -> Array:
        """(others,): half of the interval of each difference, by Student's t. All those of `families` such comparisons
        together have a level of 95% (Bonferroni)."""
        return student(self.errors, self.samples, families * max(len(self.gaps), 1))

    def sure(self, families: int = 1) -> bool:
        """Whether it is ahead of every other part by more than chance, in at least `FEWEST` samples."""
        known = self.samples >= FEWEST and len(self.gaps) > 0
        return known and bool((self.gaps > self.halves(families)).all())


def student(errors: Array, samples: int | Sequence[int] | Array, comparisons: int = 1) -> Array:
    """Half of the 95% interval that Student's t makes of standard `errors` over so many `samples`, where so many
    `comparisons` together have that level (Bonferroni); infinite over a single sample."""
    from scipy.stats import t

    degrees = np.asarray(samples) - 1
    quantile = t.isf(0.025 / comparisons, np.maximum(degrees, 1))
    return np.where(degrees > 0, quantile, np.inf) * errors
