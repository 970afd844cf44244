"""Stability: does the explanation survive another training, or a small change of the input?"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, chosen, draws, flat, sampled, told
from exhibit.tasks.checks.check import Check, GrowingCheck, Need
from exhibit.tasks.checks.inference import EARLY, LEVEL, SIZE, Estimate, correlations, decision
from exhibit.tasks.checks.kinds import KINDS
from exhibit.tasks.orders import rank, spearman
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import Message, mark, say, say_all, sayn
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class SeedStabilitySpec(Check):
    """Rank correlation of the reported training's importances with those of further trainings that differ in the seed
    alone, and how often each feature had which rank in them."""

    kind: Literal["seed_stability"] = "seed_stability"
    seeds: int = Field(5, ge=2, le=1_000, description="how many trainings at first, the reported one among them")
    most: int | None = Field(
        None,
        ge=2,
        le=1_000,
        description="most trainings, the reported one among them, while it is undecided; null: no more than seeds",
    )
    threshold: float = Field(0.7, ge=-1, le=1, description="smallest mean correlation with the further trainings")

    null: ClassVar[str] = mark("Another training gives an unrelated order: 0.")
    statistic: ClassVar[str] = mark("mean correlation with the further trainings")

    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does the explanation survive another training?"),
        meaning=mark("explanations keep their order in another training"),
        shows="holds when repeated",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"trainings"})

    @property
    def trainings(self) -> int:
        """As many as there are seeds, and no more than may be."""
        return min(self.seeds, self._most)

    @property
    def _most(self) -> int:
        return self.seeds if self.most is None else self.most

    def further_trainings(self, found: CheckResult) -> int:
        """As many as there were beside the reported one, until it is decided; before its end only what is beyond all
        doubt stops it, as every sample that grows."""
        if not found.over_trainings:
            return 0
        shares = found.details["share"]
        others = len(shares) - 1
        settled = decision(_alike(shares, EARLY), self.threshold, self.at_least) != "undecided"
        return 0 if settled else min(others, self._most - others - 1)

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method from its importances, one array per training."""
        trainings = case.trainings()
        if len(trainings[0]) < 2:
            return CheckResult.not_applicable(self.kind, case.label, say("Fewer than two features have no order."))
        sizes = np.array([values.sum() for values in trainings])
        if not (sizes > 0).all():
            return CheckResult.not_applicable(
                self.kind, case.label, say("In some training nothing is given to any feature.")
            )
        shares = np.array([values / values.sum() for values in trainings])
        if _same(shares):
            return CheckResult.not_applicable(self.kind, case.label, say(_NOTHING_DRAWN))
        ranks = np.array([rank(values) for values in shares])
        others = len(shares) - 1
        found = _alike(shares, LEVEL)
        same = int((ranks[1:] == ranks[0]).all(axis=1).sum())
        leads = int((ranks[1:].argmin(axis=1) == ranks[0].argmin()).sum())
        return self.judged(
            case,
            found,
            sayn(
                "The order of the features correlates by {correlation} on average with that of {number} further "
                "training that differs in the seed alone; the whole order was the same in {same} of {number}, the "
                "first feature in {leads} of {number}.",
                "The order of the features correlates by {correlation} on average with that of {number} further "
                "trainings that differ in the seed alone; the whole order was the same in {same} of {number}, the "
                "first feature in {leads} of {number}.",
                others,
                correlation=told(found.value, self.threshold),
                same=str(same),
                leads=str(leads),
            ),
            sayn(
                "{number} training beside the reported one, of at most {most} ({setting})",
                "{number} trainings beside the reported one, of at most {most} ({setting})",
                others,
                most=f"{self._most - 1:,}",
                setting=f"check.{self.kind}.most",
            ),
            things=mark("trainings"),
            nothing=say(
                "All features are given the same, in the reported training or in all others: there is no order."
            ),
            details={
                "share": shares,
                "mean": shares.mean(axis=0),
                "standard_deviation": shares.std(axis=0, ddof=1),
                "best_rank": ranks.min(axis=0),
                "worst_rank": ranks.max(axis=0),
                "first": (ranks == 1).sum(axis=0),
                "kept": np.array([same, leads]),
            },
        )


# However often that is repeated, it is one training: a pass would be none.
_NOTHING_DRAWN = mark(
    "Another seed gives the same model: nothing is drawn in its training. What training on other rows would give was "
    "not asked."
)
_ROUNDING = 1e-9  # of a share: sums in another order


def _same(shares: Array) -> bool:
    """Whether all trainings (trainings, features) gave every feature the same share, though there is an order."""
    return bool(np.ptp(shares, axis=0).max() < _ROUNDING < np.ptp(shares[0]))


def _alike(shares: Array, level: float) -> Estimate:
    """Of `shares` (trainings, features): how the order of the first correlates with those of the others on average."""
    others = np.repeat(shares[:1], len(shares) - 1, axis=0)
    return correlations(shares.shape[1]).mean(spearman(others, shares[1:]), level)


class StabilitySpec(GrowingCheck):
    """Largest ||a(x + d) - a(x)|| / ||a(x)|| over random d with |d| at most `radius` of each input's range, or of each
    column's.

    The largest of a few draws is a lower bound of the largest of all.
    D. Alvarez-Melis, T. Jaakkola (2018), On the robustness of interpretability methods.
    """

    kind: Literal["stability"] = "stability"
    radius: float = Field(
        0.02, gt=0, le=1, description="of the change, as a share of the range of an input or a column"
    )
    draws: int = Field(5, ge=1, le=10_000, description="changes that are tried for each sample")
    samples: int = Field(100, ge=1, le=1_000_000, description="most samples that are measured")
    threshold: float = Field(0.5, gt=0, le=1_000_000, description="largest relative change of the median sample")

    null: ClassVar[str] = mark("A small change of the input gives an unrelated explanation: about 1.4 for equal sizes.")
    statistic: ClassVar[str] = mark("largest relative change, of the median sample")
    at_least: ClassVar[bool] = False
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does a small change of the input leave the explanation alike?"),
        meaning=mark("explanations keep their shape for inputs that differ a little"),
        shows="holds when repeated",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"dataset", "model"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on the first target of one method."""
        dataset = case.dataset()
        if any(item.array.dtype.kind != "f" for item in dataset.take(np.arange(1)).inputs):
            return CheckResult.not_applicable(
                self.kind, case.label, say("An input that is not made of numbers cannot change a little.")
            )
        reach = {item.name: self.radius * KINDS[item.kind].reach(item) for item in dataset.inputs}
        order = sampled(case, self.seed)
        own = chosen(case.shards(), order).astype(np.float64)
        worst, found = self.grown(
            case,
            lambda start, stop: self._changes(case, dataset, reach, order[start:stop], own[start:stop]),
            SIZE.median,
            _FIRST,
            min(self.samples, len(order)),
        )
        return self.judged(
            case,
            found,
            say_all(
                say(
                    "When every input moves by at most {radius} of its range, the explanation of the median sample "
                    "changes by up to {change} of its size (worst sample {worst}; the largest of {draws} of each of "
                    "{samples}).",
                    radius=f"{self.radius:.1%}",
                    change=told(found.value, self.threshold, "%"),
                    worst=told(float(np.nanmax(worst, initial=0)), unit="%"),
                    draws=sayn("{number} random change", "{number} random changes", self.draws),
                    samples=sayn("{number} sample", "{number} samples", found.size),
                ),
                _without_size(worst),
            ),
            self.drawn(len(worst), len(order)),
            nothing=say("Every explanation is zero: there is nothing that could stay alike."),
            per_sample=worst[:, None],
        )

    def _changes(self, case: Case, dataset: Dataset, reach: Mapping[str, Array], rows: Array, own: Array) -> Array:
        """(samples,) the largest relative change of the explanations `own` (samples, elements) of `rows`; NaN for one
        that is zero, of which nothing can be a share."""
        samples = dataset.take(rows)
        inputs, size = samples.arrays, np.linalg.norm(own, axis=1)
        random = [draws(self.seed, name, "stability") for name in samples.sample_ids.tolist()]
        worst = np.zeros(len(rows))
        for _ in range(self.draws):
            moved = {
                name: (array + np.array([one.uniform(-1, 1, array.shape[1:]) for one in random]) * reach[name]).astype(
                    array.dtype
                )
                for name, array in inputs.items()
            }
            worst = np.maximum(worst, np.linalg.norm(flat(case.explain(moved, rows))[..., 0] - own, axis=1))
        return np.where(size > 0, worst / np.where(size > 0, size, 1), np.nan)


def _without_size(worst: Array) -> Message:
    """How many explanations are left out, being zero."""
    count = int(np.isnan(worst).sum())
    if not count:
        return Message()
    return sayn("{number} explanation is zero and left out.", "{number} explanations are zero and left out.", count)


_FIRST = 16  # samples of the first look
