"""A report in a process of its own, that ends when its time is over, and when the process that asked for it ends.

A thread cannot be stopped and a process can: the store is whole at any moment, so it is killed.
"""

import os
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from subprocess import PIPE, Popen, TimeoutExpired
from uuid import UUID

from pydantic import ConfigDict, TypeAdapter

from exhibit.flows.config import Report
from exhibit.flows.errors import Unfinished
from exhibit.flows.quiet import QUIET
from exhibit.flows.report import RunResult
from exhibit.tasks.document.press import child_process
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
    """What the process found, or why it did not: the kind of an exception and a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    result: RunResult | None = None
    error: str = ""
    message: str = ""


_ANSWER = TypeAdapter(Answer)


def run_bounded(report: Report, command: Sequence[str], flow_run: FlowRun | None = None) -> RunResult:
    """Runs the report in a process of its own, for at most `runner.timeout_seconds`.

    Raises:
        InputError: for data or a config that cannot be used.
        Unfinished: when the time is over, or the process has failed.
    """
    limit = report.runner.timeout_seconds
    job = Job(report=report, command=tuple(command), flow_run=flow_run)
    quiet = {name: value for name, value in QUIET.items() if not name.startswith("PREFECT_LOGGING")}
    program, paths = child_process("exhibit.flows.bounded_process")
    environment = quiet | os.environ | paths
    if flow_run is not None:  # also where it is a server that Prefect has started for this run
        environment["PREFECT_API_URL"] = flow_run.server
    with (
        Popen(program, stdin=PIPE, stdout=PIPE, text=True, env=environment, start_new_session=True) as process,
        ThreadPoolExecutor(1) as reader,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        answer = reader.submit(process.stdout.read)  # meanwhile: a pipe that is full would stop the process
        try:
            with suppress(BrokenPipeError):  # of one that has died already
                process.stdin.write(f"{job.model_dump_json()}\n")
                process.stdin.flush()  # and left open: the process ends when it is closed
            process.wait(limit)
        except TimeoutExpired as error:
            raise Unfinished(
                f"runner.timeout_seconds: the report was not finished within {limit:g} s and was stopped; "
                "what is finished is kept, and the next run goes on from there"
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            with suppress(BrokenPipeError):
                process.stdin.close()
        return _result(process.returncode, answer.result())


def _result(status: int, text: str) -> RunResult:
    """What the process answered, or why it did not."""
    if not text:
        raise Unfinished(
            f"the process that computes ended with status {status} and without an answer; "
            "what is finished is kept, and the next run goes on from there"
        )
    answer = _ANSWER.validate_json(text)
    if answer.error == InputError.__name__:
        raise InputError(answer.message)
    if answer.result is None:
        raise Unfinished(f"{answer.message}; the traceback is in the output of the process")
    return answer.result
