"""A dataset from a plain dictionary of arrays and tables, as a user's own function gives it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np

from exhibit.tasks.data.aligned import require_aligned
from exhibit.tasks.data.asked import arranged, told_counts
from exhibit.tasks.data.blanks import require_no_blanks
from exhibit.tasks.data.classes import Given, given_labels, several_columns
from exhibit.tasks.data.columns import Asked, Column, Columns
from exhibit.tasks.data.grouping import given_groups
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.data.molecule import canonical, problem
from exhibit.tasks.data.rows import Labels, require_exact
from exhibit.tasks.data.several import SeveralLabels
from exhibit.tasks.data.steps import channel_scale, narrowed
from exhibit.tasks.data.tokens import Vocabulary
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input, Wanted
from exhibit.tasks.records.language import Message, as_given, say
from exhibit.tasks.records.shown import said_by, so_many, what_it_is

_KEYS = {"inputs", "labels"}
_FURTHER = {
    "split",
    "ids",
    "names",
    "task",
    "classes",
    "label_name",
    "label_unit",
    "title",
    "description",
    "source",
    "groups",
}
_OF_INPUT = {"values", "kind", "features", "bounds", "vocabulary", "times", "time_unit"}
_TOKENS = 64  # of a text that is given as one
_CATEGORIES, _MANY = 20, 100_000  # of a column; of one that a model is given as it is


def dataset_of(given: Mapping[str, Any], where: str, wanted: Wanted | None = None) -> Dataset:
    """The dataset that `exhibit.tasks.data.factory.DataFactorySpec` describes; `where` begins each error. `wanted`: the
    columns that the model asks for as they came.

    Raises:
        InputError: for keys that are missing or unknown, and for what cannot be read.
    """
    _known(given, _KEYS, _FURTHER, where)
    values = (
        item["values"] if isinstance(item, Mapping) and "values" in item else item for item in given["inputs"].values()
    )
    require_aligned(values, given["labels"], f"{where}:")
    frame = several_columns(given["labels"], given, where)
    several = frame is not None
    name = str(given.get("label_name", "label")) if not several else ""
    told = given_labels(given["labels"], given.get("classes"), name, where) if frame is None else Given(frame)
    cells = told.cells
    count = len(cells)
    split = np.array([str(part) for part in given.get("split", ["train"] * count)])
    train = split == "train"
    if len(split) != count or not train.any():
        raise InputError(
            f"{where}: labels and split need one entry for each row, and at least one row must be train; there are "
            f"{count} labels and {len(split)} splits, {int(train.sum())} of them train"
        )
    labels = _labels(cells, split, given.get("task", "auto"), told.order, where)
    measured = labels.measured(cells if several else cells.to_frame(), "factory")
    whole = bool(labels.classes) and not np.isnan(measured).any()
    names, groups = given.get("names"), given.get("groups")
    return Dataset(
        title=_told(given.get("title", say("Data of the user's own"))),
        description=_told(given.get("description", say("What {factory} gives.", factory=where.partition(": ")[2]))),
        source=_told(given.get("source", say("data of the user's own"))),
        task=labels.task,
        inputs=tuple(
            input_of(str(key), item, split, f"{where}: {key}", wanted) for key, item in given["inputs"].items()
        ),
        sample_ids=np.array([str(one) for one in given.get("ids", [f"row {row}" for row in range(count)])]),
        names=None if names is None else np.array([str(one) for one in names]),
        labels=measured.astype(np.int64) if whole else measured,
        split=split,
        classes=(told.names or labels.classes) if labels.classes else (),
        label_name=as_given(labels.name),
        label_unit="" if several else str(given.get("label_unit", "")),
        label_scale=None if labels.classes or isinstance(labels, SeveralLabels) else (labels.centre, labels.spread),
        several=labels.told({}, _units(given, labels.columns)) if isinstance(labels, SeveralLabels) else (),
        groupings=None if groups is None else given_groups(groups, labels.columns, count, where),
    )


def _told(given: Any) -> Message:
    """What a title or a sentence is, whatever was given for it."""
    return given if isinstance(given, Message) else as_given(str(given))


def _units(given: Mapping[str, Any], columns: Sequence[str]) -> dict[str, str]:
    """The units of several labels, given as a list in their order."""
    units = given.get("label_unit", ())
    return {} if isinstance(units, str) else dict(zip(columns, map(str, units), strict=False))


def _known(given: Mapping[str, Any], needed: set[str], further: set[str], where: str) -> None:
    if missing := sorted(needed - given.keys()):
        raise InputError(f"{where} gave no {' and no '.join(missing)}; it gave {', '.join(map(str, given))}")
    if strange := sorted(map(str, given.keys() - needed - further)):
        raise InputError(
            f"{where} gave {', '.join(strange)}, which is not known; allowed are {', '.join(sorted(needed | further))}"
        )


def _labels(cells: Any, split: Array, task: Any, order: tuple[str, ...], where: str) -> Labels | SeveralLabels:
    try:
        if cells.ndim == 2:
            several = SeveralLabels.of(cells[split != "explain"], list(cells.columns), task)
            return several.scaled(several.measured(cells[split == "train"], "factory"))
        labels = Labels.of(cells[split != "explain"], task, order)
        return labels.scaled(labels.values(cells[split == "train"], "factory"))
    except InputError as problem:
        raise InputError(f"{where}: {str(problem).partition(': ')[2]}") from problem


def input_of(name: str, given: Any, split: Array, where: str, wanted: Wanted | None = None) -> Input:
    """An input from what is given for it: values, or a dictionary of values and what is to be known of them; `split`
    (samples,) says which train, `where` begins each error, and `wanted` are the columns that the model asks for.

    Raises:
        InputError: for keys that are unknown, and for values that cannot be read.
    """
    import pandas as pd

    about = dict(given) if isinstance(given, Mapping) else {"values": given}
    _known(about, {"values"}, _OF_INPUT, where)
    if isinstance(about["values"], pd.DataFrame):
        return _frame(name, about["values"].reset_index(drop=True), split, where, wanted)
    if np.ma.is_masked(about["values"]):
        raise InputError(f"{where}: some values are masked, and a mask is not read; leave these rows out, or fill them")
    try:
        values = np.asarray(about["values"])
    except ValueError as problem:  # rows of different lengths
        raise InputError(f"{where}: its values are no array: {said_by(problem)}") from problem
    if not values.ndim:
        raise InputError(f"{where}: its values are {what_it_is(about['values'])}; one for each sample was expected")
    if values.dtype == object:
        numeric = values.size > 0 and all(isinstance(one, Real) for one in values.ravel().tolist())
        values = values.astype(np.float64) if numeric else np.array([str(one) for one in values.tolist()])
    kind = about.get("kind") or _kind(values, about)
    if (reader := READERS.get(str(kind))) is None:
        *others, last = READERS
        raise InputError(
            f"{where}: its kind {kind!r} is not known for {values.dtype} of shape {values.shape}; give a "
            f"dictionary of values and kind: {', '.join(others)} or {last}"
        )
    found = reader.read(name, values, about, split == "train", where)
    if 0 in found.values.shape:
        raise InputError(f"{where}: its values are of shape {found.values.shape}, so there is nothing to explain")
    names = [feature.strip() for feature in found.features]
    if about.get("features") is not None and "" in names:
        raise InputError(f"{where}: features holds an empty name; each needs a name of its own")
    if about.get("features") is not None and (twice := [one for one, count in Counter(names).items() if count > 1]):
        raise InputError(f"{where}: features names {twice[0]!r} more than once; each needs a name of its own")
    return found


def _kind(values: Array, about: Mapping[str, Any]) -> str | None:
    """What values without a kind are; words alone may be many things."""
    if values.dtype.kind not in "fiub":
        return None
    axes = "ids" if "vocabulary" in about else values.ndim
    return next((kind for kind, reader in READERS.items() if axes in reader.axes), None)


def _frame(name: str, frame: Any, split: Array, where: str, wanted: Wanted | None) -> Input:
    """A table from named columns, words as categories; or whole columns, if the model asks for these."""
    import pandas as pd

    frame = frame.set_axis([str(name) for name in frame.columns], axis=1)
    if twice := [name for name, count in Counter(frame.columns).items() if count > 1]:
        raise InputError(f"{where} has several columns of the name {twice[0]!r}; rename them")
    if len(frame) != len(split):
        rows, labels = so_many(len(frame), "row"), so_many(len(split), "label")
        raise InputError(f"{where} has {rows}, but y has {labels}")
    order = None if wanted is None else arranged(list(frame.columns), wanted, where)
    categories = wanted.categories if wanted is not None and order else ()
    fit = frame if order else frame[split != "explain"]  # a model that is given whole columns is not trained here
    for key in order or ():
        require_no_blanks(frame[key], where)
    try:
        columns = [
            Column.of(
                fit[key] if order else fit[key].dropna(),
                Asked(
                    category=key in categories or isinstance(frame[key].dtype, pd.CategoricalDtype),
                    most=_MANY if order else _CATEGORIES,
                    filling="keep" if order else "exclude",
                ),
            )
            for key in order or frame.columns
        ]
    except InputError as problem:
        raise InputError(f"{where}: {_of_a_function(str(problem))}") from problem
    known = Columns(columns=tuple(columns), whole=order is not None)
    values, reasons = known.encoded(frame, "factory")
    if wrong := [f"row {row}: {reason}" for row, reason in enumerate(reasons) if reason is not None]:
        lacking = {key: int(count) for key, count in frame.isna().sum().items() if count}
        counts = f" ({told_counts(lacking)})" if lacking else ""
        raise InputError(f"{where}: {len(wrong)} rows cannot be used, {wrong[0]}{counts}; leave them out, or fill them")
    return known.scaled(values[split == "train"]).input(values, {}, {}).model_copy(update={"name": name})


def _of_a_function(problem: str) -> str:
    """What is wrong with a column, without the settings that a function of the user's own does not have."""
    what = problem.partition(": ")[2].partition("; ")[0]
    return f"{what.partition(', more than data.')[0]}; leave the column out, or give something else of it"


def _table(name: str, values: Array, about: Mapping[str, Any], train: Array, where: str) -> Input:
    features: Sequence[str] | None = about.get("features")
    if values.ndim != 2 or values.dtype.kind not in "fiub" or len(values) != len(train):
        raise InputError(f"{where}: a table of numbers ({len(train)}, features) was expected, not {_shape(values)}")
    titles = tuple(map(str, features)) if features is not None else _numbered(name, values.shape[1])
    if len(titles) != values.shape[1]:
        names, columns = so_many(len(titles), "name"), so_many(values.shape[1], "column")
        raise InputError(f"{where}: features lists {names}, but the table has {columns}")
    table = values.astype(np.float64)  # a model takes what it wants of it
    for column, title in enumerate(titles):
        require_exact(values[:, column], table[:, column], f"{where}: the column {title!r}")
    spread = table[train].std(axis=0, dtype=np.float64)
    return Input(
        name=name,
        kind="table",
        values=table,
        features=titles,
        centre=table[train].mean(axis=0, dtype=np.float64),
        spread=np.where(spread > 0, spread, 1.0),
    )


def _numbered(name: str, count: int) -> tuple[str, ...]:
    return tuple(f"{name} {column}" for column in range(count))


def _image(name: str, values: Array, about: Mapping[str, Any], _: Array, where: str) -> Input:
    _require_told(values, about, where)
    pixels = values[..., np.newaxis] if values.ndim == 3 else values
    if pixels.ndim != 4 or pixels.shape[-1] not in (1, 3) or pixels.dtype.kind not in "fiub":
        raise InputError(
            f"{where}: an image of numbers (samples, height, width) or (samples, height, width, 1 or 3) was expected, "
            f"not {_shape(values)}"
        )
    bounds: Sequence[float] | None = about.get("bounds")
    if bounds is None:
        bounds = (0, 255) if pixels.dtype == np.uint8 else (0, 1)
    low, high = (float(bound) for bound in bounds)
    if pixels.min() < low or pixels.max() > high:
        raise InputError(
            f"{where}: pixels go from {pixels.min():g} to {pixels.max():g}, beyond {low:g} and {high:g}; give bounds: "
            f"the darkest and the brightest value{_OR_A_SERIES if values.ndim == 3 else ''}"
        )
    return Input(name=name, kind="image", values=pixels.astype(np.float32), bounds=(low, high))


_OR_A_SERIES = ", or 'kind': 'series' where these are steps and channels"


def _require_told(values: Array, about: Mapping[str, Any], where: str) -> None:
    """Raises InputError for numbers of three axes that may be gray pictures as well as series, and nothing says which.
    Pictures are bytes, have bounds, or are square."""
    if values.ndim != 3 or about.keys() & {"kind", "bounds"} or values.dtype == np.uint8:
        return
    rows, columns = values.shape[1:]
    if rows != columns:
        raise InputError(
            f"{where}: {_shape(values)} may be series of {rows} steps and {columns} channels, or gray pictures of "
            f"{rows} x {columns} pixels; say which, with {{'values': ..., 'kind': 'series'}} or 'kind': 'image'"
        )


def _series(name: str, values: Array, about: Mapping[str, Any], train: Array, where: str) -> Input:
    """(samples, steps, channels), or (samples, steps) of a single one."""
    steps = values[..., np.newaxis] if values.ndim == 2 else values
    if steps.ndim != 3 or steps.dtype.kind not in "fiub" or len(steps) != len(train) or not steps.size:
        raise InputError(
            f"{where}: a series of numbers ({len(train)}, steps, channels) or ({len(train)}, steps) was expected, not "
            f"{_shape(values)}"
        )
    count = steps.shape[2]
    names = tuple(map(str, about.get("features") or ([name] if count == 1 else _numbered("channel", count))))
    if len(set(names)) != count or len(names) != count:
        raise InputError(f"{where}: features are {', '.join(names)}; a name for each of {count} channels was expected")
    return Input(
        name=name,
        kind="series",
        values=narrowed(steps, names, where),
        features=names,
        times=_times(about.get("times"), steps.shape[1], where),
        time_unit=str(about.get("time_unit", "")),
        **channel_scale(steps[train]),
    )


def _times(given: Any, steps: int, where: str) -> Array | None:
    """(steps,) that rise; None where none are given."""
    if given is None:
        return None
    times = np.asarray(given)
    if times.dtype.kind not in "fiu" or times.shape != (steps,) or not (np.diff(times) > 0).all():
        raise InputError(f"{where}: times are {_shape(times)}; {steps} rising numbers were expected, one for each step")
    return times.astype(np.float64)


def _text(name: str, values: Array, about: Mapping[str, Any], train: Array, where: str) -> Input:
    """Ids of tokens, or whole texts, which are cut into the words of the training rows."""
    import pandas as pd

    if values.dtype.kind == "U" and values.shape == train.shape:
        texts = values[train].tolist()
        if not any(text.strip() for text in texts):
            raise InputError(f"{where}: every text of the training rows is empty; give texts with words")
        known = Vocabulary.learned(texts, name, "words", _TOKENS, 1, lower=True).no_longer_than(texts)
        ids, _ = known.encoded(pd.DataFrame({name: values}), "factory")
        return known.input(ids).model_copy(update={"name": name})
    tokens = tuple(map(str, about.get("vocabulary") or ()))
    counted = values.ndim == 2 and values.dtype.kind in "iu" and 0 <= values.min() <= values.max() < len(tokens)
    if not counted:
        raise InputError(
            f"{where}: texts (samples,) were expected, or ids (samples, tokens) with the vocabulary that they count "
            f"in, the padding first; not {_shape(values)} with {len(tokens)} tokens"
        )
    return Input(name=name, kind="text", values=values.astype(np.int64), vocabulary=tokens)


def _molecules(name: str, values: Array, _: Mapping[str, Any], __: Array, where: str) -> Input:
    if values.dtype.kind != "U" or values.ndim != 1:
        raise InputError(f"{where}: SMILES (samples,) were expected, not {_shape(values)}")
    reasons = ((row, problem(str(smiles), Limits())) for row, smiles in enumerate(values))
    if wrong := next(((row, reason) for row, reason in reasons if reason is not None), None):
        raise InputError(f"{where}: {str(values[wrong[0]])!r} in row {wrong[0]}: {wrong[1]}; leave it out")
    return Input(name=name, kind="molecule", values=np.array([canonical(str(smiles)) for smiles in values]))


def _shape(values: Array) -> str:
    return f"{values.dtype} of shape {values.shape}"


class Reader(NamedTuple):
    """How values become an input of a kind. `read(name, values, about, train, where)`: `about` what is given beside
    them, `train` (samples,) which train. `axes`: of numbers that are taken for this kind where none is named; "ids":
    those with a vocabulary."""

    read: Callable[[str, Array, Mapping[str, Any], Array, str], Input]
    axes: tuple[int | str, ...] = ()


READERS: dict[str, Reader] = {
    "table": Reader(_table, axes=(2,)),
    "image": Reader(_image, axes=(3, 4)),
    "text": Reader(_text, axes=("ids",)),
    "molecule": Reader(_molecules),
    "series": Reader(_series),
}
