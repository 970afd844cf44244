"""The configuration of the document itself."""

from collections.abc import Collection
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from exhibit.tasks.catalogues import languages
from exhibit.tasks.document.words import listing
from exhibit.tasks.records.base import Spec
from exhibit.tasks.records.card import Card, Line, Text
from exhibit.tasks.records.decision import DecisionSpec
from exhibit.tasks.records.language import ENGLISH
from exhibit.tasks.records.page import MissingGlyphs, Paper
from exhibit.tasks.records.profile import Profile


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


def _short(text: str) -> str:
    return repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}...")


def _line(card: Card | None, field: str) -> str | None:
    """A field of a card where it is short enough for page one."""
    said = "" if card is None else "; ".join(map(str, card.given(field)))
    return said if 0 < len(said) <= _ON_PAGE_ONE and "\n" not in said else None


_QUOTED = 40  # letters of a text in an error
_ON_PAGE_ONE = 140  # letters of a field of the card that page one repeats
_OF_CARD = {"purpose": "intended_use", "owner": "owner", "version": "version"}  # settings, and the same of a card
DATE_OF_DATA = "date of the data"  # as a reader calls it
_YEARS = (1979, 3000)
MANY = 6  # points that have chapters of their own without being asked for


Role = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
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
    title: Line | None = Field(None, description="title of the report; null: named after its chapters")
    language: str = Field(
        ENGLISH,
        description="of the pages, a folder of templates/locale: en, ja or zh-Hans; what programs read stays English",
    )
    issued: Issued | None = Field(
        None, description="date of the document, UTC where no zone is given; null: today at midnight UTC"
    )
    purpose: Text | None = Field(None, description="what the model is for, on page one; null: not said")
    owner: Text | None = Field(None, description="who answers for the model, on page one; null: not said")
    version: Text | None = Field(None, description="of the model, on page one; null: not said")
    model_date: Text | None = Field(None, description="of what day or time the model is, on page one; null: not said")
    data_date: Text | None = Field(None, description="of what day or time the data are, on page one; null: not said")
    card: Card | None = Field(
        None,
        description="what is stated of the model, as a section after the front pages: an option of conf/card, a YAML "
        "file of one's own such as cards/credit.yaml, or its fields; none or null: no such section",
    )
    profile: Profile | None = Field(
        None,
        description="where the report answers the clauses of a law, a guidance or a policy, as a table at the end: an "
        "option of conf/profile, a YAML file of one's own, or its fields; none or null: no such table",
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

    signoff: tuple[Role, ...] = Field(
        (),
        description="roles that sign the PDF, such as validator and owner: a page at its end has a box for each, which "
        "exhibit sign fills; small letters, digits and _; none: no such page",
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

    @field_validator("language", mode="before")
    @classmethod
    def _has_a_catalogue(cls, language: object) -> object:
        if language not in languages():
            raise ValueError(f"{_short(str(language))} has no catalogue of words; allowed: {', '.join(languages())}")
        return language

    @field_validator("card")
    @classmethod
    def _agrees(cls, card: Card | None, info: ValidationInfo) -> Card | None:
        """What is said twice is said alike."""
        for setting, field in _OF_CARD.items():
            said, given = info.data.get(setting), () if card is None else card.given(field)
            if said is not None and given and given != (said,):
                raise ValueError(
                    f"document.{setting} is {_short(said)}, and its field {field} is "
                    f"{_short('; '.join(map(str, given)))}; make them the same, or leave one of them out"
                )
        return card

    @field_validator("signoff")
    @classmethod
    def _once(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        if twice := [role for role in dict.fromkeys(roles) if roles.count(role) > 1]:
            raise ValueError(f"{twice[0]} stands in it twice; a role signs once")
        return roles

    @property
    def model_card(self) -> Card | None:
        """The card, where it is empty with what the other settings of the document say."""
        if self.card is None:
            return None
        purpose = None if self.purpose is None else (self.purpose,)
        said = {"intended_use": purpose, "owner": self.owner, "version": self.version}
        return self.card.model_copy(
            update={field: text for field, text in said.items() if text is not None and not self.card.given(field)}
        )

    @model_validator(mode="after")
    def _decisions_alone(self) -> Self:
        if self.kind == "decision" and self.compare_to is not None:
            raise ValueError("compare_to: pages about single decisions say nothing of changes; leave it out")
        if self.kind == "decision" and self.profile is not None:
            raise ValueError(
                "profile: pages about single decisions have none of the sections that clauses ask for; leave it out"
            )
        return self

    def own_chapters(self, points: int, compared: Collection[int]) -> list[int]:
        """Which of so many points have a chapter of their own; `compared`: those that are compared with others."""
        whole = self.chapters == "all" or (self.chapters == "auto" and points <= MANY)
        return [point for point in range(points) if whole or point not in compared]

    def stated(self, own: bool) -> dict[str, str]:
        """What the user says of model and data, by what it is; and what is not said, where these are the user's `own`
        or something is."""
        card = self.model_card
        of_card = {
            "purpose": self.purpose or _line(card, "intended_use"),
            "owner": self.owner or _line(card, "owner"),
            "version of the model": self.version or _line(card, "version"),
        }
        dates = {"date of the model": self.model_date, DATE_OF_DATA: self.data_date}
        said = {name: text for name, text in (of_card | dates).items() if text is not None}
        # What a card lacks is counted beside it.
        missing = [name for name in (of_card | dates if card is None else dates) if name not in said]
        missing += ["a model card"] if card is None and own else []
        return said | ({"not stated": listing(missing)} if missing and (own or said) else {})

    @cached_property
    def issued_at(self) -> str:
        """`issued` in ISO 8601, or the last midnight: reports of one day are the same bytes. Asked twice, it is
        the same."""
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return (self.issued or midnight).strftime("%Y-%m-%dT%H:%M:%SZ")
