"""What samples are grouped by, apart from what a model is given of them."""

from typing import Self

import numpy as np

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.language import mark

NOT_STATED = mark("not stated")  # the group of rows whose cell is empty


class Grouping(Record):
    """What samples are grouped by: a column, or several at once. `groups`: their names in order; `of`: (samples,) the
    place of the group of each among them."""

    by: tuple[str, ...]
    groups: tuple[str, ...]
    of: Array

    def take(self, rows: Array) -> Self:
        """The same with only `rows` (indices or a mask over samples), in that order."""
        return self.model_copy(update={"of": self.of[rows]})

    def crossed(self, other: Self) -> Self:
        """By both at once. Names that hold commas are quoted where two groups would have one name without that."""
        both = [(one, two) for one in self.groups for two in other.groups]
        names = [f"{one}, {two}" for one, two in both]
        if len(set(names)) < len(names):
            names = [f"{one!r}, {two!r}" for one, two in both]
        return self.model_copy(
            update={
                "by": self.by + other.by,
                "groups": tuple(names),
                "of": self.of * len(other.groups) + other.of,
            }
        )

    @property
    def stated(self) -> Array:
        """(samples,) whether it is known of which group each is."""
        return np.array([name != NOT_STATED for name in self.groups], bool)[self.of]

    @property
    def rows(self) -> Array:
        """(groups,) how many samples are of each."""
        return np.bincount(self.of, minlength=len(self.groups))


class Groupings(Record):
    """All that is asked for, a column each, by the name that it has in the file."""

    items: tuple[Grouping, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What a page may print of them: columns and groups."""
        return tuple(name for one in self.items for name in (*one.by, *one.groups))
