"""What end-to-end tests share: the program run as a user runs it, in processes of its own."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings

import exhibit.tasks.models  # noqa: F401 - sets what torch reads when it is loaded, so it comes before torch
from exhibit.tasks.factory import TRUSTED, code_of
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.sources import facts

# The same examples on every machine, however long one takes: the first may open a font of many megabytes.
settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
C = TypeVar("C", bound=Record)
ISSUED = "document.issued=2026-01-01T00:00:00Z"


def pytest_configure(config: pytest.Config) -> None:
    """Compiles the program once, and keeps what its sources say: it is started some hundreds of times, each time in
    some seconds less."""
    if "PYTEST_XDIST_WORKER" not in os.environ and not config.option.collectonly:
        for name in ("flows", "tasks", "conf", "src"):
            compileall.compile_dir(ROOT / name, quiet=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "dont_write_bytecode", False)
            for path in (ROOT / "tasks").rglob("*.py"):
                facts(path.read_text(encoding="utf-8"), path)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Function]) -> Iterator[None]:
    """Side by side, the tests of a file stay together, as they share what is slow to make, but for those that are
    `alone`; of those that are chosen what takes longest comes first, so that no core idles at the end."""
    side_by_side = config.getoption("loadgroup", False)
    for item in items if side_by_side else ():
        if item.get_closest_marker("alone") is None:
            item.add_marker(pytest.mark.xdist_group(_unit(item)))
    yield
    if side_by_side:
        weights = Counter[str]()
        for item in items:
            weights[_unit(item)] += _seconds(item)
        items.sort(key=lambda item: (-weights[_unit(item)], _unit(item)))


def _unit(item: pytest.Function) -> str:
    """What runs in one go: a file, or a test that is marked `alone`."""
    file = item.path.relative_to(TESTS).with_suffix("").as_posix()
    return file if item.get_closest_marker("alone") is None else item.nodeid


def _seconds(item: pytest.Function) -> int:
    """About what a test takes: as `slow(seconds)` says, or ten where it makes reports in processes of their own."""
    slow = item.get_closest_marker("slow")
    if slow is not None and slow.args:
        return int(slow.args[0])
    return 10 if slow is not None or "new_project" in item.fixturenames else 1


class Memory:
    """A shelf that is a dictionary."""

    def __init__(self) -> None:
        self.items: dict[str, bytes] = {}

    def put(self, data: bytes, *, durably: bool = True) -> str:
        self.items[digest := sha256(data).hexdigest()] = data
        return digest

    def get(self, digest: str) -> bytes:
        return self.items[digest]


def content(figure: Figure, kind: type[C]) -> C:
    """What a figure draws, which is of this kind."""
    assert isinstance(figure.content, kind)
    return figure.content


@dataclass(frozen=True)
class Run:
    """A finished call of `exhibit report`."""

    status: int
    stdout: str
    stderr: str

    @property
    def directory(self) -> Path:
        """The run directory, from the last line on stdout."""
        assert self.status in (0, 3), self.stderr  # 3: a required check failed, the report is there
        return Path(self.stdout.splitlines()[-1].removeprefix("run: "))

    @property
    def manifest(self) -> Any:
        return json.loads((self.directory / "manifest.json").read_text())

    @property
    def computed(self) -> set[str]:
        """Stages of which at least one was computed, not found in the store."""
        return {stage["stage"] for stage in self.manifest["stages"] if not stage["cached"]}


_TITLE = '<main id="main" tabindex="-1"><h1>{{ document.title }}</h1></main>\n'


@dataclass(frozen=True)
class Project:
    """A copy of the program whose files a test may change, with a store of its own."""

    root: Path

    def report(self, *words: str, store: str | Path = "store", seed: str = "0") -> Run:
        """`exhibit report` with fixed date in a process of its own."""
        paths = [f"paths.runs={self.root / 'runs'}", f"paths.store={self.root / store}"]
        return run([sys.executable, "-m", "exhibit", "report", *words, *paths, ISSUED], self.root, seed)

    def without_paper(self) -> "Project":
        """Of its PDFs the page holds the title alone: most of the time of a small report goes into the dozen pages of
        the PDF, which many tests do not ask for. All else is as ever: the HTML, and what is attached to the PDF."""
        whole = self.root / "templates" / "report.html.jinja"
        whole.write_text(f'{{% if medium == "screen" %}}\n{whole.read_text()}{{% else %}}\n{_TITLE}{{% endif %}}\n')
        return self

    def edit(self, file: str, old: str, new: str) -> None:
        """Replaces a piece of a source file, which must be there."""
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


def run(command: Sequence[str], root: Path, seed: str = "0") -> Run:
    """Runs a command with the program at `root`."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(root / "src"),
        "PYTHONHASHSEED": seed,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Puts a module of a user's own where it is found and trusted, by its name and source; forgotten afterwards."""
    names: list[str] = []

    def write(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv(TRUSTED, name)
        names.append(name)
        code_of.cache_clear()

    yield write
    for name in names:
        sys.modules.pop(name, None)
    code_of.cache_clear()


@pytest.fixture(scope="session")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of all reports that do not ask what was there before: one for the session and all its workers."""
    base = tmp_path_factory.getbasetemp()
    (store := (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-store").mkdir(exist_ok=True)
    return store


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes copies of the program."""

    def make() -> Project:
        root = tmp_path_factory.mktemp("project")
        for name in ("flows", "tasks", "conf", "templates", "src"):
            shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("*.egg-info"))
        return Project(root)

    return make
