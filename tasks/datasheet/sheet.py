"""What the data are, all of it."""

from datetime import datetime, timedelta

import numpy as np

from exhibit.tasks.datasheet.columns import DRAWN, SAMPLE, Values, columns_of, distribution, sampled, sheet
from exhibit.tasks.datasheet.drift import beyond, drifts
from exhibit.tasks.datasheet.kinds import measured
from exhibit.tasks.datasheet.leaks import correlations, leaks
from exhibit.tasks.datasheet.molecules import domain
from exhibit.tasks.datasheet.rows import Marks, repeated, shared
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Split
from exhibit.tasks.records.datasheet import Alike, Datasheet

_SPLITS: tuple[Split, ...] = ("train", "validation", "test", "explain")
_LATER: tuple[Split, ...] = ("explain", "test")
_PAIR_ROWS = 5_000  # of correlations
_CELLS = 2_000_000  # that leaks and drift look at, so that many columns do not take longer than many rows


def datasheet(dataset: Dataset) -> Datasheet:
    """Of the columns of tables, and of what is measured of other inputs."""
    of_tables, others = columns_of(dataset), [item for item in dataset.inputs if not item.traits.named]
    columns = [*of_tables, *(each for item in others for each in measured(item, alone=len(dataset.inputs) == 1))]
    rows = {split: np.flatnonzero(dataset.split == split) for split in _SPLITS}
    rows = {split: own for split, own in rows.items() if len(own)}
    training, test = (rows.get(split, np.empty(0, int)) for split in ("train", "test"))
    most = min(SAMPLE, max(1000, _CELLS // max(len(columns), 1)))
    groups: dict[Split, Array] = {split: sampled(own, most) for split, own in rows.items() if split != "validation"}
    later: Split | None = next((split for split in _LATER if split in rows and len(training)), None)
    labelled = sampled(np.flatnonzero(dataset.labelled & (dataset.split != "explain")), most)
    told = () if dataset.several else labelled
    found, strongest = (
        leaks(_taken(columns, labelled), dataset.labels[labelled], len(dataset.classes)) if len(told) else ((), None)
    )
    correlated = sampled(np.arange(len(dataset.split)), min(most, _PAIR_ROWS))
    pairs, compared = correlations(_taken(columns, correlated))
    marks = Marks(of_tables, others, dataset.labels)
    both = marks.inputs, marks.labelled
    moved = drifts(columns, groups["train"], groups[later], (training, rows[later])) if later is not None else ()
    order = {item.feature: -item.index for item in reversed(moved) if not item.empties}
    drawn = sorted(columns, key=lambda column: order.get(column.name, 0.0))[:DRAWN]
    same = Alike(rows=shared(both[0][training], both[0][test]), with_label=shared(both[1][training], both[1][test]))
    return Datasheet(
        rows={split: len(own) for split, own in rows.items()},
        left_out=len(dataset.excluded),
        columns=tuple(sheet(column, training) for column in columns),
        repeated=Alike(rows=repeated(both[0][training]), with_label=repeated(both[1][training])),
        shared=same.model_copy(update={"looser": marks.looser(training, test) if same.with_label else None}),
        balance=_balance(dataset, rows),
        distributions=tuple(item for column in drawn if (item := distribution(column, groups)) is not None),
        correlations=pairs,
        pairs=compared,
        correlated=len(correlated),
        leak_rows=len(told),
        leaks=found,
        strongest=strongest,
        later=later,
        drifts=moved,
        beyond=0 if later is None else beyond(columns, training, rows[later]),
        domain=domain(dataset, training, rows[later] if later is not None else np.empty(0, int)),
        period=_period(dataset, rows),
        drawn={split: len(own) for split, own in groups.items() if len(own) < len(rows[split])},
    )


def _period(dataset: Dataset, rows: dict[Split, Array]) -> dict[str, dict[Split, tuple[str, str]]]:
    """The first and the last day of each split, by column of dates."""
    found: dict[str, dict[Split, tuple[str, str]]] = {}
    for item in dataset.inputs:
        ages = {column.name: column for column in columns_of(dataset)} if item.dated else {}
        for date in item.dated:
            days = {split: ages[date.feature].take(own) for split, own in rows.items()}
            found[date.column] = {
                split: (_day(date.latest, float(own.max())), _day(date.latest, float(own.min())))
                for split, own in days.items()
                if len(own)
            }
    return found


def _day(latest: float, age: float) -> str:
    """2024-01-31, so many days before a moment."""
    return (_EPOCH + timedelta(seconds=latest) - timedelta(days=age)).date().isoformat()


_EPOCH = datetime(1970, 1, 1)


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
