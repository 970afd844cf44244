"""What a chapter found, before anything is worded: numbers, and what bears on them."""

from typing import Literal

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.compared import Where
from exhibit.tasks.records.model import Rate
from exhibit.tasks.records.verdict import Verdict

Standing = Literal["stands", "failed", "undecided", "disputed"]


class Bearing(Record):
    """A check of what a finding comes from, and what it said; of several results, of how many it said that, and of how
    many it said anything."""

    check: str
    verdict: Verdict
    required: bool = False
    results: tuple[int, int] | None = None


class Named(Record):
    """A number with the name of what it is of, its 95% interval where one is known, and of how many samples it is a
    mean, where these are not all; `place`: which it is of how many with this name, where it is not the only one."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    samples: int | None = None
    place: tuple[int, int] | None = None

    def agrees(self, other: "Named") -> bool:
        """Whether two firsts are the same, or neither has anything, for then none is first."""
        same = (self.name, self.place) == (other.name, other.place)
        return bool(self.value) == bool(other.value) and (same or not self.value)


class Dissent(Record):
    """Another method of the chapter, and what it `says` instead, in the terms of the finding."""

    method: str
    says: Named


DoubtId = Literal[
    "another in this training",  # the reported one puts `name` first, others together do not
    "few trainings",  # `name` is first in `some` of `total` further trainings
    "no error",  # `total` samples are too few for one
    "not ahead",  # the first is not surely ahead of the others
    "largest not ahead",  # of sizes of groups, the same
    "no interval",  # of no group that at least `some` of `total` molecules have it lies on one side of zero
    "single atoms",  # no molecule has a group
    "trained again",  # the errors leave out another training
]


class Doubt(Record):
    """Why chance may have made a finding; a name and numbers where its `id` has them."""

    id: DoubtId
    name: str = ""
    some: int = 0
    total: int = 0


class Finding(Record):
    """What a chapter says: by its main `method`, or by all that it compares where that is empty. `id`: which finding it
    is; `signed`: whether its values say up or down, or are sizes; `bearing`: the checks of what it comes from; `agree`:
    the other methods that say the same, `dissent` those that do not; one whose numbers mean something else is in
    neither. `doubt`: why chance may have made it."""

    id: str
    method: str = ""
    signed: bool = False
    bearing: tuple[Bearing, ...] = ()
    agree: tuple[str, ...] = ()
    dissent: tuple[Dissent, ...] = ()
    doubt: Doubt | None = None

    def checks(self, verdict: Verdict) -> list[str]:
        """The checks that gave this verdict."""
        return [item.check for item in self.bearing if item.verdict == verdict]

    @property
    def leader(self) -> Named | None:
        """What it puts first, where that has a name in other chapters on the same model, too."""
        return None

    @property
    def alone(self) -> bool:
        """Whether it is about one sample, which says nothing of others."""
        return False

    @property
    def measured(self) -> int | None:
        """Of how many samples its numbers are means; None where that is all that are explained."""
        return None

    @property
    def standing(self) -> Standing:
        """Whether it may be a headline: only where no check failed, none is undecided, and no method says otherwise."""
        if self.checks("fail"):
            return "failed"
        if self.dissent:
            return "disputed"
        return "undecided" if self.doubt or self.checks("undecided") else "stands"


class Leaders(Finding):
    """Which features carry most. `first`: one or two with their shares of the explanation, the largest first;
    `trainings`: in how many of how many further trainings the first one was first; `reference`: what another model of
    the same table, `reference_label`, puts first."""

    id: str = "leaders"
    first: tuple[Named, ...]
    trainings: tuple[int, int] | None = None
    reference: Named | None = None
    reference_label: str = ""

    @property
    def leader(self) -> Named:
        return self.first[0]


class ClassLeaders(Finding):
    """Which feature carries most of the explanation of each class that is explained. `firsts`: class by class the one
    that is surely ahead of all others, with its share; `no_first`: the classes in which none is."""

    id: str = "class leaders"
    firsts: tuple[tuple[str, Named], ...]
    no_first: tuple[str, ...] = ()


class Extremes(Finding):
    """Which groups of atoms move the score most: up and down with their mean contributions, None where no interval is
    on that side of zero; of sizes the largest is `up`. `most`: which of these are surely ahead of all others. Only
    groups are compared that at least `common` of all `samples` have. `raises`, `lowers`: what that is called."""

    id: str = "extremes"
    up: Named | None
    down: Named | None
    most: tuple[str, ...] = ()
    samples: int
    common: int = 1
    raises: str
    lowers: str

    @property
    def down_word(self) -> str:
        """lowers it, speaks against it: what `down` does, in a headline that has said to what."""
        return _verb(self.lowers)


def _verb(phrase: str) -> str:
    """The words of a phrase before its object."""
    return phrase.partition(" the ")[0] + " it"


STANDS_OUT = 1.5  # times the share of the area


class Place(Finding):
    """Where in a picture the explanation lies. `where`: the ninth of the picture that holds most of it, with its share;
    `area`: its share of the picture; `of`: what is shared, as "what speaks for 7"; `outweighed`: as much or more of the
    opposite lies there, so that as a whole it does not speak for it."""

    id: str = "place"
    title: str
    sample: str
    where: Named
    area: float
    of: str
    outweighed: bool = False

    @property
    def alone(self) -> bool:
        """One picture."""
        return True

    @property
    def stands_out(self) -> bool:
        """Whether the ninth holds half as much again as its area: of noise some ninth holds a little more, too."""
        return self.holds_much and not self.outweighed

    @property
    def holds_much(self) -> bool:
        """The same, whether or not the ninth speaks for it as a whole."""
        return self.where.value >= STANDS_OUT * self.area


class Mark(Finding):
    """A region that is in some pictures of a class and not in others: its share of the positive attribution, which is
    `of` something, and of the area, over `samples`, and how often the class is read right with it and without it."""

    id: str = "mark"
    region: str
    of_class: str
    of: str
    positive: float
    area: float
    samples: int
    present: Rate
    absent: Rate

    @property
    def measured(self) -> int:
        """Those that have the region, and were looked at."""
        return self.samples

    @property
    def drawn(self) -> bool:
        """Whether the explanation is drawn to it: it has more than twice its share of the area."""
        return self.positive > 2 * self.area

    @property
    def relied_on(self) -> bool:
        """The explanation is drawn to it, and without it the class is read right less often: by more than chance, as
        the 95% interval of the difference says."""
        return self.drawn and self.present.less(self.absent)[0] > 0


class Word(Finding):
    """The word of a text that carries most: its share of the explanation; `speaks`: for or against what, of signed
    values; `noun`: what the parts of the text are."""

    id: str = "word"
    noun: str = "word"
    sample: str
    word: Named
    speaks: str

    @property
    def alone(self) -> bool:
        """One text."""
        return True


class Part(Finding):
    """Which of several inputs carries most: its share; `silent`: the inputs that are exactly zero everywhere."""

    id: str = "part"
    first: Named
    silent: tuple[str, ...] = ()

    @property
    def leader(self) -> Named:
        return self.first


# --- of several points ------------------------------------------------------------------------------------


class Survival(Finding):
    """In how many of `total` results a feature is among the first `top`; `lost`: what sets the others apart, None where
    nothing does; `noun`: what the results are called. `given`: whether any result gives anything to any feature."""

    id: str = "survival"
    feature: str
    inside: int
    total: int
    top: int
    noun: str
    lost: Where | None = None
    given: bool = True


class Signs(Finding):
    """In how many of the `total` results that keep signs the mean of a feature is positive."""

    id: str = "signs"
    feature: str
    positive: int
    total: int


class Alike(Finding):
    """How alike `pairs` of results order the features: mean and lowest correlation, None where none orders them;
    `least`: which two results have the lowest. `identical`: there is but one result."""

    id: str = "alike"
    pairs: int
    mean: float | None
    lowest: float | None
    least: tuple[str, str]
    identical: bool = False


class Deciding(Finding):
    """Settings with the mean correlation of results that differ in one of them alone, the lowest first: what the order
    depends on most, and least."""

    id: str = "deciding"
    settings: tuple[Named, ...]


# --- of one report after another --------------------------------------------------------------------------


class Shift(Record):
    """An importance before and after; `errors`: the difference in standard errors, None where there is no error."""

    feature: str
    before: float
    after: float
    errors: float | None


class Swap(Record):
    """The place of a feature before and after."""

    feature: str
    before: int
    after: int


class Shifts(Finding):
    """Which of `compared` importances changed by more than their errors over samples explain, the largest first, and
    which features changed places. After another training both are undecided: the errors leave it out."""

    id: str = "shifts"
    compared: int
    shifts: tuple[Shift, ...] = ()
    swaps: tuple[Swap, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.shifts or self.swaps)


class Flips(Finding):
    """What changed beyond error whatever was trained again: metrics whose intervals do not overlap, and verdicts."""

    id: str = "flips"
    metrics: int
    verdicts: int

    @property
    def any(self) -> bool:
        return bool(self.metrics or self.verdicts)
