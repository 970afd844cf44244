"""Facts of reports on a Prefect server whose database is PostgreSQL: the bytes of plain calls, also when the server is
killed in the middle, and runs by deployment. All of it is started here, on the loopback."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings

from tests.conftest import ISSUED, Project, Run
from tests.flows.test_cluster import LONG, content, until
from tests.flows.test_schedule import DEPLOY, RUN, SERVER, WORKER, Site

pytestmark = pytest.mark.slow(75)


def program(name: str) -> str:
    """A program of PostgreSQL, where Debian puts it."""
    places = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ["PATH"]]))
    if found is None:
        pytest.fail(f"PostgreSQL is missing ({name}): run .ci/system all")
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def database() -> Iterator[str]:
    """The address of an empty database. PostgreSQL refuses to be root, and has a user of its own then."""
    root = os.geteuid() == 0
    owner = "postgres" if root else None
    secret, port = secrets.token_hex(), free_port()
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        kept = Path(folder) / "secret"
        kept.touch(0o600)
        kept.write_text(f"{secret}\n")
        for path in (folder, kept) if root else ():
            shutil.chown(path, "postgres", "postgres")
        create = (program("initdb"), "--no-sync", "--locale=C.UTF-8", "--auth=scram-sha-256", "--username=prefect",
                  f"--pwfile={kept}", f"{folder}/data")  # fmt: skip
        subprocess.run(create, check=True, cwd=folder, capture_output=True, user=owner, group=owner)
        serve = (program("postgres"), "-D", f"{folder}/data", "-h", "127.0.0.1", "-p", str(port), "-k", folder,
                 "-c", "fsync=off")  # fmt: skip
        ready = (program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port))
        with (Path(folder) / "log").open("w") as log:
            server = subprocess.Popen(serve, cwd=folder, stdout=log, stderr=log, user=owner, group=owner)
        try:
            until(lambda: subprocess.run(ready, check=False, capture_output=True).returncode == 0)
            yield f"postgresql+asyncpg://prefect:{secret}@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(60)


@pytest.fixture(scope="module")
def project(new_project: Callable[[], Project]) -> Project:
    return new_project().without_paper()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[Site]:
    """A directory, and the address of a server that each test starts there on the same database."""
    root = tmp_path_factory.mktemp("site")
    with database() as database_url:
        environment = os.environ | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(project.root / "src"),
            "PREFECT_HOME": str(root / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{free_port()}/api",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database_url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_WORKER_QUERY_SECONDS": "2",
            "DO_NOT_TRACK": "1",
        }
        address = environment["PREFECT_API_URL"]
        with temporary_settings({PREFECT_API_URL: address}), get_client(sync_client=True) as client:
            yield Site(root, environment, client)
    assert not list((root / "prefect").glob("*.db"))  # all of it was in PostgreSQL


@contextmanager
def serving(site: Site) -> Iterator[subprocess.Popen[str]]:
    """A server that answers, which ends with the context."""
    port = site.environment["PREFECT_API_URL"].removesuffix("/api").rpartition(":")[2]
    with site.start(f"exec {SERVER} --port {port} >>server.log 2>&1") as process:
        try:
            site.wait(lambda: site.client.api_healthcheck() is None)
            yield process
        finally:
            process.kill()


def test_a_server_that_is_killed_in_the_middle_costs_nothing(site: Site, project: Project) -> None:
    """Started again it finds the run in its database. Meanwhile the report went on, to the bytes of plain calls."""
    expected = content(project.report(*LONG, "runner=inline", store="inline"))
    store, finished = site.root / "store", list[Path]()

    def stages(count: int) -> bool:
        finished[:] = (store / "actions").glob("*/[!.]*")
        return len(finished) >= count

    with serving(site) as server:
        words = " ".join(f"'{word}'" for word in (*LONG, ISSUED, f"paths.store={store}"))
        report = site.start(f"exec exhibit report {words}")
        site.wait(lambda: stages(8))
        assert report.poll() is None
        server.kill()
        server.wait()
        before = {path: path.stat().st_mtime_ns for path in finished}
        site.wait(lambda: stages(len(before) + 2))  # it computes without a server
        assert report.poll() is None
    with serving(site):
        out, err = report.communicate()
        directory = out.splitlines()[-1].removeprefix("run: ") if out else ""
        run = Run(report.returncode, f"run: {site.root / directory}", err)
        assert content(run) == expected
        assert {path: path.stat().st_mtime_ns for path in before} == before
        assert sum(stage["stage"] == "attribute" for stage in run.manifest["stages"]) == 30
        [known] = site.client.read_flow_runs()
        assert state_of(known) == ("Completed", Path(directory))
        assert "exhibit:" not in err


def state_of(run: FlowRun) -> tuple[str, Path]:
    """What the server knows of a flow run: its state, and where its report is."""
    assert run.state is not None
    assert run.state.name is not None
    return run.state.name, Path(str(run.state.message).rpartition("the report is ")[2]).parent


def test_a_deployment_runs(site: Site) -> None:
    """As the page on schedules has it."""
    with serving(site):
        assert site.run(DEPLOY).splitlines()[-1] == "deployment: report/iris"
        with site.stays(WORKER):
            site.run(RUN)
            [run] = [run for run in site.runs("report/iris") if not run.auto_scheduled]
            assert site.written(run).parent == site.root / "runs"
