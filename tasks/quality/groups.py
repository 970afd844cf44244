"""For whom a model is how good: shares and errors by group, and how far groups are apart."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

import numpy as np

from exhibit.tasks.models.performance import measured_splits
from exhibit.tasks.quality.classification import of_logs, of_squares
from exhibit.tasks.quality.counted import (
    AveragePrecision,
    Balanced,
    Counted,
    Explained,
    Mean,
    Overlap,
    Ranking,
    RootMean,
    Share,
    Statistic,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.grouping import Grouping
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.subgroups import (
    APART,
    APART_IN_SPREADS,
    FEW,
    Disparity,
    Measured,
    Pair,
    Subgroup,
    Subgroups,
)

ALPHA = 0.05  # of all intervals together, and of all comparisons together


class Measures(NamedTuple):
    """What is measured of rows, by name. `limits`: from which difference of two groups on these are said to be apart,
    of those that say something of the model and are on one scale. `lacking`: where rows do not have it. `dust`: up to
    which difference two groups differ by nothing but rounding."""

    statistics: Mapping[str, Statistic]
    limits: Mapping[str, float]
    lacking: Mapping[str, str]
    dust: float

    def over(self, rows: Array, level: float) -> dict[str, Counted]:
        """Those that `rows`, a mask, have."""
        found = {name: statistic.of(rows, level) for name, statistic in self.statistics.items()}
        return {name: own for name, own in found.items() if own is not None}

    def with_accuracy(self, right: Array, labels: Array) -> "Measures":
        """The same with the accuracy of all classes, (rows,) and (rows,), as all other pages have it."""
        found: dict[str, Statistic] = {
            "accuracy": Share(right, np.ones(len(right), bool)),
            "balanced accuracy": Balanced(right, labels, least=len(np.unique(labels))),
        }
        lacking = {**self.lacking, "balanced accuracy": mark("a class has no row")}
        return self._replace(statistics={**self.statistics, **found}, lacking=lacking)


def measured(dataset: Dataset, prediction: Prediction, by: Sequence[Grouping], named: Sequence[str]) -> Measured | None:
    """On the rows to explain that have labels, else on those that are held out, else on those of the training; None
    without labels. `by`: one grouping of all samples for each column; `named`: classes of which one is asked about,
    where there are more than two."""
    if not (splits := measured_splits(dataset)):
        return None
    rows = np.flatnonzero(dataset.labelled & (dataset.split == splits[0]))
    labels, about = dataset.labels[rows], ""
    if dataset.task == "regression":
        asked = of_values(labels, prediction.outputs[rows, 0])
    else:
        probabilities = prediction.probabilities(rows)
        read = probabilities.argmax(axis=1)
        about = _asked(dataset.classes, named)
        if about:
            k = dataset.classes.index(about)
            asked = of_class(labels == k, probabilities[:, k], read == k)
            if len(dataset.classes) > 2:  # of two, each row that is read rightly as the one is so as the other
                asked = asked.with_accuracy(read == labels, labels)
        else:
            asked = of_likeliest(probabilities, labels.astype(np.int64))
    groupings = with_crossed([one.take(rows) for one in by])
    tables, intervals, comparisons = grouped(asked, groupings)
    return Measured(
        split=splits[0],
        rows=len(rows),
        about=about,
        whole={name: own.value for name, own in asked.over(np.ones(len(rows), bool), 1 - ALPHA).items()},
        tables=tables,
        intervals=intervals,
        comparisons=comparisons,
    )


def _asked(classes: Sequence[str], named: Sequence[str]) -> str:
    """The second of two classes; of more the one that is named, if it is one alone."""
    if len(classes) == 2:
        return classes[1]
    found = [name for name in classes if name in named]
    return found[0] if len(found) == 1 else ""


def with_crossed(by: Sequence[Grouping]) -> tuple[Grouping, ...]:
    """Each by itself, and each two at once."""
    return (*by, *(one.crossed(two) for one, two in combinations(by, 2)))


def of_class(true: Array, probability: Array, read: Array) -> Measures:
    """Of rows (rows,): whether each is of the class that is asked about, how probable that is to the model, and whether
    it is read as it; the definitions of fairlearn. The selection rate is that of demographic parity, TPR that of equal
    opportunity, TPR and FPR those of equalized odds; the base rate is that of the data, not of the model. Where no row
    is counted there is no share, where fairlearn has 0. Calibration: the mean probability minus the share of what is
    true. Precision, that of predictive parity, F1, average precision, log loss and Brier score have no limit: they
    differ between groups of other base rates, whatever the model does."""
    true, read = true.astype(bool), read.astype(bool)
    every, both = np.ones(len(true), bool), np.stack([1 - probability, probability], axis=1)
    statistics: dict[str, Statistic] = {
        "base rate": Share(true, every),
        "selection rate": Share(read, every),
        "accuracy": Share(true == read, every),
        "balanced accuracy": Balanced(true == read, true, least=2),
        "TPR": Share(read, true),
        "FPR": Share(read, ~true),
        "precision": Share(true, read),
        "F1": Overlap(true, read),
        "AUC": Ranking(probability, true),
        "average precision": AveragePrecision(probability, true),
        "log loss": of_logs(both, true.astype(np.int64)),
        "Brier score": of_squares(both, true.astype(np.int64)),
        "calibration": _calibration(probability, true),
    }
    limited = ("selection rate", "accuracy", "balanced accuracy", "TPR", "FPR", "AUC", "calibration")
    return Measures(statistics, dict.fromkeys(limited, APART), _LACKING, _dust(probability))


def _dust(outputs: Array, scale: float = 1.0) -> float:
    """What rounding may leave of sums on a `scale`: outputs that 32 bits hold may come from a net that has no more."""
    single = np.array_equal(outputs.astype(np.float32), outputs, equal_nan=True)
    return _STEPS * scale * float(np.finfo(np.float32 if single else np.float64).eps)


_STEPS = 64  # of rounding that may add up in a model


_SINGLE = dict.fromkeys(("log loss", "Brier score", "calibration"), mark("there is a single row"))
_LACKING = {
    "TPR": mark("no row is of the class"),
    "FPR": mark("all rows are of the class"),
    "precision": mark("no row is read as the class"),
    "F1": mark("no row is of the class or read as it"),
    **dict.fromkeys(("balanced accuracy", "AUC", "average precision"), mark("all rows are of the class, or none is")),
    **_SINGLE,
}


def of_likeliest(probabilities: Array, labels: Array) -> Measures:
    """Of several classes of which none is asked about, (rows, classes) and (rows,): whether the likeliest is right,
    how probable it is, how probable the class is that is true, and the squared errors of all, from 0 to 2."""
    right = probabilities.argmax(axis=1) == labels
    statistics: dict[str, Statistic] = {
        "log loss": of_logs(probabilities, labels),
        "Brier score": of_squares(probabilities, labels),
        "calibration": _calibration(probabilities.max(axis=1), right),
    }
    limits = dict.fromkeys(("accuracy", "balanced accuracy", "calibration"), APART)
    found = Measures({}, limits, _SINGLE, _dust(probabilities)).with_accuracy(right, labels)
    return found._replace(statistics={**found.statistics, **statistics})


def _calibration(probability: Array, true: Array) -> Mean:
    """Of (rows,) and (rows,): each is off by its probability, or by that minus 1."""
    return Mean(probability - true, probability.min() - 1, probability.max())


def of_values(labels: Array, predicted: Array) -> Measures:
    """Of measured and predicted values (rows,): mean error, predicted minus measured, mean absolute error, and RMSE
    and R², which have no limit: how far the labels of a group vary moves them."""
    errors = predicted - labels
    statistics: dict[str, Statistic] = {
        "mean label": Mean(labels),
        "mean error": Mean(errors),
        "mean absolute error": Mean(np.abs(errors), least=0),
        "RMSE": RootMean(errors**2),
        "R²": Explained(labels, predicted),
    }
    limit = APART_IN_SPREADS * float(labels.std())
    lacking = dict.fromkeys(statistics, mark("there is a single row")) | {"R²": mark("the labels do not vary")}
    dust = _dust(predicted, float(labels.std() + abs(labels.mean())))
    return Measures(statistics, dict.fromkeys(("mean error", "mean absolute error"), limit), lacking, dust)


def grouped(asked: Measures, by: Sequence[Grouping]) -> tuple[tuple[Subgroups, ...], int, int]:
    """The tables, and over how many intervals and how many comparisons each of these two has its level of 95%."""
    rows = [one.rows for one in by]
    shown = [asked.over(one.of == k, 1 - ALPHA) for one in by for k in np.unique(one.of)]
    intervals = sum(own.told for found in shown for own in found.values())
    comparisons = sum(_pairs(int((own >= FEW).sum())) for own in rows) * len(asked.statistics)
    return tuple(_table(asked, one, intervals, comparisons) for one in by), intervals, comparisons


def _pairs(groups: int) -> int:
    return groups * (groups - 1) // 2


def _table(asked: Measures, by: Grouping, intervals: int, comparisons: int) -> Subgroups:
    present = [k for k, rows in enumerate(by.rows) if rows]
    large = [k for k in present if by.rows[k] >= FEW]
    # A small group is shown beside the others, so its intervals are among those that hold together.
    shown = {k: asked.over(by.of == k, 1 - ALPHA / max(intervals, 1)) for k in present}
    compared = {k: asked.over(by.of == k, 1 - ALPHA / comparisons) for k in large} if len(large) > 1 else {}
    disparities = []
    for name, statistic in asked.statistics.items():
        known = {by.groups[k]: found[name] for k, found in compared.items() if name in found}
        if len(known) > 1:
            disparities.append(_disparity(name, known, statistic.has_ratio, asked.limits.get(name), asked.dust))
    return Subgroups(
        by=by.by,
        groups=tuple(
            Subgroup(
                name=by.groups[k],
                rows=int(by.rows[k]),
                measures={name: own.estimate for name, own in shown[k].items()},
                lacking={name: why for name, why in asked.lacking.items() if name not in shown[k]},
            )
            for k in present
        ),
        absent=tuple(by.groups[k] for k, rows in enumerate(by.rows) if not rows) if len(by.by) == 1 else (),
        disparities=tuple(disparities),
    )


def _disparity(
    measure: str, found: Mapping[str, Counted], has_ratio: bool, limit: float | None, dust: float = 0.0
) -> Disparity:
    """Of all pairs at once: two crossed columns may have hundreds of groups, and so tens of thousands of pairs. What
    differs by no more than `dust` does not differ."""
    names, ends = list(found), np.array([(own.value, own.low, own.high) for own in found.values()])
    one, two = np.triu_indices(len(names), 1)
    turned = ends[one, 0] < ends[two, 0]
    high, low = np.where(turned, two, one), np.where(turned, one, two)
    difference, start, end = newcombe(ends[high], ends[low])
    none = difference <= dust
    difference, start = np.where(none, 0, difference), np.where(none, np.minimum(start, 0), start)
    # The pair whose interval is highest above 0 is the surest, and none is surer by another order of the two.
    sure = np.flatnonzero(start == start.max())
    k = int(sure[difference[sure].argmax()])
    values = ends[:, 0]
    return Disparity(
        measure=measure,
        difference=widest if (widest := float(np.ptp(values))) > dust else 0.0,
        ratio=float(values.min() / values.max()) if has_ratio and values.max() > 0 else None,
        surest=Pair(
            high=names[high[k]],
            low=names[low[k]],
            difference=float(difference[k]),
            interval=(float(start[k]), float(end[k])) if np.isfinite([start[k], end[k]]).all() else None,
        ),
        limit=limit,
        verdict=None if limit is None else _verdict(float(start[k]), float(np.maximum(-start, end).max()), limit),
    )


def _verdict(surest: float, most: float, limit: float) -> Literal["pass", "fail", "undecided"]:
    """`surest`: where the interval of the surest pair begins; `most`: how far from 0 the intervals of all pairs go,
    either way: of two groups of which one is small the one that is higher here may well be the lower one."""
    if surest > limit:
        return "fail"
    return "pass" if most <= limit else "undecided"


def newcombe(high: Array, low: Array) -> tuple[Array, Array, Array]:
    """Differences of values, both (pairs, 3) of a value and the ends of its interval, and the ends of theirs: R. G.
    Newcombe (1998), method 10; for means the same as adding their errors in squares."""
    difference = high[:, 0] - low[:, 0]
    down = np.hypot(high[:, 0] - high[:, 1], low[:, 2] - low[:, 0])
    up = np.hypot(high[:, 2] - high[:, 0], low[:, 0] - low[:, 1])
    return difference, difference - down, difference + up
