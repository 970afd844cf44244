"""Facts of reports on a Ray cluster: as of one of Dask, that it leaves nothing behind, and what is said without one.

What is the same on both, killed workers among it, is in `test_cluster.py`."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import psutil
import pytest

from exhibit.flows import cluster_ray
from exhibit.flows.cluster_ray import ray_cluster
from exhibit.flows.config import RunnerSpec
from exhibit.tasks.records.base import InputError
from tests.conftest import Project
from tests.flows.test_cluster import LONG, SMALL, content, is_of_ray, light, process, until, workers_of

MARK = "EXHIBIT_TEST_RUN"


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return light(new_project())


def alive(mark: str) -> list[str]:
    """The processes that were started, by whomever, under this mark."""
    found = []
    for other in psutil.process_iter():
        try:
            if other.environ().get(MARK) == mark and other.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(other.cmdline()))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.mark.alone
@pytest.mark.slow(75)
def test_workers_give_the_bytes_of_plain_calls(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On workers of this machine, which are gone with the run, and on those of a cluster that runs somewhere."""
    expected = content(project.report(*SMALL, "runner=inline", store="inline"))
    monkeypatch.setenv(MARK, mark := secrets.token_hex())
    run = project.report(*SMALL, "runner=ray", store="local")
    assert content(run) == expected
    assert [line for line in (run.stdout + run.stderr).splitlines() if "ray" in line] == []
    assert alive(mark) == []
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # on the loopback alone
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    monkeypatch.setenv("PYTHONPATH", str(project.root / "src"))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    head = ("ray.scripts.scripts", "start", "--head", "--node-ip-address=127.0.0.1", f"--port={address[10:]}",
            "--include-dashboard=false", "--num-cpus=2", "--disable-usage-stats", "--block")  # fmt: skip
    log = tmp_path / "head.log"
    with process(*head, log=log):
        until(lambda: "will now block forever" in log.read_text())
        assert content(project.report(*SMALL, "runner=ray", f"runner.address={address}", store="remote")) == expected
    until(lambda: alive(mark) == [])


@pytest.mark.alone
@pytest.mark.slow(45)
def test_ctrl_c_ends_the_workers(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a terminal sends to all of its processes: the report ends as ever, and nothing of Ray's outlives it."""
    monkeypatch.setenv(MARK, mark := secrets.token_hex())
    paths = [f"paths.runs={project.root / 'runs'}", f"paths.store={project.root / 'interrupted'}"]
    running = subprocess.Popen(
        [sys.executable, "-m", "exhibit", "report", *LONG, "runner=ray", *paths],
        cwd=project.root, env=os.environ | {"PYTHONPATH": str(project.root / "src")}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    until(lambda: bool(workers_of(running, is_of_ray)))
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)
    assert (running.returncode, "Traceback" in said) == (130, False), said
    until(lambda: alive(mark) == [])


# --- what is said of a cluster that cannot be used ---------------------------------------------------------


def refused(runner: RunnerSpec, root: Path) -> str:
    """What is said of a runner whose cluster cannot be used."""
    with mock.patch.dict(os.environ), pytest.raises(InputError) as met, ray_cluster(runner, root):
        pass
    return str(met.value)


def test_without_ray_it_is_said_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    said = refused(RunnerSpec(kind="ray"), tmp_path)
    assert said.startswith("runner: ray cannot be imported (")
    assert said.endswith("; install it: pip install 'exhibit[ray]'")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "tomorrow", "127.0.0.1:70000", "ray://127.0.0.1:1"])
def test_an_address_where_nothing_answers_is_named(address: str, tmp_path: Path) -> None:
    said = refused(RunnerSpec(kind="ray", address=address), tmp_path)
    assert said.startswith(f"runner.address: no Ray cluster answers at {address!r} (")
    assert "start one with `ray start --head`" in said


def test_a_cluster_without_workers_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is gone, and one that may not compute, are none; signals do afterwards what they did."""

    def takes_a_signal(*_: object, **__: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)

    nodes = [
        {"NodeID": "a", "Alive": False, "Resources": {"CPU": 2.0}},
        {"NodeID": "b", "Alive": True, "Resources": {}},
    ]
    errors = SimpleNamespace(RayError=RuntimeError)
    ray = SimpleNamespace(init=takes_a_signal, nodes=lambda: nodes, shutdown=lambda: None, exceptions=errors)
    monkeypatch.setattr(cluster_ray, "_imported", lambda: ray)
    before = signal.getsignal(signal.SIGTERM)
    with socket.create_server(("127.0.0.1", 0)) as answering:
        address = f"127.0.0.1:{answering.getsockname()[1]}"
        said = refused(RunnerSpec(kind="ray", address=address), tmp_path)
    assert said == (
        f"runner.address: the Ray cluster at {address} has no workers; start some: ray start --address {address}"
    )
    assert signal.getsignal(signal.SIGTERM) is before
