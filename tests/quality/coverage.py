"""How often intervals of a model's quality, and of groups, hold the truth: they are to hold it at least as often as
they say, also where what is measured is rare.

`python -m tests.quality.coverage` measures the list with 400 seeds, in some minutes, and writes it where the
documentation has it.
"""

import re
import sys
from collections.abc import Callable
from functools import cache

import numpy as np
from scipy.stats import norm
from sklearn import metrics

from exhibit.tasks.quality.classification import classification
from exhibit.tasks.quality.counted import Explained, Mean, Ranking, RootMean, Share, Statistic
from exhibit.tasks.quality.regression import regression
from exhibit.tasks.records.base import Array
from tests.checks.coverage import FILE, Draw, Stated, holds, rate

LOWEST = 0.92
_BEGIN, _END = "<!-- at least -->", "<!-- /at least -->"

Numbers = Callable[[np.random.Generator, int], Array]


def told(random: np.random.Generator, rows: int, base: float) -> tuple[Array, Array]:
    """Probabilities that are right, of two classes of normal scores 1.5 apart, and which rows are of the second."""
    labels = (random.random(rows) < base).astype(np.int64)
    score = 1.5 * (random.normal(size=rows) + 1.5 * labels)
    second = 1 / (1 + (1 / base - 1) * np.exp(1.125 - score))
    return np.stack([1 - second, second], axis=1), labels


@cache
def _truth(base: float) -> dict[str, float]:
    """Of a million rows."""
    probabilities, labels = told(np.random.default_rng(0), 1_000_000, base)
    read, second = probabilities.argmax(axis=1), probabilities[:, 1]
    return {
        "balanced accuracy": metrics.balanced_accuracy_score(labels, read),
        "macro F1": metrics.f1_score(labels, read, average="macro"),
        "ROC AUC": metrics.roc_auc_score(labels, second),
        "average precision": metrics.average_precision_score(labels, second),
        "log loss": metrics.log_loss(labels, second),
        "Brier score": metrics.brier_score_loss(labels, second),
    }


def of_class(name: str, rows: int, base: float) -> Draw:
    def held(random: np.random.Generator) -> bool:
        probabilities, labels = told(random, rows, base)
        found = classification(probabilities, labels, ("no", "yes"), "test", labels)
        own = [measure.interval for measure in found.measures if measure.name == name]
        return not own or (own[0] is not None and holds(own[0][0], _truth(base)[name], own[0][1]))

    return held


def of_errors(rows: int, errors: Numbers, truth: float) -> Draw:
    """The mean absolute error."""

    def held(random: np.random.Generator) -> bool:
        found = regression(np.zeros(rows), errors(random, rows), "test", np.zeros(rows))
        [own] = [measure for measure in found.measures if measure.name == "mean absolute error"]
        assert own.interval is not None
        return holds(own.interval[0], truth, own.interval[1])

    return held


def of_group(rows: int, made: Callable[[np.random.Generator, int], Statistic], truth: float) -> Draw:
    """Of so many rows beside ten times as many others, by itself."""

    def held(random: np.random.Generator) -> bool:
        found = made(random, 11 * rows).of(np.arange(11 * rows) < rows, 0.95)
        return found is None or not found.told or holds(found.low, truth, found.high)

    return held


def normal(random: np.random.Generator, rows: int) -> Array:
    return random.normal(size=rows)


def far(random: np.random.Generator, rows: int) -> Array:
    """One of twenty is twenty times as far off."""
    return random.normal(size=rows) * np.where(random.random(rows) < 0.05, 20, 1)


def explained(errors: Numbers, spread: float) -> Callable[[np.random.Generator, int], Statistic]:
    def made(random: np.random.Generator, rows: int) -> Statistic:
        labels = spread * random.normal(size=rows)
        return Explained(labels, labels + errors(random, rows))

    return made


def ranked(random: np.random.Generator, rows: int) -> Statistic:
    probabilities, labels = told(random, rows, 0.1)
    return Ranking(probabilities[:, 1], labels == 1)


def calibrated(random: np.random.Generator, rows: int) -> Statistic:
    """Of a class that the model gives 2%, as is right."""
    return Mean(0.02 - (random.random(rows) < 0.02), -0.98, 0.02)


def rare(random: np.random.Generator, rows: int) -> Statistic:
    return Share(random.random(rows) < 0.02, np.ones(rows, bool))


_NORMAL, _FAR = np.sqrt(2 / np.pi), np.sqrt(2 / np.pi) * 1.95  # means of absolute values
_SQUARES = 0.95 + 0.05 * 400  # mean of squares of the latter
_MEASURES = ("balanced accuracy", "macro F1", "ROC AUC", "average precision", "log loss", "Brier score")
_CLASS, _VALUE, _GROUP = "quality, a class", "quality, a value", "a group"

CASES: tuple[Stated, ...] = (
    *(Stated(f"{name}, 1 of 10 of 60 rows", _CLASS, of_class(name, 60, 0.1)) for name in _MEASURES),
    *(Stated(f"{name}, 3 of 10 of 60 rows", _CLASS, of_class(name, 60, 0.3)) for name in _MEASURES),
    *(Stated(f"{name}, 3 of 10 of 300 rows", _CLASS, of_class(name, 300, 0.3)) for name in _MEASURES),
    Stated("mean absolute error, 60 rows", _VALUE, of_errors(60, normal, _NORMAL)),
    Stated("mean absolute error, 300 rows, few far off", _VALUE, of_errors(300, far, _FAR)),
    Stated("share of 2%, 30 rows", _GROUP, of_group(30, rare, 0.02)),
    Stated("calibration of a class of 2%, 30 rows", _GROUP, of_group(30, calibrated, 0.0)),
    Stated("AUC, 1 of 10 of 60 rows", _GROUP, of_group(60, ranked, float(norm.cdf(1.5 / np.sqrt(2))))),
    Stated(
        "mean absolute error, 30 rows, few far off",
        _GROUP,
        of_group(30, lambda random, rows: Mean(np.abs(far(random, rows)), least=0), _FAR),
    ),
    Stated("RMSE, 30 rows", _GROUP, of_group(30, lambda random, rows: RootMean(normal(random, rows) ** 2), 1.0)),
    Stated(
        "RMSE, 30 rows, few far off",
        _GROUP,
        of_group(30, lambda random, rows: RootMean(far(random, rows) ** 2), float(np.sqrt(_SQUARES))),
    ),
    Stated("R², 30 rows", _GROUP, of_group(30, explained(normal, 1.5), 1 - 1 / 2.25)),
    Stated("R², 200 rows, few far off", _GROUP, of_group(200, explained(far, 10.0), 1 - _SQUARES / 100)),
)

# What no row shows is in no interval: of a value nothing else says how far off a row may be.
BEYOND = Stated("mean absolute error, 60 rows, few far off", _VALUE, of_errors(60, far, _FAR))


def main(seeds: int) -> None:
    """Prints the list, and writes it into the documentation."""
    lines = ["| stated | of | holds the truth |", "|---|---|---|"]
    for case in (*CASES, BEYOND):
        lines.append(f"| {case.name} | {case.where} | {rate(case, seeds):.1%} |")
        sys.stdout.write(f"{lines[-1]}\n")
        sys.stdout.flush()
    text = FILE.read_text(encoding="utf-8")
    new = "\n".join([_BEGIN, "", *lines, "", _END])
    FILE.write_text(re.sub(f"{_BEGIN}.*{_END}", lambda _: new, text, flags=re.DOTALL), encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 400)
