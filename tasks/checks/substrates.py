"""What stands in for elements that are taken away: each answers another question, so a result names its own."""

from collections.abc import Callable
from typing import Literal

import numpy as np

from exhibit.tasks.checks.case import Case, draws
from exhibit.tasks.checks.kinds import KINDS
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import Message, say

Substrate = Literal["baseline", "blur", "noise", "conditional"]
NAMES: dict[Substrate, Message] = {
    "baseline": say("baseline"),
    "blur": say("blur"),
    "noise": say("noise"),
    "conditional": say("conditional"),
}

# (samples, elements) True where an element is taken away -> the inputs without them
Without = Callable[[Array], Arrays]


def without(substrate: Substrate, case: Case, rows: Array, seed: int) -> Without | None:
    """How elements of the explained samples `rows` are taken away; None where this has no meaning for the inputs."""
    if case.baseline(rows[:1]) is None:
        return None
    dataset = case.dataset()
    samples = dataset.take(rows)
    if substrate == "conditional":
        return _conditional(dataset, samples)
    filling = (
        case.baseline(rows)
        if substrate == "baseline"
        else _blurred(samples)
        if substrate == "blur"
        else _of_others(dataset, samples, seed)
    )
    return None if filling is None else lambda removed: mixed(samples.inputs, filling, removed)


def elements(inputs: tuple[Input, ...]) -> int:
    """How many elements the inputs have together; the channels of a pixel are one element."""
    return sum(int(np.prod(shape_of(item))) for item in inputs)


def shape_of(item: Input) -> tuple[int, ...]:
    """Of the elements of a sample: pixels without channels, columns, tokens."""
    shape = item.values.shape[1:]
    return shape[:-1] if item.traits.pixels else shape


def mixed(inputs: tuple[Input, ...], filling: Arrays, removed: Array) -> dict[str, Array]:
    """The inputs with the elements of the mask (samples, elements) taken from `filling`."""
    changed, start = {}, 0
    for item in inputs:
        array, shape = item.array, shape_of(item)
        size = int(np.prod(shape))
        mask = removed[:, start : start + size].reshape(len(array), *shape)
        mask = mask.reshape(*mask.shape, *[1] * (array.ndim - mask.ndim))
        changed[item.name] = np.where(mask, filling[item.name], array).astype(array.dtype)
        start += size
    return changed


def _blurred(samples: Dataset) -> Arrays | None:
    """Pictures out of focus: what is left is their colour, without any edge."""
    if not all(item.traits.pixels for item in samples.inputs):
        return None
    from scipy.ndimage import gaussian_filter

    return {
        item.name: np.stack([gaussian_filter(image, _radius(image)) for image in item.array]) for item in samples.inputs
    }


def _radius(image: Array) -> tuple[float, float, float]:
    return image.shape[0] / 8, image.shape[1] / 8, 0.0


def _of_others(dataset: Dataset, samples: Dataset, seed: int) -> Arrays | None:
    """For each sample another explained one, and of pictures independent pixels between their darkest and brightest:
    what may occur, unrelated. None where there is no other."""
    count = len(dataset.sample_ids)
    if count < 2:
        return None
    random = [draws(seed, name, "noise") for name in samples.sample_ids.tolist()]
    others = (own_rows(dataset, samples) + [int(one.integers(1, count)) for one in random]) % count
    filling = {}
    for item in dataset.inputs:
        values = item.take(others).array
        if item.traits.pixels:
            low, high = item.bounds or (values.min(), values.max())
            values = np.array([one.uniform(low, high, values.shape[1:]) for one in random])
        filling[item.name] = values
    return filling


def _conditional(dataset: Dataset, samples: Dataset) -> Without | None:
    """Removed columns from the explained row that is nearest in the columns that are left, by shares of their spread:
    what may occur beside them."""
    (item, *others), (own, *_) = dataset.inputs, samples.inputs
    if others or not item.traits.named:
        return None
    rows = item.array.astype(np.float64)
    reach = KINDS[item.kind].reach(item)
    scaled, given = (values / np.where(reach > 0, reach, 1) for values in (rows, own.array.astype(np.float64)))
    itself = own_rows(dataset, samples)

    def removed_by(removed: Array) -> Arrays:
        distance = ((scaled[None] - given[:, None]) ** 2 * ~removed[:, None]).sum(axis=-1)
        distance[np.arange(len(given)), itself] = np.inf
        nearest = distance.argmin(axis=1)
        return {own.name: np.where(removed, rows[nearest], own.array).astype(own.array.dtype)}

    return removed_by


def own_rows(dataset: Dataset, samples: Dataset) -> Array:
    """Where the samples stand in the dataset."""
    place = {sample: row for row, sample in enumerate(dataset.sample_ids.tolist())}
    return np.array([place[sample] for sample in samples.sample_ids.tolist()])
