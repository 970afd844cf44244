"""Facts of reports on a cluster: the bytes of plain calls, from real workers of Dask, also when one is killed, which is
the same on Ray."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from exhibit.flows.workers import Answer, examine
from exhibit.tasks import stages
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.records.base import InputError
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


def light(project: Project) -> Project:
    """Without paper, and without a grammar that comes with Jupyter: each of Ray's ten processes would compile it, which
    takes longer than all else that they do, and Ray waits for them for half a minute only."""
    (project.root / "src" / "rfc3987_syntax.py").write_text("raise ImportError\n")
    return project.without_paper()


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return light(new_project())


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


def is_of_dask(process: psutil.Process) -> bool:
    """Of a local cluster: a process that a nanny spawned, and not the tracker of its resources."""
    return "spawn_main" in " ".join(process.cmdline()) and process.num_threads() > 2


def is_of_ray(process: psutil.Process) -> bool:
    """One that computes is named after its stage."""
    return process.cmdline()[:1] == ["ray::attribute"]


def workers_of(running: subprocess.Popen[str], is_worker: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """The processes of a report that compute for it."""
    found = []
    for child in psutil.Process(running.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # which has ended since
            if is_worker(child):
                found.append(child)
    return found


@pytest.mark.alone
@pytest.mark.slow(75)
@pytest.mark.parametrize(("runner", "is_worker"), [("dask", is_of_dask), ("ray", is_of_ray)])
def test_a_killed_worker_costs_its_chunk_only(
    runner: str, is_worker: Callable[[psutil.Process], bool], project: Project
) -> None:
    """Its chunk is computed by another worker; what was finished stays, and the bytes are the same."""
    expected = content(project.report(*LONG, "runner=inline", store=f"whole-{runner}"))
    killed = project.root / f"killed-{runner}"
    paths = [f"paths.runs={project.root / 'runs'}", f"paths.store={killed}"]
    command = [sys.executable, "-m", "exhibit", "report", *LONG, f"runner={runner}", *paths]
    environment = os.environ | {"PYTHONPATH": str(project.root / "src")}
    running = subprocess.Popen(
        [*command, "document.issued=2026-01-01T00:00:00Z"],
        cwd=project.root, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    actions = killed / "actions"
    until(lambda: len(list(actions.glob("*/[!.]*"))) >= 8)  # load, fit, predict and select, then some chunks
    until(lambda: len(workers_of(running, is_worker)) == 2)
    finished = {path.name: path.stat().st_mtime_ns for path in actions.glob("*/[!.]*")}
    workers_of(running, is_worker)[0].kill()
    out, err = running.communicate(timeout=300)
    run = Run(running.returncode, out, err)
    assert content(run) == expected
    assert {
        name: time for name, time in finished.items() if (actions / name[:2] / name).stat().st_mtime_ns != time
    } == {}
    assert sum(stage["stage"] == "attribute" for stage in run.manifest["stages"]) == 30


# --- what is said of a cluster that cannot be used ---------------------------------------------------------


def test_a_worker_that_does_not_see_the_store_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"paths.store: the worker tcp://10\.0\.0\.2:4000 does not find the store at "):
        examine(tmp_path, lambda *_: told(fingerprint(stages.modules()), False))


def test_a_worker_with_another_library_is_named(tmp_path: Path) -> None:
    code = fingerprint(stages.modules())
    code["libraries"]["numpy"] = "1.0"
    with pytest.raises(InputError, match=r"the worker tcp://10\.0\.0\.2:4000 has numpy 1\.0, here it is "):
        examine(tmp_path, lambda *_: told(code, True))


def test_a_worker_with_other_code_is_named(tmp_path: Path) -> None:
    code = fingerprint(stages.modules())
    code["source"]["exhibit.tasks.store"] = "0" * 64
    with pytest.raises(
        InputError, match=r"other code of the program \(exhibit\.tasks\.store\); install the same version"
    ):
        examine(tmp_path, lambda *_: told(code, True))


def told(code: dict[str, dict[str, str]], sees: bool) -> dict[str, Answer]:
    """What a cluster answers for a worker on another machine, which cannot be had here."""
    return {"tcp://10.0.0.2:4000": Answer(code, sees)}
