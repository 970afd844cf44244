"""The trees at the end of a Pipeline of scikit-learn, in the game over the columns that the Pipeline was fitted on.

The Shapley value of a column is not the sum of those of the columns that are derived from it: of a category that is
several of 0 or 1, a coalition would hold some and hide others. Where each derived column is made of one raw column, a
node asks about that one, and the game over raw columns is exact.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from exhibit.tasks.models.tree_game import Tree
from exhibit.tasks.records.base import Array, InputError

Derive = Callable[[Array], Array]  # raw rows (rows, columns) -> (rows, derived columns) as the trees compare them

_TRIED = 256  # pairs of rows of which parts are exchanged


class Behind(NamedTuple):
    """The `steps` before the last one, which is a forest or a tree, and the `members` of that, which count alike."""

    steps: Any
    members: Sequence[Any]
    classifies: bool

    def derived(self, frame: Any) -> Array:
        """(rows, derived columns), in the precision in which the trees compare."""
        from scipy.sparse import issparse

        found = self.steps.transform(frame)
        sparse: bool = issparse(found)
        return np.asarray(found.toarray() if sparse else found, np.float32)

    def trees(self, owner: Array) -> list[Tree]:
        """Trees that add up to what it predicts. `owner` (derived columns,): the raw column that each is made of."""
        return [
            tree
            for member in self.members
            for tree in _trees(member.tree_, owner, len(self.members), shares=self.classifies)
        ]


def behind(item: Any) -> Behind | None:
    """What a Pipeline ends in; None for anything but a Pipeline of a forest or a tree with one label."""
    from sklearn.base import is_classifier
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
    )
    from sklearn.pipeline import Pipeline
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if not isinstance(item, Pipeline) or len(item.steps) < 2:
        return None
    last, steps = item.steps[-1][1], item[:-1]
    if isinstance(last, DecisionTreeClassifier | DecisionTreeRegressor):
        members = [last]
    elif isinstance(last, RandomForestClassifier | RandomForestRegressor | ExtraTreesClassifier | ExtraTreesRegressor):
        members = last.estimators_
    else:
        return None
    return Behind(steps, members, is_classifier(last)) if last.n_outputs_ == 1 else None


def owners(derive: Derive, rows: Array, others: Array, names: Sequence[str]) -> Array:
    """(derived columns,) the raw column that each is made of, as columns of `rows` show that are exchanged for those of
    `others`; 0 for what never changes. `names`: of the raw columns.

    Raises:
        InputError: where one is made of several, with two of these.
    """
    draws = np.random.default_rng(0)
    own, other = rows[draws.integers(len(rows), size=_TRIED)], others[draws.integers(len(others), size=_TRIED)]
    before, after = derive(own), derive(other)
    changed = np.stack([_differs(derive(_exchanged(own, other, k)), before) for k in range(rows.shape[1])])
    owner = changed.argmax(axis=0)
    kept = draws.random(own.shape) < 0.5
    mixed = derive(np.where(kept, own, other))
    together = _differs(mixed, np.where(kept[:, owner], before, after))
    if (wrong := (changed.sum(axis=0) > 1) | together).any():
        several = [names[k] for k in np.flatnonzero(changed[:, wrong.argmax()]).tolist()]
        raise InputError(
            f"tree_shap: the steps before the trees make one column of several of the data ({', '.join(several)}), "
            "so a split of the trees is about no single one of them; use kernel_shap or occlusion"
        )
    return owner


def _exchanged(own: Array, other: Array, column: int) -> Array:
    mixed = own.copy()
    mixed[:, column] = other[:, column]
    return mixed


def _differs(found: Array, expected: Array) -> Array:
    """(columns,) whether any row does; what is missing in both is alike."""
    alike = (found == expected) | (np.isnan(found) & np.isnan(expected))
    return ~alike.all(axis=0)


def _trees(nodes: Any, owner: Array, count: int, *, shares: bool) -> list[Tree]:
    """One tree of scikit-learn for each of its outputs; `shares`: its leaves hold how much each class has there."""
    feature, default = np.maximum(nodes.feature, 0), np.asarray(nodes.missing_go_to_left, bool)
    values = nodes.value[:, 0].astype(np.float64)
    values = (values / values.sum(axis=1, keepdims=True) if shares else values) / count

    def goes_left(rows: Array) -> Array:
        seen = rows[:, feature]
        return np.where(np.isnan(seen), default, seen <= nodes.threshold)

    return [
        Tree(owner[feature], nodes.children_left, nodes.children_right, values[:, output], output, goes_left)
        for output in range(values.shape[1])
    ]
