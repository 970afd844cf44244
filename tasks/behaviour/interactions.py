"""What two features do only together: the Shapley interaction of every pair."""

from collections.abc import Callable
from itertools import combinations
from math import factorial
from typing import Any, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.behaviour.case import Case, Question
from exhibit.tasks.behaviour.intervals import LEAST
from exhibit.tasks.protocols import take
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.behaviour import Interactions
from exhibit.tasks.records.decision import Column

MOST = 10  # features of which all coalitions are asked about: 1,024 of them


class InteractionsSpec(Question):
    """The Shapley interaction of every pair of features: what two of them do only together. Of trees whose sum is what
    the model predicts SHAP reads it off them, along their paths. Of any other model it is exact, as all coalitions of
    all features are asked about, hidden ones being taken from rows of the training data; so there may be ten features
    at most.

    M. Grabisch and M. Roubens (1999), An axiomatic approach to the concept of interaction among players; S. Lundberg
    and others (2020), From local explanations to global understanding with explainable AI for trees.
    """

    kind: Literal["interactions"] = "interactions"
    features: int = Field(
        MOST, ge=2, le=MOST, description="features that a table may have at most: all of them are asked about"
    )
    rows: int = Field(
        30, ge=1, le=10_000, description="rows that are asked about, at most; drawn at random where there are more"
    )
    background: int = Field(10, ge=1, le=1_000, description="training rows that hidden features are taken from")

    def answer(self, case: Case) -> Interactions:
        """Of all pairs; without trees a table of more features has none."""
        titles = tuple(column.title for column in case.columns)
        told = tuple(case.outputs[k] for k in case.told)
        common = {"features": titles, "outputs": told, "unit": case.unit, "most": self.features}
        rows, count = case.drawn(self.rows, self.seed), len(case.codes)
        inputs = take(case.data.arrays, rows)
        if len(titles) > 1 and (found := case.trees(inputs)) is not None:
            halves = found.values[..., list(case.told)]
            change = (case.predict(inputs) - found.expected)[:, list(case.told)]
            return _told(halves, change, asked=case.asked(rows, count, self.seed), by="trees", **common)
        if not 2 <= len(titles) <= self.features:
            nothing = np.zeros((0, 0, 0))
            asked = case.asked(rows[:0], count, self.seed)
            return Interactions(
                asked=asked, by=None, mean=nothing, error=nothing, signed=nothing, alone=nothing, **common
            )
        background = case.background(self.background, self.seed)
        worth = coalitions(case.predict, inputs, background, case.columns)[..., list(case.told)]
        asked = case.asked(rows, count, self.seed)
        against = len(next(iter(background.values())))
        return _told(halved(worth), worth[-1] - worth[0], asked=asked, by="coalitions", background=against, **common)

    def most_calls(self, columns: int, rows: int) -> int:
        """Each coalition in each row, against each row of the background, and each row once to look for trees; of
        trees each row twice."""
        return (1 + max(1, 2**columns * self.background if columns <= self.features else 0)) * min(rows, self.rows)


Predict = Callable[[Arrays], Array]  # inputs -> (rows, outputs)


def halved(worth: Array) -> Array:
    """(rows, columns, columns, outputs): half of the interaction of each pair on both sides of the diagonal, and on it
    what is left of the Shapley value of a column."""
    halves = interactions(worth) / 2
    places = np.arange(halves.shape[1])
    halves[:, places, places] = shapley_values(worth) - halves.sum(axis=2)
    return halves


def _told(halves: Array, change: Array, **said: Any) -> Interactions:
    """`halves` (rows, columns, columns, outputs) that divide the `change` (rows, outputs)."""
    places = np.arange(halves.shape[1])
    alone = np.abs(halves[:, places, places]).mean(axis=0)
    pairs = 2 * halves
    pairs[:, places, places] = 0
    sizes = np.abs(pairs)
    stated = len(sizes) >= LEAST
    error = sizes.std(axis=0, ddof=1) / np.sqrt(len(sizes)) if stated else np.full(sizes.shape[1:], np.nan)
    return Interactions(
        mean=np.moveaxis(sizes.mean(axis=0), -1, 0),
        error=np.moveaxis(error, -1, 0),
        signed=np.moveaxis(pairs.mean(axis=0), -1, 0),
        alone=alone.T,
        residual=float(np.abs(halves.sum(axis=(1, 2)) - change).max()),
        **said,
    )


def coalitions(predict: Predict, inputs: Arrays, background: Arrays, columns: tuple[Column, ...]) -> Array:
    """(2^columns, rows, outputs): what is predicted on average over the background where only the columns of a
    coalition are those of the row. Column k is in the coalitions whose number has bit k."""
    count, against = (len(next(iter(arrays.values()))) for arrays in (inputs, background))
    own, other = np.repeat(np.arange(count), against), np.tile(np.arange(against), count)
    shown, hidden = take(inputs, own), take(background, other)
    found = []
    for mask in range(2 ** len(columns)):
        mixed = {name: values.copy() for name, values in shown.items()}
        for k, column in enumerate(columns):
            if not mask >> k & 1:
                places = list(column.places)
                mixed[column.input][:, places] = hidden[column.input][:, places]
        found.append(predict(mixed).reshape(count, against, -1).mean(axis=1))
    return np.stack(found)


def interactions(worth: Array) -> Array:
    """(rows, columns, columns, outputs) Shapley interaction indices of pairs, zero on the diagonal, of the `worth`
    (2^columns, rows, outputs) of all coalitions: the mean over the coalitions T without i and j, each size counting
    alike, of v(T ∪ ij) − v(T ∪ i) − v(T ∪ j) + v(T)."""
    n = len(worth).bit_length() - 1
    found = np.zeros((worth.shape[1], n, n, worth.shape[2]))
    masks = np.arange(2**n)
    sizes = np.array([int(mask).bit_count() for mask in masks])
    for i, j in combinations(range(n), 2):
        without = masks[(masks >> i & 1 == 0) & (masks >> j & 1 == 0)]
        weights = np.array([factorial(s) * factorial(n - s - 2) / factorial(n - 1) for s in sizes[without]])
        both = worth[without | 1 << i | 1 << j] - worth[without | 1 << i] - worth[without | 1 << j] + worth[without]
        found[:, i, j] = found[:, j, i] = np.tensordot(weights, both, axes=1)
    return found


def shapley_values(worth: Array) -> Array:
    """(rows, columns, outputs) Shapley values of the same game."""
    n = len(worth).bit_length() - 1
    masks = np.arange(2**n)
    sizes = np.array([int(mask).bit_count() for mask in masks])
    found = []
    for i in range(n):
        without = masks[masks >> i & 1 == 0]
        weights = np.array([factorial(s) * factorial(n - s - 1) / factorial(n) for s in sizes[without]])
        found.append(np.tensordot(weights, worth[without | 1 << i] - worth[without], axes=1))
    return np.stack(found, axis=1)
