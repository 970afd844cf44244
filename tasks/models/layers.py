"""Hidden layers by name or index, the same words for every framework."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import NamedTuple, TypeVar

from exhibit.tasks.protocols import Side
from exhibit.tasks.records.base import InputError

Activation = TypeVar("Activation")
_ELEMENTS = re.compile(r"(.+)\[(-?\d*):(-?\d*)\]")


class Part(NamedTuple):
    """A layer by name, and which of its elements are looked at; the others stay as they are."""

    layer: str
    elements: slice = slice(None)

    @property
    def whole(self) -> bool:
        """Whether it is all of them."""
        return self.elements == slice(None)


def layer_parts(layer: str | int, layers: Sequence[str]) -> tuple[Part, ...]:
    """What `layer` names: one layer; or `atoms+bonds`, two of them, for what belongs to the atoms and to the bonds of a
    molecule; each with all of its elements, or with some, as `atoms[1:]` of a net that lists a dummy node first.

    Raises:
        InputError: for a layer that is not there; the message lists the layers.
    """
    if not isinstance(layer, str) or layer in layers:
        return (Part(layer_name(layer, layers)),)
    names = layer.split("+")
    if len(names) > _MOST:
        raise InputError(f"layer: {layer!r} names {len(names)} layers; one is looked at, or atoms+bonds")
    return tuple(_part(name.strip(), layers) for name in names)


_MOST = 2


def _part(name: str, layers: Sequence[str]) -> Part:
    if (found := _ELEMENTS.fullmatch(name)) is None:
        return Part(layer_name(name, layers))
    start, stop = (int(number) if number not in ("", "-") else None for number in found.groups()[1:])
    return Part(layer_name(found[1], layers), slice(start, stop))


def layer_name(layer: str | int, layers: Sequence[str]) -> str:
    """The name of `layer`, given by name or by index (negative ones count from the end).

    Raises:
        InputError: for a layer that is not there; the message lists the layers.
    """
    if isinstance(layer, int) and -len(layers) <= layer < len(layers):
        return layers[layer]
    if isinstance(layer, str) and layer in layers:
        return layer
    near = get_close_matches(str(layer), layers, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise InputError(f"layer: {layer!r} is not a layer of the model{hint}; its layers are {', '.join(layers)}")


def place_name(inputs: Sequence[str], layer: str, axes: int) -> str:
    """What the activation of `layer` is called: after the model's only input where elements have channels.

    `axes`: of the activation, samples and channels among them. An activation without elements, or of a model
    with several inputs, belongs to none of them.
    """
    return inputs[0] if len(inputs) == 1 and axes > 2 else layer


def require_numbers(name: str, numbers: bool, layers: Sequence[str]) -> None:
    """Raises InputError where the input `name` is not made of `numbers` that have a gradient."""
    if not numbers:
        raise InputError(
            f"layer: the input {name!r} holds whole numbers, such as ids, which have no gradient; "
            f"name a layer, one of {', '.join(layers)}"
        )


def only_embedding(predictions: Sequence[Sequence[str]]) -> str | None:
    """The layer that embeds the elements in every one of several `predictions`, each the names of such layers, if it
    is just one, the layers inside it aside.

    In a single prediction the bonds of a molecule may by chance be as many as its atoms.
    """
    common = [name for name in predictions[0] if all(name in others for others in predictions)]
    inside = tuple(f"{name}{mark}" for name in common for mark in "./")
    outer = [name for name in common if not name.startswith(inside)]
    return outer[0] if len(outer) == 1 else None


def require_slopes(name: str, numbers: bool) -> None:
    """Raises InputError where the values at `name` are no `numbers` that can change a little."""
    if not numbers:
        raise InputError(
            f"layer: the values of {name!r} there are ids, which have no gradient; name a layer after the embedding"
        )


def require_elements_of(layer: str, axes: int) -> None:
    """Raises InputError where some elements of `layer` are looked at, whose activation with `axes` axes has none."""
    if axes < 3:  # samples, elements, channels
        raise InputError(f"layer: what {layer!r} gives has no elements of which some could be left out; name it whole")


def require_padded(padded: bool) -> None:
    """Raises InputError where elements are named in a net that takes molecules of their own sizes one after another."""
    if not padded:
        raise InputError(
            "layer: some elements of a layer, or two layers at once, are looked at in nets that take all molecules at "
            "one size; this one takes them one after another, so name one whole layer"
        )


def require_one_array(layer: str, at: Side, one: bool) -> None:
    """Raises InputError where `layer` takes or gives something else than `one` array."""
    if not one:
        raise InputError(f"layer: {layer!r} does not give one array at its {at}; name another layer")


def require_sample_rows(layer: str, at: Side, shape: Sequence[int], samples: int) -> None:
    """Raises InputError where what `layer` takes or gives, of `shape`, has no row for each sample: it mixes them, or
    has another axis first."""
    if not shape or shape[0] != samples:
        raise InputError(
            f"layer: what {layer!r} has at its {at} is of shape {tuple(shape)} for {samples} samples, and not one row "
            "for each; name another layer"
        )


def require_samples_first(number: int, shape: Sequence[int], samples: int) -> None:
    """Raises InputError where the first axis of what dropout `number` drops, of `shape`, is not that of the samples."""
    if shape[0] != samples:
        raise InputError(
            f"sampling.dropout: the first axis of what dropout number {number + 1} drops, of shape {tuple(shape)}, is "
            f"not that of the {samples} samples; a net that puts another axis first cannot be sampled"
        )


def seen_once(layer: str, seen: Sequence[Activation]) -> Activation:
    """The activation of `layer` in one prediction.

    Raises:
        InputError: where it is not used, or more than once.
    """
    if len(seen) != 1:
        raise InputError(f"layer: {layer!r} is used {len(seen)} times in one prediction; name a layer used once")
    return seen[0]
