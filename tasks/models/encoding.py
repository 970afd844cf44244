"""What a user's own net takes, whatever the framework."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from exhibit.tasks.models.kinds import KINDS
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset

Value = TypeVar("Value")
Preprocess = Callable[[Arrays], Any]  # raw inputs by name -> what the net takes, by name and in its order


class Wanted(NamedTuple):
    """What a net calls its inputs, in its order; `needed`: those that it cannot do without."""

    names: tuple[str, ...]
    needed: frozenset[str]


def by_name(given: Mapping[str, Value], wanted: Wanted | None, *, told: bool) -> dict[str, Value]:
    """The inputs in the order of the net, which calls them `wanted` (None: it has no names for them).

    A preprocess has `told` the order where the net has other names or none; a single input is what it is.

    Raises:
        InputError: with both lists of names, where it is not known which is which.
    """
    alone = told or len(given) == 1
    if wanted is None:
        if alone:
            return dict(given)
        raise InputError(
            f"model.factory: the data gives {', '.join(given)}, and the net has no names for its inputs; name them as "
            "the data does, or let the factory give a preprocess too, which gives them in the order of the net"
        )
    known = [name for name in wanted.names if name in given]
    if alone and not known and len(wanted.needed) <= len(given) <= len(wanted.names):
        return dict(given)
    if set(known) == set(given) and wanted.needed <= set(given) and known == list(wanted.names[: len(known)]):
        return {name: given[name] for name in known}
    raise InputError(
        f"model.factory: the net takes {', '.join(wanted.names)}, and the data gives {', '.join(given)}; inputs are "
        "matched by name: call them alike, or let the factory give a preprocess too, which calls them as the net does"
    )


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
