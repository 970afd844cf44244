"""Facts of scheduled reports on a real server: the commands of the documentation, a worker as a process of its own, a
schedule that fires. All of it on the loopback, in a directory and with a port of its own, and stopped afterwards."""

import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelling, Scheduled

from exhibit.tasks.data.solubility import SolubilitySpec
from exhibit.tasks.evidence.local import file_digest
from exhibit.tasks.models.zoo.ggnn import GGNNSpec
from exhibit.tasks.protocols import Compute, silent
from tests.conftest import ROOT, Memory, Project
from tests.flows.test_bounded import ENDLESS, working

pytestmark = pytest.mark.slow(40)

[WALK] = re.findall(r"```bash\n(.*?)```", (ROOT / "docs/guide/schedule.md").read_text(), re.DOTALL)
EXPORT, SERVER, DEPLOY, WORKER, RUN = (line.partition("  #")[0].strip() for line in WALK.splitlines())
SMALL = ("method=[integrated_gradients]", "check=[completeness]", "data.reference=null", "model.epochs=1")
HERE = ZoneInfo("Asia/Tokyo")
PATIENCE = 600  # seconds: on a busy machine a process needs a minute to import everything


@dataclass(frozen=True)
class Site:
    """A directory with a server of its own, and a worker."""

    root: Path
    environment: dict[str, str]
    client: SyncPrefectClient

    def start(self, command: str) -> subprocess.Popen[str]:
        """A command as it is typed in the directory."""
        pipe = subprocess.PIPE
        return subprocess.Popen(
            ["bash", "-c", command], cwd=self.root, env=self.environment, stdout=pipe, stderr=pipe, text=True
        )

    @contextmanager
    def stays(self, command: str) -> Iterator[None]:
        """A command that runs in a terminal of its own, until it is told to end."""
        name, _, rest = command.partition(" ")
        own = f"export {name}; exec {rest}" if "=" in name else f"exec {command}"
        with self.start(f"{own} >>terminal.log 2>&1") as process:
            try:
                yield
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(30)
                process.kill()

    def run(self, command: str, status: int = 0) -> str:
        """What a command prints; it ends with `status`."""
        process = self.start(command)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == status, out + err
        return out if status == 0 else err

    def ask(self, deployment: str, change: Callable[[Any], object], **options: Any) -> FlowRun:
        """Asks for a run with the parameters of a deployment, changed."""
        found = self.client.read_deployment_by_name(deployment)
        parameters = found.parameters
        change(parameters["report"])
        return self.client.create_flow_run_from_deployment(found.id, parameters=parameters, **options)

    def ended(self, run: FlowRun) -> tuple[str, str]:
        """The last state of a run, and its message."""
        self.wait(lambda: self.state(run).is_final())
        return self.state(run).name or "", self.state(run).message or ""

    def state(self, run: FlowRun) -> Any:
        return self.client.read_flow_run(run.id).state

    def wait(self, true: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "it never came true"
            time.sleep(0.5)

    def artifacts(self, run: FlowRun) -> dict[str, Artifact]:
        found = self.client.request("POST", "/artifacts/filter", json={}).json()
        every = [Artifact.model_validate(item) for item in found]
        return {str(item.key): item for item in every if item.flow_run_id == run.id}

    def runs(self, deployment: str) -> list[FlowRun]:
        ident = self.client.read_deployment_by_name(deployment).id
        return self.client.read_flow_runs(deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[ident])))

    def fired(self, deployment: str) -> list[FlowRun]:
        """Those of its runs that are at work."""
        return [run for run in self.runs(deployment) if run.state and run.state.is_running()]

    def pause(self, deployment: str) -> None:
        ident = self.client.read_deployment_by_name(deployment).id
        [schedule] = self.client.read_deployment_schedules(ident)
        self.client.update_deployment_schedule(ident, schedule.id, active=False)

    def written(self, run: FlowRun) -> Path:
        """The directory of a run that has to end well."""
        name, message = self.ended(run)
        assert name == "Completed", message
        return Path(message.rpartition("the report is ")[2]).parent


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, new_project: Callable[[], Project]) -> Iterator[Site]:
    """The commands of the page up to the worker, but for the port. Of the program without paper:
    what is asked is when a report is made, of what, and what is said of it, not how its pages are printed."""
    root = tmp_path_factory.mktemp("site")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    address = EXPORT.partition("=")[2].replace("4200", port)
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(new_project().without_paper().root / "src"),
        "PREFECT_HOME": str(root / "prefect"),
        "PREFECT_API_URL": address,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "2",
        "DO_NOT_TRACK": "1",
    }
    with temporary_settings({PREFECT_API_URL: address}), get_client(sync_client=True) as client:
        site = Site(root, environment, client)
        with site.stays(f"{SERVER} --port {port}"):
            site.wait(lambda: client.api_healthcheck() is None)
            assert site.run(DEPLOY).splitlines()[-1] == "deployment: report/iris"
            with site.stays(WORKER):
                yield site
    assert working(root) == []


def test_the_readme_leads_from_server_to_result(site: Site) -> None:
    """The run that the last command asks for ends well, and what the UI shows of it is what was written."""
    site.run(RUN)
    [run] = [run for run in site.runs("report/iris") if not run.auto_scheduled]
    assert run.expected_start_time is not None
    name, message = site.ended(run)
    pdf = Path(message.rpartition("the report is ")[2])
    assert (name, pdf.parent.parent) == ("Completed", site.root / "runs")
    artifacts = site.artifacts(run)
    assert set(artifacts) == {"iris-report", "iris-verdicts", "iris-picture"}
    text = str(artifacts["iris-report"].data)
    assert f"`{pdf}`" in text
    assert hashlib.sha256(pdf.read_bytes()).hexdigest() in text
    rows = json.loads(str(artifacts["iris-verdicts"].data))
    checks = json.loads((pdf.parent / "checks.json").read_text())
    assert [row["verdict"] for row in rows] == [check["verdict"] for check in checks]
    assert len(rows) == 4
    assert "data:image/svg+xml;base64," in str(artifacts["iris-picture"].data)
    day = f"document.issued={run.expected_start_time.astimezone(HERE):%Y-%m-%d}"
    said = site.run(f"exhibit report study=iris runner=inline {day}")
    by_hand = Path(said.splitlines()[-1].removeprefix("run: "))
    assert (site.root / by_hand / "report.pdf").read_bytes() == pdf.read_bytes()
    names = {task.name.partition(" ")[0] for task in site.client.read_task_runs() if task.flow_run_id == run.id}
    assert {"load", "fit", "attribute", "render"} <= names  # its tasks, though another process made them


def test_a_schedule_explains_this_weeks_rows_with_fixed_weights(site: Site) -> None:
    """It fires by itself; a run that is asked for meanwhile is cancelled; the document is of the scheduled day."""
    days = [f"{datetime.now(HERE) + timedelta(days=days):%Y-%m-%d}" for days in (0, 1)]
    for day in days:
        (site.root / f"rows-{day}.smi").write_text("CCO\nc1ccccc1O\nCCCCCC\n")
    net = GGNNSpec(epochs=1).fit(SolubilitySpec().load(Memory()), Compute(), silent)
    np.savez(site.root / "net.npz", allow_pickle=False, **net.arrays)
    site.run(
        "exhibit deploy study=solubility 'check=[]' model.fit=never model.weights=net.npz "
        "data.explain=rows-%Y-%m-%d.smi schedule.cron='* * * * *' schedule.timezone=Asia/Tokyo schedule.name=weekly"
    )

    site.wait(lambda: site.fired("report/weekly"))
    [run] = site.fired("report/weekly")
    second = site.ask("report/weekly", lambda report: None)
    assert site.ended(second) == ("Cancelled", "Deployment concurrency limit reached.")
    site.pause("report/weekly")
    assert run.auto_scheduled
    name, message = site.ended(run)
    assert name == "Completed", message
    evidence = json.loads((Path(message.rpartition("the report is ")[2]).parent / "evidence.json").read_text())
    assert run.expected_start_time is not None
    day = f"{run.expected_start_time.astimezone(HERE):%Y-%m-%d}"
    assert evidence["document"]["issued"] == f"{day}T00:00:00Z"
    assert evidence["local"]["points.0.data.explain"]["name"] == f"rows-{day}.smi"
    assert evidence["config"]["points"][0]["model"]["fit"] == "never"


def test_the_next_weeks_run_says_what_has_changed(site: Site) -> None:
    """Of the same deployment: nothing to compare with in the first week; in the second, with rows of another kind, the
    schedule's run compares with the first, is completed, and says in the UI and for machines that explanations changed.
    """
    patients = pd.read_csv(ROOT / "docs" / "examples" / "patients.csv")
    patients.to_csv(site.root / "patients.csv", index=False)
    by_weight = patients.drop(columns="progression").sort_values("bmi", key=lambda bmi: abs(bmi - bmi.mean()))
    today = datetime.now(HERE)
    monday = (today - timedelta(days=7)).replace(hour=6, minute=0, second=0, microsecond=0)
    by_weight.head(60).to_csv(site.root / f"week-{monday:%Y-%m-%d}.csv", index=False)
    for days in (0, 1):  # it may be midnight meanwhile
        by_weight.tail(60).to_csv(site.root / f"week-{today + timedelta(days=days):%Y-%m-%d}.csv", index=False)
    words = (
        "exhibit deploy data=table data.path=patients.csv data.label=progression data.id=patient model=mlp "
        "data.explain=week-%Y-%m-%d.csv target=value 'method=[integrated_gradients]' 'check=[completeness]' "
        "document.compare_to=latest paths.runs=weeks schedule.timezone=Asia/Tokyo schedule.name=weeks schedule.cron="
    )
    site.run(f"{words}'0 6 * * {monday:%w}'")
    first = site.written(site.ask("report/weeks", lambda report: None, state=Scheduled(scheduled_time=monday)))
    found = json.loads((first / "changes.json").read_text())
    assert (found["compared_with"], found["alert"]) == (None, False)
    site.run(f"{words}'* * * * *'")  # in the place of the one before
    site.wait(lambda: site.fired("report/weeks"))
    [run] = site.fired("report/weeks")
    site.pause("report/weeks")
    second = site.written(run)
    found = json.loads((second / "changes.json").read_text())
    before = {"issued": f"{monday:%Y-%m-%d}T00:00:00Z", "pdf": file_digest(first / "report.pdf"),
              "evidence": file_digest(first / "evidence.json")}  # fmt: skip
    assert found["compared_with"] == before
    assert (found["alert"], found["data"], found["models"]) == (True, 1, 0)
    assert "bmi" in {item["feature"] for item in found["importance_changes"] if item["beyond"]}
    [artifact] = [item for item in site.artifacts(run).values() if str(item.key).endswith("-report")]
    since = f"Since the report of {monday:%Y-%m-%d} have changed, by more than errors explain: "
    assert f"{since}{found['importances']} importance" in str(artifact.data)


def test_a_bad_parameter_is_refused_with_a_sentence(site: Site) -> None:
    """By the server before there is a run; what no schema tells, by the run before anything is computed."""
    before = len(site.runs("report/iris"))
    with pytest.raises(PrefectHTTPStatusError) as refused:
        site.ask("report/iris", lambda report: report["points"][0]["model"].update(epochs=0))
    assert refused.value.response.status_code == 409
    said = (
        "Validation failed for field 'report.points[0].model.epochs'. Failure reason: 0 is less than the minimum of 1"
    )
    assert said in refused.value.response.json()["detail"]
    assert len(site.runs("report/iris")) == before
    run = site.ask("report/iris", lambda report: report["points"][0].update(model={"kind": "random_forest"}))
    name, message = site.ended(run)
    assert (name, message.partition(";")[0]) == (
        "Failed",
        "points.0.method: vanilla_grad needs gradients, but the model random_forest (scikit-learn) only predicts",
    )
    assert {task.name for task in site.client.read_task_runs() if task.flow_run_id == run.id} == set()


def test_a_failed_check_fails_the_run_after_the_report_is_linked(site: Site) -> None:
    """Of the deployment that prefect.yaml registers by hand."""
    done = subprocess.run(
        ["bash", "-c", "prefect --no-prompt deploy --name iris-by-hand"],
        cwd=ROOT, env=site.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr

    def change(report: Any) -> None:
        point = report["points"][0]
        point["data"]["reference"], point["model"]["epochs"] = None, 1
        point["method"].pop("vanilla_grad_squared")
        point["check"] = {"completeness": {"kind": "completeness", "threshold": 1e-9}}
        report["paths"] = {"runs": str(site.root / "runs"), "store": str(site.root / ".exhibit")}

    run = site.ask("report/iris-by-hand", change)
    name, message = site.ended(run)
    said, _, pdf = message.partition("; the report is ")
    assert (name, said.partition("; ")[0]) == (
        "Failed",
        "required check failed: completeness of integrated_gradients in iris",
    )
    assert said.endswith("can it be trusted? no")
    assert Path(pdf).read_bytes().startswith(b"%PDF")
    assert f"`{pdf}`" in str(site.artifacts(run)["iris-by-hand-report"].data)


def test_a_run_is_trusted_with_nothing(site: Site) -> None:
    """Neither a path of its own nor an environment of its own nor a command of its own."""
    env = {"EXHIBIT_TRUSTED_FOLDERS": "/", "EXHIBIT_TRUSTED_MODULES": "os"}
    run = site.ask(
        "report/iris",
        lambda report: report["paths"].update(runs="/tmp/exhibit-elsewhere"),
        job_variables={"env": env, "command": f"touch {site.root}/command"},
    )
    name, message = site.ended(run)
    assert (name, message.partition(" is not")[0]) == ("Failed", "paths.runs: '/tmp/exhibit-elsewhere'")
    assert message.endswith(f"EXHIBIT_TRUSTED_FOLDERS, which is '{site.root}'")
    assert not (site.root / "command").exists()


def test_a_cancelled_run_stops_working(site: Site) -> None:
    """As the button in the UI cancels it: the process that computes is gone when the run says that it is cancelled."""
    store = site.root / "cancelled"

    def change(report: Any) -> None:
        report["points"][0]["model"]["epochs"] = 100_000
        report["paths"]["store"] = str(store)

    run = site.ask("report/iris", change)
    site.wait(lambda: working(store))
    site.client.set_flow_run_state(run.id, Cancelling())
    assert site.ended(run)[0] == "Cancelled"
    assert working(store) == []


def test_by_hand_a_run_is_stopped_by_its_limit_and_by_ctrl_c(site: Site) -> None:
    """A flow run of the command line ends as well as the command does."""

    def ending() -> tuple[str, str]:
        own = [run for run in site.client.read_flow_runs() if run.deployment_id is None]
        return site.ended(max(own, key=lambda run: str(run.created)))

    words = f"exhibit report study=iris {' '.join(SMALL[:3])} {ENDLESS} paths.store=by-hand"
    said = site.run(f"{words} runner.timeout_seconds=30", status=1)
    assert "exhibit: runner.timeout_seconds: the report was not finished within 30 s" in said
    assert ending()[0] == "Failed"
    process = site.start(f"exec {words}")
    site.wait(lambda: working(site.root / "by-hand"))
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert ending() == ("Cancelled", "interrupted; what is finished is kept")
