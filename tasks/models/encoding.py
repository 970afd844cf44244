"""What a user's own net takes, whatever the framework."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from exhibit.tasks.models.kinds import KINDS
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset

Preprocess = Callable[[Arrays], Any]  # raw inputs by name -> what the net takes, by name and in its order


def plain(dataset: Dataset) -> Callable[[Arrays], dict[str, Array]]:
    """Raw values as they are: texts as ids, all others as float32.

    Raises:
        InputError: for molecules, which no net takes as they are.
    """
    types = {item.name: KINDS[item.kind].number for item in dataset.inputs}
    if whole := [item for item in dataset.inputs if types[item.name] is None]:
        raise InputError(
            f"model.factory: no net takes a {whole[0].kind} as it is; let the factory give a preprocess too"
        )
    return lambda inputs: {name: np.asarray(values, types[name]) for name, values in inputs.items()}


def require_named(prepared: Any) -> None:
    """Raises InputError where a preprocess gives something else than arrays by name."""
    if not isinstance(prepared, Mapping):
        raise InputError(
            f"model.factory: the preprocess gives a {type(prepared).__name__}; arrays by name were expected, in the "
            "order in which the net takes them"
        )


def shape_in_words(shape: Sequence[int]) -> str:
    """The shape of one sample of a batch, such as 8 x 8 x 1."""
    return " x ".join(map(str, shape[1:])) or "one number"
