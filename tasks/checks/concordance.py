"""Concordance: elements are given as much as the score hangs on them, not only in that order."""

from math import factorial
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, told
from exhibit.tasks.checks.faithfulness import FIRST, OfValues, given_and_lost, groups_of
from exhibit.tasks.checks.inference import AVERAGE
from exhibit.tasks.checks.substrates import NAMES
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import mark, say
from exhibit.tasks.records.verdict import CheckResult, CheckWords

_ADDS_UP = 0.05  # of the largest loss: what an explanation may be off by and still share out that of everything
_LAST_BITS = 1e-6  # of a score in single precision


class ConcordanceSpec(OfValues):
    """Lin's coefficient of concordance of what groups of elements are given with the Shapley values of these groups,
    exact over all sets of them, the mean over samples. A correlation is blind to the size of values: of explanations
    that halve all values and give the other half of their sum to one element it sees the one element alone, which is
    little where the sum nearly cancels. Whatever the model, such a one has at most 0.8: half the values v have
    2 (v/2) v / (v²/4 + v²) = 0.8 with them, and what is moved lowers it.

    Values that are to add up to something else than what the score loses without any element, being measured from
    another baseline, are no shares of it, and say nothing here.

    L. I.-K. Lin (1989), A concordance correlation coefficient to evaluate reproducibility; L. S. Shapley (1953).
    """

    kind: Literal["concordance"] = "concordance"
    groups: int = Field(6, ge=2, le=12, description="most groups of elements; of g groups there are 2^g sets")
    threshold: float = Field(0.8, ge=-1, le=1, description="smallest mean concordance")

    null: ClassVar[str] = mark("What elements are given has nothing to do with what the score loses without them: 0.")
    statistic: ClassVar[str] = mark("mean concordance over samples")
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Is every part given as much as the score hangs on it?"),
        meaning=mark("every part is given as much as the score hangs on it"),
        shows="follows the score",
    )

    def unfit(self, case: Case) -> str:
        """Also where values are not meant to add up."""
        if not case.additive:
            return say("The method is not additive: its elements are not meant to add up to the score.")
        return super().unfit(case)

    def measured(self, case: Case, order: Array, own: Array) -> CheckResult:
        """By the concordance of each sample."""
        values, found = self.grown(
            case,
            lambda start, stop: self._concordances(case, order[start:stop], own[start:stop]),
            AVERAGE.mean,
            FIRST,
            min(self.samples, len(order)),
        )
        return self.judged(
            case,
            found,
            say(
                "What groups of elements are given agrees by {concordance} (Lin's coefficient, mean over samples) with "
                "what the score loses without them, on average over all orders (Shapley values of at most {groups} "
                "groups; elements replaced by: {substrate}).",
                concordance=told(found.value, self.threshold),
                groups=str(self.groups),
                substrate=NAMES[self.substrate],
            ),
            self.drawn(len(values), len(order)),
            nothing=say("No explanation adds up to what the score loses without any of its elements."),
            per_sample=values[:, None],
        )

    def _concordances(self, case: Case, rows: Array, own: Array) -> Array:
        """(samples,) NaN where the score stays as it is, or the values add up to something else."""
        names = case.dataset().sample_ids[rows].tolist()
        labels = groups_of(case.dataset(), names, ~np.isnan(own), self.groups, self.seed)
        taken = [every_set(int(of.max()) + 1) for of in labels]
        given, lost, whole = given_and_lost(case, rows, own, self.taken_away(case, rows), labels, taken)
        return np.array([_concordance(*parts) for parts in zip(given, lost, whole, taken, strict=True)])


def _concordance(given: Array, lost: Array, whole: float, taken: Array) -> float:
    given, lost = given[: len(taken)], lost[: len(taken)]
    largest = float(np.abs(lost).max())
    if not largest > _LAST_BITS * abs(whole) or abs(given[-1] - lost[-1]) > _ADDS_UP * largest:
        return float("nan")
    one, other = shapley(given, taken), shapley(lost, taken)
    apart = one.var() + other.var() + (one.mean() - other.mean()) ** 2
    return float(2 * np.mean((one - one.mean()) * (other - other.mean())) / apart) if apart > 0 else float("nan")


def every_set(groups: int) -> Array:
    """(2^groups, groups) True where a group is in a set; the first has none and the last all."""
    return (np.arange(2**groups)[:, None] >> np.arange(groups) & 1).astype(bool)


def shapley(values: Array, sets: Array) -> Array:
    """(groups,) from the `values` of all `sets`."""
    groups = sets.shape[1]
    size = sets.sum(axis=1)
    joined = np.array([factorial(max(s - 1, 0)) * factorial(groups - s) for s in size]) / factorial(groups)
    left = np.array([factorial(s) * factorial(max(groups - s - 1, 0)) for s in size]) / factorial(groups)
    return np.asarray((np.where(sets, joined[:, None], -left[:, None]) * values[:, None]).sum(axis=0))
