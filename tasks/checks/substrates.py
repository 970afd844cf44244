"""What stands in for elements that are taken away: each answers another question, so a result names its own."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from exhibit.tasks.checks.case import Case, StandIn, draws
from exhibit.tasks.checks.kinds import KINDS
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import Message, say, sayn

Substrate = Literal["baseline", "blur", "noise", "conditional"]
_NAMES: dict[Substrate, Message] = {
    "baseline": say("baseline"),
    "blur": say("blur"),
    "noise": say("noise"),
    "conditional": say("conditional"),
}
_AT_A_TIME = 512  # samples that are changed at once

# (samples, elements) True where an element is taken away -> the inputs without them
Without = Callable[[Array], Arrays]


class Game(NamedTuple):
    """What the score is without some elements. `scores(removed)`: (samples,) of a mask (samples, elements), True where
    an element is taken away; `rows`: how many samples go through the model for each; `name`: what stands in."""

    scores: Callable[[Array], Array]
    rows: int
    name: Message


def is_own(substrate: Substrate, case: Case) -> bool:
    """Whether what stands in is what the method itself compares with: then what the score loses is what its values are
    about."""
    return substrate == "baseline" and case.stand_in(np.arange(1)) is not None


def game(substrate: Substrate, case: Case, rows: Array, seed: int, most: int | None = None) -> Game | None:
    """How elements of the explained samples `rows` are taken away; None where this has no meaning for the inputs.

    Where the method averages over rows of a background, so does the score without an element: over all of them, or over
    `most`, drawn for each sample.
    """
    if substrate == "baseline" and (own := case.stand_in(rows)) is not None and own.shared:
        return _of_background(case, rows, own, seed, most)
    away = _without(substrate, case, rows, seed)
    if away is None:
        return None
    usual = substrate == "baseline" and not is_own(substrate, case)
    name = say("the usual baseline of these inputs") if usual else _NAMES[substrate]
    return Game(lambda removed: case.score(away(removed), rows), 1, name)


def _of_background(case: Case, rows: Array, own: StandIn, seed: int, most: int | None) -> Game:
    """The mean over the rows that the method compares with."""
    dataset, every = case.dataset(), np.arange(own.rows)
    names = dataset.sample_ids[rows].tolist()
    few = most is not None and most < own.rows
    beside = np.array([draws(seed, name, "background").permutation(every)[:most] if few else every for name in names])
    sample, count = np.repeat(np.arange(len(rows)), beside.shape[1]), beside.shape[1]

    def scores(removed: Array) -> Array:
        if not removed.any():
            return case.score({item.name: item.array for item in dataset.take(rows).inputs}, rows)
        found = []
        for start in range(0, len(sample), _AT_A_TIME):
            chosen = sample[start : start + _AT_A_TIME]
            others = beside.ravel()[start : start + _AT_A_TIME]
            filling = {name: values[others] for name, values in own.values.items()}
            changed = mixed(dataset.take(rows[chosen]).inputs, filling, removed[chosen])
            found.append(case.score(changed, rows[chosen]))
        return np.asarray(np.concatenate(found).reshape(-1, count).mean(axis=1, dtype=np.float64))

    if few:
        name = say(
            "{count} of the {all} rows that the method compares with, drawn for each sample, the mean over them",
            count=str(count),
            all=str(own.rows),
        )
    else:
        name = sayn(
            "the {number} row that the method compares with",
            "the {number} rows that the method compares with, the mean over them",
            count,
        )
    return Game(scores, count, name)


def _without(substrate: Substrate, case: Case, rows: Array, seed: int) -> Without | None:
    """The inputs without some elements; None where this has no meaning for them."""
    if case.baseline(rows[:1]) is None:
        return None
    dataset = case.dataset()
    samples = dataset.take(rows)
    if substrate == "conditional":
        return _conditional(dataset, samples)
    filling = (
        _baseline(case, rows)
        if substrate == "baseline"
        else _blurred(samples)
        if substrate == "blur"
        else _of_others(dataset, samples, seed)
    )
    return None if filling is None else lambda removed: mixed(samples.inputs, filling, removed)


def _baseline(case: Case, rows: Array) -> Arrays | None:
    """What the method compares each of the samples with, or where that is nothing the usual values."""
    own = case.stand_in(rows)
    return case.baseline(rows) if own is None else own.values


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
