"""Who may import whom, and when a framework is loaded."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

from exhibit.tasks import stages
from tests.conftest import Project

ROOT = Path(__file__).parents[1]
FOLDERS = {"flows", "tasks", "conf", "templates"}
PACKAGES = ("data", "models", "methods", "checks", "drawing", "document")
MODULES = sorted(path for folder in ("flows", "tasks") for path in (ROOT / folder).rglob("*.py"))
HEAVY = ("torch", "torch_geometric", "tensorflow", "keras", "rdkit", "datamol", "weasyprint", "prefect", "matplotlib",
         "sklearn", "skimage", "pandas", "pyarrow", "shap")  # fmt: skip

# Which modules may import a library at all, wherever in the module.
PLACES = {
    "hydra": ("flows/*",),
    "omegaconf": ("flows/*",),
    "prefect": ("flows/*",),
    "torch": ("tasks/models/torch*.py", "tasks/models/zoo/*", "tasks/methods/shap*.py"),
    "torch_geometric": ("tasks/models/zoo/*",),
    "tensorflow": ("tasks/models/keras*.py", "tasks/models/zoo/*", "tasks/methods/shap*.py"),
    "keras": ("tasks/models/keras*.py", "tasks/models/zoo/*", "tasks/methods/shap*.py"),
    "rdkit": ("tasks/atoms.py", "tasks/data/molecule.py", "tasks/datasheet/molecules.py", "tasks/drawing/molecule.py"),
    "weasyprint": ("tasks/document/pdf.py", "tasks/document/pdf_shaping.py"),
    "shap": ("tasks/methods/shap*.py",),
    "fsspec": ("tasks/clients.py",),
    "s3fs": ("tasks/clients.py",),
    "botocore": ("tasks/clients.py",),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def imports(path: Path) -> tuple[str, ...]:
    """The absolute name of everything that a module imports, inside functions too."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_contracts_of_the_imports_are_kept() -> None:
    """Layers, rooms that do not know each other, no circle, Prefect and Hydra in the flows alone: pyproject.toml."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout


def test_a_circle_breaks_a_contract(new_project: Callable[[], Project]) -> None:
    """The contracts can fail: here one is broken."""
    copy = new_project()
    shutil.copy(ROOT / "pyproject.toml", copy.root)
    copy.edit("flows/quiet.py", "QUIET =", "import exhibit.flows.cli\n\nQUIET =")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(copy.root / "src")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=copy.root, env=environment)
    assert done.returncode == 1
    assert "No circle anywhere BROKEN" in done.stdout


def test_no_module_of_ours_is_imported_under_another_name() -> None:
    """A second import of the same file would make every record and every spec twice."""
    tests = (ROOT / "tests").rglob("*.py")
    plain = {
        name_of(path) for path in [*MODULES, *tests] for name in imports(path) if name.partition(".")[0] in FOLDERS
    }
    assert plain == set()
    for folder in ("flows", "tasks"):
        command = [sys.executable, "-c", f"import {folder}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert f"this folder is imported as exhibit.{folder}" in done.stderr


@pytest.mark.parametrize("library", PLACES)
def test_a_library_is_imported_only_in_its_places(library: str) -> None:
    users = {name_of(path) for path in MODULES for name in imports(path) if name.partition(".")[0] == library}
    assert {user for user in users if not any(fnmatch(user, place) for place in PLACES[library])} == set()


def test_importing_a_package_loads_no_framework() -> None:
    """Frameworks are loaded when they are used: help, typos and other frameworks' studies never pay for them. Modules
    that load none all together load none one by one; the first after which one is there is named."""
    modules = [
        "exhibit.flows.cli",
        "exhibit.flows.config",
        *(f"exhibit.tasks.{package}" for package in PACKAGES),
        *stages.modules(),
    ]
    code = (
        f"import importlib, sys\nfor name in {modules!r}:\n    importlib.import_module(name)\n"
        f"    if loaded := sorted(set(sys.modules) & set({HEAVY!r})): sys.exit(f'{{name}} loads {{loaded}}')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_frameworks_of_the_rules_exist() -> None:
    """A library that nobody imports has no rule: the rules describe the tree as it is."""
    used = {name.partition(".")[0] for path in MODULES for name in imports(path)}
    assert set(PLACES) - used <= {"shap"}
