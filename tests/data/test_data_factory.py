"""Data that a user's own function makes: what it may give, and what is said of what it may not."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from exhibit.tasks.data.factory import DataFactorySpec, _whole
from exhibit.tasks.data.plain import dataset_of
from exhibit.tasks.factory import TRUSTED, code_of
from exhibit.tasks.models.zoo.mlp import MLPSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.stages.fit import fit
from exhibit.tasks.stages.load import load
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Store
from tests.conftest import Memory

SOURCE = """
import numpy as np
import pandas as pd


def several(rows=8, extra=None):
    draws = np.random.default_rng(0)
    if extra is not None:
        rows = len(extra.read_text().split())
    return {
        "inputs": {
            "person": pd.DataFrame({"age": np.arange(rows) + 20.0, "colour": ["red", "blue"] * (rows // 2)}),
            "bits": draws.integers(0, 2, (rows, 3)),
            "scan": draws.integers(0, 256, (rows, 4, 5, 3), np.uint8),
            "note": {"values": [f"fine day {row}" for row in range(rows)], "kind": "text"},
            "compound": {"values": ["CCO", "CO"] * (rows // 2), "kind": "molecule"},
        },
        "labels": ["ill", "well"] * (rows // 2 - 1) + [None, "well"],
        "split": ["train"] * (rows - 4) + ["test"] * 2 + ["explain"] * 2,
        "label_name": "health",
    }


def digits():
    from exhibit.tasks.data.image import DigitsSpec
    return DigitsSpec().load(None)


def numbers():
    return {"inputs": {"x": np.arange(20.0).reshape(10, 2)}, "labels": np.arange(10) * 1000.5}


def nothing():
    return 3
"""


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of the module that these tests trust."""
    (path := tmp_path / "own_data.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(TRUSTED, "own_data")
    code_of.cache_clear()
    yield path
    sys.modules.pop("own_data", None)
    code_of.cache_clear()


def made(function: str, **options: Any) -> Dataset:
    return DataFactorySpec(factory=f"own_data:{function}", **options).load(Memory())


def test_several_kinds_at_once() -> None:
    data = made("several")
    assert [(item.name, item.kind) for item in data.inputs] == [
        ("person", "table"), ("bits", "table"), ("scan", "image"), ("note", "text"), ("compound", "molecule")
    ]  # fmt: skip
    person, bits, scan, note, _ = data.inputs
    assert person.features == ("age", "colour: blue", "colour: red")
    assert bits.features == ("bits 0", "bits 1", "bits 2")
    assert scan.bounds == (0, 255)
    assert [note.vocabulary[token] for token in note.values[0] if token] == ["fine", "day", "0"]
    assert (data.task, data.classes, data.label_name) == ("classification", ("ill", "well"), "health")
    assert np.isnan(data.labels[-2])
    assert data.labels[-1] == 1
    assert person.centre is not None
    assert person.centre[0] == np.mean([20, 21, 22, 23])  # of the training rows


def test_a_dataset_is_taken_as_it_is() -> None:
    data = made("digits")
    assert data.title == "Handwritten digits"
    assert len(data.labels) == 1797


def test_rows_to_explain_are_no_part_of_the_fit() -> None:
    spec = DataFactorySpec(factory="own_data:several")
    part = spec.fitted(spec.load(Memory()))
    assert set(part.split.tolist()) == {"train", "test"}
    assert part.labels.dtype == np.int64


def test_a_model_is_trained_on_it_and_depends_on_the_code(tmp_path: Path, own: Path) -> None:
    store, spec, compute = Store(tmp_path / "store"), DataFactorySpec(factory="own_data:numbers"), Compute(batch=32)

    def loaded() -> FinishedStage:
        code_of.cache_clear()
        return load(store, spec)

    first = loaded()
    assert "own_data" in first.fingerprint["source"]
    trained = fit(store, MLPSpec(epochs=1), compute, first["fitted"], silent)
    assert fit(store, MLPSpec(epochs=1), compute, first["fitted"], silent).cached
    assert len(unpack(Dataset, store.get(first["dataset"])).labels) == 10
    assert trained["weights"]
    own.write_text(SOURCE + "\n# a comment\n")
    assert loaded().cached
    own.write_text(SOURCE.replace("1000.5", "1000.25"))
    assert not loaded().cached


def test_files_are_given_and_count_by_their_content(tmp_path: Path) -> None:
    for name, text in (("a", "1 2 3 4 5 6"), ("b", "1 2 3 4 5 6"), ("c", "1 2 3 4 5 6 7 8")):
        (tmp_path / name).write_text(text)
    specs = [DataFactorySpec(factory="own_data:several", paths={"extra": tmp_path / name}) for name in "abc"]
    assert [len(spec.load(Memory()).labels) for spec in specs] == [6, 6, 8]
    assert specs[0].spec_with_digests() == specs[1].spec_with_digests() != specs[2].spec_with_digests()
    with pytest.raises(InputError, match=r"data\.paths\.extra: .*none does not exist"):
        DataFactorySpec(factory="own_data:several", paths={"extra": tmp_path / "none"}).load(Memory())
    with pytest.raises(InputError, match=r"data\.paths\.extra: .* is not a file"):
        DataFactorySpec(factory="own_data:several", paths={"extra": tmp_path}).load(Memory())


def test_an_untrusted_module_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "")
    with pytest.raises(ValueError, match="the module 'own_data' is not trusted on this machine"):
        DataFactorySpec(factory="own_data:numbers")


TWO = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
GREY = {"values": TWO.reshape(4, 1, 2), "kind": "image"}
WORDS = ["a", "b", "a", "b"]


@pytest.mark.parametrize("form", [np.asarray, lambda values: pd.DataFrame(values, columns=["a", "b"])])
def test_whole_numbers_that_a_float_would_move_are_refused(form: Callable[[Any], Any]) -> None:
    """2^53 + 1 is the first; its even neighbours stay as they are."""
    kept, moved = (np.array([[1, 2], [3, 4], [5, (1 << 53) + more]]) for more in (2, 1))
    told = {"labels": [1.0, 2.0, 3.0], "task": "regression"}
    assert dataset_of({"inputs": {"x": form(kept * 1e30)}, **told}, "data.factory")
    assert dataset_of({"inputs": {"x": form(kept)}, **told}, "data.factory").inputs[0].array[2, 1] == (1 << 53) + 2
    with pytest.raises(InputError, match=r"holds 9007199254740993, which is 9007199254740992 in the 53 bits"):
        dataset_of({"inputs": {"x": form(moved)}, **told}, "data.factory")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"inputs": {"x": TWO}}, "gave no labels; it gave inputs"),
        ({"inputs": {"x": TWO}, "labels": WORDS, "weight": 1}, "gave weight, which is not known; allowed are clas"),
        ({"inputs": {"x": TWO}, "labels": WORDS, "split": ["test"] * 4}, "4 labels and 4 splits, 0"),
        ({"inputs": {"x": TWO[:3]}, "labels": WORDS}, r"x: a table of numbers \(4, features\) was expected"),
        ({"inputs": {"x": {"values": TWO, "features": ["a"]}}, "labels": WORDS}, "features lists 1 name, but the tab"),
        ({"inputs": {"x": WORDS}, "labels": WORDS}, "x: its kind None is not known for"),
        ({"inputs": {"x": GREY}, "labels": WORDS}, "x: pixels go from 1 to 8, beyond 0 and 1"),
        ({"inputs": {"x": np.zeros((4, 2, 2, 2))}, "labels": WORDS}, r"x: an image of numbers .*1 or 3\) was"),
        ({"inputs": {"x": {"values": [[9]] * 4, "vocabulary": ["", "a"]}}, "labels": WORDS}, "x: texts .* 2 tokens"),
        ({"inputs": {"x": pd.DataFrame({"a": ["u", None, "u", "v"]})}, "labels": WORDS}, "row 1: a is missing"),
        ({"inputs": {"x": {"values": ["C1CC"] * 4, "kind": "molecule"}}, "labels": WORDS}, "'C1CC' in row 0"),
        ({"inputs": {"x": {"values": ["", " "] * 2, "kind": "text"}}, "labels": WORDS}, "x: every text .* is empty"),
        ({"inputs": {"x": TWO}, "labels": ["a"] * 4}, "the column 'label' is 'a' in every row; it needs two classes"),
        ({"inputs": {"x": TWO}, "labels": WORDS, "classes": ["a"]}, "classes are a, but the labels are a, b"),
    ],
)  # fmt: skip
def test_what_is_no_data_is_said(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        dataset_of(given, "data.factory: own:f")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: {"sample_ids": np.array(["a"] * 1797)}, "gave ids that are not unique"),
        (lambda data: {"split": np.full(1797, "dev")}, "gave the split 'dev'; a split is train, valid"),
        (lambda data: {"labels": data.labels[:5]}, "gave 1,797 ids, but labels has 5 rows"),
        (lambda data: {"labels": data.labels + 9}, "gave labels outside 0 to 9, the numbers of the 10 classes"),
        (lambda data: {"labels": np.where(data.labels == 3, np.nan, data.labels)}, "183 rows have no label"),
    ],
)  # fmt: skip
def test_a_dataset_whose_parts_do_not_fit_is_refused(
    change: Callable[[Dataset], dict[str, Any]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = made("digits")
    monkeypatch.setattr(import_module("own_data"), "digits", lambda: data.model_copy(update=change(data)))
    with pytest.raises(InputError, match=said):
        made("digits")
    with pytest.raises(InputError, match="gave an int; a Dataset or a dictionary was expected"):
        made("nothing")


def test_groups_may_be_given_with_data_of_any_kind() -> None:
    """As for pictures, which have no columns."""
    given = {"inputs": {"x": np.zeros((4, 2))}, "labels": [0.5, 1.5, 2.5, 3.5]}
    site = {"site": ["a", None, "b", "a"], "ward": [10, 9, 9, 10]}
    for groups in (site, pd.DataFrame(site, index=[3, 1, 4, 2])):
        found = dataset_of({**given, "groups": groups}, "data.factory: f").groupings
        assert found
        assert [one.groups for one in found.items] == [("a", "b", "not stated"), ("9", "10")]
        assert [one.of.tolist() for one in found.items] == [[0, 2, 1, 0], [1, 0, 0, 1]]
    assert dataset_of(given, "data.factory: f").groupings is None


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"site": ["a"]}, "groups: 'site' has 1 entries for 10000 rows"),
        ({"label": ["a"] * 10_000}, "groups: 'label' is the label"),
        ({"id": range(10_000)}, "groups: 'id' has 10,000 different values, and at most 20 groups"),
        (["a"] * 10_000, "groups are columns by name"),
    ],
)
def test_groups_that_are_none_are_refused(groups: Any, said: str) -> None:
    given = {"inputs": {"x": np.zeros((10_000, 2))}, "labels": np.arange(10_000.0), "groups": groups}
    with pytest.raises(InputError, match=said):
        dataset_of(given, "data.factory: f")


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ({"site": 3}, "groups: 'site' is .*; a column has a word, a number or None for each row"),
        ({"site": "abab"}, "groups: 'site' is .*; a column has"),
        ({"site": [object()] * 4}, "groups: 'site' holds .*; a cell is a word, a number or None"),
        ({"site": [1 + 2j] * 4}, "groups: 'site' holds .*; a cell is"),
        ({"site": np.zeros((4, 2))}, "groups: 'site' holds .*; a cell is"),
        ({3: list("abab"), "3": list("abab")}, "groups: '3' is named twice"),
    ],
)
def test_columns_of_groups_that_are_no_columns_are_named(groups: Any, said: str) -> None:
    """Before, they were tracebacks, or groups that were named by their place in memory."""
    given = {"inputs": {"x": np.zeros((4, 2))}, "labels": [0.5, 1.5, 2.5, 3.5], "groups": groups}
    with pytest.raises(InputError, match=said):
        dataset_of(given, "data.factory: f")


def test_no_columns_of_groups_are_no_groups() -> None:
    given = {"inputs": {"x": np.zeros((2, 2))}, "labels": [0.5, 1.5], "groups": {}}
    assert dataset_of(given, "data.factory: f").groupings is None


def test_groups_of_a_dataset_are_of_all_its_rows() -> None:
    given = {"inputs": {"x": np.zeros((4, 2))}, "labels": [0.5, 1.5, 2.5, 3.5], "groups": {"site": list("abab")}}
    dataset = dataset_of(given, "data.factory: f")
    assert dataset.groupings
    (site,) = dataset.groupings.items
    short = dataset.groupings.model_copy(update={"items": (site.take(np.arange(3)),)})
    with pytest.raises(InputError, match="gave 4 ids, but groups: site has 3 rows"):
        _whole(dataset.model_copy(update={"groupings": short}), "data.factory: f")
