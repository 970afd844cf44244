"""Deletion and insertion: the elements that an explanation names first are the ones the score hangs on."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, first
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.records.base import Array, Arrays
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class _Curve(Check):
    """Area under the score while the elements with the largest attribution are replaced by the usual baseline of the
    input, or restored into it, from none to all; the same in random orders as control.

    The baseline is the same for every method, whatever it compares with itself: else their areas were of different
    curves. What fills up a shorter sample is no element.

    V. Petsiuk, A. Das, K. Saenko (2018), RISE: randomized input sampling for explanation of black-box models.
    """

    kind: str
    steps: int = Field(10, ge=1, le=10_000, description="fractions between no element and all")
    samples: int = Field(50, ge=2, le=1_000_000, description="most samples that are measured")
    orders: int = Field(3, ge=1, le=10_000, description="random orders that are averaged as control")
    seed: int = Field(0, ge=0, lt=2**32, description="of the random orders")
    threshold: float = Field(0.5, ge=0, le=1, description="smallest share of samples that beat the random orders")
    required: bool = Field(False, description="a failure marks the page and the exit code")

    needs: ClassVar[frozenset[Need]] = frozenset({"dataset", "model"})
    better: ClassVar[int]  # 1 where a larger area is better, -1 where a smaller one is

    def measure(self, case: Case) -> CheckResult:
        """The verdict on the first target of one method."""
        dataset = case.dataset()
        rows = np.arange(min(self.samples, len(dataset.sample_ids)))
        baseline = case.baseline(rows)
        inputs = dataset.take(rows).arrays
        own = first(case.shards(), len(rows))
        if baseline is None or own.shape[1] != elements(inputs):
            return CheckResult.not_applicable(
                self.kind, case.label, "The elements of this input cannot be replaced one by one in raw units."
            )
        random = np.random.default_rng(self.seed)
        known = ~np.isnan(own)
        orders = [np.argsort(-own, axis=1, kind="stable")]  # NaN comes last
        orders += [np.where(known, random.random(own.shape), np.nan).argsort(axis=1) for _ in range(self.orders)]
        count = known.sum(axis=1, keepdims=True)
        curves = np.array([self._curve(case, rows, inputs, baseline, order, count) for order in orders])
        areas = np.trapezoid(curves, dx=1 / self.steps, axis=1)
        control = areas[1:].mean(axis=0)
        share = float((self.better * (areas[0] - control) > 0).mean())
        return CheckResult(
            check=self.kind,
            method=case.label,
            verdict="pass" if share >= self.threshold else "fail",
            required=self.required,
            value=share,
            threshold=self.threshold,
            sentence=f"The mean area under the score is {areas[0].mean():.3g} in the order of the explanation and "
            f"{control.mean():.3g} in random orders; a {'larger' if self.better > 0 else 'smaller'} area is better, "
            f"and {share:.0%} of {len(rows)} samples are better than random.",
            per_sample=(areas[0] - control)[:, None],
            details={"curve": curves[0].mean(axis=1), "random": curves[1:].mean(axis=(0, 2))},
        )

    def _curve(self, case: Case, rows: Array, inputs: Arrays, baseline: Arrays, order: Array, count: Array) -> Array:
        """(steps + 1, samples) scores from no element replaced or restored to all `count` (samples, 1) of them."""
        place = np.argsort(order, axis=1)
        points = []
        for step in range(self.steps + 1):
            chosen = place < np.round(step / self.steps * count)
            points.append(case.score(mixed(inputs, baseline, chosen if self.better < 0 else ~chosen), rows))
        return np.array(points)


class DeletionSpec(_Curve):
    __doc__ = _Curve.__doc__
    kind: Literal["deletion"] = "deletion"

    words: ClassVar[CheckWords] = CheckWords(
        question="Does the score fall when the most important elements are taken away?",
        passed="faithful, deleting",
        meaning="the score falls with the elements that are named first",
    )
    better: ClassVar[int] = -1


class InsertionSpec(_Curve):
    __doc__ = _Curve.__doc__
    kind: Literal["insertion"] = "insertion"

    words: ClassVar[CheckWords] = CheckWords(
        question="Does the score rise when only the most important elements are put back?",
        passed="faithful, inserting",
        meaning="the score rises with the elements that are named first",
    )
    better: ClassVar[int] = 1


def elements(inputs: Arrays) -> int:
    """How many elements the inputs have together; the channels of a pixel are one element."""
    return sum(int(np.prod(_shape(array))) for array in inputs.values())


def mixed(inputs: Arrays, baseline: Arrays, replaced: Array) -> dict[str, Array]:
    """`inputs` with the elements of the mask (samples, elements) taken from `baseline`."""
    found, start = {}, 0
    for name, array in inputs.items():
        shape = _shape(array)
        size = int(np.prod(shape))
        mask = replaced[:, start : start + size].reshape(len(array), *shape)
        mask = mask.reshape(*mask.shape, *[1] * (array.ndim - mask.ndim))
        found[name] = np.where(mask, baseline[name], array).astype(array.dtype)
        start += size
    return found


def _shape(array: Array) -> tuple[int, ...]:
    """Of the elements of a sample: pixels without channels, columns, tokens."""
    return array.shape[1:3] if array.ndim == 4 else array.shape[1:]
