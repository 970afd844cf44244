"""What the data of a chapter are: rows, columns, what gives the label away, and what has moved."""

from pydantic import Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.data import Split

# The lower ends from which on a column is said to give the label away: a convention of our own, above the petals of
# irises, which honestly tell 95% of the species.
TOLD, TOLD_OF_OTHERS, RANKS = 0.95, 0.9, 0.98
# From which stability index on, and up to which chance, a column is said to have moved. 0.25 is the usual mark of a
# large shift: N. Siddiqi (2006), Credit Risk Scorecards.
MOVED, CHANCE = 0.25, 0.01
# The shares of later rows beyond the training, and of test rows that stand in it, from which on page one names them:
# conventions of our own.
OUTSIDE, SHARED = 0.01, 0.01


class Distribution(Record):
    """How the values of one feature are distributed. `bins`: what each bin holds, in words; `edges`: where bins of
    numbers end, one more than bins, none of a category; `shares`: of the rows of each split that have a value, those
    in each bin."""

    feature: str
    bins: tuple[str, ...]
    edges: tuple[float, ...] = ()
    shares: dict[Split, tuple[float, ...]]


class ColumnSheet(Record):
    """One column. `missing`: empty cells over all rows, those that were filled since too; `values`: how many different
    ones there are; `low`, `high`: over the rows of the training, None of a category."""

    name: str
    number: bool
    missing: int
    values: int
    low: float | None = None
    high: float | None = None


class Correlation(Record):
    """Spearman's rank correlation of two columns of numbers, with its 95% interval."""

    features: tuple[str, str]
    value: float
    interval: tuple[float, float]


class Leak(Record):
    """A column that alone tells the label. `told`: of classes the share of rows that a rule of this column alone, not
    fitted on them, names rightly; of numbers the absolute rank correlation; `at_least`: the lower end of its interval,
    over all columns together. `others`, `others_at_least`: the same of the rows outside the commonest class."""

    feature: str
    told: float
    at_least: float
    others: float | None = None
    others_at_least: float | None = None


class Drift(Record):
    """One column in the later rows against those of the training. `index`: the population stability index; `test`: what
    `chance` is by; `adjusted`: the chance by Holm's procedure over all columns; `moved`:
    whether the index is large and chance does not explain it; `outside`: later rows beyond all
    training rows, or with a value that none of them has; `surprising`: whether chance hardly explains so many."""

    feature: str
    index: float
    test: str
    statistic: float
    chance: float
    adjusted: float
    moved: bool
    outside: int
    surprising: bool


class Datasheet(Record):
    """`rows` of each split. `repeated`: training rows that stand there more than once, beyond the first, and
    `shared`: test rows that stand among the training rows, both in all columns, and `_with_label` with the label, too.
    `later`: the split that is held against the training, if there is any. `balance`: rows of each class by split.
    `examined`: how many rows of the training, at most, each part looked at."""

    rows: dict[Split, int]
    columns: tuple[ColumnSheet, ...]
    repeated: int
    repeated_with_label: int
    shared: int
    shared_with_label: int
    balance: dict[str, dict[Split, int]] = Field(default_factory=dict)
    distributions: tuple[Distribution, ...]
    correlations: tuple[Correlation, ...]
    pairs: int
    leak_rows: int
    leaks: tuple[Leak, ...]
    strongest: Leak | None = None
    later: Split | None = None
    drifts: tuple[Drift, ...] = ()
    examined: int
