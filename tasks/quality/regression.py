"""How far predicted values are off, and where."""

import numpy as np

from exhibit.tasks.quality.resampling import draws_of, intervals
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.quality import ErrorBin, Measure, Quality

_BINS, _LEAST_IN_A_BIN = 5, 20


def regression(labels: Array, predicted: Array, split: Split, learnt: Array) -> Quality:
    """`labels` and `predicted` (rows,), `learnt` (training rows,), whose mean is the guess beside it."""
    errors = predicted.astype(np.float64) - labels

    def measured(weights: Array) -> dict[str, Array]:
        total = weights.sum(axis=1)
        return {
            mark("mean absolute error"): (weights * np.abs(errors)).sum(axis=1) / total,
            mark("mean error"): (weights * errors).sum(axis=1) / total,
        }

    points = {name: float(values[0]) for name, values in measured(np.ones((1, len(labels)))).items()}
    bounds = intervals(len(labels), measured)
    naive = {"mean absolute error": float(np.abs(labels - learnt.mean()).mean())} if len(learnt) else {}
    return Quality(
        split=split,
        rows=len(labels),
        resamples=draws_of(len(labels)),
        measures=tuple(
            Measure(name=name, value=value, interval=bounds.get(name), naive=naive.get(name))
            for name, value in points.items()
        ),
        error_bins=tuple(_bins(predicted, errors)),
    )


def _bins(predicted: Array, errors: Array) -> list[ErrorBin]:
    """Rows in the order of their predicted values, in as many equal parts as have enough rows each; none of too few."""
    from scipy.stats import t

    number = min(_BINS, len(errors) // _LEAST_IN_A_BIN)
    parts = np.array_split(np.argsort(predicted, kind="stable"), number) if number > 1 else []
    found = []
    for part in parts:
        own, values = errors[part], predicted[part]
        half = float(t.ppf(0.975, len(own) - 1)) * float(own.std(ddof=1)) / np.sqrt(len(own))
        mean = float(own.mean())
        found.append(
            ErrorBin(
                low=float(values.min()),
                high=float(values.max()),
                rows=len(own),
                mean=mean,
                interval=(mean - half, mean + half),
                rmse=float(np.sqrt((own**2).mean())),
            )
        )
    return found
