"""The trees of scikit-learn's histogram-based boosting where they split by categories, which SHAP reads as numbers.

What the trees compare are the columns behind the estimator's own encoder: those of categories first, each as the place
of the word among the known ones, then the others.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from exhibit.tasks.models.tree_game import Tree
from exhibit.tasks.records.base import Array


def splits_by_category(item: Any) -> bool:
    """Whether it is such an estimator, has columns of categories, and gives what its trees add up to: log-odds of
    classes, or values."""
    from sklearn._loss.link import IdentityLink
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    if not isinstance(item, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
        return False
    adds_up = isinstance(item, HistGradientBoostingClassifier) or isinstance(item._loss.link, IdentityLink)
    return adds_up and item._preprocessor is not None


def sums(item: Any, rows: Any) -> Array:
    """(rows, outputs) what the trees add up to."""
    return np.asarray(item._raw_predict(rows), np.float64)


def compared(item: Any, rows: Any) -> Array:
    """(rows, columns) as the trees compare them; a word that the training did not know is NaN."""
    return np.asarray(item._preprocess_X(rows, reset=False), np.float64)


def trees(item: Any) -> Sequence[Tree]:
    """All of them; `column` is the place before the encoder."""
    own = np.asarray(item.is_categorical_, bool)
    places = np.concatenate([np.flatnonzero(own), np.flatnonzero(~own)])
    known, of_column = item._bin_mapper.make_known_categories_bitsets()
    return [
        _tree(predictor, places, known[of_column], output)
        for rounds in item._predictors
        for output, predictor in enumerate(rounds)
    ]


def _tree(predictor: Any, places: Array, known: Array, output: int) -> Tree:
    """`known` (columns, 8): of each column the bits of the categories that its training has seen."""
    nodes, named = predictor.nodes, predictor.raw_left_cat_bitsets
    leaf = nodes["is_leaf"].astype(bool)
    column = nodes["feature_idx"].astype(np.int64)

    def goes_left(rows: Array) -> Array:
        values = rows[:, column]
        goes = values <= nodes["num_threshold"]
        gaps = np.isnan(values)
        for node in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf):
            codes = np.where(gaps[:, node], 0, values[:, node]).astype(np.int64)
            gaps[:, node] |= ~_holds(known[column[node]], codes)
            goes[:, node] = _holds(named[nodes["bitset_idx"][node]], codes)
        return np.where(gaps, nodes["missing_go_to_left"].astype(bool), goes)

    left, right = (np.where(leaf, -1, nodes[side].astype(np.int64)) for side in ("left", "right"))
    return Tree(places[column], left, right, nodes["value"].astype(np.float64), output, goes_left)


def _holds(bits: Array, codes: Array) -> Array:
    """(rows,) whether the set of bits, 32 in a number, holds each code."""
    held: Array = (bits[codes // 32] >> (codes % 32).astype(np.uint32)) & np.uint32(1)
    return held.astype(bool)
