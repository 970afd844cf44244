"""Rows of a file of the user's own: cells, labels, what is held out, and what cannot be used."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from decimal import Decimal
from functools import partial
from math import isnan
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np

from exhibit.tasks.data.files import DEFAULT, require_text
from exhibit.tasks.data.limits import Limits
from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Excluded
from exhibit.tasks.records.override import typed

if TYPE_CHECKING:
    import pandas as pd

    Cells = pd.Series[Any]
    Table = pd.DataFrame

Task = Literal["classification", "regression"]
_FEW = 10  # different whole numbers that are taken for classes


def read_table(
    path: Path,
    key: str,
    texts: Collection[str] = (),
    missing: Collection[str] = (),
    limits: Limits = DEFAULT,
) -> "Table":
    """The rows of a .csv or .parquet file. `texts`: columns whose cells are never read as numbers; of a .csv file so
    are those that hold a code, as 01 is. Missing is what is empty, and what stands in
    `missing`: "NA" and "None" are values like any other.

    Raises:
        InputError: for a file of another kind, a broken or an empty one.
    """
    import pandas as pd

    try:
        match path.suffix.lower():
            case ".csv":
                require_text(path, key)
                heading = pd.read_csv(path, header=None, nrows=1, dtype="str", encoding="utf-8-sig")
                _require_heading(heading, path, key, limits)
                read: Callable[..., Any] = partial(
                    pd.read_csv,
                    path,
                    encoding="utf-8-sig",
                    low_memory=False,
                    skipinitialspace=True,
                    keep_default_na=False,
                    na_values=["", *missing],
                )
                table = read(dtype=dict.fromkeys(texts, "str"))
                if _holds_codes(path):
                    table = _with_codes(table, read)
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
    table = table.rename(columns=lambda name: str(name).strip())
    _require_columns_apart(table.columns, path, key, limits)
    return table.apply(_without_decimals)


_CODE = re.compile(rb"""(?:^|[,"\r\n])[ ]*0[0-9]+[ ]*(?=[,"\r\n]|$)""")


def _holds_codes(path: Path) -> bool:
    """Whether any cell of a .csv file is written as 01 is, with a zero in front that no number needs."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
        return _CODE.search(content) is not None


def _with_codes(table: "Table", read: Callable[..., "Table"]) -> "Table":
    """The table with columns of codes as the text that they are."""
    numeric = [k for k, name in enumerate(table.columns) if is_number(table[name])]
    for place in numeric:  # one at a time: text needs more memory than numbers
        cells = read(usecols=[place], dtype="str").iloc[:, 0]
        if any(map(is_code, cells.dropna().unique().tolist())):
            table = table.assign(**{str(table.columns[place]): cells})
    return table


def _require_heading(first: "Table", path: Path, key: str, limits: Limits) -> None:
    """What is known of a table before it is read: pandas would rename columns of the same name."""
    names = [str(name).strip() for name in first.iloc[0].dropna()] if len(first) else []
    if len(first.columns) == 1 and (mark := next((mark for mark in ";\t|" if mark in "".join(names)), None)):
        raise InputError(
            f"data.{key}: the columns of {path.name} are separated by {mark!r}; save it with commas between them"
        )
    _require_columns_apart(names, path, key, limits)


def _require_columns_apart(names: Iterable[str], path: Path, key: str, limits: Limits) -> None:
    """Raises InputError for columns of the same name, or more or longer ones than the limits say."""
    counts = Counter(names)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise InputError(f"data.{key}: {path.name} has several columns of the name {twice[0]!r}; rename them")
    if len(counts) > limits.columns:
        raise InputError(
            f"data.{key}: {path.name} has {len(counts):,} columns, more than data.limits.columns: {limits.columns:,}; "
            "take some out, or raise that number"
        )
    limits.require_names(counts, f"data.{key}: the name of a column of {path.name}")


def _without_decimals(cells: "Cells") -> "Cells":
    """A column of decimals, as a .parquet file may hold it, in floating point numbers."""
    decimal = cells.dtype == object and cells.map(lambda cell: isinstance(cell, Decimal) or cell is None).all()
    return cells.astype("float64") if decimal and cells.notna().any() else cells


def require_columns(table: "Table", wanted: Iterable[str], sentence: str) -> None:
    """Raises InputError where a column is not in the table; `sentence`: what is said of it, which stands in for {}."""
    if missing := [name for name in wanted if name not in table.columns]:
        there = ", ".join(map(str, table.columns))
        cut = [
            name for name in map(str, table.columns) if "," in name and missing[0] in map(str.strip, name.split(","))
        ]
        hint = f"; a name with a comma stands in quotes: {typed('KEY', cut[0])}" if cut else ""
        raise InputError(f"{sentence.format(', '.join(missing))}; there are {there}{hint}")


def words(cells: "Cells") -> list[str | None]:
    """Each cell as text, None where it is empty; whole numbers without a point, however they were read."""
    found = [None if missing else cell for cell, missing in zip(cells.tolist(), cells.isna(), strict=True)]
    strange = [cell for cell in found if isinstance(cell, list | tuple | dict | bytes | np.ndarray)]
    if strange:
        raise InputError(
            f"data: the column {cells.name!r} holds cells of type {type(strange[0]).__name__}; a cell is a number, a "
            f"word or a truth value; leave it out with {typed('data.ignore', [str(cells.name)])}"
        )
    return [None if cell is None else _word(cell) for cell in found]


def texts(cells: "Cells") -> list[str | None]:
    """As `words`, with the blanks around them, which some tokenizers count; None where a cell holds nothing else."""
    return [
        cell if isinstance(cell, str) and word is not None else word
        for cell, word in zip(cells.tolist(), words(cells), strict=True)
    ]


def with_blanks(table: "Table", name: str, path: Path, missing: Collection[str]) -> "Table":
    """A table that was read of a file, with a column of texts as it is written there: with blanks after a comma."""
    import pandas as pd

    if path.suffix.lower() != ".csv" or name not in table.columns:
        return table
    written = pd.read_csv(
        path, encoding="utf-8-sig", dtype="str", keep_default_na=False, na_values=["", *missing],
        usecols=lambda own: str(own).strip() == name,
    ).iloc[:, 0]  # fmt: skip
    # A text in quotes behind a blank is told from its quotes only where blanks are skipped.
    same = len(written) == len(table) and words(written) == words(table[name])
    return table.assign(**{name: written}) if same else table


def _word(cell: Any) -> str | None:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip() or None


def numbers(cells: "Cells", key: str) -> Array:
    """Each cell as a number, (rows,), NaN where it is empty or infinite.

    Raises:
        InputError: for a cell that holds something else.
    """
    import pandas as pd

    parsed = np.asarray(pd.to_numeric(cells, errors="coerce"), np.float64)
    wrong = np.isnan(parsed) & ~cells.isna().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        name, cell = row_name(cells.index[row]), cells.iloc[row]
        raise InputError(f"data.{key}: the column {cells.name!r} holds numbers, but in {name} it is {shown(cell)}")
    require_exact(cells.to_numpy(), parsed, f"data.{key}: the column {cells.name!r}")
    return np.where(np.isfinite(parsed), parsed, np.nan)


def require_exact(cells: Array, numbers: Array, where: str) -> None:
    """Raises InputError where float64 moves a whole number of 64 bits, such as a count or a code: beyond 2^53 only some
    of them are left. One beyond 64 bits is a size, of which 16 digits are enough.

    `cells`: (rows,) as they were given, whole numbers or words for them; `numbers`: (rows,) the same in float64."""
    for row in np.flatnonzero((np.abs(numbers) >= _WHOLE) & np.isfinite(numbers)):
        word, kept = str(cells[row]).strip(), int(numbers[row])
        if abs(kept) <= _LARGEST and _WHOLE_NUMBER(word) and int(word) != kept:
            raise InputError(
                f"{where} holds {word}, which is {kept} in the 53 bits of a number; give it less its smallest value, "
                "or as words where it counts nothing"
            )


_WHOLE, _LARGEST = 1 << 53, 1 << 64
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,400}").fullmatch


def shown(value: Any) -> str:
    """A value in a message: a cell may be longer than a reader wants."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def require_no_marks(cells: "Cells", found: Collection[str], key: str) -> None:
    """Raises InputError for a column of numbers in which the words `found` beside them are marks of what is missing:
    nothing says whether they are."""
    marks = sorted({word for word in found if not is_number_word(word)})
    numeric = sum(map(is_number_word, found))
    if marks and 2 * numeric > len(found) and all(mark.casefold() in _MARKS for mark in marks):
        raise InputError(
            f"data.{key}: the column {cells.name!r} holds numbers in {numeric} of {len(found)} rows, and else "
            f"{', '.join(marks)}; if these are missing, {typed('data.missing_values', marks)} says so, and if they "
            f"are values, {typed('data.categories', [str(cells.name)])}"
        )


_MARKS = frozenset({"na", "n/a", "#n/a", "nan", "null", "none", "nil", "missing", "unknown", "-", "--", "?", "."})


def is_number(cells: "Cells") -> bool:
    """Whether the column was read as numbers."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(cells) and not is_bool_dtype(cells)


def is_truth(cells: "Cells") -> bool:
    """Whether the column was read as truth values."""
    from pandas.api.types import is_bool_dtype

    return is_bool_dtype(cells)


def as_plain(cells: "Cells") -> "Cells":
    """Of a column of objects or of pandas' categories the values, in the type that they have themselves."""
    import pandas as pd

    own = cells.cat.categories.to_series() if isinstance(cells.dtype, pd.CategoricalDtype) else cells
    return own.infer_objects()


def is_number_word(word: str) -> bool:
    """Whether a table reads it as a number: Python would take digits of any script, and _ between them."""
    try:
        float(word)
    except ValueError:
        return False
    return word.isascii() and "_" not in word and not isnan(float(word))


def is_code(word: str) -> bool:
    """Whether it is written as 01 is, with a zero in front that no number needs."""
    return word.isascii() and word.isdigit() and len(word) > 1 and word[0] == "0"


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
        guessed, why = task_of(known)
        if order:
            guessed, why = "classification", "a classification, because its classes are given"
        task, why = (guessed, why) if task == "auto" else (task, f"a {task}, as the config says")
        if task == "regression":
            measured = numbers(known, "label")
            if len(measured) > 1 and len(np.unique(measured[np.isfinite(measured)])) < 2:
                raise InputError(
                    f"data.label: the column {name!r} is {measured[0]:g} in every row; nothing can be learned"
                )
            return cls(name=name, task=task, why=why)
        classes = _ordered(set(filter(None, words(known))))
        if order and (strange := [value for value in classes if value not in order]):
            raise InputError(
                f"data.classes: the column {name!r} holds {', '.join(strange[:_FEW])}, but the classes are "
                f"{', '.join(order)}; give all values in the order of the outputs of the model"
            )
        if len(classes) < 2:
            raise InputError(
                f"data.label: the column {name!r} is {shown(classes[0])} in every row; it needs two classes"
            )
        if 2 * len(classes) > len(known):
            raise InputError(
                f"data.label: the column {name!r} has {len(classes)} different values in {len(known)} rows, too "
                "many for classes; name another column, or give data.task=regression for numbers"
            )
        return cls(name=name, task=task, why=why, classes=tuple(order) or classes)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold them."""
        return (self.name,)

    def measured(self, table: "Table", key: str) -> Array:
        """(rows,) of the column of their name; NaN in a file without it."""
        return self.values(table[self.name], key) if self.name in table.columns else np.full(len(table), np.nan)

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


def task_of(known: "Cells") -> tuple[Task, str]:
    """What the values of a label ask for, and why."""
    if not is_number(known):
        return "classification", "a classification, because the column holds words"
    values = np.unique(known.to_numpy(np.float64))
    values = values[np.isfinite(values)]
    if len(values) <= _FEW and (values == np.round(values)).all():
        return (
            "classification",
            f"a classification, because the column holds only {len(values)} different whole numbers",
        )
    return "regression", "a regression, because the column holds numbers"


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
    splits = np.array([(word or "").lower() for word in words(cells)])
    if strange := sorted(set(splits.tolist()) - {"train", "test"}):
        raise InputError(f"data.split: the column {cells.name!r} holds {strange[0]!r}; only train and test are known")
    return splits.astype("U7")
