"""What is printed of a card and of a profile: a page of what was stated, and a table of where clauses are answered."""

from typing import Literal

from exhibit.tasks.records.base import Record

State = Literal["here", "in part", "not stated", "not provided by this report"]


class Stated(Record):
    """A field of a card: its `id`, `title` and `meaning`, and what it holds, an item of one or two texts each (a risk
    and what meets it); no items where it is not stated."""

    id: str
    title: str
    meaning: str
    items: tuple[tuple[str, ...], ...] = ()

    @property
    def letters(self) -> int:
        """How long it is, a line counted as fifty: what is long is broken between pages."""
        texts = [text for item in self.items for text in item]
        return sum(map(len, texts)) + 50 * sum(1 + text.count("\n") for text in texts)


class CardPage(Record):
    """A card as it is printed."""

    fields: tuple[Stated, ...]

    @property
    def missing(self) -> int:
        """How many fields are not stated."""
        return sum(not field.items for field in self.fields)


class Place(Record):
    """Something in the document that a link may lead to: its `anchor`, what it is called there, and the name of the
    `figure` where it is one, which has a number only once all pages are put together."""

    anchor: str
    label: str
    figure: str = ""


class Found(Record):
    """What a reference of a clause leads to: its `title`, the `places`, and where it is a number its `value` at each.
    Of many places the first are kept, and how many `more` there are."""

    reference: str
    title: str
    state: State
    places: tuple[Place, ...] = ()
    values: tuple[str, ...] = ()
    more: int = 0


class Answered(Record):
    """A clause, and what its references lead to."""

    id: str
    title: str
    state: State
    found: tuple[Found, ...] = ()


class ProfilePage(Record):
    """A profile as it is printed: the edition of its source, all its clauses, a `summary` of how many have what, and
    the `disclaimer`."""

    title: str
    source: str
    version: str
    note: str
    clauses: tuple[Answered, ...]
    summary: str
    disclaimer: str
