"""Dropout of torch nets with numbers from outside: modules and functional calls, nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tasks.records import InputError

Uniform = Callable[[int, tuple[int, ...]], Tensor]  # number of the dropout in order of use, shape

# How many axes of an activation are dropped as one: those behind the channels.
_SHARED_AXES: Mapping[Callable[..., Tensor], int] = {
    functional.dropout: 0,
    functional.dropout1d: 1,
    functional.dropout2d: 2,
    functional.dropout3d: 3,
}
_OTHERS = (functional.alpha_dropout, functional.feature_alpha_dropout)


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
        if func in _SHARED_AXES:
            return self._drop(_SHARED_AXES[func], *args, **options)
        return func(*args, **options)

    def _drop(self, shared: int, input: Tensor, p: float = 0.5, *_: Any, **__: Any) -> Tensor:
        shape = (*input.shape[: input.ndim - shared], *[1] * shared)
        numbers = self.uniform(self.used, shape)
        self.used += 1
        return input * (numbers >= p) / (1 - p)


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
