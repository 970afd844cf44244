"""Files of XGBoost and LightGBM, held against what their libraries take for granted: that there are as many numbers as
it says, and that a node leads to nodes that are there, and not back. Only then are they opened."""

import json
import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Any

import numpy as np

from exhibit.tasks.models.ubjson import read_ubjson
from exhibit.tasks.records.base import Array

_PER_NODE = ("left_children", "right_children", "split_indices", "split_conditions", "split_type", "default_left")
_PER_SPLIT = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
_SETTING = re.compile(r"\[[^\[\]:]+: .*\]|\[[^\[\]:]+:\]")


def require_xgboost(data: bytes) -> None:
    """A .json or .ubj file.

    Raises:
        ValueError: for one that cannot be so; KeyError, TypeError: for one that is no model.
    """
    text = not data[1:2].isalpha()  # what follows a brace in UBJSON is the kind of a length
    learner = (json.loads(data.decode("utf-8", "replace")) if text else read_ubjson(data))["learner"]
    columns = int(learner["learner_model_param"]["num_feature"])
    booster = learner["gradient_booster"]
    model = booster.get("gbtree", booster).get("model", {})  # the former of dart
    trees = model.get("trees", [])
    for place, tree in enumerate(trees):
        if fault := _of_xgboost(tree, columns):
            raise ValueError(f"its tree {place} has {fault}")
    if len(model.get("tree_info", trees)) != len(trees):
        raise ValueError(f"it has {len(trees):,} trees, and tells of {len(model['tree_info']):,}")
    ends = np.array(model.get("iteration_indptr", [0]), np.int64)
    if (np.diff(ends) < 0).any() or (ends < 0).any() or (ends > len(trees)).any():
        raise ValueError("its rounds are of trees that are not there")


def _of_xgboost(tree: Mapping[str, Any], columns: int) -> str:
    """What cannot be so in a tree; empty where all can."""
    count = int(tree["tree_param"]["num_nodes"])
    if other := next((name for name in _PER_NODE if len(tree[name]) != count), ""):
        return f"{count:,} nodes, and {len(tree[other]):,} numbers in {other}"
    left, right, asked = (
        np.array(tree[name], np.int64) for name in ("left_children", "right_children", "split_indices")
    )
    inner = left != -1
    if _strays(np.concatenate([left[inner], right[inner]]), count):
        return _STRAYS
    if not ((asked >= 0) & (asked < columns))[inner].all():
        return f"a node that asks for a column beyond its {columns:,}"
    names = ("categories", "categories_nodes", "categories_segments", "categories_sizes")
    known, nodes, starts, sizes = (np.array(tree.get(name, []), np.int64) for name in names)
    fits = len(nodes) == len(starts) == len(sizes) and ((nodes >= 0) & (nodes < count)).all()
    if not fits or not ((starts >= 0) & (sizes >= 0) & (starts <= len(known) - sizes)).all():
        return "categories that are not there"
    return ""


_STRAYS = "a node that leads back, or to one that is not there"


def _strays(led: Array, count: int) -> bool:
    """Whether some of the nodes that are led to are not there, are the first, or are led to twice."""
    return bool(led.size and (led.min() < 1 or led.max() >= count or len(np.unique(led)) < len(led)))


def require_lightgbm(data: bytes) -> None:
    """A .txt file.

    Raises:
        ValueError: for one that cannot be so.
    """
    head, *trees = re.split(r"^Tree=\d+$", data.decode("utf-8"), flags=re.MULTILINE)
    columns = int(_told(head)["max_feature_idx"]) + 1
    for place, tree in enumerate(trees):
        if fault := _of_lightgbm(_told(tree), columns):
            raise ValueError(f"its tree {place} has {fault}")
    end = (trees or [head])[-1].partition("\nparameters:\n")[2].splitlines()
    settings = takewhile(lambda line: line != "end of parameters", filter(None, end))
    if strange := next((line for line in settings if not _SETTING.fullmatch(line)), ""):
        raise ValueError(f"{strange[:40]!r} is no setting")


def _told(part: str) -> dict[str, str]:
    """What stands behind the names of a part of the file, up to its first line without anything."""
    lines = part.strip().partition("\n\n")[0].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _of_lightgbm(tree: Mapping[str, str], columns: int) -> str:
    """What cannot be so in a tree; empty where all can."""
    leaves, cuts = int(tree["num_leaves"]), int(tree["num_cat"])
    if leaves < 1 or len(tree["leaf_value"].split()) != leaves:
        return f"{leaves:,} leaves, and {len(tree['leaf_value'].split()):,} values of such"
    if leaves == 1:
        return ""
    found = {name: np.array(tree[name].split(), np.float64) for name in _PER_SPLIT}
    if other := next((name for name, numbers in found.items() if len(numbers) != leaves - 1), ""):
        return f"{leaves:,} leaves, and {len(found[other]):,} numbers in {other}"
    led = np.concatenate([found["left_child"], found["right_child"]]).astype(np.int64)
    if _strays(np.where(led < 0, leaves - 2 - led, led), 2 * leaves - 1) or (led >= leaves - 1).any():
        return _STRAYS
    asked, kinds = found["split_feature"], found["decision_type"].astype(np.int64)
    if not ((asked >= 0) & (asked < columns)).all():
        return f"a node that asks for a column beyond its {columns:,}"
    return _of_cuts(tree, found["threshold"][kinds % 2 == 1], cuts) or _of_lines(tree, leaves, columns)


def _of_cuts(tree: Mapping[str, str], cuts: Array, count: int) -> str:
    """The same of its categories: a node that splits by such names the place of a set of them."""
    ends = np.array(tree.get("cat_boundaries", "0").split(), np.int64)
    words = len(tree.get("cat_threshold", "").split())
    if len(ends) != count + 1 or ends[0] != 0 or (np.diff(ends) < 0).any() or ends[-1] != words:
        return "categories that are not there"
    return "" if ((cuts >= 0) & (cuts < max(count, 0))).all() else "categories that are not there"


def _of_lines(tree: Mapping[str, str], leaves: int, columns: int) -> str:
    """The same of the lines in its leaves."""
    if tree.get("is_linear", "0") == "0":
        return ""
    sizes = np.array(tree["num_features"].split(), np.int64)
    asked = np.array(tree["leaf_features"].split(), np.int64)
    fits = len(sizes) == len(tree["leaf_const"].split()) == leaves and (sizes >= 0).all()
    if not fits or not sizes.sum() == len(asked) == len(tree["leaf_coeff"].split()):
        return "lines in its leaves that are not whole"
    return "" if ((asked >= 0) & (asked < columns)).all() else f"a leaf that asks for a column beyond its {columns:,}"
