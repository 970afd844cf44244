"""torch nets that end in a softmax, read before it: what they give then are logits."""

from collections.abc import Callable
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.models.torch import Encode, Encoded, TorchModel
from exhibit.tasks.models.torch_calls import Calls
from exhibit.tasks.protocols import Compute, Dropout
from exhibit.tasks.records.base import Arrays

# A module for it calls one of these.
_SOFTMAX = (
    functional.softmax,
    functional.log_softmax,
    torch.softmax,
    torch.log_softmax,
    Tensor.softmax,
    Tensor.log_softmax,
)
_LOGARITHM = (torch.log, Tensor.log)


class _Watching(Calls):
    """Sees of every softmax the result and its logarithm; the one with the number `skipped` gives what it is given
    instead, as does its logarithm."""

    def __init__(self, skipped: int | None = None) -> None:
        super().__init__()
        self.skipped = skipped
        self.results: list[list[Tensor]] = []

    def answer(self, func: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if func not in _SOFTMAX and func not in _LOGARITHM:
            return func(*args, **options)
        tensor = args[0] if args else options["input"]
        if func in _SOFTMAX and not _over_outputs(tensor, *args[1:2], **options):
            return func(*args, **options)
        if func in _SOFTMAX:
            self.results.append([])
        number = len(self.results) - 1 if func in _SOFTMAX else self._softmax_of(tensor)
        result = tensor if number is not None and number == self.skipped else func(*args, **options)
        if number is not None:
            self.results[number].append(result)
        return result

    def _softmax_of(self, tensor: Tensor) -> int | None:
        """The number of the softmax that gave this."""
        return next((number for number, (result, *_) in enumerate(self.results) if result is tensor), None)


def _over_outputs(tensor: Tensor, dim: int | None = None, **_: Any) -> bool:
    """Whether a softmax is over the last axis; over samples it ends nothing. `dim`: None is that axis."""
    return dim is None or dim % tensor.ndim == tensor.ndim - 1


class LogitsModel(TorchModel):
    """A net whose last operation is its softmax with the number `last`, in order of use, or the logarithm of that; it
    is left out."""

    def __init__(self, net: nn.Module, encode: Encode, compute: Compute, last: int) -> None:
        super().__init__(net, encode, "logits", compute)
        self._last = last

    @classmethod
    def recognised(cls, net: nn.Module, encode: Encode, compute: Compute, inputs: Arrays) -> Self | None:
        """The model, if the net gives the result of a softmax or its logarithm for `inputs`."""
        model = TorchModel(net, encode, "probabilities", compute)
        with _Watching() as watching:
            outputs = model.run(model.net, model.encoded(inputs))
        last = [number for number, results in enumerate(watching.results) if any(item is outputs for item in results)]
        return cls(net, encode, compute, last[0]) if last else None

    def call(self, net: nn.Module, encoded: Encoded, dropout: Dropout | None = None) -> Tensor:
        """The outputs before the last softmax."""
        with _Watching(self._last):
            return super().call(net, encoded, dropout)
