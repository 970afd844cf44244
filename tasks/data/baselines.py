"""Baselines in raw units: what an input is compared with. They go through the model's own preprocessing."""

import numpy as np

from tasks.records import Array, Baseline, Dataset, Input, InputError

_AUTO: dict[str, Baseline] = {"table": "mean", "image": "black", "molecule": "zero", "text": "zero"}
_WORDS = {
    "mean": "the mean of the training rows",
    "black": "a black image",
    "zero": "zero",
}


def baseline(name: Baseline, dataset: Dataset, layer: str | int | None) -> tuple[dict[str, Array] | None, str]:
    """One raw baseline sample per input, each (1, ...), and its description for the reader.

    At a hidden layer, and for molecules, the baseline is zero at that layer: there is no raw sample, so None.

    Raises:
        InputError: for a baseline that has no meaning for an input.
    """
    if layer is not None:
        if name not in ("auto", "zero"):
            raise InputError(f"baseline: {name!r} has no meaning at the hidden layer {layer!r}; use zero")
        return None, f"Zero at the layer {layer}: an element that carries nothing of its own."
    chosen = {item.name: _AUTO[item.kind] if name == "auto" else name for item in dataset.inputs}
    values = {item.name: _raw(chosen[item.name], item, dataset) for item in dataset.inputs}
    text = "; ".join(f"{_WORDS[kind]} for {input_name}" for input_name, kind in chosen.items())
    why = " (the default for this kind of input)" if name == "auto" else ""
    return values, f"{text[0].upper()}{text[1:]}{why}."


def background(count: int, seed: int, dataset: Dataset) -> tuple[dict[str, Array], str]:
    """`count` training rows drawn by `seed`, each input (count, ...), and their description for the reader."""
    train = np.flatnonzero(dataset.split == "train")
    rows = np.sort(np.random.default_rng(seed).choice(train, min(count, len(train)), replace=False))
    values = {item.name: item.values[rows] for item in dataset.inputs}
    return values, f"{len(rows)} training rows, drawn with seed {seed}: the mean over them is reported."


def _raw(name: str, item: Input, dataset: Dataset) -> Array:
    if item.kind == "molecule":
        raise InputError(
            f"baseline: a molecule has no raw baseline (input {item.name!r}); name a layer, as layer: embed"
        )
    match name:
        case "mean":
            train = item.values[dataset.split == "train"]
            return train.mean(axis=0, keepdims=True, dtype=np.float64).astype(item.values.dtype)
        case "black":
            if item.bounds is None:
                raise InputError(f"baseline: 'black' needs an image, but {item.name!r} is a {item.kind}")
            return np.full_like(item.values[:1], item.bounds[0])
        case _:
            return np.zeros_like(item.values[:1])
