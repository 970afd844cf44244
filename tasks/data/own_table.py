"""A table of the user's own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from exhibit.tasks.data.columns import Column, Columns
from exhibit.tasks.data.own import RowsSpec
from exhibit.tasks.data.rows import require_columns
from exhibit.tasks.data.table import RandomForestSpec
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input, Reference
from exhibit.tasks.records.override import typed

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table


class TableSpec(RowsSpec):
    """A .csv or .parquet file: columns of numbers as they are, columns of words as categories of 0 and 1."""

    kind: Literal["table"] = "table"
    features: tuple[str, ...] | None = Field(
        None, min_length=1, description="columns that the model is given; null: all others than those named here"
    )
    ignore: tuple[str, ...] = Field((), description="columns that are left out")
    categories: tuple[str, ...] = Field((), description="columns that are categories although they hold numbers")
    most_categories: int = Field(20, ge=2, le=1_000, description="of one column")
    reference: RandomForestSpec | None = Field(
        None,
        description="a random forest on the same rows, whose importances stand beside those of the methods; null: none",
    )
    title: str = Field("A table", description="what the report calls the data")

    @model_validator(mode="after")
    def _reference_needs_rows(self) -> Self:
        if self.reference is not None and self.path is None:
            raise ValueError(
                "reference: it is a random forest that is fitted on the rows of path, so path must be given"
            )
        return self

    def reference_of(self, dataset: Dataset) -> Reference | None:
        """The importances of a random forest, where one is asked for."""
        return None if self.reference is None else self.reference.compute(dataset)

    def learned(self, table: "Table") -> Columns:
        """The columns as the rows have them that hold a label and lack nothing."""
        named = {"features": self.features or (), "categories": self.categories, "ignore": self.ignore}
        for key, names in named.items():
            require_columns(table, names, f"data.{key}: there is no column {{}}")
        others = [name for name in (self.label, self.id, self.split, *self.ignore) if name is not None]
        chosen = [str(name) for name in table.columns if name not in others]
        if self.features is not None:
            if both := set(self.features) & set(others):
                raise InputError(
                    f"data.features: {', '.join(sorted(both))} is also the label, the id, the split or in data.ignore"
                )
            chosen = list(self.features)
        if not chosen:
            raise InputError(
                "data.path: no column is left as a feature of the model; see data.features and data.ignore"
            )
        whole = table[table[[*chosen, self.label]].notna().all(axis=1)]
        if not len(whole):
            raise InputError(f"data.path: each of {len(table)} rows lacks a value; {_emptiest(table, chosen)}")
        columns = [Column.of(whole[name], self.most_categories, category=name in self.categories) for name in chosen]
        return Columns(columns=tuple(columns), others=tuple(str(name) for name in table.columns if name not in chosen))

    def known(self, plain: dict[str, Any]) -> Columns:
        """The columns of a scheme."""
        return Columns.model_validate(plain)

    def input(self, reader: Columns, values: Array) -> Input:
        """The table."""
        return reader.input(values, self.names, self.units)

    def described(self, reader: Columns) -> str:
        """What the columns hold."""
        kinds = [column.kind for column in reader.columns]
        words = {
            "number": ("number", "numbers"),
            "truth": ("truth value", "truth values"),
            "category": ("category", "categories"),
        }
        counts = {kind: sum(own == kind for own in kinds) for kind in words}
        counted = [f"{count} {words[kind][count > 1]}" for kind, count in counts.items() if count]
        into = _CATEGORY if "category" in kinds else ""
        return f"Rows of {' and '.join(counted)}.{into}"

    def _texts(self) -> Sequence[str]:
        return [*self.categories, *filter(None, [self.id])]


_CATEGORY = (
    " A category is one feature; the model is given it as 0 or 1 for each of its values, whose parts are summed."
)


def _emptiest(table: "Table", names: Sequence[str]) -> str:
    empty = table[list(names)].isna().sum()
    name = str(empty.idxmax())
    return f"{name} does in {int(empty.max())}: leave it out with {typed('data.ignore', [name])}"
