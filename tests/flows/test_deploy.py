"""Facts of deployments: what is registered, what a server refuses, and what a worker trusts. The server itself is in
`test_schedule.py`."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.utilities.callables import parameter_schema
from prefect.utilities.schema_tools.validation import _VALIDATOR, ValidationError, validate

from exhibit.flows import deploy, scheduled
from exhibit.flows.artifacts import short_name
from exhibit.flows.bounded import Job
from exhibit.flows.bounded_process import _job
from exhibit.flows.cli import run
from exhibit.flows.compose import option_files
from exhibit.flows.config import Report, read_report
from exhibit.flows.deploy import ScheduleSpec, absolute, read_schedule, worker_command
from exhibit.flows.errors import ConfigError, validated
from exhibit.tasks.evidence.local import local_references, put
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.packing import canonical_json
from exhibit.tasks.store import Store
from tests.conftest import ROOT

SCHEMA = parameter_schema(scheduled.report).model_dump(exclude_unset=True)
CRON = "schedule.cron=0 6 * * 1"
MONDAY = datetime(2026, 11, 30, 6, tzinfo=ZoneInfo("Asia/Tokyo"))  # still Sunday in UTC


# --- what is registered -----------------------------------------------------------------------------------


def test_commas_in_a_cron_time_sweep_nothing() -> None:
    assert read_schedule(["schedule.cron=0 6,18 1,15 * *", "schedule.timezone=Asia/Tokyo"]) == ScheduleSpec(
        cron="0 6,18 1,15 * *", timezone="Asia/Tokyo"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "schedule.cron: a value must be given"),
        (["schedule.cron=0 25 * * *"], "schedule.cron: given '0 25 * * *', wanted five fields"),
        (["schedule.cron=0 6 * * 1 30"], "schedule.cron: given '0 6 * * 1 30', wanted five fields"),
        (["schedule.cron=every monday"], "schedule.cron: given 'every monday', wanted five fields"),
        ([CRON, "schedule.timezone=Asia/Tokio"], "schedule.timezone: there is no time zone 'Asia/Tokio'"),
        (
            [CRON, "schedule.crom=1"],
            "schedule.crom: there is no such key; allowed: cron, name, pool, timezone; did you",
        ),
        ([CRON, "schedule.name=Iris!"], "schedule.name: given 'Iris!', allowed: text like"),
    ],
)
def test_a_bad_schedule_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_schedule(words)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("words", "address", "said"),
    [
        (["study=iris", "schedule.cron=never"], "http://127.0.0.1:1/api", "schedule.cron: given 'never'"),
        (["study=irs", CRON], "http://127.0.0.1:1/api", "study=irs: there is no such option"),
        (["study=iris", CRON], "", "PREFECT_API_URL: no server is configured; start one with `prefect server start`"),
    ],
)
def test_what_cannot_be_registered_is_said_in_a_sentence(
    words: list[str], address: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The config and the schedule are looked at before the server is."""
    with temporary_settings({PREFECT_API_URL: address}):
        assert run(["deploy", *words]) == 2
    _one_sentence(capsys.readouterr(), said)


def test_a_server_that_does_not_answer_is_one_sentence_of_the_whole_program(tmp_path: Path) -> None:
    """Nothing that Prefect writes beside it."""
    settings = {"PREFECT_API_URL": "http://127.0.0.1:1/api", "PREFECT_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "exhibit", "deploy", "study=iris", CRON]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=os.environ | settings, check=False)
    assert done.returncode == 2
    _one_sentence((done.stdout, done.stderr), "PREFECT_API_URL: http://127.0.0.1:1/api does not answer (")


def _one_sentence(told: tuple[str, str], said: str) -> None:
    """Of what was told on stdout and stderr."""
    assert told[0] == ""
    assert told[1].startswith(f"exhibit: {said}")
    assert len(told[1].splitlines()) == 1


def test_paths_are_taken_from_where_they_were_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is somewhere else. Its command names what it has to trust: of a name that changes the folder."""
    monkeypatch.chdir(tmp_path)
    report = absolute(read_report(["study=solubility", "data.explain=rows/%Y-%m-%d.csv"]))
    assert {key: str(item) for key, item in local_references(report)} == {
        "points.0.data.explain": f"{tmp_path}/rows/%Y-%m-%d.csv",
        "paths.runs": f"{tmp_path}/runs",
        "paths.store": f"{tmp_path}/.exhibit",
    }
    trusted = f"{tmp_path}/.exhibit:{tmp_path}/rows:{tmp_path}/runs"
    assert command_for(report) == f"EXHIBIT_TRUSTED_FOLDERS={trusted} prefect worker start --pool exhibit"


def command_for(report: Report) -> str:
    """How a worker is started that may run `report`."""
    return worker_command(deploy.Deployed("report/x", read_schedule([CRON]), deploy._folders(report), ""))


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("in/%Y/%m/rows.csv", "in"),
        ("%Y/rows-%d.csv", ""),
        ("in/100%/rows.csv", "in/100%/rows.csv"),
        ("this week's $HOME; #1/rows-%G-%V.csv", "this week's $HOME; #1"),
    ],
)
def test_the_command_is_pasted_into_a_shell(
    path: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the folder above the first name that changes, whatever signs are in it: what a shell makes of it is what
    a worker has to trust."""
    root = tmp_path / "two words"
    root.mkdir()
    monkeypatch.chdir(root)
    report = absolute(read_report(["study=solubility", "paths.store=store", f'data.explain="{path}"']))
    typed = command_for(report).replace("prefect worker start --pool exhibit", f"printenv {scheduled.FOLDERS}")
    given = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=True).stdout.removesuffix("\n")
    assert given.split(":") == sorted({str(root / "runs"), str(root / "store"), str(root / folder)})
    monkeypatch.setenv(scheduled.FOLDERS, given)
    assert scheduled.confined(scheduled.dated(report, MONDAY))


def test_a_path_that_a_list_of_folders_cannot_hold_is_refused(tmp_path: Path) -> None:
    """The part after its colon would be trusted instead."""
    with pytest.raises(ConfigError, match=r"^paths\.store: '.*/a:/etc' holds ':', which separates the folders in"):
        command_for(read_report(["study=iris", f"paths.runs={tmp_path}", f"paths.store='{tmp_path}/a:/etc'"]))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["study=iris"], "iris"),
        (["study=iris,digits", "model.seed=0,1"], "iris-digits"),
        (["study=photos_layer"], "photos-layer"),
    ],
)
def test_a_deployment_is_named_after_its_studies(words: list[str], name: str) -> None:
    assert short_name(read_report(words)) == name


def test_a_large_sweep_travels_by_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than a server takes is kept in the store; what the worker finds there is the same report."""
    one = read_report(["study=iris", f"paths.store={tmp_path}"])
    points = tuple(one.points[0].model_copy(update={"label": f"iris {number}"}) for number in range(600))
    report = one.model_copy(update={"points": points})
    flow, parameters = deploy._parameters(report, read_schedule([CRON]))
    assert (flow.name, set(parameters)) == ("report-by-digest", {"store", "sha256", "timezone"})
    monkeypatch.setenv(scheduled.FOLDERS, str(tmp_path))
    assert scheduled.stored(parameters["sha256"], Path(parameters["store"])) == report
    small, parameters = deploy._parameters(read_report(["study=iris"]), read_schedule([CRON]))
    assert (small.name, set(parameters)) == ("report", {"report", "timezone"})


def test_prefect_yaml_does_the_same_by_hand() -> None:
    """The written parameters are the report of the study."""
    entries = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert {entry["name"]: Report.model_validate(entry["parameters"]["report"]) for entry in entries} == {
        "iris-by-hand": read_report(["study=iris"]),
        "iris-in-docker": read_report(["study=iris", "paths.runs=/reports/runs", "paths.store=/reports/.exhibit"]),
    }
    assert [entry["schedules"] for entry in entries] == 2 * [[{"cron": "0 6 * * 1", "timezone": "Asia/Tokyo"}]]


# --- what a server refuses --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schema_checked_once() -> Iterator[None]:
    """Whether the schema itself is one is asked once, not of every value again: that takes 1.5 s each time."""
    check, known = _VALIDATOR.check_schema, set[str]()

    def once(schema: Any, *more: Any, **options: Any) -> None:
        if (text := json.dumps(schema, sort_keys=True)) not in known:
            check(schema, *more, **options)
            known.add(text)

    with mock.patch.object(_VALIDATOR, "check_schema", once):
        yield


def refused(parameters: dict[str, Any]) -> str:
    """What a server says of parameters, by the schema and the code by which it judges; empty where it takes them."""
    for parts_may_be_left_out in (True, False):  # when a deployment is registered, and when a run is asked for
        try:
            validate(parameters, SCHEMA, raise_on_error=True, ignore_required=parts_may_be_left_out)
        except ValidationError as error:
            return str(error)
    return ""


@pytest.mark.usefixtures("schema_checked_once")
@pytest.mark.parametrize("study", [file.stem for file in option_files("study")])
def test_a_server_takes_every_study(study: str) -> None:
    report = read_report([f"study={study}"]).model_dump(mode="json")
    assert refused({"report": json.loads(json.dumps(report)), "timezone": "Asia/Tokyo"}) == ""


@pytest.mark.usefixtures("schema_checked_once")
@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("points.0.model.epochs", 0, "report.points[0].model.epochs"),
        ("points.0.model.kind", "mpl", "report.points[0].model.kind"),
        (
            "points.0.method.integrated_gradients.n_steps",
            "many",
            "report.points[0].method.integrated_gradients.n_steps",
        ),
        ("points.0.check.completeness.required", "perhaps", "report.points[0].check.completeness.required"),
        ("points.0.selection.show", "all", "report.points[0].selection.show"),
        ("points.0.labell", "x", "report.points[0]"),
        ("document.paper", "A5", "report.document.paper"),
        ("runner.timeout_seconds", 0, "report.runner.timeout_seconds"),
        ("points", [], "report.points"),
    ],
)
def test_a_server_refuses_a_bad_value_before_anything_runs(key: str, value: object, said: str) -> None:
    report = read_report(["study=iris"]).model_dump(mode="json")
    put(report, key, value)
    assert refused({"report": report}).startswith(f"Validation failed for field '{said}'")


# --- what a worker trusts ---------------------------------------------------------------------------------


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that this machine trusts; the working directory, which it does not, is beside it."""
    for name in ("trusted", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv(scheduled.FOLDERS, f"{tmp_path / 'trusted'}:{tmp_path / 'more'}")
    return tmp_path / "trusted"


def report_of(folder: Path, *words: str) -> Report:
    return read_report(["study=solubility", f"paths.runs={folder}/runs", f"paths.store={folder}/store", *words])


def test_trusted_places_are_opened(trusted: Path) -> None:
    report = report_of(trusted, f"data.explain={trusted}/rows.csv")
    assert scheduled.confined(report) is report


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "rows.csv", "{trusted}/../elsewhere/rows.csv", "{trusted}/link/rows.csv", "{trusted}x/rows"]
)
def test_a_parameter_opens_no_other_path(path: str, trusted: Path) -> None:
    """Neither by its name, nor from the working directory, nor upward, nor through a link, nor by a name alike."""
    (trusted / "link").symlink_to(trusted.parent / "elsewhere")
    report = report_of(trusted, f"data.explain={path.format(trusted=trusted)}")
    with pytest.raises(InputError, match=r"^points\.0\.data\.explain: .* is not trusted on this machine; .*FOLDERS"):
        scheduled.confined(report)


def test_every_path_is_looked_at(trusted: Path) -> None:
    """Weights, runs and the store as well as data; without the variable there is no trusted place."""
    weights = ("model.fit=never", "model.weights=w.npz")
    report = read_report(["study=iris", "paths.runs=/tmp/runs", f"paths.store={trusted}", *weights])
    with pytest.raises(InputError) as error:
        scheduled.confined(report)
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == [
        "points.0.model.weights",
        "paths.runs",
    ]


def test_a_store_named_by_a_parameter_is_opened_only_where_it_is_trusted(trusted: Path) -> None:
    with pytest.raises(InputError, match=r"^store: "):
        scheduled.stored("0" * 64, trusted.parent / "elsewhere")
    assert not list((trusted.parent / "elsewhere").iterdir())


def test_a_parameter_leads_to_no_strange_scheduler(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster hands back pickled objects, so the machine says which."""
    report = report_of(trusted, "runner=dask", "runner.address=tcp://10.0.0.1:8786")
    with pytest.raises(InputError, match=r"^runner\.address: 'tcp://10\.0\.0\.1:8786' is not trusted"):
        scheduled.confined(report)
    monkeypatch.setenv(scheduled.SCHEDULERS, "tcp://10.0.0.2:8786, tcp://10.0.0.1:8786")
    assert scheduled.confined(report) is report


def test_a_parameter_trusts_no_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code of the user's own is trusted by the worker's environment: where that is silent the config is refused."""
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "mine")
    words = ("data=iris", "model=factory", "model.factory=mine:net", "method=[vanilla_grad]")
    parameters = {"report": read_report(words).model_dump(mode="json")}
    assert refused(parameters) == ""  # a server cannot know
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "")
    with pytest.raises(ConfigError, match="the module 'mine' is not trusted on this machine"):
        validated(Report, parameters["report"])


# --- the scheduled day ------------------------------------------------------------------------------------


def test_a_path_holds_the_scheduled_day() -> None:
    """Counted where the schedule is: Monday in Tokyo, though it is Sunday in UTC. The document is issued on it."""
    report = scheduled.dated(read_report(["study=solubility", "data.explain=in/%Y-%m/rows-%Y-%m-%d-%GW%V.csv"]), MONDAY)
    assert dict(local_references(report))["points.0.data.explain"] == Path("in/2026-11/rows-2026-11-30-2026W49.csv")
    assert report.document.issued_at == "2026-11-30T00:00:00Z"


def test_other_signs_and_a_given_date_stay() -> None:
    words = ("study=solubility", "data.explain=100%/a%20b%s.csv", "document.issued=2026-01-01")
    report = scheduled.dated(read_report(words), MONDAY)
    assert dict(local_references(report))["points.0.data.explain"] == Path("100%/a%20b%s.csv")
    assert report.document.issued_at == "2026-01-01T00:00:00Z"


def test_code_that_is_not_trusted_here_is_named_in_the_state_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the config lies in a store, and where another process is asked to compute."""
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "own")
    monkeypatch.setenv(scheduled.FOLDERS, str(tmp_path))
    report = read_report(["data=iris", "model=factory", "model.factory=own:net", "method=[occlusion]"])
    digest = Store(tmp_path).put(canonical_json(report.model_dump(mode="json")))
    line = Job(report=report, command=("exhibit",)).model_dump_json()
    monkeypatch.setenv("EXHIBIT_TRUSTED_MODULES", "")
    for work in (lambda: scheduled.stored(digest, tmp_path), lambda: _job(line)):
        with pytest.raises(ConfigError) as met:
            work()
        [said] = str(met.value).splitlines()
        assert said.startswith("points.0.model.factory: the module 'own' is not trusted on this machine; ")


def test_a_run_on_a_schedule_has_a_limit_of_time() -> None:
    """Of a day, unless another is given: nobody sits beside a worker."""
    limits = [
        deploy.limited(read_report(["study=iris", *words])).runner.timeout_seconds
        for words in ([], ["runner.timeout_seconds=60"])
    ]
    assert limits == [86_400, 60]
