"""The document as data: what stands in which section, before a template places it."""

from typing import Literal

from pydantic import Field, JsonValue

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.filed import CardPage, ProfilePage
from exhibit.tasks.records.language import ENGLISH, mark
from exhibit.tasks.records.trust import Answered, Word
from exhibit.tasks.records.verdict import Verdict

Paper = Literal["A4", "letter"]
MissingGlyphs = Literal["mark", "refuse"]

# What may be referred to: sections by their ids, and what a document has once.
SectionId = Literal[
    "importances",
    "samples",
    "cases",
    "behaviour",
    "agreement",
    "checks",
    "limits",
    "method",
    "model",
    "excluded",
    "formulas",
    "quality",
    "groups",
    "data",
]
# What a reader is told of one that a report does not have.
ABSENT: dict[SectionId, str] = {
    "importances": mark("What counts over all explained samples"),
    "samples": mark("Single samples"),
    "cases": mark("A typical, a wrong and a borderline case"),
    "behaviour": mark("How the model behaves over the values of its features"),
    "agreement": mark("A section on how far three methods or more agree"),
    "checks": mark("Checks of the explanation"),
    "limits": mark("Limits"),
    "method": mark("How it was explained"),
    "model": mark("Data and model"),
    "excluded": mark("Excluded samples"),
    "formulas": mark("Formulas"),
    "quality": mark("Measures by class, curves and calibration"),
    "groups": mark("For whom: quality and explanations by group (data.groups)"),
    "data": mark("Distributions, leaks and drift of the data"),
}
DocumentPlace = Literal["card", "verdicts", "guide", "provenance", "configuration"]


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


def section_anchor(slug: str, name: str) -> str:
    """Where a section is. Its chapter may be called as tables, figures and chapters are, so the prefix is its own."""
    return f"section-{slug}-{name}"


class Section(Record):
    """`id`: what refers to it calls it, within its chapter; empty where nothing does."""

    title: str
    blocks: tuple[Block, ...]
    id: SectionId | Literal[""] = ""

    def anchor(self, slug: str, number: int) -> str:
        """Where it is in a document: `number` among the sections of the chapter with this slug."""
        return section_anchor(slug, self.id or str(number))


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
    appendix: tuple[Block, ...] = ()  # formulas, parameters and sums, at the end of the document


class Badge(Record):
    """One cell of the strip of verdicts on page one."""

    title: str
    text: str
    verdict: Verdict | None = None


def coloured(word: Word) -> Verdict:
    """The verdict whose colours an answer has: what is not known is amber."""
    colours: dict[Word, Verdict] = {"yes": "pass", "no": "fail"}
    return colours.get(word, "undecided")


class Each(Record):
    """The answer for one of several results, or for those that have the same one."""

    of: str
    word: Word
    reason: str

    @property
    def verdict(self) -> Verdict:
        """What it is coloured as."""
        return coloured(self.word)


class Answer(Record):
    """One of the plain answers of page one, and what it rests on, a sentence each; `counted`: the answer where it is a
    number of things; `each`: of several results that of each, of which `word` is the worst, and `more` of what there is
    no room for."""

    question: str
    word: Word
    reasons: tuple[str, ...] = ()
    counted: str = ""
    each: tuple[Each, ...] = ()
    more: str = ""

    @property
    def said(self) -> str:
        """What is printed below the question."""
        return self.counted or self.word

    @property
    def text(self) -> str:
        """All that it rests on, in one line."""
        each = [f"{one.of}: {one.word}. {one.reason}" for one in self.each]
        return " ".join(filter(None, [*self.reasons, *each, self.more]))

    @property
    def verdict(self) -> Verdict:
        """What it is coloured as."""
        return coloured(self.word)


class Judged(Record):
    """A row of the table of all verdicts, ready to print. `name`: of the check, and whether it is `required`;
    `anchor`: of the section where its result stands."""

    question: str
    name: str
    required: bool = False
    of: str
    verdict: Verdict
    result: str
    interval: str
    threshold: str
    meaning: str
    anchor: str


class Fact(Record):
    """What something is, by its name; `anchor`: where more of it is; `care`: whether something is lacking."""

    name: str
    text: str
    anchor: str = ""
    care: bool = False


class Rule(Record):
    """When a question of page one is answered with which word."""

    question: str
    cases: tuple[tuple[Word, str], ...]


class Concern(Record):
    """What was found about model or data, beside the explanation, that whoever signs has to know: a few words, a
    sentence with its numbers, and the `section` of the chapter that it is read about in, by its id. `of`: the title of
    the chapter; `anchor`: where that is, once the document is put together."""

    title: str
    sentence: str
    section: SectionId
    of: str = ""
    anchor: str = ""


class Open(Record):
    """Questions that no check has asked, with the name of the check, and `of` which models; empty of a single one."""

    of: str
    questions: tuple[tuple[str, str], ...]


class Front(Record):
    """What page one and two say beside the findings: what was `examined`, what the user has `stated` of it; the
    answers and, by slug, the `findings` of the chapters, before they are worded; the answers as they are printed, the
    `overall` one, the `concerns` about model and data, what was asked of these and is `undecided`, the `rule` they
    follow and the `notes` on its words; all verdicts on explanations, of which the first are printed, what is said of
    those `by_group`, and what was `not_asked`."""

    examined: tuple[Fact, ...] = ()
    stated: tuple[Fact, ...] = ()
    answered: tuple[Answered, ...] = ()
    findings: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    overall: Word = "not assessed"
    concerns: tuple[Concern, ...] = ()
    undecided: tuple[Concern, ...] = ()
    rule: tuple[Rule, ...] = ()
    notes: tuple[str, ...] = ()
    verdicts: tuple[Judged, ...] = ()
    by_group: tuple[Concern, ...] = ()
    not_asked: tuple[Open, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What the overall answer is coloured as."""
        return coloured(self.overall)


class Reason(Record):
    """A feature that counted: what it is in this sample, where that lies among the training rows, whether it counted
    for or against, and the share of all that counted."""

    text: str
    where: str
    counted: str
    share: str


class DecisionPage(Record):
    """One decision on a page of its own, ready to print. `cautions`: what speaks against the reasons, first;
    `instead`: what is said in the place of reasons; `ordered`: whether they stand in an order that may be relied on;
    `figure`: the name of a picture of the sample, empty where there is none; `changes`: one sentence for each way to
    another outcome; `verdicts`: questions and what was found."""

    slug: str
    title: str
    eyebrow: str
    outcome: str
    chance: str
    how: str
    facts: tuple[Fact, ...]
    cautions: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    ordered: bool = True
    reasons: tuple[Reason, ...] = ()
    rest: str = ""
    figure: str = ""
    changes: tuple[str, ...] = ()
    change_note: str = ""
    verdicts: tuple[tuple[str, str], ...] = ()


class Failure(Record):
    """A point that has no explanation: at which stage it failed, and why in a sentence. `slug` and `title` are those
    that its chapter would have."""

    slug: str
    title: str
    stage: str
    sentence: str


class Document(Record):
    """Everything that is printed but the date, the provenance and the pictures."""

    language: str = ENGLISH
    catalogue: str = Field("", exclude_if=lambda digest: not digest)  # digest of what gave words of another language
    title: str
    subtitle: str
    badges: tuple[Badge, ...]
    front: Front = Front()
    card: CardPage | None = None  # what is stated of the model, after the front
    guide: Section | None = None  # for readers who are not engineers
    chapters: tuple[Chapter, ...]
    failures: tuple[Failure, ...] = ()
    back: tuple[Section, ...]
    profile: ProfilePage | None = None  # where the clauses of a law or a guidance are answered, at the end
    signoff: tuple[str, ...] = Field((), exclude_if=lambda roles: not roles)  # who signs, on a page at the end
    decisions: tuple[DecisionPage, ...] = Field((), exclude_if=lambda pages: not pages)  # in the place of all else

    @property
    def blocks(self) -> list[Block]:
        """All of them in the order in which they stand."""
        guide = (self.guide,) if self.guide else ()
        sections = [section for chapter in self.chapters for section in chapter.sections]
        return [block for section in (*guide, *sections, *self.back) for block in section.blocks]
