"""Rows that stand in the data more than once."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.shelf import Shelved

_TRIED = 30  # columns that are left out, each by itself


class Marks:
    """64 bits for each row: two rows with the same cells, empty ones too, have the same, and two others hardly ever.
    They are sums over the columns, so that one of these can be left out."""

    def __init__(self, columns: Sequence[Values], others: Sequence[Input], labels: Array) -> None:
        """`labels`: (rows, ...)."""
        self._columns = columns
        self.inputs = np.zeros(len(labels), np.uint64)
        for place, column in enumerate(columns):
            self.inputs += _of_cells(column.cells, place)
        for place, item in enumerate(others, len(columns)):
            self.inputs += _mixed(_of_samples(item), place)
        own = labels.reshape(len(labels), -1).T.astype(np.float64)
        self._label = np.zeros(len(labels), np.uint64)
        for place, cells in enumerate(own, len(columns) + len(others)):
            self._label += _of_cells(cells, place)

    @property
    def labelled(self) -> Array:
        """(rows,) of input and label together."""
        return self.inputs + self._label

    def looser(self, training: Array, test: Array) -> float | None:
        """How many times as many pairs of a training row and a test row are the same, label too, where the column that
        makes most of it is left out; None without a pair, or of a single column."""
        whole = self.labelled
        same = pairs(whole[training], whole[test])
        if not same or len(self._columns) < 2:
            return None
        counts = [len(np.unique(column.cells)) for column in self._columns]
        tried = np.argsort(counts, kind="stable")[::-1][:_TRIED].tolist()
        most = 0
        for place in tried:
            rest = whole - _of_cells(self._columns[place].cells, place)
            most = max(most, pairs(rest[training], rest[test]))
        return most / same


def _of_cells(cells: Array, place: int) -> Array:
    """(rows,) of one column."""
    import pandas as pd

    plain = np.where(np.isnan(cells), np.nan, cells + 0.0)  # one kind of zero, and one of nothing
    return _mixed(np.asarray(pd.util.hash_array(plain), np.uint64), place)


def _of_samples(item: Input) -> Array:
    """(rows,) of what is no table. Samples on a shelf are not fetched: they have names by their content."""
    if isinstance(item.values, Shelved):
        samples: list[bytes] = [bytes(digest) for digest in item.values.digests]
    elif item.values.dtype.kind == "U":
        samples = [text.encode() for text in item.values.tolist()]
    else:
        samples = [np.ascontiguousarray(sample).tobytes() for sample in item.values]
    return np.array([int.from_bytes(blake2b(one, digest_size=8).digest(), "big") for one in samples], np.uint64)


def _mixed(marks: Array, place: int) -> Array:
    """Each times an odd number of the place, so that the same cell counts otherwise in another column."""
    odd = np.random.default_rng(place).integers(0, 1 << 63, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    return np.asarray(marks * odd, np.uint64)


def repeated(marks: Array) -> int:
    """How many rows are those of an earlier row again."""
    return len(marks) - len(np.unique(marks))


def shared(training: Array, others: Array) -> int:
    """How many of the others are among those of the training."""
    return int(np.isin(others, training).sum())


def pairs(training: Array, others: Array) -> int:
    """How many pairs of a row of the training and one of the others are the same."""
    first, counts = np.unique(training, return_counts=True)
    second, again = np.unique(others, return_counts=True)
    _, here, there = np.intersect1d(first, second, assume_unique=True, return_indices=True)
    return int((counts[here] * again[there]).sum())
