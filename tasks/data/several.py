"""Several labels of each row: numbers, or columns of 0 and 1 of which any may hold at once."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from exhibit.tasks.data.rows import AS_THE_CONFIG_SAYS, Labels, task_of, words
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Dataset, Label
from exhibit.tasks.records.language import Message, as_message, joined, mark, say
from exhibit.tasks.records.override import quoted, typed

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

_BINARY = ({"0", "1"}, {"False", "True"})


class SeveralLabels(Record):
    """What the labels of the rows of a fit are, column by column; `classes`: none, for they exclude nothing."""

    labels: tuple[Labels, ...]
    task: Literal["regression", "multi_label"]
    why: Message = Message()

    @property
    def classes(self) -> tuple[str, ...]:
        return ()

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    @property
    def name(self) -> str:
        """What a reader calls all of them."""
        *others, last = self.columns
        return f"{', '.join(others)} and {last}"

    @classmethod
    def of(cls, table: "Table", columns: Sequence[str], task: str) -> Self:
        """From the columns of the rows of a fit, of which some cells may be empty.

        Raises:
            InputError: for columns that are neither all numbers nor all of two values, 0 and 1.
        """
        binary = [_of_two(table, name) for name in columns]
        if task == "auto":
            for name, own in zip(columns, binary, strict=True):
                if not all(binary) and (own or task_of(table[name].dropna())[0] == "classification"):
                    raise InputError(
                        f"data.label: {', '.join(columns)} are several labels, and the column {name!r} holds classes; "
                        f"several are all numbers, as data.task=regression says, or all 0 and 1; explain classes by "
                        f"themselves, with {typed('data.label', name)}"
                    )
            task, why = (
                ("multi_label", _HOLD)
                if all(binary)
                else ("regression", mark("a regression, because they hold numbers"))
            )
        else:
            why = AS_THE_CONFIG_SAYS[task]
        if task == "classification":
            raise InputError(
                "data.task: several labels with classes of their own are explained one at a time, with "
                f"{typed('data.label', columns[0])}; multi_label is for columns of 0 and 1"
            )
        if task == "multi_label" and not all(binary):
            name = columns[binary.index(False)]
            raise InputError(f"data.task: multi_label needs columns of 0 and 1, and {name!r} holds something else")
        if why is _HOLD and _is_one_hot(table, columns):
            raise InputError(
                f"data.label: in every row exactly one of {', '.join(columns)} is 1, as of one class that is "
                "written in several columns; name one column that says the class, or say data.task=multi_label where "
                "any of them may hold at once"
            )
        single: Literal["classification", "regression"] = "classification" if task == "multi_label" else "regression"
        found = tuple(Labels.of(table[name], single) for name in columns)
        return cls(labels=found, task="multi_label" if task == "multi_label" else "regression", why=why)

    def measured(self, table: "Table", key: str) -> Array:
        """(rows, labels), NaN where a cell is empty or the file has no such column."""
        return np.stack([label.measured(table, key) for label in self.labels], axis=1)

    def reason(self, values: Array, *, required: bool) -> str | None:
        """Why a row with these values cannot be used; None where it can."""
        found = (label.reason(value, required=required) for label, value in zip(self.labels, values, strict=True))
        return joined(list(filter(None, found))) or None

    def scaled(self, training: Array) -> Self:
        """With the mean and the standard deviation of the values (rows, labels) of the training rows."""
        own = zip(self.labels, training.T, strict=True)
        return self.model_copy(update={"labels": tuple(label.scaled(values) for label, values in own)})

    def predicted(self) -> Message:
        """That a model predicts them, and why so, in a sentence."""
        return say("The model predicts {labels}: {why}.", labels=self.name, why=as_message(self.why))

    def told(self, names: Mapping[str, str], units: Mapping[str, str]) -> tuple[Label, ...]:
        """What a dataset says of them."""
        return tuple(
            Label(
                name=names.get(label.name, label.name),
                unit=units.get(label.name, ""),
                scale=(label.centre, label.spread) if self.task == "regression" else None,
            )
            for label in self.labels
        )


_HOLD = mark("any of them may hold at once, because all columns hold 0 and 1")


def _of_two(table: "Table", name: str) -> bool:
    found = {word for word in words(table[name].dropna()) if word is not None}
    return any(found <= two for two in _BINARY)


def _is_one_hot(table: "Table", columns: Sequence[str]) -> bool:
    """Whether each of several rows, of which none lacks a cell, has one 1, and each column has one somewhere."""
    known = table[list(columns)].dropna()
    ones = np.array([[word in ("1", "True") for word in words(known[name])] for name in columns]).T
    return len(known) > 1 and bool((ones.sum(axis=1) == 1).all() and ones.any(axis=0).all())


def label_of(wanted: Sequence[str], dataset: Dataset) -> int | None:
    """Which of several labels a chapter explains, by name or as index:K; None where the data has one.

    Raises:
        InputError: for anything but one of them.
    """
    if not dataset.several:
        return None
    names = [label.name for label in dataset.several]
    known = {**{f"index:{number}": number for number in range(len(names))}, **{n: k for k, n in enumerate(names)}}
    if len(wanted) == 1 and wanted[0] in known:
        return known[wanted[0]]
    raise InputError(
        f"target.outputs: {', '.join(wanted)} was given, but the data has the labels {', '.join(names)}, and a chapter "
        f"explains one of them: target=index {typed('target.outputs', names[:1])}; a chapter for each is "
        f"'target.outputs={','.join(f'[{quoted(name)}]' for name in names)}'"
    )
