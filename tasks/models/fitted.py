"""Fitted models as their libraries know them: what columns they ask for, what they predict of a pandas frame, and how
they come out of a file that holds no code. One class for each library, which is imported when a model of it is read."""

import io
import json
import os
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np

from exhibit.tasks.models import histogram_trees
from exhibit.tasks.models.callable import of_labels, require_values
from exhibit.tasks.models.catboost_words import CategoryWords
from exhibit.tasks.models.pipeline_trees import behind, owners
from exhibit.tasks.models.tree_game import Tree, against
from exhibit.tasks.models.trial import trial
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import TableColumn, Wanted
from exhibit.tasks.records.language import mark
from exhibit.tasks.records.opening import GROWTH, SOME
from exhibit.tasks.records.override import typed_for
from exhibit.tasks.records.shown import unread_by

if TYPE_CHECKING:
    import pandas as pd

TRUSTED_TYPES = "EXHIBIT_TRUSTED_TYPES"
Scale = Literal["probabilities", "logits", "values"]


_DATA = frozenset({"numpy.dtype"})  # skops saves it as an empty array: it holds nothing but data


class Fitted(ABC):
    """A fitted model. `threads`: that its library computes with."""

    framework: ClassVar[str]
    counted: ClassVar[str] = ""  # which part of it predicts, in a sentence, where that is not all
    takes_gaps: ClassVar[bool] = True  # whether cells without a value are something that it knows

    def __init__(self, item: Any, threads: int = 1) -> None:
        self.item, self.threads = item, threads

    @property
    @abstractmethod
    def wanted(self) -> Wanted:
        """The columns that it asks for."""

    @property
    @abstractmethod
    def width(self) -> int:
        """How many columns that are; 0 where it does not tell."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """Of a classifier that knows them by name; else empty."""

    @property
    @abstractmethod
    def classifies(self) -> bool:
        """Whether it gives something for each class."""

    @abstractmethod
    def predict(self, table: "Whole", scale: Scale) -> Array:
        """(rows, outputs) on a scale that it has: `logits` is what its trees or its linear part add up to, one column
        for the second of two classes.

        Raises:
            InputError: for a scale that it does not have.
        """

    @property
    def gives_shares(self) -> bool:
        """Whether the probability of a classifier may be an amount, for it was trained on such as labels."""
        return False

    def known(self, _: Sequence[TableColumn]) -> dict[int, list[Any]]:
        """The categories of its training by the place of their column, as far as it tells them."""
        return {}

    def held(self) -> Any:
        """What makes it this model and no other; the same whenever it is fitted alike."""
        return self.item

    def along_the_paths(self, _: "Whole") -> Array | None:
        """(rows, columns + 1, outputs): path-dependent Shapley values of what its trees add up to, by its own library,
        and the expected value behind them; None where this has none."""
        return None

    def against(self, table: "Whole", background: "Whole", scale: Scale) -> Array | None:
        """The same with hidden columns taken from each row of the background, on the scale, from log-odds to
        probabilities row by row as SHAP does it; None where it has none."""
        if (trees := self.trees()) is None:  # and then it may have no logits either
            return None
        ends = [self.predict(rows, "logits").astype(np.float64) for rows in (table, background)]
        if scale == "probabilities" and ends[0].shape[1] > 1:
            return None
        factor = np.ones((len(table.codes), len(background.codes), ends[0].shape[1]))
        if scale == "probabilities":
            # Some libraries give both of two classes; the logits are of the second.
            shares = [self.predict(rows, scale)[:, -1:].astype(np.float64) for rows in (table, background)]
            (p, q), (f, g) = ((own[:, np.newaxis], other[np.newaxis]) for own, other in (shares, ends))
            factor = np.where(f == g, p * (1 - p), (p - q) / np.where(f == g, 1, f - g))
            ends = shares
        found = against(trees, self.compared(table), self.compared(background), factor, len(table.columns))
        base = np.broadcast_to(ends[1].mean(axis=0), (len(found), 1, ends[1].shape[1]))
        return np.concatenate([found, base], axis=1)

    def trees(self) -> "Sequence[Tree] | None":
        """The trees whose values add up to its logits or values, less a constant; None where they cannot be told."""
        return None

    def compared(self, table: "Whole") -> Array:
        """(rows, columns) as its trees compare them."""
        return table.codes


class Whole(NamedTuple):
    """Rows of whole columns: `codes` (rows, columns), which `columns` tell."""

    codes: Array
    columns: tuple[TableColumn, ...]

    def frame(self, categorical: bool = False) -> "pd.DataFrame":
        """As pandas reads them from a file: numbers, truth values, words; or, if asked for, words as its categories."""
        import pandas as pd

        return pd.DataFrame(
            {
                column.name: self._cells(codes, column, categorical)
                for column, codes in zip(self.columns, self.codes.T, strict=True)
            }
        )

    def _cells(self, codes: Array, column: TableColumn, categorical: bool) -> Any:
        import pandas as pd

        if column.kind == "number":
            return codes
        gaps = np.isnan(codes)
        places = np.where(gaps, 0, codes).astype(np.int64)
        if column.kind == "truth":
            return np.where(gaps, np.nan, places.astype(bool).astype(object)) if gaps.any() else places.astype(bool)
        known: Any = self.words(column)
        if categorical:
            return pd.Categorical.from_codes(np.where(gaps, -1, places), categories=known)
        if (column.counted or column.truths) and not gaps.any():
            return np.array(known)[places]
        cells = np.array(known, object)[places]
        cells[gaps] = np.nan
        return cells if column.truths else pd.array(cells, dtype="float64" if column.counted else "str")

    @staticmethod
    def words(column: TableColumn) -> list[Any]:
        """The categories, as numbers or truth values where they were such."""
        if column.truths:
            return [word == str(True) for word in column.categories]
        if not column.counted:
            return list(column.categories)
        try:
            return [int(word) for word in column.categories]  # beyond 2^53, too
        except ValueError:
            return [float(word) for word in column.categories]


class ScikitLearn(Fitted):
    """An estimator or a Pipeline, which does with raw columns what it was fitted to do."""

    framework = "scikit-learn"

    @classmethod
    def read(cls, data: bytes, threads: int) -> Self:
        """From a .skops file, if each type in it is trusted."""
        import skops.io

        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > len(data) * GROWTH + SOME:
                raise InputError("model.path: the .skops file unpacks to far more than it is")
        unknown = skops.io.get_untrusted_types(data=data)
        trusted = _DATA | {name for name in os.environ.get(TRUSTED_TYPES, "").split(",") if name}
        if strange := sorted(set(unknown) - trusted):
            raise InputError(
                f"model.path: the file holds {', '.join(strange)}, which skops does not trust by itself, for such a "
                "type may do anything when it is read; where you know who wrote the file, the machine says so: export "
                f"{TRUSTED_TYPES}={','.join(sorted({*trusted - _DATA, *strange}))}"
            )
        return cls(skops.io.loads(data, trusted=unknown), threads)

    @property
    def wanted(self) -> Wanted:
        names = tuple(str(name) for name in getattr(self.item, "feature_names_in_", ()))
        known = getattr(self.item, "is_categorical_", None)
        categories = () if known is None or not names else tuple(n for n, own in zip(names, known, strict=True) if own)
        return Wanted(names=names, categories=categories)

    @property
    def width(self) -> int:
        return int(getattr(self.item, "n_features_in_", 0))

    @property
    def classes(self) -> tuple[str, ...]:
        return spelled(getattr(self.item, "classes_", ()))

    @property
    def classifies(self) -> bool:
        return hasattr(self.item, "predict_proba")

    def against(self, table: Whole, background: Whole, scale: Scale) -> Array | None:
        """Of trees that split by category; of those at the end of a Pipeline, over the columns before it; all others
        SHAP reads itself."""
        if self._by_category:
            return super().against(table, background, scale)
        if (found := behind(self.item)) is None or scale == "logits":
            return None

        def derive(codes: Array) -> Array:
            return found.derived(self._rows(table._replace(codes=codes)))

        owner = owners(derive, table.codes, background.codes, [column.name for column in table.columns])
        base = self.predict(background, scale).mean(axis=0)
        factor = np.ones((len(table.codes), len(background.codes), len(base)))
        ends = derive(table.codes), derive(background.codes)
        values = against(found.trees(owner), *ends, factor, len(table.columns))
        return np.concatenate([values, np.broadcast_to(base, (len(values), 1, len(base)))], axis=1)

    @cached_property
    def _by_category(self) -> bool:
        return histogram_trees.splits_by_category(self.item)

    def trees(self) -> Sequence[Tree] | None:
        """Where they split by category."""
        return histogram_trees.trees(self.item) if self._by_category else None

    def compared(self, table: Whole) -> Array:
        return histogram_trees.compared(self.item, self._rows(table)) if self._by_category else table.codes

    def known(self, columns: Sequence[TableColumn]) -> dict[int, list[Any]]:
        return dict(_encoded(self.item, list(range(len(columns)))))

    def _rows(self, table: Whole) -> Any:
        """As it takes them."""
        rows: Any = table.frame(categorical=False)
        if (known := getattr(self.item, "is_categorical_", None)) is not None and any(known):
            rows = rows.astype(
                {c.name: "category" for c, own in zip(table.columns, known, strict=True) if own and not c.counted}
            )
        if not self.wanted.names:
            rows = rows.to_numpy() if len(set(rows.dtypes)) > 1 else rows.to_numpy(np.float64)
        return rows

    def predict(self, table: Whole, scale: Scale) -> Array:
        rows = self._rows(table)
        if scale == "logits":
            if self._by_category:
                return histogram_trees.sums(self.item, rows)
            if not hasattr(self.item, "decision_function"):
                raise InputError(
                    f"model.output: the {type(self.item).__name__} has no decision function, so it gives no logits; "
                    "use probabilities"
                )
            return np.asarray(self.item.decision_function(rows)).reshape(len(rows), -1)
        if scale == "values":
            require_values(self.item)
        found = self.item.predict_proba(rows) if scale == "probabilities" else self.item.predict(rows)
        return np.asarray(of_labels(found), np.float64).reshape(len(rows), -1)


class XGBoost(Fitted):
    """A booster of XGBoost, or what its classes hold."""

    framework = "XGBoost"
    counted = mark(
        "Its rounds count as in a prediction of XGBoost: all of a booster; where training of one of its classes "
        "(XGBClassifier and so on) stopped early, those up to the best one."
    )

    def __init__(self, item: Any, threads: int = 1) -> None:
        by_class = hasattr(item, "get_booster")
        super().__init__(item.get_booster() if by_class else item, threads)
        self.item.set_param({"nthread": threads})
        # A training that stopped early goes on for some rounds after the best one. XGBoost's classes predict without
        # these, and leave their mark in a file; a booster predicts with all that it has.
        best = self.item.attr("best_iteration") if by_class or self.item.attr("scikit_learn") is not None else None
        # To XGBoost (0, 0) is all; a slice of the booster would lose its categories.
        self._rounds = (0, 0) if best is None or self._learner["name"] == "gblinear" else (0, int(best) + 1)

    @classmethod
    def read(cls, data: bytes, threads: int) -> Self:
        """From a .json or .ubj file."""
        import xgboost

        booster = xgboost.Booster()
        booster.load_model(bytearray(data))
        return cls(booster, threads)

    @property
    def wanted(self) -> Wanted:
        names = tuple(self.item.feature_names or ())
        kinds = self.item.feature_types or ()
        return Wanted(names=names, categories=tuple(n for n, kind in zip(names, kinds, strict=False) if kind == "c"))

    @property
    def width(self) -> int:
        return int(self.item.num_features())

    def held(self) -> Any:
        """The same booster is another model where fewer of its rounds count."""
        return self.item, self._rounds

    @cached_property
    def _objective(self) -> str:
        return str(json.loads(self.item.save_config())["learner"]["objective"]["name"])

    @property
    def classifies(self) -> bool:
        return self._objective.startswith(("binary:", "multi:"))

    @property
    def classes(self) -> tuple[str, ...]:
        return ()  # it counts them

    def predict(self, table: Whole, scale: Scale) -> Array:
        if scale == "logits":
            return self._predicted(table, output_margin=True).reshape(len(table.codes), -1)
        if scale == "probabilities" and self._objective in ("multi:softmax", "binary:logitraw", "binary:hinge"):
            margins = self.predict(table, "logits").astype(np.float64)
            return softmax(margins) if self._objective == "multi:softmax" else 1 / (1 + np.exp(-margins))
        return self._predicted(table).reshape(len(table.codes), -1)

    def _predicted(self, table: Whole, **asked: bool) -> Array:
        return np.asarray(self.item.predict(self._matrix(table), iteration_range=self._rounds, **asked))

    def along_the_paths(self, table: Whole) -> Array:
        found = self._predicted(table, pred_contribs=True)
        return found[..., np.newaxis] if found.ndim == 2 else np.moveaxis(found, 1, 2)

    def trees(self) -> Sequence[Tree] | None:
        """From what it saves as JSON: values and thresholds are compared in single precision."""
        if self._learner["name"] == "gblinear":
            raise InputError(
                "tree_shap: this Booster is linear (gblinear) and has no trees; use kernel_shap or occlusion"
            )
        model = self._learner.get("model")
        if model is None or any(tree["tree_param"].get("size_leaf_vector", "1") > "1" for tree in model["trees"]):
            return None
        count = model["iteration_indptr"][self._rounds[1] or -1]
        pairs = zip(model["trees"][:count], model["tree_info"][:count], strict=True)
        return [_of_xgboost(tree, output) for tree, output in pairs]

    def compared(self, table: Whole) -> Array:
        """A word is its place among those of the training of the model."""
        codes = table.codes.astype(np.float64)
        for place, own in self._places(table.columns).items():
            gaps = np.isnan(codes[:, place])
            codes[:, place] = np.where(gaps, np.nan, own[np.where(gaps, 0, codes[:, place]).astype(np.int64)])
        return codes.astype(np.float32).astype(np.float64)

    @cached_property
    def _learner(self) -> dict[str, Any]:
        return dict(json.loads(bytes(self.item.save_raw("json")))["learner"]["gradient_booster"])

    def _places(self, columns: Sequence[TableColumn]) -> dict[int, Array]:
        """Of each column of categories the places of its words among those of the training of the model, NaN for those
        that it has not seen.

        XGBoost 3.2 cuts other letters than ASCII at the wrong bytes, so of such words all must be as in the training.

        Raises:
            InputError: where they are not, or the file holds no words.
        """
        kinds = self.item.feature_types or ()
        names = self._learner.get("model", {}).get("cats", {}).get("enc", [])
        found = {}
        for place, column in enumerate(columns):
            if column.kind != "category" or place >= len(kinds) or kinds[place] != "c":
                continue
            known = _cut(names[place]) if place < len(names) else []
            if not known:
                raise InputError(
                    f"model.path: the file does not say which words the categories of {column.name!r} are; save the "
                    "model with XGBoost 3.1 or newer, fitted on a frame with pandas categories"
                )
            own = Whole.words(column) if column.counted else _as_xgboost(column.categories)
            if own != known and any(isinstance(one, bytes) and not one.isascii() for one in (*own, *known)):
                raise InputError(
                    f"model.path: XGBoost keeps words with other letters than ASCII cut short, so {column.name!r} must "
                    f"hold just the {len(known)} words of the training of the model, and the data have {len(own)}; "
                    "fit it on words of ASCII letters, or give rows with all of them"
                )
            index = {word: float(k) for k, word in enumerate(known)}
            found[place] = np.array([index.get(word, np.nan) for word in own])
        return found

    def known(self, _: Sequence[TableColumn]) -> dict[int, list[Any]]:
        kinds, names = self.item.feature_types or (), self._learner.get("model", {}).get("cats", {}).get("enc", [])
        found = {place: _cut(names[place]) for place, kind in enumerate(kinds) if kind == "c" and place < len(names)}
        return {
            place: [one.decode() if isinstance(one, bytes) else one for one in own]
            for place, own in found.items()
            if own and all(not isinstance(one, bytes) or one.isascii() for one in own)
        }

    def _matrix(self, table: Whole) -> Any:
        import xgboost

        self._places(table.columns)

        rows: Any = table.frame(categorical=True) if self.item.feature_names else table.codes
        return xgboost.DMatrix(rows, enable_categorical=True, nthread=self.threads)


class LightGBM(Fitted):
    """A booster of LightGBM, or what its classes hold."""

    framework = "LightGBM"

    def __init__(self, item: Any, threads: int = 1) -> None:
        super().__init__(item.booster_ if hasattr(item, "booster_") else item, threads)
        self._classes = spelled(getattr(item, "classes_", ()))

    @classmethod
    def read(cls, data: bytes, threads: int) -> Self:
        """From the text that `save_model` writes."""
        import lightgbm

        return cls(lightgbm.Booster(model_str=data.decode("utf-8")), threads)

    @cached_property
    def told(self) -> dict[str, Any]:
        """What it says of itself."""
        return dict(self.item.dump_model())

    @property
    def wanted(self) -> Wanted:
        names = tuple(self.item.feature_name())
        given = names if names != tuple(f"Column_{k}" for k in range(len(names))) else ()
        infos = self.told["feature_infos"]
        split = tuple(name for name in names if infos.get(name, {}).get("values"))
        return Wanted(names=given, categories=split if self.item.pandas_categorical else ())

    @property
    def width(self) -> int:
        return int(self.item.num_feature())

    @property
    def classes(self) -> tuple[str, ...]:
        return self._classes

    @property
    def classifies(self) -> bool:
        return self._objective.startswith(("binary", "multiclass", "cross_entropy"))

    @property
    def gives_shares(self) -> bool:
        return self._objective == "cross_entropy"

    @property
    def _objective(self) -> str:
        return str(self.told.get("objective", ""))

    @cached_property
    def _steepness(self) -> float:
        """By how much what its trees add up to is multiplied before a sigmoid: the setting of that name."""
        said = _SIGMOID.search(self._objective)
        return float(said[1]) if said else 1.0

    def predict(self, table: Whole, scale: Scale) -> Array:
        raw = scale == "logits"
        found = self.item.predict(self.numbers(table), raw_score=raw, num_threads=self.threads)
        found = np.asarray(found).reshape(len(table.codes), -1)
        if scale == "probabilities" and self._objective.startswith("cross_entropy_lambda"):
            return -np.expm1(-found)  # it gives how often something is to be expected, which may be more than once
        return found * self._steepness if raw else found

    def along_the_paths(self, table: Whole) -> Array:
        import lightgbm

        try:
            given = self.item.predict(self.numbers(table), pred_contrib=True, num_threads=self.threads)
        except lightgbm.basic.LightGBMError as error:  # as of trees with lines in their leaves
            why = " ".join(str(error).split()).rstrip(".")
            raise InputError(f"tree_shap: LightGBM does not explain this model ({why}); use kernel_shap") from error
        found = np.asarray(given) * self._steepness
        return np.moveaxis(found.reshape(len(found), -1, len(table.columns) + 1), 1, 2)

    def trees(self) -> Sequence[Tree] | None:
        """From what it tells of itself."""
        if self.told.get("average_output") or any("leaf_coeff" in str(t)[:2000] for t in self.told["tree_info"][:1]):
            return None
        count = int(self.told["num_tree_per_iteration"])
        return [
            _of_lightgbm(each["tree_structure"], k % count, self._steepness)
            for k, each in enumerate(self.told["tree_info"])
        ]

    def compared(self, table: Whole) -> Array:
        """As in a prediction."""
        return self.numbers(table)

    def numbers(self, table: Whole) -> Array:
        """(rows, columns) as its trees compare them: a word is its place among those of the training of the model, and
        one that it has not seen is missing."""
        numbers = table.codes.astype(np.float64)
        for place, known in self._categories(table.columns).items():
            index = {word: float(k) for k, word in enumerate(known)}
            codes = np.array([index.get(word, np.nan) for word in Whole.words(table.columns[place])])
            if np.isnan(codes).all():
                raise InputError(
                    f"model.path: {table.columns[place].name!r} holds {', '.join(table.columns[place].categories[:3])} "
                    f"and so on, and the model knows {', '.join(map(str, known[:3]))}, none of these"
                )
            gaps = np.isnan(numbers[:, place])
            numbers[:, place] = np.where(gaps, np.nan, codes[np.where(gaps, 0, numbers[:, place]).astype(np.int64)])
        for place, column in enumerate(table.columns):
            if column.kind == "category" and place not in self._categories(table.columns):
                raise InputError(f"model.path: {column.name!r} holds words, but the model was fitted on numbers there")
        return numbers

    def known(self, columns: Sequence[TableColumn]) -> dict[int, list[Any]]:
        return self._categories(columns)

    def _categories(self, columns: Sequence[TableColumn]) -> dict[int, list[Any]]:
        """The categories of the training by the place of their column: the file lists them in the order of those."""
        known = self.item.pandas_categorical or []
        infos = self.told["feature_infos"]
        names = self.item.feature_name()
        numeric = {k for k, name in enumerate(names) if name in infos and not infos[name].get("values")}
        places = [k for k, column in enumerate(columns) if column.kind == "category" and k not in numeric]
        if len(places) != len(known):
            raise InputError(
                f"model.path: the model was fitted on {len(known)} columns of categories, and the data have "
                f"{len(places)}; data.categories names columns that are categories although they hold numbers"
            )
        return dict(zip(places, known, strict=True))


class CatBoost(Fitted):
    """A model of CatBoost."""

    framework = "CatBoost"

    def __init__(self, item: Any, threads: int = 1) -> None:
        super().__init__(item, threads)
        self._words = CategoryWords(item)

    @classmethod
    def read(cls, data: bytes, threads: int) -> Self:
        """From a .cbm file."""
        import catboost

        return cls(catboost.CatBoost().load_model(blob=data, format="cbm"), threads)

    @property
    def wanted(self) -> Wanted:
        names = tuple(str(name) for name in self.item.feature_names_)
        own = names if names != tuple(map(str, range(len(names)))) else ()
        return Wanted(names=own, categories=tuple(names[k] for k in self.item.get_cat_feature_indices()) if own else ())

    @property
    def width(self) -> int:
        return len(self.item.feature_names_)

    @property
    def classes(self) -> tuple[str, ...]:
        return spelled(self.item.classes_)

    @property
    def classifies(self) -> bool:
        return self._loss.partition(":")[0] in _CLASSIFY

    @property
    def gives_shares(self) -> bool:
        return self._loss == "CrossEntropy"

    @cached_property
    def _loss(self) -> str:
        return str(self.item.get_all_params().get("loss_function"))

    def predict(self, table: Whole, scale: Scale) -> Array:
        # A regressor of counts gives the exponential of what its trees add up to; a file has lost that it is one.
        values = "Exponent" if self._loss.startswith(("Poisson", "Tweedie")) else "RawFormulaVal"
        values = "Probability" if self.gives_shares else values
        kind = {"probabilities": "Probability", "logits": "RawFormulaVal", "values": values}[scale]
        found = self.item.predict(self._pool(table), prediction_type=kind, thread_count=self.threads)
        outputs = np.asarray(found).reshape(len(table.codes), -1)
        return outputs[:, 1:] if scale == "values" and self.gives_shares else outputs

    def known(self, columns: Sequence[TableColumn]) -> dict[int, list[Any]]:
        """Those of the data, of the columns whose categories it keeps all."""
        found = {}
        for place in self.item.get_cat_feature_indices():
            if columns[place].kind != "number" and (known := self._words.of(place, columns[place]).known) is not None:
                own: list[Any] = Whole.words(columns[place]) or [False, True]
                found[place] = [word for word, has in zip(own, known, strict=True) if has]
        return found

    def held(self) -> bytes:
        """Its file, without the time of its training and the number that was drawn for it."""
        item = self.item.copy()
        told = item.get_metadata()
        told["model_guid"] = told["train_finish_time"] = ""
        with TemporaryDirectory() as folder:
            item.save_model(str(path := Path(folder) / "model.cbm"))
            return path.read_bytes()

    def along_the_paths(self, table: Whole) -> Array:
        return self._values(table)

    def against(self, table: Whole, background: Whole, scale: Scale) -> Array:
        if not self.item._object._is_oblivious():
            raise InputError(  # CatBoost would end the process
                "tree_shap: against rows of a background CatBoost explains symmetric trees alone, and those of this "
                "model (its grow_policy) are not; use kernel_shap"
            )
        if scale == "probabilities" and self._loss.partition(":")[0] == "MultiClass":
            raise InputError(
                "tree_shap: of a softmax of several classes CatBoost shares out the change of a probability by that of "
                "its own logit alone, be that next to nothing or the other way, so that values of any size and sign "
                "come out; give model.output=logits, or use kernel_shap"
            )
        shares = scale == "values" and self.gives_shares
        output = "Probability" if scale == "probabilities" or shares else "Raw"
        return self._values(table, reference_data=self._pool(background), model_output=output)

    def _values(self, table: Whole, **options: Any) -> Array:
        import catboost

        try:
            found = self.item.get_feature_importance(
                self._pool(table), type="ShapValues", thread_count=self.threads, **options
            )
        except catboost.CatBoostError as error:
            why = " ".join(str(error).split()).rstrip(".")
            raise InputError(f"tree_shap: CatBoost does not explain this model ({why}); use kernel_shap") from error
        return found[..., np.newaxis] if found.ndim == 2 else np.moveaxis(found, 1, 2)

    def _pool(self, table: Whole) -> Any:
        import catboost

        frame, places = table.frame(), self.item.get_cat_feature_indices()
        for place in places:
            column = table.columns[place]
            if np.isnan(table.codes[:, place]).any():
                raise InputError(
                    f"model.path: {column.name!r} is a category of CatBoost, which takes none without a value; name "
                    f"the word of its training for it: {typed_for('data.missing', column.name, {'word': 'WORD'})}"
                )
            words: Any = np.array(self._words.of(place, column).words, object)
            frame[column.name] = words[table.codes[:, place].astype(np.int64)]
        # It counts for nothing here, but CatBoost asks for labels that differ, and of a classifier for its own.
        known = np.arange(2) if len(self.item.classes_) == 0 else np.asarray(self.item.classes_)
        label = known[np.arange(len(frame)) % len(known)]
        return catboost.Pool(frame, label=label, cat_features=places, thread_count=self.threads)


_CLASSIFY = (
    "Logloss",
    "CrossEntropy",
    "Focal",
    "MultiClass",
    "MultiClassOneVsAll",
    "MultiLogloss",
    "MultiCrossEntropy",
)


def _encoded(item: Any, places: Sequence[int]) -> Iterator[tuple[int, list[Any]]]:
    """The categories in the encoders that raw columns reach as they are, by the place of the column."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    if isinstance(item, OneHotEncoder | OrdinalEncoder):
        for place, known in zip(places, item.categories_, strict=False):
            yield place, known.tolist()
    elif isinstance(item, Pipeline):
        for _, step in item.steps:
            if isinstance(step, SimpleImputer):  # which only fills gaps
                continue
            yield from _encoded(step, places)
            break
    elif isinstance(item, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
        yield from _encoded(item._preprocessor, places)  # None where it has no categories
    elif isinstance(item, ColumnTransformer):
        for name, step, _ in item.transformers_:
            yield from _encoded(step, [places[k] for k in item._transformer_to_input_indices[name]])


def _cut(names: dict[str, Any]) -> list[Any]:
    """The categories of a column as XGBoost keeps them: numbers, or bytes of words."""
    if "offsets" not in names:
        return list(names["values"])
    data = bytes(value & 255 for value in names["values"])
    return [data[start:end] for start, end in pairwise(names["offsets"])]


def _as_xgboost(words: Sequence[str]) -> list[bytes]:
    """Words as XGBoost 3.2 keeps them: cut at so many bytes as they have letters, which is wrong beyond ASCII."""
    data, ends = "".join(words).encode(), np.cumsum([0, *map(len, words)]).tolist()
    return [data[start:end] for start, end in pairwise(ends)]


def _of_xgboost(tree: dict[str, Any], output: int) -> Tree:
    """A category that a node names goes right, all others left; what is missing, where the node says."""
    left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
    column, threshold = np.array(tree["split_indices"]), np.array(tree["split_conditions"], np.float32)
    default = np.array(tree["default_left"], bool)
    named = {
        node: tree["categories"][start : start + size]
        for node, start, size in zip(
            tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
        )
    }

    def goes_left(rows: Array) -> Array:
        values = rows[:, column]
        goes = values < threshold
        for node, categories in named.items():
            goes[:, node] = ~np.isin(values[:, node], categories)
        return np.where(np.isnan(values), default, goes)

    return Tree(column, left, right, threshold.astype(np.float64), output, goes_left)


_SIGMOID = re.compile(r"\bsigmoid:([0-9.e+-]+)")


def _of_lightgbm(root: dict[str, Any], output: int, steepness: float) -> Tree:
    """A category that a node names goes left, all others and what is missing right."""
    nodes: list[dict[str, Any]] = [root]
    children = []
    for node in nodes:  # which grows on the way
        children.append((len(nodes), len(nodes) + 1) if "left_child" in node else (-1, -1))
        nodes += [node["left_child"], node["right_child"]] if "left_child" in node else []
    left, right = np.array(children).T
    column = np.array([node.get("split_feature", 0) for node in nodes])
    value = np.array([node.get("leaf_value", 0.0) for node in nodes], np.float64) * steepness

    def goes_left(rows: Array) -> Array:
        goes = np.zeros((len(rows), len(nodes)), bool)
        for k, node in enumerate(nodes):
            if "left_child" not in node:
                continue
            values = rows[:, node["split_feature"]]
            if node["decision_type"] == "==":
                goes[:, k] = np.isin(values, [float(word) for word in str(node["threshold"]).split("||")])
                continue
            kind = node["missing_type"]
            gaps = np.isnan(values)
            known = np.where(gaps & (kind != "NaN"), 0.0, values)
            default = gaps if kind == "NaN" else (np.abs(known) <= _NOTHING) & (kind == "Zero")
            goes[:, k] = np.where(default, node["default_left"], known <= node["threshold"])
        return goes

    return Tree(column, left, right, value, output, goes_left)


_NOTHING = 1e-35  # up to which LightGBM takes a number for zero


Reader = Callable[[bytes, int], Fitted]
# By the end of the name of a file.
READERS: dict[str, tuple[type[Fitted], Reader]] = {
    ".skops": (ScikitLearn, ScikitLearn.read),
    ".json": (XGBoost, XGBoost.read),
    ".ubj": (XGBoost, XGBoost.read),
    ".txt": (LightGBM, LightGBM.read),
    ".cbm": (CatBoost, CatBoost.read),
}
# By the class that a model is one of, the most particular first.
_CLASSES: dict[str, type[Fitted]] = {
    "xgboost.Booster": XGBoost,
    "xgboost.XGBModel": XGBoost,
    "lightgbm.Booster": LightGBM,
    "lightgbm.LGBMModel": LightGBM,
    "catboost.CatBoost": CatBoost,
    "sklearn.BaseEstimator": ScikitLearn,
}


def fitted(item: Any, threads: int) -> Fitted | None:
    """The model of one of these libraries; None for anything else. No library is imported to ask."""
    bases = {f"{base.__module__.partition('.')[0]}.{base.__name__}" for base in type(item).__mro__}
    found = next((known for name, known in _CLASSES.items() if name in bases), None)
    return None if found is None else found(item, threads)


def read_fitted(data: bytes, ending: str, threads: int) -> Fitted:
    """The model in a file whose name ends so.

    Raises:
        InputError: for a file that is none of these, needs a library that is not here, holds what is not trusted, or
            at which that library would end this process or come to no end.
    """
    if not data:
        raise InputError(f"model.path: the {ending} file is empty; put the fitted model there")
    if why := trial(data, ending):
        raise InputError(why)
    return opened(data, ending, threads)


def opened(data: bytes, ending: str, threads: int) -> Fitted:
    """`read_fitted` without a trial.

    Raises:
        InputError: for a file that is none of these, needs a library that is not here, or holds what is not trusted.
    """
    _, read = READERS[ending]
    try:
        found = read(data, threads)
        _ = found.wanted, found.classes, found.classifies  # which some libraries read when they are asked
        return found
    except InputError:
        raise
    except ImportError as error:
        raise InputError(
            f"model.path: a {ending} file needs a library that is not installed here: pip install {error.name}"
        ) from error
    except Exception as error:  # each library fails in its own ways at what it did not write
        raise InputError(unread(ending, error)) from error


def unread(ending: str, error: Exception) -> str:
    """That a file cannot be read, and why."""
    why = f"it has no {error}" if isinstance(error, KeyError) else unread_by(error)
    return f"model.path: {READERS[ending][0].framework} cannot read the {ending} file: {why}"


def spelled(classes: Any) -> tuple[str, ...]:
    """Classes as a reader of the data has them: numbers without a point."""
    return tuple(
        str(int(one)) if isinstance(one, float) and one.is_integer() else str(one)
        for one in np.asarray(classes).tolist()
    )


def softmax(values: Array) -> Array:
    """(rows, classes) that add up to 1."""
    return np.exp(values - np.logaddexp.reduce(values, axis=1, keepdims=True))
