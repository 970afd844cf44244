"""Which rows are explained, which are drawn, and which outputs are explained about each."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tasks.protocols import Score
from tasks.records import Array, Dataset, InputError, Prediction, Selection, Spec

_MOST_OUTPUTS = 20


class TargetSpec(Spec):
    """Which outputs are explained, and on which score."""

    outputs: tuple[Annotated[str, Field(pattern=r"^(predicted|true|index:\d+|top:[1-9]\d*|all)$")], ...] = Field(
        ("predicted",), min_length=1, description="predicted, true, index:K, top:K or all, one or several"
    )
    score: Literal["auto", "logit", "probability", "value", "loss"] = Field(
        "auto", description="auto: logit for a classification, value for a regression"
    )


class SelectionSpec(Spec):
    """Which rows are explained and which of them are drawn."""

    rows: Literal["auto", "test", "train", "all"] = Field("auto", description="auto: test rows, or all without any")
    limit: int | None = Field(None, ge=1, description="explain at most so many rows, drawn at random with `seed`")
    seed: int = Field(0, ge=0)
    show: int = Field(6, ge=1, description="how many samples are drawn")
    order: Literal["first", "each_class", "wrong_first", "spread"] = Field(
        "first", description="spread: evenly from the smallest to the largest label"
    )
    index: tuple[int, ...] | None = Field(None, description="draw these rows of the data, whatever the order")


def stratified_split(labels: Array, test_share: float, seed: int) -> Array:
    """ "train" or "test" per sample, with the same share of "test" in every class."""
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(labels))
    _, test = train_test_split(rows, test_size=test_share, random_state=seed, stratify=labels)
    return np.where(np.isin(rows, test), "test", "train")


def score_of(spec: TargetSpec, dataset: Dataset) -> Score:
    """The score that `spec` means on this data.

    Raises:
        InputError: for a score that has no meaning for the task.
    """
    usual: Literal["logit", "value"] = "value" if dataset.task == "regression" else "logit"
    kind = usual if spec.score == "auto" else spec.score
    if (kind == "value") != (dataset.task == "regression"):
        raise InputError(
            f"target.score: {kind!r} has no meaning for a {dataset.task}; "
            f"use {'value' if dataset.task == 'regression' else 'logit, probability or loss'}"
        )
    return Score(kind=kind)


def select(selection: SelectionSpec, target: TargetSpec, dataset: Dataset, prediction: Prediction) -> Selection:
    """The rows to explain, those to draw, and the outputs to explain about each.

    Raises:
        InputError: for rows, labels or outputs that the data or the model does not have.
    """
    explained = _explained(selection, dataset)
    shown, reason = _shown(selection, dataset, prediction, explained)
    names, targets = _targets(target, dataset, prediction)
    return Selection(explained=explained, shown=shown, targets=targets[explained], target_names=names, reason=reason)


def predicted_class(outputs: Array) -> Array:
    """The output with the largest value, (samples,)."""
    return outputs.argmax(axis=1)


def _explained(spec: SelectionSpec, dataset: Dataset) -> Array:
    has_test = bool((dataset.split == "test").any())
    wanted = ("test" if has_test else "all") if spec.rows == "auto" else spec.rows
    rows = np.flatnonzero(np.ones(len(dataset.split), bool) if wanted == "all" else dataset.split == wanted)
    if not len(rows):
        raise InputError(f"selection.rows: {wanted!r} was given, but {dataset.title!r} has no such rows")
    if spec.index is not None:
        rows = np.union1d(rows, _checked(spec.index, len(dataset.split)))
    if spec.limit is not None and spec.limit < len(rows):
        rows = np.sort(np.random.default_rng(spec.seed).choice(rows, spec.limit, replace=False))
    return rows


def _checked(index: tuple[int, ...], count: int) -> Array:
    outside = [row for row in index if not 0 <= row < count]
    if outside:
        raise InputError(f"selection.index: {outside} was given, but rows go from 0 to {count - 1}")
    return np.array(index)


def _shown(spec: SelectionSpec, dataset: Dataset, prediction: Prediction, explained: Array) -> tuple[Array, str]:
    if spec.index is not None:
        return np.searchsorted(explained, np.array(spec.index)), "The samples named in the config."
    count = min(spec.show, len(explained))
    if spec.order == "spread":
        by_label = np.argsort(dataset.labels[explained], kind="stable")
        picked = by_label[np.linspace(0, len(by_label) - 1, count).round().astype(int)]
        return picked, f"Evenly from the smallest to the largest {dataset.label_name} of the explained samples."
    if spec.order == "each_class":
        return _each_class(dataset, explained, count)
    if spec.order == "wrong_first":
        return _wrong_first(dataset, prediction, explained, count)
    return np.arange(count), "The first samples in the order of the data."


def _each_class(dataset: Dataset, explained: Array, count: int) -> tuple[Array, str]:
    if dataset.task != "classification":
        raise InputError("selection.order: 'each_class' needs a classification; use 'first' or 'spread'")
    labels = dataset.labels[explained]
    # Turn by turn: the first of every class, then the second of every class, and so on.
    turn = np.array([(labels[:row] == label).sum() for row, label in enumerate(labels)])
    return np.lexsort((labels, turn))[:count], "The first samples of each class in the order of the data."


def _wrong_first(dataset: Dataset, prediction: Prediction, explained: Array, count: int) -> tuple[Array, str]:
    if dataset.task != "classification":
        raise InputError("selection.order: 'wrong_first' needs a classification; use 'first' or 'spread'")
    right = predicted_class(prediction.outputs[explained]) == dataset.labels[explained]
    wrong_rows, right_rows = np.flatnonzero(~right), np.flatnonzero(right)
    wrong = wrong_rows[: max((count + 1) // 2, count - len(right_rows))]
    return (
        np.concatenate([wrong, right_rows[: count - len(wrong)]]),
        f"The first wrong predictions ({len(wrong)} of {len(wrong_rows)}) in the order of the data, "
        "then the first right ones.",
    )


def _targets(spec: TargetSpec, dataset: Dataset, prediction: Prediction) -> tuple[tuple[str, ...], Array]:
    """Names of the targets, and (samples, targets) output indices."""
    columns: dict[str, Array] = {}
    for wanted in spec.outputs:
        columns |= _columns(wanted, dataset, prediction.outputs)
    return tuple(columns), np.stack(list(columns.values()), axis=1)


def _columns(wanted: str, dataset: Dataset, outputs: Array) -> dict[str, Array]:
    samples, count = outputs.shape
    name, _, number = wanted.partition(":")
    if name in ("predicted", "true") and dataset.task == "regression":
        raise InputError(f"target.outputs: {name!r} needs a classification; for a regression use index:0")
    match name:
        case "predicted":
            return {"predicted": predicted_class(outputs)}
        case "true":
            return {"true": dataset.labels}
        case "top":
            if int(number) > min(count, _MOST_OUTPUTS):
                raise InputError(
                    f"target.outputs: {wanted} was given, at most {min(count, _MOST_OUTPUTS)} are possible"
                )
            order = np.argsort(-outputs, axis=1, kind="stable")
            return {f"top {rank + 1}": order[:, rank] for rank in range(int(number))}
        case "index":
            if int(number) >= count:
                raise InputError(f"target.outputs: {wanted} was given, but outputs go from 0 to {count - 1}")
            return {_output_name(int(number), dataset): np.full(samples, int(number))}
        case _:
            if count > _MOST_OUTPUTS:
                raise InputError(
                    f"target.outputs: all {count} outputs are more than the cap of {_MOST_OUTPUTS}; use top:K"
                )
            return {_output_name(output, dataset): np.full(samples, output) for output in range(count)}


def _output_name(output: int, dataset: Dataset) -> str:
    return dataset.classes[output] if dataset.classes else dataset.label_name
