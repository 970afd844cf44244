"""`changes.json` as records: the differences from an earlier report, for programs."""

from typing import Literal

from pydantic import ConfigDict, Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.evidence import Sha256


class EarlierReport(Record):
    """The report that another one is compared with."""

    issued: str = Field(description="its date, ISO 8601 in UTC")
    pdf: Sha256 = Field(description="of its PDF")
    evidence: Sha256 = Field(description="of its evidence.json")


class MetricChange(Record):
    """The quality of a model in both reports."""

    point: str = Field(description="slug of the point")
    metric: str = Field(description="its name")
    before: float = Field(description="value in the earlier report")
    after: float = Field(description="value in this one")
    beyond: bool = Field(description="whether the 95% intervals do not overlap; false where there are none")


class ImportanceChange(Record):
    """An importance that changed by more than its errors explain, or a feature that changed places so."""

    point: str = Field(description="slug of the point")
    method: str = Field(description="label of the method")
    target: str = Field(description="which output is explained")
    input: str = Field(description="name of the input")
    feature: str = Field(description="name of the feature")
    before: float = Field(description="mean |a| in the earlier report")
    after: float = Field(description="mean |a| in this one")
    errors: float | None = Field(description="their difference in its standard errors; null where there is no error")
    beyond: bool = Field(description="whether the importance changed by more than its errors explain")
    rank_before: int = Field(ge=1, description="place in the earlier report")
    rank_after: int = Field(ge=1, description="place in this one")
    moved: bool = Field(description="whether the places that the errors leave open have none in common")


class VerdictChange(Record):
    """A check that passed in one report and failed in the other."""

    point: str = Field(description="slug of the point")
    method: str = Field(description="label of the method")
    check: str = Field(description="name of the check")
    before: str = Field(description="verdict in the earlier report")
    after: str = Field(description="verdict in this one")


class Changes(Record):
    """What has changed since an earlier report, counted; `changes.json` of a run that was asked to compare."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["exhibit-changes/1"] = Field(
        "exhibit-changes/1", alias="schema", description="which format this is"
    )
    compared_with: EarlierReport | None = Field(None, description="the earlier report; null: there was none")
    alert: bool = Field(False, description="whether anything changed by more than its errors explain, or a verdict")
    data: int = Field(0, ge=0, description="points whose data changed")
    models: int = Field(0, ge=0, description="points whose weights changed")
    settings: int = Field(0, ge=0, description="points whose config changed")
    metrics: int = Field(0, ge=0, description="metrics whose 95% intervals do not overlap")
    importances: int = Field(0, ge=0, description="importances that changed by more than their errors explain")
    ranks: int = Field(0, ge=0, description="features that changed places by more than the errors leave open")
    verdicts: int = Field(0, ge=0, description="verdicts that flipped")
    compared: int = Field(0, ge=0, description="importances that were compared")
    limit: float = Field(
        0.0,
        ge=0,
        description="standard errors above which a difference counts over many samples; over few it takes more",
    )
    metric_changes: tuple[MetricChange, ...] = Field((), description="every metric that is in both reports")
    importance_changes: tuple[ImportanceChange, ...] = Field((), description="those that count, the largest first")
    verdict_changes: tuple[VerdictChange, ...] = Field((), description="those that flipped")
