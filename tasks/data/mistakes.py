"""Samples that are drawn in pairs: because of what the model takes them for, or of what is known to be in them."""

from collections import Counter
from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.language import joined, mark, say, say_all

Pair = tuple[str, str]  # a class, and what the model takes it for


def turns(classes: Array) -> Array:
    """(samples,) how many samples of the same class come before each."""
    return np.array([(classes[:row] == own).sum() for row, own in enumerate(classes)], int)


def wrong_and_right(labels: Array, predicted: Array, count: int) -> tuple[Array, str]:
    """Positions of `count` samples: a wrong one, a right one of the same class, the next wrong one and so on, class by
    class in turns; and why they are drawn."""
    right = labels == predicted
    wrong_rows, right_rows = _in_turns(labels, np.flatnonzero(~right)), _in_turns(labels, np.flatnonzero(right))
    if not len(wrong_rows):
        return right_rows[:count], mark("The first samples of each class: no prediction is wrong.")
    beside = _beside(labels, wrong_rows, right_rows)
    if not beside:
        return wrong_rows[:count], mark("The first wrong predictions: no right one is of the same class.")
    pairs, alone = beside[: max(1, count // 2)], len(wrong_rows) - len(beside)
    without = say("{count} more have no other right one of their class.", count=str(alone)) if alone else ""
    said = say(
        "Wrong predictions ({shown} of {all}), each beside a right one of the same class.",
        shown=str(len(pairs)),
        all=str(len(wrong_rows)),
    )
    return np.array(pairs, int).reshape(-1), say_all(said, without)


def with_and_without(labels: Array, marked: Array, count: int) -> tuple[Array, str]:
    """Positions of `count` samples: one with a known region, one of the same class without, and so on; and why they
    are drawn."""
    with_rows, without = _in_turns(labels, np.flatnonzero(marked)), _in_turns(labels, np.flatnonzero(~marked))
    if not len(with_rows):
        raise InputError("selection.order: 'with_and_without' needs samples with a known region, and there are none")
    beside = _beside(labels, with_rows, without)[: max(1, count // 2)]
    if not beside:
        return with_rows[:count], mark("The first samples with a known region.")
    why = mark("Samples with a known region, each beside one of the same class without.")
    return np.array(beside, int).reshape(-1), why


def of_pairs(
    pairs: Sequence[Pair], classes: Sequence[str], labels: Array, predicted: Array, *, beside: bool
) -> tuple[Array, str]:
    """Positions of the first sample of each (true, predicted) pair, with `beside` each followed by the first right
    one of its class; and why they are drawn.

    Raises:
        InputError: for a class that is not there, or a pair that does not occur.
    """
    rows: list[int] = []
    for pair in pairs:
        true, taken = (_class(name, classes) for name in pair)
        rows.append(_first((labels == true) & (predicted == taken), pair, classes, labels, predicted))
        if beside:
            rows.append(_first((labels == true) & (predicted == true), (pair[0],) * 2, classes, labels, predicted))
    named = joined([say("{true} taken for {taken}", true=true, taken=taken) for true, taken in pairs])
    if beside:
        return np.array(rows), say("As named in the config: {pairs}, beside a right one.", pairs=named)
    return np.array(rows), say("As named in the config: {pairs}.", pairs=named)


def require_classes(pairs: Sequence[Pair], classes: Sequence[str]) -> None:
    """Raises InputError for a class that is not there."""
    for pair in pairs:
        for name in pair:
            _class(name, classes)


def _in_turns(labels: Array, rows: Array) -> Array:
    """`rows`: the first of every class, then the second of every class, and so on."""
    return rows[np.lexsort((labels[rows], turns(labels[rows])))]


def _beside(labels: Array, wrong: Array, right: Array) -> list[tuple[int, int]]:
    """Every wrong row with a right one of the same class that no other has, as long as there are any; a row without a
    label has none."""
    free = {label: [row for row in right if labels[row] == label] for label in np.unique(labels)}
    return [(row, free[labels[row]].pop(0)) for row in wrong if free.get(labels[row])]


def _class(name: str, classes: Sequence[str]) -> int:
    known = {_plain(own): index for index, own in enumerate(classes)}
    if _plain(name) in known:
        return known[_plain(name)]
    near = get_close_matches(_plain(name), known, n=1)
    hint = f"; did you mean {classes[known[near[0]]]!r}?" if near else f"; classes are {', '.join(classes)}"
    raise InputError(f"selection.pairs: {name!r} is not a class of the data{hint}")


def _plain(name: str) -> str:
    return name.casefold().replace("_", " ")


def _first(matches: Array, pair: Pair, classes: Sequence[str], labels: Array, predicted: Array) -> int:
    if matches.any():
        return int(matches.argmax())
    counts = Counter(classes[output] for output in predicted[labels == _class(pair[0], classes)])
    listed = (
        ", ".join(f"{name} ({count})" for name, count in counts.most_common(5))
        or "nothing, since none of them is explained"
    )
    raise InputError(
        f"selection.pairs: no sample of {pair[0]!r} is predicted as {pair[1]!r}; they are predicted as {listed}"
    )
