"""Facts of interrupted and concurrent runs. `KILLS=200 pytest -m slow tests/flows/test_resume.py` is the long soak."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.store import digest_of

ROOT = Path(__file__).parents[2]
SMALL = ("study=iris", "method=[vanilla_grad,gradient_x_input]", "check=[completeness]", "data.reference=null",
         "model.epochs=1", "compute.chunk=40", "document.issued=2026-01-01", "runner=inline")  # fmt: skip
KILLS = int(os.environ.get("KILLS", "20"))


def start(folder: Path, *overrides: str) -> subprocess.Popen[str]:
    paths = (f"paths.runs={folder}/runs", f"paths.store={folder}/store")
    command = [sys.executable, "-m", "flows.cli", "report", *SMALL, *overrides, *paths]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=ROOT, start_new_session=True)


def finished(process: subprocess.Popen[str]) -> Path:
    """The directory of a run that ended well."""
    out, err = process.communicate()
    assert process.returncode in (0, 3), err
    return Path(out.splitlines()[-1].removeprefix("run: "))


def content(run: Path) -> dict[str, str]:
    """The digest of everything that a run says, but for the manifest, which tells how it went, and the paths."""
    names = (path for path in sorted(run.rglob("*")) if path.is_file())
    return {
        path.relative_to(run).as_posix(): digest_of(path.read_bytes())
        for path in names
        if path.name not in ("manifest.json", "overrides.txt")
    }


@pytest.mark.slow
def test_kill_at_any_moment_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """After every kill the same command ends in the same bytes, from what was finished before; nothing is left over."""
    expected = content(finished(start(tmp_path / "whole")))
    chance, folder, kills = random.Random(0), tmp_path / "killed", 0
    while kills < KILLS:
        process = start(folder)
        try:
            process.wait(chance.uniform(0.5, 8.0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
        else:
            assert content(finished(process)) == expected
            shutil.rmtree(folder)
    assert content(finished(start(folder))) == expected
    assert list((folder / "store").rglob("*.tmp")) == []


@pytest.mark.slow
def test_two_processes_share_the_work(tmp_path: Path) -> None:
    """Started at once with the same config both end well, with the same bytes, and no stage is computed twice."""
    first, second = (finished(process) for process in [start(tmp_path), start(tmp_path)])
    assert first != second
    assert content(first) == content(second)
    stages = [stage for run in (first, second) for stage in json.loads((run / "manifest.json").read_bytes())["stages"]]
    computed = [stage["key"] for stage in stages if not stage["cached"]]
    assert len(computed) == len(set(computed))
    assert set(computed) == {stage["key"] for stage in stages}


@pytest.mark.slow
def test_a_full_disk_is_said_and_harms_nothing(tmp_path: Path) -> None:
    """No file may grow beyond 64 KiB: a clear error, no run, and with room again the same command ends well."""
    command = [
        sys.executable,
        "-m",
        "flows.cli",
        "report",
        *SMALL,
        f"paths.runs={tmp_path}/r",
        f"paths.store={tmp_path}/s",
    ]
    limited = ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", *command]
    done = subprocess.run(limited, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()
    assert list((tmp_path / "s").rglob("*.tmp")) == []
    assert subprocess.run(command, capture_output=True, cwd=ROOT, check=False).returncode in (0, 3)
