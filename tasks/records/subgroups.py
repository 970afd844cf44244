"""For whom a model is how good, and what its explanations say of each group."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.grouping import crossed_names, group_name
from exhibit.tasks.records.language import Message, mark, trp

FEW = 30  # rows, under which a group is shown as too small and compared with no other
APART = 0.1  # from which difference of two shares on groups are said to be treated differently
APART_IN_SPREADS = 0.2  # of two mean errors, in standard deviations of the labels: a small effect, J. Cohen (1988)
LEVEL = 0.05  # the chance under which something is said, over all that is looked at together
WORDS = 50  # of texts that groups are compared by, at most: the commonest
MOST_TIMES = 1000.0  # from which on it is not told by how much: elsewhere it may count nothing
TIMES = 1.5  # by how much a feature counts more or less in a group than in the others, where its role differs
TELLS = 0.3  # from which association on a feature is said to stand for a column: medium, J. Cohen (1988)
# The parts of a frame of any size, row by row, by which pictures of groups are compared.
FRAME = (
    mark("top left"), mark("top middle"), mark("top right"),
    mark("middle left"), mark("middle"), mark("middle right"),
    mark("bottom left"), mark("bottom middle"), mark("bottom right"),
)  # fmt: skip
BY_CHANCE = 0.01  # under which chance of it; 0.05 accused 22 of 400 tables of 60 rows that had none such


class Estimate(Record):
    """A number over `rows` rows with its interval; None where there are too few rows for one, or all are alike."""

    value: float
    rows: int
    interval: tuple[float, float] | None


class Subgroup(Record):
    """Rows that are alike in what they are grouped by; `measures`: by name those that its rows have; `lacking`: why
    they do not have the others."""

    name: str
    rows: int
    measures: dict[str, Estimate]
    lacking: dict[str, str] = Field(default_factory=dict)

    @property
    def small(self) -> bool:
        """Whether it is too small to be compared with others."""
        return self.rows < FEW


class Pair(Record):
    """Two groups, and by how much a measure of the `high` one is above that of the `low` one; with no interval where
    nothing bounds that of one of them."""

    high: str
    low: str
    difference: float
    interval: tuple[float, float] | None


class Disparity(Record):
    """How far a measure differs between groups: the largest `difference` of two, and the smallest `ratio` of two, None
    of what does not go from 0 to 1, or where all are 0. `surest`: the pair whose interval is farthest above 0. It fails
    where that is above the `limit` as a whole, and passes where no interval of two groups goes beyond it, either way.
    Without a limit it follows the data, whatever the model does, and has no verdict."""

    measure: str
    difference: float
    ratio: float | None
    surest: Pair
    limit: float | None
    verdict: Literal["pass", "fail", "undecided"] | None

    @property
    def surely(self) -> float:
        """How far apart two groups are at least."""
        return self.surest.interval[0] if self.surest.interval else -math.inf


class Subgroups(Record):
    """The groups `by` one or two columns that have any rows. `absent`: those by one column that have none here, but
    among the rows that were left aside."""

    by: tuple[str, ...]
    groups: tuple[Subgroup, ...]
    absent: tuple[str, ...] = ()
    disparities: tuple[Disparity, ...]


class Measured(Record):
    """All `tables`, on `rows` labelled rows of a `split`. The `intervals` of all measures of all groups of all tables
    have a level of 95% together, as have those of all `comparisons` of two groups (Bonferroni). `about`: the class that
    rates are of; empty for a regression, and where one of several classes would have to be named. `whole`: each
    measure of all these rows."""

    split: Split
    rows: int
    about: str
    whole: dict[str, float]
    tables: tuple[Subgroups, ...]
    intervals: int
    comparisons: int


class Role(Record):
    """What a feature counts in each group: mean attribution, where it has a meaning, and mean size of it with 95%
    intervals, and its rank by size with that of resampled rows. `chance`: of the surest difference in size of a group
    from all others, after Holm over all features and groups of all columns; `times`: by how much it counts more or less
    there; `where`: that group, empty where too few rows have the feature for any test. `differs`: whether that is sure,
    and enough to matter. Of a feature that rows may lack all is over those that have it; a group of which none does has
    no number, one of which few do no rank."""

    feature: str
    mean: dict[str, Estimate]
    size: dict[str, Estimate]
    rank: dict[str, Estimate]
    where: str
    times: float
    chance: float
    differs: bool


class Roles(Record):
    """What each feature counts in the groups by one `column` that have 30 rows or more, the most important first;
    `tests`: how many groups were compared with all others, over all features."""

    column: str
    tests: int
    features: tuple[Role, ...]


class Proxy(Record):
    """A feature that may tell a protected column: the `association` of the two, from 0 to 1 (the correlation ratio η of
    a number, of two groups |r|; Cramér's V of a category), and its `chance`, after Holm over all that are looked at.
    `rank`: of the feature by mean size of its attributions, the first is 1. `tells`: whether it surely tells the column
    well enough to stand for it."""

    feature: str
    rank: int
    association: float
    chance: float
    tells: bool


class Protected(Record):
    """A protected column: its `rank` among the features, None where the model is not given it; and of the leading
    features how well each tells it in `rows` rows. `looked`: whether that could be asked, because rows are grouped by
    the column."""

    column: str
    rank: int | None
    looked: bool
    rows: int
    proxies: tuple[Proxy, ...]


class ExplainedGroups(Record):
    """What the explanations of one `method` say of groups of the `rows` that were explained, over so many `features`,
    of which the first `lead` are said to lead; none where no name means the same in enough rows.
    `signed_for`: the output that their signs are of in every row; empty where they have no such meaning."""

    method: str
    rows: int
    features: int
    lead: int
    signed_for: str
    roles: tuple[Roles, ...]
    protected: tuple[Protected, ...]


class ForWhom(Record):
    """Of one chapter: which columns were asked about, each with the rows of its groups, in all data; which of these are
    `given` to the model, what was `measured` where rows have labels, and what explanations say of them. `ours`: by
    column the names of groups that are none of the file's, which pages say in their language; `note`: what of the file
    of groups is in none."""

    by: dict[str, dict[str, int]]
    ours: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    given: tuple[str, ...]
    measured: Measured | None
    explained: ExplainedGroups
    note: Message = Message()

    def names(self, by: Sequence[str]) -> Mapping[str, str]:
        """What a page calls each of the groups by one column, or by two at once."""
        plain = [list(self.by[column]) for column in by]
        said = [[group_name(name) if name in self.ours.get(column, ()) else name for name in self.by[column]]
                for column in by]  # fmt: skip
        if len(by) == 1:
            return dict(zip(plain[0], said[0], strict=True))
        return dict(
            zip(crossed_names(plain[0], plain[1]), crossed_names(said[0], said[1], trp("list", ", ")), strict=True)
        )
