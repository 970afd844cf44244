"""Randomization: an explanation that does not change with the model's weights does not explain the model."""

from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, chosen, flat, known_mean, sampled, told, widened
from exhibit.tasks.checks.check import Decided, GrowingCheck, Need
from exhibit.tasks.checks.inference import AVERAGE, Estimate, decision
from exhibit.tasks.finite import NoNumberError
from exhibit.tasks.orders import spearman
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import COMMA, joined, mark, say, say_all
from exhibit.tasks.records.verdict import CheckResult, CheckWords

_FIRST, _MOST = 5, 40  # random nets of the first look, and of the last
_CURVES = 3  # of them have their layers randomised one after another


class RandomizationSpec(GrowingCheck):
    """Spearman correlation of |a| with |a| of the same model with new weights, the mean over samples and over several
    independent draws of the weights; for some of the draws also as the layers are replaced one after another from the
    top. Beside it stands the correlation of the explanations of two such random models: what is common to all
    explanations of this kind, as that they are near zero where the input equals the baseline. The largest correlation
    that passes is the threshold or, where that is more, what unrelated explanations have and a margin beyond it, never
    more than 0.8: a method whose explanations of unrelated models are the same explains none of them. Where they only
    have the same order, as units of columns that are far apart give it to the contributions of any model, while sizes
    beside each other move with the weights by half or more, nothing is decided.

    Elements that are exactly zero both times, such as those that equal the baseline, are so whatever the weights are:
    they are left out, and so is an explanation of nothing but zeros. Two explanations without any order are alike; one
    with and one without are not.
    J. Adebayo and others (2018), Sanity checks for saliency maps.
    """

    kind: Literal["randomization"] = "randomization"
    samples: int = Field(20, ge=1, le=1_000_000, description="most samples that are explained again")
    margin: float = Field(0.2, ge=0, le=1, description="beyond the correlation of unrelated explanations")
    threshold: float = Field(0.5, ge=0, le=1, description="largest mean correlation when all layers are randomised")

    null: ClassVar[str] = mark("The explanation is the same for a model with random weights: 1.")
    statistic: ClassVar[str] = mark("mean correlation with explanations of random models")
    at_least: ClassVar[bool] = False
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does the explanation change when the model's weights are random?"),
        meaning=mark("explanations change when the model is replaced by a random one"),
        shows="depends on what was learned",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"dataset", "model"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on the first target of one method."""
        try:
            return self._measured(case)
        except NoNumberError:
            return CheckResult.not_applicable(
                self.kind,
                case.label,
                say(
                    "With random weights the model gives no finite numbers, so there are no explanations to compare "
                    "with."
                ),
            )

    def _measured(self, case: Case) -> CheckResult:
        order = sampled(case, self.seed)
        rows = order[: self.samples]
        inputs = case.dataset().take(rows).arrays
        own = np.abs(chosen(case.shards(), rows))
        curves: dict[str, list[float]] = {}
        random_ones: list[Array] = []
        silent: list[float] = []
        moved: list[float] = []

        def draws(start: int, stop: int) -> Array:
            found = []
            for draw in range(start, stop):
                last = None
                for layer, explain in case.randomised(self.seed + draw, draw >= _CURVES):
                    again = widened(np.abs(flat(explain(inputs, rows))[..., 0]), own.shape[1])
                    last = _alike(own, again)
                    if draw < _CURVES:
                        curves.setdefault(layer, []).append(last)
                if last is None:
                    return np.zeros(0)
                random_ones.append(again)
                moved.append(_moved(own, again))
                silent.append(float(((own == 0) & (again == 0)).sum() / max((~np.isnan(own)).sum(), 1)))
                found.append(last)
            return np.array(found)

        first = draws(0, _FIRST)
        if not len(first):
            return CheckResult.not_applicable(
                self.kind, case.label, say("The model has no layers of weights that could be made random.")
            )

        def limit() -> float:
            return min(_HIGHEST, max(self.threshold, self._unrelated(random_ones).value + self.margin))

        values, found = self.grown(
            case,
            lambda start, stop: first if start == 0 else draws(start, stop),
            AVERAGE.mean,
            _FIRST,
            _MOST,
            threshold=limit,
        )
        unrelated = self._unrelated(random_ones)
        by_order = decision(found, limit(), self.at_least)
        other: Decided | None = None
        if unrelated.value > _HIGHEST:
            sizes = AVERAGE.mean(np.array(moved))
            if by_order == "pass":
                other = Decided("undecided", _OF_SOMETHING_ELSE, unrelated, _HIGHEST, _OF_RANDOM_ONES, at_least=False)
            elif by_order == "fail" and decision(sizes, _MOVES, at_least=True) == "pass":
                other = Decided("undecided", _OF_ANY_MODEL, unrelated, _HIGHEST, _OF_RANDOM_ONES, at_least=False)
        path = {layer: float(np.mean(one)) for layer, one in curves.items()}
        zero = float(np.mean(silent))
        return self.judged(
            case,
            found,
            say_all(
                say(
                    "With all layers random the order of |a| correlates by {correlation} with that of the trained "
                    "model ({models} random models); explanations of two random models correlate by {unrelated}.",
                    correlation=told(found.value, limit()),
                    models=str(len(values)),
                    unrelated=told(unrelated.value),
                ),
                say(
                    "From the top layer down, the mean over {number} of them: {correlations}.",
                    number=str(min(_CURVES, len(values))),
                    correlations=joined([told(value) for value in path.values()], COMMA),
                ),
                say("{share} of the elements are zero both times and left out.", share=told(zero, unit="%"))
                if zero >= _MENTIONED
                else "",
            ),
            self.drawn(len(rows), len(order)),
            things=mark("random models"),
            threshold=limit(),
            other=other,
            nothing=say("Every explanation is zero: it has no order that could change."),
            details={
                "layers": np.array(list(path)),
                "spearman": np.array(list(path.values())),
                "draws": values,
                "unrelated": np.array([unrelated.value, *unrelated.interval]),
            },
        )

    def _unrelated(self, explanations: list[Array]) -> Estimate:
        return neighbours(np.array([_alike(one, other) for one, other in pairwise(explanations)]))


def neighbours(pairs: Array) -> Estimate:
    """The mean of what each of some random models has in common with the next. Pairs that share a model vary together:
    what they share is at most half of their variance (W. Hoeffding 1948), so that of the mean is at most doubled."""
    found = AVERAGE.mean(pairs)
    low, high = (found.value + np.sqrt(2) * (end - found.value) for end in found.interval)
    return found._replace(low=max(-1.0, float(low)), high=min(1.0, float(high)))


_HIGHEST, _MENTIONED = 0.8, 0.005
_MOVES = 1.5  # by what factor sizes beside each other change with the weights, at least, where an order may be common
_OF_RANDOM_ONES = mark("correlation of the explanations of two random models")
_OF_SOMETHING_ELSE = mark(
    "Explanations of two random models are nearly the same, and only those of the trained model are unlike them: they "
    "may follow something else than the weights, such as a seed or the company in a batch."
)


_OF_ANY_MODEL = mark(
    "Explanations of any two models have nearly the same order here, as where the units of columns are far apart, but "
    "their sizes beside each other change with the weights by half or more: the order cannot tell."
)


def _moved(one: Array, other: Array) -> float:
    """By what factor the sizes of elements beside each other differ between two explanations: exp of the mean absolute
    deviation of log |a| - log |a'| from its median, over the elements that both give something; the mean over samples.
    1 where they are the same but for a factor."""
    wide = max(one.shape[1], other.shape[1])
    one, other = widened(one, wide), widened(other, wide)
    both = (one > 0) & (other > 0)
    ratio = np.log(np.where(both, one, np.nan)) - np.log(np.where(both, other, np.nan))
    rows = both.sum(axis=1) > 1
    off = np.abs(ratio[rows] - np.nanmedian(ratio[rows], axis=1, keepdims=True))
    return float(np.exp(np.nanmean(off, axis=1)).mean()) if rows.any() else 1.0


def _alike(one: Array, other: Array) -> float:
    """Mean Spearman correlation over samples of sizes (samples, elements)."""
    wide = max(one.shape[1], other.shape[1])
    one, other = widened(one, wide), widened(other, wide)
    zero = (one == 0) & (other == 0)
    nothing = (np.nan_to_num(one) == 0).all(axis=1)
    one, other = np.where(zero, np.nan, one), np.where(zero, np.nan, other)
    found = spearman(one, other)
    level = (_level(one) & _level(other)).astype(float)
    return known_mean(np.where(nothing, np.nan, np.where(np.isnan(found), level, found)))


def _level(sizes: Array) -> Array:
    """(samples,) True where all elements that are numbers have the same size, so that there is no order."""
    return np.asarray(np.fmax.reduce(sizes, axis=1) <= np.fmin.reduce(sizes, axis=1))
