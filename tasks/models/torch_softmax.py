"""torch nets that end in a softmax, read before it: what they give then are logits."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tasks.models.torch import Encode, Encoded, TorchModel
from tasks.protocols import Compute, Dropout
from tasks.records import Arrays

# A module for it calls one of these.
_SOFTMAX = (
    functional.softmax,
    functional.log_softmax,
    torch.softmax,
    torch.log_softmax,
    Tensor.softmax,
    Tensor.log_softmax,
)


class _Watching(TorchFunctionMode):
    """Sees the results of every softmax; the one with the number `skipped` gives what it is given instead."""

    def __init__(self, skipped: int | None = None) -> None:
        super().__init__()
        self.skipped = skipped
        self.results: list[Tensor] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        if func not in _SOFTMAX:
            return func(*args, **options)
        given = args[0] if args else options["input"]
        self.results.append(given if len(self.results) == self.skipped else func(*args, **options))
        return self.results[-1]


class LogitsModel(TorchModel):
    """A net whose last operation is its softmax with the number `last`, in order of use; it is left out."""

    def __init__(self, net: nn.Module, encode: Encode, compute: Compute, last: int) -> None:
        super().__init__(net, encode, "logits", compute)
        self._last = last

    @classmethod
    def recognised(cls, net: nn.Module, encode: Encode, compute: Compute, inputs: Arrays) -> Self | None:
        """The model, if the net gives the result of a softmax as it is for `inputs`."""
        model = TorchModel(net, encode, "probabilities", compute)
        with _Watching() as watching:
            outputs = model.run(model.net, model.encoded(inputs))
        last = [number for number, result in enumerate(watching.results) if result is outputs]
        return cls(net, encode, compute, last[0]) if last else None

    def call(self, net: nn.Module, encoded: Encoded, dropout: Dropout | None = None) -> Tensor:
        """The outputs before the last softmax."""
        with _Watching(self._last):
            return super().call(net, encoded, dropout)
