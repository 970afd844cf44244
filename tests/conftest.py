"""What end-to-end tests share: the program run as a user runs it, in processes of its own."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pytest

import exhibit.tasks.models  # noqa: F401 - sets what torch reads when it is loaded, so it comes before torch
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.figure import Figure

ROOT = Path(__file__).parents[1]
C = TypeVar("C", bound=Record)
ISSUED = "document.issued=2026-01-01T00:00:00Z"


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


@dataclass(frozen=True)
class Project:
    """A copy of the program whose files a test may change, with a store of its own."""

    root: Path

    def report(self, *words: str, store: str = "store", seed: str = "0") -> Run:
        """`exhibit report` with fixed date in a process of its own."""
        paths = [f"paths.runs={self.root / 'runs'}", f"paths.store={self.root / store}"]
        return run([sys.executable, "-m", "exhibit", "report", *words, *paths, ISSUED], self.root, seed)

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


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Makes copies of the program."""

    def make() -> Project:
        root = tmp_path_factory.mktemp("project")
        for name in ("flows", "tasks", "conf", "templates", "src"):
            shutil.copytree(
                ROOT / name, root / name, symlinks=True, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
            )
        return Project(root)

    return make
