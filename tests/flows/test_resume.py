"""Facts of interrupted and concurrent runs. `KILLS=200 pytest -m slow tests/flows/test_resume.py` is the long soak."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from exhibit.flows.cli import UNEXPECTED
from exhibit.tasks.store import digest_of
from tests.conftest import ROOT, Project

SMALL = ("study=iris", "method=[vanilla_grad,gradient_x_input]", "check=[completeness]", "data.reference=null",
         "model.epochs=1", "compute.chunk=40", "document.issued=2026-01-01", "runner=inline")  # fmt: skip
KILLS = int(os.environ.get("KILLS", "6"))


def start(folder: Path, *overrides: str, program: Path = ROOT, code: str = "") -> subprocess.Popen[str]:
    """The program at `program`; `code` in place of its entry point."""
    paths = (f"paths.runs={folder}/runs", f"paths.store={folder}/store")
    entry = ["-c", code] if code else ["-m", "exhibit"]
    command = [sys.executable, *entry, "report", *SMALL, *overrides, *paths]
    pipe, environment = subprocess.PIPE, os.environ | {"PYTHONPATH": str(program / "src")}
    return subprocess.Popen(
        command, stdout=pipe, stderr=pipe, text=True, cwd=program, env=environment, start_new_session=True
    )


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
        if path.name not in ("manifest.json", "overrides.txt", "ro-crate-metadata.json")
    }


@pytest.fixture
def program(new_project: Callable[[], Project]) -> Path:
    """A copy of the program: what is edited meanwhile would be another source, and so another digest.
    Without paper: the stage that prints it is one of many, and what is asked is that each gives the same bytes."""
    return new_project().without_paper().root


@pytest.mark.alone
@pytest.mark.slow(10 * KILLS)
def test_kill_at_any_moment_and_the_same_command_goes_on(tmp_path: Path, program: Path) -> None:
    """After every kill the same command ends in the same bytes, from what was finished before; nothing is left over."""
    began = time.monotonic()
    expected = content(finished(start(tmp_path / "whole", program=program)))
    longest = 1.1 * (time.monotonic() - began)
    chance, folder, kills = random.Random(0), tmp_path / "killed", 0
    while kills < KILLS:
        process = start(folder, program=program)
        try:
            process.wait(chance.uniform(0.5, longest))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            kills += 1
        else:
            assert content(finished(process)) == expected
            shutil.rmtree(folder)
    assert content(finished(start(folder, program=program))) == expected
    assert [path for path in folder.rglob("*") if path.name.endswith(".tmp")] == []
    assert not list(folder.glob("runs/.*"))


# Dies as soon as it has computed and stored one thing that was not there.
STEP = """
import os, signal, sys
from exhibit.tasks.store import Store
once = Store.once
def one(*given, **named):
    done = once(*given, **named)
    if not done[1]:
        os.kill(os.getpid(), signal.SIGKILL)
    return done
Store.once = one
from exhibit.flows.cli import main
main()
"""


@pytest.mark.alone
@pytest.mark.slow(90)
def test_every_stage_in_a_process_of_its_own_gives_the_same_bytes(tmp_path: Path, program: Path) -> None:
    """To the last bit, a model that was restored explains as the one that was trained in the same process."""
    small = ("compute.chunk=75", "method=[integrated_gradients]", "model.epochs=3")
    expected = content(finished(start(tmp_path / "whole", *small, program=program)))
    processes = 0
    while (process := start(tmp_path / "steps", *small, program=program, code=STEP)).wait() == UNEXPECTED:
        processes += 1
    assert content(finished(process)) == expected
    assert processes >= 12


@pytest.mark.alone
@pytest.mark.slow(25)
def test_a_store_that_is_damaged_everywhere_gives_the_same_bytes(tmp_path: Path, program: Path) -> None:
    """A flipped bit in every stored file: all is said and computed again, nothing damaged is served or left."""
    expected = content(finished(start(tmp_path, program=program)))
    chance = random.Random(0)
    stored = [path for part in ("objects", "actions") for path in (tmp_path / "store" / part).glob("*/*")]
    for path in stored:
        data = bytearray(path.read_bytes())
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        path.chmod(0o644)
        path.write_bytes(data)
    out, err = (process := start(tmp_path, program=program)).communicate()
    assert process.returncode in (0, 3), err
    assert content(Path(out.splitlines()[-1].removeprefix("run: "))) == expected
    assert err.count("is damaged; it is computed again") == len(list((tmp_path / "store/actions").glob("*/*")))
    assert all(digest_of(path.read_bytes()) == path.name for path in (tmp_path / "store/objects").glob("*/*"))


@pytest.mark.alone
@pytest.mark.slow(25)
def test_two_processes_share_the_work(tmp_path: Path, program: Path) -> None:
    """Started at once with the same config both end well, with the same bytes, and no stage is computed twice."""
    first, second = (
        finished(process) for process in [start(tmp_path, program=program), start(tmp_path, program=program)]
    )
    assert first != second
    assert content(first) == content(second)
    stages = [stage for run in (first, second) for stage in json.loads((run / "manifest.json").read_bytes())["stages"]]
    computed = [stage["key"] for stage in stages if not stage["cached"]]
    assert len(computed) == len(set(computed))
    assert set(computed) == {stage["key"] for stage in stages}


@pytest.mark.alone
@pytest.mark.slow(25)
def test_a_full_disk_is_said_and_harms_nothing(tmp_path: Path, program: Path) -> None:
    """No file may grow beyond 64 KiB: a clear error, no run, and with room again the same command ends well."""
    command = [
        sys.executable,
        "-m",
        "exhibit",
        "report",
        *SMALL,
        f"paths.runs={tmp_path}/r",
        f"paths.store={tmp_path}/s",
    ]
    environment = os.environ | {"PYTHONPATH": str(program / "src")}
    limited = ["bash", "-c", 'ulimit -f 64; exec "$@"', "bash", *command]
    done = subprocess.run(limited, capture_output=True, text=True, check=False, cwd=program, env=environment)
    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "r").exists()
    assert list((tmp_path / "s").rglob("*.tmp")) == []
    assert subprocess.run(command, capture_output=True, check=False, cwd=program, env=environment).returncode in (0, 3)
