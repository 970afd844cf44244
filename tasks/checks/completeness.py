"""Completeness: the parts add up to the whole."""

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, all_of, told
from exhibit.tasks.checks.check import Check
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import mark, say, say_all, sayn
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class CompletenessSpec(Check):
    """|sum a - (S(x) - S(x'))| / max(|S(x) - S(x')|, floor), per sample and target, the floor being a share of the
    median difference of that target, and not below what single precision can tell of the scores. Every explanation is
    measured, so there is no interval. One that adds up to a difference below the floor says nothing, and counts neither
    way: zeros add up to zero.

    Where draws are averaged, both are means over the draws of the absolute values: residuals of opposite signs do not
    cancel, and a draw that hardly differs from its baseline does not count more than others.

    M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks.
    """

    kind: Literal["completeness"] = "completeness"
    threshold: float = Field(0.01, gt=0, le=1_000_000, description="largest relative residual that counts as complete")
    floor: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="differences of the score below this share of the usual one are not divided by, and explanations "
        "of them count only where they are off",
    )
    share: float = Field(0.95, gt=0, le=1, description="share of the explanations that must be complete")
    required: bool = Field(True, description="a failure marks the page and the exit code")

    null: ClassVar[str] = mark("What the elements are given has nothing to do with the change of the score.")
    statistic: ClassVar[str] = mark("share of the explanations that add up")
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Do the parts add up to the change of the score?"),
        meaning=mark("the parts add up to the change of the score"),
        shows="follows the score",
    )

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method over all its explanations."""
        if not case.additive:
            return CheckResult.not_applicable(
                self.kind,
                case.label,
                say("The method is not additive: its elements are not meant to add up to the score."),
            )
        parts = list(self._parts(case))
        bypass = any(bypassed for *_, bypassed in parts)
        if bypass:
            return CheckResult.not_applicable(
                self.kind,
                case.label,
                say(
                    "A skip connection bypasses the layer: the score also changes by ways that its elements do not "
                    "see, so they are not meant to add up to its change from the baseline."
                ),
            )
        residual, difference, scores = (
            np.concatenate([part[k] for part in parts]).astype(np.float64) for k in range(3)
        )
        floor = np.maximum(self.floor * _usual(difference), _ROUNDING * scores)
        relative = residual / np.maximum(np.maximum(difference, floor), np.finfo(float).tiny)
        complete = relative <= self.threshold
        says_nothing = (difference <= floor) & complete
        counted = complete[~says_nothing]
        left_out = (
            say(
                "{count} more have a score that hardly differs from the baseline's, and say nothing.",
                count=f"{says_nothing.sum():,}",
            )
            if says_nothing.any()
            else ""
        )
        sample = all_of(complete.size, mark("the only explanation"), mark("explanations"))
        if not counted.size:
            return CheckResult(
                check=self.kind,
                method=case.label,
                verdict="not assessed",
                required=self.required,
                sentence=say(
                    "No score differs from its baseline's, so there is nothing to add up: {sample}.", sample=sample
                ),
                null=self.null,
                statistic=self.statistic,
                sample=sample,
            )
        share = float(counted.mean())
        worst, median = (
            float(np.nanmax(relative, initial=0)),
            float(np.median(relative[~np.isnan(relative)])) if not np.isnan(relative).all() else float("inf"),
        )
        strange = int(np.isnan(relative).sum())
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if share >= self.share else "fail",
            required=self.required,
            value=share,
            threshold=self.share,
            sentence=say_all(
                say(
                    "{complete} of {counted} explanations add up to the change of the score within {tolerance}; the "
                    "median residual is {median}, the worst {worst}.",
                    complete=f"{counted.sum():,}",
                    counted=f"{counted.size:,}",
                    tolerance=f"{100 * self.threshold:.4g}%",
                    median=told(median, self.threshold, "%"),
                    worst=told(worst, self.threshold, "%"),
                ),
                left_out,
                sayn("{number} residual is no number.", "{number} residuals are no numbers.", strange)
                if strange
                else "",
            ),
            null=self.null,
            statistic=self.statistic,
            sample=sample,
            per_sample=relative,
        )

    def _parts(self, case: Case) -> Iterator[tuple[Array, Array, Array, bool]]:
        """Shard by shard |residual|, |difference of the score| and |score|, and whether anything bypasses the layer."""
        for part in case.attributions():
            residual, difference = part.draw_residual, part.draw_difference
            if residual is None or difference is None:
                residual, difference = part.residual, part.prediction - part.base_value
            bypassed = part.bypassed is not None and bool(part.bypassed.any())
            yield np.abs(residual), np.abs(difference), np.abs(part.prediction), bypassed


def _usual(difference: Array) -> Array:
    """(targets,) the median of the differences that there are: neither an outlier nor another target makes the others
    too small to count."""
    found = [column[column > 0] for column in difference.T]
    return np.array([np.median(column) if len(column) else 0.0 for column in found])


_ROUNDING = 1e-6  # of a score in single precision, after some thousand additions
