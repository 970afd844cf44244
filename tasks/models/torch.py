"""torch nets behind the model protocol, and how they are trained."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from tasks.models.layers import layer_name, place_name
from tasks.models.torch_dropout import dropping
from tasks.protocols import Compute, Dropout, Score, Side, padded_batches, reading, take
from tasks.records import Array, Arrays, InputError, OutputKind


class Encoded(NamedTuple):
    """A batch of samples as a net takes it.

    `arguments`: by input name, in the order in which the net takes them. `lengths`: (samples,) how many elements
    each sample has, where they lie one after another as in a PyG batch; None where no input is ragged. A ragged
    batch ends in filler that is no sample: `elements` counts all elements, filler included.
    """

    arguments: dict[str, Any]
    lengths: Tensor | None = None
    elements: int = 0

    @property
    def samples(self) -> int | None:
        """How many outputs are of samples; None for all of them."""
        return None if self.lengths is None else len(self.lengths)


Encode = Callable[[Arrays], Encoded]


def as_tensors(inputs: Arrays) -> Encoded:
    """Raw values as float32 tensors: the encoding of a net that takes them as they are."""
    return Encoded({name: torch.as_tensor(values, dtype=torch.float32) for name, values in inputs.items()})


@dataclass(frozen=True)
class _Spot:
    """One side of one module."""

    module: nn.Module
    at: Side

    @contextmanager
    def passing(self, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
        """While this lasts, `change` takes the activation and gives what the net goes on with."""

        def before(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
            return (change(arguments[0]), *arguments[1:])

        def after(_: nn.Module, __: tuple[Any, ...], result: Any) -> Tensor:
            return change(result)

        module = self.module
        hook = module.register_forward_pre_hook(before) if self.at == "input" else module.register_forward_hook(after)
        try:
            yield
        finally:
            hook.remove()


@dataclass(frozen=True)
class TorchPlace:
    """A batch seen from one place in a torch net; see `tasks.protocols.Place`.

    Images and image-like activations are shown with channels last, whatever the net works with.
    """

    model: "TorchModel"
    encoded: Encoded
    spot: _Spot | None
    values: dict[str, Array]
    mask: dict[str, Array]
    filler: Tensor | None = None
    dropout: Dropout | None = None

    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, dict[str, Array]]:
        """Scores (samples,), and the gradient of each sample's own score, shaped like `values`."""
        with explaining(self.model.net):
            leaves = {name: self._leaf(array).requires_grad_() for name, array in values.items()}
            chosen = torch.as_tensor(targets, device=self.model.device)
            scores = read(self._outputs(leaves), self.model.output, score, chosen)
            # Samples do not mix in inference mode: the gradient of the sum holds each one's own.
            gradients = torch.autograd.grad(scores.sum(), list(leaves.values()), materialize_grads=True)
        return _array(scores), dict(zip(leaves, map(_array, gradients), strict=True))

    def outputs(self, values: Arrays) -> Array:
        """Outputs (samples, outputs) at `values`."""
        with explaining(self.model.net), torch.no_grad():
            return _array(self._outputs({name: self._leaf(array) for name, array in values.items()}))

    def _leaf(self, values: Array) -> Tensor:
        return torch.tensor(values, device=self.model.device)

    def _outputs(self, leaves: Mapping[str, Tensor]) -> Tensor:
        inner = {name: self._inner(name, leaf) for name, leaf in leaves.items()}
        if self.spot is None:
            return self.model.call(self.encoded._replace(arguments=inner), self.dropout)
        (activation,) = inner.values()
        with self.spot.passing(lambda _: activation):
            return self.model.call(self.encoded, self.dropout)

    def _inner(self, name: str, leaf: Tensor) -> Tensor:
        """What the net works with; a copy, because the net may change it in place."""
        if self.filler is not None:
            elements = leaf[torch.as_tensor(self.mask[name], device=leaf.device)]
            return torch.cat([elements, self.filler])
        return self.model.inner_layout(leaf).clone()


class TorchModel:
    """A torch net as a `tasks.protocols.DifferentiableModel`.

    `net(*arguments)` gives (samples, outputs) of kind `output`; `encode` takes raw inputs to its arguments.
    `channels_first`: the net's arrays of four axes are (samples, channels, height, width), as is torch's way.
    The net runs in inference mode with frozen parameters, and is left as it came.
    """

    def __init__(
        self, net: nn.Module, encode: Encode, output: OutputKind, compute: Compute, *, channels_first: bool = True
    ) -> None:
        configure(compute)
        self.device = device_of(compute)
        self.net = net.to(self.device)
        self.output: OutputKind = output
        self._encode = encode
        self._batch = compute.batch
        self._channels_first = channels_first

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the modules, outer ones before their parts."""
        return tuple(name for name, _ in self.net.named_modules() if name)

    def predict(self, inputs: Arrays) -> Array:
        """Outputs (samples, outputs) as the net gives them."""
        count = len(next(iter(inputs.values())))
        with explaining(self.net), torch.no_grad():
            parts = [
                _array(self.call(self._encoded(take(inputs, rows))))[:used]
                for rows, used in padded_batches(count, self._batch)
            ]
        return np.concatenate(parts)

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> TorchPlace:
        """The batch `inputs` seen from `layer` (None: the preprocessed inputs), where given with dropout.

        Raises:
            InputError: for a layer that is not there or is not used exactly once, inputs that are not numbers, or
                a net without dropout.
        """
        encoded = self._encoded(inputs)
        if layer is None:
            return TorchPlace(self, encoded, None, self._input_values(encoded), {}, dropout=dropout)
        name = layer_name(layer, self.layers)
        spot = _Spot(self.net.get_submodule(name), at)
        activation = self._activation(encoded, spot, name, dropout)
        if encoded.lengths is None:
            shown = self.outer_layout(activation)
            owner = place_name(tuple(encoded.arguments), name, shown.ndim)
            return TorchPlace(self, encoded, spot, {owner: _array(shown)}, {}, dropout=dropout)
        count = int(encoded.lengths.sum())
        if len(activation) != encoded.elements:
            raise InputError(f"layer: {name!r} does not have one row per element; name another layer")
        padded, mask = _padded(activation[:count], encoded.lengths)
        owner = next(iter(encoded.arguments))
        return TorchPlace(
            self, encoded, spot, {owner: _array(padded)}, {owner: _array(mask)}, activation[count:], dropout
        )

    def call(self, encoded: Encoded, dropout: Dropout | None = None) -> Tensor:
        """The net's outputs (samples, outputs), with sampled dropout where it is given."""
        sampling = nullcontext() if dropout is None else dropping(self.net, partial(self._uniform, encoded, dropout))
        with sampling:
            outputs: Tensor = self.net(*encoded.arguments.values())
        return outputs[: encoded.samples]

    def inner_layout(self, tensor: Tensor) -> Tensor:
        """Channels where the net has them."""
        return tensor.movedim(-1, 1) if self._channels_first and tensor.ndim == 4 else tensor

    def outer_layout(self, tensor: Tensor) -> Tensor:
        """Channels last."""
        return tensor.movedim(1, -1) if self._channels_first and tensor.ndim == 4 else tensor

    def _encoded(self, inputs: Arrays) -> Encoded:
        encoded = self._encode(inputs)
        moved = {name: argument.to(self.device) for name, argument in encoded.arguments.items()}
        return encoded._replace(arguments=moved)

    def _uniform(self, encoded: Encoded, dropout: Dropout, number: int, shape: tuple[int, ...]) -> Tensor:
        """Uniform numbers of the shape of an activation; elements and samples that are filler get 1, so they stay."""
        lengths = encoded.lengths
        if lengths is None:
            blank = torch.empty(shape, device="meta")
            outer = torch.as_tensor(dropout(number, tuple(self.outer_layout(blank).shape[1:])), device=self.device)
            return self.inner_layout(outer)
        if shape[0] == encoded.elements:
            padded = torch.as_tensor(dropout(number, (int(lengths.max()), *shape[1:])))
            numbers = padded[torch.arange(padded.shape[1]) < lengths[:, None]]
        else:
            numbers = torch.as_tensor(dropout(number, shape[1:]))
        filler = numbers.new_ones(shape[0] - len(numbers), *shape[1:])
        return torch.cat([numbers, filler]).to(self.device)

    def _input_values(self, encoded: Encoded) -> dict[str, Array]:
        for name, argument in encoded.arguments.items():
            if not (isinstance(argument, Tensor) and argument.is_floating_point()):
                raise InputError(
                    f"layer: the input {name!r} is not made of numbers that can change a little; "
                    f"name a layer, one of {', '.join(self.layers)}"
                )
        return {name: _array(self.outer_layout(argument)) for name, argument in encoded.arguments.items()}

    def _activation(self, encoded: Encoded, spot: _Spot, name: str, dropout: Dropout | None) -> Tensor:
        seen: list[Tensor] = []

        def keep(activation: Tensor) -> Tensor:
            if not isinstance(activation, Tensor):
                raise InputError(f"layer: {name!r} does not give one array at its {spot.at}; name another layer")
            seen.append(activation.detach().clone())  # a copy: the next module may work in place
            return activation

        with explaining(self.net), torch.no_grad(), spot.passing(keep):
            self.call(encoded, dropout)
        if len(seen) != 1:
            raise InputError(f"layer: {name!r} is used {len(seen)} times in one prediction; name a layer used once")
        return seen[0]


def read(outputs: Tensor, kind: OutputKind, score: Score, targets: Tensor) -> Tensor:
    """The score (samples,) of the output `targets` (samples,)."""
    match reading(kind, score):
        case "identity":
            values = outputs
        case "softmax":
            values = outputs.softmax(dim=1)
        case "cross_entropy":
            values = -outputs.log_softmax(dim=1)
        case "negative_log":
            values = -outputs.log()
    return values.gather(1, targets[:, None])[:, 0]


@contextmanager
def explaining(net: nn.Module) -> Iterator[None]:
    """Inference mode and frozen parameters while this lasts; modes and flags are put back as they were."""
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
    torch.use_deterministic_algorithms(compute.deterministic)
    torch.backends.cudnn.allow_tf32 = False  # float32 means float32, on a GPU too


def device_of(compute: Compute) -> torch.device:
    """The device that `compute` names; auto takes a GPU where there is one."""
    wanted = compute.device
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted)


def _padded(flat: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """(samples, most elements, ...) with zeros behind a sample's own elements, and the mask of those."""
    mask = torch.arange(int(lengths.max()), device=flat.device) < lengths[:, None].to(flat.device)
    padded = flat.new_zeros((*mask.shape, *flat.shape[1:]))
    padded[mask] = flat
    return padded, mask


def _array(tensor: Tensor) -> Array:
    return tensor.detach().cpu().numpy()
