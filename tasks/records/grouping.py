"""What samples are grouped by, apart from what a model is given of them."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import numpy as np

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.language import Message, mark, tr

NOT_STATED = mark("not stated")  # the group of rows whose cell is empty
NO_RING, RARER = mark("no ring"), mark("a rarer scaffold")  # of molecules by their scaffold
_RANGES = mark("under {high}"), mark("{low} to under {high}"), mark("{low} and over")


def range_names(ends: Sequence[str]) -> list[str]:
    """Names of the groups by ranges of numbers between ascending `ends`, each from its lower end on."""
    lowest, within, highest = _RANGES
    between = [within.format(low=low, high=high) for low, high in pairwise(ends)]
    return [lowest.format(high=ends[0]), *between, highest.format(low=ends[-1])]


def group_name(name: str) -> str:
    """A group that is named here as a page names it: a range, that a row states nothing, or molecules without a
    scaffold of their own. What a file names keeps its words, whatever they may mean here."""
    found = ((text, re.fullmatch(re.sub("{(.*?)}", r"(?P<\1>-?[0-9.]+)", text), name)) for text in _RANGES)
    return next((tr(text, **match.groupdict()) for text, match in found if match), tr(name))


def crossed_names(one: Sequence[str], two: Sequence[str], comma: str = ", ") -> list[str]:
    """Names of the groups by both at once, with a `comma` between them. Those that hold commas are quoted where two
    groups would have one name without that."""
    names = [f"{a}{comma}{b}" for a in one for b in two]
    return names if len(set(names)) == len(names) else [f"{a!r}{comma}{b!r}" for a in one for b in two]


class Grouping(Record):
    """What samples are grouped by: a column, or several at once. `groups`: their names in order; `of`: (samples,) the
    place of the group of each among them; `ours`: those of the names by one column that are none of the file's."""

    by: tuple[str, ...]
    groups: tuple[str, ...]
    of: Array
    ours: tuple[str, ...] = ()

    def take(self, rows: Array) -> Self:
        """The same with only `rows` (indices or a mask over samples), in that order."""
        return self.model_copy(update={"of": self.of[rows]})

    def crossed(self, other: Self) -> Self:
        """By both at once."""
        return self.model_copy(
            update={
                "by": self.by + other.by,
                "groups": tuple(crossed_names(self.groups, other.groups)),
                "of": self.of * len(other.groups) + other.of,
                "ours": (),
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
    """All that is asked for, a column each, by the name that it has in the file. `note`: what the file has in none."""

    items: tuple[Grouping, ...]
    note: Message = Message()

    @property
    def names(self) -> tuple[str, ...]:
        """What a page may print of them: columns and groups."""
        return (*(name for one in self.items for name in (*one.by, *one.groups)), self.note)
