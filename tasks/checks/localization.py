"""Localization: the explanation lies where the object is known to be."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from tasks.checks.case import Case
from tasks.records import Array, CheckResult, Dataset, Input, Spec


class LocalizationSpec(Spec):
    """Share of the positive attribution inside a known region, and of |a|, beside the region's share of the area."""

    kind: Literal["localization"] = "localization"
    threshold: float = Field(0.5, ge=0, le=1, description="smallest mean share of positive attribution in the region")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    needs: ClassVar[frozenset[str]] = frozenset({"dataset"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict over all samples that have a region, for the first target."""
        dataset = case.dataset()
        item = _with_regions(dataset)
        if item is None or item.regions is None:
            return self._silent(case, "not applicable", "The data does not say where the object is.")
        maps = np.concatenate([shard.values[item.name][..., 0] for shard in case.shards()])
        known = item.regions.reshape(len(item.regions), -1).any(axis=1)
        if maps.shape != item.regions.shape or not known.any():
            return self._silent(case, "not applicable", "The explanation has no value for each pixel of the region.")
        inside = item.regions[known]
        positive, sizes = (_share(np.maximum(maps[known], 0), inside), _share(np.abs(maps[known]), inside))
        area = float(inside.reshape(len(inside), -1).mean())
        value = float(np.nanmean(positive)) if not np.isnan(positive).all() else 0.0
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if value >= self.threshold else "fail",
            required=self.required,
            value=value,
            threshold=self.threshold,
            sentence=f"{value:.0%} of the positive attribution and {float(np.nanmean(sizes)):.0%} of |a| lie in the "
            f"known region of {item.name!r}, which has {area:.0%} of the area ({len(inside):,} samples).",
            per_sample=positive[:, None],
        )

    def _silent(self, case: Case, verdict: Literal["not applicable"], sentence: str) -> CheckResult:
        return CheckResult(check=self.kind, method=case.label, verdict=verdict, required=False, sentence=sentence)


def _with_regions(dataset: Dataset) -> Input | None:
    return next((item for item in dataset.inputs if item.regions is not None), None)


def _share(values: Array, inside: Array) -> Array:
    """(samples,) share of `values` inside; NaN where there is nothing."""
    total = values.sum(axis=(1, 2), dtype=np.float64)
    part = np.where(inside, values, 0).sum(axis=(1, 2), dtype=np.float64)
    return np.where(total > 0, part / np.where(total > 0, total, 1), np.nan)
