"""`exhibit deploy`: a report on a schedule, registered on a Prefect server."""

import json
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
from prefect.client.schemas.schedules import CronSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.exceptions import ObjectNotFound
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL
from prefect.types.entrypoint import EntrypointType
from pydantic import AfterValidator, Field

from exhibit.flows import scheduled
from exhibit.flows.artifacts import short_name
from exhibit.flows.compose import CONF
from exhibit.flows.config import Report, read_report
from exhibit.flows.errors import ConfigError, validated
from exhibit.flows.flow import as_parameter
from exhibit.flows.stores import StoreUrl
from exhibit.tasks.evidence.local import local_references, put
from exhibit.tasks.records.base import InputError, Spec

# A pool without variables: a run that is asked for with an environment or a command of its own gets the worker's.
_POOL = CONF / "pool.json"


def _cron(text: str) -> str:
    """Five fields that Prefect's own reader takes."""
    try:
        if len(text.split()) != 5:
            raise ValueError
        return CronSchedule(cron=text).cron
    except ValueError:
        raise ValueError(
            f"given {text!r}, wanted five fields: minute hour day month weekday, such as '0 6 * * 1' for Mondays at six"
        ) from None


class ScheduleSpec(Spec):
    """When a report is made, and what its deployment is called."""

    cron: Annotated[str, AfterValidator(_cron)] = Field(
        description="minute hour day month weekday, such as '0 6 * * 1' for Mondays at six"
    )
    timezone: scheduled.Timezone = "UTC"
    name: str | None = Field(None, pattern=r"^[a-z0-9-]+$", description="of the deployment; null: after its studies")
    pool: str = Field("exhibit", pattern=r"^[\w-]+$", description="work pool of process workers, made if it is missing")


class _Scheduled(Spec):
    schedule: ScheduleSpec


class Deployed(NamedTuple):
    """A registered deployment. `folders`: what its worker has to trust."""

    name: str
    schedule: ScheduleSpec
    folders: tuple[str, ...]
    page: str


def read_schedule(words: Sequence[str]) -> ScheduleSpec:
    """The schedule that words like `schedule.cron=0 6 * * 1` describe; commas in it sweep nothing.

    Raises:
        ConfigError: naming each key that is wrong.
    """
    pairs = (word.removeprefix("schedule.").partition("=") for word in words)
    settings = {key: value.strip("'\"") for key, _, value in pairs}
    return validated(_Scheduled, {"schedule": settings}).schedule


def deploy(overrides: Sequence[str], config_dir: Path | None = None) -> Deployed:
    """Registers the report that `overrides` describe; their keys of `schedule` say when it is made. Of the same name it
    replaces what was there.

    Raises:
        ConfigError: for a config, a schedule or a server that cannot be used; then nothing is registered.
    """
    own = [word for word in overrides if word.startswith("schedule.")]
    schedule = read_schedule(own)
    report = limited(absolute(read_report([word for word in overrides if word not in own], config_dir)))
    folders = _folders(report)
    flow, parameters = _parameters(report, schedule)
    name = schedule.name or short_name(report)
    deployment: Any = flow.to_deployment(
        name=name,
        schedules=[CronSchedule(cron=schedule.cron, timezone=schedule.timezone)],
        # A run that is due while another still runs is cancelled: the next one finds newer rows anyway.
        concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        parameters=parameters,
        description=_description(report, schedule, overrides),
        tags=["exhibit"],
        version=f"exhibit {version('exhibit')}",
        work_pool_name=schedule.pool,
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    with _server() as client:
        _ensure_pool(client, schedule.pool)
        registered: RunnerDeployment = deployment
        page = f"{PREFECT_UI_URL.value()}/deployments/deployment/{registered.apply()}"
    return Deployed(f"{flow.name}/{name}", schedule, folders, page)


_DAY = 86_400.0  # seconds


def limited(report: Report) -> Report:
    """The same report with a limit of time: nobody sits beside a worker to see that a model never ends."""
    if report.runner.timeout_seconds is not None:
        return report
    return report.model_copy(update={"runner": report.runner.model_copy(update={"timeout_seconds": _DAY})})


def absolute(report: Report) -> Report:
    """The same report for whatever directory a worker is in: paths are taken from the present one."""
    plain = report.model_dump(mode="json")
    for key, item in local_references(report):
        if isinstance(item, Path):
            put(plain, key, str(item.absolute()))
    return validated(Report, plain)


def _parameters(report: Report, schedule: ScheduleSpec) -> tuple[Flow[Any, Any], dict[str, Any]]:
    """The flow and its parameters: the config, or where it is if the server would not take so much."""
    config, zone = as_parameter(report), {"timezone": schedule.timezone}
    if "sha256" in config:
        return scheduled.report_by_digest, config | zone
    return scheduled.report, {"report": config} | zone


@contextmanager
def _server() -> Iterator[SyncPrefectClient]:
    """A client of the configured server.

    Raises:
        ConfigError: where none is configured, or it does not answer.
    """
    if not (address := PREFECT_API_URL.value()):
        raise ConfigError(
            "PREFECT_API_URL: no server is configured; start one with `prefect server start`, and say where it is with "
            "`prefect config set PREFECT_API_URL=http://127.0.0.1:4200/api`"
        )
    with get_client(sync_client=True) as client:
        if problem := client.api_healthcheck():
            raise ConfigError(f"PREFECT_API_URL: {address} does not answer ({problem}); is the server running?")
        yield client


def _ensure_pool(client: SyncPrefectClient, name: str) -> None:
    try:
        pool = client.read_work_pool(name)
    except ObjectNotFound:
        template = json.loads(_POOL.read_text())
        client.create_work_pool(WorkPoolCreate(name=name, type="process", base_job_template=template))
        return
    if pool.type != "process":
        raise InputError(f"schedule.pool: {name!r} is a pool of type {pool.type}, but it must be of type process")
    if open_to := sorted(pool.base_job_template.get("variables", {}).get("properties", {})):
        raise InputError(
            f"schedule.pool: {name!r} was not made by exhibit deploy: it lets a run change {', '.join(open_to)}, and "
            "so what its workers trust; name another one, which is made here, or delete it: "
            f"prefect work-pool delete {name}"
        )


def _description(report: Report, schedule: ScheduleSpec, overrides: Sequence[str]) -> str:
    chapters = "\n".join(f"- {point.title}" for point in report.points[:20])
    made = f"exhibit deploy {shlex.join(overrides)}"
    return f"Explains, at `{schedule.cron}` ({schedule.timezone}):\n\n{chapters}\n\nMade by `{made}`."


def _folders(report: Report) -> tuple[str, ...]:
    """What a worker has to trust for this report: the named places, or the folder above a name that changes.

    Raises:
        ConfigError: for a place that cannot be named in a list with colons between.
    """
    if isinstance(report.paths.store, StoreUrl):
        raise ConfigError(f"paths.store: {scheduled.no_folder(report.paths.store)}")
    paths = {key: _lasting(item) for key, item in local_references(report) if isinstance(item, Path)}
    for key, path in paths.items():
        if os.pathsep in str(path):
            raise ConfigError(
                f"{key}: {str(path)!r} holds {os.pathsep!r}, which separates the folders in {scheduled.FOLDERS}; "
                "give a path without it"
            )
    return tuple(sorted({str(path) for path in paths.values()}))


def _lasting(path: Path) -> Path:
    """The part of a path that stays the same whatever the day."""
    return next(above for above in (path, *path.parents) if not scheduled.MARK.search(str(above)))


def worker_command(deployed: Deployed) -> str:
    """How a worker is started that may run it, as a POSIX shell takes it."""
    folders = shlex.quote(os.pathsep.join(deployed.folders))
    return f"{scheduled.FOLDERS}={folders} prefect worker start --pool {deployed.schedule.pool}"
