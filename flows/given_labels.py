"""The labels that a Python session gives: a number or a class for each sample, or several labels at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from exhibit.tasks.data.classes import categories_of, given_labels, several_columns
from exhibit.tasks.data.rows import Labels, is_number_word, numbers
from exhibit.tasks.data.rows import words as words_of
from exhibit.tasks.data.session import predicted
from exhibit.tasks.data.several import SeveralLabels
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import as_given, say_all
from exhibit.tasks.records.shown import what_it_is

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

Task = Literal["auto", "classification", "regression", "multi_label"]


@dataclass(frozen=True)
class Words:
    """What a reader is told of the data: names of the features, of the classes and of what is predicted, of several
    labels one for each."""

    names: Sequence[str] | Mapping[str, Sequence[str]] | None = None
    classes: Sequence[Any] | None = None
    label: str | Sequence[str] = "label"
    title: str | None = None


@dataclass(frozen=True)
class Several:
    """Several labels of each sample, and their values (samples, labels)."""

    labels: SeveralLabels
    values: Array


def several_of(y: Any, task: Task, words: Words) -> Several | None:
    """The labels, where each sample has several; None where it has one, or one-hot rows of classes.

    Raises:
        InputError: for columns that are not all numbers, or not all of 0 and 1.
    """
    frame = several_columns(y, {"task": task, "label_name": words.label, "classes": words.classes}, "y")
    if frame is None:
        if task == "multi_label" or not isinstance(words.label, str):
            raise InputError("y: several labels are an array (samples, labels), or a frame of a column each")
        return None
    return _known(frame, task)


def _known(frame: "Table", task: Task) -> Several:
    try:
        labels = SeveralLabels.of(frame, list(frame.columns), task)
        values = labels.measured(frame, "y")
    except InputError as error:
        raise InputError(
            f"y: its columns {', '.join(frame.columns)} are several labels, which are all numbers, as "
            "task='regression' says, or all 0 and 1, as task='multi_label' does; explain a label of classes by itself, "
            "as y[:, 0], with a model of it"
        ) from error
    return Several(labels.scaled(values), values)


def _with_several(dataset: Dataset, several: Several, columns: tuple[int, ...]) -> Dataset:
    """A model has an output for each of several labels."""
    names = several.labels.columns
    if columns != (len(names),):
        outputs = columns[0] if columns else 1
        raise InputError(
            f"y: it has {len(names)} labels, {', '.join(names)}, but the model gives {outputs} "
            f"output{'' if outputs == 1 else 's'} for a sample; give a label for each output, in their order"
        )
    values = np.full((len(dataset.labels), len(names)), np.nan)
    values[: len(several.values)] = several.values
    return dataset.model_copy(
        update={
            "task": several.labels.task,
            "labels": values,
            "label_name": as_given(several.labels.name),
            "several": several.labels.told({}, {}),
            "description": say_all(dataset.description, several.labels.predicted()),
        }
    )


def labelled(
    dataset: Dataset,
    y: Any,
    several: Several | None,
    columns: tuple[int, ...],
    own: Sequence[Any],
    task: Task,
    words: Words,
    explained: int,
) -> Dataset:
    """With what is predicted: each of several labels, else of a model of one output a number, of one of several the
    classes. `own`: the classes of a model that knows them; `explained`: rows of X, of which y are the labels.

    Raises:
        InputError: for labels that are not those of X, or that the model has no outputs for.
    """
    if y is not None and len(y) != explained:
        raise InputError(f"y: {len(y)} labels were given for {explained} samples of X")
    if several is not None:
        _require_known(y, several.values, len(dataset.labels))
        return _with_several(dataset, several, columns)
    outputs = columns[0] if columns else 1
    of_classes = task == "classification" or (task == "auto" and (outputs > 1 or words.classes is not None))
    labels = np.full(len(dataset.labels), np.nan)
    known: tuple[str, ...] = ()
    if of_classes:
        measured, known = _classes(y, outputs, own, words, dataset.label_name)
    else:
        measured = None if y is None else _measured(y)
    if measured is not None:
        _require_known(y, measured, len(dataset.labels))
        labels[:explained] = measured
    seen = labels[~np.isnan(labels)]
    return dataset.model_copy(
        update={
            "task": "classification" if of_classes else "regression",
            "classes": known,
            "labels": labels.astype(np.int64) if of_classes and len(seen) == len(labels) else labels,
            "label_scale": None if of_classes or not len(seen) else (float(seen.mean()), float(seen.std()) or 1.0),
            "description": say_all(dataset.description, predicted(dataset.label_name, len(seen))),
        }
    )


def _require_known(y: Any, measured: Array, count: int) -> None:
    """Raises InputError for labels that are infinite, and where some samples that a model is judged by have none.
    `measured`: the labels as they are read, of `count` samples those of X."""
    import pandas as pd

    infinite = pd.DataFrame(np.asarray(y)).isin([np.inf, -np.inf]).to_numpy().any(axis=1)
    missing = np.isnan(measured.reshape(len(measured), -1)).any(axis=1)
    judged = len(measured) == count and not missing.all()  # else only a background has to have labels, or none has
    what = "infinite" if infinite.any() else "missing"
    wrong = np.flatnonzero(infinite if infinite.any() else missing)
    if not len(wrong) or (what == "missing" and not judged):
        return
    raise InputError(
        f"y: labels of {len(wrong):,} of {len(measured):,} samples are {what}, first of sample {wrong[0]}, counted "
        "from 0; leave these samples out of X and y"
    )


def _measured(y: Any) -> Array:
    import pandas as pd

    values = np.asarray(y)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(
            f"y: a number for each sample, or a column for each output, was expected, not {what_it_is(values)}"
        )
    try:
        return numbers(pd.Series(values, name="y"), "y")
    except InputError as error:
        raise InputError(
            f"y: {error}; a model of one output predicts a number: for classes give a model of an output for each"
        ) from error


def _classes(y: Any, outputs: int, own: Sequence[Any], words: Words, name: str) -> tuple[Array | None, tuple[str, ...]]:
    """(samples,) the class of each, and what the classes are called, in the order of the outputs."""
    names = [str(int(one)) if isinstance(one, float) and one.is_integer() else str(one) for one in own]
    given = words.classes if words.classes is not None else names or None
    called = Counter(map(str, () if words.classes is None else words.classes))
    if twice := [one for one, times in called.items() if times > 1]:
        raise InputError(f"classes: several are called {twice[0]!r}; call each by a name of its own")
    if words.classes is None and names and y is not None:
        _require_own(y, names)
    if y is None:
        return None, tuple(map(str, given)) if given is not None else tuple(map(str, range(outputs)))
    values = np.asarray(y)
    found = _different(y, values) if given is None and values.ndim == 1 else ()
    if len(found) == outputs:
        _require_one_order(found, values)
        given = found
    elif len(found) > 1 and set(found) <= set(map(str, range(1, outputs))):
        raise InputError(
            f"y: its labels are {', '.join(found)}, and the model has {outputs} outputs: whether these are counted "
            "from 0 or from 1 cannot be told; give classes, all labels in the order of the outputs, such as "
            f"classes={list(range(outputs))} or classes={list(range(1, outputs + 1))}"
        )
    if given is None and values.dtype.kind == "f" and (parts := values[np.isfinite(values) & (values % 1 != 0)]).size:
        raise InputError(
            f"y: numbers such as {parts[0]:g} are no classes, and the model gives {outputs} outputs for a sample; give "
            "a column of y for each output, as (samples, outputs), or a model of the one that y is about"
        )
    if given is None and (values.ndim == 1 or values.shape[-1] == 1):  # the columns of one-hot rows say it themselves
        given = tuple(map(str, range(outputs)))
        if not set(found) <= set(given):
            raise InputError(
                f"y: its labels are {', '.join(found[:_NAMED])}, and the model has {outputs} outputs; give classes, "
                "all values of the labels in the order of the outputs"
            )
    told = given_labels(y, given, name, "y")
    known = Labels(name=name, task="classification", classes=told.order)
    return known.values(told.cells, "y"), told.names or told.order


def _require_one_order(found: Sequence[str], values: Array) -> None:
    """Raises InputError for labels that are numbers written as words, and have another order as the one than as the
    other: some models count by the one, some by the other."""
    if values.dtype.kind in "iufb" or not all(map(is_number_word, found)):
        return
    by_size = sorted(found, key=float)
    if list(found) == sorted(found) != by_size:  # else categories say it
        raise InputError(
            f"y: its labels are words, {', '.join(sorted(found)[:_NAMED])} by their letters and "
            f"{', '.join(by_size[:_NAMED])} by their size: which is the order of the outputs cannot be told; give "
            f"classes={by_size[:_NAMED]}, in that order, or y as numbers"
        )


def _require_own(y: Any, names: Sequence[str]) -> None:
    """Raises InputError for labels that are none of the classes of a model, which knows them by `names`: of others
    nothing says which is which, but for numbers and truth values that stand for these by their size."""
    values = np.asarray(y)
    found = _different(y, values) if values.ndim == 1 else ()
    if set(found) <= set(names) or not (set(found) | set(names)) - {"0", "1", "False", "True"}:
        return
    counted = list(range(len(names)))
    named = (
        f", or where they count these in this order classes={list(names)}" if set(found) <= {*map(str, counted)} else ""
    )
    raise InputError(
        f"y: its labels are {', '.join(found[:_NAMED])}, and the outputs of the model {', '.join(names[:_NAMED])}; "
        f"nothing says which is which: give labels that the model knows{named}"
    )


_NAMED = 10  # classes in a sentence


def _different(y: Any, values: Array) -> tuple[str, ...]:
    """The labels that there are, in the order of the categories of pandas, else of numbers or letters."""
    import pandas as pd

    if isinstance(y, pd.Series | pd.Categorical) and (own := categories_of(pd.Series(y))):
        return own
    strange = [type(one).__name__ for one in values.ravel().tolist() if isinstance(one, bytes | tuple | list | dict)]
    if strange:
        raise InputError(f"y: a label is a number, a word or a truth value, not of type {strange[0]}")
    found = {word for word in words_of(pd.Series(values)) if word is not None}
    return tuple(sorted(found, key=float if values.dtype.kind in "iuf" else str))
