"""Facts of the fingerprint: what changes it and what does not."""

import ast
import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from exhibit.tasks.distributions import providers
from exhibit.tasks.fingerprint import ROOT, fingerprint
from exhibit.tasks.sources import facts, facts_of, parsed, reads_docstrings, source_digest

Write = Callable[[str, str], None]
Of = Callable[..., dict[str, dict[str, str]]]

LAYERS = "from exhibit.tasks.models import layers"
FILES = {
    "__init__": "",
    "records": "import pydantic\nimport json\n",
    "models.__init__": "from .mlp import MLP\nfrom exhibit.tasks.models.cnn import CNN\nModels = MLP | CNN\n",
    "models.mlp": f'"""A net."""\n{LAYERS}\n\ndef fit(x):\n    import torch\n    return 2 * x\n',
    "models.cnn": "import tensorflow\nfrom . import layers\nfrom .layers import dense\n",
    "models.layers": "from ..records import json\n\ndef dense(x):\n    return x + 1\n",
    "methods": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from exhibit.tasks.models import Models\n",
    "report": "import exhibit.tasks.models\n",
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(module: str, source: str) -> None:
        path = tmp_path.joinpath("exhibit", "tasks", *module.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)

    return write


@pytest.fixture
def of(tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> Of:
    """The fingerprint of modules of a small project, read anew each time."""
    for module, source in FILES.items():
        write(module, source)

    def of(*modules: str) -> dict[str, dict[str, str]]:
        from exhibit.tasks.fingerprint import _find, _read

        _read.cache_clear()
        _find.cache_clear()
        return fingerprint(modules, root=tmp_path)

    return of


def test_the_closure_follows_submodules_and_imports_in_functions(of: Of) -> None:
    """A model depends on its own module and what that imports, not on the union of all models."""
    mark = of("exhibit.tasks.models.mlp")
    assert list(mark["source"]) == ["exhibit.tasks.models.layers", "exhibit.tasks.models.mlp", "exhibit.tasks.records"]
    assert set(mark["libraries"]) == {"torch", "pydantic"}
    assert mark["libraries"]["torch"] == importlib.metadata.version("torch")


def test_relative_imports_are_followed(of: Of) -> None:
    """`from . import x` and `from .x import y` name the same modules as their absolute forms."""
    assert list(of("exhibit.tasks.models.cnn")["source"]) == [
        "exhibit.tasks.models.cnn",
        "exhibit.tasks.models.layers",
        "exhibit.tasks.records",
    ]


def test_a_package_counts_where_names_are_taken_from_it(of: Of) -> None:
    """Who imports the union depends on all of its members."""
    mark = of("exhibit.tasks.report")
    assert {"exhibit.tasks.models", "exhibit.tasks.models.mlp", "exhibit.tasks.models.cnn"} <= set(mark["source"])
    assert {"torch", "tensorflow"} <= set(mark["libraries"])


def test_imports_for_type_checkers_are_ignored(of: Of) -> None:
    """What only a type checker sees changes no result."""
    assert list(of("exhibit.tasks.methods")["source"]) == ["exhibit.tasks.methods"]


@pytest.mark.parametrize(
    "same",
    [
        f'"""Another net."""\n{LAYERS}\n\ndef fit(x):\n    import torch\n    return 2 * x\n',
        f"# why\n{LAYERS}\n\n\n\ndef fit(x):\n    import torch  # lazily\n    return (2 * x)\n",
        f'{LAYERS}\n\ndef fit(x):\n    """Fit."""\n    import torch\n    return 2 * x\n',
    ],
)
def test_comments_docstrings_and_layout_change_nothing(of: Of, write: Write, same: str) -> None:
    before = of("exhibit.tasks.models.mlp")
    write("models.mlp", same)
    assert of("exhibit.tasks.models.mlp") == before


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("models.mlp", FILES["models.mlp"].replace("2 * x", "3 * x")),
        ("models.mlp", FILES["models.mlp"].replace("2 * x", "x * 2")),
        ("models.layers", FILES["models.layers"].replace("x + 1", "x + 1.0")),
        ("records", FILES["records"] + "limit = 'a'\n"),
    ],
)
def test_a_changed_formula_changes_what_uses_it(of: Of, write: Write, module: str, source: str) -> None:
    """In the module itself and in what it imports, at any depth."""
    before = of("exhibit.tasks.models.mlp")
    write(module, source)
    after = of("exhibit.tasks.models.mlp")
    assert {name for name in before["source"] if before["source"][name] != after["source"][name]} == {
        f"exhibit.tasks.{module}"
    }


@pytest.mark.parametrize("module", ["models.cnn", "models.__init__", "methods", "report"])
def test_a_change_elsewhere_changes_nothing(of: Of, write: Write, module: str) -> None:
    before = of("exhibit.tasks.models.mlp")
    write(module, "changed = True\n")
    assert of("exhibit.tasks.models.mlp") == before


@pytest.mark.parametrize("read", ["fit.__doc__", "layers.__doc__", "getdoc(fit)", "__doc__", "vars(fit)['__doc__']",
                                  "getattr(fit, '__doc__', None)"])  # fmt: skip
def test_a_docstring_that_is_read_changes_what_reads_it(of: Of, write: Write, read: str) -> None:
    """That of the module itself and of what it imports: which one is read cannot be seen."""
    reading = f"{FILES['models.mlp']}\ntold = {read}\n"
    write("models.mlp", reading)
    before = of("exhibit.tasks.models.mlp")
    write("models.layers", f'"""Layers."""\n{FILES["models.layers"]}')
    assert of("exhibit.tasks.models.mlp") != before
    assert source_digest('"""a"""', docstrings=True) != source_digest('"""b"""', docstrings=True)


def test_no_stage_reads_a_docstring() -> None:
    """So that a reworded one computes nothing again."""
    files = sorted((ROOT / "exhibit" / "tasks").rglob("*.py"))
    assert [path.name for path in files if reads_docstrings(ast.parse(path.read_text(encoding="utf-8")))] == []


def test_a_docstring_that_is_handed_on_is_still_a_docstring() -> None:
    for source in ("__doc__ = f.__doc__", "g.__doc__ = f.__doc__", "class A(B):\n    __doc__ = B.__doc__"):
        assert not reads_docstrings(ast.parse(source))
    for source in ("text = f.__doc__", "__doc__ = f.__doc__ + 'x'", "print(__doc__)"):
        assert reads_docstrings(ast.parse(source))


def test_a_string_that_is_used_is_not_a_docstring() -> None:
    """Only a docstring is dropped: a constant that is returned, or of another type, counts."""
    assert source_digest("def f():\n    return 'a'") != source_digest("def f():\n    return 'b'")
    assert source_digest("x = 1") != source_digest("x = True") != source_digest("x = '1'")
    assert source_digest("def f():\n    'a'\n    return 1") == source_digest("def f():\n    'b'\n    return 1")


def test_a_file_that_a_module_names_counts_as_its_code(of: Of, write: Write, tmp_path: Path) -> None:
    """A list of classes beside a module decides what it gives; one that no source names does not."""
    write("models.mlp", FILES["models.mlp"] + "CLASSES = 'classes.json'\n")
    beside = tmp_path / "exhibit" / "tasks" / "models"
    (beside / "classes.json").write_text("[1]")
    (beside / "notes.txt").write_text("a note")
    before = of("exhibit.tasks.models.mlp")
    (beside / "notes.txt").write_text("another note")
    assert of("exhibit.tasks.models.mlp") == before
    (beside / "classes.json").write_text("[2]")
    after = of("exhibit.tasks.models.mlp")
    changed = {name for name in before["source"] if before["source"][name] != after["source"][name]}
    assert changed == {"exhibit.tasks.models/classes.json"}


def test_an_unknown_module_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"there is no module exhibit\.tasks\.modles"):
        fingerprint(["exhibit.tasks.modles"])


def test_the_project_itself(tmp_path: Path) -> None:
    """The records use numpy and pydantic, at the versions that are installed, and no framework."""
    mark = fingerprint(["exhibit.tasks.protocols"])
    assert {name.rpartition(".")[0] for name in mark["source"]} == {"exhibit.tasks", "exhibit.tasks.records"}
    assert mark["libraries"] == {
        name: importlib.metadata.version(name) for name in ("numpy", "pydantic", "pydantic_core")
    }


def test_every_installed_module_has_the_providers_that_the_standard_library_finds() -> None:
    oracle = importlib.metadata.packages_distributions()
    assert {module: providers(module) for module in oracle} == {name: set(given) for name, given in oracle.items()}


BLOCKS = """try:
    import numpy
except ImportError:
    import torch
else:
    import pandas
finally:
    import scipy
match numpy:
    case 1:
        import sklearn
class A:
    async def f(self):
        async with a as b:
            import shap
for x in []:
    pass
else:
    import yaml
"""


def test_imports_are_found_in_every_block_of_statements(of: Of, write: Write) -> None:
    write("blocks", BLOCKS)
    assert of("exhibit.tasks.blocks")["libraries"].keys() >= {
        "numpy", "torch", "pandas", "scipy", "scikit-learn", "shap", "PyYAML",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "framework", "other"),
    [("mlp", "torch", "tensorflow"), ("ggnn", "torch", "keras"), ("cnn", "keras", "torch")],
)
def test_a_model_depends_on_its_own_framework_alone(model: str, framework: str, other: str) -> None:
    """A new release of TensorFlow retrains no torch model."""
    libraries = fingerprint([f"exhibit.tasks.models.zoo.{model}"])["libraries"]
    assert framework in libraries
    assert other not in libraries


def test_it_is_the_same_in_another_process() -> None:
    """The hash seed changes nothing."""
    code = "from exhibit.tasks.fingerprint import fingerprint; print(fingerprint(['exhibit.tasks.store']))"
    command, environment = [sys.executable, "-c", code], os.environ | {"PYTHONHASHSEED": "7"}
    other = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert other.stdout == f"{fingerprint(['exhibit.tasks.store'])}\n"


def test_a_tree_is_parsed_again_where_another_thread_parsed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11 then says so by a SystemError, though nothing is wrong with the source."""
    parse, calls = ast.parse, iter([SystemError("AST constructor recursion depth mismatch")] * 2)

    def interrupted(source: str) -> ast.Module:
        if (error := next(calls, None)) is not None:
            raise error
        return parse(source)

    monkeypatch.setattr(ast, "parse", interrupted)
    assert ast.unparse(parsed("x = 1")) == "x = 1"


def test_what_is_kept_of_a_source_is_what_is_read_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another text, or any other letter in what was kept, is read anew; where nothing can be kept nothing is lost."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "module.py"
    texts = [FILES["models.__init__"], FILES["methods"], "import json\nname = 'classes.txt', 'ü\\ud800'\n"]
    for text in texts:
        assert facts(text, path) == facts_of(text) == facts(text, path)
    (kept,) = (tmp_path / "__pycache__").iterdir()
    whole = kept.read_bytes()
    assert b"classes.txt" in whole
    for damaged in (whole.replace(b"classes.txt", b"classes.csv"), whole[:-2], b"", b"\xff"):
        kept.write_bytes(damaged)
        assert facts(texts[-1], path) == facts_of(texts[-1])
        assert kept.read_bytes() == whole
    assert facts(texts[0], tmp_path / "module.py" / "no folder.py") == facts_of(texts[0])


def test_a_source_is_read_once_and_then_from_what_was_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tree is made of a text that was read before; without bytecode nothing is kept."""
    for bare in (True, False):
        monkeypatch.setattr(sys, "dont_write_bytecode", bare)
        path = tmp_path / f"module{bare}.py"
        first = facts("x = 1", path)
        with monkeypatch.context() as patch:
            patch.setattr(ast, "parse", lambda source: pytest.fail(f"{source} was read again"))
            if not bare:
                assert facts("x = 1", path) == first
    assert [path.name.partition(".")[0] for path in (tmp_path / "__pycache__").iterdir()] == ["moduleFalse"]
