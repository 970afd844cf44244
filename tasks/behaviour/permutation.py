"""What a model loses when the values of one feature are exchanged between rows."""

from collections.abc import Callable
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.behaviour.case import Case, Need, Question, exchanged
from exhibit.tasks.behaviour.intervals import of_means
from exhibit.tasks.chances import holm
from exhibit.tasks.protocols import take
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.behaviour import Permutation
from exhibit.tasks.records.decision import Column
from exhibit.tasks.records.language import mark

Loss = Callable[[Arrays], Array]  # inputs -> (rows,)


class PermutationImportanceSpec(Question):
    """By how much the loss of the model grows where the values of one feature are exchanged between rows: the log loss
    of a classification, the squared error of a regression.

    Features that stand in for one another each seem to matter little, for the model still has the other.

    L. Breiman (2001), Random forests; A. Fisher, C. Rudin and F. Dominici (2019), All models are wrong, but many are
    useful.
    """

    kind: Literal["permutation_importance"] = "permutation_importance"
    features: int = Field(
        30, ge=1, le=1_000, description="features that are asked about: the most important ones by the main method"
    )
    rows: int = Field(
        300, ge=1, le=10_000, description="rows that are asked about, at most; drawn at random where there are more"
    )
    repeats: int = Field(5, ge=1, le=1_000, description="orders in which the values of each feature are exchanged")

    needs: ClassVar[frozenset[Need]] = frozenset({"labels"})

    def answer(self, case: Case) -> Permutation:
        """Of the rows that have a label."""
        labelled = np.flatnonzero(case.data.labelled)
        rows = case.drawn(self.rows, self.seed, labelled)
        inputs, labels = take(case.data.arrays, rows), case.data.labels[rows]
        name, loss = loss_of(case.predict, labels, classes=bool(case.data.classes))
        before = loss(inputs)
        random = np.random.default_rng(self.seed)
        orders = np.array([random.permutation(len(rows)) for _ in range(self.repeats)])
        columns = case.columns[: self.features]
        each = np.stack([increases(loss, before, inputs, column, orders) for column in columns], axis=-1)
        mean = each.mean(axis=(0, 1))
        order = np.argsort(-mean, kind="stable")
        grown = each.mean(axis=0)
        low, high = of_means(grown, self.seed)
        return Permutation(
            asked=case.asked(rows, len(labelled), self.seed),
            loss=name,
            before=float(before.mean()),
            features=tuple(columns[k].title for k in order),
            mean=mean[order],
            low=low[order],
            high=high[order],
            chance=chances(grown, float(before.mean()))[order],
            repeats=each.mean(axis=1)[:, order],
            total=len(case.columns),
        )

    def most_calls(self, columns: int, rows: int) -> int:
        """The rows as they are, and of each feature in each order."""
        return (1 + min(columns, self.features) * self.repeats) * min(rows, self.rows)


def increases(loss: Loss, before: Array, inputs: Arrays, column: Column, orders: Array) -> Array:
    """(orders, rows): by how much the loss of each row is larger than `before` (rows,) where the column is taken from
    the rows in each of the `orders` (orders, rows)."""
    return np.stack([loss(exchanged(inputs, column, order)) - before for order in orders])


def chances(grown: Array, before: float) -> Array:
    """(features,) how often chance alone shows means at least as large as those of growths (rows, features): Student's
    t-test, for all features together by S. Holm (1979); NaN of too few rows. What is no more than the rounding of the
    mean loss `before` is no growth."""
    from scipy.stats import ttest_1samp

    if len(grown) < Permutation.FEW:
        return np.full(grown.shape[1], np.nan)
    mean, varies = grown.mean(axis=0), np.ptp(grown, axis=0) > 0
    found = np.zeros(len(mean))
    found[varies] = ttest_1samp(grown[:, varies], 0.0, alternative="greater").pvalue
    return holm(np.where(mean > _ROUNDING * before, found, 1.0))


_ROUNDING = 1e-6  # of a loss, where a model computes in single precision


def loss_of(predict: Callable[[Arrays], Array], labels: Array, *, classes: bool) -> tuple[str, Loss]:
    """The name of the loss and the loss of each row: of `classes` minus the logarithm of the probability of the label
    (at least the smallest step of its precision, as in scikit-learn), else the squared error."""
    if not classes:
        return mark("mean squared error"), lambda inputs: (predict(inputs)[:, 0] - labels) ** 2
    places, least = labels.astype(np.int64), np.finfo(np.float64).eps

    def log_loss(inputs: Arrays) -> Array:
        chosen = predict(inputs)[np.arange(len(places)), places]
        return -np.log(np.clip(chosen, least, 1 - least))

    return mark("log loss"), log_loss
