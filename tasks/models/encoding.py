"""What a user's own net takes, whatever the framework."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from exhibit.tasks.models.kinds import KINDS
from exhibit.tasks.models.preprocess import NOTHING, PreprocessSpec
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.model import Received
from exhibit.tasks.records.shown import what_it_is

Value = TypeVar("Value")
Preprocess = Callable[[Arrays], Any]  # raw inputs by name -> what the net takes, by name and in its order


class Wanted(NamedTuple):
    """What a net calls its inputs, in its order; `needed`: those that it cannot do without; `keywords`: those that it
    takes by their names alone."""

    names: tuple[str, ...]
    needed: frozenset[str]
    keywords: frozenset[str] = frozenset()

    def keyword(self, name: str, given: int) -> str | None:
        """By which name the net takes one of so many inputs; None for one that it takes by its place."""
        if name in self.keywords:
            return name
        return next(iter(self.needed & self.keywords), None) if given == 1 and name not in self.names else None


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
            f"model.factory: the data gives {', '.join(given)}, and the net has no names for its inputs; name each in "
            f"its forward or call, as {', '.join(given)}, or, in Keras, take each out of a dictionary there, as "
            f'inputs["{next(iter(given))}"], or let the factory give a preprocess too, which gives them in the order '
            "of the net"
        )
    known = [name for name in wanted.names if name in given]
    placed = [name for name in wanted.names if name not in wanted.keywords]
    in_place = len(given) <= len(placed) and all(
        name not in wanted.names or placed[k] == name for k, name in enumerate(given)
    )
    in_place = in_place and not wanted.needed & wanted.keywords
    in_place |= len(given) == 1 and wanted.keyword(next(iter(given)), 1) is not None
    if alone and in_place and len(wanted.needed) <= len(given):
        return dict(given)
    in_order = [name for name in known if name not in wanted.keywords]
    if set(known) == set(given) and wanted.needed <= set(given) and in_order == placed[: len(in_order)]:
        return {name: given[name] for name in known}
    takes = ", ".join(wanted.names) or f"nothing by place or name (name each: forward(self, {', '.join(given)}))"
    raise InputError(
        f"model.factory: the net takes {takes}, and the data gives {', '.join(given)}; inputs are "
        "matched by name: call them alike, or let the factory give a preprocess too, which calls them as the net does"
    )


# Where the channels of an array are; turned: those of a series before its steps; other: it has other elements; moved:
# its elements stand in other places.
Axes = Literal["first", "last", "none", "turned", "other", "moved"]


def axes_of(item: Input, shape: Sequence[int], usual: Axes) -> Axes:
    """Where a net has the channels of what is made of an input, by the `shape` of one sample; `usual`: of nets of its
    framework, which decides where height, width and channels are all the same number."""
    if item.traits.ids or item.traits.embedded:
        return usual
    own = tuple(item.values.shape[1:])
    if not item.traits.pixels:
        turned = item.traits.timed and tuple(shape) == own[::-1]
        return usual if tuple(shape) == own else "turned" if turned else "other"
    found: dict[Axes, bool] = {
        "first": len(shape) == 3 and tuple(shape[1:]) == own[:2],
        "last": len(shape) == 3 and tuple(shape[:2]) == own[:2],
        "none": tuple(shape) == own[:2],
    }
    order: tuple[Axes, ...] = (usual, "first", "last", "none")
    return next((axes for axes in order if found.get(axes)), "other")


def places(dataset: Dataset, usual: Axes, prepared: Callable[[Arrays], Mapping[str, Array]]) -> dict[str, Axes]:
    """Where a net has the channels of each of the arrays `prepared` for it, as a few samples show; those that are no
    input of the data are as `usual`."""
    samples = dataset.take(np.arange(min(_LOOKED_AT, len(dataset.sample_ids))))
    arrays, known = samples.arrays, {item.name: item for item in samples.inputs}
    first = prepared({name: values[:1] for name, values in arrays.items()})
    found = {name: axes_of(known[name], made.shape[1:], usual) for name, made in first.items() if name in known}
    moved = {name for name, axes in found.items() if _moved(known[name], arrays, axes, prepared)}
    return {name: "moved" if name in moved else found.get(name, usual) for name in first}


_LOOKED_AT, _PROBES = 32, 8  # samples, and elements of the first one that are changed


def _moved(item: Input, arrays: Arrays, axes: Axes, prepared: Callable[[Arrays], Mapping[str, Array]]) -> bool:
    """Whether a change of one element changes another place most. The element takes the value of another sample."""
    if item.traits.ids or item.traits.embedded or axes == "other":
        return False
    own = arrays[item.name]
    values = own.reshape(len(own), *own.shape[1:3], -1) if item.traits.pixels else own
    differs = np.nan_to_num(np.abs(values - values[:1].astype(np.float64)))
    differs = differs.sum(axis=-1) if item.traits.pixels else differs
    varying = np.argwhere(differs.max(axis=0) > 0)
    probes = [
        tuple(place) for place in varying[np.linspace(0, len(varying) - 1, min(_PROBES, len(varying))).astype(int)]
    ]
    changed = {name: np.repeat(array[:1], len(probes) + 1, axis=0) for name, array in arrays.items()}
    for row, place in enumerate(probes, start=1):
        changed[item.name][(row, *place)] = own[(int(differs[(slice(None), *place)].argmax()), *place)]
    made = np.asarray(prepared(changed)[item.name], np.float64)
    change = np.nan_to_num(np.abs(made[1:] - made[:1]))
    change = change.swapaxes(1, 2) if axes == "turned" else change
    change = (
        change.sum(axis={"first": 1, "last": -1}[axes]) if axes in ("first", "last") and change.ndim > 3 else change
    )
    return any(one[place] < one.max() / 2 for place, one in zip(probes, change, strict=True))


def called_as_the_data(prepared: Mapping[str, Value], dataset: Dataset) -> dict[str, Value]:
    """What a preprocess made of a single input has the name of that, whatever the net calls it."""
    if len(dataset.inputs) == len(prepared) == 1:
        return dict(zip((item.name for item in dataset.inputs), prepared.values(), strict=True))
    return dict(prepared)


def require_elements(name: str, axes: Axes | None, argument: Any) -> None:
    """Raises InputError for an argument whose elements are not, in their places, those of what it is made of."""
    if axes == "moved":
        raise InputError(
            f"model.factory: preprocess moves the elements of {name!r}: where one value of the data is changed, "
            "another place of what it makes changes most, so an explanation would lie on the wrong ones. Leave each in "
            "its place and turn, flip, mix or sort them in the net, or explain by occlusion"
        )
    if axes == "other":
        raise InputError(
            f"model.factory: preprocess makes {name!r} of shape {tuple(argument.shape)}, which are not the elements "
            "of the data in their places: an explanation lies on these. For images give (samples, height, width[, "
            "channels]) or channels first in the height and width of the data, for series (samples, steps, channels) "
            "or (samples, channels, steps); do all else in the net, or explain by occlusion"
        )


def require_kept(dataset: Dataset, who: str) -> None:
    """Raises InputError for a table of which a net or trees of float32, `who`, would see something else: numbers
    that are too large, or moved by more than a thousandth of the deviation of their column."""
    for item in dataset.inputs:
        if not item.traits.named or item.values.dtype != np.float64:
            continue
        values, train = item.array, dataset.split == "train"
        known = ~np.isnan(values)  # a missing cell is missing in 24 bits, too
        rows = train if train.any() else slice(None)
        spread = values[rows].std(axis=0, where=known[rows] | ~known[rows].any(axis=0))
        with np.errstate(over="ignore"):
            moved = np.abs(values.astype(np.float32).astype(np.float64) - values).max(axis=0, initial=0, where=known)
        lost = ~np.isfinite(moved) | (moved > _KEPT * spread)
        if lost.any():
            column = int(lost.argmax())
            raise InputError(
                f"model: {who} computes with 24 bits, in which {item.features[column]!r} moves by up to "
                f"{moved[column]:.3g}, and it deviates by {spread[column]:.3g} in all; give the column less its "
                "smallest value or in other units, or a model that subtracts it: a function, or a preprocess of a net"
            )


_KEPT = 1e-3  # of the deviation of a column


def plain(dataset: Dataset, pictures: PreprocessSpec = NOTHING) -> Callable[[Arrays], dict[str, Array]]:
    """Raw values as they are: texts as ids, all others as float32, or as float64 where they are, for the net to cast;
    `pictures` as is declared for them.

    Raises:
        InputError: for molecules, which no net takes as they are.
    """
    types = {item.name: KINDS[item.kind].number for item in dataset.inputs}
    if whole := [item for item in dataset.inputs if types[item.name] is None]:
        raise InputError(
            f"model.factory: no net takes a {whole[0].kind} as it is; let the factory return a preprocess, too, which "
            "makes of SMILES the atoms that the net embeds. Of a net of fingerprints or descriptors give these, as a "
            "table of a column for each bit or number"
        )
    declared = pictures.resolved()
    shown = {} if declared is None else {item.name: declared.on(item) for item in dataset.inputs if item.traits.pixels}

    def taken(name: str, values: Array) -> Array:
        if name in shown:
            return shown[name].of(values)
        return values if values.dtype == np.float64 else np.asarray(values, types[name])

    return lambda inputs: {name: taken(name, values) for name, values in inputs.items()}


def told(arrays: Arrays) -> tuple[Received, ...]:
    """What a model takes of some rows, as far as it is numbers; empty cells are none."""
    return tuple(
        Received(
            name=name,
            shape=array.shape[1:],
            dtype=str(array.dtype),
            low=float(np.fmin.reduce(array, axis=None)),
            high=float(np.fmax.reduce(array, axis=None)),
        )
        for name, array in arrays.items()
        if array.dtype.kind in "fiub" and not np.isnan(array).all()
    )


def require_named(prepared: Any) -> None:
    """Raises InputError where a preprocess gives something else than arrays by name."""
    if not isinstance(prepared, Mapping):
        raise InputError(
            f"model.factory: the preprocess gives {what_it_is(prepared)}; arrays by name were expected, in the "
            "order in which the net takes them"
        )


def require_rows(prepared: Mapping[str, Any], inputs: Arrays) -> None:
    """Raises InputError where a preprocess gives other rows than it was given: each has a prediction of its own."""
    for name in (name for name in prepared if name in inputs):
        given, made = len(inputs[name]), np.shape(prepared[name])
        if made[:1] != (given,):
            raise InputError(
                f"model.factory: for {given} sample{'s' * (given != 1)} the preprocess gives {name!r} of shape "
                f"{tuple(made)}; a row for each sample was expected"
            )


def shape_in_words(shape: Sequence[int]) -> str:
    """The shape of one sample of a batch, such as 8 x 8 x 1."""
    return " x ".join(map(str, shape[1:])) or "one number"
