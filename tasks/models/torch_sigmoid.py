"""torch nets of one output for two classes: their last sigmoid, and both classes from what is before or behind it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.models.torch import Encode, Encoded, TorchModel
from exhibit.tasks.models.torch_calls import Calls
from exhibit.tasks.protocols import Compute, Dropout
from exhibit.tasks.records.base import Arrays
from exhibit.tasks.records.model import OutputKind

# A module for it calls one of these.
_SIGMOID = (functional.sigmoid, torch.sigmoid, Tensor.sigmoid, torch.special.expit)
_ROUNDED = 1e-6


class _Without(Calls):
    """Counts sigmoids; the one with the number `skipped` gives what it is given."""

    def __init__(self, skipped: int | None = None) -> None:
        super().__init__()
        self.skipped, self.count = skipped, 0

    def answer(self, func: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if func not in _SIGMOID:
            return func(*args, **options)
        self.count += 1
        if self.count - 1 == self.skipped:
            return args[0] if args else options["input"]
        return func(*args, **options)


class SigmoidModel(TorchModel):
    """A net whose outputs are sigmoids with the number `last`, in order of use; they are left out, and each output is
    the log-odds of its own. None of them where `last` is None, and they are then this `output`."""

    def __init__(
        self, net: nn.Module, encode: Encode, compute: Compute, last: int | None, output: OutputKind = "log_odds"
    ) -> None:
        super().__init__(net, encode, output, compute)
        self._last = last

    @classmethod
    def recognised(cls, net: nn.Module, encode: Encode, compute: Compute, inputs: Arrays) -> Self | None:
        """The model, if the outputs of the net for `inputs` are the sigmoid of what they are without its last one."""
        model = TorchModel(net, encode, "chances", compute)
        encoded = model.encoded(inputs)
        with _Without() as counting:
            outputs = model.run(model.net, encoded)
        if not counting.count:
            return None
        last = counting.count - 1
        before = SigmoidModel(net, encode, compute, last).run(model.net, encoded)
        same = before.shape == outputs.shape and np.allclose(
            before.sigmoid().cpu(), outputs.cpu(), rtol=0, atol=_ROUNDED
        )
        return cls(net, encode, compute, last) if same else None

    def call(self, net: nn.Module, encoded: Encoded, dropout: Dropout | None = None) -> Tensor:
        """The outputs before the last sigmoid."""
        skipping: AbstractContextManager[Any] = nullcontext() if self._last is None else _Without(self._last)
        with skipping:
            return super().call(net, encoded, dropout)


class TwoClassesModel(SigmoidModel):
    """A net whose one output is of the second of two classes: its log-odds, or with `output` chances its probability.
    The first has the opposite."""

    def call(self, net: nn.Module, encoded: Encoded, dropout: Dropout | None = None) -> Tensor:
        """The outputs of both classes."""
        second = super().call(net, encoded, dropout)
        return torch.cat([-second if self.output == "log_odds" else 1 - second, second], dim=1)
