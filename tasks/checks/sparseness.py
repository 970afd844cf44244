"""Sparseness: how few elements carry the explanation; of a picture also, how much they are its edges."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, all_of, known_mean, told
from exhibit.tasks.checks.check import Check, Need
from exhibit.tasks.checks.inference import SHARE
from exhibit.tasks.checks.kinds import KINDS
from exhibit.tasks.orders import spearman
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import Message, mark, say, say_all
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class SparsenessSpec(Check):
    """Gini coefficient of |a| of each explanation: 0 where all elements are equal, 1 - 1/n where one of n has it all.

    Of a picture it also says how the order of |a| correlates with the strength of the edges, for what is called a clear
    map is often one of edges.
    P. Chalasani and others (2020), Concise explanations of neural networks using adversarial training.
    """

    kind: Literal["sparseness"] = "sparseness"
    threshold: float = Field(0.5, ge=0, le=1, description="smallest median Gini coefficient")

    bears: ClassVar[bool] = False  # what is spread over many elements may be right
    null: ClassVar[str] = mark("All elements are given the same: 0.")
    statistic: ClassVar[str] = mark(
        "how unevenly an explanation is spread over its parts (0: evenly; Gini coefficient), median"
    )
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("How few parts carry the explanation?"),
        meaning=mark("few parts carry the explanation"),
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"dataset"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict over all explanations of one method."""
        sizes = [np.abs(shard.flat()) for shard in case.shards()]
        if all(each.shape[1] == 1 for each in sizes):
            reason = say("A single element has no order, and nothing beside it.")
            return CheckResult.not_applicable(self.kind, case.label, reason)
        coefficients = np.concatenate([gini(each) for each in sizes])
        found = SHARE.median(coefficients[:, 0])
        return self.judged(
            case,
            found,
            say_all(
                say(
                    "The Gini coefficient of |a| is {coefficient} in the median over {count} explanations (0: all "
                    "elements alike, near 1: one of many alone).",
                    coefficient=told(found.value, self.threshold),
                    count=f"{found.size:,}",
                ),
                say("Left out are those in which every element is zero.") if found.size < len(coefficients) else "",
                _said_of_edges(_on_edges(case)),
            )
            if found.size
            else say("Every element of every explanation is zero."),
            all_of(len(coefficients), mark("the only explained sample"), mark("explained samples")),
            per_sample=coefficients,
        )


def gini(sizes: Array) -> Array:
    """(samples, targets) Gini coefficients of (samples, elements, targets) sizes, each over its elements that are not
    NaN; NaN where all are zero."""
    count = (~np.isnan(sizes)).sum(axis=1)
    ordered = np.nan_to_num(np.sort(sizes.astype(np.float64), axis=1))  # NaN comes last
    weights = 2 * np.arange(1, sizes.shape[1] + 1)[:, None] - count[:, None] - 1
    total = ordered.sum(axis=1)
    return np.where(total > 0, (weights * ordered).sum(axis=1) / np.where(total > 0, count * total, 1), np.nan)


def _said_of_edges(edges: float | None) -> Message:
    if edges is None or np.isnan(edges):
        return Message()
    return say(
        "In each picture |a| correlates with the strength of the edges by {correlation} on average (Spearman).",
        correlation=told(edges),
    )


def _on_edges(case: Case) -> float | None:
    """Mean rank correlation of |a| of the first target with the edges of each picture; None for other data, NaN where
    no picture has both in some order."""
    item, *others = case.dataset().inputs
    edges = KINDS[item.kind].edges
    if others or edges is None:
        return None
    found, start = [], 0
    for shard in case.shards():
        maps = np.abs(shard.values[item.name][..., 0])
        strength = edges(item.values[start : start + len(maps)])
        start += len(maps)
        if maps.shape == strength.shape:
            found.append(spearman(maps.reshape(len(maps), -1), strength.reshape(len(maps), -1)))
    return known_mean(np.concatenate(found)) if found else None
