"""A fitted model of whole columns as a model that can be explained: the numbers of the data become a pandas frame again
before it predicts, so that whatever replaces a number replaces a column."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar

import numpy as np

from exhibit.tasks.models.callable import CallableModel, flat
from exhibit.tasks.models.fitted import Fitted, Scale, Whole, softmax
from exhibit.tasks.protocols import Capability, Compute, Contributions
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.data import Dataset, TableColumn
from exhibit.tasks.records.model import OutputKind
from exhibit.tasks.records.override import typed, typed_by_name
from exhibit.tasks.records.shown import said_by, with_quotes


class ColumnsModel(CallableModel):
    """`fitted` over the `columns` of all inputs side by side.

    Of two classes both have an output: 1 − p and p, or their log-odds −m and m.
    """

    gives: ClassVar[frozenset[Capability]] = frozenset({"predictions", "trees"})

    def __init__(self, fitted: Fitted, columns: Sequence[TableColumn], output: OutputKind, compute: Compute) -> None:
        self._fitted, self._columns, self.estimator = fitted, as_known(fitted, columns), fitted.item
        self._scale: Scale = _SCALES[output]
        super().__init__(self._predict, output, compute)

    def _predict(self, inputs: Arrays) -> Array:
        return self._both(self._fitted.predict(self._whole(inputs), self._scale))

    def contributions(self, inputs: Arrays, background: Arrays | None) -> Contributions | None:
        """As its own library gives them.

        Raises:
            InputError: without a background, of what trees do not add up to.
        """
        if background is not None:
            found = self._fitted.against(self._whole(inputs), self._whole(background), self._scale)
        else:
            found = self._fitted.along_the_paths(self._whole(inputs))
            if found is not None and self.output == "probabilities":
                raise InputError(
                    "background: without one the trees are explained as they add up, to log-odds; give "
                    "model.output=logits, or a number of rows"
                )
        if found is None:
            if self.output == "probabilities" and self._fitted.trees() is not None:
                raise InputError(
                    "tree_shap: boosted trees of more than two classes add up to logits, and no share of a tree in "
                    "their probabilities is known; give model.output=logits, or use kernel_shap"
                )
            return None
        values = self._both(np.asarray(found, np.float64), shares=self.output == "probabilities")
        return Contributions(values[:, :-1], values[:, -1])

    def _both(self, found: Array, *, shares: bool | None = None) -> Array:
        """(..., outputs), where one of two classes is all that there is the other one beside it. `shares`: of
        contributions to probabilities, which mirror each other but for the expected value."""
        if found.shape[-1] > 1 or self.output in ("values", "chances"):
            return found
        other = 1 - found if self.output == "probabilities" and shares is None else -found
        if shares:
            other[:, -1] += 1
        return np.concatenate([other, found], axis=-1)

    def _whole(self, inputs: Arrays) -> Whole:
        return Whole(flat(inputs).astype(np.float64, copy=False), self._columns)


_SCALES: dict[OutputKind, Scale] = {
    "log_odds": "logits",
    "logits": "logits",
    "chances": "probabilities",
    "probabilities": "probabilities",
    "values": "values",
}


def columns_of(dataset: Dataset) -> tuple[TableColumn, ...]:
    """What its columns are to a fitted model: as they came, or as the data gives them, all numbers."""
    found: list[TableColumn] = []
    for item in dataset.inputs:
        plain = tuple(TableColumn(name=name.partition(" (")[0], kind="number") for name in item.features)
        found += item.whole or plain
    return tuple(found)


def as_known(fitted: Fitted, columns: Sequence[TableColumn]) -> tuple[TableColumn, ...]:
    """The columns with their categories as words, numbers or truth values: as the model knows them where it tells its
    own, for a file does not say whether it was fitted on 1, "1" or True."""
    known = fitted.known(columns)
    return tuple(_in_its_type(column, known.get(place, ())) for place, column in enumerate(columns))


def _in_its_type(column: TableColumn, known: Collection[Any]) -> TableColumn:
    if not known or column.kind == "number":
        return column
    categories = column.categories or ("False", "True")
    plain = column.model_copy(update={"kind": "category", "categories": categories, "counted": False, "truths": False})
    told = [column] if column.kind == "category" else [plain.model_copy(update={"truths": True})]
    told += [plain, *(plain.model_copy(update={flag: True}) for flag, fits in _TYPES.items() if fits(categories))]
    found = max(told, key=lambda one: sum(word in known for word in Whole.words(one)))
    return column if found is told[0] else found


def _are_numbers(categories: Sequence[str]) -> bool:
    """Whether they are written as numbers are, which 01 is not."""
    try:
        return all(str(int(word)) == word for word in categories)
    except ValueError:
        return False


_TYPES: dict[str, Callable[[Sequence[str]], bool]] = {
    "counted": _are_numbers,
    "truths": lambda categories: set(categories) <= {"False", "True"},
}


def require_these(fitted: Fitted, dataset: Dataset, where: str) -> None:
    """Raises InputError where the columns of the data are not those of the model, in its order."""
    names, there = fitted.wanted.names, [column.name for column in columns_of(dataset)]
    if names and [name.replace("_", " ") for name in names] != [name.replace("_", " ") for name in there]:
        raise InputError(
            f"{where}: the {fitted.framework} model was fitted on the columns {', '.join(with_quotes(names[:10]))}, "
            f"and the data gives {', '.join(with_quotes(there[:10]))}; give it those that it was fitted on, in that "
            "order, by these names"
        )


def kind_of_logits(fitted: Fitted, dataset: Dataset, where: str) -> OutputKind:
    """What a classifier adds up to: one number, the log-odds of the second of two classes, or one for each class,
    which of two classes is the logit of a softmax.

    Raises:
        InputError: where its probabilities are not those of what it adds up to, as where these were calibrated, or
            belong to another loss than that of log-odds: what it adds up to would be called by a wrong name.
    """
    some = dataset.take(np.arange(min(_TRIED, len(dataset.labels))))
    columns = as_known(fitted, columns_of(some))
    table = Whole(flat(some.arrays).astype(np.float64, copy=False), columns)
    logits, shares = (np.asarray(fitted.predict(table, scale), np.float64) for scale in _OF_CLASSES)
    each = 1 / (1 + np.exp(-logits))
    read = [each] if logits.shape[1] == 1 else [softmax(logits), each, each / each.sum(axis=1, keepdims=True)]
    known = shares[:, -1:] if logits.shape[1] == 1 else shares
    if not any(one.shape == known.shape and np.allclose(one, known, rtol=0, atol=_CLOSE) for one in read):
        raise InputError(
            f"{where}: what the {type(fitted.item).__name__} adds up to is no logit of its probabilities, which are "
            "made of it in another way; leave model.output at auto, which takes the probabilities"
        )
    return "log_odds" if logits.shape[1] == 1 else "logits"


_TRIED, _CLOSE = 8, 1e-4
_OF_CLASSES: tuple[Scale, Scale] = ("logits", "probabilities")


def require_known(fitted: Fitted, dataset: Dataset, where: str) -> None:
    """Raises InputError for a column of which the model knows less than half of the values, or knows one by another
    spelling or type, as with blanks around it: it would take them for unseen categories, often without a word."""
    columns = as_known(fitted, columns_of(dataset))
    known = fitted.known(columns)
    if not known:
        return
    frame = Whole(flat(dataset.arrays).astype(np.float64, copy=False), columns).frame()
    for place, categories in known.items():
        cells, own = frame.iloc[:, place].dropna().tolist(), set(categories)
        spellings = {str(one).strip() for one in own}
        strange = [cell for cell in cells if cell not in own]
        emptied = "" in spellings and len(cells) < len(frame)  # the data takes blank words for gaps
        if read_as_missing := sorted({str(cell) for cell in strange} & _MISSING_TO_PANDAS):
            raise InputError(
                f"{where}: the column {columns[place].name!r} holds {', '.join(map(repr, read_as_missing))}, which the "
                f"{fitted.framework} model does not know; pandas reads such words of a file as missing, so say that "
                f"they are: {typed('data.missing_values', read_as_missing)} of a table, None in a frame"
            )
        if emptied or 2 * len(strange) > len(cells) or any(str(cell).strip() in spellings for cell in strange):
            there, asked = (
                ", ".join(repr(one) for one in list(dict.fromkeys(given))[:6]) for given in (cells, categories)
            )
            raise InputError(
                f"{where}: cells of the column {columns[place].name!r} are unknown to the {fitted.framework} model, "
                f"which knows the categories {asked}, and is given {there}; blanks around words and the types "
                "of cells count, so fit it on cells as the data gives them"
            )


# What `pandas.read_csv` takes for missing unless told otherwise (na_values, keep_default_na).
_MISSING_TO_PANDAS = frozenset(
    ("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
     "NULL", "NaN", "None", "n/a", "nan", "null")
)  # fmt: skip


def require_order(own: tuple[str, ...], dataset: Dataset, where: str) -> None:
    """Raises InputError for a classifier that knows its classes as `own`: as those of the data in another order, or as
    others of which nothing says which is which; numbers that are no classes of the data count these in their order."""
    values = tuple(dataset.scheme.get("labels", {}).get("classes", ())) or dataset.classes
    if len(own) != len(values) or own in (values, dataset.classes):
        return
    there = f"{where}: the outputs of the model are {', '.join(own)}, and the classes of the data are"
    for known in (values, dataset.classes):
        if set(own) == set(known):
            raise InputError(
                f"{there} {', '.join(known)}; give the data labels in these words and in the order of the outputs: "
                f'{typed("data.classes", own)} for a table, or "classes" in what a function gives'
            )
    if not set(own) & set(values) and all(map(_counts, own)):
        return
    named = ""
    if values == tuple(map(str, range(len(own)))):
        mapping = typed_by_name("data.classes", dict(zip(values, own, strict=True)))
        named = f', or where they count these in this order {mapping} for a table, or that list as "classes" elsewhere'
    raise InputError(
        f"{there} {', '.join(values)}, and nothing says which is which; give the data labels that the model knows"
        f"{named}"
    )


def _counts(word: str) -> bool:
    """Whether a class is a number or a truth value."""
    try:
        float(word)
    except ValueError:
        return word in ("False", "True")
    return True


def failure(error: Exception, dataset: Dataset) -> str:
    """Why a fitted model did not predict, in a clause, and what to do where that is for want of values."""
    said = f"{type(error).__name__}, {said_by(error)[:300]}".rstrip("., ")
    lacking = {
        item.features[k]: int(count)
        for item in dataset.inputs
        if item.values.dtype.kind == "f" and item.traits.named
        for k, count in enumerate(np.isnan(item.array).sum(axis=0))
        if count
    }
    if not lacking:
        return said
    told = ", ".join(f"{name} in {count:,}" for name, count in list(lacking.items())[:6])
    return (
        f"{said}; of {len(dataset.labels):,} rows some lack a value ({told}), so "
        "data.missing=exclude, mean, median, constant or category says what becomes of them"
    )
