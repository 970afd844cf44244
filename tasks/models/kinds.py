"""What the models know of each kind of input: how a net takes it as it is."""

from typing import NamedTuple

import numpy as np

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.kinds import Kind


class ModelKind(NamedTuple):
    """One kind of input. `number`: what its values are to a net, None where no net takes them as they are;
    `channels_first`: torch wants the last axis before the others; `shaped_by`: which settings change the shape of a
    sample, after "change the model, or"."""

    number: type[np.generic] | None = np.float32
    channels_first: bool = False
    shaped_by: str = "its preprocess"


KINDS: dict[Kind, ModelKind] = {
    "table": ModelKind(shaped_by="the columns of the data (of a file: data.features, data.ignore)"),
    "image": ModelKind(channels_first=True, shaped_by="the pictures (of files: data.size)"),
    "text": ModelKind(number=np.int64, shaped_by="the length of the texts (of a file: data.length)"),
    "molecule": ModelKind(number=None),
    "series": ModelKind(
        shaped_by="give (samples, channels, steps) by its preprocess, which is lambda inputs: {name: values."
        "transpose(0, 2, 1) for name, values in inputs.items()}"
    ),
}


def only(dataset: Dataset, kind: Kind, takes: str, task: str | None = None) -> Input:
    """The one input that the dataset has. `takes`: what the model takes, in words; `task`: the one that it can do.

    Raises:
        InputError: for an input of another kind, for several, or for another task.
    """
    first, *others = dataset.inputs
    if first.kind == kind and not others and task in (None, dataset.task):
        return first
    kinds = ", ".join(f"{item.name!r} of kind {item.kind}" for item in dataset.inputs)
    what = f"has {kinds}" if task is None else f"is a {dataset.task} of {kinds}"
    raise InputError(f"model: {takes}, but the data {what}")
