"""Randomization: an explanation that does not change with the model's weights does not explain the model."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, first, flat, widened
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.orders import spearman
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class RandomizationSpec(Check):
    """Spearman correlation of |a| with |a| after the layers are randomised one after another from the top.

    A layer is randomised by shuffling the numbers of each of its arrays, which keeps their spread. Elements that are
    exactly zero both times, such as those that equal the baseline, are so whatever the weights are: they are left out.
    J. Adebayo and others (2018), Sanity checks for saliency maps.
    """

    kind: Literal["randomization"] = "randomization"
    samples: int = Field(10, ge=1, le=1_000_000, description="most samples that are explained again")
    seed: int = Field(0, ge=0, lt=2**32, description="of the shuffles")
    threshold: float = Field(0.5, ge=0, le=1, description="largest mean correlation when all layers are randomised")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    words: ClassVar[CheckWords] = CheckWords(
        question="Does the explanation change when the model's weights are random?",
        passed="follow the weights",
        meaning="explanations change when the weights are random",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"dataset", "model"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on the first target of one method."""
        dataset = case.dataset()
        rows = np.arange(min(self.samples, len(dataset.sample_ids)))
        inputs = dataset.take(rows).arrays
        own = np.abs(first(case.shards(), len(rows)))
        found: dict[str, float] = {}
        silent = 0.0
        for layer, explain in case.randomised(self.seed):
            again = widened(np.abs(flat(explain(inputs, rows))[..., 0]), own.shape[1])
            zero = (own == 0) & (again == 0)
            silent = float(zero.sum() / max((~np.isnan(own)).sum(), 1))
            # An explanation that has become constant is not like the one that was not.
            found[layer] = float(np.nan_to_num(spearman(np.where(zero, np.nan, own), again)).mean())
        if not found:
            return CheckResult.not_applicable(
                self.kind, case.label, "The model has no layers of weights that could be made random."
            )
        last = list(found.values())[-1]
        path = ", ".join(f"{value:.2f}" for value in found.values())
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if last <= self.threshold else "fail",
            required=self.required,
            value=last,
            threshold=self.threshold,
            sentence=f"With all layers randomised the order of |a| correlates by {last:.2f} with the explanation of "
            f"the trained model ({len(rows)} samples); from the top layer down: {path}."
            + (f" {silent:.0%} of the elements are zero both times and left out." if silent else ""),
            details={"layers": np.array(list(found)), "spearman": np.array(list(found.values()))},
        )
