"""What nothing can compute and somebody has to state of a model: its card."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from exhibit.tasks.records.base import Spec
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.shown import unseen

_MOST_LETTERS = 20_000
_MOST_ITEMS = 100
_LAYOUT = "\n\t"  # controls that a text may hold


def _said(text: str) -> str:
    """Without blanks around it, and with lines that end in one way."""
    said = re.sub("\r\n?|[\u2028\u2029]", "\n", text).strip()
    if not said:
        raise ValueError("it is blank; leave it out where nothing is stated")
    if found := unseen(said, _LAYOUT):
        raise ValueError(f"it holds U+{ord(found[0]):04X}, which is no letter but moves or hides others; take it out")
    return said


def _line(text: str) -> str:
    """As it is, if it is one line that can be seen."""
    if not text.strip():
        raise ValueError("it is blank; leave it out, or give null")
    if found := unseen(text):
        raise ValueError(
            f"it holds U+{ord(found[0]):04X}, and a title is one line of letters that are seen; take it out"
        )
    return text


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


# What a person has written, of one or more paragraphs.
Text = Annotated[str, Field(strict=True, max_length=_MOST_LETTERS), AfterValidator(_said)]
# What stands in one line, as a title does.
Line = Annotated[str, Field(min_length=1), AfterValidator(_line)]
# One text or a list of them.
Texts = Annotated[tuple[Text, ...], Field(min_length=1, max_length=_MOST_ITEMS), BeforeValidator(_listed)]


class Risk(Spec):
    """One risk of a model, and what meets it."""

    risk: Text = Field(description="what may go wrong, and for whom")
    met_by: Text = Field(description="what is done about it; where nothing is, say so")


class Card(Spec):
    """What is stated of a model, each field as text or, where it may be several, as a list; null: not stated."""

    name: Text | None = Field(None, title=mark("Name"), description=mark("what the model is called"))
    version: Text | None = Field(None, title=mark("Version"), description=mark("of the model"))
    inventory_id: Text | None = Field(
        None, title=mark("Inventory id"), description=mark("under which it is kept in the inventory of models")
    )
    tier: Text | None = Field(
        None, title=mark("Tier"), description=mark("how much rests on it, in the classes of the owner's policy")
    )
    provider: Text | None = Field(
        None, title=mark("Provider"), description=mark("who places it on the market or puts it into service")
    )
    owner: Text | None = Field(None, title=mark("Owner"), description=mark("who answers for it"))
    developer: Text | None = Field(None, title=mark("Developer"), description=mark("who built and trained it"))
    validator: Text | None = Field(
        None,
        title=mark("Independent validator"),
        description=mark("who examined it, and is not among those who built it"),
    )
    contact: Text | None = Field(None, title=mark("Contact"), description=mark("where questions and complaints go"))
    licence: Text | None = Field(None, title=mark("Licence"), description=mark("under which it may be used"))
    intended_use: Texts | None = Field(
        None, title=mark("Intended use"), description=mark("what it is for, and which decisions rest on it")
    )
    users: Texts | None = Field(
        None, title=mark("Users"), description=mark("who works with it, and what they have to know")
    )
    out_of_scope_use: Texts | None = Field(
        None, title=mark("Out-of-scope use"), description=mark("what it is not for, and must not be used for")
    )
    foreseeable_misuse: Texts | None = Field(
        None,
        title=mark("Foreseeable misuse"),
        description=mark("how it could be misused, as far as that can be foreseen"),
    )
    people_affected: Texts | None = Field(
        None, title=mark("People affected"), description=mark("about whom it decides, and who else feels that")
    )
    assumptions: Texts | None = Field(
        None, title=mark("Assumptions"), description=mark("what has to hold for it to be right")
    )
    limitations: Texts | None = Field(
        None, title=mark("Limitations"), description=mark("where it is known to be weak, or has not been tried")
    )
    risks: Annotated[tuple[Risk, ...], Field(min_length=1, max_length=_MOST_ITEMS)] | None = Field(
        None,
        title=mark("Risks and how they are met"),
        description=mark("what may go wrong, and what is done about each"),
    )
    human_oversight: Texts | None = Field(
        None,
        title=mark("Human oversight"),
        description=mark("who may overrule it, and how they would notice that they must"),
    )
    monitoring_triggers: Texts | None = Field(
        None,
        title=mark("Monitoring triggers"),
        description=mark("what is watched in use, and at which value somebody looks again"),
    )
    data_provenance: Texts | None = Field(
        None,
        title=mark("Data provenance and labelling"),
        description=mark("where its data come from, and who labelled them how"),
    )
    data_licence: Text | None = Field(
        None, title=mark("Licence of the data"), description=mark("under which its data may be used")
    )
    standards: Texts | None = Field(
        None, title=mark("Standards"), description=mark("norms and policies that were followed, with their edition")
    )
    citation: Text | None = Field(None, title=mark("How to cite"), description=mark("how it is to be cited"))

    @classmethod
    def titled(cls, field: str) -> str:
        """What a reader calls a field."""
        return cls.model_fields[field].title or field.replace("_", " ").capitalize()

    def given(self, field: str) -> tuple[str | Risk, ...]:
        """What a field holds, item by item; nothing where it is not stated."""
        items: Mapping[str, Any] = dict(self)
        value = items[field]
        return () if value is None else value if isinstance(value, tuple) else (value,)

    @property
    def not_stated(self) -> tuple[str, ...]:
        """The fields that are empty."""
        return tuple(field for field in type(self).model_fields if not self.given(field))
