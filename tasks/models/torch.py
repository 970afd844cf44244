"""torch nets behind the model protocol: predictions, gradients, hidden layers.

Training and files of weights are in `torch_training`, what a user's own net needs besides in `torch_factory`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from exhibit.tasks.models.encoding import Axes, require_elements
from exhibit.tasks.models.layers import (
    Part,
    layer_parts,
    only_embedding,
    place_name,
    require_elements_of,
    require_numbers,
    require_one_array,
    require_padded,
    require_sample_rows,
    require_samples_first,
    require_slopes,
    seen_once,
)
from exhibit.tasks.models.outputs import (
    no_slopes,
    require_as_before,
    require_one_output,
    require_real,
    require_row_each,
)
from exhibit.tasks.models.torch_dropout import attention_rates, dropping
from exhibit.tasks.models.torch_embedding import embeddings
from exhibit.tasks.models.torch_fast import FastCopies, State, same, state_of
from exhibit.tasks.models.torch_process import configure, device_of, explaining
from exhibit.tasks.protocols import (
    Capability,
    Compute,
    Dropout,
    Place,
    Score,
    Side,
    own_score,
    padded_batches,
    reading,
    take,
)
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.explanation import bonds_of
from exhibit.tasks.records.model import OutputKind


class Encoded(NamedTuple):
    """A batch of samples as a net takes it.

    `arguments`: by input name, in the order in which the net takes them. `lengths`: (samples,) how many elements
    each sample has, where they lie one after another as in a PyG batch; None where no input is ragged. A ragged
    batch ends in filler that is no sample: `elements` counts all elements, filler included. `axes`: of images where
    the net has no channels, or has them last: here they stand first all the same; of series where it has them first:
    here they stand last. `keywords`: what the net calls those arguments that it takes by name alone.
    """

    arguments: dict[str, Any]
    lengths: Tensor | None = None
    elements: int = 0
    axes: Mapping[str, Axes] = {}
    keywords: Mapping[str, str] = {}

    def taken(self) -> dict[str, Any]:
        """The arguments in the shapes that the net takes."""
        return {
            name: argument if (turn := _TURNED.get(self.axes.get(name, "first"))) is None else turn(argument)
            for name, argument in self.arguments.items()
        }

    def through(self, net: nn.Module) -> Any:
        """What the net gives for the arguments."""
        taken = self.taken()
        named = {word: taken.pop(name) for name, word in self.keywords.items()}
        return net(*taken.values(), **named)

    @property
    def samples(self) -> int | None:
        """How many outputs are of samples; None for all of them."""
        return None if self.lengths is None else len(self.lengths)

    def embeds(self, ids: Tensor, vectors: Tensor) -> bool:
        """Whether `vectors` are one for each element, where `ids` say which."""
        if self.lengths is not None:
            return vectors.ndim == 2 and len(vectors) == self.elements
        return vectors.ndim == 3 and vectors.shape[:2] == ids.shape[:2]


# From channels first to what a net has in their place.
_TURNED: dict[Axes, Callable[[Tensor], Tensor]] = {
    "last": lambda images: images.movedim(1, -1).contiguous(),
    "none": lambda images: images[:, 0],
    "turned": lambda series: series.movedim(1, -1).contiguous(),
}


Encode = Callable[[Arrays], Encoded]


def as_tensors(inputs: Arrays) -> Encoded:
    """Raw values as float32 tensors: the encoding of a net that takes them as they are."""
    return Encoded({name: torch.as_tensor(values, dtype=torch.float32) for name, values in inputs.items()})


@dataclass(frozen=True)
class _Spot:
    """One side of one module of a net, and the elements of it that are looked at."""

    part: Part
    at: Side

    @contextmanager
    def passing(self, net: nn.Module, change: Callable[[Tensor], Tensor]) -> Iterator[None]:
        """While this lasts, `change` takes the activation and gives what the net goes on with."""

        def before(_: nn.Module, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
            return (self._changed(arguments[0], change), *arguments[1:])

        def after(_: nn.Module, __: tuple[Any, ...], result: Any) -> Tensor:
            return self._changed(result, change)

        module = net.get_submodule(self.part.layer)
        hook = module.register_forward_pre_hook(before) if self.at == "input" else module.register_forward_hook(after)
        try:
            yield
        finally:
            hook.remove()

    def _changed(self, activation: Any, change: Callable[[Tensor], Tensor]) -> Tensor:
        """The other elements stay as they are."""
        if self.part.whole:
            return change(activation)
        require_one_array(self.part.layer, self.at, isinstance(activation, Tensor))
        require_elements_of(self.part.layer, activation.ndim)
        start, stop, _ = self.part.elements.indices(activation.shape[1])
        parts = activation[:, :start], change(activation[:, start:stop]), activation[:, max(start, stop) :]
        return torch.cat(parts, dim=1)


def _instead(activation: Tensor, _: Tensor) -> Tensor:
    """The given activation in the place of that of the net."""
    return activation


def _depends(result: Tensor, numbers: Sequence[Tensor]) -> list[bool]:
    """For each of the `numbers` whether the result has a gradient with respect to it."""
    if not result.requires_grad or not numbers:  # the parameters are frozen
        return [False] * len(numbers)
    found = torch.autograd.grad(result.sum(), list(numbers), retain_graph=True, allow_unused=True)
    return [gradient is not None for gradient in found]


@dataclass(frozen=True)
class TorchPlace:
    """A batch seen from one place in a torch net; see `exhibit.tasks.protocols.Place`.

    Images and image-like activations are shown with channels last, whatever the net works with.
    """

    model: "TorchModel"
    net: nn.Module
    inputs: Arrays
    encoded: Encoded
    spots: Mapping[str, _Spot]  # by the name of what is there; none: the input
    values: dict[str, Array]
    mask: dict[str, Array]
    filler: Tensor | None = None
    dropout: Dropout | None = None

    def gradient(self, values: Arrays, score: Score, targets: Array) -> tuple[Array, dict[str, Array]]:
        """Scores (samples,), and the gradient of each sample's own score, shaped like `values`."""
        for name, array in values.items():
            require_slopes(name, array.dtype.kind == "f")
        with self.model.at_rest(self.net):
            leaves = {name: self._leaf(array).requires_grad_() for name, array in values.items()}
            chosen = torch.as_tensor(targets, device=self.model.device)
            scores = read(self._outputs(leaves), self.model.output, score, chosen)
            if not scores.requires_grad:
                raise no_slopes()
            # Samples do not mix in inference mode: the gradient of the sum holds each one's own.
            gradients = torch.autograd.grad(scores.sum(), list(leaves.values()), materialize_grads=True)
        return _array(scores), dict(zip(leaves, map(_array, gradients), strict=True))

    def outputs(self, values: Arrays) -> Array:
        """Outputs (samples, outputs) at `values`."""
        with self.model.at_rest(self.net), torch.no_grad():
            return _array(self._outputs({name: self._leaf(array) for name, array in values.items()}))

    def taken(self, rows: Array, dropout: Dropout | None = None) -> "TorchPlace":
        """The samples `rows`, which may repeat, with this dropout."""
        if np.array_equal(rows, np.arange(len(_first(self.values)))):
            return replace(self, dropout=dropout)
        inputs = take(self.inputs, rows)
        encoded = self.model.encoded(inputs)
        values, mask = take(self.values, rows), take(self.mask, rows)
        return TorchPlace(
            self.model, self.net, inputs, encoded, self.spots, values, mask, self._filler(encoded), dropout
        )

    def bypassed(self) -> bool:
        """Whether the outputs depend on numbers that lead to the activation while it is held."""
        if not self.spots:
            return False
        watched = {
            name: argument.detach().clone().requires_grad_() if _is_numbers(argument) else argument
            for name, argument in self.encoded.arguments.items()
        }
        reached: list[Tensor] = []

        def held(activation: Tensor, before: Tensor) -> Tensor:
            reached.append(before)
            return activation

        inner = {name: self._inner(name, self._leaf(array)) for name, array in self.values.items()}
        with self.model.at_rest(self.net), self._passing({name: partial(held, one) for name, one in inner.items()}):
            outputs = self.model.call(self.net, self.encoded._replace(arguments=watched), self.dropout)
        numbers = [argument for argument in watched.values() if _is_numbers(argument)]
        there = [any(each) for each in zip(*(_depends(before, numbers) for before in reached), strict=True)]
        return any(here and past for here, past in zip(there, _depends(outputs, numbers), strict=True))

    @contextmanager
    def _passing(self, changes: Mapping[str, Callable[[Tensor], Tensor]]) -> Iterator[None]:
        """While this lasts, each place is changed by what stands under its name."""
        with ExitStack() as stack:
            for name, spot in self.spots.items():
                stack.enter_context(spot.passing(self.net, changes[name]))
            yield

    def _filler(self, encoded: Encoded) -> Tensor | None:
        """As much as this batch wants; it is no sample, so it has no influence."""
        if self.filler is None or encoded.lengths is None:
            return None
        missing = encoded.elements - int(encoded.lengths.sum())
        blank = self.filler.new_zeros(missing, *self.filler.shape[1:])
        return torch.cat([self.filler, blank])[:missing]

    def _leaf(self, values: Array) -> Tensor:
        return torch.tensor(values, device=self.model.device)

    def _outputs(self, leaves: Mapping[str, Tensor]) -> Tensor:
        inner = {name: self._inner(name, leaves[name]) for name in self.values}
        if not self.spots:
            return self.model.call(self.net, self.encoded._replace(arguments=inner), self.dropout)
        with self._passing({name: partial(_instead, activation) for name, activation in inner.items()}):
            return self.model.call(self.net, self.encoded, self.dropout)

    def _inner(self, name: str, leaf: Tensor) -> Tensor:
        """What the net works with; a copy, because the net may change it in place. Only our own copies of a net are
        known to take channels that lie last in memory."""
        if self.filler is not None:
            elements = leaf[torch.as_tensor(self.mask[name], device=leaf.device)]
            return torch.cat([elements, self.filler])
        layout = torch.contiguous_format if self.net is self.model.net else torch.preserve_format
        return self.model.inner_layout(leaf).clone(memory_format=layout)


class TorchModel:
    """A torch net as an `exhibit.tasks.protocols.DifferentiableModel`.

    `net(*arguments)` gives (samples, outputs) of kind `output`; `encode` takes raw inputs to its arguments.
    `channels_first`: the net's arrays of four axes are (samples, channels, height, width), as is torch's way.
    The net runs in inference mode with frozen parameters, and is left as it came.
    """

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "gradients"})

    def __init__(
        self, net: nn.Module, encode: Encode, output: OutputKind, compute: Compute, *, channels_first: bool = True
    ) -> None:
        configure(compute)
        self.device = device_of(compute)
        self.net = net.to(self.device)
        self.output: OutputKind = output
        self._encode = encode
        self._batch = compute.batch
        self._each: Sequence[int | None] | None = None  # the shape of the outputs of one sample, once it is seen
        self._channels_first = channels_first
        self._fast = FastCopies(self.net)
        self._samples_first: State = []  # the net that is known to drop so
        self._rates: tuple[float, ...] = ()  # at which attention drops, as far as is known

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the modules, outer ones before their parts."""
        return tuple(name for name, _ in self.net.named_modules() if name)

    def embedding(self, inputs: Arrays) -> str | None:
        """The module that makes vectors of ids, one for each element of some `inputs`; None where not just one does."""
        some = [self.encoded(inputs), self.encoded(take(inputs, np.arange(1)))]
        return only_embedding([embeddings(self.net, partial(self.run, self.net, each), each.embeds) for each in some])

    def predict(self, inputs: Arrays) -> Array:
        """Outputs (samples, outputs) as the net gives them."""
        return self._predicted(inputs, lambda _: self.net)

    def evaluate(self, inputs: Arrays) -> Array:
        """What `predict` gives but for rounding, by the copy that explains."""
        return self._predicted(inputs, self._explaining_net)

    def _predicted(self, inputs: Arrays, net_for: Callable[[Encoded], nn.Module]) -> Array:
        parts = []
        for rows, used in padded_batches(len(_first(inputs)), self._batch):
            encoded = self.encoded(take(inputs, rows))
            outputs = _array(self.run(net_for(encoded), encoded))
            require_row_each(len(outputs) if outputs.ndim else 0, len(rows))
            parts.append(outputs[:used])
        return np.concatenate(parts)

    def run(self, net: nn.Module, encoded: Encoded) -> Tensor:
        """The outputs (samples, outputs) of the net or a copy of it, in inference mode."""
        with self.at_rest(net), torch.no_grad():
            return self.call(net, encoded)

    def at_rest(self, net: nn.Module) -> AbstractContextManager[None]:
        """Inference mode and frozen parameters, which our own copies of the net have anyway."""
        return explaining(net) if net is self.net else nullcontext()

    def _explaining_net(self, encoded: Encoded, layer: str | None = None) -> nn.Module:
        return self._fast.of(layer, lambda net: self.run(net, encoded))

    def place(
        self, inputs: Arrays, layer: str | int | None = None, at: Side = "output", dropout: Dropout | None = None
    ) -> Place:
        """The batch `inputs` seen from `layer` (None: the preprocessed inputs), where given with dropout.

        Raises:
            InputError: for a layer that is not there or is not used exactly once, inputs that are not numbers, or
                a net without dropout.
        """
        encoded = self.encoded(inputs)
        if dropout is not None:
            self._require_samples_first(inputs)
        if layer is None:
            net = self._explaining_net(encoded)
            return TorchPlace(self, net, inputs, encoded, {}, self._input_values(encoded), {}, dropout=dropout)
        parts = layer_parts(layer, self.layers)
        if len(parts) > 1 or not parts[0].whole:
            return self._place_of_parts(inputs, encoded, parts, at, dropout)
        name, spot = parts[0].layer, _Spot(parts[0], at)
        net = self._explaining_net(encoded, name)
        activation = self._activation(net, encoded, spot, dropout)
        if encoded.lengths is None:
            require_sample_rows(name, at, activation.shape, len(_first(inputs)))
            shown = self.outer_layout(activation)
            owner = place_name(tuple(inputs), name, shown.ndim)
            return TorchPlace(self, net, inputs, encoded, {owner: spot}, {owner: _array(shown)}, {}, dropout=dropout)
        count = int(encoded.lengths.sum())
        if len(activation) != encoded.elements:
            raise InputError(f"layer: {name!r} does not have one row per element; name another layer")
        padded, mask = _padded(activation[:count], encoded.lengths)
        owner = next(iter(inputs if len(inputs) == 1 else encoded.arguments))
        values, masks = {owner: _array(padded)}, {owner: _array(mask)}
        return TorchPlace(self, net, inputs, encoded, {owner: spot}, values, masks, activation[count:], dropout)

    def _place_of_parts(
        self, inputs: Arrays, encoded: Encoded, parts: Sequence[Part], at: Side, dropout: Dropout | None
    ) -> TorchPlace:
        """Some elements of a layer, or the atoms in one layer and the bonds in another."""
        require_padded(encoded.lengths is None)
        spots, values = {}, {}
        for part, kind in zip(parts, (str, bonds_of)[: len(parts)], strict=True):
            spot = _Spot(part, at)
            activation = self._activation(self.net, encoded, spot, dropout)
            require_sample_rows(part.layer, at, activation.shape, len(_first(inputs)))
            shown = self.outer_layout(activation)
            owner = kind(place_name(tuple(inputs), part.layer, shown.ndim))
            spots[owner], values[owner] = spot, _array(shown)
        return TorchPlace(self, self.net, inputs, encoded, spots, values, {}, dropout=dropout)

    def call(self, net: nn.Module, encoded: Encoded, dropout: Dropout | None = None) -> Tensor:
        """The outputs (samples, outputs) of the net or a copy of it, with sampled dropout where it is given."""
        sampling: AbstractContextManager[None] = nullcontext()
        if dropout is not None:
            sampling = dropping(net, partial(self._uniform, encoded, dropout), self._rates)
        with sampling:
            outputs: Tensor = self.applied(net, encoded)
        require_one_output(outputs, isinstance(outputs, Tensor))
        require_real(str(outputs.dtype), outputs.is_floating_point())
        if outputs.layout is not torch.strided:
            raise InputError("model: its outputs are a sparse tensor; give them whole, as outputs.to_dense()")
        if outputs.is_meta:
            raise InputError("model: its outputs are on the device meta, which holds no numbers; load its weights")
        if outputs.ndim == 1:  # one output for each sample
            outputs = outputs[:, None]
        self._each = require_as_before(outputs.shape[1:], self._each)
        return outputs if encoded.lengths is None else outputs[: encoded.samples]

    def applied(self, net: nn.Module, encoded: Encoded) -> Any:
        """What the net gives for its arguments."""
        return encoded.through(net)

    def inner_layout(self, tensor: Tensor) -> Tensor:
        """Channels where the net has them."""
        return tensor.movedim(-1, 1) if self._channels_first and tensor.ndim == 4 else tensor

    def outer_layout(self, tensor: Tensor) -> Tensor:
        """Channels last."""
        return tensor.movedim(1, -1) if self._channels_first and tensor.ndim == 4 else tensor

    def encoded(self, inputs: Arrays) -> Encoded:
        """A batch of raw inputs as the net takes it, on its device."""
        encoded = self._encode(inputs)
        moved = {name: argument.to(self.device) for name, argument in encoded.arguments.items()}
        return encoded._replace(arguments=moved)

    def _uniform(self, encoded: Encoded, dropout: Dropout, number: int, shape: tuple[int, ...]) -> Tensor:
        """Uniform numbers of the shape of an activation; elements and samples that are filler get 1, so they stay."""
        lengths = encoded.lengths
        if lengths is None:
            blank = torch.empty(shape, device="meta")
            outer = torch.as_tensor(dropout(number, tuple(self.outer_layout(blank).shape[1:])), device=self.device)
            require_samples_first(number, shape, len(outer))
            return self.inner_layout(outer)
        if shape[0] == encoded.elements:
            padded = torch.as_tensor(dropout(number, (int(lengths.max()), *shape[1:])))
            numbers = padded[torch.arange(padded.shape[1]) < lengths[:, None]]
        else:
            numbers = torch.as_tensor(dropout(number, shape[1:]))
        filler = numbers.new_ones(shape[0] - len(numbers), *shape[1:])
        return torch.cat([numbers, filler]).to(self.device)

    def _require_samples_first(self, inputs: Arrays) -> None:
        """Raises InputError for a net that drops along another first axis, which may by chance be as long as the
        batch: among more samples it is not."""
        more = len(_first(inputs)) + 1
        if not same(self._samples_first, state := state_of(self.net)):
            encoded = self.encoded(take(inputs, np.arange(more) % (more - 1)))
            with self.at_rest(self.net), torch.no_grad():
                self._rates = attention_rates(self.net, partial(self.call, encoded=encoded))
                self.call(self.net, encoded, lambda _, shape: np.ones((more, *shape), np.float32))
            self._samples_first = state

    def _input_values(self, encoded: Encoded) -> dict[str, Array]:
        for name, argument in encoded.arguments.items():
            require_elements(name, encoded.axes.get(name), argument)
            require_numbers(name, isinstance(argument, Tensor) and argument.is_floating_point(), self.layers)
        return {name: _array(self.outer_layout(argument)) for name, argument in encoded.arguments.items()}

    def _activation(self, net: nn.Module, encoded: Encoded, spot: _Spot, dropout: Dropout | None) -> Tensor:
        seen: list[Tensor] = []

        def keep(activation: Tensor) -> Tensor:
            require_one_array(spot.part.layer, spot.at, isinstance(activation, Tensor))
            seen.append(activation.detach().clone())  # a copy: the next module may work in place
            return activation

        with self.at_rest(net), torch.no_grad(), spot.passing(net, keep):
            self.call(net, encoded, dropout)
        return seen_once(spot.part.layer, seen)


def read(outputs: Tensor, kind: OutputKind, score: Score, targets: Tensor) -> Tensor:
    """The score (samples,) of the output `targets` (samples,)."""
    if len(outputs) < len(targets):  # of a net that gives other rows where gradients are asked for
        require_row_each(len(outputs), len(targets))
    match reading(kind, score):
        case "own":
            return own_score(score, outputs, targets)
        case "identity":
            values = outputs
        case "softmax":
            values = outputs.softmax(dim=1)
        case "logistic":
            values = outputs.sigmoid()
        case "cross_entropy":
            values = -outputs.log_softmax(dim=1)
        case "logistic_loss":
            values = functional.softplus(-outputs)
        case "negative_log":
            values = -outputs.log()
    return values.gather(1, targets[:, None])[:, 0]


def _padded(flat: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """(samples, most elements, ...) with zeros behind a sample's own elements, and the mask of those."""
    mask = torch.arange(int(lengths.max()), device=flat.device) < lengths[:, None].to(flat.device)
    padded = flat.new_zeros((*mask.shape, *flat.shape[1:]))
    padded[mask] = flat
    return padded, mask


def _is_numbers(argument: Any) -> bool:
    """Whether it can change a little."""
    return isinstance(argument, Tensor) and argument.is_floating_point()


def _first(arrays: Arrays) -> Array:
    return next(iter(arrays.values()))


def _array(tensor: Tensor) -> Array:
    """Its numbers, which stay as they are: a net may write its next answer into the same memory. NumPy has no numbers
    of 16 bits with an exponent of 8."""
    plain = tensor.detach().cpu()
    return np.array((plain.float() if plain.dtype is torch.bfloat16 else plain).numpy())
