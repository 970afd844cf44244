"""Labels as a user's own function gives them, and the order of the classes: it is that of the outputs of a model."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from exhibit.tasks.data.rows import words
from exhibit.tasks.records.base import Array, InputError

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells, Table


class Given(NamedTuple):
    """A label for each row; the values of the classes in the order of the outputs, none where nothing says it; and
    what a reader calls them."""

    cells: Any
    order: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def given_labels(labels: Any, classes: Sequence[Any] | None, name: str, where: str) -> Given:
    """The labels of the rows: (rows,) of numbers or words, or one-hot rows (rows, classes), whose class is where the 1
    is; columns of a frame that are called as the classes are these, in whatever order they stand. `classes`: all values
    of the labels in the order of the outputs; or names of the classes 0, 1, 2 and so on, or of numbers and truth values
    by their size.

    Raises:
        InputError: for several labels in a row, and for classes that do not belong to the labels.
    """
    import pandas as pd

    names = tuple(str(one).strip() for one in classes) if classes is not None else ()
    if len(set(names)) < len(names):
        raise InputError(f"{where}: classes names one class twice: {', '.join(names)}")
    try:
        axes = np.asarray(labels)
    except ValueError as problem:  # rows of different lengths
        raise InputError(_several(where, "rows of labels of different lengths")) from problem
    if axes.ndim == 2 and axes.shape[1] > 1:
        titles = tuple(map(str, labels.columns)) if isinstance(labels, pd.DataFrame) else ()
        return _one_hot(_in_order(axes, titles, names), names or titles, name, where)
    if axes.ndim > 2 or (axes.ndim == 1 and any(isinstance(one, (list, tuple, set, dict)) for one in labels)):
        raise InputError(_several(where, f"labels of shape {axes.shape}"))
    if isinstance(labels, pd.Categorical) or (
        isinstance(labels, pd.Series) and isinstance(labels.dtype, pd.CategoricalDtype)
    ):
        cells = pd.Series(labels).reset_index(drop=True).rename(name)
    else:
        cells = pd.Series(list(labels) if isinstance(labels, list | tuple | pd.Series) and axes.ndim == 1
                          else list(axes.ravel()), name=name)  # fmt: skip
    return Given(cells, *_ordered(cells, names, where)) if names else Given(cells, categories_of(cells))


def several_columns(labels: Any, given: Mapping[str, Any], where: str) -> "Table | None":
    """Labels (rows, labels) as a frame of a column each, called as the frame has them, as `label_name` or `classes`
    list them, or by number; None for all else, one-hot rows among it, unless `task` says otherwise.

    Raises:
        InputError: for another number of names than columns.
    """
    import pandas as pd

    try:
        values = labels if isinstance(labels, pd.DataFrame) else np.asarray(labels)
    except ValueError:  # rows of different lengths
        return None
    if values.ndim != 2 or values.shape[1] < 2:
        return None
    frame = pd.DataFrame(values).reset_index(drop=True)
    if given.get("task", "auto") in ("auto", "classification") and _is_one_hot(frame):
        return None
    listed = given.get("label_name") if not isinstance(given.get("label_name", ""), str) else given.get("classes")
    names = frame.columns if isinstance(labels, pd.DataFrame) else range(frame.shape[1])
    titles = [str(name) if isinstance(name, str) else f"label {name}" for name in (names if listed is None else listed)]
    if len(titles) != frame.shape[1] or len(set(titles)) < len(titles):
        raise InputError(
            f"{where}: {', '.join(titles)} are the names of {frame.shape[1]} columns of labels; each needs its own"
        )
    frame.columns = pd.Index(titles)
    return frame.infer_objects()


def _is_one_hot(frame: "Table") -> bool:
    import pandas as pd

    numbers = frame.apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    known = numbers[~np.isnan(numbers).all(axis=1)]
    return bool(len(known) and np.isin(known, (0, 1)).all() and (known.sum(axis=1) == 1).all())


def categories_of(cells: "Cells") -> tuple[str, ...]:
    """The order that a categorical column has of its own."""
    import pandas as pd

    if not isinstance(cells.dtype, pd.CategoricalDtype):
        return ()
    return tuple(str(word) for word in words(pd.Series(cells.cat.categories)))


def _ordered(cells: "Cells", names: tuple[str, ...], where: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The values in the order of the outputs, and their names."""
    found = {word for word in words(cells) if word is not None}
    counted = tuple(map(str, range(len(names))))
    if found <= set(names):
        return names, names
    if found <= set(counted):
        return counted, names
    # "true" is no other name for False, nor 2 one for 1.
    apart = {word.casefold() for word in found}.isdisjoint(name.casefold() for name in names)
    if len(found) == len(names) and apart and all(map(_has_size, found)):
        return tuple(sorted(found, key=_size)), names
    raise InputError(
        f"{where}: classes are {', '.join(names)}, but the labels are {', '.join(sorted(found)[:_SHOWN])}; give as "
        "classes all values of the labels, in the order of the outputs of the model"
    )


_SHOWN = 10  # values in a sentence


def _has_size(word: str) -> bool:
    try:
        _size(word)
    except ValueError:
        return False
    return True


def _size(word: str) -> float:
    return float(word == "True") if word in ("False", "True") else float(word)


def _one_hot(rows: Array, names: tuple[str, ...], name: str, where: str) -> Given:
    """The class of each row is where its 1 is; a row of nothing has no label."""
    import pandas as pd

    numbers = pd.DataFrame(rows).apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    labelled = ~np.isnan(numbers).all(axis=1)
    known = numbers[labelled]
    if not (np.isin(known, (0, 1)).all() and (known.sum(axis=1) == 1).all()):
        raise InputError(_several(where, f"labels of shape {rows.shape} that are no one-hot rows"))
    if names and len(names) != rows.shape[1]:
        raise InputError(f"{where}: classes names {len(names)}, but the one-hot labels have {rows.shape[1]} columns")
    found = np.full(len(rows), np.nan)
    found[labelled] = known.argmax(axis=1)
    counted = tuple(map(str, range(rows.shape[1])))
    return Given(pd.Series(found, name=name), counted, names or counted)


def _in_order(rows: Array, titles: tuple[str, ...], names: tuple[str, ...]) -> Array:
    """The columns of one-hot rows, which are called `titles`, in the order of the classes where they have the `names`
    of these, each behind the same letters, as in grade_low and grade_high, or behind none."""
    for start in [titles[0].removesuffix(name) for name in names if titles and titles[0].endswith(name)]:
        if {start + name for name in names} == set(titles):
            return rows[:, [titles.index(start + name) for name in names]]
    return rows


def _several(where: str, what: str) -> str:
    return (
        f"{where} gave {what}: one label a row is explained at a time; give one of them, such as labels[:, 0], and a "
        "model of that one"
    )
