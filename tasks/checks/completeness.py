"""Completeness: the parts add up to the whole."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case
from exhibit.tasks.checks.check import Check
from exhibit.tasks.records.explanation import Attribution
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class CompletenessSpec(Check):
    """|sum a - (S(x) - S(x'))| / max(|S(x) - S(x')|, floor), per sample and target.

    Where draws are averaged, both are means over the draws of the absolute values: residuals of opposite signs do not
    cancel, and a draw that hardly differs from its baseline does not count more than others.

    M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks.
    """

    kind: Literal["completeness"] = "completeness"
    threshold: float = Field(0.01, gt=0, description="largest relative residual that counts as complete")
    floor: float = Field(1e-3, gt=0, description="differences of the score below this are not divided by")
    share: float = Field(0.95, gt=0, le=1, description="share of the explanations that must be complete")
    required: bool = Field(True, description="a failure marks the page and the exit code")

    words: ClassVar[CheckWords] = CheckWords(
        question="Do the parts add up to the change of the score?",
        passed="complete",
        meaning="additive explanations add up to the change of the score",
    )

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method over all its explanations."""
        if not case.additive:
            return CheckResult.not_applicable(
                self.kind, case.label, "The method is not additive: its elements are not meant to add up to the score."
            )
        shards = [
            (self._relative(part), part.bypassed is not None and bool(part.bypassed.any()))
            for part in case.attributions()
        ]
        if any(bypassed for _, bypassed in shards):
            return CheckResult.not_applicable(
                self.kind,
                case.label,
                "A skip connection bypasses the layer: the score also changes by ways that its elements do not see, so "
                "they are not meant to add up to its change from the baseline.",
            )
        residual = np.concatenate([relative for relative, _ in shards])
        complete = residual <= self.threshold
        worst, median = float(residual.max()), float(np.median(residual))
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if complete.mean() >= self.share else "fail",
            required=self.required,
            value=float(complete.mean()),
            threshold=self.share,
            sentence=f"{complete.sum():,} of {complete.size:,} explanations add up to the change of the score "
            f"within {self.threshold:.0%}; the median residual is {median:.2%}, the worst {worst:.2%}.",
            per_sample=residual,
        )

    def _relative(self, part: Attribution) -> np.ndarray:
        residual, difference = part.draw_residual, part.draw_difference
        if residual is None or difference is None:
            residual, difference = part.residual, part.prediction - part.base_value
        return np.abs(residual) / np.maximum(np.abs(difference), self.floor)
