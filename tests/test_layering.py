"""Who may import whom, and when a framework is loaded."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("data", "models", "methods", "checks", "drawing", "document")
MODULES = sorted(path for folder in ("flows", "tasks") for path in (ROOT / folder).rglob("*.py"))
HEAVY = ("torch", "torch_geometric", "tensorflow", "keras", "rdkit", "datamol", "weasyprint", "prefect", "matplotlib",
         "sklearn", "skimage", "pandas", "pyarrow", "shap")  # fmt: skip

# Which modules may import a library at all, wherever in the module.
PLACES = {
    "hydra": ("flows/*",),
    "omegaconf": ("flows/*",),
    "prefect": ("flows/*", "tasks/stages.py"),
    "torch": ("tasks/models/torch*.py", "tasks/models/zoo/*", "tasks/methods/shap*.py"),
    "torch_geometric": ("tasks/models/zoo/*",),
    "tensorflow": ("tasks/models/keras*.py", "tasks/models/zoo/*", "tasks/methods/shap*.py"),
    "keras": ("tasks/models/keras*.py", "tasks/models/zoo/*", "tasks/methods/shap*.py"),
    "rdkit": ("tasks/data/molecule.py", "tasks/drawing/molecule.py"),
    "weasyprint": ("tasks/document/pdf.py",),
    "shap": ("tasks/methods/shap*.py",),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """The absolute name of everything that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def project(path: Path) -> Iterator[str]:
    return (name for name in imports(path) if name.partition(".")[0] in ("flows", "tasks"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_imports_upward(path: Path) -> None:
    """`tasks` knows nothing of `flows`; only `flows` and the stages know more than one package."""
    if path.is_relative_to(ROOT / "tasks"):
        assert [name for name in project(path) if name.startswith("flows")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_knows_only_itself_and_the_records(package: str) -> None:
    """No package imports another one, a stage or the store."""
    allowed = (f"tasks.{package}", "exhibit.tasks.records", "exhibit.tasks.protocols", "exhibit.tasks.factory")
    for path in (ROOT / "tasks" / package).rglob("*.py"):
        others = [name for name in project(path) if not f"{name}.".startswith(tuple(f"{known}." for known in allowed))]
        assert others == [], name_of(path)


@pytest.mark.parametrize("module", ["records", "protocols", "store", "fingerprint"])
def test_the_ground_floor_imports_only_the_records(module: str) -> None:
    for name in project(ROOT / "tasks" / f"{module}.py"):
        assert name.startswith("exhibit.tasks.records"), module


def test_a_users_own_code_is_known_by_its_digest() -> None:
    """Trust in a user's modules rests on the ground floor alone."""
    assert {name.rpartition(".")[0] for name in project(ROOT / "tasks" / "factory.py")} == {
        "exhibit.tasks.fingerprint", "exhibit.tasks.records"
    }  # fmt: skip


@pytest.mark.parametrize("library", PLACES)
def test_a_library_is_imported_only_in_its_places(library: str) -> None:
    users = {name_of(path) for path in MODULES for name in imports(path) if name.partition(".")[0] == library}
    assert {user for user in users if not any(fnmatch(user, place) for place in PLACES[library])} == set()


@pytest.mark.parametrize(
    "module",
    [
        "exhibit.flows.cli",
        "exhibit.flows.config",
        "exhibit.tasks.stages",
        *(f"tasks.{package}" for package in PACKAGES),
    ],
)
def test_importing_a_package_loads_no_framework(module: str) -> None:
    """Frameworks are loaded when they are used: help, typos and other frameworks' studies never pay for them."""
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set({HEAVY!r})))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.split() == []


def test_the_frameworks_of_the_rules_exist() -> None:
    """A library that nobody imports has no rule: the rules describe the tree as it is."""
    used = {name.partition(".")[0] for path in MODULES for name in imports(path)}
    assert set(PLACES) - used <= {"shap"}
