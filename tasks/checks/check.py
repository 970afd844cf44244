"""What every check answers: its question, its words, what it needs, and the one call that measures. No particular check
belongs here."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from exhibit.tasks.checks.case import Case, all_of
from exhibit.tasks.checks.inference import LEVEL, Decision, Estimate, Estimator, decision, further, until_decided
from exhibit.tasks.records.base import Array, Choice
from exhibit.tasks.records.language import Message, joined, mark, say
from exhibit.tasks.records.verdict import CheckResult, CheckWords

# What a check takes of a case beside the explanations themselves: it is measured again when that changes.
Need = Literal["dataset", "model", "others", "variants", "trainings"]


class Decided(NamedTuple):
    """What gives the verdict in the place of the threshold of a check, and `why`: the number that decides it, which is
    an `estimate` of a `statistic` held against a `threshold` of its own."""

    verdict: Decision
    why: str
    estimate: Estimate
    threshold: float
    statistic: str
    at_least: bool = True


class Check(Choice):
    """A measured property of an explanation. A new check says its `words`, its `null` hypothesis and `statistic`, has
    the fields `threshold` and `required`, and says how to `measure`; for all else there is a default."""

    words: ClassVar[CheckWords]
    null: ClassVar[str]  # what would be true of an explanation without merit
    statistic: ClassVar[str]  # what is compared with the threshold
    bears: ClassVar[bool] = True  # whether an explanation that fails it says something wrong
    at_least: ClassVar[bool] = True  # whether what passes is above the threshold, or below
    needs: ClassVar[frozenset[Need]] = frozenset()

    kind: str
    threshold: float
    required: bool = Field(False, description="a failure marks the page and the exit code")

    @property
    def trainings(self) -> int:
        """How many trainings it compares at first, the reported one among them."""
        return 1

    def further_trainings(self, found: CheckResult) -> int:
        """How many trainings more than those of a result it takes, as far as that is known; 0: no more."""
        del found  # a check that compares trainings reads it
        return 0

    @abstractmethod
    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method of a chapter."""

    def judged(
        self,
        case: Case,
        found: Estimate,
        sentence: str,
        sample: str,
        things: str = mark("samples"),
        threshold: float | None = None,
        other: Decided | None = None,
        nothing: str = "",
        **beside: Any,
    ) -> CheckResult:
        """The result of an estimate: by its interval, or that of the `other` number which decides in its place.

        `sample`: what was measured, in words; `nothing`: why nothing could be; `things`: of what more would narrow the
        interval; `threshold`: where it is not that of the config.
        """
        limit = self.threshold if threshold is None else threshold
        common: dict[str, Any] = {
            "check": self.kind,
            "method": case.label,
            "null": self.null,
            "statistic": self.statistic,
            "bears": beside.pop("bears", self.bears),
            "at_least": self.at_least,
        }
        if not found.size:
            return CheckResult(
                **common,
                verdict="not assessed",
                required=self.required,
                sentence=nothing or sentence,
                sample=sample,
                calls=case.calls(),
                **beside,
            )
        if other is None:
            said = decision(found, limit, self.at_least)
            why = further(found, limit, self.at_least, things) if said == "undecided" else ""
            other = Decided(said, why, found, limit, self.statistic, self.at_least)
        return CheckResult(
            **common | {"statistic": other.statistic, "at_least": other.at_least},
            verdict=other.verdict,
            required=self.required,
            value=other.estimate.value,
            interval=other.estimate.interval,
            threshold=other.threshold,
            sentence=sentence,
            sample=sample,
            calls=case.calls(),
            further=other.why,
            **beside,
        )


class SampledCheck(Check):
    """A check of some of the explained samples, drawn at random."""

    samples: int = Field(200, ge=1, le=1_000_000, description="most samples that are measured")
    seed: int = Field(
        0, ge=0, lt=2**32, description="of all that is drawn at random: the samples, and what is done to them"
    )

    def drawn(self, measured: int, explained: int, *silent: Message) -> Message:
        """Which samples were measured, in words, and how many of them are `silent` for which reason."""
        return joined([self._drawn(measured, explained), *silent])

    def _drawn(self, measured: int, explained: int) -> Message:
        if measured == explained:
            return all_of(explained, mark("the only explained sample"), mark("explained samples"))
        return say(
            "{measured} of {explained} explained samples, drawn at random (seed {seed}) in proportion to the explained "
            "output and its score",
            measured=f"{measured:,}",
            explained=f"{explained:,}",
            seed=str(self.seed),
        )


class GrowingCheck(SampledCheck):
    """A check that calls the model, on a sample that grows until it decides or has cost what it may."""

    max_calls: int = Field(
        20_000, ge=1, le=10**9, description="most samples that go through the model before it stops to grow"
    )

    def grown(
        self,
        case: Case,
        measure: Callable[[int, int], Array],
        estimate: Estimator,
        start: int,
        most: int,
        threshold: Callable[[], float] | None = None,
        settled: Callable[[Array, float], bool] = lambda *_: True,
    ) -> tuple[Array, Estimate]:
        """The values `measure(start, stop)` of as many samples or draws as it takes, at most `most`. `settled`: whether
        all else that bears on the verdict is decided, too; `threshold`: where it follows from what was measured."""

        def affordable(done: int, wanted: int) -> bool:
            return case.calls() / done * wanted <= self.max_calls

        def decided(values: Array, level: float) -> bool:
            limit = self.threshold if threshold is None else threshold()
            first = decision(estimate(values, level), limit, self.at_least)
            return first == "fail" or (first == "pass" and settled(values, level))

        values = until_decided(measure, decided, start, most, affordable)
        return values, estimate(values, LEVEL)
