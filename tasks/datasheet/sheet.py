"""What the data are, all of it."""

import numpy as np

from exhibit.tasks.datasheet.columns import DRAWN, SAMPLE, Values, columns_of, distribution, sampled, sheet
from exhibit.tasks.datasheet.drift import drifts
from exhibit.tasks.datasheet.leaks import correlations, leaks
from exhibit.tasks.datasheet.rows import digests, repeated, shared
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Split
from exhibit.tasks.records.datasheet import Datasheet

_SPLITS: tuple[Split, ...] = ("train", "validation", "test", "explain")
_LATER: tuple[Split, ...] = ("explain", "test")
_CELLS = 2_000_000  # that leaks and drift look at, so that many columns do not take longer than many rows


def datasheet(dataset: Dataset) -> Datasheet | None:
    """None of data without a table."""
    columns = columns_of(dataset)
    if not columns:
        return None
    rows = {split: np.flatnonzero(dataset.split == split) for split in _SPLITS}
    rows = {split: own for split, own in rows.items() if len(own)}
    training = rows.get("train", np.empty(0, int))
    most = min(SAMPLE, max(1000, _CELLS // len(columns)))
    groups: dict[Split, Array] = {split: sampled(own, most) for split, own in rows.items() if split != "validation"}
    later: Split | None = next((split for split in _LATER if split in rows and len(training)), None)
    labelled = sampled(np.flatnonzero(dataset.labelled & (dataset.split != "explain")), most)
    told = () if dataset.several else labelled
    found, strongest = (
        leaks(_taken(columns, labelled), dataset.labels[labelled], len(dataset.classes)) if len(told) else ((), None)
    )
    pairs, compared = correlations(_taken(columns, sampled(np.arange(len(dataset.split)), most)))
    marks, labelled_marks = digests(columns), digests(columns, dataset.labels)
    test = rows.get("test", np.empty(0, int))
    moved = drifts(columns, groups["train"], groups[later], (training, rows[later])) if later is not None else ()
    order = {item.feature: -item.index for item in moved}
    drawn = sorted(columns, key=lambda column: order.get(column.name, 0.0))[:DRAWN]
    return Datasheet(
        rows={split: len(own) for split, own in rows.items()},
        columns=tuple(sheet(column, training) for column in columns),
        repeated=repeated(marks[training]),
        repeated_with_label=repeated(labelled_marks[training]),
        shared=shared(marks[training], marks[test]),
        shared_with_label=shared(labelled_marks[training], labelled_marks[test]),
        balance=_balance(dataset, rows),
        distributions=tuple(item for column in drawn if (item := distribution(column, groups)) is not None),
        correlations=pairs,
        pairs=compared,
        leak_rows=len(told),
        leaks=found,
        strongest=strongest,
        later=later,
        drifts=moved,
        examined=most,
    )


def _taken(columns: list[Values], rows: Array) -> list[Values]:
    return [column._replace(cells=column.cells[rows]) for column in columns]


def _balance(dataset: Dataset, rows: dict[Split, Array]) -> dict[str, dict[Split, int]]:
    """Rows of each class by split; nothing of numbers and of several labels."""
    if not dataset.classes or dataset.several:
        return {}
    counts = {
        split: np.bincount(labels[~np.isnan(labels)].astype(int), minlength=len(dataset.classes))
        for split, own in rows.items()
        for labels in [dataset.labels[own].astype(np.float64)]
    }
    return {name: {split: int(own[k]) for split, own in counts.items()} for k, name in enumerate(dataset.classes)}
