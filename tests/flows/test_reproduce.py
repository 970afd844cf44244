"""The studies that need no network give the same bytes in separate processes: here one of images, of molecules and of
several inputs at once (a table is in test_end_to_end.py); `REPRODUCE=all` asks for every one of them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project

FEW = ("model.epochs=1", "selection.limit=4", "selection.show=2", "check=[completeness]", "document.issued=2026-01-01",
       "document.chapters=all", "runner=inline")  # fmt: skip
KINDS = ("digits,solubility,multimodal",)
ALL = (
    "iris,iris_saliency,digits,solubility,names,multimodal",
    "photos_gradients,photos_gradients_published,photos_saliency,photos_layer,photos_partition,watermark",
)
STUDIES = ALL if os.environ.get("REPRODUCE") == "all" else KINDS


def done(program: Path, folder: Path, seed: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command in a new process, with a hash seed and a working directory of its own."""
    folder.mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(program / "src"), "HOME": str(folder)}
    command = [sys.executable, "-m", "exhibit", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


@pytest.mark.slow(110)
@pytest.mark.parametrize("study", STUDIES)
def test_two_processes_give_the_same_bytes(study: str, new_project: Callable[[], Project], tmp_path: Path) -> None:
    """The second derives every file of the run again, with a store of its own, in another directory, from another copy
    of the program."""
    one, other = (new_project().root for _ in "12")
    made = done(one, tmp_path / "1", "1", "report", f"study={study}", *FEW)
    assert made.returncode in (0, 3), made.stderr
    run = tmp_path / "1" / made.stdout.splitlines()[-1].removeprefix("run: ")
    assert json.loads((run / "evidence.json").read_text())["failed"] == []
    assert list(run.rglob("*.npz"))
    shutil.copytree(run, tmp_path / "2" / "run")
    again = done(other, tmp_path / "2", "2", "verify", "run")
    assert again.stdout.splitlines()[-1] == "run: identical", again.stdout + again.stderr
