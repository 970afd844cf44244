"""What a page about one decision is made of: the outcome, what counted, and what would have to be another.

The sentences do not belong here: they are made in `document.decision`, from these numbers.
"""

from typing import Literal

from pydantic import Field

from exhibit.tasks.records.base import Record, Spec
from exhibit.tasks.records.language import Message

Direction = Literal["up", "down"]


class DecisionSpec(Spec):
    """How decisions are read off a model, and how long it is asked what would change them."""

    threshold: float | None = Field(
        None,
        ge=-1e12,
        le=1e12,
        description="of two classes the probability of the second one, of a regression the predicted value, from which "
        "on the outcome is the upper one; null: the likeliest class, and of a regression no outcome",
    )
    calls: int = Field(
        4_000, ge=1, le=1_000_000, description="changed rows that the model is asked about for each decision, at most"
    )


class Lever(Record):
    """A column that its owner can change, and in which direction alone; None: in both, or to any other category."""

    column: str
    direction: Direction | None = None


class Column(Record):
    """A column of a table, as the user names it: what a reader calls it, the `input` that it belongs to and its
    `places` among the features of that. `categories`: what the code of a category stands for, of which `choices` may be
    chosen: what stands for missing or for all others may not; `missing`: the code of the first of these. `date`: the
    column of dates that it is a part of, whose parts cannot be changed apart."""

    name: str
    title: str
    input: str
    places: tuple[int, ...]
    kind: Literal["number", "truth", "category"] = "number"
    categories: tuple[str, ...] = ()
    choices: tuple[int, ...] = ()
    missing: int | None = None
    date: str | None = None

    def word(self, code: float) -> str | None:
        """What a category or a truth value is; None for a number."""
        if self.kind == "number":
            return None
        return (self.categories or ("no", "yes"))[int(code)]


class ByName(Record):
    """The `columns` of the tables of some data by the names that the user knows, which of them are `protected`, so that
    they must not be a reason, and the `levers`, which a person could change."""

    columns: tuple[Column, ...] = ()
    protected: tuple[str, ...] = ()
    levers: tuple[Lever, ...] = ()

    def is_protected(self, column: Column) -> bool:
        """Whether it, or the date that it is a part of, must not be a reason."""
        return column.name in self.protected or column.date in self.protected


class Spread(Record):
    """Where the known numbers of a column lie among `rows` training rows: the ends, and those of the middle half."""

    low: float
    first: float
    third: float
    high: float


class Cell(Record):
    """A column in one row: its `value`, None where it is missing, in so many `decimals`; `word` of a category or a
    value that is a `truth`. Among the `rows` training rows: the `spread` of its numbers, or the share that has the
    `same` word, or of a missing value the share that lacks it, too; None without such rows."""

    title: str
    value: float | None
    decimals: int = 0
    word: str | None = None
    truth: bool = False
    rows: int = 0
    spread: Spread | None = None
    same: float | None = None


class Part(Record):
    """What one feature contributes to the score of the sample; `cell`: of a column of a table; `protected`: whether it
    must not be a reason; `whole`: the input that it is as a whole, where that has no parts with names."""

    title: Message
    value: float
    cell: Cell | None = None
    protected: bool = False
    whole: str = ""


class Parts(Record):
    """What a method says of one sample, feature by feature; `method`: by its label."""

    method: str
    parts: tuple[Part, ...]

    @property
    def ordered(self) -> tuple[Part, ...]:
        """Those that contribute anything, the most first."""
        counted = [part for part in self.parts if part.value]
        return tuple(sorted(counted, key=lambda part: -abs(part.value)))


class Outcome(Record):
    """What is decided: the name of the class or of the side of the threshold, the probability of it, or the predicted
    value."""

    name: str
    probability: float | None = None
    value: float | None = None


class Change(Record):
    """One column before and after."""

    before: Cell
    after: Cell


class Alternative(Record):
    """A row that the model decides otherwise: what is changed, how far, and what the model says of it."""

    changes: tuple[Change, ...]
    distance: float
    outcome: Outcome


class Search(Record):
    """What would have to change. `refused`: why nothing was asked; `columns`: titles of those that may be changed, and
    `left` those of them that this row lacks or that have nowhere to go; `calls`: how many changed rows the model was
    asked about, of `most` that are allowed; `ended`: whether the search came to its own end."""

    refused: str = ""
    columns: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    calls: int = 0
    most: int = 0
    ended: bool = True


class Decision(Record):
    """One person or item. `row`: its place among the shown samples; `said`: what the score that is divided is of, by
    the number of the output; `threshold`: that decides, None where the likeliest class does, or where a value decides
    nothing; `classes`: how many there are, 0 for a regression. `methods`: what each method that divides the score into
    signed parts says, the main one first; `turning`: titles of protected columns that alone could turn the outcome."""

    row: int
    sample: str
    outcome: Outcome
    explained: str
    threshold: float | None = None
    upper: str = ""
    classes: int = 0
    methods: tuple[Parts, ...] = ()
    turning: tuple[str, ...] = ()
    search: Search = Search()


class Decisions(Record):
    """Those of one chapter."""

    slug: str
    items: tuple[Decision, ...]
