"""What molecules are grouped by: their scaffolds, and columns of the file that they come from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from exhibit.tasks.data.grouping import GroupColumns, columns_of, groupings, require_groups
from exhibit.tasks.data.molecule import scaffold
from exhibit.tasks.data.rows import is_number_word
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.grouping import NO_RING, NOT_STATED, RARER, Grouping, Groupings
from exhibit.tasks.records.subgroups import FEW

if TYPE_CHECKING:
    from exhibit.tasks.data.rows import Cells as Column

SCAFFOLD = "scaffold"  # what groups are by that no column has to hold
_MOST = 18  # scaffolds with a group of their own

Cells = Mapping[str, str]


def molecule_groupings(
    groups: GroupColumns, dataset: Dataset, cells: Mapping[str, Cells], labels: Sequence[str]
) -> Groupings | None:
    """Of all molecules of a dataset; None where nothing is asked for. `cells`: by sample id what a file says of it;
    `labels`: the columns that are predicted.

    Raises:
        InputError: for a column that is not there, that is predicted, or that has too many values.
    """
    import pandas as pd

    if not groups:
        return None
    smiles = dataset.inputs[0].array.tolist()
    asked = any(by.column == SCAFFOLD for by in columns_of(groups))
    own = scaffold_groups(smiles) if asked else [""] * len(smiles)
    tables = []
    for given, where in ((False, ""), (True, " in data.explain")):
        rows = np.flatnonzero((dataset.split == "explain") == given).tolist()
        if rows:
            table = pd.DataFrame([cells.get(str(dataset.sample_ids[row]), {}) for row in rows]).replace("", None)
            table = table.apply(_as_numbers)
            table[SCAFFOLD] = [own[row] for row in rows]
            require_groups(table, groups, labels, where)
            tables.append(table)
    found = groupings(groups, tables)
    return found and Groupings(items=tuple(_with_ours(one) for one in found.items))


def _with_ours(found: Grouping) -> Grouping:
    """The same; by scaffold those that are no SMILES are named here."""
    return found if found.by != (SCAFFOLD,) else found.model_copy(update={"ours": (NO_RING, RARER, NOT_STATED)})


def _as_numbers(cells: "Column") -> "Column":
    import pandas as pd

    return pd.to_numeric(cells) if all(map(is_number_word, cells.dropna())) else cells


def scaffold_groups(smiles: Sequence[str]) -> list[str]:
    """Of each molecule its scaffold as SMILES, where 30 or more have it; at most the 18 commonest are told apart."""
    own = [scaffold(text) for text in smiles]
    common = {name for name, count in Counter(filter(None, own)).most_common(_MOST) if count >= FEW}
    return [NO_RING if not name else name if name in common else RARER for name in own]
