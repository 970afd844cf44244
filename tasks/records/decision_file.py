"""`decisions.json` as records: what the pages about single decisions say, for programs."""

from typing import Literal

from pydantic import ConfigDict, Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.verdict import Verdict


class DecidedOutcome(Record):
    """What is decided."""

    name: str = Field(description="name of the class or of the side of the threshold; empty where a value decides none")
    probability: float | None = Field(description="of that class, from 0 to 1; null of a regression")
    value: float | None = Field(description="the predicted value; null of a classification")


class DecidedReason(Record):
    """A feature that counted, as its page prints it."""

    text: str = Field(description="the feature and what it is in this sample")
    where: str = Field(description="where that lies among the training rows; empty where it lies nowhere")
    counted: str = Field(description="whether it counted for the outcome or against it")
    share: str = Field(description="its share of all that counted")


class DecidedSearch(Record):
    """How another outcome was looked for."""

    refused: str = Field(description="why nothing was asked; empty where it was")
    columns: tuple[str, ...] = Field(description="titles of the columns that may be changed")
    calls: int = Field(ge=0, description="changed rows that the model was asked about")
    most: int = Field(ge=0, description="how many were allowed")
    ended: bool = Field(description="whether the search came to its own end")


class DecidedChange(Record):
    """A column that would have to be another."""

    column: str = Field(description="its title")
    before: str | float | None = Field(description="a word or a number as it is printed; null where the cell is empty")
    after: str | float | None = Field(description="the same, as it would have to be")


class DecidedAlternative(Record):
    """Changes with which the model decides otherwise."""

    changes: tuple[DecidedChange, ...] = Field(description="all of them at once")
    distance: float = Field(ge=0, description="how far they go together, as the definitions say")
    outcome: DecidedOutcome = Field(description="what the model gives then")


class DecidedCheck(Record):
    """A check of the explanation by the main method."""

    question: str = Field(description="what it asks")
    verdict: Verdict = Field(description="what was found")


class DecidedSample(Record):
    """One person or item."""

    sample: str = Field(description="what it is called in the data")
    outcome: DecidedOutcome = Field(description="what is decided")
    threshold: float | None = Field(description="from which on the upper outcome is given; null: the likeliest class")
    model: dict[str, str] = Field(description="what the page says of the model, by the name of each fact")
    cautions: tuple[str, ...] = Field(description="what speaks against the reasons")
    instead_of_reasons: tuple[str, ...] = Field(description="what is said in their place; empty where there are any")
    ordered: bool = Field(description="whether the reasons stand in an order that may be relied on")
    reasons: tuple[DecidedReason, ...] = Field(description="those that are printed")
    rest: str = Field(description="what the others counted together, in a sentence")
    search: DecidedSearch = Field(description="how another outcome was looked for")
    alternatives: tuple[DecidedAlternative, ...] = Field(description="what was found, the nearest first")
    checks: tuple[DecidedCheck, ...] = Field(description="what bears on the reasons")


class DecisionFile(Record):
    """What the pages about single decisions say: `decisions.json` of a run with `document.kind=decision`, attached to
    its PDF. Sentences are English in every report."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: Literal["exhibit-decisions/1"] = Field(
        "exhibit-decisions/1", alias="schema", description="which format this is"
    )
    decisions: tuple[DecidedSample, ...] = Field(description="in the order of their pages")
