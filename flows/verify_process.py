"""The process that verifies a report which anyone may have made: `python -m exhibit.flows.verify_process`.

It reads one job, a line of JSON, and answers line by line.
"""

import sys
from typing import TextIO

from exhibit.flows.child import asked
from exhibit.flows.derivation import Access
from exhibit.flows.verification import Answer, Job
from exhibit.flows.verify import verify
from exhibit.tasks.records.base import InputError


def main() -> None:
    """The process: a job on standard input, answers on standard output; all that is printed goes to stderr."""
    line, answers = asked()
    job = Job.model_validate_json(line)
    job.limits.keep()
    access = Access(job.data, job.local)
    try:
        read = Answer(was_read=True)
        found = verify(job.target, job.integrity_only, access, lambda: _say(answers, read), job.trust, job.require)
        _say(answers, Answer(found=found))
    except InputError as error:
        _say(answers, Answer(wrong=str(error)))
    except MemoryError:  # which says nothing of the report
        sys.exit(1)


def _say(answers: TextIO, answer: Answer) -> None:
    answers.write(f"{answer.model_dump_json()}\n")
    answers.flush()


if __name__ == "__main__":
    main()
