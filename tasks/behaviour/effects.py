"""What a model says as one feature changes: with all else as it is, or among rows that are alike."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.behaviour.case import Case, Question, replaced
from exhibit.tasks.behaviour.intervals import of_means, resampled
from exhibit.tasks.protocols import take
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.behaviour import STRONG, Effect, Effects
from exhibit.tasks.records.decision import Column
from exhibit.tasks.records.language import Message, say

Predict = Callable[[Arrays], Array]  # inputs -> (rows, outputs)

ENDS = (0.05, 0.95)  # quantiles between which the values of a number are tried, as in scikit-learn
_ONE_VALUE = say("it has one value in these rows")
_NO_ORDER = say("its categories have no order")


class PartialDependenceSpec(Question):
    """Partial dependence with a curve for each row (individual conditional expectation): what the model says if one
    feature is set to each of some values, and all others stay as they are.

    Where a feature moves with others, some of these rows are such as do not occur; the columns that it moves with are
    named beside it.

    J. H. Friedman (2001), Greedy function approximation; A. Goldstein and others (2015), Peeking inside the black box.
    """

    kind: Literal["partial_dependence"] = "partial_dependence"
    grid: int = Field(
        20,
        ge=2,
        le=200,
        description="values that are tried: of a number evenly from its 5% to its 95% quantile, of a category the "
        "commonest; all that occur where these are no more",
    )

    def answer(self, case: Case) -> Effects:
        """One effect for each feature with several values."""
        rows = case.drawn(self.rows, self.seed)
        inputs = take(case.data.arrays, rows)
        items, left = [], []
        for place, column in enumerate(case.columns[: self.features]):
            seen = case.codes[rows, place]
            if len(points := grid(seen, column, self.grid)) < 2:
                left.append((column.title, _ONE_VALUE))
                continue
            each = partial_dependence(case.predict, inputs, column, points)[..., list(case.told)]
            low, high = of_means(each, self.seed)
            words = tuple(column.word(point) or "" for point in points.tolist()) if column.kind != "number" else ()
            items.append(
                Effect(
                    feature=column.title, words=words, points=points, mean=each.mean(axis=0), low=low, high=high,
                    individual=each, seen=seen, together=case.together(place, rows, STRONG),
                )
            )  # fmt: skip
        return _found("partial_dependence", case, rows, self.seed, items, left)

    def most_calls(self, columns: int, rows: int) -> int:
        """Each feature at each of its values, in each row."""
        return min(columns, self.features) * self.grid * min(rows, self.rows)


def grid(values: Array, column: Column, most: int) -> Array:
    """The values at which a feature with `values` (rows,) is tried, from small to large."""
    known = values[~np.isnan(values)]
    different = np.unique(known)
    if len(different) <= most:
        return different
    if column.kind != "number":
        return np.sort(different[np.argsort(-np.unique(known, return_counts=True)[1], kind="stable")[:most]])
    low, high = np.quantile(known, ENDS)
    return np.linspace(low, high, most) if high > low else np.linspace(different[0], different[-1], most)


def partial_dependence(predict: Predict, inputs: Arrays, column: Column, points: Array) -> Array:
    """(rows, points, outputs) of every row with the column at each of the `points` (points,): the mean over rows is the
    partial dependence."""
    found = [predict(replaced(inputs, column, points[k : k + 1])) for k in range(len(points))]
    return np.stack(found, axis=1)


class AccumulatedLocalEffectsSpec(Question):
    """Accumulated local effects of the first order: how the answer changes within each of some bins of a feature, over
    the rows that lie in it, added up from bin to bin, so that the mean over the rows is zero.

    A row is moved no further than to the ends of its own bin, so that features that move together are not torn apart.
    What two features do only together is no part of it.

    D. W. Apley and J. Zhu (2020), Visualizing the effects of predictor variables in black box supervised learning
    models.
    """

    kind: Literal["accumulated_local_effects"] = "accumulated_local_effects"
    rows: int = Field(
        1_000, ge=1, le=10_000, description="rows that are asked about, at most; drawn at random where there are more"
    )
    bins: int = Field(10, ge=1, le=200, description="of about as many rows each, between quantiles of the feature")

    def answer(self, case: Case) -> Effects:
        """One effect for each feature of numbers with several values."""
        rows = case.drawn(self.rows, self.seed)
        inputs = take(case.data.arrays, rows)
        items, left = [], []
        for place, column in enumerate(case.columns[: self.features]):
            seen = case.codes[rows, place]
            edges = quantiles(seen, self.bins)
            if column.kind == "category" or len(edges) < 2:
                left.append((column.title, _NO_ORDER if column.kind == "category" else _ONE_VALUE))
                continue
            known = np.flatnonzero(~np.isnan(seen))
            bins, change = local_effects(case.predict, take(inputs, known), column, seen[known], edges)
            items.append(
                _accumulated_effect(case, place, rows, seen, edges, bins, change[:, list(case.told)], self.seed)
            )
        return _found("accumulated_local_effects", case, rows, self.seed, items, left)

    def most_calls(self, columns: int, rows: int) -> int:
        """Each row at both ends of its bin of each feature."""
        return 2 * min(columns, self.features) * min(rows, self.rows)


def quantiles(values: Array, bins: int) -> Array:
    """Ends of at most so many bins of about as many of the known `values` (rows,) each, which are values themselves."""
    known = values[~np.isnan(values)]
    if not len(known):
        return known
    return np.unique(np.quantile(known, np.linspace(0, 1, bins + 1), method="inverted_cdf"))


def local_effects(predict: Predict, inputs: Arrays, column: Column, values: Array, edges: Array) -> tuple[Array, Array]:
    """The bin of each row, (rows,), by its `values` (rows,), and by how much what is said of it changes from the lower
    to the upper end of it, (rows, outputs). A bin holds its upper end, the first one both."""
    bins = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    upper, lower = (predict(replaced(inputs, column, edges[bins + end])) for end in (1, 0))
    return bins, upper - lower


def accumulated(weights: Array, bins: Array, change: Array, count: int) -> Array:
    """(draws, count + 1, outputs): the mean `change` (rows, outputs) in each of `count` bins, added up, less the mean
    of the curve over the rows, where a row lies in the middle of its bin. `weights`: (draws, rows) how often each row
    counts; a bin of which no row was drawn keeps the mean of all its rows."""
    own = np.eye(count)[bins]  # (rows, bins)
    inside = weights @ own
    sums = np.stack([weights @ (own * change[:, [k]]) for k in range(change.shape[1])], axis=-1)
    whole = np.stack([own.T @ change[:, k] for k in range(change.shape[1])], axis=-1) / own.sum(axis=0)[:, np.newaxis]
    means = np.where(inside[..., np.newaxis] > 0, sums / np.maximum(inside, 1)[..., np.newaxis], whole)
    curve = np.concatenate([np.zeros_like(means[:, :1]), means.cumsum(axis=1)], axis=1)
    middle = (curve[:, :-1] + curve[:, 1:]) / 2
    centre = (inside[..., np.newaxis] * middle).sum(axis=1) / inside.sum(axis=1)[:, np.newaxis]
    return curve - centre[:, np.newaxis]


def _accumulated_effect(
    case: Case, place: int, rows: Array, seen: Array, edges: Array, bins: Array, change: Array, seed: int
) -> Effect:
    count = len(edges) - 1
    mean = accumulated(np.ones((1, len(bins))), bins, change, count)[0]
    low, high = resampled(len(bins), seed, lambda weights: accumulated(weights, bins, change, count))
    return Effect(
        feature=case.columns[place].title, points=edges, mean=mean, low=low, high=high,
        counts=np.bincount(bins, minlength=count), seen=seen, together=case.together(place, rows, STRONG),
    )  # fmt: skip


def _found(
    kind: Literal["partial_dependence", "accumulated_local_effects"],
    case: Case,
    rows: Array,
    seed: int,
    items: list[Effect],
    left: list[tuple[str, Message]],
) -> Effects:
    return Effects(
        kind=kind,
        asked=case.asked(rows, len(case.codes), seed),
        outputs=tuple(case.outputs[k] for k in case.told),
        outside=len(case.outputs) - len(case.told),
        unit=case.unit,
        items=tuple(items),
        left=tuple(left),
        total=len(case.columns),
    )
