"""Words with blanks around them: these are dropped where a table is read, and a fitted model may know them.

Of pandas' `read_csv` " Private" is another word than "Private", so a model that was fitted on the one would take the
other for a category that it has never seen, most of them without a word.
"""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from exhibit.tasks.records.base import InputError

if TYPE_CHECKING:
    import pandas as pd


def require_no_blanks(cells: "pd.Series[str]", where: str) -> None:
    """Raises InputError for a column of words of which any is empty or has blanks around it, with the word."""
    strange = [cell for cell in cells if isinstance(cell, str) and (not cell or cell != cell.strip())]
    if strange:
        raise InputError(
            f"{where}: the column {str(cells.name).strip()!r} holds {strange[0]!r}; blanks around words and empty "
            "words are dropped before a model is given them, and a fitted model may know them: give words without "
            "them, and a model that was fitted on such"
        )


def require_file_without_blanks(path: Path, columns: Collection[str], where: str) -> None:
    """The same of these columns of a .csv or .parquet file, as they are written there; empty cells are none."""
    import pandas as pd

    def of_these(name: str) -> bool:
        return str(name).strip() in columns

    if path.suffix.lower() == ".csv":
        frame = pd.read_csv(
            path, encoding="utf-8-sig", dtype="str", keep_default_na=False, na_values=[""], usecols=of_these
        )
    else:
        frame = pd.read_parquet(path)
        frame = frame[[name for name in frame.columns if of_these(name)]]
    for name in frame.columns:
        require_no_blanks(frame[name], where)
