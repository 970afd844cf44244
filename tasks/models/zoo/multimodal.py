"""A net of several inputs: tables, images and texts to classes or one value."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.models.training import TrainingSpec
from exhibit.tasks.protocols import Compute, DifferentiableModel, Progress
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.figure import Diagram, Node
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import Message, mark, say, say_all
from exhibit.tasks.records.model import OutputKind, Weights

if TYPE_CHECKING:
    import keras


_PUBLISHED_EPOCHS = 20


class MultimodalSpec(TrainingSpec):
    """The published net in Keras: an image through three 3x3 filters, a text through its token ids, tables as they
    are, joined in a small dense layer.

    Where `scaled`, images and tokens are divided by their largest value, and tables standardised where the data says
    how; as published they are not.
    """

    kind: Literal["multimodal"] = "multimodal"
    called: ClassVar[str] = mark("neural net of several inputs")
    framework: ClassVar[str] = "Keras"
    filters: int = Field(3, ge=1, le=16_384, description="of the convolution")
    hidden: int = Field(10, ge=1, le=16_384, description="units that image and text are each reduced to")
    joined: int = Field(3, ge=1, le=16_384, description="units of the layer behind all inputs")
    scaled: bool = Field(
        True,
        description="divide pixels and token ids by their largest value, standardise what the data says how; false: as "
        "published",
    )
    epochs: int = Field(300, ge=1, le=100_000)
    batch_size: int = Field(20, ge=1, le=1_000_000)
    learning_rate: float = Field(0.01, gt=0, le=1_000)

    @property
    def architecture(self) -> str:
        """One sentence about the net."""
        return say(
            "A net of several inputs (Keras): pixels and token ids {scaling}; the image through {filters} 3x3 filters "
            "and {hidden} rectified units, the text through {hidden} rectified units, and the tables as they are, side "
            "by side into {joined} rectified units and one output per class or value.",
            scaling=say("scaled to 0..1") if self.scaled else say("as they are"),
            filters=str(self.filters),
            hidden=str(self.hidden),
            joined=str(self.joined),
        )

    @property
    def training(self) -> str:
        """One sentence about the training, and how the article differs."""
        if self.fitting == "never" or (self.epochs == _PUBLISHED_EPOCHS and not self.scaled):
            return super().training
        return say_all(
            super().training,
            say(
                "The article that this net is from trains it for {epochs} epochs, on pixels and token ids as they are, "
                "as model=multimodal_published does.",
                epochs=str(_PUBLISHED_EPOCHS),
            ),
        )

    def diagram(self, dataset: Dataset) -> Diagram:
        """The net from its inputs to the value."""
        nodes: list[Node] = []
        last: list[str] = []
        for item in dataset.inputs:
            shape = "x".join(map(str, item.values.shape[1:]))
            way = [Node(name=item.name, label=say("{input}, {shape}", input=item.name, shape=shape))]
            if _BRANCHES[item.kind].convolved:
                way.append(
                    Node(
                        name=f"{item.name}_convolution",
                        label=say("{filters} filters 3x3, flat", filters=str(self.filters)),
                    )
                )
            if _BRANCHES[item.kind].reduced:
                way.append(Node(name=f"{item.name}_dense", label=_dense(self.hidden)))
            chained = [way[0], *(n.model_copy(update={"after": (b.name,)}) for b, n in pairwise(way))]
            nodes += chained
            last.append(chained[-1].name)
        return Diagram(
            nodes=(
                *nodes,
                Node(name="joined", label=say("side by side"), after=tuple(last)),
                Node(name="hidden", label=_dense(self.joined), after=("joined",)),
                Node(name="value", label=say("value"), after=("hidden",)),
            )
        )

    def fit(self, dataset: Dataset, compute: Compute, progress: Progress) -> Weights:
        """Trains on the rows with split "train"."""
        from exhibit.tasks.models.keras_training import fit

        encode = _Scaling(dataset, self.scaled)
        return fit(lambda: self._net(dataset), encode, dataset, self, compute, progress)

    def restore(self, dataset: Dataset, weights: Weights, compute: Compute) -> DifferentiableModel:
        """The model with the given weights."""
        from exhibit.tasks.models.keras import KerasModel
        from exhibit.tasks.models.keras_training import restored

        net = restored(lambda: self._net(dataset), weights, compute)
        output: OutputKind = "logits" if dataset.task == "classification" else "values"
        return KerasModel(net, _Scaling(dataset, self.scaled), output, compute)

    def _net(self, dataset: Dataset) -> "keras.Model":
        from exhibit.tasks.models.keras_import import keras

        _require(dataset)
        layers = keras.layers
        inputs = [layers.Input(item.values.shape[1:], name=item.name) for item in dataset.inputs]
        branches = []
        for item, tensor in zip(dataset.inputs, inputs, strict=True):
            seen = tensor
            if _BRANCHES[item.kind].convolved:
                seen = layers.Conv2D(self.filters, 3, name=f"{item.name}_convolution")(seen)
                seen = layers.Flatten(name=f"{item.name}_flat")(seen)
            if _BRANCHES[item.kind].reduced:
                seen = layers.Dense(self.hidden, activation="relu", name=f"{item.name}_dense")(seen)
            branches.append(seen)
        both = layers.Concatenate(name="joined")(branches)
        hidden = layers.Dense(self.joined, activation="relu", name="hidden")(both)
        value = layers.Dense(max(len(dataset.classes), 1), name="value")(hidden)
        if self.scaled and dataset.label_scale:
            centre, spread = dataset.label_scale
            value = layers.Rescaling(spread, centre, name="scale")(value)
        return keras.Model(inputs, value, name="multimodal")


def _dense(units: int) -> Message:
    return say("dense {units}, rectified", units=str(units))


class _Scaling:
    """What the net takes: float32, where `scaled` less a centre and divided by a size."""

    def __init__(self, dataset: Dataset, scaled: bool) -> None:
        _require(dataset)
        found = {item.name: _BRANCHES[item.kind].scale(item) for item in dataset.inputs}
        self._scales = found if scaled else dict.fromkeys(found, (0.0, 1.0))

    def __call__(self, inputs: Arrays) -> dict[str, Array]:
        return {name: self._of(values.astype(np.float32), *self._scales[name]) for name, values in inputs.items()}

    def _of(self, values: Array, centre: Array | float, size: Array | float) -> Array:
        return (values - np.float32(centre)) / np.float32(size)


Scale = tuple[Array | float, Array | float]  # the centre and the size of pixels, token ids or columns


def _of_columns(item: Input) -> Scale:
    return (0.0, 1.0) if item.centre is None or item.spread is None else (item.centre, item.spread)


class _Branch(NamedTuple):
    """The way of one kind of input through the net."""

    scale: Callable[[Input], Scale]
    convolved: bool = False
    reduced: bool = False


_BRANCHES: dict[Kind, _Branch] = {
    "table": _Branch(_of_columns),
    "image": _Branch(lambda item: (0.0, item.bounds[1] if item.bounds else 1.0), convolved=True, reduced=True),
    "text": _Branch(lambda item: (0.0, max(len(item.vocabulary) - 1, 1)), reduced=True),
}


def _require(dataset: Dataset) -> None:
    kinds = [item.kind for item in dataset.inputs]
    if set(kinds) - _BRANCHES.keys():
        raise InputError(
            f"model: the multimodal net takes tables, images and texts, but the data holds {', '.join(kinds)}"
        )
