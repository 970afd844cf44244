"""The words of a document in its reader's language: a catalogue of gettext, which is asked when a page is made.

English is what the code says. What a stage keeps remembers what it is made of (`Message`), so that one run can be read
in every language. `tasks.catalogues` knows the other languages.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import reduce
from typing import Any, NamedTuple, Protocol, Self

from pydantic import GetCoreSchemaHandler, SerializationInfo
from pydantic_core import CoreSchema, core_schema

ENGLISH = "en"


class Catalogue(Protocol):
    """What gettext asks; of a text that it lacks it gives the same text."""

    def gettext(self, message: str) -> str: ...

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str: ...

    def pgettext(self, context: str, message: str) -> str: ...


class Spoken(NamedTuple):
    """The language of the pages that are being made, its catalogue, which English has none of, and whether sentences
    begin with a capital letter."""

    language: str
    catalogue: Catalogue | None
    capitals: bool


IN_ENGLISH = Spoken(ENGLISH, None, True)
_spoken: ContextVar[Spoken] = ContextVar("spoken", default=IN_ENGLISH)


@contextmanager
def speaking(spoken: Spoken) -> Iterator[None]:
    """While this lasts, `tr` and the others speak this language."""
    before = _spoken.set(spoken)
    try:
        yield
    finally:
        _spoken.reset(before)


def language_now() -> str:
    """The language that is spoken."""
    return _spoken.get().language


def tr(message: str, /, **values: str) -> str:
    """The text in the language of the page, with `values` for its {names}; a `Message` with its own."""
    if isinstance(message, Message):
        return message.translated()
    catalogue = _spoken.get().catalogue if message else None  # to "" gettext answers with the head of the catalogue
    text = message if catalogue is None else catalogue.gettext(message)
    return text.format_map(values) if values else text


def trn(one: str, many: str, number: int, /, **values: str) -> str:
    """The text for so many of something, which is its {number}: in English of one and of many."""
    catalogue = _spoken.get().catalogue
    singular = one if number == 1 else many
    text = singular if catalogue is None else catalogue.ngettext(one, many, number)
    return text.format_map({"number": f"{number:,}", **values})


def trp(context: str, message: str, /, **values: str) -> str:
    """The text where the same English means several things; `context` says which."""
    catalogue = _spoken.get().catalogue
    text = message if catalogue is None else catalogue.pgettext(context, message)
    return text.format_map(values) if values else text


def has_capitals() -> bool:
    """Whether sentences of the language that is spoken begin with a capital letter."""
    return _spoken.get().capitals


def mark(message: str) -> str:
    """The same: a text for the catalogues that is said elsewhere, by `tr`."""
    return message


OF_OPTION = "option"  # of the configuration, as the catalogues call it


def mark_option(message: str) -> str:
    """The same: a text of an option, which `of_option` says elsewhere."""
    return message


def noun(one: str, many: str) -> tuple[str, str]:
    """The same: what is counted elsewhere, one and several."""
    return one, many


def counted(number: int, one: str, many: str) -> str:
    """1 row, 1,264 rows."""
    return trn(f"{{number}} {one}", f"{{number}} {many}", number)


def sentences(parts: Sequence[str]) -> str:
    """Sentences one after the other, without the empty ones."""
    said = [text for text in map(tr, parts) if text]
    return (
        reduce(lambda one, after: trp("between sentences", "{one} {after}", one=one, after=after), said) if said else ""
    )


class Message(str):
    """A text that a stage keeps: English as it stands, and in any language by `tr`, for it remembers its parts.

    `many`: the text where `number`, which is its {number}, is not one; `parts`: sentences that follow each other, where
    it is made of these; `context`: which of the things it is that the same English means, see `trp`.
    """

    text: str
    many: str
    number: int
    values: Mapping[str, str]
    parts: tuple["Message", ...]
    context: str

    def __new__(
        cls,
        text: str = "",
        many: str = "",
        number: int = 1,
        parts: Sequence[str] = (),
        context: str = "",
        /,
        **values: str,
    ) -> Self:
        if parts:
            made = super().__new__(cls, " ".join(filter(None, parts)))
        else:
            chosen = text if not many or number == 1 else many
            named = {"number": f"{number:,}", **values} if many else values
            made = super().__new__(cls, chosen.format_map(named) if named else chosen)
        made.text, made.many, made.number, made.values = text, many, number, values
        made.parts, made.context = tuple(map(as_message, parts)), context
        return made

    def translated(self) -> str:
        """It in the language of the page."""
        if self.parts:
            return sentences(self.parts)
        values = {name: tr(value) if isinstance(value, Message) else value for name, value in self.values.items()}
        if self.many:
            return trn(self.text, self.many, self.number, **values)
        return trp(self.context, self.text, **values) if self.context else tr(self.text, **values)

    def calling(self, names: Mapping[str, str]) -> "Message":
        """It with others for the names that somebody gave, of which `names` knows some."""
        if self.parts:
            return Message("", "", 1, [part.calling(names) for part in self.parts])
        values = {
            name: value.calling(names) if isinstance(value, Message) else names.get(value, value)
            for name, value in self.values.items()
        }
        return Message(self.text, self.many, self.number, (), self.context, **values)

    def as_plain(self) -> Any:
        """What it is made of, in JSON: a plain text as it is."""
        if self.parts:
            return {"parts": [part.as_plain() for part in self.parts]}
        if self.context:
            return {"text": self.text, "context": self.context}
        if not self.values and not self.many:
            return self.text
        plural = {"many": self.many, "number": self.number} if self.many else {}
        values = {n: {"said": v.as_plain()} if isinstance(v, Message) else v for n, v in self.values.items()}
        return {"text": self.text, **plural, "values": values}

    @classmethod
    def of_plain(cls, plain: Any) -> "Message":
        """What `as_plain` gave, or a text."""
        match plain:
            case Message():
                return plain
            case str():
                return cls(plain)
            case {"parts": list(parts)}:
                return cls("", "", 1, [cls.of_plain(part) for part in parts])
            case {"text": str(text), "context": str(context)}:
                return cls(text, "", 1, (), context)
            case {"text": str(text), "values": dict(values)}:
                read = {n: cls.of_plain(v["said"]) if isinstance(v, dict) else str(v) for n, v in values.items()}
                return cls(text, str(plain.get("many", "")), int(plain.get("number", 1)), **read)
            case _:
                raise ValueError("a text, or what a text is made of, is expected")

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Programs read the English text; what is kept for pages remembers its parts, as `packing` writes them."""

        def itself(value: "Message | str", info: SerializationInfo) -> "Message | str":
            return str(value) if info.mode == "json" else as_message(value)

        return core_schema.no_info_plain_validator_function(
            cls.of_plain,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                itself, info_arg=True, return_schema=core_schema.any_schema()
            ),
        )


def as_message(text: str) -> Message:
    """A text as one that can be kept."""
    return text if isinstance(text, Message) else Message(text)


def as_given(text: str) -> Message:
    """A name that somebody gave, which is the same in every language, whatever else it may mean."""
    return Message("{given}", given=text)


def of_option(text: str) -> Message:
    """A text of the configuration: what an option of the program says is said in every language, and what somebody
    typed in its place stays, whatever else it may mean."""
    return text if isinstance(text, Message) else Message(text, "", 1, (), OF_OPTION if text else "")


def say(text: str, /, **values: str) -> Message:
    """What is kept: the text, with `values` for its {names}."""
    return Message(text, **values)


def sayn(one: str, many: str, number: int, /, **values: str) -> Message:
    """What is kept of so many of something, which is its {number}."""
    return Message(one, many, number, **values)


def say_all(*parts: str) -> Message:
    """Sentences that follow each other, without the empty ones."""
    return Message("", "", 1, [part for part in parts if part])


SEMICOLON, COMMA = mark("{one}; {other}"), mark("{one}, {other}")
AND, OR = mark("{one} and {other}"), mark("{one} or {other}")


def joined(parts: Sequence[str], between: str = SEMICOLON) -> Message:
    """What is said of one after another, with this `between` them."""
    said = [as_message(part) for part in parts if part]
    return reduce(lambda one, other: say(between, one=one, other=other), said) if said else Message()
