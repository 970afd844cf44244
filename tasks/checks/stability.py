"""Stability: does the explanation survive another training, or a small change of the input?"""

from itertools import combinations
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, first, flat
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.checks.kinds import KINDS
from exhibit.tasks.orders import rank
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class SeedStabilitySpec(Check):
    """Rank correlation of importances over trainings that differ in the seed alone, and an interval per rank."""

    kind: Literal["seed_stability"] = "seed_stability"
    seeds: int = Field(5, ge=2, description="how many trainings, the reported one among them")
    threshold: float = Field(0.7, ge=-1, le=1, description="smallest mean Spearman correlation between trainings")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    words: ClassVar[CheckWords] = CheckWords(
        question="Does the explanation survive another training?",
        passed="stable",
        meaning="explanations keep their order in another training",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"trainings"})

    @property
    def trainings(self) -> int:
        """As many as there are seeds."""
        return self.seeds

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method from its importances, one array per training."""
        found = case.trainings()
        if len(found[0]) < 2:
            return CheckResult.not_applicable(self.kind, case.label, "Fewer than two features have no order.")
        shares = np.array([values / values.sum() for values in found])
        ranks = np.array([rank(values) for values in shares])
        correlation = float(np.mean([np.corrcoef(a, b)[0, 1] for a, b in combinations(ranks, 2)]))
        same = int((ranks == ranks[0]).all(axis=1).sum())
        return CheckResult(
            check=self.kind,
            method=case.label,
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


class StabilitySpec(Check):
    """Largest ||a(x + d) - a(x)|| / ||a(x)|| over random d with |d| at most `radius` of each input's range, or of each
    column's.

    The largest of a few draws is a lower bound of the largest of all.
    D. Alvarez-Melis, T. Jaakkola (2018), On the robustness of interpretability methods.
    """

    kind: Literal["stability"] = "stability"
    radius: float = Field(
        0.02, gt=0, le=1, description="of the change, as a share of the range of an input or a column"
    )
    draws: int = Field(5, ge=1, description="changes that are tried for each sample")
    samples: int = Field(20, ge=1, description="most samples that are measured")
    seed: int = Field(0, ge=0, description="of the changes")
    threshold: float = Field(0.5, gt=0, description="largest relative change of the median sample")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    words: ClassVar[CheckWords] = CheckWords(
        question="Does a small change of the input leave the explanation alike?",
        passed="stable nearby",
        meaning="explanations keep their shape for inputs that differ a little",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"dataset", "model"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on the first target of one method."""
        dataset = case.dataset()
        rows = np.arange(min(self.samples, len(dataset.sample_ids)))
        inputs = dataset.take(rows).arrays
        if any(array.dtype.kind != "f" for array in inputs.values()):
            return CheckResult.not_applicable(
                self.kind, case.label, "An input that is not made of numbers cannot change a little."
            )
        reach = {item.name: self.radius * KINDS[item.kind].reach(item) for item in dataset.inputs}
        own = first(case.shards(), len(rows)).astype(np.float64)
        random = np.random.default_rng(self.seed)
        worst = np.zeros(len(rows))
        for _ in range(self.draws):
            moved = {
                name: (array + random.uniform(-1, 1, array.shape) * reach[name]).astype(array.dtype)
                for name, array in inputs.items()
            }
            change = np.linalg.norm(flat(case.explain(moved, rows))[..., 0] - own, axis=1)
            worst = np.maximum(worst, change / np.maximum(np.linalg.norm(own, axis=1), np.finfo(float).tiny))
        median = float(np.median(worst))
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if median <= self.threshold else "fail",
            required=self.required,
            value=median,
            threshold=self.threshold,
            sentence=f"When every input moves by at most {self.radius:.1%} of its range, the explanation of the median "
            f"sample changes by up to {median:.0%} of its size (worst sample {worst.max():.0%}; the largest of "
            f"{self.draws} random changes of {len(rows)} samples).",
            per_sample=worst[:, None],
        )
