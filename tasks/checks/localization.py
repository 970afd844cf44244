"""Localization: the explanation lies where the object, or a planted mark, is known to be."""

from typing import ClassVar, Literal, NamedTuple

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, all_of, known_mean, told, written
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.checks.inference import SHARE
from exhibit.tasks.orders import ranks
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import Message, as_message, mark, say, say_all
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class _Inside(NamedTuple):
    """Of each sample with a known region: the area under the ROC curve of |a| for it, its share of the positive
    attribution and of the area, and whether the largest attribution lies in it. NaN where there is nothing to share."""

    auc: Array
    positive: Array
    area: Array
    pointed: Array


class LocalizationSpec(Check):
    """How well |a| tells the pixels of a known region from the others: the area under its ROC curve, which is the
    probability that a pixel inside has more than one outside, whatever share of the picture the region is. Beside it
    stand the share of the positive attribution inside divided by the region's share of the area, 1 where the
    explanation is spread evenly, and the pointing game: how often the largest attribution lies inside.

    J. Zhang and others (2018), Top-down neural attention by excitation backprop (the pointing game); M. Kohlbrenner and
    others (2020), Towards best practice in explaining neural network decisions with LRP (the ratio).
    """

    kind: Literal["localization"] = "localization"
    threshold: float = Field(0.7, ge=0, le=1, description="smallest mean area under the ROC curve")

    null: ClassVar[str] = mark("Pixels of the region are given no more than others: 0.5.")
    statistic: ClassVar[str] = mark(
        "how often a pixel of the region is given more than one outside (area under the ROC curve)"
    )
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does the explanation lie in the region that is known?"),
        meaning=mark("explanations lie where they are known to belong"),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"dataset"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict over all samples that have a region, on the first target."""
        item = _with_regions(case.dataset())
        if item is None:
            return CheckResult.not_applicable(self.kind, case.label, say("The data does not say where anything is."))
        parts = _measured(case, item)
        if not parts:
            return CheckResult.not_applicable(
                self.kind, case.label, say("The explanation has no value for each pixel of the region.")
            )
        inside = _Inside(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
        if not len(inside.area):
            return CheckResult.not_applicable(self.kind, case.label, say("No explained sample has a known region."))
        found = SHARE.mean(inside.auc)
        positive, area = known_mean(inside.positive), float(inside.area[_shared(inside)].mean())
        result = self.judged(
            case,
            found,
            say_all(
                say(
                    "A pixel of {region} in {input} has a larger |a| than one outside with probability {probability}.",
                    region=as_message(item.region),
                    input=repr(item.name),
                    probability=told(found.value, self.threshold),
                ),
                say(
                    "{positive} of the positive attribution lies on {area} of the area, {times} times its share; the "
                    "largest attribution lies inside in {pointed} of {samples} samples.",
                    positive=told(positive, unit="%"),
                    area=told(area, unit="%", digits=1),
                    times=written(positive / area, ".1f"),
                    pointed=str(int(inside.pointed.sum())),
                    samples=str(len(inside.area)),
                ),
            ),
            all_of(
                len(inside.area),
                mark("the only explained sample with a known region"),
                mark("explained samples with a known region"),
            ),
            per_sample=inside.auc[:, None],
            details={"positive": inside.positive, "area": inside.area, "pointed": inside.pointed},
        )
        return result.model_copy(update={"further": _found(item, result)}) if item.planted else result


def _shared(inside: _Inside) -> Array:
    """Which samples have a share: only of these is its area a part of the same sentence. All where none has."""
    shared = ~np.isnan(inside.positive)
    return shared if shared.any() else ~shared


def _found(item: Input, result: CheckResult) -> Message:
    """Of a planted mark, which no object is: what was found."""
    region = as_message(item.region)
    found = {
        "pass": say("{region} was found, which is not the object", region=region),
        "fail": say("{region} was not found", region=region),
    }
    return found.get(result.verdict, result.further)


def _with_regions(dataset: Dataset) -> Input | None:
    return next((item for item in dataset.inputs if item.regions is not None), None)


def _measured(case: Case, item: Input) -> list[_Inside]:
    """Shard by shard, those that have one value for each pixel."""
    assert item.regions is not None, "chosen for its regions"
    parts, start = [], 0
    for shard in case.shards():
        maps = shard.values[item.name][..., 0]
        inside = np.asarray(item.regions[start : start + len(maps)])
        start += len(maps)
        if maps.shape == inside.shape:
            known = inside.any(axis=(1, 2)) & ~inside.all(axis=(1, 2))
            pixels = inside.shape[1] * inside.shape[2]
            parts.append(_of_known(maps[known].reshape(-1, pixels), inside[known].reshape(-1, pixels)))
    return parts


def _of_known(maps: Array, inside: Array) -> _Inside:
    """Of (samples, pixels)."""
    count = inside.sum(axis=1)
    ranked = ranks(np.abs(maps))
    # Mann and Whitney's U over the number of pairs of a pixel inside and one outside
    auc = (np.where(inside, ranked, 0).sum(axis=1) - count * (count + 1) / 2) / (count * (inside.shape[1] - count))
    positive = np.maximum(maps, 0).astype(np.float64)
    total = positive.sum(axis=1)
    share = np.where(total > 0, np.where(inside, positive, 0).sum(axis=1) / np.where(total > 0, total, 1), np.nan)
    largest = (np.where(part, maps, -np.inf).max(axis=1, initial=-np.inf) for part in (inside, ~inside))
    pointed = np.greater(*largest)
    return _Inside(auc, share, inside.mean(axis=1, dtype=np.float64), pointed & (total > 0))
