"""Sensitivity: does the explanation survive another setting of its method?"""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import NO_ORDER, Case, first, known_mean, lowest, written
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.orders import spearman
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class SensitivitySpec(Check):
    """Spearman correlation of |a| with |a| of those methods of the chapter that are the same but for one setting, as
    the amount of background; each a mean over samples for the first target.

    Where a method draws at random, the correlation also holds what another draw would change.
    """

    kind: Literal["sensitivity"] = "sensitivity"
    to: str = Field("background", description="the setting in which methods differ, and in no other")
    samples: int = Field(200, ge=1, le=1_000_000, description="most samples that are compared")
    threshold: float = Field(0.9, ge=-1, le=1, description="smallest mean Spearman correlation with another setting")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    words: ClassVar[CheckWords] = CheckWords(
        question="Does the explanation survive another setting of its method?",
        passed="keep to it",
        meaning="explanations keep their order with another setting of their method",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"others", "variants"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method beside those that differ from it in this setting alone."""
        settings = {
            label: differences[self.to] for label, differences in case.variants.items() if set(differences) == {self.to}
        }
        if not settings:
            return CheckResult.not_applicable(
                self.kind, case.label, f"No other method of the chapter differs in {self.to} alone."
            )
        own = np.abs(first(case.shards(), self.samples))
        found = {
            label: known_mean(spearman(own, np.abs(first(case.others[label](), self.samples)))) for label in settings
        }
        correlations = np.array(list(found.values()))
        least = lowest(correlations)
        here = next(iter(settings.values()))[0]
        others = "; ".join(f"with {there} by {written(found[label], '.2f')}" for label, (_, there) in settings.items())
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="not assessed" if least is None else "pass" if least >= self.threshold else "fail",
            required=self.required,
            value=least,
            threshold=self.threshold,
            sentence=f"With {self.to} {here} the order of |a| correlates with that {others} ({len(own):,} samples)."
            + NO_ORDER * bool(np.isnan(correlations).any()),
            details={
                "settings": np.array([str(there) for _, there in settings.values()]),
                "spearman": correlations,
            },
        )
