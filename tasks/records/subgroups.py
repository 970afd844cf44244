"""For whom a model is how good, and what its explanations say of each group."""

from exhibit.tasks.records.base import Record

FEW = 30  # rows, under which a group is shown as too small and compared with no other


class Estimate(Record):
    """A share or a mean over `rows` rows with its interval; None where there are too few rows for one."""

    value: float
    rows: int
    interval: tuple[float, float] | None


class Subgroup(Record):
    """Rows that are alike in what they are grouped by; `measures`: by name those that its rows have."""

    name: str
    rows: int
    measures: dict[str, Estimate]

    @property
    def small(self) -> bool:
        """Whether it is too small to be compared with others."""
        return self.rows < FEW


class Pair(Record):
    """Two groups, and by how much a measure of the `high` one is above that of the `low` one."""

    high: str
    low: str
    difference: float
    interval: tuple[float, float]


class Disparity(Record):
    """How far a measure differs between groups: the largest `difference` of two, and the smallest `ratio` of two, None
    of what is no share, or where all are 0. `surest`: the pair whose interval is farthest above 0; it is `wide` where
    that is above the `limit` as a whole. Without a limit the measure has a unit, or is none of the model."""

    measure: str
    difference: float
    ratio: float | None
    surest: Pair
    limit: float | None

    @property
    def wide(self) -> bool:
        """Whether two groups differ by more than the limit, and than chance and the number of comparisons explain."""
        return self.limit is not None and self.surest.interval[0] > self.limit


class Subgroups(Record):
    """The groups `by` one or several columns. The intervals of all measures of all groups together have a level of
    95%, as have those of all `comparisons` of two groups (Bonferroni)."""

    by: tuple[str, ...]
    groups: tuple[Subgroup, ...]
    disparities: tuple[Disparity, ...]
    comparisons: int


class Role(Record):
    """What a feature counts in each group: mean attribution and mean size of it with 95% intervals, and its rank by
    size with that of resampled rows. `chance`: of the largest difference in size of a group from all others, after
    Holm over all features and groups; `times`: by how much it counts more or less there; `where`: that group."""

    feature: str
    mean: dict[str, Estimate]
    size: dict[str, Estimate]
    rank: dict[str, Estimate]
    where: str
    times: float
    chance: float


class Proxy(Record):
    """A feature that tells a protected column: the correlation ratio η (of two groups |r|) of the feature by that
    column, and its `chance` by an analysis of variance, after Holm over all features. `rank`: of the feature among all
    by mean size of its attributions, the first is 1."""

    feature: str
    column: str
    correlation: float
    chance: float
    rank: int
