"""What a user's own torch net needs: see `exhibit.tasks.models.factory.Backend`."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from exhibit.tasks.models.encoding import (
    Axes,
    Preprocess,
    Wanted,
    by_name,
    called_as_the_data,
    places,
    plain,
    require_named,
    require_rows,
    shape_in_words,
)
from exhibit.tasks.models.kinds import KINDS
from exhibit.tasks.models.preprocess import NOTHING, PreprocessSpec
from exhibit.tasks.models.torch import Encode, Encoded, TorchModel
from exhibit.tasks.models.torch_process import require_numbers
from exhibit.tasks.models.torch_sigmoid import SigmoidModel, TwoClassesModel
from exhibit.tasks.models.torch_softmax import LogitsModel
from exhibit.tasks.models.torch_training import fit, restored
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import OutputKind, Weights
from exhibit.tasks.records.shown import said_by

__all__ = [
    "before_sigmoid", "before_softmax", "encoding", "failure", "filled", "fit", "has", "of_two", "received", "single",
    "whole",
]  # fmt: skip

before_softmax = LogitsModel.recognised
before_sigmoid = SigmoidModel.recognised


def of_two(net: nn.Module, encode: Encode, compute: Compute, inputs: Arrays, output: OutputKind) -> TwoClassesModel:
    """The model of both classes, whose net has one output of the second: before a last sigmoid, else this `output`."""
    known = TwoClassesModel.recognised(net, encode, compute, inputs)
    return TwoClassesModel(net, encode, compute, None, output) if known is None else known


def encoding(
    net: nn.Module, dataset: Dataset, preprocess: Preprocess | None, pictures: PreprocessSpec = NOTHING
) -> Encode:
    """Raw values as tensors: as `preprocess` gives them, or with the channels of images first; each to the argument of
    its name."""
    require_numbers(net)
    prepare, wanted, told = preprocess or plain(dataset, pictures), _arguments(net), preprocess is not None
    raw, number = () if preprocess else dataset.inputs, _number(net)
    moved = {item.name for item in raw if KINDS[item.kind].channels_first}

    def named(found: Encoded) -> Encoded:
        if wanted is None:
            return found
        keywords = {name: wanted.keyword(name, len(found.arguments)) for name in found.arguments}
        return found._replace(keywords={name: word for name, word in keywords.items() if word is not None})

    def encoded(inputs: Arrays) -> Encoded:
        prepared = prepare(inputs)
        if isinstance(prepared, Encoded):
            return named(prepared._replace(arguments=by_name(prepared.arguments, wanted, told=told)))
        require_named(prepared)
        ordered = called_as_the_data(by_name(prepared, wanted, told=told), dataset)
        require_rows(ordered, inputs)
        for name, values in ordered.items():
            if isinstance(values, np.ndarray) and values.dtype.kind not in "biuf":
                raise InputError(
                    f"model.factory: the preprocess gives {values.dtype} in {name!r}, and a torch net takes numbers"
                )
        tensors: dict[str, Any] = {name: torch.as_tensor(values) for name, values in ordered.items()}
        cast = {name: item.to(number) if item.is_floating_point() else item for name, item in tensors.items()}
        return named(Encoded({name: item.movedim(-1, 1) if name in moved else item for name, item in cast.items()}))

    if encoded(dataset.take(np.arange(1)).arrays).lengths is not None:
        return encoded
    axes = places(
        dataset,
        "first",
        lambda inputs: {name: item.numpy(force=True) for name, item in encoded(inputs).arguments.items()},
    )

    def encode(inputs: Arrays) -> Encoded:
        found = encoded(inputs)
        shown = {name: _SHOWN.get(axes.get(name, "first"), _as_it_is)(item) for name, item in found.arguments.items()}
        return found._replace(arguments=shown, axes=axes)

    return encode


def _as_it_is(item: Tensor) -> Tensor:
    return item


# From where a net has channels to first.
_SHOWN: dict[Axes, Callable[[Tensor], Tensor]] = {
    "last": lambda images: images.movedim(-1, 1),
    "none": lambda images: images[:, None],
    "turned": lambda series: series.movedim(1, -1),
}


def _arguments(net: nn.Module) -> Wanted | None:
    """What `forward` calls what it is given; None where it takes any number of them by place."""
    try:
        parameters = inspect.signature(net.forward).parameters.values()
    except ValueError:  # of compiled code
        return None
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        return None
    named = [one for one in parameters if one.kind is not one.VAR_KEYWORD]
    needed = frozenset(one.name for one in named if one.default is one.empty)
    keywords = frozenset(one.name for one in named if one.kind is one.KEYWORD_ONLY)
    return Wanted(tuple(one.name for one in named), needed, keywords)


def _number(net: nn.Module) -> torch.dtype:
    """In what numbers it computes."""
    held = (tensor.dtype for tensor in (*net.parameters(), *net.buffers()) if tensor.is_floating_point())
    return next(held, torch.float32)


def received(encode: Encode, inputs: Arrays) -> dict[str, Array]:
    """The tensors that the net takes of whole samples, as it takes them."""
    encoded = encode(inputs)
    if encoded.lengths is not None:  # atoms of molecules one after another
        return {}
    taken = encoded.taken().items()
    return {name: item.numpy(force=True) for name, item in taken if isinstance(item, Tensor)}


def single(net: nn.Module) -> bool:
    """Whether it computes with no more than 24 bits."""
    return _number(net) != torch.float64


def has(net: nn.Module, weights: Weights) -> bool:
    """Whether these are the weights of the net."""
    own = {name: tensor.numpy(force=True) for name, tensor in net.state_dict().items()}
    return own.keys() == weights.arrays.keys() and all(
        np.array_equal(array, weights.arrays[name]) for name, array in own.items()
    )


def filled(net: nn.Module, weights: Weights, _: Compute) -> nn.Module:
    """The net with these weights, which it has from then on."""
    return restored(lambda: net, weights)


def whole(net: nn.Module, encode: Encode, compute: Compute) -> TorchModel:
    """A model whose outputs are still to be named."""
    return TorchModel(net, encode, "values", compute)


def failure(model: TorchModel, inputs: Arrays, error: Exception) -> str:
    """In which layer the net failed, what that layer is, and what it was given, in a clause."""
    with _entered(model.net) as layers, suppress(Exception):
        model.predict(inputs)
    said = f"{type(error).__name__}, {said_by(error)}"
    if not layers:
        return f"its preprocess failed with {said}"
    name, layer, shapes = layers[-1]
    where = f"its layer {name!r}, {type(layer).__name__}({layer.extra_repr()})," if name else "it"
    return f"{where} is given {'the shape ' + ' and '.join(shapes) if shapes else 'no tensor'} ({said})"


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
        shapes = tuple(shape_in_words(each.shape) for each in arguments if isinstance(each, torch.Tensor))
        layers.append(_Entered(names[module], module, shapes))

    def leave(*_: Any) -> None:
        layers.pop()

    hooks = [module.register_forward_pre_hook(enter) for module in names]
    hooks += [module.register_forward_hook(leave) for module in names]
    try:
        yield layers
    finally:
        for hook in hooks:
            hook.remove()
