"""Sparseness: how few elements carry the explanation."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from tasks.checks.case import Case
from tasks.records import Array, CheckResult, Spec


class SparsenessSpec(Spec):
    """Gini coefficient of |a| of each explanation: 0 where all elements are equal, near 1 where one has it all.

    P. Chalasani and others (2020), Concise explanations of neural networks using adversarial training.
    """

    kind: Literal["sparseness"] = "sparseness"
    threshold: float = Field(0.5, ge=0, le=1, description="smallest median Gini coefficient")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    needs: ClassVar[frozenset[str]] = frozenset()

    def measure(self, case: Case) -> CheckResult:
        """The verdict over all explanations of one method."""
        found = np.concatenate([gini(np.abs(shard.flat())) for shard in case.shards()])
        median = float(np.nanmedian(found)) if not np.isnan(found).all() else 0.0
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if median >= self.threshold else "fail",
            required=self.required,
            value=median,
            threshold=self.threshold,
            sentence=f"The Gini coefficient of |a| is {median:.2f} in the median over {found.size:,} explanations "
            "(0: all elements alike, 1: one element alone).",
            per_sample=found,
        )


def gini(sizes: Array) -> Array:
    """(samples, targets) Gini coefficients of (samples, elements, targets) sizes; NaN where all are zero."""
    ordered = np.sort(sizes.astype(np.float64), axis=1)
    count = ordered.shape[1]
    weights = (2 * np.arange(1, count + 1) - count - 1)[:, None]
    total = ordered.sum(axis=1)
    return np.where(total > 0, (weights * ordered).sum(axis=1) / np.where(total > 0, count * total, 1), np.nan)
