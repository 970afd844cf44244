"""What SHAP's DeepExplainer has exact rules for in a torch net; all else it would take for linear."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules._functions import BackwardHookFunction
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils.hooks import RemovableHandle

from exhibit.tasks.records.base import InputError

# What DeepExplainer may meet outside modules: its gradient says exactly what a change does.
_LINEAR = re.compile(
    r"add|radd|sub|rsub|neg|sum|mean|reshape|view|flatten|squeeze|unsqueeze|permute|transpose|movedim|T|mT|cat|concat"
    r"|concatenate|stack|getitem|chunk|split|unbind|tensor_split|pad|clone|contiguous|expand|repeat|broadcast_tensors"
    r"|to|float|double|dropout|(adaptive_)?avg_pool[123]d|(type|expand|view|reshape)_as"
)
# Linear, where one factor alone depends on the input; of a quotient only what is divided may.
_PRODUCTS = re.compile(r"r?mul|matmul|mm|bmm|linear|conv[123]d|einsum")
_QUOTIENTS = re.compile(r"(true)?div")
# What takes no more than a shape or a type, from all that it is given or from all but the first.
_BLANK = re.compile(r"(zeros|ones|full|empty|rand|randn)_like|new_(zeros|ones|full|empty)")
_LIKE = re.compile(r"to|(type|expand|view|reshape)_as")
# What takes numbers out of torch.
_READS = re.compile(r"item|tolist|numpy|array|bool|int|float|complex|index|equal|allclose|is_nonzero")


def require_rules(net: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Looks at a prediction of one row of `inputs` by a net whose parts are in its attribute `net`.

    Raises:
        InputError: where it does something that the explainer would silently take for linear.
    """
    calls = _Calls()
    leaves = [(name.removeprefix("net."), each) for name, each in net.named_modules() if not list(each.children())]
    handles = [handle for name, module in leaves for handle in calls.listen(name, module)]
    one_sample = [tensor[:1].clone().requires_grad_() for tensor in inputs]
    try:
        with calls:
            output = net(*one_sample)
    finally:
        for handle in handles:
            handle.remove()
    for name, module in leaves:
        if calls.used[name]:
            _check_module(name, module, calls.used[name])
    _check_functions(output)


# Activations with a bend at zero, where the slopes at both ends say nothing of what lies between.
_BENT = ("ReLU", "LeakyReLU", "ELU", "SELU")
_MAXIMA = ("MaxPool1d", "MaxPool2d", "MaxPool3d")


@contextmanager
def of_any_unit() -> Iterator[None]:
    """SHAP takes the slope where an activation changes by less than 1e-6, and under a maximum nothing where it changes
    by less than 1e-7, as if all of them were about 1. In here a change across a bend is what it is however small, and
    maxima are in units of the largest of their layer; above those limits nothing is another number."""
    from shap.explainers._deep import deep_pytorch as own

    def nonlinear_1d(module: Any, slopes: Sequence[Tensor], given: Sequence[Tensor]) -> tuple[Tensor, ...]:
        found: tuple[Tensor, ...] = own.nonlinear_1d(module, slopes, given)
        (x, other), (y, out) = module.x.detach().chunk(2), module.y.detach().chunk(2)
        twice = [2] + [1] * (x.ndim - 1)
        across = (x.sign() != other.sign()).repeat(twice)
        return torch.where(across, given[0] * ((y - out) / (x - other)).repeat(twice), found[0]), *found[1:]

    def maxpool(module: Any, slopes: Sequence[Tensor], given: Sequence[Tensor]) -> tuple[Tensor, ...]:
        exponent = int(torch.frexp(module.x.detach().abs().max()).exponent)
        if exponent < 0:  # by a power of two nothing is rounded
            unit = 2.0 ** min(-exponent, 100)
            module.x, module.y = (nn.Parameter(each.detach() * unit) for each in (module.x, module.y))
        found: tuple[Tensor, ...] = own.maxpool(module, slopes, given)
        return found

    # SHAP asks for the names of these functions, too.
    rules = dict.fromkeys(_BENT, nonlinear_1d) | dict.fromkeys(_MAXIMA, maxpool)
    own.op_handler.update(rules)
    try:
        yield
    finally:
        own.op_handler.update(dict.fromkeys(_BENT, own.nonlinear_1d) | dict.fromkeys(_MAXIMA, own.maxpool))


def _check_module(name: str, module: nn.Module, count: int) -> None:
    from shap.explainers._deep.deep_pytorch import linear_1d, maxpool, op_handler, passthrough

    kind = type(module).__name__
    rule = op_handler.get(kind) if type(module).__module__.startswith("torch.nn.") and kind != "Softmax" else None
    if rule is None:
        raise _refused(f"the module {name!r} ({kind})")
    if rule is maxpool and _overlap(module):
        raise _refused(f"a maximum over windows that overlap, {name!r} ({kind})")
    if rule is maxpool and getattr(module, "return_indices", False):
        raise _refused(f"the places of a maximum, {name!r} ({kind})")
    if count > 1 and rule not in (linear_1d, passthrough):
        raise _refused(f"a module that is used {count} times in one prediction, {name!r} ({kind})")


def _overlap(pool: nn.Module) -> bool:
    kernel, stride, dilation = (np.asarray(getattr(pool, name)) for name in ("kernel_size", "stride", "dilation"))
    return bool((dilation * (kernel - 1) >= stride).any())


def _check_functions(output: Tensor) -> None:
    """Functions with a gradient of their own are in the graph alone: torch shows their calls to nobody."""
    nodes, seen = [output.grad_fn], set()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        own = getattr(node, "_forward_cls", None)
        if own not in (None, BackwardHookFunction):
            raise _refused(f"the function {own.__name__!r}")
        nodes += [each for each, _ in node.next_functions]


class _Calls(TorchFunctionMode):
    """Counts the calls of modules without parts, and refuses what happens to activations outside them, where the
    explainer does not see it, unless it is linear. Parameters are frozen, so that what depends on the inputs is what
    has a gradient; what would lose it is refused where it does."""

    def __init__(self) -> None:
        super().__init__()
        self.used: Counter[str] = Counter()
        self._inside = 0

    def listen(self, name: str, module: nn.Module) -> list[RemovableHandle]:
        """Hooks of one module, around its own computation alone."""

        def enter(*_: Any) -> None:
            self._inside += 1

        def leave(_: nn.Module, given: tuple[Any, ...], options: dict[str, Any], result: Any) -> None:
            self._inside -= 1
            if not _moving((given, options, result)):
                return
            if not _moving(result):
                raise _refused(f"a result without a gradient, of {name!r} ({type(module).__name__})")
            if not given:
                raise _refused(f"a module that is called by keywords, {name!r} ({type(module).__name__})")
            self.used[name] += result is not given[0]  # what gives back what it is given does nothing

        return [
            module.register_forward_pre_hook(enter),
            module.register_forward_hook(leave, prepend=True, with_kwargs=True),
        ]

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options, name = kwargs or {}, _name(func)
        tensors = list(_tensors((args, options)))
        before = [each._version for each in tensors]
        result = func(*args, **options)
        if before != [each._version for each in tensors] and _moving(tensors):
            raise _refused(f"a change in place, {name!r}")
        if not (self._inside or _BLANK.fullmatch(name) or _linear(name, args, options, result)):
            raise _refused(f"{name!r}, outside any module")
        return result


def _linear(name: str, args: Sequence[Any], options: Mapping[str, Any], result: Any) -> bool:
    """Whether a call is linear in what depends on the inputs, or does not depend on them."""
    first = args[0] if args else options.get("input")
    moving = _moving(first if _LIKE.fullmatch(name) else (args, options))
    if not moving:
        return True
    if not any(True for _ in _tensors(result)):
        return not _READS.fullmatch(name)
    if not _moving(result):
        return False
    if _QUOTIENTS.fullmatch(name):
        return len(moving) == 1 and moving[0] is first and not options.get("rounding_mode")
    return bool(_LINEAR.fullmatch(name) or (_PRODUCTS.fullmatch(name) and len(moving) == 1))


def _moving(items: Any) -> list[Tensor]:
    return [each for each in _tensors(items) if each.requires_grad]


def _tensors(items: Any) -> Iterator[Tensor]:
    """All of them, however deep they lie."""
    match items:
        case Tensor():
            yield items
        case Mapping():
            yield from _tensors(list(items.values()))
        case tuple() | list():
            for each in items:
                yield from _tensors(each)


def _name(func: Callable[..., Any]) -> str:
    parts = (resolve_name(func) or getattr(func, "__name__", "")).split(".")
    return (parts[-2] if parts[-1] == "__get__" else parts[-1]).strip("_")


def _refused(what: str) -> InputError:
    return InputError(
        f"deep_shap: SHAP has no exact rule for {what} and would treat it as linear; use integrated_gradients"
    )
