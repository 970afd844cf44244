"""Whether samples and their labels, both of pandas, mean the same rows by the place that they are matched by."""

from collections.abc import Iterable
from typing import Any

from exhibit.tasks.records.base import InputError


def require_aligned(samples: Iterable[Any], labels: Any, where: str) -> None:
    """Raises InputError for labels whose index has that of some samples in another order: matched by place, each sample
    would have the label of another. `where` begins the message."""
    import pandas as pd

    if not isinstance(labels, pd.DataFrame | pd.Series):
        return
    for own in (each.index for each in samples if isinstance(each, pd.DataFrame | pd.Series)):
        if len(own) != len(labels.index) or own.equals(labels.index) or not own.is_unique:
            continue
        if labels.index.is_unique and own.isin(labels.index).all():
            raise InputError(
                f"{where} the index of the labels has the rows of the samples in another order (it begins with "
                f"{labels.index[0]!s}, and theirs with {own[0]!s}), but both are matched by place; bring the labels "
                "into order with .loc[samples.index], or, where the place is meant, give their .to_numpy()"
            )
