"""Faithfulness: the elements that an explanation names are the ones the score hangs on, and by as much as it says."""

from abc import abstractmethod
from collections.abc import Sequence
from itertools import combinations
from math import comb
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, chosen, draws, sampled, told, written
from exhibit.tasks.checks.check import Decided, GrowingCheck, Need
from exhibit.tasks.checks.inference import AVERAGE, LEVEL, SHARE, Decision, Estimate, correlations, decision
from exhibit.tasks.checks.kinds import KINDS
from exhibit.tasks.checks.substrates import NAMES, Substrate, Without, elements, shape_of, without
from exhibit.tasks.orders import pearson
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.language import Message, as_message, mark, say, say_all
from exhibit.tasks.records.verdict import CheckResult, CheckWords

_IRREPLACEABLE = mark("The elements of this input cannot be replaced one by one in raw units.")
FIRST = 16  # samples of the first look
_LAST_PLACES = 1e-9  # of areas that are the same


class _OnSubstrate(GrowingCheck):
    """A check that takes elements away."""

    substrate: Substrate = Field(
        "baseline",
        description="what stands in for an element that is taken away: `baseline`, the usual one of the input; `blur`, "
        "the picture out of focus; `noise`, another explained sample, or random pixels; `conditional`, the explained "
        "row that is nearest in the columns that are left",
    )

    needs: ClassVar[frozenset[Need]] = frozenset({"dataset", "model"})

    def unfit(self, case: Case) -> str:
        """Why the question has no meaning for a method or its inputs; empty where it has one."""
        dataset = case.dataset().take(np.arange(1))
        if case.baseline(np.arange(1)) is None:
            return _IRREPLACEABLE
        if without(self.substrate, case, np.arange(1), self.seed) is None:
            return say("The substrate {substrate} has no meaning for these inputs.", substrate=repr(self.substrate))
        values = next(case.shards()).flat()
        if values.shape[1] != elements(dataset.inputs):
            return _IRREPLACEABLE
        return "" if values.shape[1] > 1 else say("A single element has no order, and nothing beside it.")

    def measure(self, case: Case) -> CheckResult:
        """The verdict on the first target of one method."""
        if reason := self.unfit(case):
            return CheckResult.not_applicable(self.kind, case.label, reason)
        order = sampled(case, self.seed)
        return self.measured(case, order, chosen(case.shards(), order))

    @abstractmethod
    def measured(self, case: Case, order: Array, own: Array) -> CheckResult:
        """The verdict by the attributions `own` (samples, elements) of all samples in a random `order`."""

    def taken_away(self, case: Case, rows: Array) -> Without:
        """How elements of `rows` are taken away, after `unfit` has found nothing against it."""
        found = without(self.substrate, case, rows, self.seed)
        assert found is not None, "unfit otherwise"
        return found


class _Curve(_OnSubstrate):
    """Area under the score while the elements with the largest attribution are replaced, or restored, from none to all,
    beside the areas of random orders on the same substrate: the share of random orders that the explanation's beats,
    one half for an order without meaning. A second control is an order that knows the input and not the model: the
    strength of edges, or the distance from the baseline. What is not better than that cannot pass.

    The substrate is the same for every method, whatever it compares with itself: else their areas were of different
    curves. What fills up a shorter sample is no element.

    V. Petsiuk, A. Das, K. Saenko (2018), RISE: randomized input sampling for explanation of black-box models.
    """

    steps: int = Field(10, ge=1, le=1000, description="fractions between no element and all")
    orders: int = Field(10, ge=2, le=10_000, description="random orders for each sample")
    threshold: float = Field(0.75, ge=0, le=1, description="smallest mean share of random orders that are beaten")

    null: ClassVar[str] = mark("The order of the explanation is no better than a random one: it beats half of them.")
    statistic: ClassVar[str] = mark("share of random orders that are beaten")
    better: ClassVar[int]  # 1 where a larger area is better, -1 where a smaller one is

    def measured(self, case: Case, order: Array, own: Array) -> CheckResult:
        """By the areas of its order, of random ones and of the second control."""
        values, found = self.grown(
            case,
            lambda start, stop: self._areas(case, order[start:stop], own[start:stop]),
            lambda areas, level: SHARE.mean(self._beaten(areas, areas[:, 2:]), level),
            FIRST,
            min(self.samples, len(order)),
            settled=lambda areas, level: self._settled(self._wins(areas, level)),
        )
        areas, random, wins = values[:, 0], values[:, 2:], self._wins(values)
        beaten = self._beaten(values, random)
        name = as_message(KINDS[case.dataset().inputs[0].kind].control_name)
        return self.judged(
            case,
            found,
            say_all(
                say(
                    "The order of the explanation beats {share} of {orders} random orders of each sample (mean area "
                    "{area}, at random {random}; {better}; elements replaced by: {substrate}; Wilcoxon's p {p}).",
                    share=told(found.value, self.threshold, "%"),
                    orders=str(self.orders),
                    area=written(float(areas.mean()), ".3g"),
                    random=written(float(random.mean()), ".3g"),
                    better=say("a larger one is better") if self.better > 0 else say("a smaller one is better"),
                    substrate=NAMES[self.substrate],
                    p=f"{self._p_value(areas, random):.2g}",
                ),
                say(
                    "It beats the order of {control} in {share} of the samples.",
                    control=name,
                    share=told(wins.value, 0.5, "%"),
                )
                if wins
                else "",
            ),
            self.drawn(len(values), len(order)),
            other=self._by_control(found, wins, name),
            nothing=say("Whichever elements are replaced, and in which order, the score stays as it is."),
            per_sample=beaten[:, None],
            details={
                "curve": self._curves(case, order[: len(values)], own[: len(values)]),
                "areas": values,
            },
        )

    def _p_value(self, areas: Array, random: Array) -> float:
        """Of the paired test that the areas are those of random orders."""
        from scipy.stats import wilcoxon

        difference = self.better * (areas - random.mean(axis=1))
        return float(wilcoxon(difference).pvalue) if np.abs(difference).max() > 0 else 1.0

    def _wins(self, areas: Array, level: float = LEVEL) -> Estimate | None:
        """In how many samples the order beats that which knows the input alone; None without one."""
        found = SHARE.mean(self._beaten(areas, areas[:, 1:2]), level)
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

    def _beaten(self, areas: Array, others: Array) -> Array:
        """(samples,) share of the areas `others` (samples, orders) that are worse than the first; a draw is half. NaN
        where there are no others, and where all areas are the same: then no order can be better."""
        area, every = areas[:, :1], areas[:, [0, *range(2, areas.shape[1])]]
        better = self.better * (area - others)
        tolerance = _LAST_PLACES * np.maximum(np.abs(area), np.abs(others))
        found = np.where(np.abs(better) <= tolerance, 0.5, better > 0).mean(axis=1)
        same = np.ptp(every, axis=1) <= _LAST_PLACES * np.abs(every).max(axis=1)
        return np.where(same | np.isnan(others).any(axis=1) | np.isnan(areas[:, 0]), np.nan, found)

    def _areas(self, case: Case, rows: Array, own: Array) -> Array:
        """(samples, 2 + orders): of the explanation's order, of the order that knows the input alone (NaN without one),
        and of random ones; few samples at a time, since each has as many orders of all its elements."""
        parts = [
            self._areas_of(case, rows[start : start + FIRST], own[start : start + FIRST])
            for start in range(0, len(rows), FIRST)
        ]
        return np.concatenate(parts)

    def _areas_of(self, case: Case, rows: Array, own: Array) -> Array:
        known, away = ~np.isnan(own), self.taken_away(case, rows)
        ends = self._scores(case, rows, away, np.argsort(-own, axis=1, kind="stable"), known, (0, self.steps))
        control = _input_alone(case, rows)
        orders = [own, *([] if control is None else [control])]
        # One draw more than there are orders: it decides between elements that an order holds to be equal.
        names = case.dataset().sample_ids[rows].tolist()
        chance = np.array([draws(self.seed, name, "orders").random((self.orders + 1, own.shape[1])) for name in names])
        orders += list(np.moveaxis(chance[:, 1:], 1, 0))
        areas = [
            self._area(case, rows, away, _descending(np.where(known, keys, np.nan), chance[:, 0]), known, ends)
            for keys in orders
        ]
        if control is None:
            areas.insert(1, np.full(len(rows), np.nan))
        return np.array(areas).T

    def _area(self, case: Case, rows: Array, away: Without, order: Array, known: Array, ends: Array) -> Array:
        between = self._scores(case, rows, away, order, known, range(1, self.steps))
        return np.trapezoid(np.concatenate([ends[:1], between, ends[1:]]), dx=1 / self.steps, axis=0)

    def _scores(
        self, case: Case, rows: Array, away: Without, order: Array, known: Array, steps: range | tuple[int, ...]
    ) -> Array:
        """(steps, samples) scores with so many elements of the order replaced, or restored."""
        place, count = np.argsort(order, axis=1), known.sum(axis=1, keepdims=True)
        removed = [place < np.round(step / self.steps * count) for step in steps]
        scores = [case.score(away(mask if self.better < 0 else ~mask), rows) for mask in removed]
        return np.array(scores).reshape(len(scores), len(rows))

    def _curves(self, case: Case, rows: Array, own: Array) -> Array:
        """(steps + 1,) mean score in the order of the explanation."""
        order = np.argsort(-own, axis=1, kind="stable")
        scores = self._scores(case, rows, self.taken_away(case, rows), order, ~np.isnan(own), range(self.steps + 1))
        return np.asarray(scores.mean(axis=1))


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


class OfValues(_OnSubstrate):
    """A check of what elements are given, not of their order alone."""

    def unfit(self, case: Case) -> str:
        """Also where values are no parts of the score."""
        if not case.in_score:
            return say("Its values are slopes or sizes, not parts of the score that could be lost.")
        return super().unfit(case)


class FaithfulnessCorrelationSpec(OfValues):
    """Correlation of what groups of elements are given with how much the score falls when they are taken away, the
    mean over samples. Groups are single elements or, where there are many, so many parts of the sample: patches of a
    picture, passages of a text. They are taken away one by one, or as many `together`, always the same number: that
    more is missed when more is taken explains nothing.

    It sees what an order alone does not: values that belong to other elements, or are too large for one. Where either
    of two elements would do, taking one of them away loses nothing: more `together` find that.

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
        values, found = self.grown(
            case,
            lambda start, stop: self._correlations(case, order[start:stop], own[start:stop]),
            correlations(min(self.groups, own.shape[1])).mean,
            FIRST,
            min(self.samples, len(order)),
        )
        return self.judged(
            case,
            found,
            say(
                "What groups of elements are given correlates by {correlation} with how much the score falls without "
                "them (mean over samples; at most {groups} groups, {together} taken away together; elements replaced "
                "by: {substrate}).",
                correlation=told(found.value, self.threshold),
                groups=str(self.groups),
                together=str(self.together),
                substrate=NAMES[self.substrate],
            ),
            self.drawn(len(values), len(order)),
            nothing=say("Whatever group of elements is replaced, the score falls alike."),
            per_sample=values[:, None],
        )

    def _correlations(self, case: Case, rows: Array, own: Array) -> Array:
        """(samples,) correlations: 0 for an explanation without differences, NaN where the score always falls alike."""
        names = case.dataset().sample_ids[rows].tolist()
        labels = groups_of(case.dataset(), names, ~np.isnan(own), self.groups, self.seed)
        taken = [self._taken(int(of.max()) + 1, name) for of, name in zip(labels, names, strict=True)]
        given, lost, whole = given_and_lost(case, rows, own, self.taken_away(case, rows), labels, taken)
        found = pearson(given, lost)
        least = np.maximum(_LAST_BITS * np.abs(whole), ALIKE * np.nanmax(np.abs(lost), axis=1))
        changes = np.nanmax(lost, axis=1) - np.nanmin(lost, axis=1) > least
        return np.where(changes, np.nan_to_num(found), np.nan)

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
    Values that fit no better where they are than anywhere have no place to be moved from: that is undecided.

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
        values, found = self.grown(
            case,
            lambda start, stop: self._given_and_lost(case, order[start:stop], own[start:stop]),
            lambda parts, level: AVERAGE.mean(_gain(parts), level),
            2 * FIRST,
            min(self.samples, len(order)),
            settled=lambda parts, level: AVERAGE.mean(_placed(parts), level).low > 0,
        )
        gains, placed = _gain(values), AVERAGE.mean(_placed(values))
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
                groups=str(self.groups),
                substrate=NAMES[self.substrate],
            ),
            self.drawn(len(values), len(order)),
            other=Decided("undecided", nowhere, placed, 0.0, _IN_PLACE)
            if placed.low <= 0 and decision(found, self.threshold, False) == "pass"
            else None,
            nothing=say("Whatever group of elements is replaced, the score stays as it is."),
            per_sample=gains[:, None],
        )

    def _given_and_lost(self, case: Case, rows: Array, own: Array) -> Array:
        """(samples, groups, 2) what each group is given, and what the score loses without it."""
        labels = groups_of(case.dataset(), [""] * len(rows), ~np.isnan(own), self.groups, self.seed)
        alone = [np.eye(int(of.max()) + 1, dtype=bool) for of in labels]
        given, lost, _ = given_and_lost(case, rows, own, self.taken_away(case, rows), labels, alone)
        return np.stack([given, lost], axis=2)


_IN_PLACE = mark("how much better the values fit where they are than anywhere, mean over samples")


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
    """(samples,) by how much the values fit better where they are than in a random arrangement, in the terms of a gain:
    the mean misfit over all arrangements has a closed form."""
    given, lost, usable = _usable(values)
    own = ((given - lost) ** 2).sum(axis=1)
    anywhere = (given**2).sum(axis=1) + (lost**2).sum(axis=1)
    anywhere -= 2 * given.sum(axis=1) * lost.sum(axis=1) / given.shape[1]
    return np.where(usable, _compared(anywhere, own), np.nan)


def _usable(values: Array) -> tuple[Array, Array, Array]:
    """(samples, groups) given and lost, and the samples (samples,) in which a group matters."""
    given, lost = values[..., 0], values[..., 1]
    usable = np.isfinite(values).all(axis=(1, 2)) & (np.ptp(lost, axis=1) > 0)
    return np.nan_to_num(given), np.nan_to_num(lost), usable


def _compared(one: Array, other: Array) -> Array:
    total = one + other
    return np.where(total > 0, (one - other) / np.where(total > 0, total, 1), 0)


_LAST_BITS = 1e-6  # of a score in single precision
ALIKE = 0.01  # of the largest loss: parts that differ by no more, as values may be off, are worth alike


def given_and_lost(
    case: Case, rows: Array, own: Array, away: Without, labels: Array, taken: Sequence[Array]
) -> tuple[Array, Array, Array]:
    """(samples, sets) what sets of groups are given together, and what the score loses without them, NaN where a sample
    has fewer sets; and its score (samples,). `labels`: (samples, elements); `taken`: of each sample (sets, groups)."""
    known = ~np.isnan(own)
    whole = case.score(away(np.zeros_like(known)), rows).astype(np.float64)
    given, lost = np.full((2, len(rows), max(map(len, taken))), np.nan)
    for number in range(given.shape[1]):
        there = np.array([number < len(sets) for sets in taken])
        removed = np.array([sets[number % len(sets)][of] for sets, of in zip(taken, labels, strict=True)]) & known
        lost[there, number] = (whole - case.score(away(removed), rows))[there]
        given[there, number] = np.where(removed, own, 0).sum(axis=1, dtype=np.float64)[there]
    return given, lost, whole


def groups_of(dataset: Dataset, names: Sequence[object], known: Array, most: int, seed: int) -> Array:
    """(samples, elements) the number of the group of each element; 0 where there is none. `names`: what the groups are
    drawn by."""
    labels = np.zeros(known.shape, int)
    for sample, name in enumerate(names):
        random, start, used = draws(seed, name, "groups"), 0, 0
        for item in dataset.inputs:
            shape = shape_of(item)
            size = int(np.prod(shape))
            here = known[sample, start : start + size]
            groups = KINDS[item.kind].groups(shape, here, max(2, most // len(dataset.inputs)), random)
            labels[sample, start : start + size] = np.where(here, groups + used, 0)
            start, used = start + size, used + int(groups.max()) + 1
        if used > most:  # each input has two at least
            labels[sample] = labels[sample] * most // used
    return labels


def _descending(keys: Array, ties: Array) -> Array:
    """(samples, elements) indices from the largest key to the smallest, equal ones in the order of `ties`; NaN last."""
    return np.lexsort((ties, -keys), axis=1)


def _input_alone(case: Case, rows: Array) -> Array | None:
    """(samples, elements) how much each element stands out in the input itself; None where nothing is known of that."""
    dataset, baseline = case.dataset().take(rows), case.baseline(rows)
    (item, *others) = dataset.inputs
    control = KINDS[item.kind].control
    if others or control is None or baseline is None:
        return None
    return control(item, baseline[item.name]).reshape(len(rows), -1)
