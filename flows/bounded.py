"""A report in a process of its own, that is killed when its time is over: the store is whole at any moment."""

import os
from collections.abc import Sequence
from uuid import UUID

from pydantic import ConfigDict, TypeAdapter

from exhibit.flows.child import Ended, run_child
from exhibit.flows.config import Report
from exhibit.flows.errors import Unfinished
from exhibit.flows.quiet import QUIET
from exhibit.flows.report import RunResult
from exhibit.tasks.own import ended_by
from exhibit.tasks.records.base import InputError, Record


class FlowRun(Record):
    """The flow run that a process works for, and the server that knows it."""

    id: UUID
    server: str


class Job(Record):
    """What the process is asked for; without a flow run it does without Prefect, and so it does where it is told to."""

    report: Report
    command: tuple[str, ...]
    flow_run: FlowRun | None = None


class Answer(Record):
    """A line of what the process answers: what it found, or why it did not, the kind of an exception and a sentence; or
    before that, which functions of the user's own are at work, empty where none is any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    result: RunResult | None = None
    error: str = ""
    message: str = ""
    running: str | None = None


_ANSWER = TypeAdapter(Answer)


def run_bounded(report: Report, command: Sequence[str], flow_run: FlowRun | None = None) -> RunResult:
    """Runs the report in a process of its own, for at most `runner.timeout_seconds`.

    Raises:
        InputError: for data or a config that cannot be used.
        Unfinished: when the time is over, or the process has failed.
    """
    limit = report.runner.timeout_seconds
    job = Job(report=report, command=tuple(command), flow_run=flow_run)
    environment = {name: value for name, value in QUIET.items() if name not in os.environ}
    environment = {name: value for name, value in environment.items() if not name.startswith("PREFECT_LOGGING")}
    if flow_run is not None:  # also where it is a server that Prefect has started for this run
        environment["PREFECT_API_URL"] = flow_run.server
    ended = run_child("exhibit.flows.bounded_process", job.model_dump_json(), limit, environment)
    if not ended.in_time:
        raise Unfinished(
            f"runner.timeout_seconds: the report was not finished within {limit:g} s and was stopped; "
            "what is finished is kept, and the next run goes on from there"
        )
    return _result(ended)


def _result(ended: Ended) -> RunResult:
    """What the process answered, or why it did not."""
    answers = [_ANSWER.validate_json(line) for line in ended.answer.splitlines()]
    if not answers or answers[-1].running is not None:
        if answers and (names := answers[-1].running):
            raise InputError(ended_by(names, ended.way))
        raise Unfinished(
            f"the process that computes {ended.way}; what is finished is kept, and the next run goes on from there"
        )
    answer = answers[-1]
    if answer.error == InputError.__name__:
        raise InputError(answer.message)
    if answer.result is None:
        raise Unfinished(f"{answer.message}; the traceback is in the output of the process")
    return answer.result
