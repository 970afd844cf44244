"""One import name, whatever the user's own files are called; and an installed package that needs no checkout."""

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

import exhibit
from exhibit.tasks.factory import TRUSTED, load
from exhibit.tasks.records.base import InputError
from tests.conftest import ROOT

EXHIBIT = str(Path(sys.executable).with_name("exhibit"))
SMALL = ("study=iris", "method=[vanilla_grad]", "check=[completeness]", "model.epochs=1", "runner=inline",
         "document.issued=2026-01-01")  # fmt: skip
LIBRARIES = Path(sys.executable).parents[1] / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    whole = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=whole)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder in which everything is called as a part of the program or a library, and a module of the user's own."""
    for name in ("exhibit.py", "tasks.py", "numpy.py", "pydantic.py", "flows/__init__.py", "csv.py", "fnmatch.py",
                 "typing.py"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"raise SystemExit('{name} was run')\n")
    misleading = {
        "conf/report.yaml": "defaults: [nothing]\n",
        "templates/report.html.jinja": "{{ wrong }}",
    }
    for name, text in misleading.items():
        path = tmp_path / name
        path.parent.mkdir()
        path.write_text(text)
    (tmp_path / "own.py").write_text(
        "import torch\n\n\ndef net(*_):\n    torch.manual_seed(0)\n    return torch.nn.Linear(4, 3)\n"
    )
    return tmp_path


@pytest.mark.parametrize("paths", [".", ":/nowhere", "/nowhere:", "/nowhere::/else"])
def test_the_current_folder_comes_last_however_it_is_meant(paths: str, hostile: Path) -> None:
    """An empty part of PYTHONPATH means it as well."""
    done = run([EXHIBIT, "--help"], hostile, {"PYTHONPATH": paths})
    assert done.returncode == 0, done.stderr
    assert "was run" not in done.stdout + done.stderr


def test_run_as_a_module_no_library_is_taken_from_the_current_folder(hostile: Path) -> None:
    """`python -m exhibit` looks for `exhibit` there before anything of ours runs; for nothing else."""
    (hostile / "exhibit.py").unlink()
    done = run([sys.executable, "-m", "exhibit", "report", "study=iris", "--cfg", "job"], hostile, {"PYTHONPATH": ""})
    assert done.returncode == 0, done.stderr
    assert "was run" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("bounded", ["runner.timeout_seconds=null", "runner.timeout_seconds=300"])
def test_the_program_runs_among_files_of_the_same_names(bounded: str, hostile: Path) -> None:
    """Also in the processes that it starts; and a module of the user's own is found."""
    own = ("model=factory", "model.factory=own:net", "model.fit=auto", "check=[]")
    words = [word for word in SMALL if not word.startswith(("check", "model"))]
    done = run([EXHIBIT, "report", *words, *own, bounded], hostile, {"PYTHONPATH": ".", TRUSTED: "own"})
    assert done.returncode == 0, done.stderr
    assert "was run" not in done.stdout + done.stderr


def test_only_one_name_of_ours_is_there_to_be_imported() -> None:
    """Apart from what starts the program, which has to be found before `exhibit` is."""
    made = (".egg-info", "__pycache__")
    assert {path.name for path in (ROOT / "src").iterdir() if not path.name.endswith(made)} == {
        "exhibit",
        "exhibit_start.py",
    }
    links = {path.name: str(path.readlink()) for path in (ROOT / "src" / "exhibit").iterdir() if path.is_symlink()}
    assert links == {name: f"../../{name}" for name in ("flows", "conf", "tasks", "templates")}


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys; before = set(sys.modules); import exhibit; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names == {"exhibit"}


@pytest.mark.parametrize("command", [[EXHIBIT], [sys.executable, "-m", "exhibit"]], ids=["script", "module"])
def test_the_version_is_said(command: list[str], tmp_path: Path) -> None:
    done = run([*command, "--version"], tmp_path, {})
    assert (done.returncode, done.stdout) == (0, f"exhibit {exhibit.__version__}\n")


def test_a_library_is_not_taken_for_a_module_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Libraries are searched first, so a module of the user's that is called like one cannot be found."""
    (tmp_path / "yaml.py").write_text("def rows():\n    return {}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv(TRUSTED, "yaml")
    with pytest.raises(InputError, match=rf"the module 'yaml' is at {tmp_path}/yaml\.py, .*; rename yours"):
        load("yaml:rows", "model.factory")


def test_a_folder_without_init_is_named_where_a_library_hides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yaml").mkdir()
    (tmp_path / "yaml" / "own.py").write_text("def rows():\n    return {}\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv(TRUSTED, "yaml")
    with pytest.raises(InputError, match=rf"the module 'yaml' is at {tmp_path}/yaml, .*; rename yours"):
        load("yaml.own:rows", "model.factory")


@pytest.mark.parametrize("folder", ["models", "./models", "../{name}/models", "models/", "models:"])
def test_a_folder_may_be_given_in_any_spelling(folder: str, tmp_path: Path) -> None:
    """It is one module, however PYTHONPATH writes the way to it."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "own.py").write_text("def rows():\n    return {}\n")
    code = "from exhibit.tasks.factory import load; load('own:rows', 'data.factory')"
    path = os.pathsep.join([str(ROOT / "src"), folder.format(name=tmp_path.name)])
    done = run([sys.executable, "-c", code], tmp_path, {"PYTHONPATH": path, TRUSTED: "own"})
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    code = (
        "from setuptools.build_meta import build_sdist, build_wheel\n"
        f"build_sdist({str(folder)!r}); build_wheel({str(folder)!r})"
    )
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    source = tmp_path_factory.mktemp("source")
    for name in filter(None, files.split("\0")):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_symlink():
            (source / name).symlink_to((ROOT / name).readlink())
        elif (ROOT / name).is_file():
            (source / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    return folder


@pytest.mark.slow
def test_the_distributions_hold_all_that_the_program_reads(built: Path) -> None:
    """Every module and every file that lies beside one, under one name; no tests."""
    names = zipfile.ZipFile(next(built.glob("*.whl"))).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {"exhibit", "exhibit_start.py"}
    wanted = {
        f"exhibit/{path.relative_to(ROOT)}"
        for folder in ("flows", "conf", "tasks", "templates")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - set(names) == set()
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        source = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in wanted} - source == set()
    assert {name.partition("/")[0] for name in source} & {"tests", "flows", "conf", "tasks", "templates"} == set()


@pytest.mark.slow
def test_an_installed_wheel_makes_a_report_without_the_checkout(built: Path, tmp_path: Path) -> None:
    """In a fresh environment, into which only the libraries are lent."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    place = tmp_path / "venv" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", *options]
    wheel = str(next(built.glob("*.whl")))
    installed = run([*command, wheel], tmp_path, {})  # with PYTHONPATH pip may find the checkout, and install nothing
    assert installed.returncode == 0, installed.stderr
    (place / "libraries.pth").write_text(f"{LIBRARIES}\n")
    done = run([str(python.with_name("exhibit")), "report", *SMALL], tmp_path, {})
    assert done.returncode in (0, 3), done.stderr
    code = "import exhibit.tasks.store as store; print(store.__file__)"
    where = run([str(python), "-c", code], tmp_path, {}).stdout
    assert where.startswith(str(place))


def test_what_is_offered_is_there_when_it_is_asked_for() -> None:
    assert exhibit.InputError is InputError
    assert {"explain", "Explanation", "InputError"} <= set(dir(exhibit))
    assert exhibit.explain.__doc__
    with pytest.raises(AttributeError, match="has no attribute 'explian'"):
        _ = exhibit.explian
