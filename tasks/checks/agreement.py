"""Agreement: different methods say the same."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import NO_ORDER, Case, chosen, known_mean, sampled, told, without_order
from exhibit.tasks.checks.check import Need, SampledCheck
from exhibit.tasks.checks.inference import Estimate, correlations
from exhibit.tasks.orders import equal_signs, jaccard, pearson, spearman
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import COMMA, Message, as_given, joined, mark, say, say_all, sayn
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class AgreementSpec(SampledCheck):
    """Correlation of a, Spearman correlation of |a|, overlap of the top elements (Jaccard) and share of equal signs,
    for each pair of methods of a chapter, each a mean over samples for the first target. Signs are compared where they
    mean the same: that of a slope is not that of a contribution, and sizes have none.

    Methods whose values are parts of one score are compared by the correlation of these values (Pearson), others, such
    as a slope and a contribution, by that of the order of |a|. These may differ without either being wrong: they count
    where there are no partners but such, and the result then does not speak against a finding. The verdict is on the
    median partner: one method that is unlike all others says something about itself, not about them. Methods whose
    order correlates by the threshold and more, on average over their pairs, are one group.

    S. Krishna and others (2022), The disagreement problem in explainable machine learning.
    """

    kind: Literal["agreement"] = "agreement"
    top: float = Field(0.1, gt=0, le=1, description="share of the elements that count as the top, at least one")
    threshold: float = Field(0.6, ge=-1, le=1, description="smallest mean correlation with the median partner")

    null: ClassVar[str] = mark("What elements are given has nothing to do with what other methods give them: 0.")
    statistic: ClassVar[str] = mark(
        "how like the other method it is, or of several the one in the middle (mean correlation; 1: the same)"
    )
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Do different methods say the same?"),
        meaning=mark("different methods say the same"),
        shows="holds when repeated",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"others"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method beside all others of its chapter that have the same elements."""
        order = sampled(case, self.seed)
        rows = order[: self.samples]
        own = chosen(case.shards(), rows)
        others = {label: chosen(shards(), rows) for label, shards in sorted(case.others.items())}
        same = {label: values for label, values in others.items() if values.shape == own.shape}
        if not same:
            return CheckResult.not_applicable(
                self.kind, case.label, say("No other method of the chapter has a value for each of the same elements.")
            )
        orders = [spearman(np.abs(own), np.abs(values)) for values in same.values()]
        # Where there is no order, which elements are the top is an accident.
        tops = [
            np.where(np.isnan(correlation), np.nan, jaccard(own, values, self.top))
            for correlation, values in zip(orders, same.values(), strict=True)
        ]
        rank, overlap = (np.array([known_mean(values) for values in measured]) for measured in (orders, tops))
        signs = np.array(
            [
                known_mean(equal_signs(own, values)) if label in case.signs_alike else np.nan
                for label, values in same.items()
            ]
        )
        by_value = {label: case.in_score and label in case.in_score_too for label in same}
        likeness = [
            pearson(own, same[label]) if by_value[label] else correlation
            for label, correlation in zip(same, orders, strict=True)
        ]
        partners = [values for label, values in zip(same, likeness, strict=True) if by_value[label]] or likeness
        groups = _groups({case.label: own, **same}, self.threshold)
        found = _of_median_partner(partners, own.shape[1])
        return self.judged(
            case,
            found,
            say_all(
                sayn(
                    "Of {number} sample: {partners}.",
                    "Over {number} samples: {partners}.",
                    len(own),
                    partners=joined(
                        [
                            self._beside(
                                label,
                                known_mean(c) if by_value[label] else None,
                                r,
                                o,
                                s if label in case.signs_alike else None,
                            )
                            for label, c, r, o, s in zip(same, likeness, rank, overlap, signs, strict=True)
                        ]
                    ),
                ),
                NO_ORDER if np.isnan(rank).any() else "",
                _said_of(groups, case.label),
            ),
            self.drawn(len(rows), len(order), without_order(len(rows) - found.size, len(rows))),
            bears=any(by_value.values()),
            details={
                "others": np.array(list(same)),
                "spearman": rank,
                "likeness": np.array([known_mean(values) for values in likeness]),
                "jaccard": overlap,
                "signs": signs,
                "groups": np.array([", ".join(group) for group in groups]),
            },
        )

    def _beside(self, label: str, values: float | None, rank: float, overlap: float, signs: float | None) -> Message:
        """How like another method is; `values`: the correlation of these, and `signs`, where they can be compared."""
        likeness = {"method": label, "rank": told(rank), "top": f"{self.top:.0%}", "overlap": told(overlap)}
        if signs is None:
            return say("with {method} Spearman {rank}, top {top} overlap {overlap}", **likeness)
        likeness["signs"] = told(signs, unit="%")
        if values is None:
            return say(
                "with {method} Spearman {rank}, top {top} overlap {overlap}, equal signs {signs}",
                **likeness,
            )
        return say(
            "with {method} Pearson {values}, Spearman {rank}, top {top} overlap {overlap}, equal signs {signs}",
            values=told(values),
            **likeness,
        )


def _of_median_partner(orders: Sequence[Array], elements: int) -> Estimate:
    """The mean correlation with the partner that is in the middle; of two in the middle the mean of both, sample by
    sample."""
    known = sorted(
        (values for values in orders if not np.isnan(values).all()),
        key=lambda values: (known_mean(values), values.tolist()),
    )
    if not known:
        return correlations(elements).mean(np.full(1, np.nan))
    middle = known[(len(known) - 1) // 2 : len(known) // 2 + 1]
    return correlations(elements).mean(np.mean(middle, axis=0))


def _groups(explanations: Mapping[str, Array], threshold: float) -> list[list[str]]:
    """Labels of methods that say the same, by average linkage; those without any order are alone."""
    from scipy.cluster.hierarchy import fcluster, linkage

    labels = list(explanations)
    distance = [
        1 - _same_order(np.abs(explanations[a]), np.abs(explanations[b]))
        for k, a in enumerate(labels)
        for b in labels[k + 1 :]
    ]
    numbers = fcluster(linkage(np.maximum(distance, 0), "average"), 1 - threshold, "distance")
    return [
        [label for label, number in zip(labels, numbers, strict=True) if number == group]
        for group in dict.fromkeys(numbers.tolist())
    ]


def _same_order(one: Array, other: Array) -> float:
    """Mean Spearman correlation; of two without any order 1 if they are the same."""
    found = known_mean(spearman(one, other))
    return found if not np.isnan(found) else float(np.allclose(one, other, equal_nan=True))


def _said_of(groups: Sequence[Sequence[str]], label: str) -> str:
    """Which methods say the same, where not all do; a lone one beside a group is named as such."""
    if len(groups) == 1:
        return ""
    alone = [group[0] for group in groups if len(group) == 1]
    if len(alone) == 1 and len(groups) == 2:
        if alone[0] == label:
            return say("By ranks of sizes over all methods, it is alone with its order: the others agree.")
        return say(
            "By ranks of sizes over all methods, {method} is alone with its order: the others agree.", method=alone[0]
        )
    return say(
        "By ranks of sizes over all methods, {count} groups have orders of their own: {groups}.",
        count=str(len(groups)),
        groups=joined([joined([as_given(label) for label in group], COMMA) for group in groups]),
    )
