"""Who runs a report: this process by plain calls, a process of its own that is killed in time, or a Prefect flow, at
once or as soon as there is a server for it."""

from collections.abc import Sequence

from exhibit.flows.begun import Begun
from exhibit.flows.config import Report
from exhibit.flows.engine import Inline
from exhibit.flows.head_start import run_with_head_start
from exhibit.flows.local_server import LocalServer, server_is_configured
from exhibit.flows.places import require_writable
from exhibit.flows.progress import Watch
from exhibit.flows.report import RunResult, explain


def run_report(report: Report, command: Sequence[str]) -> RunResult:
    """Runs the report on the runner that it names.

    Raises:
        InputError: for data or a config that cannot be used.
        Unfinished: when its time is over.
    """
    require_writable(report)
    if report.runner.kind != "inline" and not server_is_configured():
        at_once = report.runner.kind == "threads" and report.runner.timeout_seconds is None
        return run_with_head_start(report, command) if at_once else _run_on_a_server(report, command)
    if report.runner.kind != "inline":
        from exhibit.flows.flow import run_flow

        return run_flow(report, list(command))
    if report.runner.timeout_seconds is not None:
        from exhibit.flows.bounded import run_bounded

        return run_bounded(report, command)
    with Watch() as watch:
        return explain(report, command, Inline(), watch)


def _run_on_a_server(report: Report, command: Sequence[str]) -> RunResult:
    """As a flow on a server of its own, which starts while Prefect is loaded; where it cannot, Prefect starts one."""
    with LocalServer(after=0) as server:
        from exhibit.flows.flow import run_flow

        server.wait()
        return run_flow(report, list(command), Begun(server=server.address))
