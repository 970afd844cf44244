"""What a check found."""

from typing import Literal, Self

from pydantic import Field

from exhibit.tasks.records.base import Array, Record

Verdict = Literal["pass", "fail", "not assessed", "not applicable"]


class CheckResult(Record):
    """A measured property of an explanation with a threshold and a verdict.

    `verdict` is "not assessed" when nothing was measured and "not applicable" when it has no meaning for
    the method; `sentence` says in words what was measured, or why not.
    """

    check: str
    method: str
    verdict: Verdict
    required: bool
    value: float | None = None
    threshold: float | None = None
    sentence: str
    per_sample: Array | None = None  # (samples, targets)
    details: dict[str, Array] = Field(default_factory=dict)

    @classmethod
    def not_applicable(cls, check: str, method: str, sentence: str) -> Self:
        """Of a check that has no meaning here, and so fails nothing."""
        return cls(check=check, method=method, verdict="not applicable", required=False, sentence=sentence)
