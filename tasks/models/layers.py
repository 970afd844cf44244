"""Hidden layers by name or index, the same words for every framework."""

from collections.abc import Sequence
from difflib import get_close_matches

from tasks.records import InputError


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
