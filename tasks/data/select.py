"""Which rows are explained, which are drawn, and which outputs are explained about each.

Pairs of samples that are drawn because of what is predicted are in `mistakes`.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from exhibit.tasks.data.mistakes import Pair, of_pairs, require_classes, turns, with_and_without, wrong_and_right
from exhibit.tasks.data.several import label_of
from exhibit.tasks.factory import Factory, called, load
from exhibit.tasks.protocols import Score
from exhibit.tasks.records.base import Array, InputError, Spec
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Selection
from exhibit.tasks.records.language import OR, as_given, as_message, joined, mark, of_option, say, say_all
from exhibit.tasks.records.model import OutputKind, Prediction
from exhibit.tasks.records.near import no_sample
from exhibit.tasks.records.override import typed

_MOST_OUTPUTS = 20


def _counted(wanted: str) -> str:
    """An output by its number; by name it may be called anything else."""
    if re.match(r"(index|top):", wanted) and not re.fullmatch(r"index:\d+|top:[1-9]\d*", wanted):
        raise ValueError(f"{wanted!r} was given; an output is counted as index:0, the likeliest ones as top:2")
    return wanted


def _word(wanted: Any) -> Any:
    """A truth value is no name: what stands for the labels of the rows would be taken for the class of that name."""
    if isinstance(wanted, bool):
        name, said = ("True", "; target=true explains the label of each row") if wanted else ("False", "")
        raise ValueError(
            f"a truth value was given; type {typed('target.outputs', [name])} for a class of this name{said}"
        )
    return wanted


class TargetSpec(Spec):
    """Which outputs are explained, and on which score."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # a class may be called 1

    outputs: tuple[Annotated[str, Field(min_length=1), BeforeValidator(_word), AfterValidator(_counted)], ...] = Field(
        ("predicted",),
        min_length=1,
        description="predicted, true, the name of a class, index:K, top:K or all, one or several",
    )
    score: Literal["auto", "logit", "probability", "value", "loss", "factory"] = Field(
        "auto", description="auto: logit or probability, as the model gives them, for a classification, else value"
    )
    factory: Factory | None = Field(None, description="of the score factory: package.module:function, trusted here")

    note: str = Field("", description="how the score differs from what is published, in a sentence that is printed")

    def about(self, name: str) -> "TargetSpec":
        """The same of the output of this name alone."""
        return self.model_copy(update={"outputs": (name,)})

    @property
    def own_function(self) -> str | None:
        """Of the score, where that is the user's own."""
        return self.factory

    @model_validator(mode="after")
    def _has_its_function(self) -> "TargetSpec":
        if (self.score == "factory") != (self.factory is not None):
            raise ValueError(
                "target.score=factory and target.factory=package.module:function go together; give both or neither"
            )
        return self


class SelectionSpec(Spec):
    """Which rows are explained and which of them are drawn."""

    model_config = ConfigDict(coerce_numbers_to_str=True)  # an id may be 17

    rows: Literal["auto", "explain", "test", "validation", "train", "all"] = Field(
        "auto", description="auto: the rows that were given to be explained, else test rows, or all without any"
    )
    limit: int | None = Field(
        None,
        ge=1,
        le=10_000_000,
        description="explain at most so many rows: those that are drawn, and others at random with `seed`",
    )
    seed: int = Field(0, ge=0, lt=2**32, description="of the rows that the limit leaves")
    show: int = Field(6, ge=1, le=1_000, description="how many samples are drawn")
    order: Literal["first", "each_class", "wrong_first", "wrong_and_right", "with_and_without", "spread"] = Field(
        "first",
        description="wrong_and_right: a wrong one beside a right one of the same class; with_and_without: one with a "
        "known region beside one of the same class without, and the limit keeps those with one; "
        "spread: evenly from the smallest to the largest label",
    )
    index: tuple[Annotated[int, Field(ge=0, le=10_000_000)], ...] | None = Field(
        None, min_length=1, description="draw these rows of the data, whatever the order"
    )
    ids: tuple[str, ...] | None = Field(
        None, min_length=1, description="draw the rows with these ids, whatever the order: those of data.id, or row 12"
    )
    structures: tuple[str, ...] | None = Field(
        None, min_length=1, description="draw the molecules with these structures, as SMILES in any spelling"
    )
    because: str = Field("", description="why just these are drawn, in a sentence that is printed")
    pairs: tuple[Pair, ...] | None = Field(
        None, min_length=1, description="draw the first sample of each (true class, predicted class)"
    )

    @property
    def named(self) -> bool:
        """Whether the config names just what is drawn."""
        return any(way is not None for way in (self.index, self.ids, self.structures, self.pairs))

    @model_validator(mode="after")
    def _one_way(self) -> "SelectionSpec":
        ways = {"index": self.index, "ids": self.ids, "structures": self.structures, "pairs": self.pairs}
        named = [name for name, given in ways.items() if given is not None]
        if len(named) > 1:
            raise ValueError(f"{' and '.join(named)} both name what is drawn; leave one of them out")
        return self


def stratified_split(labels: Array, test_share: float, seed: int) -> Array:
    """ "train" or "test" per sample, with the same share of "test" in every class."""
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(labels))
    _, test = train_test_split(rows, test_size=test_share, random_state=seed, stratify=labels)
    return np.where(np.isin(rows, test), "test", "train")


def score_of(spec: TargetSpec, dataset: Dataset, output: OutputKind = "logits") -> Score:
    """The score that `spec` means on this data, for a model that gives `output`.

    Raises:
        InputError: for a score that has no meaning for the task, or a function that cannot be loaded.
    """
    if spec.factory is not None:
        return Score(kind="factory", function=partial(_own_score, load(spec.factory, "target.factory"), spec.factory))
    classes: Literal["logit", "probability"] = "probability" if output in ("probabilities", "chances") else "logit"
    usual: Literal["logit", "probability", "value"] = "value" if dataset.task == "regression" else classes
    kind = usual if spec.score == "auto" else spec.score
    if (kind == "value") != (dataset.task == "regression"):
        if dataset.task == "regression":
            hint = "use value or factory"
        else:
            hint = "use logit, probability, loss or factory, or data.task=regression where the label is a number"
        raise InputError(
            f"target.score: {kind!r} has no meaning for a {dataset.task} of {dataset.label_name!r}; {hint}"
        )
    return Score(kind=kind)


def _own_score(function: Callable[..., Any], name: str, outputs: Any, targets: Any) -> Any:
    """What the user's own function makes of outputs; what it raises is told as theirs."""
    return called(partial(function, outputs, targets), {}, f"target.factory: {name}")


def require_rows_and_outputs(selection: SelectionSpec, target: TargetSpec, dataset: Dataset) -> None:
    """Raises InputError for what `select` would refuse whatever is predicted: before anything is trained."""
    if (label := label_of(target.outputs, dataset)) is not None:
        target, dataset = target.about(dataset.several[label].name), dataset.about(label)
    selection = by_row(selection, dataset)
    rows = candidates(selection, dataset)
    _require_order(selection, dataset, rows)
    known = rows if selection.limit is None else rows[:0]  # which rows a limit leaves may depend on predictions
    outputs = np.zeros((len(known), len(dataset.classes) or 1))
    _targets(target, dataset.take(known), outputs)


def select(selection: SelectionSpec, target: TargetSpec, dataset: Dataset, prediction: Prediction) -> Selection:
    """The rows to explain, those to draw, and the outputs to explain about each.

    Of several labels the rows are chosen by the one that is explained.

    Raises:
        InputError: for rows, labels or outputs that the data or the model does not have.
    """
    if (label := label_of(target.outputs, dataset)) is not None:
        own = target.about(dataset.several[label].name)
        found = select(selection, own, dataset.about(label), prediction.about(label))
        return found.model_copy(update={"targets": np.full_like(found.targets, label)})
    if selection.structures is not None:
        index = tuple(row for smiles in selection.structures for row in _with_structure(smiles, dataset))
        others = selection.model_copy(update={"index": index or None, "structures": None, "because": ""})
        found = select(others, target, dataset, prediction)
        reason: str = say("The molecules whose structures the config names.")
        if not index:
            structures = joined([as_given(smiles) for smiles in selection.structures], OR)
            reason = say_all(say("No molecule of the data is {structures}.", structures=structures), found.reason)
        return found.model_copy(update={"reason": say_all(reason, of_option(selection.because))})
    selection = by_row(selection, dataset)
    rows = candidates(selection, dataset)
    shown, reason = _shown(selection, dataset, prediction, rows)
    reason = say_all(reason, of_option(selection.because))
    marked = rows[_marked(dataset)[rows]] if selection.order == "with_and_without" else rows[:0]
    room = None if selection.limit is None else max(0, selection.limit - len(shown))
    explained = _limited(selection, rows, np.union1d(rows[shown], marked[:room]))
    names, targets = _targets(target, dataset.take(explained), prediction.outputs[explained])
    shown = np.searchsorted(explained, rows[shown])
    return Selection(explained=explained, shown=shown, targets=targets, target_names=names, reason=reason)


def predicted_class(outputs: Array) -> Array:
    """The output with the largest value, (samples,)."""
    return outputs.argmax(axis=1)


def candidates(spec: SelectionSpec, dataset: Dataset) -> Array:
    """The rows that may be explained, before a limit.

    Raises:
        InputError: where there are none.
    """
    there = (split for split in ("explain", "test") if (dataset.split == split).any())
    wanted = next(there, "all") if spec.rows == "auto" else spec.rows
    rows = np.flatnonzero(np.ones(len(dataset.split), bool) if wanted == "all" else dataset.split == wanted)
    if not len(rows):
        raise InputError(f"selection.rows: {wanted!r} was given, but {dataset.title!r} has no such rows")
    if spec.index is not None:
        rows = np.union1d(rows, _checked(spec.index, len(dataset.split)))
    return rows


def by_row(spec: SelectionSpec, dataset: Dataset) -> SelectionSpec:
    """The same with the rows of its ids in their place, each once.

    Raises:
        InputError: for an id that no row has, with the nearest, or why its row was left out.
    """
    if spec.ids is None:
        return spec
    rows = {str(name): row for row, name in enumerate(dataset.sample_ids.tolist())}
    for wanted in spec.ids:
        if wanted not in rows:
            raise InputError(f"selection.ids: {_no_sample(wanted, list(rows), dataset)}")
    return spec.model_copy(update={"index": tuple(rows[name] for name in dict.fromkeys(spec.ids)), "ids": None})


def _no_sample(wanted: str, ids: list[str], dataset: Dataset) -> str:
    excluded = {item.sample_id: item.reason for item in dataset.excluded}
    if wanted in excluded:
        return f"{wanted!r} is among the rows that cannot be used: {excluded[wanted]}"
    return no_sample(wanted, ids)


def _with_structure(smiles: str, dataset: Dataset) -> list[int]:
    """The rows of the molecules with a structure, however they are spelled.

    Raises:
        InputError: for data that are no molecules, or what is no structure.
    """
    from exhibit.tasks.data.molecule import structure

    (first, *others) = dataset.inputs
    if others or not first.traits.embedded:
        raise InputError(f"selection.structures: {dataset.title!r} holds no molecules; use selection.index")
    wanted = structure(smiles)
    if wanted is None:
        raise InputError(f"selection.structures: {smiles!r} is not valid SMILES")
    return [row for row, text in enumerate(first.array.tolist()) if structure(text) == wanted]


def _marked(dataset: Dataset) -> Array:
    """(samples,) where it is known of any image where something that matters lies."""
    known = [[region.any() for region in item.regions] for item in dataset.inputs if item.regions is not None]
    return np.any(known, axis=0) if known else np.zeros(len(dataset.labels), bool)


def _limited(spec: SelectionSpec, rows: Array, kept: Array) -> Array:
    """`rows`, or as many of them as the limit allows, those that are `kept` among them."""
    if spec.limit is None or spec.limit >= len(rows):
        return rows
    others = np.setdiff1d(rows, kept)
    count = max(0, spec.limit - len(np.unique(kept)))
    return np.union1d(kept, np.random.default_rng(spec.seed).choice(others, count, replace=False))


def _checked(index: tuple[int, ...], count: int) -> Array:
    out_of_range = [row for row in index if not 0 <= row < count]
    if out_of_range:
        raise InputError(f"selection.index: {out_of_range} was given, but rows go from 0 to {count - 1}")
    return np.array(index)


def _shown(spec: SelectionSpec, dataset: Dataset, prediction: Prediction, explained: Array) -> tuple[Array, str]:
    if spec.index is not None:
        return np.searchsorted(explained, np.array(spec.index)), mark("The samples named in the config.")
    _require_order(spec, dataset, explained)
    count = min(spec.show, spec.limit or spec.show, len(explained))
    if _by_class(spec):
        return _by_prediction(spec, dataset, prediction, explained, count)
    if spec.order == "with_and_without":
        return with_and_without(dataset.labels[explained], _marked(dataset)[explained], count)
    if spec.order == "spread":
        return _spread(dataset, prediction, explained, count)
    if spec.order == "each_class":
        return _each_class(dataset, prediction, explained, count)
    return np.arange(count), mark("The first samples in the order of the data.")


def _by_class(spec: SelectionSpec) -> bool:
    """Whether it is decided by classes and what the model takes samples for."""
    return spec.pairs is not None or spec.order in ("wrong_first", "wrong_and_right")


def _require_order(spec: SelectionSpec, dataset: Dataset, explained: Array) -> None:
    """Raises InputError for an order that the data have no meaning for."""
    if spec.index is not None:
        return
    if spec.order == "with_and_without":
        with_and_without(dataset.labels[explained], _marked(dataset)[explained], 1)
    if dataset.task != "classification" and (_by_class(spec) or spec.order == "each_class"):
        key, setting = ("order", spec.order) if spec.pairs is None else ("pairs", spec.pairs)
        raise InputError(f"selection.{key}: {setting!r} needs a classification; use the order 'first' or 'spread'")
    if spec.pairs is not None:
        require_classes(spec.pairs, dataset.classes)
    if _by_class(spec) and (unknown := int((~dataset.labelled[explained]).sum())):
        raise InputError(
            f"selection: {unknown} of {len(explained)} rows have no label, so none is right or wrong; use the order "
            "'first' or 'each_class'"
        )


def _spread(dataset: Dataset, prediction: Prediction, explained: Array, count: int) -> tuple[Array, str]:
    """By label, or by prediction where there are samples without one."""
    label = as_message(dataset.label_name)
    labels, said = (
        dataset.labels[explained],
        say("Evenly from the smallest to the largest {label} of the explained samples.", label=label),
    )
    if not dataset.labelled[explained].all():
        labels, said = (
            prediction.outputs[explained, 0],
            say("Evenly from the smallest to the largest predicted {label} of the explained samples.", label=label),
        )
    order = np.argsort(labels, kind="stable")
    return order[np.linspace(0, len(order) - 1, count).round().astype(int)], said


def _each_class(dataset: Dataset, prediction: Prediction, explained: Array, count: int) -> tuple[Array, str]:
    """By label, or by prediction where there are samples without one."""
    labels, said = dataset.labels[explained], mark("The first samples of each class in the order of the data.")
    if not dataset.labelled[explained].all():
        labels = predicted_class(prediction.outputs[explained])
        said = mark("The first samples of each predicted class in the order of the data.")
    return np.lexsort((labels, turns(labels)))[:count], said


def _by_prediction(
    spec: SelectionSpec, dataset: Dataset, prediction: Prediction, explained: Array, count: int
) -> tuple[Array, str]:
    labels, predicted = dataset.labels[explained], predicted_class(prediction.outputs[explained])
    if spec.pairs is not None:
        beside = spec.order == "wrong_and_right"
        return of_pairs(spec.pairs, dataset.classes, labels, predicted, beside=beside)
    if spec.order == "wrong_and_right":
        return wrong_and_right(labels, predicted, count)
    return _wrong_first(predicted == labels, count)


def _wrong_first(right: Array, count: int) -> tuple[Array, str]:
    wrong_rows, right_rows = np.flatnonzero(~right), np.flatnonzero(right)
    wrong = wrong_rows[: max((count + 1) // 2, count - len(right_rows))]
    return (
        np.concatenate([wrong, right_rows[: count - len(wrong)]]),
        say(
            "The first wrong predictions ({shown} of {all}) in the order of the data, then the first right ones.",
            shown=str(len(wrong)),
            all=str(len(wrong_rows)),
        ),
    )


def _targets(spec: TargetSpec, dataset: Dataset, outputs: Array) -> tuple[tuple[str, ...], Array]:
    """Names of the targets, and (samples, targets) output indices, of the explained samples."""
    columns: dict[str, Array] = {}
    for wanted in spec.outputs:
        columns |= _columns(wanted, dataset, outputs)
    return tuple(columns), np.stack(list(columns.values()), axis=1)


def _columns(wanted: str, dataset: Dataset, outputs: Array) -> dict[str, Array]:
    samples, count = outputs.shape
    name, _, number = wanted.partition(":")
    if name in ("predicted", "true") and dataset.task == "regression":
        raise InputError(f"target.outputs: {name!r} needs a classification; for a regression use target=value")
    match name:
        case "predicted":
            return {"predicted": predicted_class(outputs)}
        case "true":
            if unknown := int((~dataset.labelled).sum()):
                raise InputError(
                    f"target.outputs: 'true' was given, but {unknown} of {samples} explained rows have no label; use "
                    "predicted"
                )
            return {"true": dataset.labels.astype(np.int64)}
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
        case "all":
            if count > _MOST_OUTPUTS:
                raise InputError(
                    f"target.outputs: all {count} outputs are more than the cap of {_MOST_OUTPUTS}; use top:K"
                )
            return {_output_name(output, dataset): np.full(samples, output) for output in range(count)}
        case _:
            return {wanted: np.full(samples, _called(wanted, dataset, count))}


def _called(name: str, dataset: Dataset, count: int) -> int:
    """The output of this name.

    Raises:
        InputError: where there is none, with those that there are and the nearest of them.
    """
    names = [_output_name(output, dataset) for output in range(count)]
    if name in names:
        return names.index(name)
    near = get_close_matches(name, names, 1)
    more = f" and {count - _MOST_OUTPUTS} more" if count > _MOST_OUTPUTS else ""
    raise InputError(
        f"target.outputs: {name!r} was given, but the outputs are {', '.join(names[:_MOST_OUTPUTS])}{more}; give one "
        f"of these, index:K, top:K, predicted, true or all{f'; did you mean {near[0]!r}?' if near else ''}"
    )


def _output_name(output: int, dataset: Dataset) -> str:
    return dataset.classes[output] if dataset.classes else dataset.label_name
