"""The document as data: what stands in which section, before a template places it."""

from typing import Literal

from pydantic import Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.verdict import Verdict

Paper = Literal["A4", "letter"]
MissingGlyphs = Literal["mark", "refuse"]


class Column(Record):
    title: str
    numeric: bool = False


class Table(Record):
    """Cells are ready to print; a "pass", "fail", "not assessed" or "not applicable" cell is drawn as a verdict.

    Of a long table only the first rows are printed; all of them go along as a file. `facets` as those of images.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    facets: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Aside(Record):
    """A note in the narrow column, always at the figure that it explains. `formula` is trusted inline HTML
    of the method's own (i, sub, sup only)."""

    title: str
    text: str
    formula: str = ""
    verdict: Verdict | None = None


class Block(Record):
    """One row of a section: prose, figures and tables in the wide column, notes in the narrow one.

    `figures` are names of figures. `heading` and `formula` (as that of a note) stand above the prose.
    """

    heading: str = ""
    formula: str = ""
    paragraphs: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    asides: tuple[Aside, ...] = ()


class Section(Record):
    title: str
    blocks: tuple[Block, ...]


class Teaser(Record):
    """A chapter on page one: one picture, one measured sentence, and in small type what it rests on."""

    figure: str
    title: str
    sentence: str
    small: str


class Chapter(Record):
    slug: str
    title: str
    eyebrow: str
    lead: str
    teaser: Teaser | None  # None: the chapter is not on page one
    sections: tuple[Section, ...]


class Badge(Record):
    """One cell of the strip of verdicts on page one."""

    title: str
    text: str
    verdict: Verdict | None = None


class Failure(Record):
    """A point that has no explanation: at which stage it failed, and why in a sentence. `slug` and `title` are those
    that its chapter would have."""

    slug: str
    title: str
    stage: str
    sentence: str


class Document(Record):
    """Everything that is printed but the date, the provenance and the pictures."""

    language: str = "en"
    title: str
    subtitle: str
    badges: tuple[Badge, ...]
    chapters: tuple[Chapter, ...]
    failures: tuple[Failure, ...] = ()
    back: tuple[Section, ...]
