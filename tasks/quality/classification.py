"""How well classes are told: by class, by rank, and by probability."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.chances import wilson
from exhibit.tasks.models.performance import rate
from exhibit.tasks.quality import ranking
from exhibit.tasks.quality.calibration import calibration
from exhibit.tasks.quality.counted import (
    BY_ITSELF,
    AveragePrecision,
    Balanced,
    Counted,
    Mean,
    MeanOverlap,
    Overlap,
    Ranking,
    Statistic,
    bounds_of,
)
from exhibit.tasks.quality.resampling import draws_of, intervals, summed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.intervals import has_width
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.quality import LEAST, AtThreshold, ClassQuality, Measure, Quality
from exhibit.tasks.records.subgroups import FEW

THRESHOLDS = tuple(k / 10 for k in range(1, 10))
_MOST_CLASSES = 20  # each of which has a row and a curve
_LEAST_PROBABILITY = 1e-15  # so that one certain error does not make the mean log loss infinite


def classification(probabilities: Array, labels: Array, classes: Sequence[str], split: Split, learnt: Array) -> Quality:
    """`probabilities` (rows, classes), `labels` (rows,) and `learnt` (training rows,) as integers. Points are
    scikit-learn's; a class that no row has is in no mean, and a resample without one that rows have gives none.
    Precision and recall have Wilson's interval, log loss and Brier score that of a mean, the others one from resampling
    the rows, or, where a class has few, from their number."""
    rows, width = probabilities.shape
    read = probabilities.argmax(axis=1)
    each = range(width) if width <= _MOST_CLASSES else range(0)
    ranked = {k: ranking.Ranked.by(probabilities[:, k], labels == k) for k in each if 0 < (labels == k).sum() < rows}
    present, counts = np.unique(labels), np.bincount(labels, minlength=width)
    means = {"log loss": of_logs(probabilities, labels), "Brier score": of_squares(probabilities, labels)}

    def measured(weights: Array) -> dict[str, Array]:
        right, true, said = (
            summed(part, group, width)
            for part, group in ((weights * (read == labels), labels), (weights, labels), (weights, read))
        )
        whole = (true[:, present] > 0).all(axis=1)  # else the mean would be one over other classes
        with np.errstate(invalid="ignore"):
            f1 = np.where(true + said > 0, 2 * right / (true + said), np.nan)
            recall = right / true
        found = {
            "balanced accuracy": np.where(whole, np.nanmean(recall, axis=1), np.nan),
            "macro F1": np.where(whole, np.nanmean(f1, axis=1), np.nan),
        }
        found |= {f"F1 {k}": f1[:, k] for k in each}
        areas = {k: ranking.auc(own, weights) for k, own in ranked.items()}
        precisions = {k: ranking.average_precision(own, weights) for k, own in ranked.items()}
        found |= {f"ROC AUC {k}": values for k, values in areas.items()}
        found |= {f"average precision {k}": values for k, values in precisions.items()}
        if ranked:
            found["ROC AUC"] = _over(areas, width)
            found["average precision"] = _over(precisions, width)
        return found

    points = {name: float(values[0]) for name, values in measured(np.ones((1, rows))).items()}
    points |= {name: float(own.values.mean()) for name, own in means.items()}
    bounds = intervals(rows, measured) | bounds_of(means, rows)

    def measure(name: str, of: int | None = None, naive: float | None = None) -> Measure | None:
        key = name if of is None else f"{name} {of}"
        known = key in points and np.isfinite(points[key])
        return Measure(name=name, value=points[key], interval=bounds.get(key), naive=naive) if known else None

    naive = _naive(labels, learnt, width)
    binary = width == 2
    top = probabilities[:, 1] if binary else probabilities.max(axis=1)
    over = [1] if binary else list(ranked)
    counted: dict[str, Statistic] = {
        "balanced accuracy": Balanced(read == labels, labels),
        "macro F1": MeanOverlap(labels, read),
        "ROC AUC": _Over(tuple(Ranking(probabilities[:, k], labels == k) for k in over)),
        "average precision": _Over(tuple(AveragePrecision(probabilities[:, k], labels == k) for k in over)),
    }

    def of(k: int, name: str, statistic: Statistic) -> Measure | None:
        return _held(measure(name, k), statistic, rows, int(min(counts[k], rows - counts[k])))

    return Quality(
        split=split,
        rows=rows,
        resamples=draws_of(rows),
        measures=tuple(
            found
            for name in _NAMES
            if (
                found := _held(
                    measure(name, naive=naive.get(name)), counted.get(name), rows, int(counts[present].min())
                )
            )
        ),
        positive=classes[1] if binary else "",
        classes=tuple(
            ClassQuality(
                name=classes[k],
                rows=int(counts[k]),
                precision=_wilson("precision", read == k, labels == k),
                recall=_wilson("recall", labels == k, read == k),
                f1=of(k, "F1", Overlap(labels == k, read == k)),
                auc=of(k, "ROC AUC", Ranking(probabilities[:, k], labels == k)),
                average_precision=of(k, "average precision", AveragePrecision(probabilities[:, k], labels == k)),
            )
            for k in each
        ),
        roc=tuple(ranking.roc_curve(classes[k], probabilities[:, k], labels == k) for k in _drawn(ranked, binary)),
        precision_recall=tuple(
            ranking.precision_recall_curve(classes[k], probabilities[:, k], labels == k) for k in _drawn(ranked, binary)
        ),
        calibration=calibration(
            say("of {category}", category=classes[1]) if binary else say("of the likeliest class"),
            top,
            labels == 1 if binary else read == labels,
        ),
        thresholds=tuple(_at(threshold, top, labels == 1) for threshold in THRESHOLDS) if binary else (),
    )


def _held(found: Measure | None, statistic: Statistic | None, rows: int, fewest: int) -> Measure | None:
    """With the interval that follows from the number of rows where resampled rows say too little: of a class of fewer
    than 30 rows, or where they all give the same."""
    if found is None or statistic is None or rows < LEAST:
        return found
    if fewest >= FEW and found.interval is not None and has_width(*found.interval):
        return found
    counted = statistic.of(np.ones(rows, bool), BY_ITSELF)
    return found.model_copy(update={"interval": counted and (counted.low, counted.high)})


class _Over(NamedTuple):
    """The mean of the same of several classes."""

    classes: tuple[Statistic, ...]
    has_ratio: bool = True

    def of(self, rows: Array, level: float) -> Counted | None:
        """With the mean of their ends, as a row that is ranked wrongly counts in all of them; None unless all have
        one."""
        found = [each for one in self.classes if (each := one.of(rows, level)) is not None]
        if not found or len(found) < len(self.classes):
            return None
        value, low, high = np.array([(each.value, each.low, each.high) for each in found]).mean(axis=0).tolist()
        return Counted(value, int(rows.sum()), low, high)


_NAMES = (
    mark("balanced accuracy"),
    mark("macro F1"),
    "ROC AUC",
    mark("average precision"),
    mark("log loss"),
    mark("Brier score"),
)


def _drawn(ranked: dict[int, ranking.Ranked], binary: bool) -> list[int]:
    """The classes that have a curve: of two the second, whose curve the first one's mirrors."""
    return [k for k in ranked if k == 1 or not binary]


def _over(by_class: dict[int, Array], width: int) -> Array:
    """(draws,): of two classes that of the second, of more the mean over all; none of a draw that lacks one."""
    if width == 2 and 1 in by_class:
        return by_class[1]
    return np.asarray(np.stack(list(by_class.values())).mean(axis=0))


def of_logs(probabilities: Array, labels: Array) -> Mean:
    """Log loss of (rows, classes) and (rows,): none is farther off than the least probable class is."""
    own = probabilities[np.arange(len(labels)), labels]
    least, most = (float(_log_losses(end)) for end in (probabilities.max(), probabilities.min()))
    return Mean(_log_losses(own), least, most)


def of_squares(probabilities: Array, labels: Array) -> Mean:
    """Brier score of (rows, classes) and (rows,)."""
    return Mean(brier(probabilities, labels), least=0, most=1 if probabilities.shape[1] == 2 else 2)


def _log_losses(own: Array) -> Array:
    """(rows,) from the probability of what is true in each."""
    return np.asarray(-np.log(np.clip(own, _LEAST_PROBABILITY, 1)))


def brier(probabilities: Array, labels: Array) -> Array:
    """G. W. Brier (1950): over all classes, from 0 to 2; of two classes half of it, from 0 to 1."""
    true = np.eye(probabilities.shape[1])[labels]
    whole = ((probabilities - true) ** 2).sum(axis=1)
    return np.asarray(whole / 2 if probabilities.shape[1] == 2 else whole)


def _naive(labels: Array, learnt: Array, width: int) -> dict[str, float]:
    """What a guess gets that always gives the shares of the classes among the training labels."""
    present = np.unique(labels)
    shares = np.bincount(labels, minlength=width) / len(labels)
    found = {
        "ROC AUC": 0.5,
        "average precision": float(shares[1] if width == 2 else shares[present].mean()),
    }
    if not len(learnt):
        return found
    guess = np.bincount(learnt, minlength=width) / len(learnt)
    every = np.broadcast_to(guess, (len(labels), width))
    found["Brier score"] = float(brier(every, labels).mean())
    commonest = int(guess.argmax())
    found["balanced accuracy"] = float(commonest in present) / len(present)
    found["macro F1"] = float(2 * shares[commonest] / (1 + shares[commonest]) / len(np.union1d(present, [commonest])))
    if guess[present].all():
        found["log loss"] = float(of_logs(every, labels).values.mean())
    return found


def _wilson(name: str, among: Array, hits: Array) -> Measure | None:
    """The share of `hits` among the rows that are `among`; None where none are."""
    right, total = int((among & hits).sum()), int(among.sum())
    return Measure(name=name, value=right / total, interval=wilson(right, total)) if total else None


def _at(threshold: float, probabilities: Array, true: Array) -> AtThreshold:
    said = probabilities >= threshold
    return AtThreshold(
        threshold=threshold,
        flagged=rate(said),
        precision=rate(true[said]) if said.any() else None,
        recall=rate(said[true]) if true.any() else None,
        specificity=rate(~said[~true]) if not true.all() else None,
    )
