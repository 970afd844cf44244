"""The Prefect flow `report`: a run as the server sees it."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from uuid import UUID

from prefect import Flow, State, flow, get_run_logger
from prefect.client.orchestration import get_client
from prefect.context import FlowRunContext, hydrated_context
from prefect.results import get_result_store
from prefect.settings import PREFECT_API_URL
from prefect.states import Cancelled, Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from exhibit.flows.artifacts import judged, listed, overall, publish, short_name
from exhibit.flows.begun import Begun
from exhibit.flows.bounded import FlowRun, run_bounded
from exhibit.flows.cluster import stage_caller
from exhibit.flows.config import Report
from exhibit.flows.engine import Prefect
from exhibit.flows.errors import Unfinished, one_line_message
from exhibit.flows.progress import Watch
from exhibit.flows.report import FinishedResult, RunResult, explain
from exhibit.flows.stores import opened
from exhibit.tasks.own import over
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.packing import canonical_json
from exhibit.tasks.records.shown import escaped, escaped_lines

_TERMINATED = 128 + signal.SIGTERM
_MOST_BYTES = 512 * 1024 - 4096  # of parameters, that a server takes, and some for what is around the config
_PATIENCE = 10  # seconds for telling the server that a run was interrupted


def run_flow(report: Report, command: list[str], begun: Begun | None = None) -> RunResult:
    """Runs the report as a flow run of this process. `begun`: what was finished before there was a server for it.

    Raises:
        InputError: for data or a config that cannot be used.
        Unfinished: when its time is over.
    """
    begun = begun or Begun()
    with FinishedResult("the flow run did not end as it should") as kept, begun.on_its_server():
        if report.runner.timeout_seconds is not None:
            return _run(report, command, lambda: kept(run_bounded(report, command, this_flow_run())), 1)
        with Watch(told=begun.told) as watch, stage_caller(report) as (call, slots):
            engine = Prefect(begun.known(call))
            return _run(report, command, lambda: kept(explain(report, command, engine, watch)), slots)
    return kept.result


def _run(report: Report, command: list[str], work: Callable[[], RunResult], slots: int) -> RunResult:
    names = listed([point.label for point in report.points])

    @flow(name="report", flow_run_name=lambda: f"report: {names}", task_runner=_task_runner(slots))
    def report_flow(config: dict[str, Any], command: list[str]) -> Any:
        del config, command  # they are kept as parameters
        with _interruptible():
            return concluded(work, short_name(report))

    as_state: Callable[..., Any] = report_flow
    last = as_state(as_parameter(report), command, return_state=True)
    result: RunResult | BaseException = last.result(raise_on_failure=False)
    if isinstance(result, BaseException):
        raise result
    return result


def as_parameter(report: Report) -> dict[str, Any]:
    """The config as a server keeps it: plain data, or if that is too large its sha256 and the store that holds it."""
    config = report.model_dump(mode="json")
    data = canonical_json(config)
    if len(data) <= _MOST_BYTES:
        return config
    return {"sha256": opened(report.paths.store).put(data), "store": str(report.paths.store)}


def _task_runner(slots: int) -> Any:
    return ThreadPoolTaskRunner(max_workers=2 * slots)  # so that the next task is ready when a slot is free


def concluded(work: Callable[[], RunResult], key: str) -> State[Any]:
    """The last state of a flow run: its report is written and linked before what failed in it fails the run. `key`: how
    its artifacts are named."""
    try:
        result = work()
    except (InputError, Unfinished) as error:
        return Failed(message=escaped_lines(str(error)), data=error)
    except Exception as error:  # noqa: BLE001 - Prefect's own message would not say of which point and stage
        get_run_logger().error(one_line_message(error), exc_info=error)
        return Failed(message=one_line_message(error), data=error)
    with FinishedResult("its artifacts were not made", result) as kept:
        publish(result, key)
    result = kept.result
    clauses = list(filter(None, (judged(result), result.afterwards)))
    ending = Failed if clauses else Completed
    said = filter(None, (*clauses, overall(result.directory), f"the report is {result.directory / 'report.pdf'}"))
    return ending(message=escaped("; ".join(said)), data=result)


def this_flow_run() -> FlowRun:
    """The flow run of this process, as another can join it."""
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    return FlowRun(id=context.flow_run.id, server=str(context.client.api_url))


@contextmanager
def joined(run: UUID, slots: int) -> Iterator[None]:
    """Tasks of this process are those of a flow run that another process has begun."""
    with get_client(sync_client=True) as client:
        context = {
            "flow": Flow(_nothing, name="report", task_runner=_task_runner(slots)),
            "flow_run": client.read_flow_run(run),
            "parameters": {},
            "result_store": get_result_store().model_dump(serialize_as_any=True, exclude_unset=True),
        }
        with hydrated_context({"flow_run_context": context}, client):
            yield


def _nothing() -> None:
    """The body of a flow whose body is elsewhere."""


@contextmanager
def _interruptible() -> Iterator[None]:
    """A signal ends the process at once, as it does without Prefect, and the server is told. Elsewhere than in the main
    thread nothing is changed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    run = this_flow_run().id
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_IGN)  # what is sent to a group reaches this process twice: also handed on
        if PREFECT_API_URL.value():
            telling = threading.Thread(target=_tell_cancelled, args=(run,), daemon=True)
            telling.start()
            telling.join(_PATIENCE)
        handler = before[signal.Signals(number)] if number == signal.SIGINT else None
        if callable(handler):
            handler(number, frame)
        else:
            over()
            os._exit(_TERMINATED)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_cancelled(run: UUID) -> None:
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(run, Cancelled(message="interrupted; what is finished is kept"), force=True)
