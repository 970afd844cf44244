"""Facts of the writing of a run: whole or not at all, whatever happens meanwhile."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from exhibit.tasks.document.index import write_index
from exhibit.tasks.evidence.seal import filled_or_removed, lock_runs

ROOT = Path(__file__).parents[2]

RUN = "20260101T000000Z-0123abcd"
DYING = """
import os, signal, sys
from pathlib import Path
from exhibit.tasks.evidence.seal import filled_or_removed, lock_runs
run = Path(sys.argv[1])
with lock_runs(run.parent), filled_or_removed(run) as folder:
    (folder / "half").write_bytes(b"x")
    (run.parent / ".index.html.0.tmp").touch()
    print("half", flush=True)
    signal.pause()
"""


def test_a_run_is_there_when_it_is_whole_and_not_before(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "one"
    with lock_runs(run.parent), filled_or_removed(run) as folder:
        (folder / "file").write_bytes(b"x")
        assert not run.exists()
    assert [path.name for path in run.parent.iterdir()] == ["one"]
    assert (run / "file").read_bytes() == b"x"


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    """A full disk, say, while the run is written."""

    def fail() -> None:
        with lock_runs(tmp_path), filled_or_removed(tmp_path / "one") as folder:
            (folder / "half").write_bytes(b"x")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=rf"No space left on device; no run was written, .*'{tmp_path}/one'"):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_runs_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(IsADirectoryError):
        write_index(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["index.html"]


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    """And not while it may still be alive; a finished run is never touched."""
    (tmp_path / "whole").mkdir()
    (tmp_path / ".cache.tmp").mkdir()  # the user's own: any folder can be named as the place of runs
    command = [sys.executable, "-c", DYING, str(tmp_path / RUN)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        with lock_runs(tmp_path):
            assert {path.name for path in tmp_path.iterdir()} == {
                ".index.html.0.tmp",
                f".{RUN}.tmp",
                "whole",
                ".cache.tmp",
            }
        os.kill(process.pid, signal.SIGKILL)
    with lock_runs(tmp_path):
        assert {path.name for path in tmp_path.iterdir()} == {"whole", ".cache.tmp"}
