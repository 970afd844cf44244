"""Samples that lie on a shelf, the store, one by one: a dataset of pictures need not fit into memory."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from exhibit.tasks.records.base import Array


class Shelf(Protocol):
    """What keeps bytes by their sha256, as the store does."""

    def put(self, data: bytes, *, durably: bool = True) -> str:
        """Keeps `data`, if not `durably` without waiting for the disk; gives its digest."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes of that digest."""
        ...


class Shelved:
    """(samples, *sample) numbers that lie on a shelf sample by sample, a byte each: choosing samples names them,
    indexing fetches them, so that the whole need not fit into memory.

    `digests`: (samples,) of the bytes of each sample, in ASCII; `dtype`: what its numbers are given as.
    """

    def __init__(self, digests: Array, sample: tuple[int, ...], dtype: str, shelf: Shelf) -> None:
        self.digests, self.sample, self.dtype = digests, sample, np.dtype(dtype)
        self._shelf = shelf

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.digests), *self.sample

    def __len__(self) -> int:
        return len(self.digests)

    def __getitem__(self, rows: Any) -> Array:
        """The numbers of one sample, or of several by indices, slice or mask."""
        wanted = self.digests[rows]
        if not isinstance(wanted, np.ndarray):
            return self._fetched(wanted).astype(self.dtype)
        stacked = np.empty((len(wanted), *self.sample), self.dtype)
        for row, digest in enumerate(wanted):
            stacked[row] = self._fetched(digest)
        return stacked

    def __iter__(self) -> Iterator[Array]:
        """One sample at a time."""
        return (self[row] for row in range(len(self)))

    def chosen(self, rows: Array) -> "Shelved":
        """Only these samples (indices or a mask), none of which is fetched."""
        return Shelved(self.digests[rows], self.sample, self.dtype.name, self._shelf)

    @property
    def names(self) -> list[str]:
        """The digests of all samples, each once."""
        return [digest.decode() for digest in dict.fromkeys(self.digests.tolist())]

    def _fetched(self, digest: bytes) -> Array:
        return np.frombuffer(self._shelf.get(digest.decode()), np.uint8).reshape(self.sample)


def in_memory(values: Array | Shelved) -> Array:
    """All samples, fetched where they lie on a shelf."""
    return values[:] if isinstance(values, Shelved) else values


def chosen(values: Array | Shelved, rows: Array) -> Array | Shelved:
    """Only these samples (indices or a mask); none is fetched."""
    return values.chosen(rows) if isinstance(values, Shelved) else values[rows]
