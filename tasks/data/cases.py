"""Which of all explained samples stand for the others: a typical, a wrong and a borderline one."""

import numpy as np

from exhibit.tasks.data.select import SelectionSpec
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Cases, Selection
from exhibit.tasks.records.language import say, say_all
from exhibit.tasks.records.model import Prediction


def with_cases(spec: SelectionSpec, selection: Selection, dataset: Dataset, prediction: Prediction) -> Selection:
    """The selection with its cases, which are drawn after the others unless the config names what is drawn."""
    if dataset.several:
        label = int(selection.targets[0, 0])
        return with_cases(spec, selection, dataset.about(label), prediction.about(label))
    found = cases(dataset.labels[selection.explained], prediction, selection.explained, bool(dataset.classes))
    shown = selection.shown.tolist()
    missing = [] if spec.named else [position for position in found.positions if position not in shown]
    said = say(
        "After them what stands for all that are explained: a typical, a wrong and a borderline one, where there is."
    )
    return selection.model_copy(
        update={
            "shown": np.array([*shown, *missing], selection.shown.dtype),
            "cases": found,
            "reason": say_all(selection.reason, said if missing else ""),
        }
    )


def cases(labels: Array, prediction: Prediction, rows: Array, classes: bool) -> Cases:
    """Of the explained `rows`, which have `labels`, NaN where there is none."""
    labels = labels.astype(np.float64)
    if not classes:
        off = np.abs(prediction.outputs[rows, 0] - labels)
        return Cases(typical=_median(off, ~np.isnan(off)), wrong=_largest(off, ~np.isnan(off)))
    probabilities = prediction.probabilities(rows)
    known = ~np.isnan(labels)
    true = np.where(known, labels, 0).astype(np.int64)
    off = np.where(known, 1 - probabilities[np.arange(len(rows)), true], np.nan)
    right = probabilities.argmax(axis=1) == true
    close = _gaps(probabilities)
    near = close < Cases.NEAR
    return Cases(
        typical=_median(off, known & right),
        wrong=_largest(off, known & ~right),
        borderline=_largest(-close, near),
        misread=int((known & ~right).sum()) if known.any() else None,
        close=int(near.sum()),
    )


def _gaps(probabilities: Array) -> Array:
    """(samples,) between the two likeliest classes; 1 where there is but one."""
    if probabilities.shape[1] < 2:
        return np.ones(len(probabilities))
    top = np.sort(probabilities, axis=1)
    return np.asarray(top[:, -1] - top[:, -2])


def _median(values: Array, among: Array) -> int | None:
    """The position whose value is the lower median of those."""
    rows = np.flatnonzero(among)
    order = rows[np.argsort(values[rows], kind="stable")]
    return int(order[(len(order) - 1) // 2]) if len(order) else None


def _largest(values: Array, among: Array) -> int | None:
    rows = np.flatnonzero(among)
    return int(rows[values[rows].argmax()]) if len(rows) else None
