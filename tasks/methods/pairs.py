"""What is explained: each output of each sample once, and its way back to (samples, targets)."""

from typing import NamedTuple, Self

import numpy as np

from exhibit.tasks.records.base import Array


def first_named(targets: Array) -> Array:
    """(samples, targets) True but where an output is that of an earlier target of the sample: it is explained once."""
    earlier = targets[:, :, np.newaxis] == targets[:, np.newaxis, :]
    return ~np.tril(earlier, -1).any(axis=2)


class Pairs(NamedTuple):
    """The unique pairs of a sample and an output.

    `sample`, `target`: (pairs,) indices; `position`: (samples, targets), which pair stands there.
    """

    sample: Array
    target: Array
    position: Array

    @classmethod
    def of(cls, targets: Array) -> Self:
        """`targets`: (samples, targets) output indices; a sample may name an output twice."""
        samples = np.repeat(np.arange(len(targets)), targets.shape[1])
        pairs, position = np.unique(np.stack([samples, targets.ravel()], axis=1), axis=0, return_inverse=True)
        return cls(pairs[:, 0], pairs[:, 1], position.reshape(targets.shape))

    def spread(self, values: Array, axis: int = -1) -> Array:
        """(pairs, ...) as (samples, ..., targets), or with the targets at another `axis`."""
        return np.moveaxis(values[self.position], 1, axis)

    def gathered(self, spread: Array, axis: int = -1) -> Array:
        """(pairs, ...) of what `spread` gave."""
        pairs, first = np.unique(self.position, return_index=True)
        assert len(pairs) == len(self.sample), "every pair stands somewhere"
        by_target = np.moveaxis(spread, axis, 1)
        return by_target.reshape(self.position.size, *by_target.shape[2:])[first]
