"""What a user's own torch net needs: see `exhibit.tasks.models.factory.Backend`."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import torch
from torch import nn

from exhibit.tasks.models.encoding import Preprocess, plain, require_named, shape_in_words
from exhibit.tasks.models.kinds import KINDS
from exhibit.tasks.models.torch import Encode, Encoded, TorchModel
from exhibit.tasks.models.torch_softmax import LogitsModel
from exhibit.tasks.models.torch_training import fit, restored
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights

__all__ = ["before_softmax", "encoding", "failure", "filled", "fit", "whole"]

before_softmax = LogitsModel.recognised


def encoding(dataset: Dataset, preprocess: Preprocess | None) -> Encode:
    """Raw values as tensors: as `preprocess` gives them, or with the channels of images first."""
    prepare = preprocess or plain(dataset)
    raw = () if preprocess else dataset.inputs
    moved = {item.name for item in raw if KINDS[item.kind].channels_first}

    def encode(inputs: Arrays) -> Encoded:
        prepared = prepare(inputs)
        if isinstance(prepared, Encoded):
            return prepared
        require_named(prepared)
        tensors: dict[str, Any] = {name: torch.as_tensor(values) for name, values in prepared.items()}
        return Encoded({name: item.movedim(-1, 1) if name in moved else item for name, item in tensors.items()})

    return encode


def filled(net: nn.Module, weights: Weights, _: Compute) -> nn.Module:
    """The net with these weights."""
    return restored(lambda: net, weights)


def whole(net: nn.Module, encode: Encode, compute: Compute) -> TorchModel:
    """A model whose outputs are still to be named."""
    return TorchModel(net, encode, "values", compute)


def failure(model: TorchModel, inputs: Arrays, error: Exception) -> str:
    """In which layer the net failed, what that layer is, and what it was given, in a clause."""
    with _entered(model.net) as layers, suppress(Exception):
        model.predict(inputs)
    said = f"{type(error).__name__}, {str(error).partition(chr(10))[0]}"
    if not layers:
        return f"its preprocess failed with {said}"
    name, layer, given = layers[-1]
    where = f"its layer {name!r}, {type(layer).__name__}({layer.extra_repr()})," if name else "it"
    return f"{where} is given {'the shape ' + ' and '.join(given) if given else 'no tensor'} ({said})"


class _Entered(NamedTuple):
    """A layer that has begun and has not ended; what it was `given`: the shape of one sample of each array."""

    name: str
    layer: nn.Module
    given: tuple[str, ...]


@contextmanager
def _entered(net: nn.Module) -> Iterator[list[_Entered]]:
    """The layers that a prediction is in, outer ones first: after an error the last one is where it happened."""
    layers: list[_Entered] = []
    names = {module: name for name, module in net.named_modules()}

    def enter(module: nn.Module, arguments: tuple[Any, ...]) -> None:
        given = tuple(shape_in_words(each.shape) for each in arguments if isinstance(each, torch.Tensor))
        layers.append(_Entered(names[module], module, given))

    def leave(*_: Any) -> None:
        layers.pop()

    hooks = [module.register_forward_pre_hook(enter) for module in names]
    hooks += [module.register_forward_hook(leave) for module in names]
    try:
        yield layers
    finally:
        for hook in hooks:
            hook.remove()
