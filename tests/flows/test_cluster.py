"""Facts of reports on a Dask cluster: the bytes of plain calls, from real workers, also when one is killed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from exhibit.flows import cluster
from exhibit.tasks import stages
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.records.base import InputError
from exhibit.tasks.store import Store
from tests.conftest import Project, Run

# Two points that share a training; 15 chunks each, some of a second.
SMALL = ("study=iris", "check=[completeness,agreement]", "data.reference=null", "model.epochs=3", "compute.chunk=30",
         "method=[gradient_x_input,occlusion],[smooth_grad,vanilla_grad]")  # fmt: skip
LONG = ("study=iris", "check=[]", "data.reference=null", "model.epochs=1", "compute.chunk=5", "method=[smooth_grad]",
        "method.smooth_grad.sampling.nt_samples=1000")  # fmt: skip


def content(run: Run) -> dict[str, bytes]:
    """Everything that a run says, but for the manifest, which tells how it went, and what was typed."""
    files = (path for path in run.directory.rglob("*") if path.is_file())
    return {
        str(path.relative_to(run.directory)): path.read_bytes()
        for path in files
        if path.name not in ("manifest.json", "overrides.txt", "ro-crate-metadata.json")
    }


@contextmanager
def process(*command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process of its own, which ends with the test."""
    with log.open("wb") as out:
        server = subprocess.Popen([sys.executable, "-m", *command], stdout=out, stderr=out)
        try:
            yield server
        finally:
            server.terminate()
            server.wait(30)


def until(seen: Callable[[], bool], seconds: float = 120) -> None:
    """Waits for what another process does."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project().without_paper()


@pytest.mark.alone
@pytest.mark.slow(75)
def test_workers_give_the_bytes_of_plain_calls(project: Project, tmp_path: Path) -> None:
    """On workers of this machine, and on those of a scheduler that runs somewhere."""
    expected = content(project.report(*SMALL, "runner=inline", store="inline"))
    assert content(project.report(*SMALL, "runner=dask", store="local")) == expected
    file = tmp_path / "scheduler.json"
    scheduler = ("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--scheduler-file", str(file))  # fmt: skip
    worker = ("distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-dashboard")
    with ExitStack() as stack:
        stack.enter_context(process(*scheduler, log=tmp_path / "scheduler.log"))
        until(file.exists)
        address = f"runner.address={_address(file)}"
        nobody = project.report(*SMALL, "runner=dask", address, store="remote")
        assert (nobody.status, "has no workers; start some: dask worker" in nobody.stderr) == (2, True)
        for number in range(2):
            stack.enter_context(process(*worker, log=tmp_path / f"worker{number}.log"))
        until(lambda: all("Registered to" in (tmp_path / f"worker{k}.log").read_text() for k in range(2)))
        assert content(project.report(*SMALL, "runner=dask", address, store="remote")) == expected


def _address(file: Path) -> str:
    return str(json.loads(file.read_text())["address"])


@pytest.mark.alone
@pytest.mark.slow(75)
def test_a_killed_worker_costs_its_chunk_only(project: Project) -> None:
    """Its chunk is computed by another worker; what was finished stays, and the bytes are the same."""
    expected = content(project.report(*LONG, "runner=inline", store="whole"))
    paths = [f"paths.runs={project.root / 'runs'}", f"paths.store={project.root / 'killed'}"]
    command = [sys.executable, "-m", "exhibit", "report", *LONG, "runner=dask", *paths]
    environment = os.environ | {"PYTHONPATH": str(project.root / "src")}
    running = subprocess.Popen(
        [*command, "document.issued=2026-01-01T00:00:00Z"],
        cwd=project.root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    actions = project.root / "killed" / "actions"
    until(lambda: len(list(actions.glob("*/*"))) >= 8)  # load, fit, predict and select, then some chunks
    workers = [child for child in psutil.Process(running.pid).children(recursive=True) if _is_worker(child)]
    assert len(workers) == 2
    finished = {path.name: path.stat().st_mtime_ns for path in actions.glob("*/*")}
    workers[0].kill()
    out, err = running.communicate(timeout=300)
    run = Run(running.returncode, out, err)
    assert content(run) == expected
    assert {
        name: time for name, time in finished.items() if (actions / name[:2] / name).stat().st_mtime_ns != time
    } == {}
    assert sum(stage["stage"] == "attribute" for stage in run.manifest["stages"]) == 30


def _is_worker(process: psutil.Process) -> bool:
    """Of a local cluster: a process that a nanny spawned, and not the tracker of its resources."""
    return "spawn_main" in " ".join(process.cmdline()) and process.num_threads() > 2


# --- what is said of a cluster that cannot be used ---------------------------------------------------------


class Workers:
    """What a Dask client tells of workers on other machines, which cannot be had here."""

    def __init__(self, code: Any, sees: bool) -> None:
        self._said = code, sees

    def run(self, function: Any, *args: Any) -> dict[str, Any]:
        return {"tcp://10.0.0.2:4000": self._said}


def test_a_worker_that_does_not_see_the_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"paths.store: the worker tcp://10\.0\.0\.2:4000 does not find the store at "):
        cluster._examine(Workers(fingerprint(stages.modules()), False), "tcp://10.0.0.1:8786", Store(tmp_path))


def test_a_worker_with_another_library_is_named(tmp_path: Path) -> None:
    code = fingerprint(stages.modules())
    code["libraries"]["numpy"] = "1.0"
    with pytest.raises(InputError, match=r"the worker tcp://10\.0\.0\.2:4000 has numpy 1\.0, here it is "):
        cluster._examine(Workers(code, True), "tcp://10.0.0.1:8786", Store(tmp_path))


def test_a_worker_with_other_code_is_named(tmp_path: Path) -> None:
    code = fingerprint(stages.modules())
    code["source"]["exhibit.tasks.store"] = "0" * 64
    with pytest.raises(
        InputError, match=r"other code of the program \(exhibit\.tasks\.store\); install the same version"
    ):
        cluster._examine(Workers(code, True), "tcp://10.0.0.1:8786", Store(tmp_path))
