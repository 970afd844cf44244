"""What a user's own net takes, whatever the framework."""

from collections.abc import Callable
from typing import Any

import numpy as np

from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset

Preprocess = Callable[[Arrays], Any]  # raw inputs by name -> what the net takes, by name and in its order


def plain(dataset: Dataset) -> Callable[[Arrays], dict[str, Array]]:
    """Raw values as they are: texts as ids, all others as float32.

    Raises:
        InputError: for molecules, which no net takes as they are.
    """
    kinds = {item.name: item.kind for item in dataset.inputs}
    if "molecule" in kinds.values():
        raise InputError("model.factory: no net takes a molecule as it is; let the factory give a preprocess too")
    types = {name: np.int64 if kind == "text" else np.float32 for name, kind in kinds.items()}
    return lambda inputs: {name: np.asarray(values, types[name]) for name, values in inputs.items()}
