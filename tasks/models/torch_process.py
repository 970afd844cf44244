"""What torch is told about this process, and about a net while it explains."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.shown import what_it_is


def require_numbers(net: nn.Module) -> None:
    """Raises InputError for a net whose parameters are no numbers yet, or of a type that is not computed with here."""
    for name, item in net.state_dict(keep_vars=True).items():
        if is_lazy(item):
            raise InputError(
                f"model.factory: {name!r} of the net has no values yet, as of a lazy layer; call the net once on a few "
                "rows, or say how many inputs the layer has"
            )
        tensor = isinstance(item, torch.Tensor)
        if item.is_quantized if tensor else _quantised(net):
            raise InputError(
                "model.factory: the net is quantised, which no gradient leads through; give it as it was before"
            )
        if not tensor:
            raise InputError(
                f"model.factory: {name!r} of the net is {what_it_is(item)} and no tensor, as get_extra_state gives it; "
                "keep numbers in buffers and all else in attributes"
            )
        if item.is_meta:
            raise InputError(
                f"model.factory: {name!r} of the net lies on the device meta, without values; load its weights"
            )
        if item.is_nested or item.layout != torch.strided:
            raise InputError(
                f"model.factory: {name!r} of the net is a sparse or nested tensor, which NumPy has not; give it whole, "
                "as to_dense() does"
            )
        if item.dtype in _NOT_IN_NUMPY:
            kind = str(item.dtype).removeprefix("torch.")
            raise InputError(f"model.factory: the net computes in {kind}, which NumPy has not; give net.float()")


_NOT_IN_NUMPY = {
    torch.bfloat16, torch.float8_e4m3fn, torch.float8_e4m3fnuz, torch.float8_e5m2, torch.float8_e5m2fnuz
}  # fmt: skip


def _quantised(net: nn.Module) -> bool:
    return any("quantized" in type(module).__module__ for module in net.modules())


@contextmanager
def explaining(net: nn.Module) -> Iterator[None]:
    """Inference mode and frozen parameters while this lasts; modes and flags are put back as they were."""
    require_numbers(net)
    training = [module for module in net.modules() if module.training]
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    try:
        for module in training:
            module.training = False
        for parameter in learning:
            parameter.requires_grad_(False)
        yield
    finally:
        for module in training:
            module.training = True
        for parameter in learning:
            parameter.requires_grad_(True)


def configure(compute: Compute) -> None:
    """Threads and determinism of this process.

    Raises:
        InputError: when a GPU is asked for and there is none.
    """
    if compute.device == "cuda" and not torch.cuda.is_available():
        raise InputError("compute.device: 'cuda' was given, but torch finds no GPU; use cpu or auto")
    # cuBLAS reads this once, when it starts; without it deterministic sums are refused.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.set_num_threads(compute.threads)
    torch.set_deterministic_debug_mode("error" if compute.deterministic else "default")
    if compute.deterministic:  # `use_deterministic_algorithms` loads torch's compiler, in seconds, to tell it the same
        os.environ.setdefault("TORCHINDUCTOR_DETERMINISTIC", "1")
    # It would write NaN into all new memory, a fifth of the time of a convolution net, to show who reads what was never
    # written; no operation here does.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]  # torch adds it late
    torch.backends.cudnn.allow_tf32 = False  # float32 means float32, on a GPU too


@contextmanager
def kept() -> Iterator[None]:
    """What `configure` changes is after this as it was before."""
    threads, deterministic = torch.get_num_threads(), torch.get_deterministic_debug_mode()
    filled = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    coarse = torch.backends.cudnn.allow_tf32
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_deterministic_debug_mode(deterministic)
        torch.utils.deterministic.fill_uninitialized_memory = filled  # type: ignore[attr-defined]
        torch.backends.cudnn.allow_tf32 = coarse


def device_of(compute: Compute) -> torch.device:
    """The device that `compute` names; auto takes a GPU where there is one."""
    wanted = compute.device
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted)
