"""Checks that take elements away: what stands in for them, and which samples then say something of an explanation."""

from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import Case, chosen, measured_from, sampled
from exhibit.tasks.checks.check import GrowingCheck, Need
from exhibit.tasks.checks.substrates import Game, Substrate, elements, game, is_own
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import Message, mark, say, sayn
from exhibit.tasks.records.verdict import CheckResult

FIRST = 16  # samples of the first look
LAST_BITS = 1e-6  # of a score in single precision
_APART = 0.05  # of what a score is off the one that values are measured from: where they are of another change
_IRREPLACEABLE = mark("The elements of this input cannot be replaced one by one in raw units.")
FROM_ELSEWHERE = mark("The values are measured from another score than that without any element here.")
TOGETHER = mark(
    "Parts stand in for each other or act together, so right values need not follow what the score loses without one."
)


class OnSubstrate(GrowingCheck):
    """A check that takes elements away.

    What the score loses then depends on what stands in for them, and so do right values: an explanation is measured by
    what it compares with itself, a background of rows included. Where that is nothing which an element has, the check
    says so, and a failure does not say that the explanation is wrong.
    """

    substrate: Substrate = Field(
        "baseline",
        description="what stands in for an element that is taken away: `baseline`, what the method itself compares "
        "with or, where elements have none, the usual one of the input; `blur`, the picture out of focus; `noise`, "
        "another explained sample, or random pixels; `conditional`, the explained row that is nearest in the columns "
        "that are left",
    )

    needs: ClassVar[frozenset[Need]] = frozenset({"dataset", "model"})

    def unfit(self, case: Case) -> str:
        """Why the question has no meaning for a method or its inputs; empty where it has one."""
        dataset = case.dataset().take(np.arange(1))
        if case.baseline(np.arange(1)) is None:
            return _IRREPLACEABLE
        if game(self.substrate, case, np.arange(1), self.seed) is None:
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

    def game(self, case: Case, rows: Array, most: int | None = None) -> Game:
        """What the score is without elements of `rows`, after `unfit` has found nothing against it."""
        found = game(self.substrate, case, rows, self.seed, most)
        assert found is not None, "unfit otherwise"
        return found

    def by_base(self, case: Case) -> bool:
        """Whether a sample says something only where the score without any element is the one that its values are
        measured from: something else stands in than what the method compares with, element by element all the same."""
        return case.additive and case.by_element() and not is_own(self.substrate, case)

    def elsewhere(self, case: Case, rows: Array, whole: Array, without: Callable[[], Array]) -> Array:
        """(samples,) True where values are measured from another score than the one `without` any element: they are
        shares of another change than that from the score of the `whole`."""
        if not self.by_base(case):
            return np.zeros(len(rows), bool)
        start, nothing = measured_from(case, rows), without()
        least = np.maximum(_APART * np.abs(whole - start), LAST_BITS * np.abs(whole))
        return ~(np.abs(nothing - start) <= least)

    def afforded(self, case: Case, measured: int, scores: int) -> int:
        """Of so many samples that were measured how many may be asked for so many `scores` again, one at least."""
        each = scores * self.game(case, np.arange(1)).rows
        return max(1, min(measured, (self.max_calls - case.calls()) // each))

    def first(self, case: Case, scores: int, samples: int = FIRST, most: int | None = None) -> int:
        """How many samples a first look has: at most so many, each asking for so many `scores`, for what it may cost;
        `most`: rows of a background."""
        return max(1, min(samples, self.max_calls // (scores * self.game(case, np.arange(1), most).rows)))


def silent(elsewhere: Array, unmoved: Array, together: Array | None = None) -> tuple[Message, ...]:
    """How many samples say nothing, (samples,) True where values are measured `elsewhere`, where whatever is taken away
    the score is the same, or where parts bring about `together` what they do not alone; nothing of what is so of all of
    them, which the sentence says."""
    counts = [0 if some is None else int(some.sum()) for some in (elsewhere, unmoved, together)]
    return tuple(words for words, count in zip(_silent(*counts), counts, strict=True) if 0 < count < len(elsewhere))


def _silent(elsewhere: int, unmoved: int, together: int) -> tuple[Message, Message, Message]:
    return (
        sayn(
            "{number} of them says nothing: its values are measured from another score than that without any element "
            "here",
            "{number} of them say nothing: their values are measured from another score than that without any element "
            "here",
            elsewhere,
        ),
        sayn(
            "{number} of them says nothing: its score does not tell one element from another",
            "{number} of them say nothing: their score does not tell one element from another",
            unmoved,
        ),
        sayn(
            "{number} of them says nothing: its parts stand in for each other or act together",
            "{number} of them say nothing: their parts stand in for each other or act together",
            together,
        ),
    )
