"""A user's own code runs only where this machine trusts it, and is known by its digest."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from exhibit.tasks.data.select import TargetSpec
from exhibit.tasks.factory import TRUSTED, code_of, load, trusted
from exhibit.tasks.records.base import InputError

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a module that can be imported while the test lasts."""
    monkeypatch.syspath_prepend(tmp_path)
    code_of.cache_clear()

    def write(module: str, source: str) -> None:
        path = tmp_path.joinpath(*module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        code_of.cache_clear()

    return write


@pytest.mark.parametrize("names", ["", "other", "owned_", "own.inner", "own.models.deeper"])
def test_a_module_that_is_not_named_is_not_trusted(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, names)
    for function in (trusted, partial(load, key="model.factory"), code_of):
        with pytest.raises(InputError, match=f"'own.models' is not trusted .*{TRUSTED}, which is '{names}'"):
            function("own.models:build")


@pytest.mark.parametrize("names", ["own", "own.models", " other , own "])
def test_a_named_module_or_package_is_trusted(names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, names)
    assert trusted("own.models:build") == "own.models:build"


def test_an_untrusted_module_is_not_even_imported(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("own_trap", f"open({str(tmp_path / 'ran')!r}, 'w')\ndef build(): pass")
    monkeypatch.delenv(TRUSTED, raising=False)
    for function in (partial(load, key="model.factory"), code_of):
        with pytest.raises(InputError, match="not trusted"):
            function("own_trap:build")
    assert not (tmp_path / "ran").exists()


def test_a_function_is_loaded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write("own_loaded", "def build(): return 3\nnumber = 3")
    monkeypatch.setenv(TRUSTED, "own_loaded,own_missing")
    assert load("own_loaded:build", "model.factory")() == 3
    with pytest.raises(
        InputError,
        match=r"^model\.factory: 'own_loaded:number' is not a function; name one as model\.factory=own_loaded:FUNC",
    ):
        load("own_loaded:number", "model.factory")
    with pytest.raises(
        InputError, match=r"^data\.factory: there is no function 'other' in 'own_loaded'; name one as data"
    ):
        load("own_loaded:other", "data.factory")
    with pytest.raises(InputError, match=r"'own_missing:build' cannot be imported .* is it on PYTHONPATH"):
        load("own_missing:build", "model.factory")
    with pytest.raises(InputError, match="no source of a module 'own_missing'"):
        code_of("own_missing:build")


def test_the_code_of_a_factory_is_its_own_modules_and_the_versions_of_libraries(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followed are the modules of the user's own, the untrusted ones beside it among them, not installed libraries."""
    write("users_code.__init__", "")
    write("users_code.models", "from . import layers\nfrom own_beside import helper\ndef build():\n    import torch\n")
    write("users_code.layers", "import json, users_code.models")
    write("own_beside", "def helper(): pass")
    monkeypatch.setenv(TRUSTED, "users_code")
    code = code_of("users_code.models:build")
    assert set(code["source"]) == {"users_code", "users_code.layers", "users_code.models", "own_beside"}
    assert set(code["libraries"]) == {"torch"}


def test_a_digest_changes_with_the_code_but_not_with_a_comment(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "own_changed")
    found = []
    for source in ("def build(): return 1", '"""Says."""\ndef build(): return 1  # why', "def build(): return 2"):
        write("own_changed", source)
        found.append(code_of("own_changed:build"))
    assert found[0] == found[1] != found[2]


def test_a_docstring_that_own_code_reads_counts(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of another module of the user's."""
    monkeypatch.setenv(TRUSTED, "own_reading,own_read")
    write("own_reading", "import own_read\ndef build(): return own_read.value.__doc__")
    found = []
    for word in ("one", "two"):
        write("own_read", f'def value():\n    """{word}"""')
        found.append(code_of("own_reading:build"))
    assert found[0] != found[1]


def test_a_score_and_its_function_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRUSTED, "own")
    assert TargetSpec(score="factory", factory="own.scores:margin").factory == "own.scores:margin"
    for given in ({"score": "factory"}, {"factory": "own.scores:margin"}):
        with pytest.raises(ValueError, match=r"target\.score=factory and target\.factory=.* go together"):
            TargetSpec(**given)
    monkeypatch.delenv(TRUSTED)
    with pytest.raises(ValueError, match=r"'own\.scores' is not trusted"):
        TargetSpec(score="factory", factory="own.scores:margin")
