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


def report(program: Path, folder: Path, study: str, seed: str) -> Path:
    """A run in a new process, with a hash seed and a working directory of its own."""
    folder.mkdir()
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(program / "src")}
    command = [sys.executable, "-m", "exhibit", "report", f"study={study}", *FEW]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    assert done.returncode in (0, 3), done.stderr
    return folder / done.stdout.splitlines()[-1].removeprefix("run: ")


def verified(program: Path, pdf: Path, folder: Path) -> str:
    """What `exhibit verify` says of a PDF in the end, by a copy of the program in a folder that holds nothing else."""
    folder.mkdir()
    shutil.copy(pdf, folder / "lone.pdf")
    command = [sys.executable, "-m", "exhibit", "verify", "lone.pdf"]
    environment = os.environ | {"PYTHONPATH": str(program / "src"), "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)
    return done.stdout.splitlines()[-1]


@pytest.mark.slow(160)
@pytest.mark.parametrize("study", STUDIES)
def test_two_processes_give_the_same_bytes(study: str, new_project: Callable[[], Project], tmp_path: Path) -> None:
    """Each with a store of its own, in another directory, from another copy of the program; and so does a third, from
    nothing but the PDF."""
    programs = [new_project().root for _ in "12"]
    first, second = (
        report(program, tmp_path / seed, study, seed) for program, seed in zip(programs, "12", strict=True)
    )
    assert json.loads((first / "evidence.json").read_text())["failed"] == []
    went = ("manifest.json", "ro-crate-metadata.json")  # when and where
    said = [path.relative_to(first) for path in first.rglob("*") if path.is_file() and path.name not in went]
    assert any(path.suffix == ".npz" for path in said)
    assert [path for path in said if (first / path).read_bytes() != (second / path).read_bytes()] == []
    assert verified(programs[0], second / "report.pdf", tmp_path / "alone") == "lone.pdf: identical"
