"""Who runs a report: this process by plain calls, or a Prefect flow."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from flows.cluster import cluster
from flows.config import Report
from flows.engine import Inline, Prefect
from flows.progress import Watch
from flows.report import RunResult, explain
from tasks.stages import Call, call_here


def run_report(report: Report, command: Sequence[str]) -> RunResult:
    """Runs the report on the runner that it names.

    Raises:
        InputError: for data or a config that cannot be used.
    """
    with Watch() as watch:
        if report.runner.kind == "inline":
            return explain(report, command, Inline(), watch)
        with _elsewhere(report) as (call, slots):
            return _prefect_flow(report, watch, call, slots)(report, list(command))


def _elsewhere(report: Report) -> AbstractContextManager[tuple[Call, int]]:
    """How a task calls its stage, and how many can run at once."""
    return cluster(report.runner, report.paths.store) if report.runner.kind == "dask" else nullcontext((call_here, 2))


def _prefect_flow(report: Report, watch: Watch, call: Call, slots: int) -> Callable[[Report, list[str]], RunResult]:
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    names = ", ".join(point.label for point in report.points)
    workers: Any = ThreadPoolTaskRunner(max_workers=2 * slots)  # so that the next one is ready when a slot is free

    @flow(name="report", flow_run_name=f"report: {names}", task_runner=workers)
    def report_flow(report: Report, command: list[str]) -> RunResult:
        return explain(report, command, Prefect(call), watch)

    run: Callable[[Report, list[str]], RunResult] = report_flow
    return run
