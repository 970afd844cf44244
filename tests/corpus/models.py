"""Models and data that functions of users give: what each must end in, before anything is trained or explained."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.factory import TRUSTED
from exhibit.tasks.models.factory import FactorySpec
from exhibit.tasks.models.fitted import read_fitted
from exhibit.tasks.protocols import Compute, Score, gives_gradients, silent
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory
from tests.corpus.outcome import Outcome, Refused, Taken, check_data, check_refused
from tests.corpus.recipe import Recipe

OWN = "tests.corpus.own_models"
COMPUTE = Compute(batch=32)  # TensorFlow starts once in a process, so with the threads that other tests have


@cache
def iris() -> Dataset:
    return IrisSpec(reference=None).load(Memory())


def explained(spec: FactorySpec) -> None:
    """The way of a model through the stages, as far as a gradient where it has some."""
    model = spec.restore(iris(), spec.fit(iris(), COMPUTE, silent), COMPUTE)
    some = iris().take(np.arange(4))
    outputs = model.predict(some.arrays)
    assert outputs.shape == (4, 3)
    if gives_gradients(model):
        place = model.place(some.arrays)
        place.gradient(
            place.values, Score(kind="probability" if model.output == "probabilities" else "logit"), np.zeros(4, int)
        )


def model(kind: str, name: str, fitting: str, words: str | None) -> Recipe:
    """What `own_models.KIND(NAME)` gives; no words: it can be explained."""

    def run(_: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(TRUSTED, OWN)
            given = {"factory": f"{OWN}:{kind}", "arguments": {"name": name}, "fit": fitting, "epochs": 1}
            spec = FactorySpec.model_validate(given)
            if words is None:
                explained(spec)
            else:
                check_refused(lambda: explained(spec), Refused(words))

    return Recipe(f"model: {kind} {name}, fit={fitting}", run)


def fitted(name: str, content: bytes, ending: str, words: str) -> Recipe:
    """A file of a fitted model, at which its library may end the process."""
    return Recipe(f"fitted: {name}", lambda _: check_refused(lambda: read_fitted(content, ending, 1), Refused(words)))


def data(name: str, expected: Outcome) -> Recipe:
    def run(_: Path) -> None:
        def load() -> Dataset:
            spec = DataFactorySpec.model_validate({"factory": f"{OWN}:data", "arguments": {"name": name}})
            dataset = spec.load(Memory())
            spec.limits.require(dataset)
            return dataset

        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(TRUSTED, OWN)
            check_data(load, expected)

    return Recipe(f"data: {name}", run)


ONE_ARRAY, REAL = (
    "a net gives one array, .* but this one gives (a|None)",
    "outputs are real numbers, but these are of type",
)
BOUNDED = "lie between 0 and 1 and do not add up to 1, as those of sigmoids; say what they are"
SLOPES, ROWS = "no gradient leads from its outputs", "rows of outputs came back"
WIDTH, SHAPE = (
    "but the data asks for",
    "cannot predict|outputs of shape|an array of shape|returned (None|a list|a dict)",
)
NETS: Mapping[str, str | None] = {
    "good": None, "tuple": ONE_ARRAY, "list": ONE_ARRAY, "dictionary": ONE_ARRAY, "object": ONE_ARRAY,
    "none": ONE_ARRAY, "text": ONE_ARRAY, "array": ONE_ARRAY, "truth": REAL, "whole": REAL, "complex": REAL,
    "raises": "ZeroDivisionError", "detached": SLOPES, "unguarded": SLOPES, "constant": SLOPES, "argmax": SLOPES,
    "two": WIDTH, "flat": WIDTH, "scalar": ROWS, "sigmoid": WIDTH, "one_row_less": ROWS, "double": None,
    "embedding": "index out of range", "axis_dropped": "shapes cannot be multiplied", "rows_dropped": "a row for each sample was expected",
    "brain_float": "computes in bfloat16", "brain_outputs": None, "sparse_outputs": "outputs are a sparse tensor; give them whole",
    "outputs_without_values": "outputs are on the device meta, which holds no numbers", "lazy": "has no values yet, as of a lazy layer",
    "without_values": "lies on the device meta", "quantised": "is quantised",
    "sparse_state": "'rare' of the net is a sparse or nested", "nested_state": "'rare' of the net is a sparse or nested",
    "float8_state": "computes in float8_e4m3fn", "conjugate_state": None,
    "more_state": "'_extra_state' of the net is a dict and no tensor",
    "nothing_prepared": "the preprocess gives None; arrays by name", "preparing_raises": "KeyError: 'pixels'",
}  # fmt: skip
GIVEN: Mapping[str, str | None] = {
    "two_keras_outputs": ONE_ARRAY, "keras_dictionary": ONE_ARRAY, "keras_argmax": SLOPES, "keras_truth": REAL,
    "keras_sigmoid": WIDTH, "keras_sigmoids": BOUNDED, "sigmoids": BOUNDED,
}  # fmt: skip
FUNCTIONS: Mapping[str, str | None] = {
    "good": None, "percentages": "add up to 100 in each row, so they are percentages", "lists": None, "tuple": SHAPE, "none": SHAPE, "words": REAL, "truth": REAL,
    "nones": REAL, "complex": REAL, "dictionary": SHAPE, "ragged": "inhomogeneous", "longest_floats": None,
    "one_row_less": SHAPE, "two": WIDTH, "flat": SHAPE, "raises": "KeyError, 'missing'",
}  # fmt: skip
ESTIMATORS: Mapping[str, str | None] = {
    "good": None, "unfitted": "not fitted yet", "of_two_columns": "expecting 2 features", "of_two_classes": WIDTH,
    "of_words": "a classifier without probabilities", "regression": WIDTH,
    "scaler": "the StandardScaler predicts nothing", "clusters": "gives the number of a cluster",
    "outliers": "gives only whether a row is an outlier",
}  # fmt: skip
OTHERS: Mapping[str, str | None] = {
    "raises": "failed with ValueError: no weights here .in own_models.py, line", "exits": "failed with SystemExit: 3",
    "none": "gave None", "number": "gave an int", "class": SHAPE, "list": "gave a list",
}  # fmt: skip

CALLED, NO_MODEL = "is called with one thing, the arrays of the inputs by their names", "the factory gave "
STRANGERS: Mapping[str, str | None] = {
    "of nothing": CALLED, "of two things": CALLED, "of none by place": CALLED, "a class without arguments": CALLED,
    "a module": f"{NO_MODEL}a module", "three of them": "gave a tuple of 3; a model, or a model and its preprocess",
    "none of them": "gave a tuple of 0", "one of them": "gave a tuple of 1", "text": f"{NO_MODEL}a str",
    "a path": f"{NO_MODEL}a bytes", "it cannot be asked": "failed with RuntimeError: preprocess",
    "its errors cannot be said": "Unspeakable, <exception str", "a generator": "returned a generator", "a sum over samples": SHAPE,
    "the other way round": SHAPE, "times": REAL, "bytes": REAL, "fields": SHAPE, "a frame": None,
    "half precision": None,
}  # fmt: skip

MODELS = [
    *(model("net", name, "never", words) for name, words in (NETS | GIVEN).items()),
    *(model("net", name, "auto", words) for name, words in NETS.items()),
    *(model("net", name, "auto", "trains on logits, but the net ends in sigmoids") for name in ("sigmoids", "keras_sigmoids")),
    *(model("function", name, "never", words) for name, words in FUNCTIONS.items()),
    *(model("estimator", name, "never", words) for name, words in ESTIMATORS.items()),
    *(model("other", name, "never", words) for name, words in OTHERS.items()),
    *(model("given", name, "never", words) for name, words in STRANGERS.items()),
    model("wrong_argument", "x", "never", "failed with TypeError: .*unexpected keyword argument 'name'|takes 0 positional"),
    *(fitted(f"an empty {ending}", b"", ending, f"the {ending} file is empty; put") for ending in (".ubj", ".json", ".skops")),
    fitted("half a .ubj", b"{L\0\0\0\0\0\0\0\x07learner{L", ".ubj", "XGBoost cannot read the .ubj file: it is cut off"),
    fitted("a deep .json", b'{"a":' * 50_000 + b"1" + b"}" * 50_000, ".json", "recursion"),
    data("good", Taken(8, ("x 0", "x 1"), ("p", "q"))),
    data("numbers_as_objects", Taken(8, ("x 0", "x 1"), ("p", "q"))),
    data("columns_of_two_levels", Taken(8, ("('a', 'b')", "('a', 'c')"), ("p", "q"))),
    data("classes", Taken(8, ("x 0", "x 1"), ("p", "q", "r"))),  # one of them has no row yet
    *(
        data(name, Refused(words))
        for name, words in {
            "none": "gave None", "list": "gave a list", "no_labels": "gave no labels", "raises": "no connection",
            "strange_key": "gave lables, which is not known", "no_inputs": "gave no samples", "short": r"a table of numbers \(8,",
            "missing": "missing or infinite values in 8 of 8", "infinite": "missing or infinite values in 8 of 8", "words": "its kind None",
            "one_class": "it needs two classes", "split": "0 of them train", "ids": "ids that are not unique",
            "cube": "an image of numbers", "kind": "its kind 'sound' is not known",
            "pixels": "pixels go from 300 to 300", "features": "features lists 1 name, but the table has 2", "smiles": "not valid SMILES",
            "ids_beyond": "the vocabulary that they count", "many_features": "3,000 features, more than",
            "masked": "some values are masked", "two_columns_of_a_name": "has several columns of the name 'a'",
            "dates": "holds 8 dates such as 2020-01-01", "cells_of_lists": "holds cells of type list",
            "decimal_commas": "in row 0 it is '0,5'", "complex": "is not known for complex128",
            "long_name": "the name of a label has 999 letters", "ragged": "its values are no array",
            "no_values": "its values are None; one for each sample", "one_value": "its values are a float",
            "no_features": r"its values are of shape \(8, 0\), so there is nothing", "a_feature_twice": "features names 'a' more than once",
            "a_feature_without_a_name": "features holds an empty name",
            "half_a_letter_in_a_feature": "the name of a feature holds half a letter",
            "half_a_letter_in_an_id": "the name of a sample holds half a letter", "half_a_letter_in_a_label": "gave half a letter",
        }.items()
    ),
]  # fmt: skip
