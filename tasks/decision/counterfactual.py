"""The smallest changes of one row after which a model decides otherwise.

What is asked of the model is a function of rows, whatever the model: one column alone first, then pairs of columns that
do not suffice alone, and if none of these does, one column after the other. Every row that is given was asked about.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array, Record

# Rows (rows, columns) -> whether each is decided otherwise (rows,), and how far it is beyond (+) or short of (-) that.
Ask = Callable[[Array], tuple[Array, Array]]

MOST = 3  # alternatives
_COARSE = 16  # steps of a way that are asked about first
_DIVIDED = 15  # steps between two of them that are asked about together
_TRIED = 32  # rounds of one column after the other


class Way(Record):
    """One direction in which one column may go, in `steps` steps: the k-th, from 1 on, is `first` + (k - 1) * `step`,
    rounded to so many `decimals`. `scale`: a change of that much is a distance of 1; `cost`: the distance of a way of
    one step whatever it is, as of one category to another. `coarse`: the steps that are asked about first."""

    column: int
    first: float
    step: float = 0.0
    steps: int = 1
    decimals: int = 12
    scale: float = 1.0
    cost: float | None = None
    coarse: tuple[int, ...] = (1,)

    def value(self, step: int) -> float:
        return round(self.first + (step - 1) * self.step, self.decimals)

    def distance(self, present: float, step: int) -> float:
        return abs(self.value(step) - present) / self.scale if self.cost is None else self.cost


class Move(NamedTuple):
    """A step of a way."""

    way: Way
    step: int


Moves = tuple[Move, ...]


class Found(NamedTuple):
    """`rows` (alternatives, columns) that are decided otherwise, the nearest first among those of as many columns,
    with their distances; `calls`: rows that were asked about; `ended`: whether the search came to its own end."""

    rows: Array
    distances: tuple[float, ...]
    calls: int
    ended: bool


class _Spent(Exception):
    """No more rows may be asked about."""


class _Counted:
    """`ask`, about at most so many rows in all."""

    def __init__(self, ask: Ask, most: int) -> None:
        self._ask, self._most, self.calls = ask, most, 0

    def __call__(self, rows: Array) -> tuple[Array, Array]:
        if self.calls + len(rows) > self._most:
            raise _Spent
        self.calls += len(rows)
        return self._ask(rows)


def numeric_way(column: int, present: float, training: Array, decimals: int, scale: float, *, up: bool) -> Way | None:
    """A number upwards or downwards, on multiples of its last decimal within the range of the `training` values
    (rows,); the quantiles of these are asked about first. None where there is nowhere to go."""
    unit = 10.0**-decimals
    low, high = round(float(training.min()) / unit), round(float(training.max()) / unit)
    at = round(present / unit, 6)
    first = max(int(np.floor(at)) + 1, low) if up else min(int(np.ceil(at)) - 1, high)
    last = high if up else low
    steps = abs(last - first) + 1 if (last >= first if up else last <= first) else 0
    if not steps:
        return None
    known = np.quantile(training, np.linspace(0, 1, _COARSE + 1), method="inverted_cdf") / unit
    places = {abs(round(float(value)) - first) + 1 for value in known if (value >= first if up else value <= first)}
    evenly = np.linspace(1, steps, _COARSE).round().astype(int).tolist()
    return Way(
        column=column,
        first=first * unit,
        step=unit if up else -unit,
        steps=steps,
        decimals=max(decimals, 0),
        scale=scale,
        coarse=tuple(sorted({k for k in (*places, *evenly) if 1 <= k <= steps})),
    )


def alternatives(present: Array, ways: Sequence[Way], ask: Ask, calls: int, most: int = MOST) -> Found:
    """At most `most` rows near `present` (columns,) that are decided otherwise, by changes along the `ways`, after at
    most so many `calls`."""
    counted, found, ended = _Counted(ask, calls), [], True
    try:
        for moves in _search(present, ways, counted, most):
            found.append(moves)
    except _Spent:
        ended = False
    return Found(
        rows=np.array([_row(present, moves) for moves in found]).reshape(-1, len(present)),
        distances=tuple(_distance(present, moves) for moves in found),
        calls=counted.calls,
        ended=ended,
    )


def _row(present: Array, moves: Moves) -> Array:
    row = np.array(present, np.float64)
    for way, step in moves:
        row[way.column] = way.value(step)
    return row


def _distance(present: Array, moves: Moves) -> float:
    return sum(way.distance(float(present[way.column]), step) for way, step in moves)


def _search(present: Array, ways: Sequence[Way], ask: Ask, most: int) -> Iterator[Moves]:
    """One column, then pairs of those that do not suffice alone, then one after the other where nothing was found."""
    coarse = [Move(way, step) for way in ways for step in way.coarse]
    if not coarse:
        return
    reached, margin = ask(np.array([_row(present, (move,)) for move in coarse]))
    singles = _nearest_of_each(present, _singles(present, coarse, reached, ask))
    yield from singles[:most]
    alone = {moves[0].way.column for moves in singles}
    best = _best_of_each(coarse, margin, alone)
    pairs = _pairs(present, best, ask) if len(singles) < most else []
    yield from pairs[: most - len(singles)]
    if not singles and not pairs and (moves := _one_after_the_other(present, coarse, ask)):
        yield moves


def _singles(present: Array, coarse: Sequence[Move], reached: Array, ask: Ask) -> Iterator[Moves]:
    """Of each way the first coarse step that is decided otherwise, brought as near as the steps before it allow."""
    firsts: dict[Way, Move] = {}
    short: dict[Way, int] = {}
    for move, there in zip(coarse, reached.tolist(), strict=True):
        if there:
            firsts.setdefault(move.way, move)
        elif move.way not in firsts:
            short[move.way] = move.step
    for way, move in firsts.items():
        yield (_nearer(present, (), move, short.get(way, 0), ask),)


def _nearer(present: Array, others: Moves, move: Move, short: int, ask: Ask) -> Move:
    """Beside `others` a step between `short`, which is not decided otherwise, and that of `move`, which is: the first
    of those that divide this evenly, then between it and the one before, until these are neighbours."""
    there = move.step
    while there - short > 1:
        between = np.unique(np.linspace(short, there, _DIVIDED + 2).round().astype(int))[1:-1]
        reached, _ = ask(np.array([_row(present, (*others, Move(move.way, step))) for step in between.tolist()]))
        first = int(reached.argmax()) if reached.any() else len(between)
        steps = [short, *between.tolist(), there]
        short, there = steps[first], steps[first + 1]
    return Move(move.way, there)


def _nearest_of_each(present: Array, found: Iterator[Moves]) -> list[Moves]:
    """The nearest for each set of columns, the nearest first."""
    nearest: dict[frozenset[int], Moves] = {}
    for moves in found:
        columns = frozenset(move.way.column for move in moves)
        if columns not in nearest or _distance(present, moves) < _distance(present, nearest[columns]):
            nearest[columns] = moves
    return sorted(nearest.values(), key=partial(_distance, present))


def _best_of_each(coarse: Sequence[Move], margin: Array, but: set[int]) -> list[Move]:
    """Of each column that does not suffice alone the step that comes closest to it, the closest first."""
    best: dict[int, tuple[float, Move]] = {}
    for move, far in zip(coarse, margin.tolist(), strict=True):
        column = move.way.column
        if column not in but and (column not in best or far > best[column][0]):
            best[column] = far, move
    return [move for _, move in sorted(best.values(), key=lambda pair: -pair[0])]


def _pairs(present: Array, best: Sequence[Move], ask: Ask) -> list[Moves]:
    """Pairs of columns at their best steps that are decided otherwise, each brought nearer column by column."""
    candidates: list[Moves] = list(combinations(best, 2))
    if not candidates:
        return []
    reached, _ = ask(np.array([_row(present, moves) for moves in candidates]))
    there = [moves for moves, done in zip(candidates, reached.tolist(), strict=True) if done]
    nearer = (_shrunk(present, order, ask) for moves in there for order in (moves, moves[::-1]))
    return _nearest_of_each(present, nearer)


def _shrunk(present: Array, moves: Moves, ask: Ask) -> Moves:
    """Each column in its turn as near as the others allow; one that is not needed is left as it is."""
    kept = list(moves)
    for move in moves:
        others = tuple(other for other in kept if other is not move)
        if others and ask(_row(present, others)[np.newaxis])[0][0]:
            kept = list(others)
        else:
            kept[kept.index(move)] = _nearer(present, others, move, 0, ask)
    return tuple(kept)


def _one_after_the_other(present: Array, coarse: Sequence[Move], ask: Ask) -> Moves:
    """The step that helps most, then that which helps most beside it, until it is decided otherwise or nothing helps;
    then as near as it goes. Empty where nothing is found."""
    taken: dict[int, Move] = {}
    before = float(ask(np.array(present, np.float64)[np.newaxis])[1][0])
    for _ in range(min(_TRIED, len({move.way.column for move in coarse}))):
        free = [move for move in coarse if move.way.column not in taken]
        reached, margin = ask(np.array([_row(present, (*taken.values(), move)) for move in free]))
        place = int(np.flatnonzero(reached)[0]) if reached.any() else int(margin.argmax())
        if not reached.any() and margin[place] <= before:
            return ()
        before = float(margin[place])
        taken[free[place].way.column] = free[place]
        if reached.any():
            return _shrunk(present, tuple(taken.values()), ask)
    return ()
