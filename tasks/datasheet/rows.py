"""Rows that stand in the data more than once."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.datasheet.columns import Values
from exhibit.tasks.records.base import Array


def digests(columns: Sequence[Values], labels: Array | None = None) -> Array:
    """(rows,) 64 bits for each row: two rows with the same cells, empty ones too, have the same. `labels`: (rows, ...),
    where these have to be the same as well."""
    import pandas as pd

    own = [] if labels is None else list(labels.reshape(len(labels), -1).T.astype(np.float64))
    cells = [column.cells + 0.0 for column in columns]  # there is no minus zero
    found = pd.util.hash_pandas_object(pd.DataFrame(dict(enumerate([*cells, *own]))), index=False)
    return np.asarray(found, np.uint64)


def repeated(marks: Array) -> int:
    """How many rows are those of an earlier row again."""
    return len(marks) - len(np.unique(marks))


def shared(training: Array, others: Array) -> int:
    """How many of the others are among those of the training."""
    return int(np.isin(others, training).sum())
