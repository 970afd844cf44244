"""Agreement: different methods say the same."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import NO_ORDER, Case, first, known_mean, lowest, written
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.orders import equal_signs, jaccard, spearman
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class AgreementSpec(Check):
    """Spearman correlation of |a|, overlap of the top elements (Jaccard) and share of equal signs, for each pair of
    methods of a chapter, each a mean over samples for the first target.

    S. Krishna and others (2022), The disagreement problem in explainable machine learning.
    """

    kind: Literal["agreement"] = "agreement"
    top: float = Field(0.1, gt=0, le=1, description="share of the elements that count as the top, at least one")
    samples: int = Field(200, ge=1, le=1_000_000, description="most samples that are compared")
    threshold: float = Field(0.5, ge=-1, le=1, description="smallest mean Spearman correlation with another method")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    words: ClassVar[CheckWords] = CheckWords(
        question="Do different methods say the same?",
        passed="agree",
        meaning="methods give the same order of elements",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"others"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method beside all others of its chapter that have the same elements."""
        own = first(case.shards(), self.samples)
        found = {label: first(shards(), self.samples) for label, shards in case.others.items()}
        same = {label: values for label, values in found.items() if values.shape == own.shape}
        if not same:
            return CheckResult.not_applicable(
                self.kind, case.label, "No other method of the chapter has a value for each of the same elements."
            )
        orders = [spearman(np.abs(own), np.abs(values)) for values in same.values()]
        # Where there is no order, which elements are the top is an accident.
        tops = [
            np.where(np.isnan(order), np.nan, jaccard(own, values, self.top))
            for order, values in zip(orders, same.values(), strict=True)
        ]
        rank, overlap = (np.array([known_mean(values) for values in found]) for found in (orders, tops))
        signs = np.array([known_mean(equal_signs(own, values)) for values in same.values()])
        least = lowest(rank)
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="not assessed" if least is None else "pass" if least >= self.threshold else "fail",
            required=self.required,
            value=least,
            threshold=self.threshold,
            sentence=f"Over {len(own):,} samples: "
            + "; ".join(
                f"with {label} Spearman {written(r, '.2f')}, top {self.top:.0%} overlap {written(o, '.2f')}, "
                f"equal signs {written(s, '.0%')}"
                for label, r, o, s in zip(same, rank, overlap, signs, strict=True)
            )
            + "."
            + NO_ORDER * bool(np.isnan(rank).any()),
            details={"others": np.array(list(same)), "spearman": rank, "jaccard": overlap, "signs": signs},
        )
