"""Labels of rows whose model comes with its outputs: which of these each label is."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from exhibit.tasks.data.rows import Labels, words
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.spelling import Brought

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table

_SHOWN = 10  # values in a sentence
_CLASSIFICATION = mark("a classification, as the model does it")


def labels_of(
    brought: Brought,
    table: "Table",
    column: str | None,
    task: str,
    order: Sequence[str],
) -> Labels:
    """The labels of `column` (None: there are none) as outputs of the model. `order`: all values in the order of the
    outputs, where the config gives them.

    Raises:
        InputError: for another task, and for labels that are not known by name or number, with both lists.
    """
    if task not in ("auto", brought.task):
        gives = f"the outputs {_few(brought.outputs)}" if brought.outputs else "one value"
        raise InputError(f"data.task: {task!r} was given, but the model gives {gives}: it is a {brought.task}")
    why = mark("a regression, as the model does it") if brought.task == "regression" else _CLASSIFICATION
    if brought.task == "regression":
        return Labels(name=column or "value", task="regression", why=why)
    if column is None:
        return Labels(name="class", task="classification", why=why, classes=brought.outputs)
    found = list(dict.fromkeys(word for word in words(table[column]) if word is not None))
    return Labels(name=column, task="classification", why=why, classes=_values(found, brought.outputs, order, column))


def _values(found: Sequence[str], outputs: Sequence[str], order: Sequence[str], column: str) -> tuple[str, ...]:
    """The value that a label has for each output: as the config says, by name, or by number."""
    if order:
        if len(order) != len(outputs):
            raise InputError(
                f"data.classes: {len(order)} were given, but the model has {len(outputs)} outputs: {_few(outputs)}"
            )
        return tuple(order)
    by_name = {_plain(name): name for name in outputs}
    if len(by_name) == len(outputs) and all(_plain(value) in by_name for value in found):
        spelled = {_plain(value): value for value in found}
        if len(spelled) == len(found):
            return tuple(spelled.get(_plain(name), name) for name in outputs)
    counted = tuple(map(str, range(len(outputs))))
    if set(found) <= set(counted):
        return counted
    raise InputError(
        f"data.label: the column {column!r} holds {_few(found)}, and the outputs of the model are {_few(outputs)}; "
        "labels are matched by name, or by number from 0: write them alike, or give the values of the column in the "
        "order of the outputs, as data.classes=[...]"
    )


def _plain(name: str) -> str:
    return name.strip().casefold()


def _few(values: Sequence[str]) -> str:
    more = len(values) - _SHOWN
    return ", ".join(values[:_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
