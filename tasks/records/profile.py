"""A profile: the clauses of a text that reports are held against, and what of a report speaks to each."""

import difflib
from typing import Annotated, Any, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from exhibit.tasks.records.base import Record, Spec
from exhibit.tasks.records.card import Card, Text
from exhibit.tasks.records.figure import Content
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.page import DocumentPlace, SectionId

_NOTHING = "none"
_MOST_CLAUSES, _MOST_ANSWERS = 300, 30


class Numbers(Record):
    """What a report counts and measures of one model, in words; None where it does not."""

    samples: str | None = Field(None, title=mark("Rows of the data"), description="how many rows the data has")
    explained: str | None = Field(None, title=mark("Rows explained"), description="how many of them are explained")
    excluded: str | None = Field(None, title=mark("Rows left out"), description="how many could not be used")
    features: str | None = Field(
        None, title=mark("Features"), description="how many columns the model reads, of a table"
    )
    parameters: str | None = Field(
        None, title=mark("Parameters"), description="how many numbers the model was trained in"
    )
    performance: str | None = Field(
        None, title=mark("Quality"), description="its metrics with intervals, on which rows, and those of a naive guess"
    )
    verdicts: str | None = Field(
        None, title=mark("Verdicts of the checks, of each method"), description="how many had which"
    )


def _kinds_of_figures() -> tuple[str, ...]:
    union, *_ = get_args(Content)  # what the annotation is about
    return tuple(str(kind.model_fields["kind"].default) for kind in get_args(union))


# What a clause may refer to, by what stands before the dot; all of it is what the code has.
REFERENCES: dict[str, tuple[str, ...]] = {
    "card": tuple(Card.model_fields),
    "section": (*get_args(DocumentPlace), *get_args(SectionId)),
    "figure": _kinds_of_figures(),
    "number": tuple(Numbers.model_fields),
}


def _listed(given: Any) -> Any:
    """`none`, null and an empty list are one thing: the report does not provide it."""
    if given is None or given in (_NOTHING, [_NOTHING]):
        return ()
    return (given,) if isinstance(given, str) else given


class Clause(Spec):
    """One clause: what it is called in its source, in a few words of one's own, and what of a report answers it."""

    id: Text = Field(description="number or letter of the clause in its source; each once")
    title: Text = Field(description="what it asks for, in short")
    answers: Annotated[tuple[Text, ...], Field(max_length=_MOST_ANSWERS), BeforeValidator(_listed)] = Field(
        (),
        description="what of a report speaks to it: card.FIELD, section.ID, figure.KIND, number.NAME; none: no report "
        "provides it",
    )

    @model_validator(mode="after")
    def _lead_somewhere(self) -> Self:
        for reference in self.answers:
            what, _, name = reference.partition(".")
            if name not in REFERENCES.get(what, ()):
                raise ValueError(f"clause {self.id!r}: {reference!r} points nowhere; {_valid(what, reference)}")
        return self


def _valid(what: str, given: str) -> str:
    """What may be referred to: of the same kind, or, where there is no such kind, all of it."""
    kinds = [what] if what in REFERENCES else list(REFERENCES)
    names = [f"{kind}.{name}" for kind in kinds for name in REFERENCES[kind]]
    near = difflib.get_close_matches(given, names, n=1)
    return f"valid are {', '.join(names)}" + (f"; did you mean {near[0]}?" if near else "")


class Profile(Spec):
    """The clauses of a law, a guidance or a policy, and where a report answers them."""

    title: Text = Field(description="what the profile is called")
    source: Text = Field(description="the text that its clauses are of, so that it can be found")
    version: Text = Field(description="the edition of that text, with its date")
    note: Text | None = Field(None, description="what a reader has to know about how the clauses were taken from it")
    clauses: tuple[Clause, ...] = Field(
        min_length=1, max_length=_MOST_CLAUSES, description="in the order of the source"
    )

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [clause.id for clause in self.clauses]
        if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
            raise ValueError(f"the clause {twice[0]!r} is given more than once")
        return self
