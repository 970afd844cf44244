"""Dropout of torch nets with numbers from outside: modules and functional calls, nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tasks.records import InputError

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


class _Sampling(TorchFunctionMode):
    """Answers every call of a dropout function by `uniform`, whatever mode the net is in."""

    def __init__(self, uniform: Uniform) -> None:
        super().__init__()
        self.uniform = uniform
        self.used = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        if func in _OTHERS:
            raise InputError(f"sampling.dropout: {func.__name__} cannot be sampled; only dropout can")
        if func in _KEPT_AXES:
            return self._drop(_KEPT_AXES[func], *args, **options)
        return func(*args, **options)

    def _drop(self, kept: Callable[[int], int], input: Tensor, p: float = 0.5, *_: Any, **__: Any) -> Tensor:
        axes = kept(input.ndim)
        shape = (*input.shape[:axes], *[1] * (input.ndim - axes))
        numbers = self.uniform(self.used, shape)
        self.used += 1
        return input * (numbers >= p) / (1 - p or 1)  # at a rate of 1 nothing is left


@contextmanager
def dropping(net: nn.Module, uniform: Uniform) -> Iterator[None]:
    """While this lasts, every dropout of `net` drops the units whose number is below its rate.

    Raises:
        InputError: where the net has no dropout, or one that cannot be reached.
    """
    for name, module in net.named_modules():
        if isinstance(module, nn.RNNBase | nn.MultiheadAttention) and module.dropout > 0:
            raise InputError(
                f"sampling.dropout: the dropout inside {name!r} ({type(module).__name__}) cannot be sampled"
            )
    with _Sampling(uniform) as sampling:
        yield
    if not sampling.used:
        raise InputError("sampling.dropout: the model has no dropout to sample")
