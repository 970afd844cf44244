"""Facts of the Prefect flow: how it ends, and what is tried again."""

import errno
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_MAX_RETRIES,
    PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS,
    temporary_settings,
)
from prefect.states import Failed

from exhibit.flows.config import read_report
from exhibit.flows.deploy import _ensure_pool
from exhibit.flows.errors import Unfinished
from exhibit.flows.flow import run_flow
from exhibit.flows.prefect_task import as_task
from exhibit.flows.report import RunResult
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.stage import FinishedStage
from tests.flows.test_bounded import wait_until

FULL = OSError(errno.ENOSPC, "no space left on the device")


def stage() -> FinishedStage:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (FULL, True),
        (ConnectionResetError("the other end is gone"), True),
        (TimeoutError("no answer"), True),
        (InputError("data.path: there is no file x.csv"), False),
        (FileNotFoundError(errno.ENOENT, "there is no such file"), False),
        (PermissionError(errno.EACCES, "it may not be read"), False),
        (ZeroDivisionError("division by zero"), False),
    ],
)
def test_only_what_comes_from_outside_is_tried_again(error: Exception, again: bool) -> None:
    task = as_task(stage)
    assert task.retry_condition_fn(task, None, Failed(data=error)) is again


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    from prefect.testing.utilities import prefect_test_harness  # imports the server: seven seconds

    with (
        temporary_settings({PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 120}),
        prefect_test_harness(server_startup_timeout=120),
    ):
        yield


@pytest.mark.slow
@pytest.mark.parametrize(("error", "calls"), [(FULL, 3), (InputError("x"), 1)])
def test_a_stage_is_called_again_with_growing_pauses(error: Exception, calls: int, server: None) -> None:
    """By Prefect itself: a disk that has room again after two failures fails nothing."""
    called: list[int] = []

    def stage() -> FinishedStage:
        called.append(1)
        if len(called) < 3:
            raise error
        return FinishedStage("stage", "key", {}, {}, False, 0.0, {})

    @flow
    def run() -> bool:
        return bool(as_task(stage)("a stage", return_state=True).is_completed())

    assert run() is (calls == 3)
    assert len(called) == calls
    assert as_task(stage).retry_delay_seconds == [1, 5]


def written(folder: Path, verdict: str) -> RunResult:
    """A run directory as far as the flow reads it, with one required check."""
    check = {"chapter": "iris", "method": "ig", "check": "completeness", "verdict": verdict, "required": True,
             "value": 0.5, "threshold": 0.95, "sentence": "Measured."}  # fmt: skip
    files = {"report.pdf": {"sha256": "a" * 64}}
    (folder / "manifest.json").write_text(json.dumps({"title": "Iris", "chapters": [], "files": files}))
    (folder / "checks.json").write_text(json.dumps([check]))
    return RunResult(folder, verdict == "fail")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verdict", "ending"),
    [
        ("pass", ("Completed", "the report is {pdf}")),
        ("fail", ("Failed", "required check failed: completeness of ig in iris; the report is {pdf}")),
    ],
)
def test_a_failed_check_fails_the_flow_and_the_result_is_had(
    verdict: str, ending: tuple[str, str], server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its report was linked; the caller, who prints where it is, gets the result either way."""
    monkeypatch.setattr("exhibit.flows.flow.explain", lambda *_: written(tmp_path, verdict))
    result = run_flow(read_report(["study=iris"]), ["exhibit", "report"])
    assert (result.directory, result.required_failed) == (tmp_path, verdict == "fail")
    with get_client(sync_client=True) as client:
        [run] = [run for run in client.read_flow_runs() if f"{tmp_path}/" in str(run.state and run.state.message)]
        found = client.request("POST", "/artifacts/filter", json={}).json()
    assert run.state is not None
    assert (run.state.name, run.state.message) == (ending[0], ending[1].format(pdf=tmp_path / "report.pdf"))
    keys = {item["key"] for item in found if item["flow_run_id"] == str(run.id)}
    assert keys == {"iris-report", "iris-verdicts"}


@pytest.mark.slow
def test_a_report_whose_artifacts_cannot_be_made_is_not_lost(
    server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run fails with what went wrong, what failed in the report and where it is; the caller gets the result."""

    def untitled(*_: object) -> RunResult:
        result = written(tmp_path, "fail")
        (tmp_path / "manifest.json").write_text(json.dumps({"chapters": [], "files": {}}))
        return result

    monkeypatch.setattr("exhibit.flows.flow.explain", untitled)
    result = run_flow(read_report(["study=iris"]), ["exhibit", "report"])
    undone = "its artifacts were not made (KeyError: 'title')"
    assert result == RunResult(tmp_path, True, (), undone)
    with get_client(sync_client=True) as client:
        states = [run.state for run in client.read_flow_runs() if run.state is not None]
    said = f"required check failed: completeness of ig in iris; {undone}; the report is {tmp_path}/report.pdf"
    assert [state.name for state in states if state.message == said] == ["Failed"]


@pytest.mark.slow
def test_a_report_outlives_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which dies when the report has been written, and takes the flow run with it."""
    (tmp_path / "run").mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    address = f"http://127.0.0.1:{port}/api"
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", port]
    log, environment = tmp_path / "log", os.environ | {"PREFECT_HOME": str(tmp_path / "prefect")}
    with (
        temporary_settings({PREFECT_API_URL: address, PREFECT_CLIENT_MAX_RETRIES: 0}),
        log.open("w") as said,
        subprocess.Popen(command, env=environment, stdout=said, stderr=said) as process,
    ):
        with get_client(sync_client=True) as client:
            wait_until(lambda: client.api_healthcheck() is None)

        def last(*_: object) -> RunResult:
            process.kill()
            process.wait()
            return written(tmp_path / "run", "pass")

        monkeypatch.setattr("exhibit.flows.flow.explain", last)
        result = run_flow(read_report(["study=iris"]), ["exhibit", "report"])
    assert result.directory == tmp_path / "run"
    assert "ConnectError" in result.afterwards


@pytest.mark.slow
@pytest.mark.parametrize("error", [InputError("data.path: there is no file x.csv"), Unfinished("it took too long")])
def test_a_flow_that_fails_says_why_in_a_sentence(
    error: Exception, server: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of its state is the sentence, and the caller gets the exception, which decides the exit code."""

    def explain(*_: object) -> RunResult:
        raise error

    monkeypatch.setattr("exhibit.flows.flow.explain", explain)
    with pytest.raises(type(error), match=str(error)):
        run_flow(read_report(["study=iris"]), ["exhibit", "report"])
    with get_client(sync_client=True) as client:
        states = [run.state for run in client.read_flow_runs() if run.state is not None]
    assert [state.name for state in states if state.message == str(error)] == ["Failed"]


@pytest.mark.slow
def test_a_flow_that_meets_the_unexpected_says_where(
    server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The point, the stage and the kind of error: it is what the UI shows."""
    words = ["study=iris", "check=[]", "data.reference=null", "method=vanilla_grad,occlusion"]
    report = read_report([*words, f"paths.runs={tmp_path}/runs", f"paths.store={tmp_path}/store"])

    def broken(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(type(report.points[0].model), "fit", broken)
    with pytest.raises(ZeroDivisionError):
        run_flow(report, ["exhibit", "report"])
    with get_client(sync_client=True) as client:
        states = [run.state for run in client.read_flow_runs() if run.state is not None]
    said = "iris-method-vanilla-grad: fit failed, ZeroDivisionError: division by zero"
    assert [state.name for state in states if state.message == said] == ["Failed"]


@pytest.mark.slow
def test_a_label_may_hold_braces(server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a swept group of values does; Prefect would take them for places to fill."""
    monkeypatch.setattr("exhibit.flows.flow.explain", lambda *_: written(tmp_path, "pass"))
    run_flow(read_report(["study=iris", "data.reference=null,{trees:9}"]), ["exhibit", "report"])
    with get_client(sync_client=True) as client:
        assert [run.name for run in client.read_flow_runs() if "{trees" in run.name]


@pytest.mark.slow
def test_a_pool_that_lets_runs_change_their_environment_is_refused(server: None) -> None:
    """As one does that a worker or somebody has made: what its workers trust is said in that environment."""
    template = {"job_configuration": {"env": "{{ env }}"}, "variables": {"properties": {"env": {}, "command": {}}}}
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name="open", type="process", base_job_template=template))
        with pytest.raises(
            InputError,
            match=r"schedule\.pool: 'open' was not made by exhibit deploy: it lets a run change command, env",
        ):
            _ensure_pool(client, "open")
        for _ in range(2):  # made, and found
            _ensure_pool(client, "ours")
