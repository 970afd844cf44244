"""Who runs a report: this process by plain calls, or a Prefect flow."""

from collections.abc import Callable, Sequence
from typing import Any

from flows.config import Report
from flows.engine import Inline, Prefect
from flows.progress import Watch
from flows.report import RunResult, explain


def run_report(report: Report, command: Sequence[str]) -> RunResult:
    """Runs the report on the runner that it names.

    Raises:
        InputError: for data or a config that cannot be used.
    """
    with Watch() as watch:
        if report.runner.kind == "inline":
            return explain(report, command, Inline(), watch)
        return _prefect_flow(report, watch)(report, list(command))


def _prefect_flow(report: Report, watch: Watch) -> Callable[[Report, list[str]], RunResult]:
    from prefect import flow
    from prefect.task_runners import ThreadPoolTaskRunner

    names = ", ".join(point.label for point in report.points)
    workers: Any = ThreadPoolTaskRunner(max_workers=4)

    @flow(name="report", flow_run_name=f"report: {names}", task_runner=workers)
    def report_flow(report: Report, command: list[str]) -> RunResult:
        return explain(report, command, Prefect(), watch)

    run: Callable[[Report, list[str]], RunResult] = report_flow
    return run
