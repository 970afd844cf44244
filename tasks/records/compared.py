"""What the comparison of points is made of: facts that figures, tables and sentences are drawn from."""

from typing import Literal

from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.data import Rows
from exhibit.tasks.records.model import Metric

Basis = Literal["importances", "samples"]


class ComparedPoint(Record):
    """A point. `number` counts from 1; `settings`: what differs from the others, by short name; `gradients` and
    `evaluations` of the model behind all its explanations, None where they are not known."""

    number: int
    slug: str
    settings: dict[str, str]
    metrics: tuple[Metric, ...]
    measured_rows: Rows
    explanations: int
    gradients: int | None
    evaluations: int | None
    at_most: bool
    label: str = Field("", exclude_if=lambda label: not label)  # which of several it is about


class Result(Record):
    """One method at one point. `code`: what it is called where names are too long; `settings`: what differs from the
    other results among all that it depends on."""

    point: int
    code: str
    name: str
    slug: str
    method: str
    aggregate: str
    settings: dict[str, str]


class Level(Record):
    """A setting, and one or several of its values."""

    name: str
    values: tuple[str, ...]


class Where(Record):
    """What sets some of the results apart: they are "exactly" those with all of the `levels`, some "within" those, or
    "mostly" there. `inside`: how many of them are among the `total` results with these levels."""

    how: Literal["exactly", "within", "mostly"]
    levels: tuple[Level, ...]
    inside: int
    total: int


class Group(Record):
    """Results that order the features alike. `shared`: the settings that only they have in common."""

    letter: str
    members: tuple[int, ...]
    shared: tuple[Level, ...]


class Factor(Record):
    """A setting that differs. The pairs of results that differ in it alone: their number, mean and lowest rank
    correlation, mean overlap and share of equal signs; `same_first`: in how many the same features come first."""

    name: str
    further: int
    values: tuple[str, ...]
    pairs: int
    mean: float | None = None
    lowest: float | None = None
    overlap: float | None = None
    signs: float | None = None
    same_first: int = 0


class Place(Record):
    """A feature and the first places: it holds one in `inside` results; `lost`: what sets those apart where it does
    not, None where nothing does. `positive` of `signed` results have a positive mean."""

    feature: str
    inside: int
    lost: Where | None
    positive: int
    signed: int


class Comparison(Record):
    """All points on the same data beside each other.

    `basis`: what is compared: importances of features, or the attributions of the shown samples, where pixels of
    different pictures have no importance of their own. `ranks`: (results, features). `spearman`, `overlap`, `signs`:
    (results, results), NaN where a pair cannot be compared. `between`: (groups, groups) mean rank correlation. `same`:
    results that are the same computation as another one and are left out; `other`: names of results with other
    features. `top`: how many places are the first.
    """

    slug: str
    data: str
    points: tuple[ComparedPoint, ...]
    results: tuple[Result, ...]
    basis: Basis
    features: tuple[str, ...]
    ranks: Array
    top: int
    spearman: Array
    overlap: Array
    signs: Array
    groups: tuple[Group, ...]
    between: Array
    factors: tuple[Factor, ...]
    places: tuple[Place, ...]
    same: int
    other: tuple[str, ...]
    aggregates: tuple[str, ...]
    shown: int

    @property
    def noun(self) -> str:
        """What is compared: points, or results where points have several methods."""
        return "point" if len(self.results) == len(self.points) else "result"
