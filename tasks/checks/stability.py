"""Stability: does the explanation survive another training?"""

from collections.abc import Sequence
from itertools import combinations
from typing import Literal

import numpy as np
from pydantic import Field

from tasks.records import Array, CheckResult, Spec


class SeedStabilitySpec(Spec):
    """Rank correlation of importances over trainings that differ in the seed alone, and an interval per rank."""

    kind: Literal["seed_stability"] = "seed_stability"
    seeds: int = Field(5, ge=2, description="how many trainings, the reported one among them")
    threshold: float = Field(0.7, ge=-1, le=1, description="smallest mean Spearman correlation between trainings")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    def measure(self, label: str, importances: Sequence[Array]) -> CheckResult:
        """The verdict on one method from its importances (features,), one array per training."""
        shares = np.array([values / values.sum() for values in importances])
        ranks = np.array([rank(values) for values in shares])
        correlation = float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in combinations(ranks, 2)]))
        same = int((ranks == ranks[0]).all(axis=1).sum())
        return CheckResult(
            check=self.kind,
            method=label,
            verdict="pass" if correlation >= self.threshold else "fail",
            required=self.required,
            value=correlation,
            threshold=self.threshold,
            sentence=f"Over {len(shares)} trainings that differ in the seed alone, the order of the features "
            f"correlates by {correlation:.2f} on average; it was the reported one in {same} of {len(shares)}.",
            details={
                "share": shares,
                "mean": shares.mean(axis=0),
                "standard_deviation": shares.std(axis=0, ddof=1),
                "best_rank": ranks.min(axis=0),
                "worst_rank": ranks.max(axis=0),
            },
        )


def rank(values: Array) -> Array:
    """1 for the largest value, ties in the order of the features."""
    return np.argsort(np.argsort(-values, kind="stable"), kind="stable") + 1
