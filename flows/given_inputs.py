"""What a Python session gives as samples: the inputs of a model by name, each with the way back to what was given."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from exhibit.flows.frames import as_it_was, has_gaps_alone, has_words_or_gaps
from exhibit.flows.given_labels import Words
from exhibit.flows.kinds import KINDS, Taken, is_frame, is_tensor
from exhibit.tasks.data.asked import told_list
from exhibit.tasks.data.plain import input_of
from exhibit.tasks.records.base import Arrays, InputError
from exhibit.tasks.records.data import Input, TableColumn, Wanted
from exhibit.tasks.records.shown import what_it_is, with_quotes


@dataclass(frozen=True)
class Inputs:
    """The inputs of a model by name, each with the way back to what the session had. `alone`: X was no dictionary."""

    taken: Mapping[str, Taken]
    inputs: tuple[Input, ...]
    alone: bool
    explained: int  # rows of X; what comes after them is the background

    def back(self, values: Arrays) -> Any:
        """Raw values as the session's own code takes them."""
        found = {name: self.taken[name].back(array) for name, array in values.items()}
        return next(iter(found.values())) if self.alone else found


def inputs_of(
    X: Any, background: Any, kind: str | None, words: Words, wanted: Wanted | None = None, *, function: bool = False
) -> Inputs:
    """X, and below it the rows that it is compared with, as inputs by name. `wanted`: the columns that the model asks
    for; a `function` is given a frame as it is.

    Raises:
        InputError: for what is no kind of input, or holds what cannot be read.
    """
    alone = not isinstance(X, Mapping)
    given = {"X": X} if alone else dict(X)
    inner = dict(background) if isinstance(background, Mapping) else {"X": background}
    if background is not None and (alone is isinstance(background, Mapping) or inner.keys() != given.keys()):
        raise InputError("background: it has to be given as X is, with the same inputs")
    behind = {} if background is None else inner
    taken: dict[str, Taken] = {}
    inputs = []
    for key, values in given.items():
        name = _kind(values, kind, key)
        names = words.names.get(key) if isinstance(words.names, Mapping) else words.names
        both = _joined(values, behind[key], key) if key in behind else values
        called = name if alone else str(key)
        taken[called] = KINDS[name].taken(both, names)
        if KINDS[name].gaps and (function or wanted is not None):
            taken[called] = _with_gaps_told(taken[called], called)
        rows = len(both)
        split = np.where(np.arange(rows) < (len(values) if behind else 0), "explain", "train")
        where = key if alone else f"X: {key}"
        asked = _asked(taken[called].about["values"], wanted, where, function=function)
        inputs.append(input_of(called, taken[called].about, split, where, asked))
        if inputs[-1].whole and is_frame(values):
            taken[called] = _whole(taken[called], inputs[-1].whole)
    counts = {item.name: len(item.values) for item in inputs}
    if len(set(counts.values())) > 1:
        raise InputError(f"X: its inputs have different numbers of samples: {counts}")
    if not next(iter(counts.values()), 0):
        raise InputError("X: it holds no samples")
    return Inputs(taken, tuple(inputs), alone, len(next(iter(given.values()))))


def _asked(values: Any, wanted: Wanted | None, where: str, *, function: bool) -> Wanted | None:
    """The columns that the model asks for of these values; None where it takes what is made of them.

    Raises:
        InputError: naming those that it was fitted on and a frame lacks.
    """
    if not is_frame(values):
        return None if wanted is None or not wanted.names else wanted.model_copy(update={"only": False})
    names = [str(name) for name in values.columns]
    if function and has_words_or_gaps(values):
        return Wanted(names=tuple(names))
    if wanted is None:
        return None
    if not wanted.names:
        # It takes columns by place, and cells without a value as its library has them.
        return Wanted(names=tuple(names)) if has_gaps_alone(values) else None
    known = {*names, *(name.replace(" ", "_") for name in names)}  # as LightGBM writes them
    # A column of words may have been given to it as 0 or 1 for each word.
    if lacking := [one for one in wanted.names if one not in known and one.partition(": ")[0] not in known]:
        raise InputError(
            f"{where}: the model was fitted on {told_list(with_quotes(lacking))}, which it does not have; its columns "
            f"are {told_list(with_quotes(names))}"
        )
    return wanted.model_copy(update={"only": False})


def _with_gaps_told(taken: Taken, name: str) -> Taken:
    """Numbers (samples, features) of which some are missing as a frame, whose cells may be; anything else as it is."""
    values = taken.about["values"]
    if is_frame(values) or values.ndim != 2 or values.dtype.kind != "f" or not np.isnan(values).any():
        return taken
    import pandas as pd

    names = taken.about.get("features") or [f"{name} {place}" for place in range(values.shape[1])]
    if len(names) != values.shape[1]:
        return taken  # which is said where it is read
    return taken._replace(about={"values": pd.DataFrame(values, columns=list(names)), "kind": "table"})


def _whole(taken: Taken, columns: Sequence[TableColumn]) -> Taken:
    """Of a frame whose columns a model is given as they are, in the order of the model."""
    frame = taken.about["values"]
    place = {column.name: number for number, column in enumerate(columns)}
    order = tuple(place[str(name)] for name in frame.columns)
    return taken._replace(back=as_it_was(frame, columns), turned=lambda values: values[:, list(order)], order=order)


def _kind(values: Any, told: str | None, key: str) -> str:
    if told is not None:
        if told not in KINDS:
            raise InputError(f"kind: {told!r} is not known; give {', '.join(KINDS)}")
        return told
    try:
        found = next((name for name, kind in KINDS.items() if kind.claims(values)), None)
    except ValueError as error:  # numpy's, of what is no array
        if isinstance(error, InputError):
            raise
        found = None
    if found is None:
        raise InputError(
            f"{key}: {what_it_is(values)} was given; (samples, features) or a DataFrame is a table, (samples, height, "
            "width[, channels]) are images, a list of texts are sentences or SMILES; kind says what axes do not: image "
            "or series (samples, steps, channels)"
        )
    return found


def _joined(values: Any, further: Any, key: str) -> Any:
    import pandas as pd

    if type(values) is not type(further):
        raise InputError(
            f"background: {type(further).__name__} was given, and {key} is {type(values).__name__}; give both alike"
        )
    if isinstance(values, pd.DataFrame):
        return pd.concat([values, further], ignore_index=True)
    if isinstance(values, list | tuple):
        return [*values, *further]
    if is_tensor(values):
        return sys.modules["torch"].cat([values, further])
    return np.concatenate([values, further])
