"""Rows of the user's own as a dataset: those of a fit, and those to explain, read as the rows of the fit are."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, Self

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from exhibit.tasks.data.classes import categories_of
from exhibit.tasks.data.data import Data
from exhibit.tasks.data.files import digests, existing_file, require_text
from exhibit.tasks.data.grouping import GroupColumns, columns_of, groupings, require_groups
from exhibit.tasks.data.rows import Labels, Part, given_split, held_out, require_columns, row_ids, row_name, words
from exhibit.tasks.data.several import SeveralLabels
from exhibit.tasks.data.table_file import order_is_lost, read_table, with_categories
from exhibit.tasks.records.base import Array, InputError, Record, Words
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import (
    COMMA,
    Message,
    as_given,
    as_message,
    joined,
    mark_option,
    of_option,
    say,
    say_all,
)
from exhibit.tasks.records.near import is_or_are
from exhibit.tasks.records.shelf import Shelf

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells, Table


class Reader(Protocol):
    """How rows become values; it is learned from the rows of a fit, and reads all others alike."""

    def texts(self) -> Sequence[str]:
        """Columns whose cells are never read as numbers."""
        ...

    def checked(self, table: "Table", key: str) -> "Table":
        """The table, if its columns are those of the rows of the fit."""
        ...

    def encoded(self, table: "Table", key: str) -> tuple[Array, list[str | None]]:
        """Values (rows, ...), and for each row why it cannot be used, None where it can."""
        ...

    def scaled(self, training: Array) -> Self:
        """With what is known of the values of the training rows."""
        ...


def rows_of_the_fit(dataset: Dataset) -> Dataset:
    """All rows but those to explain: the same bytes whatever these are."""
    measured = dataset.take(dataset.split != "explain")
    known = measured.labelled.all()  # a background of a session has no labels

    def narrow(texts: Array) -> Array:
        """As wide as the longest text needs, which longer ones of other rows have changed."""
        return np.array(texts.tolist(), str) if texts.dtype.kind == "U" else texts

    return measured.model_copy(
        update={
            "inputs": tuple(item.model_copy(update={"values": narrow(item.array)}) for item in measured.inputs),
            "sample_ids": narrow(measured.sample_ids),
            "names": None if measured.names is None else narrow(measured.names),
            "labels": measured.labels.astype(np.int64) if dataset.classes and known else measured.labels,
            "split": narrow(measured.split),
            "excluded": (),
        }
    )


def _stated_order(cells: "Cells") -> tuple[str, ...]:
    """Of ordered categories of pandas, as a .parquet file keeps them; others may be in the order of the rows."""
    import pandas as pd

    return categories_of(cells) if isinstance(cells.dtype, pd.CategoricalDtype) and cells.dtype.ordered else ()


class Scheme(Record):
    """What rows to come are read by: it stands in the run as scheme.json."""

    labels: Labels | SeveralLabels
    reader: dict[str, Any]


def _missing_by_column(reasons: Sequence[str | None]) -> Message:
    """How many rows of the fit lack which column; nothing where none does."""
    lacking = " is missing"
    parts = [part for reason in reasons if reason is not None for part in reason.split("; ")]
    counts = Counter(part.removesuffix(lacking) for part in parts if part.endswith(lacking))
    if not counts:
        return Message()
    told = joined(
        [say("{column} in {count}", column=column, count=f"{count:,}") for column, count in counts.most_common(_TOLD)],
        COMMA,
    )
    if len(counts) > _TOLD:
        told = say("{columns} and {count} columns more", columns=told, count=str(len(counts) - _TOLD))
    return say("Missing are {columns} of {rows} rows, which are left out.", columns=told, rows=f"{len(reasons):,}")


_TOLD = 12  # columns in a sentence


def _one_alone(label: Any) -> Any:
    """A single column, of a list that names no other."""
    return label[0] if isinstance(label, list | tuple) and len(label) == 1 else label


LabelColumn = Annotated[str, BeforeValidator(_one_alone)]
LabelColumns = Annotated[str | tuple[str, ...], BeforeValidator(_one_alone)]


class RowsSpec(Data):
    """What tables and texts of the user's own have in common."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    path: Path | None = Field(None, description="a .csv or .parquet file: the rows that train and measure a model")
    label: LabelColumns | None = Field(description="column that is predicted")
    task: Literal["auto", "classification", "regression", "multi_label"] = Field(
        "auto",
        description="auto: a regression for numbers, unless they are at most ten different whole ones; multi_label: of "
        "several columns of 0 and 1 any may hold at once",
    )
    id: str | None = Field(None, description="column that names a row; null: row 0, row 1 and so on")
    split: str | None = Field(None, description="column that says train or test; null: a share is held out at random")
    test_share: float = Field(0.2, ge=0, lt=1, description="held out, of each class alike; 0: nothing")
    seed: int = Field(0, ge=0, lt=2**32, description="of what is held out")
    explain: Path | None = Field(
        None, description="explain the rows of this file instead: same columns, label optional"
    )
    scheme: Path | None = Field(
        None, description="scheme.json of a run, in the place of `path`: for weights that were trained before"
    )
    units: Words = Field(default_factory=dict, description="of columns that hold numbers")
    names: Words = Field(default_factory=dict, description="what a reader calls a column")
    classes: Words | tuple[str, ...] = Field(
        default_factory=dict,
        description="what a reader calls a value of the label; or a list of all values in the order of the outputs of "
        "a model of your own, without which they are in the order of numbers or letters; of labels 0, 1, 2 a list of "
        "their names",
    )
    missing_values: tuple[str, ...] = Field(
        (), description="what stands in a cell for nothing; an empty cell always does, NA and None are values else"
    )
    groups: GroupColumns = Field(
        (),
        description="columns by which results and explanations are told apart, as [sex, {age: [25, 40, 60]}]: each "
        "value is a group, numbers between ends of ranges; features or not, they change nothing of the model",
    )
    title: str = mark_option("Rows")
    source: str = Field(mark_option("rows of the user's own"), description="whose rows these are, for the report")

    @model_validator(mode="after")
    def _rows_or_scheme(self) -> Self:
        if (self.path is None) == (self.scheme is None):
            raise ValueError(
                "give either path (a file of rows) or, in its place, scheme (the scheme.json of an earlier run)"
            )
        if self.path is None and self.explain is None:
            raise ValueError("explain: without path, a file of rows to explain must be given")
        return self

    @abstractmethod
    def learned(self, table: "Table") -> Reader:
        """How rows are read, learned from those of a fit.

        Raises:
            InputError: for rows that cannot be used.
        """

    @abstractmethod
    def known(self, plain: dict[str, Any]) -> Reader:
        """How rows are read, from a scheme."""

    @abstractmethod
    def input(self, reader: Any, values: Array) -> Input:
        """What the model takes."""

    @abstractmethod
    def described(self, reader: Any, values: Array) -> str:
        """A sentence about the input, whose `values` these are."""

    def filled(self, _reader: Any, _values: Array) -> str:
        """What became of cells without a value in the rows of the fit that are used, in a sentence; empty where there
        are none."""
        return ""

    def counted(self, dataset: Dataset, tables: "Sequence[Table]") -> dict[str, Any]:
        """What else a dataset says where its rows do not all count alike; `tables`: the rows of it, file by file.

        Raises:
            InputError: for weights that rows cannot have.
        """
        del dataset, tables
        return {}

    @abstractmethod
    def _texts(self) -> Sequence[str]:
        """Columns whose cells are never read as numbers, before anything is learned."""

    def rows(self, path: Path, key: str, texts: Sequence[str]) -> "Table":
        """The rows of a file, one for each sample. `texts`: columns whose cells are never read as numbers."""
        table = read_table(path, key, texts, self.missing_values, self.limits, {*self._asked()})
        return with_categories(table, path, self._may_be_categories(table))

    def _asked(self) -> Sequence[str]:
        """The columns that are named, and are to be found."""
        by = (one.column for one in columns_of(self.groups))
        return [*self.labels, *by, *filter(None, [self.id, self.split])]

    def _may_be_categories(self, _: "Table") -> Collection[str]:
        """The columns whose numbers are names where the file says so."""
        return self.labels

    def files(self) -> dict[str, Path]:
        """Every file that the data is read from, by its key.

        Raises:
            InputError: for a file that is not there.
        """
        wanted = {"path": self.path, "scheme": self.scheme, "explain": self.explain}
        what = {"path": "put the rows there", "scheme": "put scheme.json of a run there", "explain": "put rows there"}
        return {
            key: existing_file(path, key, what[key], self.limits) for key, path in wanted.items() if path is not None
        }

    def spec_with_digests(self) -> dict[str, Any]:
        """The spec, with digests of the files in the place of where they are."""
        return self.model_dump(mode="json", exclude={*self.about}) | digests(self.files())

    def load(self, _: Shelf) -> Dataset:
        """The rows of the fit that can be used, and after them those that are to be explained; the others are listed in
        `excluded` with the reason.

        Raises:
            InputError: for files or columns that are not there or cannot be used.
        """
        return self._loaded(self.learned)

    def _loaded(self, learned: "Callable[[Table], Reader]") -> Dataset:
        """As `load`, read as is `learned` from the rows of the fit."""
        files, parts, tables = self.files(), [], []
        if "path" in files:
            table = self.rows(files["path"], "path", self._texts())
            for key, names in {"label": self.labels, "id": [self.id], "split": [self.split]}.items():
                require_columns(table, filter(None, names), f"data.{key}: there is no column {{}}")
            require_groups(table, self.groups, self.labels)
            labels = self._labels(table)
            reader: Any = learned(table)
            self._require_named(table, reader, labels)
            part, values = self._part(table, "path", labels, reader)
            training = part.split[part.usable] == "train"
            if self.label is not None and not training.any():
                raise InputError("data.split: none of the usable rows has the split train; at least one must")
            if training.any():
                labels, reader = labels.scaled(part.labels[part.usable][training]), reader.scaled(values[training])
            parts.append((part, values))
            tables.append(table[part.usable])
        else:
            labels, reader = self._from_scheme(files["scheme"])
        if "explain" in files:
            texts = [*reader.texts(), *filter(None, [self.id])]
            table = reader.checked(self.rows(files["explain"], "explain", texts), "explain")
            require_groups(table, self.groups, self.labels, " in data.explain")
            parts.append(self._part(table, "explain", labels, reader))
            tables.append(table[parts[-1][0].usable])
        dataset = self._dataset(labels, reader, parts)
        return dataset.model_copy(update={"groupings": groupings(self.groups, tables)} | self.counted(dataset, tables))

    def fitted(self, dataset: Dataset) -> Dataset | None:
        """The rows that train and measure a model: the same bytes whatever is to be explained."""
        return rows_of_the_fit(dataset)

    def _from_scheme(self, path: Path) -> tuple[Labels | SeveralLabels, Reader]:
        require_text(path, "scheme")
        try:
            scheme = Scheme.model_validate_json(path.read_bytes())
            reader = self.known(scheme.reader)
        except ValidationError as problem:
            raise InputError(
                f"data.scheme: {path.name} is not a scheme.json that a run on this kind of data has written"
            ) from problem
        if self.labels not in (scheme.labels.columns, ()):
            raise InputError(
                f"data.label: {', '.join(map(repr, self.labels))} was given, but {path.name} is for the label "
                f"{', '.join(map(repr, scheme.labels.columns))}"
            )
        return scheme.labels, reader

    def _part(self, table: "Table", key: str, labels: Labels | SeveralLabels, reader: Reader) -> tuple[Part, Array]:
        """The rows of one file, and the values of those that can be used.

        Raises:
            InputError: where none can.
        """
        explained = key == "explain" or self.label is None
        first = "given" if key == "explain" else "row"
        ids = row_ids(table, self.id, [row_name(row, first) for row in range(len(table))], key)
        values, reasons = reader.encoded(table, key)
        measured = np.full(len(table), np.nan) if self.label is None else labels.measured(table, key)
        reasons = [
            joined([reason or "", labels.reason(label, required=not explained) or ""]) or None
            for reason, label in zip(reasons, measured, strict=True)
        ]
        usable = np.array([reason is None for reason in reasons])
        if not usable.any():
            raise InputError(f"data.{key}: none of {len(table)} rows can be used, the first because {reasons[0]}")
        split = np.full(len(table), "explain")
        if not explained:
            split[usable] = self._split(table[usable], measured[usable], labels)
        return Part(key, ids, reasons, measured, split), values[usable]

    @property
    def labels(self) -> tuple[str, ...]:
        """The columns that are predicted."""
        return (self.label,) if isinstance(self.label, str) else self.label or ()

    def _labels(self, table: "Table") -> Labels | SeveralLabels:
        """What the labels of the rows of the fit are.

        Raises:
            InputError: for columns that cannot be predicted so.
        """
        if twice := [name for name in self.labels if self.labels.count(name) > 1]:
            raise InputError(f"data.label: {twice[0]!r} is named twice; name each column once")
        if len(self.labels) > 1:
            if self._order:
                raise InputError("data.classes: a list orders the classes of one label, and data.label names several")
            return SeveralLabels.of(table, self.labels, self.task)
        if self.task == "multi_label":
            raise InputError("data.task: multi_label is of several columns of 0 and 1: data.label=[first,second]")
        cells = table[self.labels[0]]
        if self._order or self.path is None or not order_is_lost(self.path, cells):
            return Labels.of(cells, self.task, self._values(cells) or _stated_order(cells))
        labels = Labels.of(cells, self.task)
        lost = say(
            "{why}; the order that these had is not kept by a .parquet file of numbers, so it is that of their size",
            why=as_message(labels.why),
        )
        return labels.model_copy(update={"why": lost}) if labels.task == "classification" else labels

    def _predicts(self, name: str, labels: Labels | SeveralLabels) -> str:
        """What the model does, in a sentence."""
        why = as_message(labels.why)
        if self.label is None:
            return say("No labels are given: {why}.", why=why)
        if len(self.labels) < 2:
            return say("The model predicts the column {column}: {why}.", column=name, why=why)
        return say("The model predicts the columns {columns}: {why}.", columns=name, why=why)

    def _require_named(self, table: "Table", reader: Any, labels: Labels | SeveralLabels) -> None:
        """Raises InputError for a name or a unit of a column, or the name of a class, that is not there."""
        there = self.titled(table, reader)
        for key, given in {"names": self.names, "units": self.units}.items():
            if strange := [name for name in given if name not in there]:
                raise InputError(
                    f"data.{key}: {', '.join(map(repr, strange))} {is_or_are(strange)} no column of "
                    f"{self.files()['path'].name}; there {is_or_are(there)} {', '.join(there)}"
                )
        if not labels.classes or isinstance(self.classes, tuple):
            return
        if strange := [name for name in self.classes if name not in labels.classes]:
            raise InputError(
                f"data.classes: {', '.join(map(repr, strange))} {is_or_are(strange)} no class of the label "
                f"{labels.name!r}; there {is_or_are(labels.classes)} {', '.join(labels.classes)}"
            )

    def titled(self, table: "Table", _: Any) -> list[str]:
        """What may have a name and a unit."""
        return [str(name) for name in table.columns]

    def _named(self, classes: tuple[str, ...]) -> tuple[str, ...]:
        """What a reader calls the classes."""
        if isinstance(self.classes, tuple):
            names = len(self.classes) == len(classes) and set(self.classes).isdisjoint(classes)
            return self.classes if names else classes
        return tuple(self.classes.get(own, own) for own in classes)

    def _values(self, cells: "Cells") -> tuple[str, ...]:
        """The values of a label in the order of the outputs, where a list gives them; of labels that are numbers from
        0 on it gives their names."""
        counted = tuple(map(str, range(len(self._order))))
        found = {word for word in words(cells) if word is not None}
        return counted if found <= set(counted) - set(self._order) else self._order

    @property
    def _order(self) -> tuple[str, ...]:
        return self.classes if isinstance(self.classes, tuple) else ()

    def _split(self, table: "Table", measured: Array, labels: Labels | SeveralLabels) -> Array:
        if self.split is not None:
            return given_split(table[self.split])
        groups = measured if labels.classes else np.zeros(len(measured))
        return held_out(groups, self.test_share, self.seed)

    def _dataset(self, labels: Labels | SeveralLabels, reader: Any, parts: Sequence[tuple[Part, Array]]) -> Dataset:
        measured = np.concatenate([part.labels[part.usable] for part, _ in parts])
        whole = bool(labels.classes) and not np.isnan(measured).any()
        values = np.concatenate([values for _, values in parts])
        name = self.names.get(labels.name, labels.name)
        return Dataset(
            title=of_option(self.title),
            description=say_all(
                self.described(reader, values),
                self._predicts(name, labels),
                _missing_by_column([reason for part, _ in parts if part.key == "path" for reason in part.reasons]),
                *(self.filled(reader, values) for part, values in parts if part.key == "path"),
            ),
            source=of_option(self.source),
            task=labels.task,
            inputs=(self.input(reader, values),),
            sample_ids=np.concatenate([part.ids[part.usable] for part, _ in parts]),
            labels=measured.astype(np.int64) if whole else measured,
            split=np.concatenate([part.split[part.usable] for part, _ in parts]),
            classes=self._named(labels.classes),
            label_name=as_given(name),
            label_unit=self.units.get(labels.name, ""),
            label_scale=None if labels.classes or isinstance(labels, SeveralLabels) else (labels.centre, labels.spread),
            several=labels.told(self.names, self.units) if isinstance(labels, SeveralLabels) else (),
            # What is to be explained comes first: it is this list that the reader of this week wants.
            excluded=tuple(item for part, _ in reversed(parts) for item in part.excluded()),
            scheme=Scheme(labels=labels, reader=reader.model_dump(mode="json")).model_dump(mode="json"),
        )
