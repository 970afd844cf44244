"""What is taken for granted about a user's own model where nothing says it, and what its labels say to that."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.chances import wilson
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import COMMA, Message, as_given, joined, say
from exhibit.tasks.records.model import Remarks
from exhibit.tasks.records.override import typed

_NAMED = 10  # classes that a sentence names


def order_of_outputs(dataset: Dataset, outputs: Array, *before: str) -> Remarks:
    """Which class each output (samples, outputs) is taken for; in doubt where in another order clearly more rows would
    be right, their 95% intervals apart. `before`: what else is said, first."""
    rows = dataset.labelled
    counts = np.zeros((len(dataset.classes),) * 2, np.int64)
    np.add.at(counts, (outputs[rows].argmax(axis=1), dataset.labels[rows].astype(np.int64)), 1)
    taken = say(
        "Its outputs are taken for {classes}, in this order, which is that of the classes of the data.",
        classes=listed(dataset.classes),
    )
    best = _best(counts)
    total, right, could = int(counts.sum()), int(np.trace(counts)), int(counts[np.arange(len(best)), best].sum())
    if not total or wilson(could, total)[0] <= wilson(right, total)[1]:
        return Remarks(said=(*before, taken))
    order = tuple(dataset.classes[number] for number in best)
    return Remarks(
        said=(*before, taken),
        doubt=say(
            "Its labels speak against this: taken for {classes} they would be right in {could} of {total} rows, and "
            "are in {right}. If that is the order of its outputs, give that list as classes, of a table with "
            "{setting}.",
            classes=listed(order),
            could=f"{could:,}",
            total=f"{total:,}",
            right=f"{right:,}",
            setting=typed("data.classes", order),
        ),
    )


def cut_of_one(dataset: Dataset, logits: Array, said: Remarks) -> Remarks:
    """What is `said`, in doubt where the one output that is read as a logit (samples,) is never below 0, so that all
    rows are of the second class, and clearly more of them would be right if it were a share of 1 or of 100."""
    least, most = float(logits.min(initial=0.0)), float(logits.max(initial=0.0))
    whole = 1 if most <= 1 else 100
    rows = dataset.labelled
    if least < 0 or most > whole or not rows.any():
        return said
    second = dataset.labels[rows] == 1
    right, total = int(second.sum()), len(second)  # from 0 on all are taken for it
    could = int(((logits[rows] >= whole / 2) == second).sum())
    if wilson(could, total)[0] <= wilson(right, total)[1]:
        return said
    first, other = dataset.classes
    doubt = say(
        "Its labels speak against this: its output lies between 0 and {whole}, so each row is taken for {second}; "
        "with {first} below {half} and {second} from there on {could} of {total} rows would be right, and {right} are. "
        "If it is a probability, give it between 0 and 1, and say so: {setting}.",
        whole=str(whole),
        half=f"{whole / 2:g}",
        first=as_given(first),
        second=as_given(other),
        could=f"{could:,}",
        total=f"{total:,}",
        right=f"{right:,}",
        setting=typed("model.output", "probabilities"),
    )
    return said.model_copy(update={"doubt": doubt})


def _best(counts: Array) -> Array:
    """(outputs,): the class of each output with which most of the `counts` (outputs, classes) are right."""
    from scipy.optimize import linear_sum_assignment

    return np.asarray(linear_sum_assignment(counts, maximize=True)[1])


def listed(names: Sequence[str]) -> Message:
    """The first of them, and how many more there are."""
    named = joined([as_given(name) for name in names[:_NAMED]], COMMA)
    if len(names) <= _NAMED:
        return named
    return say("{names} and {count} more", names=named, count=str(len(names) - _NAMED))
