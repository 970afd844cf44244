"""What is said of a report beside an earlier one: facts of both, and what has changed."""

from typing import Any

from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.change_summary import Changes, EarlierReport
from exhibit.tasks.records.verdict import Verdict


class PointFacts(Record):
    """A point of a report: its settings, and its data and weights by their digests. `asked`: what the data were asked
    for, with digests of their files in the place of where they lay; empty where that is not known."""

    slug: str
    title: str
    settings: dict[str, str]
    data: str
    samples: int
    excluded: int
    weights: str
    asked: dict[str, Any] = Field(default_factory=dict)


class ImportanceFacts(Record):
    """Importances of one input by one method: (features,) mean |a|, its standard error over samples, and how many these
    are."""

    point: str
    method: str
    target: str
    input: str
    aggregate: str
    features: tuple[str, ...]
    values: Array
    errors: Array
    counts: Array

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is compared by."""
        return self.point, self.method, self.target, self.input


class VerdictFacts(Record):
    """What a check said of a method."""

    point: str
    method: str
    check: str
    verdict: Verdict
    value: float | None


class MetricFacts(Record):
    """A measured quality of the model of a point, with a 95% interval where one is known."""

    point: str
    name: str
    split: str
    value: float
    interval: tuple[float, float] | None


class Facts(Record):
    """Of one report; `metrics` is None where it does not state them."""

    points: tuple[PointFacts, ...]
    importances: tuple[ImportanceFacts, ...]
    verdicts: tuple[VerdictFacts, ...]
    metrics: tuple[MetricFacts, ...] | None


class Pair(Record):
    """Importances before and after. `apart`: differences in standard errors of the difference; `beyond`: which of them
    count; ranks with the best and the worst that the errors leave open, (features, 3) each."""

    before: ImportanceFacts
    after: ImportanceFacts
    apart: Array
    beyond: Array
    ranks_before: Array
    ranks_after: Array
    moved: Array


class PointPair(Record):
    """A point that is in both reports."""

    before: PointFacts
    after: PointFacts

    @property
    def settings(self) -> list[str]:
        """Keys of the config with another value; a key that only one version of the program knows is none."""
        old, new = self.before.settings, self.after.settings
        return [key for key in new if key in old and old[key] != new[key]]


class Changed(Record):
    """What the chapter shows. `summary` is what is filed for machines; `gone` and `new`: points that only one of the
    reports has; `incomparable`: results with other features or another aggregation."""

    summary: Changes
    points: tuple[PointPair, ...] = ()
    pairs: tuple[Pair, ...] = ()
    gone: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    incomparable: tuple[str, ...] = ()
    metrics_known: bool = True


class Earlier(Record):
    """An earlier report as the store keeps it: its points, and the files that are attached to its PDF."""

    report: EarlierReport
    points: tuple[PointFacts, ...]
    importances: bytes
    checks: bytes
    metrics: bytes | None
