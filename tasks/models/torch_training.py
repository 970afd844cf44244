"""How torch nets get their weights: by training, or from a file."""

import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.models.outputs import no_slopes
from exhibit.tasks.models.torch import Encode
from exhibit.tasks.models.torch_process import configure, device_of, explaining
from exhibit.tasks.models.training import Measured, TrainingSpec, label_spreads
from exhibit.tasks.models.weights import read, require_belongs
from exhibit.tasks.protocols import Compute, Progress
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights

Build = Callable[[], nn.Module]


def fit(
    build: Build,
    encode: Encode,
    dataset: Dataset,
    training: TrainingSpec,
    compute: Compute,
    progress: Progress,
    *,
    probabilities: bool = False,
    single: bool = False,
) -> Weights:
    """Trains `build()` on the rows with split "train", or takes the weights that `training` names; the global random
    state is left alone.

    The loss is the cross-entropy for a classification, of logits or where the net gives them of `probabilities`, the
    mean squared error for a regression; of several labels the mean over them, of errors in standard deviations or of
    binary cross-entropies; each training row times its weight, where the data has any. `single`: its one output is of
    the second of two classes.

    Raises:
        InputError: when training diverges, or the weights do not belong to the net.
    """
    configure(compute)
    device = device_of(compute)
    with torch.random.fork_rng():
        torch.manual_seed(training.seed)
        net = build().to(device)
        if training.fitting == "never":
            return _weights(_given(net, training.weights), {})
        net.train()
        optimizer = torch.optim.Adam(net.parameters(), lr=training.learning_rate)
        loss_of = _loss(dataset, probabilities=probabilities, single=single)
        weights = dataset.training_weights
        counted_of = loss_of
        if weights is not None:
            counted_of = _loss(dataset, probabilities=probabilities, single=single, reduction="none")

        def step(rows: Array) -> Measured:
            optimizer.zero_grad()
            inputs = training.seen(dataset.take(rows).arrays, rows)
            losses, accuracy = _measured(net, encode, inputs, dataset, rows, device, counted_of)
            loss = losses if weights is None else _weighted(losses, torch.as_tensor(weights[rows]).to(losses))
            if not loss.requires_grad:
                raise no_slopes()
            torch.autograd.backward(loss)
            optimizer.step()
            return Measured(loss.item(), accuracy)

        def test(rows: Array) -> Measured:
            with explaining(net), torch.no_grad():
                inputs = dataset.take(rows).arrays
                loss, accuracy = _measured(net, encode, inputs, dataset, rows, device, loss_of)
                return Measured(loss.item(), accuracy)

        return _weights(net, training.run(dataset, step, test, compute, progress))


def restored(build: Build, weights: Weights) -> nn.Module:
    """`build()` with the given weights."""
    with torch.random.fork_rng():
        net = build()
    return _filled(net, weights.arrays).eval()


def given(build: Build, path: Path) -> Weights:
    """The weights of a file that belong to `build()`.

    Raises:
        InputError: when they do not, or cannot be read.
    """
    with torch.random.fork_rng():
        net = build()
    return _weights(_given(net, path), {})


def _given(net: nn.Module, path: Path | None) -> nn.Module:
    if path is None:
        return net
    arrays = _unwrapped(read(path, {".pt": _torch_file, ".pth": _torch_file}))
    wanted = {
        name: tuple(tensor.shape)
        for name, tensor in net.state_dict().items()
        if name in arrays or not name.endswith("num_batches_tracked")  # older files have none, nothing is done with it
    }
    require_belongs(path.name, {name: array.shape for name, array in arrays.items()}, wanted)
    try:
        return _filled(net, arrays)
    except RuntimeError as error:
        raise InputError(
            f"model.weights: {path.name} does not belong to this net: {' '.join(str(error).split())}"
        ) from error


def _torch_file(path: Path) -> dict[str, Array]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError("it holds more than tensors") from error
    inner = [part for part in state.values() if isinstance(part, dict)] if isinstance(state, dict) else []
    if len(inner) == 1:  # a checkpoint of a training, with the epoch and the like beside the weights
        (state,) = inner
    if not isinstance(state, dict) or not all(isinstance(part, Tensor) for part in state.values()):
        raise ValueError("no tensors by name are in it; save net.state_dict()")
    return {name: tensor.detach().float().numpy() if tensor.dtype == torch.bfloat16 else tensor.detach().numpy()
            for name, tensor in state.items()}  # fmt: skip


def _unwrapped(arrays: dict[str, Array]) -> dict[str, Array]:
    """Without the first part of every name that torch.nn.DataParallel adds."""
    if not all(name.startswith(_PARALLEL) for name in arrays):
        return arrays
    return {name.removeprefix(_PARALLEL): array for name, array in arrays.items()}


_PARALLEL = "module."


def _filled(net: nn.Module, arrays: dict[str, Array]) -> nn.Module:
    net.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return net


def _weights(net: nn.Module, history: dict[str, Array]) -> Weights:
    return Weights(
        arrays={name: tensor.cpu().resolve_conj().numpy() for name, tensor in net.state_dict().items()},
        history=history,
        parameters=sum(parameter.numel() for parameter in net.parameters()),
    )


def _measured(
    net: nn.Module,
    encode: Encode,
    inputs: Arrays,
    dataset: Dataset,
    rows: Array,
    device: torch.device,
    loss_of: "_Loss",
) -> tuple[Tensor, float | None]:
    """The mean loss, or that of each row, and the share of right classes of a classification."""
    encoded = encode(inputs)
    moved = {name: argument.to(device) for name, argument in encoded.arguments.items()}
    outputs = encoded._replace(arguments=moved).through(net)[: encoded.samples]
    rows_of_outputs = outputs[:, None] if outputs.ndim == 1 else outputs
    return loss_of(rows_of_outputs, torch.as_tensor(dataset.labels[rows], device=device))


def _weighted(losses: Tensor, weights: Tensor) -> Tensor:
    """The mean over rows of losses (rows,) or (rows, labels), each row times its weight."""
    return (losses.flatten(1).mean(dim=1) * weights).mean() if losses.ndim > 1 else (losses * weights).mean()


_Loss = Callable[[Tensor, Tensor], tuple[Tensor, float | None]]


def _loss(dataset: Dataset, *, probabilities: bool, single: bool, reduction: Literal["mean", "none"] = "mean") -> _Loss:
    """From outputs (rows, outputs) and labels (rows,) or (rows, labels) to the mean loss, or without `reduction` to
    losses of the shape of the labels, and the share of right classes where these exclude each other."""
    entropy = partial(
        functional.binary_cross_entropy if probabilities else functional.binary_cross_entropy_with_logits,
        reduction=reduction,
    )
    if dataset.task == "multi_label":
        return lambda outputs, labels: (entropy(outputs, labels.to(outputs.dtype)), None)
    if dataset.several:
        spread = torch.tensor(label_spreads(dataset))

        def of_values(outputs: Tensor, labels: Tensor) -> tuple[Tensor, None]:
            scaled = (outputs - labels.to(outputs.dtype)) / spread.to(outputs)
            return (scaled**2 if reduction == "none" else (scaled**2).mean()), None

        return of_values
    if dataset.task == "regression":
        squares = partial(functional.mse_loss, reduction=reduction)
        return lambda outputs, labels: (squares(outputs[:, 0], labels.to(outputs.dtype)), None)
    if single:
        half = 0.5 if probabilities else 0.0

        def of_two(outputs: Tensor, labels: Tensor) -> tuple[Tensor, float]:
            second = outputs[:, 0]
            right = ((second.detach() > half) == labels.bool()).double().mean().item()
            return entropy(second, labels.to(outputs.dtype)), right

        return of_two

    def of_classes(outputs: Tensor, labels: Tensor) -> tuple[Tensor, float]:
        right = (outputs.detach().argmax(dim=1) == labels).double().mean().item()
        if probabilities:
            smallest = torch.finfo(outputs.dtype).tiny
            return functional.nll_loss(outputs.clamp_min(smallest).log(), labels, reduction=reduction), right
        return functional.cross_entropy(outputs, labels, reduction=reduction), right

    return of_classes
