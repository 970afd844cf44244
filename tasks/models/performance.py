"""How good a model is on rows that it was not trained on, or, said so, on those it was."""

import hashlib

import numpy as np

from exhibit.tasks.chances import wilson
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Split
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import Metric, Performance, Planted, Prediction, Rate

_RESAMPLES = 2000
_AT_A_TIME = 4_000_000  # drawn rows in memory
_LEAST = 10  # rows of a regression that an interval, and a share of their variance, can be had from
_MISSING = 0.1  # of the resamples, without which there is no interval
_NOTHING = 1e-12  # an error of a logarithm that is rounding
_CLASSES = 20  # a table of (true, predicted) counts of more cannot be read


def performance(dataset: Dataset, prediction: Prediction) -> Performance:
    """Accuracy and confusion, or root mean squared error and R2, on the test rows, or on all where none are held out;
    before these on the rows to explain that have a label, whose confusion it then is. Nothing without labels.

    Intervals are at 95%: Wilson's for the accuracy, else bootstrap-t from resampling the rows with a fixed seed. Of
    several labels each has its own, on the rows where it is known.
    """
    if dataset.several:
        found = {
            label.name: performance(dataset.about(number), prediction.about(number))
            for number, label in enumerate(dataset.several)
        }
        return Performance(metrics=(), labels=found)
    rows_of_metrics = [
        _measured(dataset, prediction, split, dataset.labelled & (dataset.split == split))
        for split in measured_splits(dataset)
    ]
    metrics = tuple(metric for each in rows_of_metrics for metric in each.metrics)
    return Performance(
        metrics=metrics,
        confusion=rows_of_metrics[0].confusion if rows_of_metrics else None,
        planted=_planted(dataset, prediction, _held_out(dataset)) if dataset.task == "classification" else None,
        repeated=_repeated(dataset, rows_of_metrics[0].metrics[0].split) if metrics else 0,
    )


def measured_splits(dataset: Dataset) -> list[Split]:
    """The splits whose labelled rows measure a model, the one that counts first; none without labels."""
    splits: tuple[Split, ...] = ("explain", _held_out(dataset))
    return [split for split in splits if (dataset.labelled & (dataset.split == split)).any()]


def _held_out(dataset: Dataset) -> Split:
    return "test" if (dataset.split == "test").any() else "train"


def _repeated(dataset: Dataset, split: Split) -> int:
    """How many labelled rows of a split that is not that of the training hold the same values as a row of it."""
    if split == "train":
        return 0
    own, learnt = (np.flatnonzero(dataset.split == one) for one in (split, "train"))
    known = {_values(dataset, row) for row in learnt.tolist()}
    return sum(_values(dataset, row) in known for row in own[dataset.labelled[own]].tolist())


def _values(dataset: Dataset, row: int) -> bytes:
    """What a row holds in all inputs, as a digest."""
    found = hashlib.sha256()
    for item in dataset.inputs:
        found.update(
            repr(item.values[row]).encode() if item.traits.embedded else np.asarray(item.values[row]).tobytes()
        )
    return found.digest()


def _measured(dataset: Dataset, prediction: Prediction, split: Split, rows: Array) -> Performance:
    labels, outputs = dataset.labels[rows], prediction.outputs[rows]
    learnt = dataset.labels[dataset.labelled & (dataset.split == "train")]
    if dataset.task == "classification":
        return _classification(labels.astype(np.int64), outputs, split, learnt.astype(np.int64))
    return _regression(labels, outputs[:, 0], split, learnt)


def _planted(dataset: Dataset, prediction: Prediction, split: Split) -> Planted | None:
    """Of the first class some of whose measured pictures have what was planted and some have not. Elsewhere no region
    only says that nobody has marked one."""
    item = next((item for item in dataset.inputs if item.planted), None)
    if item is None or item.regions is None:
        return None
    rows = np.flatnonzero(dataset.labelled & (dataset.split == split))
    marked = np.array([bool(np.asarray(item.regions[row : row + 1]).any()) for row in rows.tolist()], bool)
    labels = dataset.labels[rows].astype(np.int64)
    right = prediction.outputs[rows].argmax(axis=1) == labels
    for output in np.unique(labels[marked]).tolist():
        own = labels == output
        if not (own & ~marked).any():
            continue
        present, absent = (rate(right[own & has]) for has in (marked, ~marked))
        return Planted(region=item.region, output=int(output), present=present, absent=absent)
    return None


def rate(hits: Array) -> Rate:
    """How many of the rows are `hits` (rows,), at least one row."""
    found, count = int(hits.sum()), len(hits)
    return Rate(right=found, total=count, interval=wilson(found, count))


def _classification(labels: Array, outputs: Array, split: Split, learnt: Array) -> Performance:
    """Accuracy and confusion; of many classes the share among the five likeliest instead of the confusion."""
    classes = outputs.shape[1]
    order = np.argsort(-outputs, axis=1, kind="stable")
    commonest = np.argsort(-np.bincount(learnt, minlength=classes), kind="stable")
    naive = [float(np.isin(labels, commonest[:k]).mean()) if len(learnt) else None for k in (1, 5)]
    accuracy = _share(mark("accuracy"), order[:, 0] == labels, split, naive[0])
    if classes > _CLASSES:
        among = (order[:, :5] == labels[:, np.newaxis]).any(axis=1)
        return Performance(metrics=(accuracy, _share(mark("top-5 accuracy"), among, split, naive[1])))
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (labels, order[:, 0]), 1)
    return Performance(metrics=(accuracy,), confusion=confusion)


def _share(name: str, hits: Array, split: Split, naive: float | None) -> Metric:
    right, count = int(hits.sum()), len(hits)
    return Metric(name=name, value=right / count, split=split, count=count, interval=wilson(right, count), naive=naive)


def _regression(labels: Array, predicted: Array, split: Split, learnt: Array) -> Performance:
    guess = np.full(len(labels), learnt.mean()) if len(learnt) else None
    naive = None if guess is None else float(_rmse(labels, guess))
    if len(labels) < _LEAST:
        value = float(_rmse(labels, predicted))
        return Performance(metrics=(Metric(name="RMSE", value=value, split=split, count=len(labels), naive=naive),))
    drawn = _resampled(labels, predicted)
    bounds = _bounds(_logs(labels, predicted), drawn)

    def metric(name: str, value: Array, interval: tuple[float, float] | None, naive: float | None) -> Metric:
        return Metric(name=name, value=float(value), split=split, count=len(labels), interval=interval, naive=naive)

    error = metric("RMSE", _rmse(labels, predicted), bounds[0] and _ends(np.sqrt(bounds[0])), naive)
    if not np.ptp(labels):  # equal values have no variance that a model could have a share of
        return Performance(metrics=(error,))
    of_share = bounds[1] and _ends(1 - np.array(bounds[1])[::-1])
    return Performance(metrics=(error, metric("R²", _r2(labels, predicted), of_share, _naive_r2(labels, guess))))


def _ends(bounds: Array) -> tuple[float, float]:
    return float(bounds[0]), float(bounds[1])


def _bounds(own: Array, drawn: Array) -> list[tuple[float, float] | None]:
    """Bootstrap-t intervals, B. Efron and R. Tibshirani (1993), chapter 12.5, of the mean squared error and of what R²
    leaves of the variance: of their logarithms, whose resamples are divided by their own standard errors, since plain
    resamples of few rows vary too little. None where a tenth of the resamples or more have no error, or
    none varies."""
    found: list[tuple[float, float] | None] = []
    for (value, error), resampled in zip(own, np.moveaxis(drawn, 1, 0), strict=True):
        if np.isneginf(value) or error < _NOTHING:  # no row is off, or all are off by as much: that bounds nothing
            found.append(None)
            continue
        with np.errstate(divide="ignore", invalid="ignore"):
            pulls = (resampled[:, 0] - value) / resampled[:, 1]
        known = pulls[np.isfinite(pulls)]
        if len(known) <= (1 - _MISSING) * len(pulls):
            found.append(None)
            continue
        low, high = np.percentile(known, [2.5, 97.5])
        found.append((float(np.exp(value - high * error)), float(np.exp(value - low * error))))
    return found


def _resampled(labels: Array, predicted: Array) -> Array:
    """(resamples, 2, 2) `_logs` of resampled rows; so many resamples at a time as memory is no question."""
    random, found = np.random.default_rng(0), []
    size = max(1, _AT_A_TIME // len(labels))
    for start in range(0, _RESAMPLES, size):
        draws = random.integers(len(labels), size=(min(size, _RESAMPLES - start), len(labels)))
        found.append(_logs(labels[draws], predicted[draws]))
    return np.concatenate(found)


def _logs(labels: Array, predicted: Array) -> Array:
    """(..., 2, 2) of (..., rows): the logarithms of the mean squared error, and of what R² leaves of the variance, each
    with its standard error (delta method). Not finite, or NaN, where there is no error or no variance."""
    squared = (labels - predicted) ** 2
    spread = (labels - labels.mean(axis=-1, keepdims=True)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (each / each.mean(axis=-1, keepdims=True) for each in (squared, spread))
        values = np.log(squared.mean(axis=-1)), np.log(squared.mean(axis=-1) / spread.mean(axis=-1))
    errors = (each.std(axis=-1, ddof=1) / np.sqrt(labels.shape[-1]) for each in (one, one - other))
    return np.stack([np.stack(pair, axis=-1) for pair in zip(values, errors, strict=True)], axis=-2)


def _naive_r2(labels: Array, guess: Array | None) -> float | None:
    return None if guess is None else float(_r2(labels, guess))


def _rmse(labels: Array, predicted: Array) -> Array:
    return np.sqrt(((labels - predicted) ** 2).mean(axis=-1))


def _r2(labels: Array, predicted: Array) -> Array:
    spread = ((labels - labels.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
    return 1 - ((labels - predicted) ** 2).sum(axis=-1) / spread
