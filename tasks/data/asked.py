"""The columns that a fitted model asks for, found among those that there are."""

from collections.abc import Mapping, Sequence

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Wanted
from exhibit.tasks.records.language import COMMA, Message, joined, say
from exhibit.tasks.records.override import typed
from exhibit.tasks.records.shown import with_quotes

_TOLD = 12  # columns in a sentence


def arranged(there: Sequence[str], wanted: Wanted, where: str) -> list[str] | None:
    """The columns `there` in the order of the model, which knows them by name; None where it was not fitted on these,
    but may have been on what else is made of them. `where` begins the message.

    Raises:
        InputError: naming the columns that the model has and the data lack, or that it does not have.
    """
    if not wanted.names:
        return list(there)
    in_file = where == "data.path"
    called = {name.replace(" ", "_"): name for name in there} | {
        name: name for name in there
    }  # as LightGBM writes them
    missing = [name for name in wanted.names if name not in called]
    if missing and not wanted.only:
        return None
    if missing:
        raise InputError(
            f"{where}: the model was fitted on {told_list(with_quotes(missing))}, which the data do not have as a "
            f"feature; there are {told_list(with_quotes(there))}; rename or add them{' in the file' if in_file else ''}"
        )
    found = [called[name] for name in wanted.names]
    if extra := [name for name in there if name not in found]:
        how = f"with {typed('data.ignore', extra)}" if in_file else "of the frame"
        raise InputError(f"{where}: the model was not fitted on {told_list(with_quotes(extra))}; leave them out {how}")
    return found


def by_place(names: Sequence[str]) -> Message:
    """What is said of a model that knows no names of columns, in a sentence."""
    return say(
        "The model knows no names of columns, so it is given them by place, in this order: {columns}; data.features "
        "gives another order.",
        columns=told_list(with_quotes(names)),
    )


def told_list(names: Sequence[str]) -> Message:
    """So many of them as a reader wants."""
    more, told = len(names) - _TOLD, joined(names[:_TOLD], COMMA)
    return say("{names} and {count} more", names=told, count=str(more)) if more > 0 else told


def told_counts(counts: Mapping[str, int]) -> Message:
    """The most frequent first."""
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return told_list([say("{column} in {count}", column=name, count=f"{count:,}") for name, count in ordered])
