"""What is asked about the behaviour of a model, and what it takes to answer. No particular question belongs here."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, Arrays, Choice
from exhibit.tasks.records.behaviour import Asked, Behaviour, Together
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.decision import Column

Need = Literal["labels", "attributions"]  # what must be known of the rows


class Attributed(NamedTuple):
    """What the main method gives the columns over all explained rows: `values` and `codes` (rows, columns), `targets`
    (rows,) the output that each is explained for, and their `splits` (rows,)."""

    method: str
    values: Array
    codes: Array
    targets: Array
    splits: Array


class TreePairs(NamedTuple):
    """What SHAP reads off trees: `values` (rows, columns, columns, outputs), whose halves of a pair stand on both sides
    of the diagonal, and the `expected` value (outputs,) behind them."""

    values: Array
    expected: Array


@dataclass(frozen=True)
class Case:
    """A model and the rows that it may be asked about.

    `data`: these rows; `columns`: their columns, the most important first, as codes in `codes` (rows, columns), NaN
    where a cell is empty. `predict`: inputs -> (rows, outputs), probabilities of the classes or the value in the
    `unit`; `told`: which of the `outputs` are told about. `calls`: rows that went through the model so far.
    `background`: (count, seed) -> so many training rows; `attributions`: of the explained rows; `trees`: inputs ->
    what SHAP reads off the trees of the model, None where it has none that add up to what it predicts.
    """

    data: Dataset
    columns: tuple[Column, ...]
    codes: Array
    predict: Callable[[Arrays], Array]
    outputs: tuple[str, ...]
    told: tuple[int, ...]
    unit: str
    calls: Callable[[], int]
    background: Callable[[int, int], Arrays]
    attributions: Callable[[], Attributed]
    trees: Callable[[Arrays], TreePairs | None]

    def drawn(self, most: int, seed: int, among: Array | None = None) -> Array:
        """At most so many of the rows, or of those `among` them, in their order."""
        rows = np.arange(len(self.codes)) if among is None else among
        if len(rows) <= most:
            return rows
        return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))

    def asked(self, rows: Array, of: int, seed: int) -> Asked:
        splits = tuple(dict.fromkeys(self.data.split[rows].tolist()))
        return Asked(rows=len(rows), of=of, splits=splits, seed=seed, calls=self.calls())

    def together(self, place: int, rows: Array, strong: float) -> tuple[Together, ...]:
        """The other columns of numbers whose correlation with this one over the rows where both are known is at least
        so strong, the strongest first."""
        if self.columns[place].kind != "number":
            return ()
        found = []
        for other, column in enumerate(self.columns):
            if other != place and column.kind == "number":
                r = correlation(self.codes[rows, place], self.codes[rows, other])
                found += [Together(feature=column.title, r=r)] if abs(r) >= strong else []
        return tuple(sorted(found, key=lambda one: -abs(one.r)))


def correlation(one: Array, other: Array) -> float:
    """Pearson's, over the rows where both are known; 0 where one of them does not vary."""
    known = ~np.isnan(one) & ~np.isnan(other)
    if known.sum() < 3 or not np.ptp(one[known]) or not np.ptp(other[known]):
        return 0.0
    return float(np.corrcoef(one[known], other[known])[0, 1])


class Question(Choice):
    """Something to find out about the behaviour of a model, on rows with named columns."""

    needs: ClassVar[frozenset[Need]] = frozenset()

    kind: str
    features: int = Field(
        6, ge=1, le=1_000, description="features that are asked about: the most important ones by the main method"
    )
    rows: int = Field(
        100, ge=1, le=10_000, description="rows that are asked about, at most; drawn at random where there are more"
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of all that is drawn at random")

    @abstractmethod
    def answer(self, case: Case) -> Behaviour:
        """What is found."""

    @abstractmethod
    def most_calls(self, columns: int, rows: int) -> int:
        """How many rows go through the model, at most, where there are so many columns and rows."""


def replaced(inputs: Arrays, column: Column, codes: Array) -> dict[str, Array]:
    """The inputs with a column set to `codes` (rows,) or (1,): the number, or the category of that number."""
    values = inputs[column.input].copy()
    if len(column.places) == 1:
        values[:, column.places[0]] = codes
    else:
        values[:, list(column.places)] = codes[:, np.newaxis] == np.arange(len(column.places))
    return {**inputs, column.input: values}


def exchanged(inputs: Arrays, column: Column, order: Array) -> dict[str, Array]:
    """The inputs with a column taken from the rows in another `order` (rows,), empty cells among them."""
    values, places = inputs[column.input].copy(), list(column.places)
    values[:, places] = values[order][:, places]
    return {**inputs, column.input: values}
