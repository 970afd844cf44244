"""By how much the largest of several parts is ahead of the others."""

from typing import Self

import numpy as np

from exhibit.tasks.records.base import Array, Record


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
