"""Rows of a file of the user's own: cells, labels, what is held out, and what cannot be used."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np

from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Excluded

if TYPE_CHECKING:
    import pandas as pd

    Cells = pd.Series[Any]
    Table = pd.DataFrame

Task = Literal["classification", "regression"]
_FEW = 10  # different whole numbers that are taken for classes


def read_table(path: Path, key: str, texts: Collection[str] = (), missing: Collection[str] = ()) -> "Table":
    """The rows of a .csv or .parquet file. `texts`: columns whose cells are never read as numbers. Missing is what is
    empty, and what stands in `missing`: "NA" and "None" are values like any other.

    Raises:
        InputError: for a file of another kind, a broken or an empty one.
    """
    import pandas as pd

    try:
        match path.suffix.lower():
            case ".csv":
                table = pd.read_csv(
                    path,
                    dtype=dict.fromkeys(texts, "str"),
                    encoding="utf-8-sig",
                    low_memory=False,
                    skipinitialspace=True,
                    keep_default_na=False,
                    na_values=["", *missing],
                )
            case ".parquet":
                table = pd.read_parquet(path)
                table = (
                    table.mask(table.apply(lambda cells: [word in missing for word in words(cells)]))
                    if missing
                    else table
                )
            case ending:
                raise InputError(f"data.{key}: {path.name} ends in {ending!r}; give a .csv or a .parquet file")
    except (ValueError, OSError) as problem:
        if isinstance(problem, InputError):
            raise
        raise InputError(f"data.{key}: {path.name} cannot be read: {str(problem).splitlines()[0]}") from problem
    if not len(table):
        raise InputError(f"data.{key}: {path.name} has no rows")
    return table.rename(columns=lambda name: str(name).strip())


def require_columns(table: "Table", wanted: Iterable[str], sentence: str) -> None:
    """Raises InputError where a column is not in the table; `sentence`: what is said of it, which stands in for {}."""
    if missing := [name for name in wanted if name not in table.columns]:
        there = ", ".join(map(str, table.columns))
        raise InputError(f"{sentence.format(', '.join(missing))}; there are {there}")


def words(cells: "Cells") -> list[str | None]:
    """Each cell as text, None where it is empty; whole numbers without a point, however they were read."""
    return [None if missing else _word(cell) for cell, missing in zip(cells.tolist(), cells.isna(), strict=True)]


def _word(cell: Any) -> str | None:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip() or None


def numbers(cells: "Cells", key: str) -> Array:
    """Each cell as a number, (rows,), NaN where it is empty or infinite.

    Raises:
        InputError: for a cell that holds something else.
    """
    import pandas as pd

    found = np.asarray(pd.to_numeric(cells, errors="coerce"), np.float64)
    wrong = np.isnan(found) & ~cells.isna().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        name, given = row_name(cells.index[row]), cells.iloc[row]
        raise InputError(f"data.{key}: the column {cells.name!r} holds numbers, but in {name} it is {given!r}")
    return np.where(np.isfinite(found), found, np.nan)


def require_no_marks(cells: "Cells", found: Collection[str], key: str) -> None:
    """Raises InputError for a column of numbers in which the words `found` beside them are marks of what is missing:
    nothing says whether they are."""
    marks = sorted({word for word in found if not reads_as_number(word)})
    numeric = sum(map(reads_as_number, found))
    if marks and 2 * numeric > len(found) and all(mark.casefold() in _MARKS for mark in marks):
        raise InputError(
            f"data.{key}: the column {cells.name!r} holds numbers in {numeric} of {len(found)} rows, and else "
            f"{', '.join(marks)}; if these are missing, data.missing_values=[{','.join(marks)}] says so, and if they "
            f"are values, data.categories=[{cells.name}]"
        )


_MARKS = frozenset({"na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing", "unknown", "-", "--", "?", "."})


def reads_as_number(word: str) -> bool:
    """Whether a cell of this text holds a number."""
    try:
        return isfinite(float(word))
    except ValueError:
        return False


def is_number(cells: "Cells") -> bool:
    """Whether the column was read as numbers."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(cells) and not is_bool_dtype(cells)


def row_name(row: int, first: str = "row") -> str:
    """What a row without an id is called; the first below the heading is row 0."""
    return f"{first} {row}"


def row_ids(table: "Table", column: str | None, names: Sequence[str], key: str) -> Array:
    """(rows,): the ids of the rows, or `names` where they have none.

    Raises:
        InputError: for an id that two rows have.
    """
    if column is None or column not in table.columns:
        return np.array(names)
    ids = [word or name for word, name in zip(words(table[column]), names, strict=True)]
    name, count = Counter(ids).most_common(1)[0]
    if count > 1:
        raise InputError(f"data.id: {name!r} is the id of {count} rows of data.{key}; each row needs its own")
    return np.array(ids)


class Labels(Record):
    """What the labels of the rows of a fit are: the classes in their order, or for a regression the mean and the
    standard deviation of the training rows."""

    name: str
    task: Task
    why: str = ""
    classes: tuple[str, ...] = ()
    centre: float = 0.0
    spread: float = 1.0

    @classmethod
    def of(cls, cells: "Cells", task: Task | Literal["auto"], order: Sequence[str] = ()) -> Self:
        """From a column, of which some cells may be empty. `order`: all values that it may have, as the outputs of a
        model have them.

        Raises:
            InputError: where nothing can be learned from it.
        """
        name, known = str(cells.name), cells.dropna()
        if not order and not is_number(known):
            require_no_marks(known, [word for word in words(known) if word is not None], "label")
        if not len(known):
            raise InputError(f"data.label: the column {name!r} is empty in all {len(cells)} rows")
        found, why = _task(known)
        if order:
            found, why = "classification", "because its classes are given"
        task, why = (found, why) if task == "auto" else (task, "as the config says")
        if task == "regression":
            numbers(known, "label")
            return cls(name=name, task=task, why=why)
        classes = _ordered(set(filter(None, words(known))))
        if order and (strange := [value for value in classes if value not in order]):
            raise InputError(
                f"data.classes: the column {name!r} holds {', '.join(strange[:_FEW])}, but the classes are "
                f"{', '.join(order)}; give all values in the order of the outputs of the model"
            )
        if len(classes) < 2:
            raise InputError(f"data.label: the column {name!r} is {classes[0]!r} in every row; it needs two classes")
        if 2 * len(classes) > len(known):
            raise InputError(
                f"data.label: the column {name!r} has {len(classes)} different values in {len(known)} rows, which are "
                "no classes; name another column, or give data.task=regression for numbers"
            )
        return cls(name=name, task=task, why=why, classes=tuple(order) or classes)

    def values(self, cells: "Cells", key: str) -> Array:
        """(rows,) class indices or measured values, NaN where a cell is empty, and -1 for a class that is not known."""
        if self.task == "regression":
            return numbers(cells, key)
        index = {name: float(number) for number, name in enumerate(self.classes)}
        return np.array([np.nan if word is None else index.get(word, -1.0) for word in words(cells)])

    def reason(self, value: float, *, required: bool) -> str | None:
        """Why a row with this value cannot be used; None where it can."""
        if np.isnan(value):
            return f"{self.name} is missing" if required else None
        return f"{self.name} is a class that no row of the fit has" if self.classes and value < 0 else None

    def scaled(self, training: Array) -> Self:
        """With the mean and the standard deviation of the values (rows,) of the training rows."""
        if self.task == "classification":
            return self
        return self.model_copy(update={"centre": float(training.mean()), "spread": float(training.std()) or 1.0})


def _task(known: "Cells") -> tuple[Task, str]:
    """What the values of a label ask for, and why."""
    if not is_number(known):
        return "classification", "because these are not numbers"
    values = np.unique(known.to_numpy(np.float64))
    if len(values) <= _FEW and (values == np.round(values)).all():
        return "classification", f"because there are only {len(values)} different whole numbers"
    return "regression", "because these are numbers"


def _ordered(values: set[str]) -> tuple[str, ...]:
    """By size where all are numbers, else by letter."""
    try:
        return tuple(sorted(values, key=lambda value: (float(value), value)))
    except ValueError:
        return tuple(sorted(values))


class Part(NamedTuple):
    """The rows of one file: its key, what they are called, why they cannot be used (None: they can), labels, split."""

    key: str
    ids: Array
    reasons: list[str | None]
    labels: Array
    split: Array

    @property
    def usable(self) -> Array:
        """(rows,) whether a row can be used."""
        return np.array([reason is None for reason in self.reasons])

    def excluded(self) -> tuple[Excluded, ...]:
        """The rows that cannot be used."""
        return tuple(
            Excluded(sample_id=str(name), given=f"data.{self.key}", reason=reason)
            for name, reason in zip(self.ids, self.reasons, strict=True)
            if reason is not None
        )


def held_out(groups: Array, share: float, seed: int) -> Array:
    """ "train" or "test" per sample: `share` of each group (samples,) drawn by `seed`, at least one row of each split.

    A group that is too small for it stays in training as a whole.
    """
    split = np.full(len(groups), "train", "U7")
    if not share or len(groups) < 2:
        return split
    draws = np.random.default_rng(seed)
    for group in np.unique(groups):
        rows = draws.permutation(np.flatnonzero(groups == group))
        split[rows[: min(round(share * len(rows)), len(rows) - 1)]] = "test"
    if not (split == "test").any():
        split[draws.integers(len(groups))] = "test"
    return split


def given_split(cells: "Cells") -> Array:
    """The split that a column states.

    Raises:
        InputError: for anything but train and test, or no row to train on.
    """
    found = np.array([(word or "").lower() for word in words(cells)])
    if strange := sorted(set(found.tolist()) - {"train", "test"}):
        raise InputError(f"data.split: the column {cells.name!r} holds {strange[0]!r}; only train and test are known")
    return found.astype("U7")
