"""Which cells of the data the encoders in a fitted model have never seen, and take without a word."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from exhibit.tasks.models.callable import flat
from exhibit.tasks.models.columns import ColumnsModel, as_known, columns_of
from exhibit.tasks.models.fitted import Whole, fitted
from exhibit.tasks.protocols import TreeModel
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import COMMA, Message, as_given, joined, say

_NAMED = 3  # cells of a column that the sentence names


def unseen(model: TreeModel, dataset: Dataset) -> Message:
    """In a sentence the columns with cells that their encoder in the model has not seen; empty where there is none, and
    of encoders that refuse such cells by themselves."""
    own = fitted(model.estimator, 1) if isinstance(model, ColumnsModel) else None
    if own is None or own.framework != "scikit-learn":
        return Message()
    plain = columns_of(dataset)
    lenient = dict(_lenient(model.estimator, range(len(plain))))
    if not lenient:
        return Message()
    frame = Whole(flat(dataset.arrays).astype(np.float64, copy=False), as_known(own, plain)).frame()
    told = [
        _told(plain[place].name, strange, len(frame))
        for place, known in lenient.items()
        if (strange := known.strange(frame.iloc[:, place]))
    ]
    if not told:
        return Message()
    return say(
        "Its encoders have not seen all cells of the data: {columns}. What an encoder has not seen is all the same to "
        "it.",
        columns=joined(told, COMMA),
    )


class _Known(NamedTuple):
    """The categories of an encoder, and the word that an imputer before it makes of an empty cell, if any does."""

    categories: Sequence[Any]
    filling: Any = None

    def strange(self, cells: Any) -> Mapping[str, int]:
        """How often each cell stands there that is none of them; "" is an empty one."""
        import pandas as pd

        gaps, known = cells.isna(), {one for one in self.categories if not pd.isna(one)}
        counts = Counter(str(cell) for cell in cells[~gaps].tolist() if cell not in known)
        filled = self.filling in known or len(known) < len(self.categories)
        return counts if filled or not gaps.any() else counts | Counter({"": int(gaps.sum())})


def _told(name: str, strange: Mapping[str, int], rows: int) -> Message:
    words = sorted((word for word in strange if word), key=lambda word: (-strange[word], word))
    named = [as_given(repr(word)) for word in words[:_NAMED]] + [say("empty")] * ("" in strange)
    more = [say("{count} more", count=f"{len(words) - _NAMED:,}")] if len(words) > _NAMED else []
    return say(
        "{column} in {count} of {rows} rows ({cells})",
        column=as_given(name),
        count=f"{sum(strange.values()):,}",
        rows=f"{rows:,}",
        cells=joined([*named, *more], COMMA),
    )


def _lenient(item: Any, places: Sequence[int], fillings: Sequence[Any] = ()) -> Iterator[tuple[int, _Known]]:
    """By the place of a column what its encoder knows, of encoders that take other cells as well."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    if isinstance(item, OneHotEncoder | OrdinalEncoder) and item.handle_unknown != "error":
        words = fillings or [None] * len(places)
        for place, known, filling in zip(places, item.categories_, words, strict=False):
            yield place, _Known(known.tolist(), filling)
    elif isinstance(item, Pipeline):
        for _, step in item.steps:
            if isinstance(step, SimpleImputer):
                fillings = list(step.statistics_)
                continue
            yield from _lenient(step, places, fillings)
            break
    elif isinstance(item, ColumnTransformer):
        for name, step, _ in item.transformers_:
            yield from _lenient(step, [places[number] for number in item._transformer_to_input_indices[name]])
