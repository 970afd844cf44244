"""Faithfulness: the elements that an explanation names are the ones the score hangs on, and by as much as it says."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import comb
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, draws, told, written
from exhibit.tasks.checks.check import Decided
from exhibit.tasks.checks.inference import AVERAGE, LEVEL, SHARE, Decision, Estimate, correlations, decision
from exhibit.tasks.checks.kinds import KINDS
from exhibit.tasks.checks.removal import FIRST, FROM_ELSEWHERE, LAST_BITS, TOGETHER, OnSubstrate, silent
from exhibit.tasks.checks.substrates import Game, is_own, shape_of
from exhibit.tasks.orders import pearson
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.language import Message, as_message, mark, say, say_all
from exhibit.tasks.records.verdict import CheckResult, CheckWords

_LAST_PLACES = 1e-9  # of areas that are the same


class _Curve(OnSubstrate):
    """Area under the score while the elements with the largest attribution are replaced, or restored, from none to all,
    beside the areas of random orders on the same substrate: the share of random orders that the explanation's beats,
    one half for an order without meaning. A second control is an order that knows the input and not the model: the
    strength of edges, or the distance from the baseline. What is not better than that cannot pass.

    Of a background that a method compares with some rows are drawn for each sample, the same for all its orders. Few
    elements have fewer sets than orders have steps: each set is asked for once, and more rows are taken for it. A
    random order that is the explanation's own, as half of those of two elements are, is no comparison. Before an
    explanation fails whose elements may be asked for one by one, the order of the mean of what they add to nothing and
    of what the score loses without them, which no explanation has a part in, is tried: where that does not pass,
    samples are left out in which it does not beat as many orders either. Of two elements that stand in for each other
    right values put both first.
    What fills up a shorter sample is no element.

    V. Petsiuk, A. Das, K. Saenko (2018), RISE: randomized input sampling for explanation of black-box models.
    """

    steps: int = Field(10, ge=1, le=1000, description="fractions between no element and all")
    orders: int = Field(10, ge=2, le=10_000, description="random orders for each sample")
    threshold: float = Field(0.75, ge=0, le=1, description="smallest mean share of random orders that are beaten")

    null: ClassVar[str] = mark("The order of the explanation is no better than a random one: it beats half of them.")
    statistic: ClassVar[str] = mark("share of random orders that are beaten")
    better: ClassVar[int]  # 1 where a larger area is better, -1 where a smaller one is

    def by_base(self, case: Case) -> bool:
        """Not where something else was asked for: an order may be tried on any substrate."""
        return self.substrate == "baseline" and super().by_base(case)

    def measured(self, case: Case, order: Array, own: Array) -> CheckResult:
        """By the areas of its order, of random ones and of the second control."""
        most = self._rows(own.shape[1])
        asked = self.game(case, np.arange(1), most)
        every, found = self.grown(
            case,
            lambda start, stop: self._areas(case, order[start:stop], own[start:stop]),
            lambda areas, level: SHARE.mean(self._beaten(areas), level),
            self.first(case, self._asked(own.shape[1]), most=most),
            min(self.samples, len(order)),
            settled=lambda areas, level: self._settled(self._wins(areas, level)),
        )
        elsewhere, together = np.isnan(every[:, 0]), np.zeros(len(every), bool)
        if decision(found, self.threshold, self.at_least) == "fail":
            right = self._by_right_values(case, order[: len(every)], own[: len(every)], every)
            right = np.where(np.isnan(self._beaten(every)), np.nan, right)
            if decision(SHARE.mean(right), self.threshold, self.at_least) != "pass":
                together = right < self.threshold
                every[together] = np.nan
                found = SHARE.mean(self._beaten(every))
        areas, beaten, wins = every[:, : 2 + self.orders], self._beaten(every), self._wins(every)
        there = ~np.isnan(areas[:, 0])
        measured = areas[there, 0], areas[there, 2:]
        name = as_message(KINDS[case.dataset().inputs[0].kind].control_name)
        apart = case.in_score and not self.by_base(case) and not is_own(self.substrate, case)
        return self.judged(
            case,
            found,
            say_all(
                say(
                    "The order of the explanation beats {share} of {orders} random orders of each sample (mean area "
                    "{area}, at random {random}; {better}; elements replaced by: {substrate}; Wilcoxon's p {p}).",
                    share=told(found.value, self.threshold, "%"),
                    orders=str(self.orders),
                    area=written(float(measured[0].mean()), ".3g"),
                    random=written(float(measured[1].mean()), ".3g"),
                    better=say("a larger one is better") if self.better > 0 else say("a smaller one is better"),
                    substrate=asked.name,
                    p=written(self._p_value(*measured), ".2g"),
                ),
                say(
                    "It beats the order of {control} in {share} of the samples.",
                    control=name,
                    share=told(wins.value, 0.5, "%"),
                )
                if wins
                else "",
                say("Where a random order was the explanation's own, it is left out.")
                if self._is_own(every)[there].any()
                else "",
                say(_OTHERWISE) if apart else "",
            )
            if there.any()
            else "",
            self.drawn(len(every), len(order), *silent(elsewhere, there & np.isnan(beaten), together)),
            other=self._by_control(found, wins, name),
            nothing=say(FROM_ELSEWHERE)
            if elsewhere.all()
            else say(TOGETHER)
            if together.any()
            else say("Whichever elements are replaced, and in which order, the score stays as it is."),
            per_sample=beaten[:, None],
            details={"curve": self._curves_of(every)[there].mean(axis=0), "areas": areas} if there.any() else {},
            bears=not apart,
        )

    def _p_value(self, areas: Array, random: Array) -> float:
        """Of the paired test that the areas are those of random orders."""
        from scipy.stats import wilcoxon

        difference = self.better * (areas - random.mean(axis=1))
        return float(wilcoxon(difference).pvalue) if np.abs(difference).max() > 0 else 1.0

    def _asked(self, width: int) -> int:
        """Scores that are asked for of a sample with so many elements."""
        return 2**width if _has_few_sets(width, self._steps_of_all) else self._steps_of_all

    @property
    def _steps_of_all(self) -> int:
        """Scores along all orders, whose ends are the same."""
        return (self.steps - 1) * (self.orders + 2) + 2

    def _rows(self, width: int) -> int:
        """How many rows of a background may stand in, for what ten of them cost along all orders."""
        return _ROWS * self._steps_of_all // self._asked(width)

    def _wins(self, areas: Array, level: float = LEVEL) -> Estimate | None:
        """In how many samples the order beats that which knows the input alone; None without one."""
        found = SHARE.mean(self._beaten(areas, control=True), level)
        return found if found.size else None

    def _settled(self, wins: Estimate | None) -> bool:
        return wins is None or wins.low > 0.5 or wins.high < 0.5

    def _by_control(self, found: Estimate, wins: Estimate | None, name: Message) -> Decided | None:
        """What the order that knows the input alone decides of one that beats random orders; None where it does not."""
        if wins is None or wins.low > 0.5 or decision(found, self.threshold, self.at_least) != "pass":
            return None
        verdict: Decision = "fail" if wins.high < 0.5 else "undecided"
        share = told(wins.value, 0.5, "%")
        if verdict == "fail":
            why = say(
                "It beats random orders, but the order of {control} in only {share} of the samples: that order, which "
                "knows no model, is better.",
                control=name,
                share=share,
            )
        else:
            why = say(
                "It beats random orders, but the order of {control} in only {share} of the samples: it may be no "
                "better than that order, which knows no model.",
                control=name,
                share=share,
            )
        statistic = say("share of samples in which it beats the order of {control}", control=name)
        return Decided(verdict, why, wins, 0.5, statistic)

    def _beaten(self, values: Array, control: bool = False) -> Array:
        """(samples,) share of the areas of random orders, or of that which knows the input alone, that are worse than
        the explanation's; a draw is half. NaN where there are none, and where all areas are the same: then no order can
        be better."""
        areas = values[:, : 2 + self.orders]
        others = areas[:, 1:2] if control else areas[:, 2:]
        counted = np.ones(others.shape, bool) if control else ~self._is_own(values)
        area, every = areas[:, :1], areas[:, [0, *range(2, areas.shape[1])]]
        better = self.better * (area - others)
        tolerance = _LAST_PLACES * np.maximum(np.abs(area), np.abs(others))
        found = np.where(counted, np.where(np.abs(better) <= tolerance, 0.5, better > 0), 0).sum(axis=1)
        same = np.ptp(every, axis=1) <= _LAST_PLACES * np.abs(every).max(axis=1)
        none = np.isnan(others).any(axis=1) | np.isnan(areas[:, 0]) | ~counted.any(axis=1)
        return np.where(same | none, np.nan, found / np.maximum(counted.sum(axis=1), 1))

    def _is_own(self, every: Array) -> Array:
        """(samples, orders) True where a random order is the explanation's own, which is no comparison."""
        start = 3 + self.orders + self.steps
        return every[:, start : start + self.orders] == 1

    def _curves_of(self, every: Array) -> Array:
        return every[:, 2 + self.orders : 3 + self.orders + self.steps]

    def _areas(self, case: Case, rows: Array, own: Array) -> Array:
        """(samples, 2 + orders + steps + 1 + orders + sets): the areas of the explanation's order, of the order that
        knows the input alone (NaN without one), and of random ones; the explanation's curve; 1 where a random order is
        its own; and of few elements the scores of all their sets. NaN where values are measured from another score.
        Few samples at a time, since each has as many orders of all its elements."""
        parts = [
            self._areas_of(case, rows[start : start + FIRST], own[start : start + FIRST])
            for start in range(0, len(rows), FIRST)
        ]
        return np.concatenate(parts)

    def _areas_of(self, case: Case, rows: Array, own: Array) -> Array:
        known, game = ~np.isnan(own), self.game(case, rows, self._rows(own.shape[1]))
        sets = np.empty((0, len(own)))
        if _has_few_sets(own.shape[1], self._steps_of_all):
            sets = _of_all_sets(game, *own.shape)
            game = _looked_up(game, sets)
        ends = self._ends(game, known)
        control = _input_alone(case, rows, is_own(self.substrate, case))
        orders = [own, *([] if control is None else [control])]
        # One draw more than there are orders: it decides between elements that an order holds to be equal.
        names = case.dataset().sample_ids[rows].tolist()
        chance = np.array([draws(self.seed, name, "orders").random((self.orders + 1, own.shape[1])) for name in names])
        orders += list(np.moveaxis(chance[:, 1:], 1, 0))
        places = [_descending(np.where(known, keys, np.nan), chance[:, 0]) for keys in orders]
        curves = [self._curve(game, place, known, ends) for place in places]
        areas = [np.trapezoid(curve, dx=1 / self.steps, axis=0) for curve in curves]
        if control is None:
            areas.insert(1, np.full(len(rows), np.nan))
        alike = [(place == places[0]).all(axis=1) for place in places[-self.orders :]]
        whole, nothing = ends[:: -self.better]
        found = np.concatenate([np.array(areas), curves[0], alike, sets]).T
        return np.where(self.elsewhere(case, rows, whole, lambda: nothing)[:, None], np.nan, found)

    def _ends(self, game: Game, known: Array) -> Array:
        """(2, samples) scores where all orders begin and end."""
        return self._scores(game, np.argsort(~known, axis=1, kind="stable"), known, (0, self.steps))

    def _by_right_values(self, case: Case, rows: Array, own: Array, every: Array) -> Array:
        """(samples,) the share of random orders that right values beat: not of the orders of `every` sample, of which
        those that happen to be worse would be chosen. 1 where there are more elements than may be asked for, one by
        one."""
        known, sets = ~np.isnan(own), every[:, 3 + 2 * self.orders + self.steps :].T
        width, others = own.shape[1], _OTHERS if len(sets) else self.orders
        asked = 2 * width + 2 + (self.steps - 1) * (others + 1) + 2
        if not len(sets) and self.afforded(case, len(own) + 1, asked) <= len(own):
            return np.ones(len(own))
        game = self.game(case, rows, 1 if len(sets) else self._rows(width))
        game = _looked_up(game, sets) if len(sets) else game
        alone = np.eye(width, dtype=bool)
        halfway, _ = halfway_and_lost(game, own, np.tile(np.arange(width), (len(own), 1)), [alone] * len(own))
        names = case.dataset().sample_ids[rows].tolist()
        chance = np.array([draws(self.seed, name, "others").random((others, width)) for name in names])
        orders, ends = [halfway, *np.moveaxis(chance, 1, 0)], self._ends(game, known)
        places = [_descending(np.where(known, keys, np.nan), chance[:, 0]) for keys in orders]
        areas = np.array([np.trapezoid(self._curve(game, place, known, ends), axis=0) for place in places])
        better = self.better * (areas[0] - areas[1:])
        tolerance = _LAST_PLACES * np.maximum(np.abs(areas[0]), np.abs(areas[1:]))
        counted = np.array([(place != places[0]).any(axis=1) for place in places[1:]])
        beaten = np.where(counted, np.where(np.abs(better) <= tolerance, 0.5, better > 0), 0).sum(axis=0)
        return np.asarray(beaten / np.maximum(counted.sum(axis=0), 1))

    def _curve(self, game: Game, order: Array, known: Array, ends: Array) -> Array:
        """(steps + 1, samples) scores from none of the order to all of it."""
        return np.concatenate([ends[:1], self._scores(game, order, known, range(1, self.steps)), ends[1:]])

    def _scores(self, game: Game, order: Array, known: Array, steps: range | tuple[int, ...]) -> Array:
        """(steps, samples) scores with so many elements of the order replaced, or restored."""
        place, count = np.argsort(order, axis=1), known.sum(axis=1, keepdims=True)
        removed = [place < np.round(step / self.steps * count) for step in steps]
        scores = [game.scores(mask if self.better < 0 else ~mask) for mask in removed]
        return np.array(scores).reshape(len(scores), len(order))


_ROWS = 10  # of a background, drawn for each sample along all orders: that a mean is rough makes no order better
_OTHERS = 100  # random orders that tell whether a right one could pass
_OTHERWISE = mark(
    "What stands in here is not what the method itself compares with: should its order fail, that does not say that it "
    "is wrong."
)


def _has_few_sets(width: int, asked: int) -> bool:
    """Whether so many elements have no more sets than scores are asked for."""
    return width < asked.bit_length() and 2**width <= asked


def _of_all_sets(game: Game, samples: int, width: int) -> Array:
    """(sets, samples) the scores of all sets of the few elements, each asked for once."""
    sets = np.arange(2**width)[:, None] >> np.arange(width) & 1 > 0
    return np.array([game.scores(np.repeat(one[None], samples, axis=0)) for one in sets])


def _looked_up(game: Game, sets: Array) -> Game:
    """The same of scores that are known for all sets."""
    place = 2 ** np.arange(len(sets).bit_length() - 1)
    return game._replace(scores=lambda removed: sets[removed @ place, np.arange(sets.shape[1])])


class DeletionSpec(_Curve):
    __doc__ = _Curve.__doc__
    kind: Literal["deletion"] = "deletion"

    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does the score fall when the most important parts are taken away?"),
        meaning=mark("the score falls when what is said to matter most is taken away"),
        shows="follows the score",
    )
    better: ClassVar[int] = -1


class InsertionSpec(_Curve):
    __doc__ = _Curve.__doc__
    kind: Literal["insertion"] = "insertion"

    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does the score rise when only the most important parts are put back?"),
        meaning=mark("the score rises when what is said to matter most is put back"),
        shows="follows the score",
    )
    better: ClassVar[int] = 1


class OfValues(OnSubstrate):
    """A check of what elements are given, not of their order alone. It takes all rows of a background: of fewer the
    losses are others, and values of a heavy tail no longer what is lost."""

    max_calls: int = Field(
        100_000,
        ge=1,
        le=10**9,
        description="most samples that go through the model before it stops to grow; of a background each counts",
    )

    def unfit(self, case: Case) -> str:
        """Also where values are no parts of the score."""
        if not case.in_score:
            return say("Its values are slopes or sizes, not parts of the score that could be lost.")
        if reason := super().unfit(case):
            return reason
        if is_own(self.substrate, case) or self.by_base(case):
            return ""
        return say(
            "What the score loses here is not what the values are of: the method compares with something else than "
            "stands in for elements here, or with nothing."
        )


class FaithfulnessCorrelationSpec(OfValues):
    """Correlation of what groups of elements are given with how much the score falls when they are taken away, the
    mean over samples. Groups are single elements or, where there are many, so many parts of the sample: patches of a
    picture, passages of a text. They are taken away one by one, or as many `together`, always the same number: that
    more is missed when more is taken explains nothing.

    It sees what an order alone does not: values that belong to other elements, or are too large for one. Where either
    of two elements would do, taking one of them away loses nothing, and right values do not follow that: more
    `together` find it. So before an explanation fails, the mean of what groups add to nothing and of what the score
    loses without them is tried, which no explanation has a part in: where that does not pass, samples are left out in
    which it does not correlate with the latter by the threshold either.

    D. Alvarez-Melis, T. Jaakkola (2018), Towards robust interpretability with self-explaining neural networks
    (faithfulness); U. Bhatt, A. Weller, J. Moura (2020), Evaluating and aggregating feature-based model explanations.
    """

    kind: Literal["faithfulness_correlation"] = "faithfulness_correlation"
    groups: int = Field(16, ge=2, le=256, description="most groups that the elements of a sample are taken away in")
    together: int = Field(1, ge=1, le=128, description="how many groups are taken away together, at most half of all")
    subsets: int = Field(40, ge=3, le=10_000, description="most sets of groups that are taken away from each sample")
    threshold: float = Field(0.75, ge=-1, le=1, description="smallest mean correlation")

    null: ClassVar[str] = mark("What elements are given has nothing to do with what the score loses without them: 0.")
    statistic: ClassVar[str] = mark("mean correlation over samples")
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does the score fall by as much as the removed parts were given?"),
        meaning=mark("the score falls by as much as what was taken away was given"),
        shows="follows the score",
    )

    def measured(self, case: Case, order: Array, own: Array) -> CheckResult:
        """By the correlation of each sample."""
        most = min(self.groups, own.shape[1])
        support = correlations(most)
        values, found = self.grown(
            case,
            lambda start, stop: self._correlations(case, order[start:stop], own[start:stop], most),
            lambda values, level: support.mean(values[:, 0], level),
            self.first(case, self._asked(most)),
            min(self.samples, len(order)),
        )
        together = np.zeros(len(values), bool)
        if decision(found, self.threshold, self.at_least) == "fail":
            few = self.afforded(case, len(values), 2 * self._asked(most))
            counted = ~np.isnan(values[:few, 0])
            right = np.where(counted, self._of_right_values(case, order[:few], own[:few], most), np.nan)
            if decision(support.mean(right), self.threshold, self.at_least) != "pass":
                values, together = values[:few], counted & ~(right >= self.threshold)
                values[together, 0] = np.nan
                found = support.mean(values[:, 0])
        apart = values[:, 1] > 0
        unmoved = ~apart & ~together & np.isnan(values[:, 0])
        return self.judged(
            case,
            found,
            say(
                "What groups of elements are given correlates by {correlation} with how much the score falls without "
                "them (mean over samples; at most {groups} groups, {together} taken away together; elements replaced "
                "by: {substrate}).",
                correlation=told(found.value, self.threshold),
                groups=str(most),
                together=str(self.together),
                substrate=self.game(case, np.arange(1)).name,
            ),
            self.drawn(len(values), len(order), *silent(apart, unmoved, together)),
            nothing=say(FROM_ELSEWHERE)
            if apart.all()
            else say(TOGETHER)
            if together.any()
            else say("Whatever group of elements is replaced, the score falls alike."),
            per_sample=values[:, :1],
        )

    def _asked(self, groups: int) -> int:
        """Scores that are asked for of a sample with so many groups."""
        return len(self._taken(groups, "")) + 2

    def _correlations(self, case: Case, rows: Array, own: Array, most: int) -> Array:
        """(samples, 2) correlations: 0 for an explanation without differences, NaN where the score always falls alike;
        and whether its values are measured from another score."""
        game, labels, taken = self._asked_of(case, rows, own, most)
        given, lost, whole = given_and_lost(game, own, labels, taken)
        apart = self.elsewhere(case, rows, whole, lambda: game.scores(~np.isnan(own)))
        found = pearson(given, lost)
        least = np.maximum(LAST_BITS * np.abs(whole), ALIKE * np.nanmax(np.abs(lost), axis=1))
        changes = np.nanmax(lost, axis=1) - np.nanmin(lost, axis=1) > least
        return np.stack([np.where(changes & ~apart, np.nan_to_num(found), np.nan), apart], axis=1)

    def _of_right_values(self, case: Case, rows: Array, own: Array, most: int) -> Array:
        """(samples,) the correlation of right values with what the score loses, 0 for those without differences."""
        game, labels, taken = self._asked_of(case, rows, own, most)
        return np.nan_to_num(pearson(*halfway_and_lost(game, own, labels, taken)))

    def _asked_of(self, case: Case, rows: Array, own: Array, most: int) -> tuple[Game, Array, list[Array]]:
        """What is taken away from the samples: the game, the groups of their elements, and the sets of these."""
        names = case.dataset().sample_ids[rows].tolist()
        labels = groups_of(case.dataset(), names, own, most, self.seed)
        taken = [self._taken(int(of.max()) + 1, name) for of, name in zip(labels, names, strict=True)]
        return self.game(case, rows), labels, taken

    def _taken(self, groups: int, name: object) -> Array:
        """(sets, groups) True where a group is taken away: every set of so many once, or as many as there may be."""
        size = max(1, min(self.together, groups // 2))
        random = draws(self.seed, name, "sets")
        sets: list[tuple[int, ...]]
        if comb(groups, size) <= max(self.subsets, self.groups):
            sets = list(combinations(range(groups), size))
        else:
            sets = [tuple(random.permutation(groups)[:size].tolist()) for _ in range(self.subsets)]
        taken = np.zeros((len(sets), groups), bool)
        for number, members in enumerate(sets):
            taken[number, list(members)] = True
        return taken


class AlignmentSpec(OfValues):
    """Whether the values would fit better if they changed places. Of columns of a table, or of patches of pictures,
    each is taken away alone; then it is asked which reassignment of the values to the columns or patches, the same for
    all samples, comes nearest to what the score lost. It is found on one half of the samples and tried on the other,
    and vice versa: (m - m') / (m + m') of the squared misfits m as it is and m' reassigned, the mean over samples. It
    is 0 where every value is best where it is, 0.2 where m' is two thirds of m, and 1 where nothing is left of it.
    Values that fit no better where they are than anywhere have no place to be moved from: that is undecided. So it is
    where the mean of what parts add to nothing and of what the score loses without them, which no explanation has a
    part in, would be moved as well, and gain less by the threshold at most: of parts that stand in for each other
    little is lost without one.

    It finds columns that were swapped and maps that were moved, which add up and keep their sizes. The reassignment is
    that of H. Kuhn (1955), The Hungarian method for the assignment problem.
    """

    kind: Literal["alignment"] = "alignment"
    groups: int = Field(64, ge=2, le=256, description="most groups that the elements of a sample are taken away in")
    threshold: float = Field(0.2, gt=0, le=1, description="largest mean gain of another place")

    null: ClassVar[str] = mark("The values belong to other elements: moved there, they fit.")
    statistic: ClassVar[str] = mark("how much better the values would fit in other places, mean over samples")
    at_least: ClassVar[bool] = False
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Is every value at the part that it belongs to?"),
        meaning=mark("every value stands where it belongs"),
        shows="follows the score",
    )

    def unfit(self, case: Case) -> str:
        """Also where elements have no place."""
        if not all(KINDS[item.kind].placed for item in case.dataset().inputs):
            return say("Elements of these inputs have no place that is the same in every sample.")
        return super().unfit(case)

    def measured(self, case: Case, order: Array, own: Array) -> CheckResult:
        """By the gain of each sample."""
        most = min(self.groups, own.shape[1])
        values, found = self.grown(
            case,
            lambda start, stop: self._given_and_lost(case, order[start:stop], own[start:stop], most),
            lambda parts, level: AVERAGE.mean(_gain(parts), level),
            self.first(case, most + 2, 2 * FIRST),
            min(self.samples, len(order)),
            settled=lambda parts, level: AVERAGE.mean(_placed(parts), level).low > 0,
        )
        gains, placed = _gain(values), AVERAGE.mean(_placed(values))
        said = decision(found, self.threshold, self.at_least)
        other = self._of_halfway(case, order, own, most, gains) if said == "fail" else None
        apart = np.asarray(np.isinf(values).any(axis=(1, 2)))
        nowhere = say(
            "As they are the values fit no better than in any other arrangement, so none of them is out of place."
        )
        return self.judged(
            case,
            found,
            say(
                "The best reassignment of the values to other elements gains {gain} (0: none is better; 1: it leaves "
                "no misfit to what the score loses; at most {groups} groups; elements replaced by: {substrate}).",
                gain=told(found.value, self.threshold),
                groups=str(most),
                substrate=self.game(case, np.arange(1)).name,
            ),
            self.drawn(len(values), len(order), *silent(apart, ~apart & np.isnan(gains))),
            other=Decided("undecided", nowhere, placed, 0.0, _IN_PLACE)
            if placed.low <= 0 and said == "pass"
            else other,
            nothing=say(FROM_ELSEWHERE)
            if apart.all()
            else say("Whatever group of elements is replaced, the score stays as it is."),
            per_sample=gains[:, None],
        )

    def _of_halfway(self, case: Case, order: Array, own: Array, most: int, gains: Array) -> Decided | None:
        """That no failure of such `gains` is one, where values that no explanation has a part in would be moved, too,
        and hardly less."""
        few = self.afforded(case, len(gains), 2 * (most + 2))
        values = halfway_and_lost(*self._asked_of(case, order[:few], own[:few], most))
        others = _gain(np.stack(values, axis=2))
        found, beyond = AVERAGE.mean(others), AVERAGE.mean(gains[:few] - others)
        if "pass" in {decision(found, self.threshold, self.at_least), decision(beyond, self.threshold, at_least=True)}:
            return None
        return Decided("undecided", say(TOGETHER), found, self.threshold, _OF_HALFWAY, self.at_least)

    def _asked_of(self, case: Case, rows: Array, own: Array, most: int) -> tuple[Game, Array, Array, list[Array]]:
        """What is taken away from the samples: each of the groups of their elements alone."""
        labels = groups_of(case.dataset(), [""] * len(rows), own, most, self.seed)
        alone = [np.eye(int(of.max()) + 1, dtype=bool) for of in labels]
        return self.game(case, rows), own, labels, alone

    def _given_and_lost(self, case: Case, rows: Array, own: Array, most: int) -> Array:
        """(samples, groups, 2) what each group is given, and what the score loses without it; infinite where values are
        measured from another score."""
        known, asked = ~np.isnan(own), self._asked_of(case, rows, own, most)
        game, (given, lost, whole) = asked[0], given_and_lost(*asked)
        apart = self.elsewhere(case, rows, whole, lambda: game.scores(known))
        return np.where(apart[:, None, None], np.inf, np.stack([given, lost], axis=2))


_IN_PLACE = mark("how much better the values fit where they are than anywhere, mean over samples")
_OF_HALFWAY = mark(
    "how much better the mean of what each part adds to nothing and of what is lost without it would fit in other "
    "places, mean over samples"
)


def _gain(values: Array) -> Array:
    """(samples,) gains of the reassignment that fits the other half of the samples best; NaN where no group matters, or
    the score without one is no number."""
    from scipy.optimize import linear_sum_assignment

    given, lost, usable = _usable(values)
    gains = np.full(len(values), np.nan)
    halves = np.arange(len(values)) % 2
    for half in (0, 1):
        learned, tried = (halves != half) & usable, (halves == half) & usable
        misfit = ((given[learned][:, :, None] - lost[learned][:, None, :]) ** 2).sum(axis=0)
        place = linear_sum_assignment(misfit)[1]
        own = ((given[tried] - lost[tried]) ** 2).sum(axis=1)
        moved = ((given[tried] - lost[tried][:, place]) ** 2).sum(axis=1)
        gains[tried] = _compared(own, moved)
    return gains


def _placed(values: Array) -> Array:
    """(samples,) by how much the values fit better where they are than in a random arrangement, as a share of the mean
    misfit over all arrangements, which has a closed form: 0 on average over all of them, and never beyond 1 or -1."""
    given, lost, usable = _usable(values)
    own = ((given - lost) ** 2).sum(axis=1)
    anywhere = (given**2).sum(axis=1) + (lost**2).sum(axis=1)
    anywhere -= 2 * given.sum(axis=1) * lost.sum(axis=1) / given.shape[1]
    return np.where(usable, (anywhere - own) / np.where(usable, anywhere, 1), np.nan)


def _usable(values: Array) -> tuple[Array, Array, Array]:
    """(samples, groups) given and lost, and the samples (samples,) in which a group matters."""
    given, lost = values[..., 0], values[..., 1]
    finite = np.asarray(np.isfinite(values).all(axis=(1, 2)))
    given, lost = (np.where(finite[:, None], part, 0) for part in (given, lost))
    return given, lost, finite & (np.ptp(lost, axis=1) > 0)


def _compared(one: Array, other: Array) -> Array:
    total = one + other
    return np.where(total > 0, (one - other) / np.where(total > 0, total, 1), 0)


ALIKE = 0.01  # of the largest loss: parts that differ by no more, as values may be off, are worth alike


def given_and_lost(game: Game, own: Array, labels: Array, taken: Sequence[Array]) -> tuple[Array, Array, Array]:
    """(samples, sets) what sets of groups are given together, and what the score loses without them, NaN where a sample
    has fewer sets; and its score (samples,). `labels`: (samples, elements); `taken`: of each sample (sets, groups)."""
    known = ~np.isnan(own)
    whole = game.scores(np.zeros_like(known)).astype(np.float64)
    given, lost = np.full((2, len(own), max(map(len, taken))), np.nan)
    for number, there, removed in _sets(labels, taken, known):
        lost[there, number] = (whole - game.scores(removed))[there]
        given[there, number] = np.where(removed, own, 0).sum(axis=1, dtype=np.float64)[there]
    return given, lost, whole


def halfway_and_lost(game: Game, own: Array, labels: Array, taken: Sequence[Array]) -> tuple[Array, Array]:
    """(samples, sets) the mean of what sets of groups add to nothing and of what the score loses without them, and the
    latter. The mean is the Shapley value where no more than two groups bring anything about together."""
    known = ~np.isnan(own)
    whole, nothing = (game.scores(removed).astype(np.float64) for removed in (np.zeros_like(known), known))
    added, lost = np.full((2, len(own), max(map(len, taken))), np.nan)
    for number, there, removed in _sets(labels, taken, known):
        lost[there, number] = (whole - game.scores(removed))[there]
        added[there, number] = (game.scores(known & ~removed) - nothing)[there]
    return (added + lost) / 2, lost


def _sets(labels: Array, taken: Sequence[Array], known: Array) -> Iterator[tuple[int, Array, Array]]:
    """Set by set its number, the samples (samples,) that have so many, and what is in it (samples, elements)."""
    for number in range(max(map(len, taken))):
        there = np.array([number < len(sets) for sets in taken])
        removed = np.array([sets[number % len(sets)][of] for sets, of in zip(taken, labels, strict=True)]) & known
        yield number, there, removed


def groups_of(dataset: Dataset, names: Sequence[object], own: Array, most: int, seed: int) -> Array:
    """(samples, elements) the number of the group of each element; 0 where there is none. `names`: what the groups are
    drawn by; `own`: (samples, elements) the values, NaN where there is no element."""
    known = ~np.isnan(own)
    labels = np.zeros(own.shape, int)
    told = [_told_apart(item, values) for item, values in zip(dataset.inputs, _by_input(dataset, own), strict=True)]
    for sample, name in enumerate(names):
        random, start, used = draws(seed, name, "groups"), 0, 0
        for item, shape in zip(dataset.inputs, told, strict=True):
            size = int(np.prod(shape_of(item)))
            here = known[sample, start : start + size]
            together = size // int(np.prod(shape))
            parts = KINDS[item.kind].groups(shape, here[::together], max(2, most // len(dataset.inputs)), random)
            groups = np.repeat(parts, together)
            labels[sample, start : start + size] = np.where(here, groups + used, 0)
            start, used = start + size, used + int(groups.max()) + 1
        if used > most:  # each input has two at least
            labels[sample] = labels[sample] * most // used
    return labels


def _by_input(dataset: Dataset, own: Array) -> list[Array]:
    """(samples, elements) the values of each input."""
    sizes = [int(np.prod(shape_of(item))) for item in dataset.inputs]
    return np.split(own, np.cumsum(sizes)[:-1], axis=1)


def _told_apart(item: Input, values: Array) -> tuple[int, ...]:
    """The shape of the elements that the values are of, one channel where those of a step always have the same value: a
    window that is replaced in all channels says what the score loses without all of them, and not without one."""
    shape = shape_of(item)
    if not item.traits.timed:
        return shape
    steps = values.reshape(len(values), *shape)
    alike = np.array_equal(steps, np.broadcast_to(steps[..., :1], steps.shape), equal_nan=True)
    return (*shape[:-1], 1) if alike else shape


def _descending(keys: Array, ties: Array) -> Array:
    """(samples, elements) indices from the largest key to the smallest, equal ones in the order of `ties`; NaN last."""
    return np.lexsort((ties, -keys), axis=1)


def _input_alone(case: Case, rows: Array, own: bool) -> Array | None:
    """(samples, elements) how much each element stands out in the input itself, from what stands in for it where that
    is the method's `own`, of a background the mean over its rows; None where nothing is known of that."""
    dataset, baseline = case.dataset().take(rows), case.baseline(rows)
    (item, *others) = dataset.inputs
    control = KINDS[item.kind].control
    if others or control is None or baseline is None:
        return None
    stand_in = case.stand_in(rows) if own else None
    if stand_in is not None and stand_in.shared:
        found = np.mean([control(item, value[np.newaxis]) for value in stand_in.values[item.name]], axis=0)
    else:
        found = control(item, (baseline if stand_in is None else stand_in.values)[item.name])
    return np.asarray(found.reshape(len(rows), -1))
