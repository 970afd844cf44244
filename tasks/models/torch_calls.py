"""Calls of torch's functions, seen from outside."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode


class Calls(TorchFunctionMode):
    """While it lasts, `answer` gives the result of every call of a function of torch."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        return self.answer(func, args, dict(kwargs or {}))

    def answer(self, func: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of `func(*args, **options)`, or what stands for it."""
        return func(*args, **options)
