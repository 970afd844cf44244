"""The process that computes a report whose time is limited: `python -m exhibit.flows.bounded_process`.

It reads one job, a line of JSON, and answers line by line.
"""

import json
import sys
from types import TracebackType
from typing import TextIO

from exhibit.flows.bounded import Answer, Job
from exhibit.flows.child import asked
from exhibit.flows.cluster import stage_caller
from exhibit.flows.config import Report
from exhibit.flows.engine import Inline, Prefect
from exhibit.flows.errors import one_line_message, validated
from exhibit.flows.progress import Watch
from exhibit.flows.quiet import without_grammar
from exhibit.flows.report import FinishedResult, RunResult, explain
from exhibit.tasks.own import tell_by
from exhibit.tasks.records.base import InputError


def main() -> None:
    """The process: a job on standard input, an answer on standard output; all that is printed goes to stderr."""
    line, answers = asked()
    without_grammar()
    sys.excepthook = lambda kind, error, trace: _failed(answers, kind, error, trace)
    tell_by(lambda names: _say(answers, Answer(running=names)))
    try:
        answer = Answer(result=_done(_job(line)))
    except InputError as error:
        answer = Answer(error=InputError.__name__, message=str(error))
    _say(answers, answer)


def _say(answers: TextIO, answer: Answer) -> None:
    answers.write(f"{answer.model_dump_json()}\n")
    answers.flush()


def _done(job: Job) -> RunResult:
    report, command = job.report, job.command
    with FinishedResult("its process did not end as it should") as kept, Watch() as watch:
        if job.flow_run is None or report.runner.kind == "inline":
            return explain(report, command, Inline(), watch)
        from exhibit.flows.flow import joined

        with stage_caller(report) as (call, slots), joined(job.flow_run.id, slots):
            return kept(explain(report, command, Prefect(call), watch))
    return kept.result


def _job(line: str) -> Job:
    """The job, as far as this process can do it: what it trusts is asked here again."""
    plain = json.loads(line)
    report = validated(Report, plain.pop("report"))
    return Job.model_validate({**plain, "report": report})


def _failed(answers: TextIO, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.__excepthook__(kind, error, trace)
    _say(answers, Answer(error=kind.__name__, message=one_line_message(error)))


if __name__ == "__main__":
    main()
