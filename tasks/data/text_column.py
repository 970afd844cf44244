"""What all readers of one column of texts do alike."""

from typing import TYPE_CHECKING, Self

from exhibit.tasks.data.rows import require_columns
from exhibit.tasks.records.base import Array, Record

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Table


class TextColumn(Record):
    """How a column of texts is read."""

    column: str

    def texts(self) -> list[str]:
        """The column."""
        return [self.column]

    def checked(self, table: "Table", key: str) -> "Table":
        """The table, if it has the column; a model of a text is given nothing else."""
        require_columns(table, [self.column], f"data.{key}: the file has no column {{}}, which the training data have")
        return table

    def scaled(self, _: Array) -> Self:
        """Tokens have no mean."""
        return self
