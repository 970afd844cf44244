"""Localization and concentration: the explanation lies where the object, or the mark, is known to be."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, known_mean, written
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class _Shares(NamedTuple):
    """Of each sample with a known region: what share of the positive attribution, of |a| and of the area lies in it.
    NaN where there is nothing to share."""

    positive: Array
    sizes: Array
    area: Array


class _RegionSpec(Check):
    """What is measured on the known regions of an image, for the first target."""

    kind: str
    threshold: float
    required: bool = Field(False, description="a failure marks the page and the exit code")

    needs: ClassVar[frozenset[Need]] = frozenset({"dataset"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict over all samples that have a region."""
        item = _with_regions(case.dataset())
        if item is None:
            return CheckResult.not_applicable(self.kind, case.label, "The data does not say where the object is.")
        parts = list(_shares(case, item))
        if not parts:
            return CheckResult.not_applicable(
                self.kind, case.label, "The explanation has no value for each pixel of the region."
            )
        shares = _Shares(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        if not len(shares.area):
            return CheckResult.not_applicable(self.kind, case.label, "No explained sample has a known region.")
        per_sample = self._of(shares)
        value = float(np.nan_to_num(known_mean(per_sample)))  # nothing positive anywhere is nothing in the region
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if value >= self.threshold else "fail",
            required=self.required,
            value=value,
            threshold=self.threshold,
            sentence=self._sentence(value, shares, item.name),
            per_sample=per_sample[:, None],
        )

    @abstractmethod
    def _of(self, shares: _Shares) -> Array:
        """(samples,) what is compared with the threshold."""

    @abstractmethod
    def _sentence(self, value: float, shares: _Shares, name: str) -> str: ...


class LocalizationSpec(_RegionSpec):
    """Share of the positive attribution inside a known region, and of |a|, beside the region's share of the area."""

    kind: Literal["localization"] = "localization"
    threshold: float = Field(0.5, ge=0, le=1, description="smallest mean share of positive attribution in the region")

    words: ClassVar[CheckWords] = CheckWords(
        question="Does the explanation lie where the object is known to be?",
        passed="on the object",
        meaning="explanations lie where the object is known to be",
    )

    def _of(self, shares: _Shares) -> Array:
        return shares.positive

    def _sentence(self, value: float, shares: _Shares, name: str) -> str:
        return (
            f"{value:.0%} of the positive attribution and {written(known_mean(shares.sizes), '.0%')} of |a| lie in the "
            f"known region of {name!r}, which has {shares.area.mean():.0%} of the area ({len(shares.area):,} samples)."
        )


class ConcentrationSpec(_RegionSpec):
    """How many times more positive attribution a known region holds than its area alone would: 1 where an explanation
    is spread evenly. It asks whether a small region stands out, which may well hold less than half of everything.

    M. Kohlbrenner and others (2020), Towards best practice in explaining neural network decisions with LRP: the inside
    ratio weighted by the area.
    """

    kind: Literal["concentration"] = "concentration"
    threshold: float = Field(
        5, gt=1, le=1_000_000, description="smallest mean ratio of the shares of attribution and of area"
    )

    words: ClassVar[CheckWords] = CheckWords(
        question="Does a known small part stand out in the explanation?",
        passed="point to it",
        meaning="explanations single out the part that is known",
    )

    def _of(self, shares: _Shares) -> Array:
        return shares.positive / shares.area

    def _sentence(self, value: float, shares: _Shares, name: str) -> str:
        return (
            f"The known region of {name!r} holds {value:.1f} times as much of the positive attribution as its area "
            f"alone would: {written(known_mean(shares.positive), '.0%')} on {shares.area.mean():.1%} "
            f"({len(shares.area):,} samples)."
        )


def _with_regions(dataset: Dataset) -> Input | None:
    return next((item for item in dataset.inputs if item.regions is not None), None)


def _shares(case: Case, item: Input) -> Iterator[_Shares]:
    """Shard by shard, those that have one value for each pixel."""
    assert item.regions is not None, "chosen for its regions"
    start = 0
    for shard in case.shards():
        maps = shard.values[item.name][..., 0]
        inside = item.regions[start : start + len(maps)]
        start += len(maps)
        if maps.shape == inside.shape:
            known = inside.any(axis=(1, 2))
            yield _of_known(maps[known], inside[known])


def _of_known(maps: Array, inside: Array) -> _Shares:
    positive, sizes = _share(np.maximum(maps, 0), inside), _share(np.abs(maps), inside)
    return _Shares(positive, sizes, inside.mean(axis=(1, 2), dtype=np.float64))


def _share(values: Array, inside: Array) -> Array:
    """(samples,) share of `values` inside; NaN where there is nothing."""
    total = values.sum(axis=(1, 2), dtype=np.float64)
    part = np.where(inside, values, 0).sum(axis=(1, 2), dtype=np.float64)
    return np.where(total > 0, part / np.where(total > 0, total, 1), np.nan)
