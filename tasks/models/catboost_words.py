"""The words of CatBoost's categories. Its file keeps no words but their hashes, so spellings are held against these."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import TableColumn

_FACTOR = 0x4906BA494954CB65  # of CatBoost's hash of a combination of categories, catboost/libs/model/hash.h
_TRUTHS = {"False": ("0", "False", "false"), "True": ("1", "True", "true")}


class Spelled(NamedTuple):
    """The categories of a column as CatBoost is given them; `known`: of each whether the model has it, None where it
    keeps only some of them, so that nothing follows from one that is not there."""

    words: tuple[str, ...]
    known: tuple[bool, ...] | None


class CategoryWords:
    """Of one model of CatBoost."""

    def __init__(self, item: Any) -> None:
        self._item, self._found = item, dict[tuple[int, TableColumn], Spelled]()

    def of(self, place: int, column: TableColumn) -> Spelled:
        """The spelling of which the model knows most categories; of as many, that which CatBoost itself gives them.

        Raises:
            InputError: where it knows none of them, whatever their spelling.
        """
        if (place, column) not in self._found:
            self._found[place, column] = self._chosen(place, column)
        return self._found[place, column]

    def _chosen(self, place: int, column: TableColumn) -> Spelled:
        words = column.categories or tuple(_TRUTHS)
        spellings = list(dict.fromkeys(zip(*(_spellings(word, column) for word in words), strict=True)))
        split, counted = self._kept.get(place, (frozenset(), frozenset()))
        if not split and not counted:
            return Spelled(spellings[0], None)
        hashes = self._hashes([word for spelling in spellings for word in spelling])
        known = [tuple(hashes[word] in split or _alone(hashes[word]) in counted for word in one) for one in spellings]
        best = max(range(len(spellings)), key=lambda k: sum(known[k]))
        most = int(self._item.get_all_params().get("one_hot_max_size", 0))
        strange = bool(counted) or len(words) + len(split) > most  # it splits off only columns of so few categories
        if strange and not any(known[best]):
            raise InputError(
                f"model.path: {column.name!r} holds {', '.join(words[:3])}{' and so on' if len(words) > 3 else ''}, "
                "and the CatBoost model knows none of these: give it the words of its training (of which its file "
                "keeps only hashes)"
            )
        return Spelled(spellings[best], known[best] if counted else None)

    @cached_property
    def _kept(self) -> dict[int, tuple[frozenset[int], frozenset[int]]]:
        """By the place of a column: the hashes of categories that its trees split off, and of all categories that it
        has counted by themselves."""
        told = self._told()
        places = dict(enumerate(self._item.get_cat_feature_indices()))
        split = {
            one["flat_feature_index"]: frozenset(value & 0xFFFFFFFF for value in one.get("values", ()))
            for one in told.get("features_info", {}).get("categorical_features", ())
        }
        counted: dict[int, set[int]] = {}
        for name, table in told.get("ctr_data", {}).items():
            parts = json.loads(name)["identifier"]
            if len(parts) == 1 and parts[0].get("combination_element") == "cat_feature_value":
                keys = map(int, table["hash_map"][:: table["hash_stride"]])
                counted.setdefault(places[parts[0]["cat_feature_index"]], set()).update(keys)
        return {place: (split.get(place, frozenset()), frozenset(counted.get(place, ()))) for place in places.values()}

    def _hashes(self, words: Sequence[str]) -> dict[str, int]:
        """CatBoost lists those of the words of a pool beside the model."""
        import catboost
        import pandas as pd

        places = set(self._item.get_cat_feature_indices())
        cells: dict[str, Any] = {
            name: list(words) if k in places else [0.0] * len(words) for k, name in enumerate(self._item.feature_names_)
        }
        pool = catboost.Pool(pd.DataFrame(cells), cat_features=sorted(places))
        listed = self._told(pool=pool)["features_info"]["cat_features_hash"]
        return {one["value"]: int(one["hash"]) for one in listed}

    def _told(self, **options: Any) -> dict[str, Any]:
        """What it says of itself; empty for a model that CatBoost does not write as JSON."""
        import catboost

        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.json"
            try:
                self._item.save_model(str(path), format="json", **options)
            except catboost.CatBoostError:
                return {}
            return dict(json.loads(path.read_bytes()))


def _spellings(word: str, column: TableColumn) -> tuple[str, ...]:
    """How a category may have been given to CatBoost: first as it takes the column as it is."""
    if word in _TRUTHS and set(column.categories) <= set(_TRUTHS):
        numbers, *words = _TRUTHS[word]
        return (numbers, *words) if column.kind == "truth" else (*words, numbers)
    try:
        number = float(word)
    except ValueError:
        return (word,) * 3
    whole = str(int(number)) if number.is_integer() else str(number)
    return (whole if column.counted and "." in word else word, whole, str(number))


def _alone(value: int) -> int:
    """The hash of a combination of one category, in 64 bits, of the hash of that, a signed number of 32 bits."""
    signed = value - (1 << 32) if value >> 31 else value
    return _FACTOR * _FACTOR * signed & 0xFFFFFFFFFFFFFFFF
