"""What `exhibit verify` found, and how it is found in a process of its own: anyone may have made the report, so the
program that asks trusts it with neither its time nor its memory."""

import os
import resource
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from pydantic import Field, ValidationError

from exhibit.flows.child import run_child
from exhibit.flows.quiet import QUIET
from exhibit.flows.signatures import Shown, Signed
from exhibit.tasks.claim import TOLERANCE
from exhibit.tasks.records.base import InputError, Record
from exhibit.tasks.records.manifest import MANIFEST

REPORT = "verification.json"  # what is left in a run, or beside a PDF
Outcome = Literal[
    "intact", "identical", "within tolerance", "different", "not signed", "damaged", "not read", "not derivable"
]

EXIT_CODES: Mapping[Outcome, int] = {
    "intact": 0,
    "identical": 0,
    "within tolerance": 0,
    "different": 4,
    "not signed": 4,
    "damaged": 5,
    "not read": 5,
    "not derivable": 6,
}


_MEANS: Mapping[Outcome, str] = {
    "intact": "undamaged since it was sealed; that says nothing about who sealed it",
    "not signed": "undamaged, but not signed as is required; it was not derived",
    "not read": "not read to its end, so nobody knows whether it is damaged",
}


class Verification(Record):
    """The outcome, what led to it, and how this environment differs from that of the report."""

    target: Shown
    outcome: Outcome
    claim: Shown = ""
    findings: tuple[Shown, ...] = ()
    environment: tuple[Shown, ...] = ()
    signed: tuple[Signed, ...] = ()
    largest_difference: float | None = None
    tolerance: float = TOLERANCE

    def __str__(self) -> str:
        largest = (
            []
            if self.largest_difference is None
            else [f"largest relative difference: {self.largest_difference:.3g}, tolerance {self.tolerance:g}"]
        )
        changed = [f"here otherwise: {line}" for line in self.environment]
        claimed = [f"claimed: {self.claim}"] if self.claim and self.outcome in ("within tolerance", "different") else []
        last = f"{self.target}: {_MEANS.get(self.outcome, self.outcome)}"
        return "\n".join([*map(str, self.signed), *self.findings, *claimed, *largest, *changed, last])


MOST_SECONDS = 31_536_000.0  # a year
LEAST_GIGABYTES, MOST_GIGABYTES = 0.001, 1e6  # no bytes at all are no limit to the system


class Limits(Record):
    """What verifying may spend whatever the evidence asks for."""

    seconds: float = Field(gt=0, le=MOST_SECONDS, allow_inf_nan=False)
    gigabytes: float = Field(ge=LEAST_GIGABYTES, le=MOST_GIGABYTES, allow_inf_nan=False)

    def keep(self) -> None:
        """Sets the limits of memory and of each file for this process and those that it starts."""
        most = int(self.gigabytes * 1e9)
        for what in (resource.RLIMIT_DATA, resource.RLIMIT_FSIZE):
            hard = resource.getrlimit(what)[1]
            soft = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (soft, hard))


def usual_gigabytes() -> float:
    """Three quarters of the memory that this machine has."""
    return round(0.75 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)


class Job(Record):
    """What the process is asked for."""

    target: Path
    integrity_only: bool = False
    data: Path | None = None
    local: bool = False
    trust: Path | None = None
    require: tuple[str, ...] = ()
    limits: Limits


class Answer(Record):
    """A line of what the process answers: that it has read the report, what it found, or what is wrong with the
    input."""

    was_read: bool = False
    found: Verification | None = None
    wrong: str = ""


def verify_within(job: Job) -> Verification:
    """Verifies in a process of its own, within the limits of the job.

    Raises:
        InputError: if there is nothing of the kind at `target`.
    """
    quiet = {name: value for name, value in QUIET.items() if name not in os.environ}
    with TemporaryDirectory(prefix="exhibit-verify-") as scratch:  # of that process; it may end before it clears it
        environment = {**quiet, "TMPDIR": scratch}
        ended = run_child("exhibit.flows.verify_process", job.model_dump_json(), job.limits.seconds, environment)
    answers = _answers(ended.answer)
    if wrong := next((answer.wrong for answer in answers if answer.wrong), ""):
        raise InputError(wrong)
    if found := next((answer.found for answer in answers if answer.found), None):
        return found
    was_read = any(answer.was_read for answer in answers)
    target = str(job.target)
    what = "was not derived" if was_read else "was not read"
    if ended.in_time:
        sentence = f"it {what}: the process that tried {ended.way}; --max-gigabytes is {job.limits.gigabytes:g}"
    else:
        sentence = f"it {what} within {job.limits.seconds:g} s; --max-seconds gives it more"
    return Verification(target=target, outcome="not derivable" if was_read else "not read", findings=(sentence,))


def _answers(text: str) -> list[Answer]:
    """The lines that were answered; the last may not be whole."""
    found = []
    for line in text.splitlines():
        try:
            found.append(Answer.model_validate_json(line))
        except ValidationError:
            break
    return found


def report_path(target: Path) -> Path | None:
    """Where the short report is written: inside a run, beside a PDF; nowhere in a folder that is no run."""
    if target.is_dir():
        return target / REPORT if (target / MANIFEST).is_file() else None
    return target.with_name(f"{target.stem}.{REPORT}")
