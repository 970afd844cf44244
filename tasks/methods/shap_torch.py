"""SHAP's torch explainers: on a score that is read through the model protocol, and on a copy of a net."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from itertools import chain
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from exhibit.tasks.methods.shap import kept_state
from exhibit.tasks.methods.shap_alone import without_transformers
from exhibit.tasks.methods.shap_torch_rules import of_any_unit, require_rules
from exhibit.tasks.records.base import Array

# Values of one batch -> scores (batch,) and their gradients, shaped like the values.
Gradient = Callable[[Sequence[Array]], tuple[Array, Sequence[Array]]]
Call = Callable[[nn.Module, Sequence[Tensor]], Tensor]


class Drawn(NamedTuple):
    """Means over draws by input, each shaped like one sample, and the products of every draw that they are means of.
    `rows`: of every draw, the number of the background row that it was compared with."""

    values: list[Array]
    products: list[Iterator[Array]]
    rows: list[int]


class ExpectedGradients:
    """SHAP's GradientExplainer against `background`, whatever framework the gradients come from: `nsamples` draws for
    each sample, in batches of exactly `size`, with noise of deviation `smoothing`."""

    def __init__(self, background: Sequence[Array], size: int, nsamples: int, smoothing: float) -> None:
        import shap

        self._net, self._nsamples = _AskedScore(size), nsamples
        rows = _one_or_all([torch.as_tensor(array) for array in background])
        self._explainer = shap.GradientExplainer(self._net, rows, batch_size=size, local_smoothing=smoothing)

    def of(self, sample: Sequence[Array], gradient: Gradient, seed: int) -> Drawn:
        """Of one sample, each array (1, ...)."""
        slopes: list[Sequence[Array]] = []

        def kept(values: Sequence[Array]) -> tuple[Array, Sequence[Array]]:
            before = len(differences.found)
            scores, gradients = gradient(values)
            del differences.found[before:], differences.compared[before:]  # those of the net itself
            slopes.append(gradients)
            return scores, gradients

        self._net.gradient = kept
        tensors = _one_or_all([torch.as_tensor(array) for array in sample])
        with torch.random.fork_rng(devices=[]), kept_state(), _Differences() as differences:
            torch.manual_seed(seed)  # of the noise; the rest is drawn by numpy
            contributions = self._explainer.shap_values(tensors, nsamples=self._nsamples, rseed=seed)
        count = len(sample)
        compared = [tuple(differences.compared[k : k + count]) for k in range(0, len(differences.compared), count)]
        numbers = {row: number for number, row in enumerate(dict.fromkeys(compared))}
        return Drawn(
            [array[0, ..., 0] for array in (contributions if count > 1 else [contributions])],
            [
                # What fills the last batch comes last, and has no difference.
                (slope * factor for slope, factor in zip(chain.from_iterable(parts), factors, strict=False))
                for k, parts in enumerate(zip(*slopes, strict=True))
                for factors in [differences.found[k::count]]
            ],
            [numbers[row] for row in compared],
        )


class _Differences(TorchFunctionMode):
    """Keeps what SHAP multiplies gradients with, x - x' of every draw, and which x' it was: neither does it tell."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Array] = []
        self.compared: list[bytes] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if func == Tensor.sub:
            self.found.append(result.detach().numpy())
            self.compared.append(sha256(args[1].detach().numpy().tobytes()).digest())
        return result


class _AskedScore(nn.Module):
    """A net (rows, 1) that answers by `gradient`, in batches of `size`.

    It has no parameters, so that SHAP finds nothing to clear and no mode to change. Until it is given a gradient its
    score is 0: the explainer only looks at the shape.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.gradient: Gradient | None = None
        self._size = size

    def forward(self, *values: Tensor) -> Tensor:
        """Scores (rows, 1) of at most `size` rows."""
        count = len(values[0])
        if self.gradient is None:
            return torch.zeros(count, 1)
        rows = torch.arange(self._size).clamp(max=count - 1)
        ask: Callable[..., Tensor] = _Asked.apply
        return ask(self.gradient, *(value[rows] for value in values))[:count]


class _Asked(torch.autograd.Function):
    """A score whose gradient comes from outside torch."""

    @staticmethod
    def forward(ctx: Any, ask: Gradient, *values: Tensor) -> Tensor:
        with torch.enable_grad():  # of its own: nothing is recorded here
            scores, gradients = ask([value.detach().numpy() for value in values])
        ctx.gradients = [torch.as_tensor(gradient) for gradient in gradients]
        return torch.as_tensor(scores)[:, None]

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor | None, ...]:
        weight = given[0]
        return None, *(gradient * weight.reshape(-1, *[1] * (gradient.ndim - 1)) for gradient in ctx.gradients)


class DeepNet:
    """SHAP's DeepExplainer on a copy of a net, of one sample after another against the same `background`.

    `call`: the outputs of a net at values of any number of rows, as the model reads them, with the rest as it is for
    one sample, here any; `layer`: where it puts the values in, None for the inputs.

    Raises:
        InputError: where the net does something that the explainer would silently take for linear.
    """

    def __init__(self, net: nn.Module, layer: str | None, background: Sequence[Tensor], call: Call) -> None:
        import shap

        self._alone = _OneOutput(_plain_copy(net, layer), call)
        require_rules(self._alone, background)
        with _any_algorithm(), without_transformers():
            self._explainer = shap.DeepExplainer(self._alone, _one_or_all(background))

    def of(self, sample: Sequence[Tensor], call: Call, target: int) -> list[Array]:
        """Values of the output `target`, shaped like each of `sample`, (1, ...)."""
        self._alone.call, self._alone.target = call, target
        with _any_algorithm(), of_any_unit():
            contributions = self._explainer.shap_values(_one_or_all(sample), check_additivity=False)
        return [array[..., 0] for array in (contributions if len(sample) > 1 else [contributions])]


class _OneOutput(nn.Module):
    """A net (rows, 1) of one output of another: the explainer spends its time on that one alone."""

    def __init__(self, net: nn.Module, call: Call) -> None:
        super().__init__()
        self.net, self.call, self.target = net, call, 0

    def forward(self, *values: Tensor) -> Tensor:
        """(rows, 1)."""
        return self.call(self.net, values)[:, self.target : self.target + 1]


@contextmanager
def _any_algorithm() -> Iterator[None]:
    """torch has no deterministic way to undo a maximum in general; over windows side by side every way is."""
    before = torch.get_deterministic_debug_mode()
    torch.set_deterministic_debug_mode("default")
    try:
        yield
    finally:
        torch.set_deterministic_debug_mode(before)


def _plain_copy(net: nn.Module, layer: str | None) -> nn.Module:
    """A frozen copy in inference mode: SHAP leaves hooks and attributes behind, and cannot follow changes in place. Its
    hooks would take what is put in at a layer for what that module gave, so there it is inside another."""
    plain = copy.deepcopy(net).cpu().eval().requires_grad_(False)
    for module in plain.modules():
        if "inplace" in vars(module):
            vars(module)["inplace"] = False
    if layer is not None:
        above, _, name = layer.rpartition(".")
        setattr(plain.get_submodule(above), name, nn.Sequential(plain.get_submodule(layer)))
    return plain


def _one_or_all(items: Sequence[Any]) -> Any:
    return items[0] if len(items) == 1 else list(items)
