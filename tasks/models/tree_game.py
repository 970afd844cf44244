"""Shapley values of an ensemble of trees against rows of a background, exactly, whatever its splits are like: numbers,
categories, and what becomes of a missing value."""

from collections.abc import Callable, Iterator, Sequence
from math import factorial
from typing import NamedTuple

import numpy as np

from exhibit.tasks.records.base import Array


class Tree(NamedTuple):
    """A tree by its nodes: the `column` that each compares, its children `left` and `right` (−1 at a leaf), and the
    `value` of a leaf, which counts for the output `output`. `goes_left(rows)`: (rows, nodes) where rows would go."""

    column: Array
    left: Array
    right: Array
    value: Array
    output: int
    goes_left: Callable[[Array], Array]


def against(trees: Sequence[Tree], rows: Array, others: Array, factor: Array, columns: int) -> Array:
    """(rows, columns, outputs): the mean over `others`, in the form of `rows`, of the Shapley values of the game in
    which a column is that of the row or that of the other one, times `factor` (rows, others, outputs).

    A leaf is reached by a coalition if all columns on its path lead there. With a columns that only the row has right
    and b that only the other one has, each of the a is worth v (a − 1)! b! / (a + b)!, each of the b −v a! (b − 1)! /
    (a + b)!; a column that neither has right makes the leaf worth nothing.

    S. Lundberg and others (2020), From local explanations to global understanding with explainable AI for trees.
    """
    found = np.zeros((len(rows), columns, factor.shape[2]))
    for tree in trees:
        own, other = tree.goes_left(rows), tree.goes_left(others)
        for leaf, path in _paths(tree):
            asked = sorted({int(tree.column[node]) for node, _ in path})
            if not asked:
                continue
            right_of_row, right_of_other = (
                np.stack(
                    [
                        np.all([goes[:, node] == side for node, side in path if tree.column[node] == column], axis=0)
                        for column in asked
                    ],
                    axis=1,
                )
                for goes in (own, other)
            )
            ours = right_of_row[:, np.newaxis] & ~right_of_other
            theirs = ~right_of_row[:, np.newaxis] & right_of_other
            reached = (right_of_row[:, np.newaxis] | right_of_other).all(axis=2)
            a, b = ours.sum(axis=2), theirs.sum(axis=2)
            scale = tree.value[leaf] * reached * factor[..., tree.output]
            shares = ours * (scale * _GAIN[a, b])[..., np.newaxis] - theirs * (scale * _GAIN[b, a])[..., np.newaxis]
            found[:, asked, tree.output] += shares.mean(axis=1)
    return found


def _paths(tree: Tree) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
    """Each leaf with the nodes on its way, and whether it lies to their left."""
    waiting: list[tuple[int, list[tuple[int, bool]]]] = [(0, [])]
    while waiting:
        node, path = waiting.pop()
        if tree.left[node] < 0:
            yield node, path
        else:
            waiting += [(int(tree.left[node]), [*path, (node, True)]), (int(tree.right[node]), [*path, (node, False)])]


_DEEPEST = 128  # columns on a path
# (a, b): (a - 1)! b! / (a + b)!, which is 1 / (a times the binomial of a + b over a)
_GAIN = np.array(
    [
        [0.0 if not a else factorial(a - 1) * factorial(b) / factorial(a + b) for b in range(_DEEPEST)]
        for a in range(_DEEPEST)
    ]
)
