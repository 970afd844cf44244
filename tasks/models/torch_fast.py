"""Copies of torch nets that give the same numbers faster; the net itself stays as it came."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

# The kinds of normalisation that the convolution before them can take over.
_FOLDED = ((nn.Conv1d, nn.BatchNorm1d), (nn.Conv2d, nn.BatchNorm2d), (nn.Conv3d, nn.BatchNorm3d))
_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
# What these give they do not need again for their gradient.
_FORGETTING = (nn.Conv1d, nn.Conv2d, nn.Conv3d, _BatchNorm, *_POOLS)
# In place these copy what they change, because their gradient needs it.
_SAVING = (nn.SiLU, nn.Mish, nn.Hardswish)
# Relative, in the norm over a batch of outputs: some hundred times the rounding of the type. Folding reorders products,
# so equal bits cannot be asked for, and a copy that computes something else is off by far more.
_AGREEMENT = {torch.float32: 1e-5, torch.float64: 1e-10}

Convolution = nn.Conv1d | nn.Conv2d | nn.Conv3d
Run = Callable[[nn.Module], Tensor]
State = list[tuple[object, int]]  # what a net is made of, each with a number that goes up when it is changed


class _Known(NamedTuple):
    """A copy, and what it is a copy of."""

    state: State
    net: nn.Module


class FastCopies:
    """Frozen copies of convolution nets in inference mode: batch normalisation is folded into the convolutions where
    the net can be traced, and on a CPU channels lie last in memory.

    A copy is taken only where it agrees with the net to rounding, and again when the net's weights or modules have
    changed.
    """

    def __init__(self, net: nn.Module) -> None:
        self._net = net
        self._known: dict[str | None, _Known] = {}

    def of(self, layer: str | None, run: Run) -> nn.Module:
        """A net to explain with, in which the module `layer` still exists and sees what it saw; the net itself where
        no copy agrees. `run`: the outputs of a net for a batch, by which the copies are judged."""
        state = state_of(self._net)
        known = self._known.get(layer)
        if known is None or not same(known.state, state):
            known = self._known[layer] = _Known(state, self._made(layer, run))
        return known.net

    def _made(self, layer: str | None, run: Run) -> nn.Module:
        # Copies are faster for convolutions alone; others would cost a trace and memory for nothing.
        if not any(isinstance(module, Convolution) for module in self._net.modules()) or _hooked(self._net):
            return self._net
        expected = run(self._net)
        # The faster copy first; not every net can be traced, but nearly every one can be copied.
        for make in (folded, copied):
            # The code of a net may do anything, and fail in any way, when it meets what it was not written for.
            with suppress(Exception):
                made = _laid_out(make(self._net, layer))
                if _agree(run(made), expected):
                    return made
        return self._net


def copied(net: nn.Module, _: str | None = None) -> nn.Module:
    """A frozen copy in inference mode."""
    whole = copy.deepcopy(net).eval().requires_grad_(False)
    for module in whole.modules():
        if isinstance(module, _SAVING):
            module.inplace = False  # it would save its input for the gradient all the same, by copying it
    return whole


def folded(net: nn.Module, layer: str | None = None) -> nn.Module:
    """A copy in which convolutions take over the batch normalisation behind them; `layer` stays as it is."""
    whole = copied(net)
    graph = _Tracer(layer).trace(whole)
    traced = fx.GraphModule(whole, graph)
    # In inference a normalisation is a factor and a summand per channel, which the weights before it can hold.
    for before, node, convolution, norm in list(_pairs(traced, layer)):
        traced.set_submodule(str(before.target), fuse_conv_bn_eval(convolution, norm))
        node.replace_all_uses_with(before)
        graph.erase_node(node)
    # The maximum first: the rectifier, and its gradient, then run over fewer numbers.
    for first, second in list(_pooled(traced, layer)):
        first.target, second.target = second.target, first.target
    # Memory is what a rectifier costs: in place it neither asks for nor fills a second array.
    for rectifier in _rectifiers(traced):
        rectifier.inplace = True
    traced.delete_all_unused_submodules()
    traced.recompile()
    return traced.requires_grad_(False)


class _Tracer(fx.Tracer):
    """Looks into every module but `layer`, which stays in one piece."""

    def __init__(self, layer: str | None) -> None:
        super().__init__()
        self._layer = layer

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return module_qualified_name == self._layer or super().is_leaf_module(m, module_qualified_name)


def _pairs(traced: fx.GraphModule, layer: str | None) -> Iterator[tuple[fx.Node, fx.Node, Convolution, _BatchNorm]]:
    """Convolutions and the normalisation that alone follows them, each used once, as nodes and as modules."""
    uses = _uses(traced)
    for before, node, convolution, norm in _successions(traced):
        alone = uses[before.target] == uses[node.target] == 1 and layer not in (before.target, node.target)
        # Exactly these classes: a subclass may compute something else.
        if alone and (type(convolution), type(norm)) in _FOLDED and norm.running_mean is not None:
            assert isinstance(convolution, Convolution)
            assert isinstance(norm, _BatchNorm)
            yield before, node, convolution, norm


def _pooled(traced: fx.GraphModule, layer: str | None) -> Iterator[tuple[fx.Node, fx.Node]]:
    """Rectifiers and the maximum over windows that alone follows them: the other way round they give the same
    numbers, and the rectifier meets fewer."""
    for before, node, rectifier, pool in _successions(traced):
        alone = layer not in (before.target, node.target) and len(node.args) == 1 and not node.kwargs
        if alone and type(rectifier) is nn.ReLU and type(pool) in _POOLS and not pool.return_indices:
            yield before, node


def _rectifiers(traced: fx.GraphModule) -> Iterator[nn.ReLU]:
    """Those that alone use what a convolution, a normalisation or a maximum gives: none needs it again for its
    gradient."""
    uses = _uses(traced)
    for _, node, source, module in _successions(traced):
        if type(module) is nn.ReLU and uses[node.target] == 1 and isinstance(source, _FORGETTING):
            yield module


def _successions(traced: fx.GraphModule) -> Iterator[tuple[fx.Node, fx.Node, nn.Module, nn.Module]]:
    """Two modules after one another, where the second alone uses what the first gives, as nodes and as modules."""
    for node in traced.graph.nodes:
        before = node.args[0] if node.op == "call_module" else None
        if isinstance(before, fx.Node) and before.op == "call_module" and len(before.users) == 1:
            yield before, node, traced.get_submodule(str(before.target)), traced.get_submodule(str(node.target))


def _uses(traced: fx.GraphModule) -> Counter[Any]:
    """How often each module is called."""
    return Counter(node.target for node in traced.graph.nodes if node.op == "call_module")


def _laid_out(net: nn.Module) -> nn.Module:
    """With channels last in memory, on a CPU."""
    # The CPU kernels of convolutions read channels last; in another layout they would reorder at every call.
    for parameter in net.parameters():
        if parameter.ndim == 4 and parameter.device.type == "cpu":
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
    return net


def _agree(outputs: Tensor, expected: Tensor) -> bool:
    if outputs.shape != expected.shape or outputs.dtype != expected.dtype:
        return False
    return bool((outputs - expected).norm() <= _AGREEMENT.get(outputs.dtype, 0.0) * expected.norm())


def _hooked(net: nn.Module) -> bool:
    """Whether somebody watches or changes what modules give: a copy could lose that."""
    return any(map(_hooks, net.modules()))


def _hooks(module: nn.Module) -> int:
    return (
        len(module._forward_hooks)
        + len(module._forward_pre_hooks)
        + len(module._backward_hooks)
        + len(module._backward_pre_hooks)
    )


def state_of(net: nn.Module) -> State:
    """The modules of a net with the number of their hooks, and their tensors with how often they were written; taken
    before every batch, so by one walk over the modules."""
    state: State = []
    for module in net.modules():
        state.append((module, _hooks(module)))
        for own in (module._parameters, module._buffers):
            state += [(tensor, tensor._version) for tensor in own.values() if tensor is not None]
    return state


def same(known: State, now: State) -> bool:
    """Whether these are the same things, unchanged since."""
    return len(known) == len(now) and all(
        old is new and version == current for (old, version), (new, current) in zip(known, now, strict=True)
    )
