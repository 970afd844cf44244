"""Baselines in raw units: what an input is compared with. They go through the model's own preprocessing."""

import hashlib
from typing import Literal

import numpy as np

from exhibit.tasks.data.kinds import KINDS
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Baseline, Dataset, Input
from exhibit.tasks.records.language import Message, joined, mark, say, sayn
from exhibit.tasks.records.near import no_sample

# At the beginning of a sentence, and within it.
_WORDS = {
    "mean": (mark("The mean of the {rows}"), mark("the mean of the {rows}")),
    "black": (mark("A black image"), mark("a black image")),
    "zero": (mark("Zero"), mark("zero")),
    "blur": (
        mark("The blurred image (a Gaussian with a standard deviation of a twelfth of its longer side)"),
        mark("the blurred image (a Gaussian with a standard deviation of a twelfth of its longer side)"),
    ),
    "channel_mean": (
        mark("The mean of each channel over the {rows} and all steps"),
        mark("the mean of each channel over the {rows} and all steps"),
    ),
    "line": (
        mark("The straight line from its first step to its last, channel by channel"),
        mark("the straight line from its first step to its last, channel by channel"),
    ),
    "uniform": (
        mark("Uniform noise between the smallest and the largest value, drawn once for each sample"),
        mark("uniform noise between the smallest and the largest value, drawn once for each sample"),
    ),
}
_DUMMIES = mark(
    "A dummy atom (* in SMILES) in the place of an atom, with its bonds and without its element, charge and hydrogens. "
    "Whether the model was trained on such molecules is not known here; what it says of them may mean little."
)
_GIVEN = "sample:"  # before the id of a sample that is the baseline of all
_AT_A_TIME = 256  # samples that are in memory together
_BLUR = 1 / 12  # standard deviation, in longer sides of the image


def baseline(name: Baseline, dataset: Dataset, layer: str | int | None, rows: Array) -> dict[str, Array] | None:
    """Raw baselines of the samples `rows` of `dataset`, each input shaped like theirs.

    At a hidden layer the baseline is zero at that layer: there is no raw sample, so None. Texts that a model spells in
    tokens of its own are compared with hidden words there, too.

    Raises:
        InputError: for a baseline that has no meaning for an input.
    """
    if _at_layer(name, layer, dataset):
        return None
    values = {item.name: _raw(chosen, item, dataset, rows) for item, chosen in _chosen(name, dataset)}
    return {key: np.repeat(value, len(rows) // len(value), axis=0) for key, value in values.items()}


def require_baseline(name: Baseline, dataset: Dataset, layer: str | int | None) -> None:
    """Raises InputError where `baseline` would, from a few samples: before anything is trained."""
    if name.startswith(_GIVEN) and not _at_layer(name, layer, dataset):
        _row_of(name.removeprefix(_GIVEN), dataset)
    else:
        baseline(name, _first_of_each_split(dataset), layer, np.arange(1))


def require_background(dataset: Dataset, of: str = "samples") -> None:
    """Raises InputError where `background` would, from a few samples: before anything is trained."""
    background(1, 0, _first_of_each_split(dataset), of)


def _first_of_each_split(dataset: Dataset) -> Dataset:
    return dataset.take(np.unique(dataset.split, return_index=True)[1])


def described(name: Baseline, dataset: Dataset, layer: str | int | None, trained: bool = True) -> str:
    """The baseline in words for the reader, and why it is the one. `trained`: whether the model learned from the
    training rows, or came with its weights."""
    if _at_layer(name, layer, dataset):
        return say(
            "Zero at the layer {layer}: an element that carries nothing of its own. What reaches the score by other "
            "ways is held as it is in the sample, also in S(x′).",
            layer=str(layer),
        )
    if of_atoms(name, dataset):
        return _DUMMIES
    if name.startswith(_GIVEN):
        return say("The sample {sample} of the data.", sample=name.removeprefix(_GIVEN))
    rows, alone = _rows(dataset, trained), len(dataset.inputs) == 1
    every = [_in_words(item, chosen, rows, k, alone) for k, (item, chosen) in enumerate(_chosen(name, dataset))]
    said = joined(every)
    if name == "auto":
        return say("{baseline} (the default for this kind of input).", baseline=said)
    return say("{baseline}.", baseline=said)


def _in_words(item: Input, chosen: Baseline, rows: Message, place: int, alone: bool) -> Message:
    """The first of them begins a sentence. `alone`: whether there is no other input that it could be of."""
    if item.spelling is None:
        what = say(_WORDS[chosen][min(place, 1)], rows=rows)
        if chosen == "mean" and any(column.kind != "number" for column in item.whole):
            if alone:
                return say("{baseline}, of words the commonest", baseline=what)
            return say("{baseline}, of words the commonest, for {input}", baseline=what, input=item.name)
        return what if alone else say("{baseline} for {input}", baseline=what, input=item.name)
    name = item.name if place else f"{item.name[0].upper()}{item.name[1:]}"
    if chosen == "hidden":
        return say(
            "{input} with the token {token} in the place of each of its tokens, special tokens kept",
            input=name,
            token=str(item.spelling.mark),
        )
    return say("{input} without these words", input=name)


def background(count: int, seed: int, dataset: Dataset, of: str = "samples") -> dict[str, Array]:
    """`count` baselines drawn by `seed` that every sample is compared with, each input (count, ...): training rows,
    or noise where it is `of` "uniform"."""
    if of == "uniform":
        draws = np.random.default_rng(seed)
        return {item.name: _uniform(item, dataset, [draws] * count) for item in dataset.inputs}
    rows = _training_rows(count, seed, dataset)
    return {item.name: item.values[rows] for item in dataset.inputs}


def _rows(dataset: Dataset, trained: bool) -> Message:
    """What the rows are called that a mean or a background is taken from: where the weights were given, nobody says
    that the model has learned from them."""
    count = int((dataset.split == "train").sum())
    if trained:
        return say("training rows")
    return sayn("{number} row of the data", "{number} rows of the data", count) if count else say("rows of the fit")


def background_described(count: int, seed: int, dataset: Dataset, of: str = "samples", trained: bool = True) -> str:
    """The background in words for the reader. `trained`: as in `described`."""
    if of == "uniform":
        return sayn(
            "{number} sample of uniform noise between the smallest and the largest value, drawn with seed {seed}.",
            "{number} samples of uniform noise between the smallest and the largest value, drawn with seed {seed}: the "
            "mean over them is reported.",
            count,
            seed=str(seed),
        )
    count = len(_training_rows(count, seed, dataset))
    if drawn_of(count, dataset, of) is None:
        if trained:
            return sayn("The only training row.", "All {number} training rows: the mean over them is reported.", count)
        return sayn(
            "The only row of the data.", "All {number} rows of the data: the mean over them is reported.", count
        )
    if trained:
        return sayn(
            "{number} training row, drawn with seed {seed}.",
            "{number} training rows, drawn with seed {seed}: the mean over them is reported.",
            count,
            seed=str(seed),
        )
    return say(
        "{count} of {rows}, drawn with seed {seed}: the mean over them is reported.",
        count=str(count),
        rows=_rows(dataset, trained),
        seed=str(seed),
    )


def drawn_of(count: int | None, dataset: Dataset, of: str = "samples") -> int | None:
    """How many of `count` are drawn, None where nothing is: where there are no more rows, all of them are taken."""
    if count is None or (of != "uniform" and count >= (dataset.split == "train").sum()):
        return None
    return count


def _training_rows(count: int, seed: int, dataset: Dataset) -> Array:
    train = np.flatnonzero(dataset.split == "train")
    if not len(train):
        raise InputError("background: there are no training rows to draw it from; give them with data.path")
    return np.sort(np.random.default_rng(seed).choice(train, min(count, len(train)), replace=False))


def _at_layer(name: Baseline, layer: str | int | None, dataset: Dataset) -> bool:
    """Whether it is zero at the layer, and no raw sample seen from there."""
    if name in ("auto", "hidden") and all(item.spelling is not None for item in dataset.inputs):
        return False
    if layer is not None and name not in ("auto", "zero"):
        raise InputError(f"baseline: {name!r} has no meaning at the hidden layer {layer!r}; use zero")
    return layer is not None


def of_atoms(name: Baseline, dataset: Dataset) -> bool:
    """Whether a method that looks at elements replaces atoms of a molecule in its SMILES, which no raw sample says."""
    return name == "auto" and any(item.traits.embedded for item in dataset.inputs)


def _chosen(name: Baseline, dataset: Dataset) -> list[tuple[Input, Baseline]]:
    """What `name` stands for at each input."""
    return [(item, _usual(item) if name == "auto" else name) for item in dataset.inputs]


def _usual(item: Input) -> Baseline:
    """What it is compared with, if nobody says."""
    return KINDS[item.kind].baseline if item.spelling is None else "hidden"


def _raw(name: Baseline, item: Input, dataset: Dataset, rows: Array) -> Array:
    """One baseline for all samples (1, ...), or one for each of `rows`."""
    if item.traits.embedded:
        raise InputError(
            f"baseline: a {item.kind} (input {item.name!r}) has no baseline of raw values, only at the layer that "
            "embeds its atoms; use a method that looks at a layer, such as integrated_gradients or occlusion, or for a "
            "function of SMILES occlusion with baseline auto, which puts dummy atoms in their place; a net of "
            "fingerprints, which has no such layer, cannot be shown on atoms: give the fingerprints as data=table"
        )
    if item.whole and name in ("zero", "uniform"):
        _require_numbers(name, item)
    match name:
        case "mean":
            return _training_mean(item, dataset)[np.newaxis].astype(item.values.dtype)
        case "black":
            return np.full_like(item.values[:1], _bounds(name, item)[0])
        case "channel_mean" | "line":
            return _of_series(name, item, dataset, rows)
        case "blur" | "uniform" | "hidden":
            return _of_each(name, item, dataset, rows)
        case _ if name.startswith(_GIVEN):
            return item.values[_row_of(name.removeprefix(_GIVEN), dataset)]
        case _:
            return np.zeros_like(item.values[:1])


def _require_numbers(name: Baseline, item: Input) -> None:
    """Raises InputError for whole columns of words, which know neither nothing nor noise."""
    if words := [column.name for column in item.whole if column.kind != "number"]:
        raise InputError(
            f"baseline: {name!r} has no meaning for {words[0]!r}, whose values are words; use mean, which takes the "
            "commonest of them, or sample:ID"
        )


def _of_each(name: Literal["blur", "uniform", "hidden"], item: Input, dataset: Dataset, rows: Array) -> Array:
    """One baseline for each of `rows`."""
    if name == "blur":
        _bounds(name, item)
        return blurred(item.values[rows])
    if name == "uniform":
        return _uniform(item, dataset, [_of_sample(sample) for sample in dataset.sample_ids[rows]])
    if item.spelling is None:
        raise InputError(
            f"baseline: 'hidden' needs a text that is read by the tokenizer of its model, and {item.name!r} is none"
        )
    words: Array = item.spelling.hidden[item.array[rows]]
    return words


def _row_of(sample: str, dataset: Dataset) -> Array:
    """The row of a sample, (1,)."""
    rows = np.flatnonzero(dataset.sample_ids == sample)
    if not len(rows):
        ids = [str(each) for each in dataset.sample_ids]
        raise InputError(f"baseline: {no_sample(sample, ids)}")
    return rows[:1]


def blurred(images: Array) -> Array:
    """(images, height, width, channels) under a Gaussian; the edge is mirrored, so an even image stays as it is."""
    from scipy.ndimage import gaussian_filter

    deviation = _BLUR * max(images.shape[1:3])
    smooth: Array = gaussian_filter(images, (0, deviation, deviation, 0), mode="reflect")
    return smooth


def between_the_ends(series: Array) -> Array:
    """(samples, steps, channels) on the straight line from the first step to the last of each channel."""
    share = np.linspace(0, 1, series.shape[1])[:, np.newaxis]
    line: Array = (series[:, :1] * (1 - share) + series[:, -1:] * share).astype(series.dtype)
    return line


def _of_series(name: str, item: Input, dataset: Dataset, rows: Array) -> Array:
    if not item.traits.timed:
        raise InputError(f"baseline: {name!r} needs a series, but {item.name!r} is a {item.kind}")
    if name == "line":
        return between_the_ends(item.values[rows])
    mean = item.centre if item.centre is not None else _training_mean(item, dataset).mean(axis=0)
    return np.broadcast_to(mean, item.values[:1].shape).astype(item.values.dtype)


def _uniform(item: Input, dataset: Dataset, draws: list[np.random.Generator]) -> Array:
    """(draws, ...) noise between the bounds of an image, or the extremes of each column of a table in training."""
    if item.traits.ids:
        raise InputError(f"baseline: 'uniform' needs numbers, but {item.name!r} is a {item.kind}; use zero")
    low, high = item.bounds or _extremes(item, dataset)
    noise = np.stack([draw.uniform(low, high, item.values.shape[1:]) for draw in draws])
    return noise.astype(item.values.dtype)


def _of_sample(sample: object) -> np.random.Generator:
    """The same numbers for a sample wherever and with whomever it is explained."""
    return np.random.default_rng(list(hashlib.sha256(str(sample).encode()).digest()))


def _extremes(item: Input, dataset: Dataset) -> tuple[Array, Array]:
    train = item.values[_training(item, dataset)]
    return train.min(axis=0), train.max(axis=0)


def _training_mean(item: Input, dataset: Dataset) -> Array:
    """The mean of the training rows, of which only so many are in memory at a time; as it is said where they are not
    at hand."""
    if item.centre is not None and item.centre.shape == item.values.shape[1:]:
        return item.centre
    rows = _training(item, dataset)
    parts = np.split(rows, range(_AT_A_TIME, len(rows), _AT_A_TIME))
    total: Array = sum(item.values[part].sum(axis=0, dtype=np.float64) for part in parts)
    return total / len(rows)


def _training(item: Input, dataset: Dataset) -> Array:
    """The training rows."""
    rows = np.flatnonzero(dataset.split == "train")
    if not len(rows):
        raise InputError(
            f"baseline: there are no training rows of {item.name!r} to take it from; give them with data.path, or use "
            "baseline: zero"
        )
    return rows


def _bounds(name: Baseline, item: Input) -> tuple[float, float]:
    if item.bounds is None:
        raise InputError(f"baseline: {name!r} needs an image, but {item.name!r} is a {item.kind}")
    return item.bounds
