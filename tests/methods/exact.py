"""Shapley and Owen values by enumeration, and a model that only predicts."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from math import factorial
from typing import ClassVar

import numpy as np

from exhibit.tasks.protocols import Capability
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.model import OutputKind

Worth = Callable[[tuple[int, ...]], Array]  # what a coalition of players is worth, per output


class Predicting:
    """A model that only predicts."""

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions"})

    def __init__(self, function: Callable[[Arrays], Array], output: OutputKind = "values") -> None:
        self.predict, self.output = function, output


def shapley(worth: Worth, players: int) -> Array:
    """(players, outputs): sum over T of |T|! (n - |T| - 1)! / n! (v(T + i) - v(T))."""
    return np.array([_marginal(worth, player, players) for player in range(players)])


def _marginal(worth: Worth, player: int, players: int) -> Array:
    others = [other for other in range(players) if other != player]
    return sum(
        factorial(size)
        * factorial(players - size - 1)
        / factorial(players)
        * (worth((*coalition, player)) - worth(coalition))
        for size in range(players)
        for coalition in combinations(others, size)
    )


def owen(worth: Worth, tree: object) -> dict[int, Array]:
    """By player: the mean of v(C + i) - v(C) over all C made of whole sisters of i and of the groups that i is in.

    `tree`: a player, or a pair of trees.
    """
    return {
        player: np.mean([worth((*joined, player)) - worth(joined) for joined in _unions(sisters)], axis=0)
        for player, sisters in _paths(tree, ())
    }


def _paths(tree: object, sisters: tuple[tuple[int, ...], ...]) -> Iterator[tuple[int, tuple[tuple[int, ...], ...]]]:
    if isinstance(tree, tuple):
        left, right = tree
        yield from _paths(left, (*sisters, leaves(right)))
        yield from _paths(right, (*sisters, leaves(left)))
    else:
        assert isinstance(tree, int)
        yield tree, sisters


def leaves(tree: object) -> tuple[int, ...]:
    """The players of a tree."""
    return tuple(player for player, _ in _paths(tree, ()))


def _unions(groups: Sequence[tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    for size in range(len(groups) + 1):
        for chosen in combinations(groups, size):
            yield tuple(player for group in chosen for player in group)


def mixing(function: Callable[[Array], Array], x: Array, baseline: Array) -> Worth:
    """What a coalition of elements of `x` is worth when the others are those of `baseline`, all (elements,)."""

    def worth(coalition: tuple[int, ...]) -> Array:
        mixed = baseline.astype(np.float64)
        mixed[list(coalition)] = x[list(coalition)]
        return function(mixed[np.newaxis])[0]

    return worth
