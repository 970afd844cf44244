"""Rows of a file of the user's own: cells, labels, what is held out, and what cannot be used."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from math import isnan
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from unicodedata import category, normalize

import numpy as np

from exhibit.tasks.records.base import Array, InputError, Record
from exhibit.tasks.records.data import Excluded
from exhibit.tasks.records.language import Message, mark, say
from exhibit.tasks.records.near import is_or_are
from exhibit.tasks.records.override import typed, typed_by_name

if TYPE_CHECKING:
    import pandas as pd

    Cells = pd.Series[Any]
    Table = pd.DataFrame

Task = Literal["classification", "regression"]
FEW_CLASSES = 10  # different whole numbers that are taken for classes


def require_columns(table: "Table", wanted: Iterable[str], sentence: str) -> None:
    """Raises InputError where a column is not in the table; `sentence`: what is said of it, which stands in for {}."""
    if missing := [name for name in wanted if name not in table.columns]:
        there = [str(name) for name in table.columns]
        cut = [name for name in there if "," in name and missing[0] in map(str.strip, name.split(","))]
        hint = f"; a name with a comma stands in quotes: {typed('KEY', cut[0])}" if cut else ""
        raise InputError(f"{sentence.format(', '.join(missing))}; there {is_or_are(there)} {', '.join(there)}{hint}")


def words(cells: "Cells") -> list[str | None]:
    """Each cell as text, None where it is empty: as somebody would write it, whole numbers without a point, however
    they were read, those of 32 bits without the digits of 64, and dates without a time where none has one."""
    found = [None if missing else cell for cell, missing in zip(_written(cells), cells.isna(), strict=True)]
    strange = [cell for cell in found if isinstance(cell, list | tuple | dict | bytes | np.ndarray)]
    if strange:
        raise InputError(
            f"data: the column {cells.name!r} holds cells of type {type(strange[0]).__name__}; a cell is a number, a "
            f"word or a truth value; leave it out with {typed('data.ignore', [str(cells.name)])}"
        )
    return [None if cell is None else _word(cell) for cell in found]


def as_written(cells: "Cells") -> "Cells":
    """Numbers of 16 or 32 bits as somebody wrote them: 0.1, not the 0.10000000149 that 64 bits make of them."""
    import pandas as pd

    known = cells.dropna().to_numpy()
    if known.dtype not in (np.float16, np.float32):
        return cells
    found = np.full(len(cells), np.nan)
    found[cells.notna().to_numpy()] = [float(str(cell)) for cell in known]
    return pd.Series(found, cells.index, name=cells.name)


def _written(cells: "Cells") -> list[Any]:
    """Cells as they are to be written, also where they are missing."""
    import pandas as pd

    if isinstance(cells.dtype, pd.CategoricalDtype):
        names = [*_written(pd.Series(cells.cat.categories)), None]
        return [names[code] for code in cells.cat.codes]
    known = cells.dropna()
    if pd.api.types.is_datetime64_any_dtype(cells.dtype) and (known.dt.normalize() == known).all():
        return [cell if cell is pd.NaT or cell is pd.NA else cell.date() for cell in cells.tolist()]
    return as_written(cells).tolist()


def texts(cells: "Cells") -> list[str | None]:
    """As `words`, with the blanks around them, which some tokenizers count; None where a cell holds nothing else."""
    return [
        cell if isinstance(cell, str) and word is not None else word
        for cell, word in zip(cells.tolist(), words(cells), strict=True)
    ]


def _word(cell: Any) -> str | None:
    whole = isinstance(cell, float | np.floating) and cell.is_integer()
    return str(int(cell)) if whole else str(cell).strip() or None


def numbers(cells: "Cells", key: str, what: str = "holds numbers") -> Array:
    """Each cell as a number, (rows,), NaN where it is empty or infinite. `what`: why the column has to hold these.

    Raises:
        InputError: for a cell that holds something else.
    """
    import pandas as pd

    parsed = np.asarray(pd.to_numeric(cells, errors="coerce"), np.float64)
    wrong = np.isnan(parsed) & ~cells.isna().to_numpy()
    if wrong.any():
        row = int(wrong.argmax())
        name, cell = row_name(cells.index[row]), cells.iloc[row]
        raise InputError(f"data.{key}: the column {cells.name!r} {what}, but in {name} it is {shown(cell)}")
    # Whole numbers of which some are missing are floats already where pandas makes an array of them.
    exact = cells.astype("object") if cells.dtype.kind in "iu" and cells.hasnans else cells
    require_exact(exact.to_numpy(), parsed, f"data.{key}: the column {cells.name!r}")
    return np.where(np.isfinite(parsed), parsed, np.nan)


def require_exact(cells: Array, numbers: Array, where: str) -> None:
    """Raises InputError where float64 moves a whole number of 64 bits, such as a count or a code: beyond 2^53 only some
    of them are left. One beyond 64 bits is a size, of which 16 digits are enough, unless two of them become one.

    `cells`: (rows,) as they were given, whole numbers or words for them; `numbers`: (rows,) the same in float64."""
    sizes: dict[int, str] = {}
    for row in np.flatnonzero((np.abs(numbers) >= WHOLE) & np.isfinite(numbers)):
        word, kept = str(cells[row]).strip(), int(numbers[row])
        if not _WHOLE_NUMBER(word) or int(word) == kept:
            continue
        other = word if abs(kept) <= LARGEST else sizes.setdefault(kept, word)
        if abs(kept) <= LARGEST or int(other) != int(word):
            which = f"{word}, which is" if other == word else f"{other} and {word}, which both are"
            raise InputError(
                f"{where} holds {which} {kept} in the 53 bits of a number; give it less its smallest value, "
                "or as words where it counts nothing"
            )


WHOLE, LARGEST = 1 << 53, 1 << 64  # where whole numbers begin to be moved, and where they are sizes
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,400}").fullmatch


def moved(cell: Any, value: float) -> bool:
    """Whether a whole number, as it is written in a cell, is another one as a float."""
    word = str(cell).strip()
    return bool(np.isfinite(value)) and bool(_WHOLE_NUMBER(word)) and int(word) != int(value)


def shown(value: Any) -> str:
    """A value in a message: a cell may be longer than a reader wants."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def require_one_spelling(found: Iterable[str], name: str, key: str) -> None:
    """Raises InputError where two words of a column are the same to a reader, with accents as letters of their own or
    not, with signs that are not seen, or with other blanks: nothing says that they are two."""
    seen: dict[str, str] = {}
    for word in found:
        other = seen.setdefault(to_a_reader(word), word)
        if other != word:
            codes = [" ".join(f"U+{ord(one):04X}" for one in text if not one.isascii()) for text in (other, word)]
            ways = [f"with {code}" for code in codes] if all(codes) else [ascii(other), ascii(word)]
            raise InputError(
                f"data.{key}: the column {name!r} writes {to_a_reader(word)!r} in two ways, {' and '.join(ways)}, "
                "which look the same; write it in one"
            )


def to_a_reader(word: str) -> str:
    """How it looks: signs that are not seen say nothing, unless they join letters, and any blank is a blank."""
    if not word.isascii():
        word = "".join(one for one in normalize("NFC", word) if one in _JOINING or category(one) != "Cf")
    return " ".join(word.split())


_JOINING = frozenset("\u200c\u200d")


def require_no_marks(cells: "Cells", found: Collection[str], key: str, way: str) -> None:
    """Raises InputError for a column of numbers in which the words `found` beside them are marks of what is missing:
    nothing says whether they are. `way`: what says that they are values."""
    marks = sorted({word for word in found if not is_number_word(word)})
    numeric = sum(map(is_number_word, found))
    if marks and 2 * numeric > len(found) and all(mark.casefold() in _MARKS for mark in marks):
        raise InputError(
            f"data.{key}: the column {cells.name!r} holds numbers in {numeric} of {len(found)} rows, and else "
            f"{', '.join(marks)}; if these are missing, {typed('data.missing_values', marks)} says so, and if they "
            f"are values, {way}"
        )


def require_no_failures(cells: "Cells", found: Sequence[str], key: str, way: str) -> None:
    """Raises InputError for a word that a spreadsheet writes where it could compute no value: it is none, and no name.
    `found`: the words of the cells, (rows,); `way`: what says that it is a name after all."""
    failed = [(row, word) for row, word in zip(cells.index, found, strict=True) if word.upper() in _FAILURES]
    if failed:
        row, word = failed[0]
        raise InputError(
            f"data.{key}: the column {cells.name!r} holds {word} in {row_name(row)}, which a spreadsheet writes where "
            f"it can compute no value; correct it, or, if it is missing, say "
            f"{typed('data.missing_values', sorted({word for _, word in failed}))}, and if it is a value, {way}"
        )


def require_plain_numbers(cells: "Cells", found: Sequence[str], key: str, way: str) -> None:
    """Raises InputError for a column of nothing but numbers of which some are written in a way that is not read: with
    a comma, a minus of another sign, thousands apart, in per cent or in a currency, in brackets, in quotes, as a
    program or a spreadsheet writes them, in digits of another script or width, with signs that are not seen, or as
    smaller or larger than one among others. They would be names of categories, which have no size.

    `found`: the words of the cells, (rows,); `way`: what says that they are names."""
    others = [word for word in set(found) if not is_number_word(word)]
    plain = len(others) < len(set(found))
    if others and all(_is_otherwise(word) or (plain and _LIMIT(word)) for word in others):
        place = next(place for place, word in enumerate(found) if word in others)
        raise InputError(
            f"data.{key}: the column {cells.name!r} holds numbers, but in {row_name(cells.index[place])} it is "
            f"{shown(str(cells.iloc[place]).strip())}; write it as -0.5 is, with a point, a hyphen for minus and no "
            f"other sign, or, if these are names, say {way}"
        )


def _is_otherwise(word: str) -> bool:
    word = word if word.isascii() else "".join("$" if category(one) == "Sc" else one for one in word).replace("％", "%")
    if word.isascii() or _OTHERWISE(word):
        return bool(_OTHERWISE(word) or _AS_A_PROGRAM(word))
    seen = "".join(one for one in word if category(one) != "Cf")
    return bool(_DIGITS(seen) or is_number_word(seen) or _AS_A_PROGRAM(seen))


_LAKHS = r"[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]+)?"  # as in India
_GROUPED = (
    rf"(?:[0-9]{{1,3}}(?:[.,'’ _\u00a0\u2007\u2009\u202f][0-9]{{3}})+(?:[.,][0-9]+)?|{_LAKHS})"  # thousands apart
)
_SIZE = rf"(?:{_GROUPED}|[0-9]+(?:[.,][0-9]+)?)"
_MONEY = (  # each sign of a currency is $ here
    r"(?:(?:US|R|C|CA|A|AU|NZ|HK|S)?\$|EUR|USD|GBP|JPY|CHF|CNY|RMB|INR|KRW|CAD|AUD|SEK|NOK|DKK|PLN|CZK|BRL|Fr\.|Rs\.?|kr\.?"
    r"|Kč|zł|[万萬億亿]?(?:円|圓|元|원))"
)
_OTHERWISE = re.compile(
    rf"[+\-−]?[0-9]+,[0-9]+|−{_SIZE}|[+-]?{_SIZE} ?(?:[%‰]|{_MONEY})|[+-]?{_GROUPED}|[+-]?{_MONEY} ?[+-]?{_SIZE}"
    rf"|\({_SIZE}\)|{_SIZE}-"
).fullmatch
_LIMIT = re.compile(rf"[<>≤≥~≈]=? ?{_SIZE}").fullmatch
_DIGITS = re.compile(r"[+\-−＋－]?\d+(?:[,，٬]\d{3})*(?:[.,．，٫]\d+)?").fullmatch  # of any script
# Of another base, with an exponent that no table reads, in quotes, or as a text or a formula of a spreadsheet.
_DECIMAL = r"[+-]?(?:[0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)"
_AS_A_PROGRAM = re.compile(
    rf"[+-]?0(?:x[0-9a-f]+(?:\.[0-9a-f]*)?(?:p[+-]?[0-9]+)?|b[01]+|o[0-7]+)|[+-]?[0-9]*[.,][0-9]*[ed][+-]?[0-9]+"
    rf"|[+-]?[0-9]+d[+-][0-9]+|{_DECIMAL} ?[x×*·] ?10(?:\^[+-]?|[+-])[0-9]+|10\^[+-]?[0-9]+"
    rf"|(?P<quote>['\"]){_DECIMAL}(?P=quote)|[='’]{_DECIMAL}",
    re.IGNORECASE,
).fullmatch
_MARKS = frozenset(
    {"na", "n/a", "#n/a", "<na>", "nat", "n.a.", "nan", "null", "none", "nil", "missing", "unknown", "-", "--", "---"}
    | {"–", "—", "?", ".", "..", "...", "…", "*"}
    # In German, French, Spanish, Japanese and Chinese, and as spreadsheets in these write #N/A.
    | {"k.a.", "k. a.", "keine angabe", "n.v.", "unbekannt", "fehlt", "n.d.", "nd", "n/d", "inconnu", "desconocido"}
    | {"不明", "未知", "無回答", "未回答", "欠測", "欠損", "缺失", "#nv", "#n/d"}
)
_FAILURES = frozenset(
    {"#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!"}
    # In German, French, Spanish and Italian.
    | {"#WERT!", "#BEZUG!", "#ZAHL!", "#ÜBERLAUF!", "#DIV/0 !", "#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!"}
    | {"#¡DIV/0!", "#¡VALOR!", "#¡REF!", "#¿NOMBRE?", "#¡NUM!", "#¡NULO!", "#VALORE!", "#RIF!", "#NOME?", "#NULLO!"}
)


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


is_unnamed = re.compile(r"Unnamed: \d+(\.\d+)*").fullmatch  # as pandas calls a column without a heading


def numbers_rows(name: str, cells: "Cells") -> bool:
    """Whether a column is the index of a frame that was written with the file: without a heading, and with another
    whole number in each row. The rows may be some of a larger frame, in any order."""
    return bool(is_unnamed(name)) and cells.dtype.kind in "iu" and len(cells) > 1 and bool(cells.is_unique)


def numbers_steps(name: str, cells: "Cells", samples: "Cells") -> bool:
    """Whether a column is the index of frames that were put together, one for each of the `samples` (rows,): without a
    heading, and a step for each row of a sample, from any number on."""
    if not is_unnamed(name) or cells.dtype.kind not in "iu":
        return False
    place = samples.groupby(samples).cumcount()
    return bool(place.max() > 0 and (cells - place).groupby(samples).nunique().le(1).all())


def is_number_word(word: str) -> bool:
    """Whether a table reads it as a number: Python would take digits of any script, and _ between them."""
    try:
        float(word)
    except ValueError:
        return False
    return word.isascii() and "_" not in word and not isnan(float(word))


def is_code(word: str) -> bool:
    """Whether it is written as 01 is, with a zero in front that no number needs."""
    return len(word) > 1 and word[0] == "0" and word.isascii() and word.isdigit()


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
    why: Message = Message()
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
            there = [word for word in words(known) if word is not None]
            values = _ordered(set(there))
            way = typed("data.classes", values) if len(values) <= FEW_CLASSES else "data.classes lists all of them"
            way = way if task != "regression" else "they are no regression"
            require_no_marks(known, there, "label", way)
            require_no_failures(known, there, "label", way)
            if task == "auto" and not all(map(str.isdecimal, there)):  # whole ones of any script are classes
                require_plain_numbers(known, there, "label", "data.task=classification")
        if not len(known):
            raise InputError(f"data.label: the column {name!r} is empty in all {len(cells)} rows")
        guessed, why = task_of(known)
        if order:
            guessed, why = "classification", mark("a classification, because its classes are given")
        task, why = (guessed, why) if task == "auto" else (task, AS_THE_CONFIG_SAYS[task])
        if task == "regression":
            measured = numbers(known, "label")
            finite = np.unique(measured[np.isfinite(measured)])
            if len(measured) > 1 and len(finite) < 2:
                found = f"is {finite[0]:g} in every row" if len(finite) else "holds no finite number"
                found += " that holds a finite number" if 0 < np.isfinite(measured).sum() < len(measured) else ""
                raise InputError(f"data.label: the column {name!r} {found}; nothing can be learned")
            return cls(name=name, task=task, why=why)
        classes = _ordered(set(filter(None, words(known))))
        require_one_spelling(classes, name, "label")
        if order and (strange := [value for value in classes if value not in order]):
            names = len(classes) == len(order) and set(order).isdisjoint(classes) and all(map(is_number_word, classes))
            how = typed_by_name("data.classes", dict(zip(classes, order, strict=True))) if names else ""
            named = f", or {how} as what they are called" if names else ""
            raise InputError(
                f"data.classes: the column {name!r} holds {', '.join(strange[:FEW_CLASSES])}, but the classes are "
                f"{', '.join(order)}; give all values in the order of the outputs of the model{named}"
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
            found = numbers(cells, key)
            return np.where(np.isnan(found) & cells.notna().to_numpy(), np.inf, found)
        index = {name: float(number) for number, name in enumerate(self.classes)}
        return np.array([np.nan if word is None else index.get(word, -1.0) for word in words(cells)])

    def reason(self, value: float, *, required: bool) -> str | None:
        """Why a row with this value cannot be used; None where it can."""
        if np.isnan(value):
            return say("{column} is missing", column=self.name) if required else None
        if np.isinf(value):
            return say("{column} is infinite", column=self.name)
        unknown = bool(self.classes) and value < 0
        return say("{column} is a class that no row of the fit has", column=self.name) if unknown else None

    def scaled(self, training: Array) -> Self:
        """With the mean and the standard deviation of the values (rows,) of the training rows."""
        if self.task == "classification":
            return self
        training = np.where(np.isinf(training), np.nan, training)  # which is said where the rows are looked at
        with np.errstate(over="ignore", invalid="ignore"):
            centre, spread = float(training.mean()), float(training.std())
        if np.isinf(spread) or np.isinf(centre):  # divided by it, every row would be the same
            raise InputError(
                f"data.label: the column {self.name!r} holds {np.nanmax(np.abs(training)):.3g}, and the squares of "
                "such numbers, of which its standard deviation is made, are beyond "
                f"{np.finfo(np.float64).max:.3g}; give the column in another unit"
            )
        return self.model_copy(update={"centre": centre, "spread": spread or 1.0})


def task_of(known: "Cells") -> tuple[Task, str]:
    """What the values of a label ask for, and why."""
    import pandas as pd

    if not is_number(known):
        if isinstance(known.dtype, pd.CategoricalDtype):
            return "classification", mark("a classification, because the column holds categories")
        return "classification", mark("a classification, because the column holds words")
    values = np.unique(known.to_numpy(np.float64))
    values = values[np.isfinite(values)]
    if len(values) <= FEW_CLASSES and (values == np.round(values)).all():
        return (
            "classification",
            say(
                "a classification, because the column holds only {count} different whole numbers",
                count=str(len(values)),
            ),
        )
    return "regression", mark("a regression, because the column holds numbers")


AS_THE_CONFIG_SAYS = {
    "classification": mark("a classification, as the config says"),
    "regression": mark("a regression, as the config says"),
    "multi_label": mark("labels of which any may hold, as the config says"),
}


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
