"""What a user's own code depends on is in the keys, wherever it lies; and nothing is kept that was edited meanwhile."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exhibit.tasks import distributions, factory
from exhibit.tasks import fingerprint as fingerprints
from exhibit.tasks.data.factory import DataFactorySpec
from exhibit.tasks.data.table import IrisSpec
from exhibit.tasks.factory import TRUSTED, code_of, reload_edited
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.load import load
from exhibit.tasks.store import Store

Write = Callable[[str, str], None]
MODELS = """
import importlib

def make():
    importlib.import_module("minepkg.hidden")
    return "table.csv"
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes files of a user's package `minepkg`, which is trusted and read anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(TRUSTED, "minepkg")

    def write(name: str, text: str) -> None:
        path = tmp_path / "minepkg" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        code_of.cache_clear()

    write("__init__.py", "SCALE = 1.0\n")
    write("hidden.py", "GAIN = 1\n")
    write("table.csv", "5\n")
    write("notes.txt", "a note\n")
    write(
        "models.py",
        "import importlib\n\n\ndef make():\n    importlib.import_module('minepkg.hidden')\n    return 'table.csv'\n",
    )
    yield write
    code_of.cache_clear()
    for name in [name for name in sys.modules if name.partition(".")[0] == "minepkg"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "text"),
    [("__init__.py", "SCALE = 2.0\n"), ("hidden.py", "GAIN = 2\n"), ("table.csv", "6\n")],
)
def test_what_changes_a_result_changes_what_is_known_of_a_factory(write: Write, name: str, text: str) -> None:
    """The package that a module is in, what it imports by a name in a string, and a file beside it that it names."""
    before = code_of("minepkg.models:make")
    write(name, text)
    assert code_of("minepkg.models:make") != before


def test_a_file_that_no_source_names_changes_nothing(write: Write) -> None:
    before = code_of("minepkg.models:make")
    write("notes.txt", "another note\n")
    assert code_of("minepkg.models:make") == before


def test_modules_of_the_program_that_own_code_uses_count(write: Write) -> None:
    """Not by the version alone: the digest of each module, and of what it imports."""
    write("models.py", "from exhibit.tasks.orders import *\n\n\ndef make():\n    return spearman\n")
    assert {"exhibit.tasks.orders", "exhibit.tasks.records.base"} <= code_of("minepkg.models:make")["source"].keys()


@pytest.mark.parametrize("editable", [True, False])
def test_a_helper_that_is_installed_in_place_is_own_code(editable: bool, tmp_path: Path, write: Write) -> None:
    """Its version says nothing of what it holds; that of a package from a registry does."""
    info = tmp_path / "labtools-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: labtools\nVersion: 1\n")
    (info / "top_level.txt").write_text("labtools\n")
    (info / "direct_url.json").write_text(
        f'{{"url": "file:///x", "dir_info": {{"editable": {str(editable).lower()}}}}}'
    )
    (tmp_path / "labtools.py").write_text("GAIN = 1\n")
    for known in (distributions.provided, distributions.providers, factory._installed):
        known.cache_clear()
    try:
        write("models.py", "import labtools\n\n\ndef make():\n    return labtools.GAIN\n")
        before = code_of("minepkg.models:make")
        assert before["libraries"]["labtools"] == "1"
        (tmp_path / "labtools.py").write_text("GAIN = 2\n")
        code_of.cache_clear()
        assert (code_of("minepkg.models:make") != before) == editable
    finally:
        for known in (distributions.provided, distributions.providers, factory._installed):
            known.cache_clear()


OWN_DATA = """
import numpy as np

def rows():
    labels, split = np.arange(4) / 7, ["train"] * 3 + ["test"]
    return {"inputs": {"x": np.eye(4)}, "labels": labels, "task": "regression", "label_name": "y", "split": split}
"""


@pytest.mark.parametrize("first", [["ours:make"], ["ours:make", "theirs:make"]])
def test_a_module_that_another_function_had_imported_is_loaded_anew_after_an_edit(
    first: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever function of the user's own saw it first: one process asks several, and outlives an edit."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv(TRUSTED, "ours,theirs,shared")
    monkeypatch.setitem(sys.modules, "not_to_be_imported", None)  # as Python has it, and not only files are modules
    for name in ("ours", "theirs"):
        (tmp_path / f"{name}.py").write_text("from shared import GAIN\n\n\ndef make():\n    return GAIN\n")

    def given(name: str, gain: int) -> int:
        (tmp_path / "shared.py").write_text(f"GAIN = {gain}\n")
        reload_edited(name)
        return int(factory.load(name, "model.factory")())

    try:
        assert [given(name, 1) for name in first] == [1] * len(first)
        assert [given(name, 2) for name in ("ours:make", "theirs:make")] == [2, 2]
        assert [given(name, 3) for name in ("theirs:make", "ours:make")] == [3, 3]
    finally:
        code_of.cache_clear()
        for name in ("ours", "theirs", "shared"):
            sys.modules.pop(name, None)


def test_own_code_that_is_edited_while_it_runs_leaves_nothing_in_the_store(tmp_path: Path, write: Write) -> None:
    """The key would name the one, and the result come from the other: here the module edits itself."""
    edit = "    open(__file__, 'a').write('CHANGED = 1\\n')\n    return {"
    write("models.py", OWN_DATA.replace("    return {", edit))
    with pytest.raises(InputError, match=r"minepkg\.models:rows: edited while the program ran, so this result is not"):
        load(Store(tmp_path / "store"), DataFactorySpec(factory="minepkg.models:rows"))
    assert [path for path in (tmp_path / "store" / "actions").rglob("*") if path.is_file()] == []


def test_a_program_that_is_edited_while_it_runs_leaves_nothing_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if one module behind the stage had another file when the program began."""
    path = fingerprints._find("exhibit.tasks.data.table", fingerprints.ROOT)
    assert path is not None
    monkeypatch.setitem(fingerprints._AT_START, path, (0, 0, 0))
    store = Store(tmp_path / "store")
    with pytest.raises(InputError, match=r"table\.py: edited while the program ran"):
        load(store, IrisSpec(reference=None))
    monkeypatch.setitem(fingerprints._AT_START, path, fingerprints._signature(path))
    assert not load(store, IrisSpec(reference=None)).cached


def test_what_is_not_behind_a_stage_may_be_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = fingerprints._find("exhibit.tasks.document.table", fingerprints.ROOT)
    assert path is not None
    monkeypatch.setitem(fingerprints._AT_START, path, (0, 0, 0))
    assert not load(Store(tmp_path / "store"), IrisSpec(reference=None)).cached
