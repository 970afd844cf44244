"""Concordance: elements are given as much as the score hangs on them, not only in that order."""

from math import factorial
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, told
from exhibit.tasks.checks.faithfulness import ALIKE, OfValues, given_and_lost, groups_of
from exhibit.tasks.checks.inference import AVERAGE
from exhibit.tasks.checks.removal import FIRST, LAST_BITS
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import Message, as_message, mark, say, say_all
from exhibit.tasks.records.verdict import CheckResult, CheckWords

_ADDS_UP = 0.05  # of the largest loss: what an explanation may be off by and still share out that of everything
_FEWEST = 4  # groups: of a picture two by two


class ConcordanceSpec(OfValues):
    """Lin's coefficient of concordance of what groups of elements are given with the Shapley values of these groups,
    exact over all sets of them, the mean over samples. A correlation is blind to the size of values: of explanations
    that halve all values and give the other half of their sum to one element it sees the one element alone, which is
    little where the sum nearly cancels. Whatever the model, such a one has at most 0.8: half the values v have
    2 (v/2) v / (v²/4 + v²) = 0.8 with them, and what is moved lowers it.

    Values that are to add up to something else than what the score loses without any element, being measured from
    another baseline, are no shares of it, and say nothing here. No more do samples in which what a group adds varies
    over the orders by more than groups differ (the mean of its variances over orders beside the variance of the Shapley
    values): of what only several groups bring about together each right method gives them other shares, integrated
    gradients of a saturated score among them. Both are properties of the score and the sum, not of the shares.

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
        most = self._few_enough(case, min(self.groups, own.shape[1]))
        values, found = self.grown(
            case,
            lambda start, stop: self._concordances(case, order[start:stop], own[start:stop], most),
            lambda values, level: AVERAGE.mean(values[:, 0], level),
            self.first(case, _asked(most)),
            min(self.samples, len(order)),
        )
        left = _left_out(values)
        return self.judged(
            case,
            found,
            say_all(
                say(
                    "What groups of elements are given agrees by {concordance} (Lin's coefficient, mean over samples) "
                    "with what the score loses without them, on average over all orders (Shapley values of at most "
                    "{groups} groups; elements replaced by: {substrate}).",
                    concordance=told(found.value, self.threshold),
                    groups=str(most),
                    substrate=self.game(case, np.arange(1)).name,
                ),
                left,
            ),
            self.drawn(len(values), len(order)),
            nothing=left
            or say(
                "No explanation adds up to what the score loses without any of its elements, as where the method "
                "measures from something else than stands in for them here."
            ),
            per_sample=values[:, :1],
        )

    def _few_enough(self, case: Case, most: int) -> int:
        """How many groups there may be if a first look at all its samples is to cost what it may: fewer where each
        score is a mean over many rows."""
        rows = self.game(case, np.arange(1)).rows
        fitting = [groups for groups in range(_FEWEST, most + 1) if FIRST * rows * _asked(groups) <= self.max_calls]
        return max(fitting, default=min(most, _FEWEST))

    def _concordances(self, case: Case, rows: Array, own: Array, most: int) -> Array:
        """(samples, 2) concordance, and why there is none: `_APART`, `_OF_ORDER`, or NaN."""
        names, game = case.dataset().sample_ids[rows].tolist(), self.game(case, rows)
        labels = groups_of(case.dataset(), names, own, most, self.seed)
        taken = [every_set(int(of.max()) + 1) for of in labels]
        given, lost, whole = given_and_lost(game, own, labels, taken)
        found = np.array([_concordance(*parts) for parts in zip(given, lost, whole, taken, strict=True)])
        apart = self.elsewhere(case, rows, whole, lambda: game.scores(~np.isnan(own)))
        return np.where(apart[:, None], [np.nan, _APART], found)


def _asked(groups: int) -> int:
    """Scores that are asked for of a sample with so many groups."""
    return 2**groups + 1


_APART, _OF_ORDER = 1.0, 2.0


def _left_out(values: Array) -> Message:
    """How many samples say nothing, and why; empty where all of them say something, or none adds up."""
    apart, of_order = (int((values[:, 1] == why).sum()) for why in (_APART, _OF_ORDER))
    if not apart + of_order or apart == len(values):
        return as_message("")
    return say(
        "Left out are samples whose values do not add up to what the score loses without any element ({apart} of "
        "{all}), and samples whose parts are worth alike, or add amounts that hang more on the order in which parts "
        "are taken away than on the part ({order} of {all}).",
        apart=str(apart),
        order=str(of_order),
        all=str(len(values)),
    )


def _concordance(given: Array, lost: Array, whole: float, taken: Array) -> tuple[float, float]:
    given, lost = given[: len(taken)], lost[: len(taken)]
    largest, nothing = float(np.abs(lost).max()), float("nan")
    if not largest > LAST_BITS * abs(whole):
        return nothing, _OF_ORDER
    if abs(given[-1] - lost[-1]) > _ADDS_UP * largest:
        return nothing, _APART
    other, varies = over_orders(lost, taken)
    if other.var() < varies.mean() + (ALIKE * largest) ** 2:
        return nothing, _OF_ORDER
    one = shapley(given, taken)
    apart = one.var() + other.var() + (one.mean() - other.mean()) ** 2
    return float(np.clip(2 * np.mean((one - one.mean()) * (other - other.mean())) / apart, -1, 1)), nothing


def every_set(groups: int) -> Array:
    """(2^groups, groups) True where a group is in a set; the first has none and the last all."""
    return (np.arange(2**groups)[:, None] >> np.arange(groups) & 1).astype(bool)


def shapley(values: Array, sets: Array) -> Array:
    """(groups,) from the `values` of `every_set`."""
    return over_orders(values, sets)[0]


def over_orders(values: Array, sets: Array) -> tuple[Array, Array]:
    """(groups,) mean and variance over all orders of what a group adds to the `values` of `every_set`."""
    groups = sets.shape[1]
    found = np.empty((2, groups))
    for group in range(groups):
        without = np.flatnonzero(~sets[:, group])
        chance = [factorial(size) * factorial(groups - 1 - size) for size in sets[without].sum(axis=1).tolist()]
        weights = np.array(chance) / factorial(groups)
        added = values[without | 1 << group] - values[without]
        mean = weights @ added
        found[:, group] = mean, weights @ (added - mean) ** 2
    return found[0], found[1]
