"""What the data of a chapter are: rows, columns, what gives the label away, and what has moved."""

from pydantic import Field

from exhibit.tasks.records.base import Record
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.language import Message

# The lower ends from which on a column is said to give the label away: a convention of our own, above the petals of
# irises, which honestly tell 95% of the species.
TOLD, TOLD_OF_OTHERS, RANKS = 0.95, 0.9, 0.98
# From which stability index on, and up to which chance, a column is said to have moved. 0.25 is the usual mark of a
# large shift: N. Siddiqi (2006), Credit Risk Scorecards.
MOVED, CHANCE = 0.25, 0.01
# The shares of later rows beyond the training, and of test rows that stand in it, from which on page one names them:
# conventions of our own.
OUTSIDE, SHARED = 0.01, 0.01
# Rows that are copies stay alike where a column is left out, rows that are alike by chance find many more: how many
# times as many pairs there may be, at most, for the rows to be called copies. A convention of our own.
LOOSER = 1.5
LEAST = 30  # rows, under which nothing is asked of labels and correlations
MOST_PAIRS, MOST_COLUMNS = 10, 300  # correlations that are printed, and columns of numbers that are compared


class Distribution(Record):
    """How the values of one feature are distributed. `bins`: what each bin holds, in words; `edges`: where bins of
    numbers end, one more than bins, none of a category; `shares`: of the rows of each split that have a value, those
    in each bin."""

    feature: str
    bins: tuple[Message, ...]
    edges: tuple[float, ...] = ()
    shares: dict[Split, tuple[float, ...]]


class ColumnSheet(Record):
    """One column of a table, or what is `measured` of another input. `missing`: cells that were empty when they were
    read, over all rows; `values`: how many different ones there are; `constant`: whether all rows of the training, or
    all rows where there are none, have the same one; `low`, `high`: over the rows of the training, None of a
    category."""

    name: Message
    measured: bool = False
    number: bool
    missing: int
    values: int
    constant: bool = False
    low: float | None = None
    high: float | None = None


class Correlation(Record):
    """Spearman's rank correlation of two columns of numbers, with its 95% interval."""

    features: tuple[str, str]
    value: float
    interval: tuple[float, float]


class Leak(Record):
    """A column that alone tells the label. `told`: of classes the share of rows that a rule of this column alone, not
    fitted on them, names rightly; of numbers the absolute rank correlation; `rows`: over how many, of numbers those
    whose cell is not empty; `at_least`: the lower end of its interval, over all columns together. `others`,
    `others_at_least`: the same of the rows outside the commonest class."""

    feature: str
    rows: int
    told: float
    at_least: float
    others: float | None = None
    others_at_least: float | None = None


class Drift(Record):
    """One column in the later rows against those of the training; `empties`: asked is how often it is empty, not which
    values it has. `index`: the population stability index; `test`: what `chance` is by; `adjusted`: the chance by
    Holm's procedure over all that was asked; `moved`: whether the index is large and chance does not explain it;
    `outside`: later rows beyond all training rows, or with a value that none of them has; `surprising`: whether chance
    hardly explains so many."""

    feature: str
    empties: bool = False
    index: float
    test: str
    statistic: float
    chance: float
    adjusted: float
    moved: bool
    outside: int
    surprising: bool


class Alike(Record):
    """Rows of the training that stand there more than once, beyond the first, and rows of the test that stand among
    them: `rows` are the same in all that the model is given, `with_label` in the label, too. `looser`: how many times
    as many pairs of a training row and a test row are the same where the column that tells most rows apart is left
    out; None where it was not asked, or none is the same."""

    rows: int
    with_label: int
    looser: float | None = None


class Neighbour(Record):
    """The nearest other molecule of the training, and how similar it is: Tanimoto's, from 0 to 1."""

    name: str
    similarity: float


class Domain(Record):
    """How near molecules are to the training. `usual`: the similarity to the nearest other that 95% of `compared`
    molecules of the training have at least, `median` that of half of them; `later`: the median of the later molecules,
    `far` how many of these are less similar than `usual`; `scaffolds`: different ones of the training; `new_scaffolds`:
    later molecules whose scaffold none of the training has; `nearest`: by sample."""

    usual: float
    median: float
    compared: int
    later: float | None
    far: int
    scaffolds: int
    new_scaffolds: int
    nearest: dict[str, Neighbour]


class Datasheet(Record):
    """`rows` of each split that are used, `left_out` those that could not be. `balance`: rows of each class by split.
    `later`: the split that is held against the training, if there is any; `beyond`: how many of its rows have a value
    that no training row has or reaches. `period`: by column of dates, the first and the last day of each split.
    `pairs`: how many pairs of columns were compared, over `correlated` rows.
    `domain`: of molecules. `drawn`: of each split that is too large for all of it, how many rows were looked at."""

    rows: dict[Split, int]
    left_out: int = 0
    columns: tuple[ColumnSheet, ...]
    repeated: Alike
    shared: Alike
    balance: dict[str, dict[Split, int]] = Field(default_factory=dict)
    distributions: tuple[Distribution, ...]
    correlations: tuple[Correlation, ...]
    pairs: int
    correlated: int = 0
    leak_rows: int
    leaks: tuple[Leak, ...]
    strongest: Leak | None = None
    later: Split | None = None
    drifts: tuple[Drift, ...] = ()
    beyond: int = 0
    period: dict[str, dict[Split, tuple[str, str]]] = Field(default_factory=dict)
    drawn: dict[Split, int] = Field(default_factory=dict)
    domain: Domain | None = None
