"""Facts of reports whose store lies in a bucket: the bytes of any other, whatever is killed meanwhile."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exhibit.tasks.store import digest_of
from tests.conftest import Project
from tests.s3 import BUCKET, S3

SMALL = ("study=iris", "method=[vanilla_grad,gradient_x_input]", "check=[completeness]", "data.reference=null",
         "model.epochs=1", "compute.chunk=75", "document.issued=2026-01-01")  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    made = S3()
    yield made
    made.stop()


@pytest.fixture
def start(new_project: Callable[[], Project], server: S3, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Begins a report of a copy of the program, without paper; `home`: of the machine that it runs on."""
    program = new_project().without_paper().root

    def begin(store: object, runs: str, home: str = "here", runner: str = "inline") -> subprocess.Popen[str]:
        words = [*SMALL, f"runner={runner}", f"paths.runs={tmp_path / runs}", f"paths.store={store}"]
        own = {"PYTHONPATH": str(program / "src"), "XDG_CACHE_HOME": str(tmp_path / home)}
        return subprocess.Popen(
            [sys.executable, "-m", "exhibit", "report", *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=program, start_new_session=True,
            env=os.environ | server.environment | own,
        )  # fmt: skip

    return begin


def finished(process: subprocess.Popen[str]) -> tuple[dict[str, str], str]:
    """The digests of all that a run says, but for how it went and where, and what was said meanwhile."""
    out, err = process.communicate()
    assert process.returncode in (0, 3), err
    run = Path(out.splitlines()[-1].removeprefix("run: "))
    said = (path for path in sorted(run.rglob("*")) if path.is_file())
    return {
        path.relative_to(run).as_posix(): digest_of(path.read_bytes())
        for path in said
        if path.name not in ("manifest.json", "overrides.txt", "ro-crate-metadata.json")
    }, err


def wait_until(true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not true():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


@pytest.mark.alone
@pytest.mark.slow(40)
def test_a_report_gives_the_same_bytes_though_its_process_and_its_server_are_ended(
    start: Callable[..., subprocess.Popen[str]], server: S3, tmp_path: Path
) -> None:
    """Killed in the middle it goes on; the server goes away and comes back; another machine computes nothing."""
    expected, _ = finished(start(tmp_path / "store", "folder"))
    url, done = f"s3://{BUCKET}/x", lambda: len(server.names("x/actions"))
    process = start(url, "bucket")
    wait_until(lambda: done() >= 3, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = {name: server[name] for name in server.names("x/actions")}
    process = start(url, "bucket")
    wait_until(lambda: done() > len(before), process)
    server.stop()
    threading.Timer(3, server.start).start()
    found, err = finished(process)
    assert found == expected
    assert err.count("from the store") >= 1
    assert {name: server[name] for name in before} == before
    # What the killed one had no time to give back is a claim on what is done.
    assert {Path(name).name for name in server.names("x/locks")} <= {Path(name).name for name in before}
    assert len(server.names("x/used")) == 1  # of the one that was killed, until `exhibit gc`
    found, err = finished(start(url, "bucket", home="elsewhere"))
    assert found == expected
    assert "done in" not in err.replace("seal, done in", "")


def test_a_bucket_that_is_not_there_ends_it_at_once(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = start("s3://no-such-bucket/x", "runs")
    out, err = process.communicate()
    assert (process.returncode, out) == (2, "")
    assert (
        err
        == "exhibit: paths.store: s3://no-such-bucket/x: there is no such bucket; make it, or name one that is there\n"
    )
    assert not (tmp_path / "runs").exists()
