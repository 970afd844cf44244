"""The configuration of the document itself."""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from exhibit.tasks.document.words import listing
from exhibit.tasks.records.base import Spec
from exhibit.tasks.records.decision import DecisionSpec
from exhibit.tasks.records.page import MissingGlyphs, Paper


def _written(value: object) -> object:
    """Numbers are no times: 2026 alone would be read as seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError(f"{value!r} is not a date and time; write for example 2026-01-01T00:00:00Z")
    return value


def _utc(value: datetime) -> datetime:
    """What files, archives and PDFs can all write: their years begin with 1980, and end where clocks still agree."""
    if not _YEARS[0] < value.year < _YEARS[1]:
        raise ValueError(f"the year {value.year} was given; it must lie between {_YEARS[0]} and {_YEARS[1]}")
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


_YEARS = (1979, 3000)
MANY = 6  # points that have chapters of their own without being asked for


Issued = Annotated[datetime, BeforeValidator(_written), AfterValidator(_utc)]


class DocumentSpec(Spec):
    """What is printed on the document beside its content."""

    kind: Literal["report", "decision"] = Field(
        "report",
        description="report: all that was found; decision: a page for each person or item that selection.ids, or "
        "another key of the selection, names",
    )
    decision: DecisionSpec = Field(
        DecisionSpec(), description="of kind decision: what decides, and what would change it"
    )
    title: str | None = Field(None, min_length=1, description="title of the report; null: named after its chapters")
    issued: Issued | None = Field(
        None, description="date of the document, UTC where no zone is given; null: today at midnight UTC"
    )
    purpose: str | None = Field(None, min_length=1, description="what the model is for, on page one; null: not said")
    owner: str | None = Field(None, min_length=1, description="who answers for the model, on page one; null: not said")
    version: str | None = Field(None, min_length=1, description="of the model, on page one; null: not said")
    model_date: str | None = Field(
        None, min_length=1, description="of what day or time the model is, on page one; null: not said"
    )
    data_date: str | None = Field(
        None, min_length=1, description="of what day or time the data are, on page one; null: not said"
    )
    paper: Paper = Field("A4", description="of the PDF: A4 or letter")
    missing_glyphs: MissingGlyphs = Field(
        "mark",
        description="of characters that no font has: mark prints their code points in their place and says so; refuse "
        "ends with exit code 2, for names of the data before anything is trained",
    )
    embed: tuple[Literal["data", "weights"], ...] = Field(
        (),
        description="attached to the PDF, so that it can be derived again without the files that they come from; "
        "weights are also left in the run, as fitted/CHAPTER/weights.npz",
    )

    chapters: Literal["auto", "all", "none"] = Field(
        "auto",
        description="which points have chapters of their own beside the comparison: all, none, or auto: up to six; a "
        "point that is compared with nothing always has one",
    )
    compare_to: Literal["latest"] | Path | None = Field(
        None,
        description="an earlier report, a run or its PDF: a chapter says what has changed since; latest: the newest "
        "intact run in paths.runs with the same points",
    )

    @model_validator(mode="after")
    def _decisions_are_no_changes(self) -> Self:
        if self.kind == "decision" and self.compare_to is not None:
            raise ValueError("compare_to: pages about single decisions say nothing of changes; leave it out")
        return self

    def own_chapters(self, points: int, compared: Collection[int]) -> list[int]:
        """Which of so many points have a chapter of their own; `compared`: those that are compared with others."""
        whole = self.chapters == "all" or (self.chapters == "auto" and points <= MANY)
        return [point for point in range(points) if whole or point not in compared]

    def stated(self, own: bool) -> dict[str, str]:
        """What the user says of model and data, by what it is; and what is not said, where these are the user's `own`
        or something is."""
        facts = {
            "purpose": self.purpose,
            "owner": self.owner,
            "version of the model": self.version,
            "date of the model": self.model_date,
            "date of the data": self.data_date,
        }
        said = {name: text for name, text in facts.items() if text is not None}
        missing = [name for name in facts if name not in said]
        return said | ({"not stated": listing(missing)} if missing and (own or said) else {})

    @cached_property
    def issued_at(self) -> str:
        """`issued` in ISO 8601, or the last midnight: reports of one day are the same bytes. Asked twice, it is
        the same."""
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (self.issued or midnight).strftime("%Y-%m-%dT%H:%M:%SZ")
