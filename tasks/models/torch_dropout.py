"""Dropout of torch nets with numbers from outside: modules and functional calls, nothing else."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.models.torch_calls import Calls
from exhibit.tasks.records.base import InputError

Uniform = Callable[[int, tuple[int, ...]], Tensor]  # number of the dropout in order of use, shape

# How many axes of an activation, of all that it has, are not dropped as one: samples and channels. Without a sample
# torch takes the first axis for the channels.
_KEPT_AXES: Mapping[Callable[..., Tensor], Callable[[int], int]] = {
    functional.dropout: lambda axes: axes,
    functional.dropout1d: lambda axes: axes - 1,
    functional.dropout2d: lambda _: 2,
    functional.dropout3d: lambda axes: 1 if axes == 4 else 2,
    torch.dropout: lambda axes: axes,
    torch.feature_dropout: lambda _: 2,
}
_OTHERS = (
    functional.alpha_dropout,
    functional.feature_alpha_dropout,
    torch.alpha_dropout,
    torch.feature_alpha_dropout,
    torch.native_dropout,
    # In place.
    torch.dropout_,
    torch.feature_dropout_,
    torch.alpha_dropout_,
    torch.feature_alpha_dropout_,
)
_attention, _multi_head = functional.scaled_dot_product_attention, functional.multi_head_attention_forward
_MULTI_HEAD = signature(_multi_head)


class _Sampling(Calls):
    """Answers every call of a dropout function by `uniform`, whatever mode the net is in; each attention drops at its
    rate of `rates`, in order of use."""

    def __init__(self, uniform: Uniform, rates: Sequence[float]) -> None:
        super().__init__()
        self.uniform = uniform
        self.rates = iter(rates)
        self.used = 0

    def answer(self, func: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if func in _OTHERS:
            raise InputError(f"sampling.dropout: {func.__name__} cannot be sampled; only dropout can")
        if func is _attention:
            return self._attend(_by_name(args, options))
        if func is _multi_head and _MULTI_HEAD.bind(*args, **options).arguments["dropout_p"] > 0:
            raise InputError("sampling.dropout: the dropout inside multi_head_attention_forward cannot be sampled")
        if func in _KEPT_AXES:
            return self._drop(_KEPT_AXES[func], *args, **options)
        return func(*args, **options)

    def _drop(self, kept: Callable[[int], int], input: Tensor, p: float = 0.5, *_: Any, **__: Any) -> Tensor:
        axes = kept(input.ndim)
        shape = (*input.shape[:axes], *[1] * (input.ndim - axes))
        numbers = self.uniform(self.used, shape)
        self.used += 1
        return input * (numbers >= p) / (1 - p or 1)  # at a rate of 1 nothing is left

    def _attend(self, given: Mapping[str, Any]) -> Tensor:
        if (rate := next(self.rates, None)) is None:
            raise InputError("sampling.dropout: the net calls attention more or less often than in training mode")
        if not rate:
            return _attention(**{**given, "dropout_p": 0.0})
        # Of values that are a row of the unit matrix each, attention gives the weights themselves.
        key, value = given["key"], given["value"]
        unit = torch.eye(key.shape[-2], dtype=value.dtype, device=value.device).expand(*key.shape[:-1], -1)
        weights = _attention(**{**given, "dropout_p": 0.0, "value": unit})
        if given.get("enable_gqa"):
            value = value.repeat_interleave(weights.shape[-3] // value.shape[-3], -3)
        return self._drop(_KEPT_AXES[functional.dropout], weights, rate) @ value


def _by_name(args: Sequence[Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """What attention is given; its own signature cannot be asked."""
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
    return {**dict(zip(names, args, strict=False)), **options}


class _Rates(Calls):
    """Sees at which rate each attention drops."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[float] = []

    def answer(self, func: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if func is _attention:
            self.found.append(_by_name(args, options).get("dropout_p", 0.0))
        return func(*args, **options)


def attention_rates(net: nn.Module, run: Callable[[nn.Module], object]) -> tuple[float, ...]:
    """At which rate each attention of `net` drops in training, in order of use; `run`: a prediction of a net.

    In inference the net's own code hands over a rate of 0, so a copy is asked in training mode.

    Raises:
        InputError: where that cannot be found out.
    """
    with _Rates() as inference:
        run(net)
    if not inference.found:
        return ()
    with torch.random.fork_rng(), _Rates() as training:
        try:
            run(copy.deepcopy(net).train())
        except Exception as error:  # the code of a net may fail in any way where it is not meant to be run
            raise InputError(
                "sampling.dropout: the dropout rate of attention can only be read in training mode, in which the net "
                f"fails: {error}"
            ) from error
    return tuple(training.found)


@contextmanager
def dropping(net: nn.Module, uniform: Uniform, rates: Sequence[float] = ()) -> Iterator[None]:
    """While this lasts, every dropout of `net` drops the units whose number is below its rate, and each attention at
    its rate of `rates`.

    Raises:
        InputError: where the net has no dropout, or one that cannot be reached.
    """
    for name, module in net.named_modules():
        if isinstance(module, nn.RNNBase | nn.MultiheadAttention) and module.dropout > 0:
            raise InputError(
                f"sampling.dropout: the dropout inside {name!r} ({type(module).__name__}) cannot be sampled"
            )
    with _Sampling(uniform, rates) as sampling:
        yield
    if not sampling.used:
        raise InputError("sampling.dropout: the model has no dropout to sample")
