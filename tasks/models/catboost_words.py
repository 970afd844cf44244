"""The words of CatBoost's categories. Its file keeps no words but their hashes, so spellings are held against these."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import TableColumn

_FACTOR = 0x4906BA494954CB65  # of CatBoost's hash of a combination of categories, catboost/libs/model/hash.h
_TRUTHS = {"False": ("0", "False", "false", "FALSE"), "True": ("1", "True", "true", "TRUE")}
_DIGITS = range(2, 7)  # of numbers that are written with zeros before them, as 01 or 00042


class Spelled(NamedTuple):
    """The categories of a column as CatBoost is given them; `known`: of each whether the model has it, None where it
    keeps only some of them, so that nothing follows from one that is not there."""

    words: tuple[str, ...]
    known: tuple[bool, ...] | None


class _Kept(NamedTuple):
    """The hashes of categories of a column: of those that trees split off, and of all, where it counts them by
    themselves. `hidden`: whether it may know more of them, as in combinations of columns."""

    split: frozenset[int] = frozenset()
    counted: frozenset[int] = frozenset()
    hidden: bool = True

    def has(self, word: int) -> bool:
        """Whether the model has a word of this hash."""
        return word in self.split or _alone(word) in self.counted

    def explained(self, words: Iterable[int]) -> bool:
        """Whether the model has no other words than these."""
        own = frozenset(words)
        return not self.hidden and self.split <= own and self.counted <= {_alone(word) for word in own}


class CategoryWords:
    """Of one model of CatBoost."""

    def __init__(self, item: Any) -> None:
        self._item, self._found = item, dict[tuple[int, TableColumn], Spelled]()

    def of(self, place: int, column: TableColumn) -> Spelled:
        """The spelling of which the model knows most categories; of as many, that which CatBoost itself gives them.

        Raises:
            InputError: where it knows none of them, whatever their spelling; where it knows one with other blanks or
                capitals; and where it cannot be told how numbers or truth values were spelled in its training.
        """
        if (place, column) not in self._found:
            self._found[place, column] = self._chosen(place, column)
        return self._found[place, column]

    def _chosen(self, place: int, column: TableColumn) -> Spelled:
        words = column.categories or tuple(_TRUTHS)
        spellings, kept = _spellings(words, column), self._kept.get(place, _Kept())
        if not kept.split and not kept.counted:
            if kept.hidden and len(spellings) > 1:
                raise _unsure(column)
            return Spelled(spellings[0], None)
        near = [(word, other) for word in words for other in _near(word)]
        hashes = self._hashes([*{word for one in spellings for word in one}, *{other for _, other in near}])
        known = [tuple(kept.has(hashes[word]) for word in one) for one in spellings]
        best = max(range(len(spellings)), key=lambda k: sum(known[k]))
        most = int(self._item.get_all_params().get("one_hot_max_size", 0))
        strange = bool(kept.counted) or len(words) + len(kept.split) > most  # it splits off only columns of so few
        if strange and not any(known[best]):
            raise InputError(
                f"model.path: {column.name!r} holds {', '.join(words[:3])}{' and so on' if len(words) > 3 else ''}, "
                "and the CatBoost model knows none of these: give it the words of its training (of which its file "
                "keeps only hashes)"
            )
        if not kept.explained(hashes[word] for word in spellings[best]):
            if len(spellings) == 1:
                _require_alike(column, near, kept, hashes)
            elif not all(
                _told_apart(spellings[best], one, kept, hashes) for one in spellings if one != spellings[best]
            ):
                raise _unsure(column)
        return Spelled(spellings[best], known[best] if kept.counted else None)

    @cached_property
    def _kept(self) -> dict[int, _Kept]:
        """By the place of a column."""
        told = self._told()
        places = dict(enumerate(self._item.get_cat_feature_indices()))
        information = told.get("features_info", {})
        split = {
            one["flat_feature_index"]: frozenset(value & 0xFFFFFFFF for value in one.get("values", ()))
            for one in information.get("categorical_features", ())
        }
        counted: dict[int, set[int]] = {}
        for name, table in told.get("ctr_data", {}).items():
            parts = json.loads(name)["identifier"]
            if len(parts) == 1 and parts[0].get("combination_element") == "cat_feature_value":
                keys = map(int, table["hash_map"][:: table["hash_stride"]])
                counted.setdefault(places[parts[0]["cat_feature_index"]], set()).update(keys)
        combined = {
            places[part["cat_feature_index"]]
            for one in information.get("ctrs", ())
            for part in one["elements"]
            if len(one["elements"]) > 1 and "cat_feature_index" in part
        }
        return {
            place: _Kept(own, frozenset(counted.get(place, ())), place in combined and place not in counted)
            for place, own in split.items()
        }

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


def _require_alike(
    column: TableColumn, near: Sequence[tuple[str, str]], kept: _Kept, hashes: Mapping[str, int]
) -> None:
    """Raises InputError for a word that the model knows with other blanks or capitals alone."""
    for word, other in near:
        if kept.has(hashes[other]) and not kept.has(hashes[word]):
            raise InputError(
                f"model.path: {column.name!r} holds {word!r}, and the CatBoost model knows {other!r} instead: blanks "
                "and capitals count, so give it the words of its training"
            )


def _told_apart(chosen: Sequence[str], other: Sequence[str], kept: _Kept, hashes: Mapping[str, int]) -> bool:
    """Whether the model knows a word that is spelled so in the first of the two spellings alone."""
    return any(own != word and kept.has(hashes[own]) for own, word in zip(chosen, other, strict=True))


def _unsure(column: TableColumn) -> InputError:
    return InputError(
        f"model.path: the CatBoost model keeps too few of the words of {column.name!r} to tell how they were spelled "
        "in its training, as 1, 1.0, 01, True or TRUE: fit it with one_hot_max_size=1 and max_ctr_complexity=1, with "
        "which its file keeps all of them, or on words that are neither numbers nor truth values, such as code 1"
    )


def _spellings(words: Sequence[str], column: TableColumn) -> list[tuple[str, ...]]:
    """How categories may have been given to CatBoost: first as it takes the column as it is. What is not all numbers or
    all truth values is text, which is written in one way."""
    if set(words) <= set(_TRUTHS):
        ways = list(zip(*(_TRUTHS[word] for word in words), strict=True))
        return ways if column.kind == "truth" else [tuple(words), *(way for way in ways if way != tuple(words))]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return [tuple(words)]
    wholes = [str(int(number)) if number.is_integer() else str(number) for number in numbers]
    own = [whole if column.counted and "." in word else word for word, whole in zip(words, wholes, strict=True)]
    forms = [wholes, [str(number) for number in numbers], [f"{number:.2f}" for number in numbers]]
    forms += [[whole.zfill(digits) for whole in wholes] for digits in _DIGITS]
    return list(dict.fromkeys(map(tuple, [own, *(form for form in forms if len(set(form)) == len(words))])))


def _near(word: str) -> tuple[str, ...]:
    """The same word with other blanks or capitals."""
    bare = word.strip()
    letters = (bare, bare.lower(), bare.upper(), bare.capitalize(), bare.title())
    others = (form.format(other) for other in letters for form in ("{}", " {}", "{} "))
    return tuple(dict.fromkeys(other for other in others if other != word))


def _alone(value: int) -> int:
    """The hash of a combination of one category, in 64 bits, of the hash of that, a signed number of 32 bits."""
    signed = value - (1 << 32) if value >> 31 else value
    return _FACTOR * _FACTOR * signed & 0xFFFFFFFFFFFFFFFF
