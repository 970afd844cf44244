"""Occlusion: what the score loses when a window is replaced by the baseline."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from exhibit.tasks.atoms import atom_mask, without_atoms
from exhibit.tasks.methods.method import Against, Layer, Look, Method
from exhibit.tasks.protocols import (
    Capability,
    Compute,
    Model,
    Place,
    Score,
    Side,
    evaluated,
    gives_gradients,
    padded_batches,
    scores,
    take,
)
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Baseline, Input
from exhibit.tasks.records.explanation import Attribution, Cost
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.shown import so_many

Window = tuple[slice, ...]
_Elements = Annotated[int, Field(ge=1, le=100_000)]
Extent = _Elements | tuple[_Elements, ...]  # the same along every axis of elements, or one number per axis


class OcclusionSpec(Method):
    """S(x) - S(x with a window replaced), for each element of the window; where windows overlap, the mean of theirs.

    A sample that is shorter than others has the windows that it has by itself; the last one shrinks at its own edge.
    Positive where the window supports the score. At the input, windows of raw values are replaced and any model
    will do; at a hidden layer its activations. Of a molecule, which a function is given as SMILES, atoms are replaced
    by dummy atoms.

    M. Zeiler, R. Fergus (2014), Visualizing and understanding convolutional networks.
    """

    kind: Literal["occlusion"] = "occlusion"
    layer: Layer = Field(
        None, description="a hidden layer by name or index; null: the input, of a molecule its atom embedding"
    )
    at: Side = Field("output", description="of the layer: input or output")
    sliding_window_shapes: Extent = Field(
        1,
        description="elements per window, for all axes or one number per axis; one number more is that of channels, "
        "which are replaced together otherwise: [10, 1] are ten steps of one channel of a series",
    )
    strides: Extent = Field(1, description="elements between windows, at most the window")
    difference: Literal["whole", "spread"] = Field(
        "whole",
        description="an element has the whole difference of its window, or an equal share: then they add up to it",
    )
    baseline: Baseline = Field(
        "auto",
        description="what replaces a window, in raw units: auto, zero, black or mean, of a series channel_mean or line",
    )

    title: ClassVar[str] = mark("Occlusion")
    citation: ClassVar[str] = (
        "M. Zeiler, R. Fergus (2014), Visualizing and understanding convolutional networks, ECCV, "
        "doi:10.1007/978-3-319-10590-1_53."
    )
    additive: ClassVar[bool] = False

    @property
    def formula(self) -> str:
        """The difference that a window makes, or an element's share of it."""
        whole = say("<i>S</i>(<i>x</i>) − <i>S</i>(<i>x</i> with a window replaced by <i>x</i>′)")
        return whole if self.difference == "whole" else say("({formula}) / elements of the window", formula=whole)

    @property
    def asks(self) -> Capability:
        """Predictions, and layers where one is named."""
        return "predictions" if self.layer is None else "gradients"

    @property
    def look(self) -> Look:
        """Where windows are replaced."""
        return Look(self.layer, self.at)

    @property
    def against(self) -> Against:
        """What replaces a window."""
        return Against(self.baseline)

    def refusal(self, model: str, framework: str) -> str:
        """It is the layer that such a model does not have."""
        return (
            f"occlusion needs a layer, but the model {model} ({framework}) only predicts; "
            "use occlusion, kernel_shap, partition_shap or tree_shap at the input"
        )

    def windows(self, part: Attribution) -> int:
        """How many windows were replaced in a sample without gaps."""
        first = {name: values[..., 0] for name, values in part.values.items()}
        return len(_windows(first, self.sliding_window_shapes, self.strides))

    def cost(self, part: Attribution) -> Cost:
        """An evaluation of each sample as it is, and one for each window; a shorter sample has fewer."""
        return Cost(evaluations=len(part.targets) * (1 + self.windows(part)), at_most=bool(part.mask))

    @model_validator(mode="after")
    def _covers(self) -> "OcclusionSpec":
        windows, strides = np.broadcast_arrays(self.sliding_window_shapes, self.strides)
        if (strides < 1).any() or (strides > windows).any():
            raise ValueError("strides must be at least 1 and at most the window: elements would never be covered")
        return self

    def require_inputs(self, inputs: Sequence[Input]) -> None:
        """At the input its windows have the axes of the elements there; a molecule is looked at in a layer."""
        if self.layer is None and not any(item.traits.embedded for item in inputs):
            first = {item.name: item.take(np.arange(1)).array for item in inputs}
            _windows(first, self.sliding_window_shapes, self.strides)

    def attribute(
        self,
        model: Model,
        inputs: Arrays,
        baselines: Arrays | None,
        sample_ids: Array,
        targets: Array,
        score: Score,
        compute: Compute,
    ) -> Attribution:
        """As every method; no baselines stand for zero where windows are replaced."""
        subject = _Subject(model, inputs, self.layer, self.at, compute.batch)
        values, mask = subject.seen(inputs)
        replacement = (
            {name: np.zeros_like(v) for name, v in values.items()} if baselines is None else subject.seen(baselines)[0]
        )
        windows = _windows(values, self.sliding_window_shapes, self.strides)
        cut = {name: _cut(array, self.sliding_window_shapes, self.strides) for name, array in values.items()}
        cover = _covered(cut, mask, windows, len(targets))
        changing = _changing(values, replacement, cover.held, windows)
        # The first column is the score of the sample as it is; what changes nothing has that score, too.
        replaced_scores = np.zeros((len(targets), 1 + len(windows), targets.shape[1]))
        for samples, numbers, used in _batches(changing, compute.batch):
            changed = take(values, samples)
            for row, number in enumerate(numbers):
                if number:
                    name, window = windows[number - 1]
                    changed[name][row][window] = replacement[name][samples[row]][window]
            replaced_scores[samples[:used], numbers[:used]] = subject.scores(samples, changed, score, targets[samples])[
                :used
            ]
        prediction = replaced_scores[:, 0]
        lost = np.where(changing[..., np.newaxis], prediction[:, np.newaxis] - replaced_scores, 0)
        total = {name: np.zeros((len(targets), *shape, targets.shape[1])) for name, shape in cut.items()}
        for number, (name, window) in enumerate(windows, start=1):
            inside = (slice(None), *window)
            part, existing = total[name][inside], cover.existing[name][inside]
            elements = existing.reshape(len(existing), -1).sum(axis=1, keepdims=True)
            parts = np.maximum(elements, 1) if self.difference == "spread" else 1
            share = (lost[:, number] / parts).reshape(len(targets), *[1] * len(window), -1)
            np.add(part, share, out=part, where=existing[..., np.newaxis])
        unknown = np.full(targets.shape, np.nan)
        return Attribution(
            sample_ids=sample_ids,
            targets=targets,
            values={name: _averaged(total[name], cover.windows[name], values[name]) for name in values},
            mask=mask,
            prediction=prediction,
            base_value=unknown,
            residual=unknown,
            steps=np.zeros(targets.shape, np.int64),
            converged=np.ones(targets.shape, bool),
        )


class _Subject(NamedTuple):
    """What is occluded: raw inputs, or activations of a hidden layer."""

    model: Model
    inputs: Arrays
    layer: str | int | None
    at: Side
    batch: int

    def seen(self, inputs: Arrays) -> tuple[dict[str, Array], dict[str, Array]]:
        """Values that can be replaced, and the mask of ragged ones, for all samples."""
        if self.layer is None:
            masks = {name: atom_mask(array.tolist()) for name, array in inputs.items() if _whole(array)}
            atoms = {name: mask[..., np.newaxis].astype(np.float32) for name, mask in masks.items()}
            return {**inputs, **atoms}, masks
        places = [
            (self._place(take(inputs, rows)), used) for rows, used in padded_batches(len(_first(inputs)), self.batch)
        ]
        values = _stacked([(place.values, used) for place, used in places])
        return values, _stacked([(place.mask, used) for place, used in places])

    def scores(self, samples: Array, values: Arrays, score: Score, targets: Array) -> Array:
        """(samples, targets) scores of the given samples with these values."""
        if self.layer is None:
            outputs = evaluated(self.model, self._spelled(samples, values))
        else:
            outputs = np.concatenate(
                [
                    self._outputs(take(self.inputs, samples[rows]), take(values, rows))[:used]
                    for rows, used in padded_batches(len(samples), self.batch)
                ]
            )
        return np.stack([scores(outputs, self.model.output, score, column) for column in targets.T], axis=1)

    def _spelled(self, samples: Array, values: Arrays) -> dict[str, Array]:
        """Raw inputs of the given samples with these values: of molecules those whose other atoms are hidden."""
        spelled = dict(values)
        for name, array in self.inputs.items():
            if _whole(array):
                kept = values[name][..., 0] > 0
                texts = [without_atoms(text, one) for text, one in zip(array[samples].tolist(), kept, strict=True)]
                spelled[name] = np.array(texts)
        return spelled

    def _outputs(self, inputs: Arrays, values: Arrays) -> Array:
        place = self._place(inputs)
        return place.outputs({name: values[name][:, : seen.shape[1]] for name, seen in place.values.items()})

    def _place(self, inputs: Arrays) -> Place:
        if not gives_gradients(self.model):
            raise InputError(f"layer: {self.layer!r} was given, but the model only predicts and shows no layers")
        return self.model.place(inputs, self.layer, self.at)


def sliding(shape: tuple[int, ...], window: Extent, stride: Extent) -> Iterator[Window]:
    """The windows over elements of `shape`; the last ones along an axis shrink at its edge.

    Raises:
        InputError: for a window with another number of axes.
    """
    for extent in (window, stride):
        if not isinstance(extent, int) and len(extent) != len(shape):
            axes = so_many(len(shape), "axis", "axes")
            raise InputError(f"sliding_window_shapes, strides: {extent} was given, but elements have {axes}")
    sizes, steps = np.broadcast_to(window, len(shape)).tolist(), np.broadcast_to(stride, len(shape)).tolist()
    starts = [
        range(0, max(length - size, 0) + step, step) for length, size, step in zip(shape, sizes, steps, strict=True)
    ]
    for corner in product(*starts):
        yield tuple(slice(start, start + size) for start, size in zip(corner, sizes, strict=True))


def _windows(values: Arrays, window: Extent, stride: Extent) -> list[tuple[str, Window]]:
    """All windows over all inputs."""
    for name, array in values.items():
        if array.ndim < 2:
            raise InputError(f"layer: the input {name!r} has no elements that could be replaced; name a layer")
    return [
        (name, each) for name, array in values.items() for each in sliding(_cut(array, window, stride), window, stride)
    ]


def _cut(array: Array, window: Extent, stride: Extent) -> tuple[int, ...]:
    """The axes that windows are cut from: those between samples and channels, and the channels too where there is a
    number for them; a table has no channels."""
    numbers = max(0 if isinstance(extent, int) else len(extent) for extent in (window, stride))
    return array.shape[1:] if array.ndim == 2 or numbers == array.ndim - 1 else array.shape[1:-1]


class _Cover(NamedTuple):
    """What windows there are of each sample, by itself.

    `existing[name]`: (samples, elements) True where an element exists; `windows[name]`: the same shape, how many
    windows hold it; both one row for all where no sample is shorter. `held`: (samples, windows) True for its own.
    """

    existing: dict[str, Array]
    windows: dict[str, Array]
    held: Array


def _covered(
    shapes: Mapping[str, tuple[int, ...]], mask: Arrays, windows: list[tuple[str, Window]], samples: int
) -> _Cover:
    """Windows are cut from the longest sample. They are a sample's own as long as they hold an element that none
    before them does: what comes after the end of a shorter one is not there when that one is alone."""
    existing = {name: _existing(mask.get(name), shape) for name, shape in shapes.items()}
    covering = {name: np.zeros(array.shape, np.int64) for name, array in existing.items()}
    held = np.empty((samples, len(windows)), bool)
    for number, (name, window) in enumerate(windows):
        inside = (slice(None), *window)
        part = covering[name][inside]
        new = (existing[name][inside] & (part == 0)).any(axis=tuple(range(1, part.ndim)))
        part += new.reshape(-1, *[1] * len(window))
        held[:, number] = new
    return _Cover(existing, covering, held)


def _existing(mask: Array | None, shape: tuple[int, ...]) -> Array:
    """(samples, elements), of ragged inputs by their `mask`; one row for all where there is none."""
    if mask is None:
        return np.ones((1, *shape), bool)
    return np.broadcast_to(mask.reshape(*mask.shape, *[1] * (1 + len(shape) - mask.ndim)), (len(mask), *shape))


def _changing(values: Arrays, replacement: Arrays, held: Array, windows: list[tuple[str, Window]]) -> Array:
    """(samples, 1 + windows): True in the first column, and where a window is the sample's own and differs from what
    replaces it."""
    columns = [np.ones(len(held), bool)]
    for number, (name, window) in enumerate(windows):
        inside = (slice(None), *window)
        differs = (values[name][inside] != replacement[name][inside]).reshape(len(held), -1).any(axis=1)
        columns.append(differs & held[:, number])
    return np.stack(columns, axis=1)


def _batches(changing: Array, size: int) -> Iterator[tuple[Array, Array, int]]:
    """Samples and numbers of columns side by side, in full batches, wherever `changing` is True."""
    samples, numbers = np.nonzero(changing)
    for rows, used in padded_batches(len(samples), size):
        yield samples[rows], numbers[rows], used


def _averaged(total: Array, covering: Array, values: Array) -> Array:
    """`total` (samples, elements, targets) per covering window; what the channels of `values` share adds up to it."""
    precision = values.dtype if values.dtype.kind == "f" else np.dtype(np.float32)
    mean = (total / np.maximum(covering, 1)[..., np.newaxis]).astype(precision)
    if mean.ndim > values.ndim:  # without channels, or with windows of each
        return mean
    channels = values.shape[-1]
    return np.repeat(mean[..., np.newaxis, :] / precision.type(channels), channels, axis=-2)


def _stacked(parts: list[tuple[Arrays, int]]) -> dict[str, Array]:
    """Batches one after another, each as far as it counts; ragged ones are padded to the longest."""
    stacked: dict[str, Array] = {}
    for name in parts[0][0]:
        widest = max(arrays[name].shape[1] for arrays, _ in parts)
        stacked[name] = np.concatenate(
            [
                np.pad(
                    arrays[name][:used],
                    [(0, 0), (0, widest - arrays[name].shape[1]), *[(0, 0)] * (arrays[name].ndim - 2)],
                )
                for arrays, used in parts
            ]
        )
    return stacked


def _whole(array: Array) -> bool:
    """Whether a batch is of SMILES, each a whole molecule, and not of numbers."""
    return array.dtype.kind == "U"


def _first(inputs: Arrays) -> Array:
    return next(iter(inputs.values()))
