"""How far predicted values are off, and where."""

import numpy as np

from exhibit.tasks.quality.counted import BY_ITSELF, Mean, bounds_of
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.quality import ErrorBin, Measure, Quality

_BINS, _LEAST_IN_A_BIN = 5, 20


def regression(labels: Array, predicted: Array, split: Split, learnt: Array) -> Quality:
    """`labels` and `predicted` (rows,), `learnt` (training rows,), whose mean is the guess beside it."""
    errors = predicted.astype(np.float64) - labels
    means = {mark("mean absolute error"): Mean(np.abs(errors), least=0), mark("mean error"): Mean(errors)}
    bounds = bounds_of(means, len(labels))
    naive = {"mean absolute error": float(np.abs(labels - learnt.mean()).mean())} if len(learnt) else {}
    return Quality(
        split=split,
        rows=len(labels),
        resamples=0,
        measures=tuple(
            Measure(name=name, value=float(own.values.mean()), interval=bounds.get(name), naive=naive.get(name))
            for name, own in means.items()
        ),
        error_bins=tuple(_bins(predicted, errors)),
    )


def _bins(predicted: Array, errors: Array) -> list[ErrorBin]:
    """Rows in the order of their predicted values, in as many equal parts as have enough rows each; none of too few.
    Rows with the same value stay together, in parts that are less equal."""
    order, number = np.argsort(predicted, kind="stable"), min(_BINS, len(errors) // _LEAST_IN_A_BIN)
    starts = [part[0] for part in np.array_split(np.arange(len(order)), max(number, 1))]
    ordered, cuts = predicted[order], [0]
    for cut in np.searchsorted(ordered, ordered[starts]).tolist():
        if min(cut - cuts[-1], len(order) - cut) >= _LEAST_IN_A_BIN:
            cuts.append(cut)
    parts = np.split(order, cuts[1:]) if len(cuts) > 1 else []
    every = Mean(errors)
    return [
        ErrorBin(
            low=float(predicted[part].min()),
            high=float(predicted[part].max()),
            rows=own.rows,
            mean=own.value,
            interval=own.ends,
            rmse=float(np.sqrt((errors[part] ** 2).mean())),
        )
        for part in parts
        if (own := every.of(np.isin(np.arange(len(errors)), part), BY_ITSELF))
    ]
