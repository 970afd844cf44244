"""What a check found."""

from typing import Literal, Self

from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.language import Message

Verdict = Literal["pass", "fail", "undecided", "not assessed", "not applicable"]

# What has to be known of an explanation before it is trusted, each shown by any of several checks.
Shows = Literal["follows the score", "depends on what was learned", "holds when repeated"]


class CheckWords(Record):
    """What a report says of a check beside its results: the `question` that it answers, what is known where it passes,
    its `meaning`, and which of the things that a trusted explanation must have it `shows`, if any."""

    question: str
    meaning: str
    shows: Shows | None = None


class CheckResult(Record):
    """A measured property of an explanation with a threshold and a verdict.

    `verdict` is "undecided" when the 95% `interval` of `value` holds the `threshold`, "not assessed" when nothing was
    measured and "not applicable" when it has no meaning for the method; `sentence` says in words what was measured, or
    why not. `null`: the hypothesis that would be true of an explanation without merit; `statistic`: what `value` is;
    `sample`: what it was measured on, and how that was chosen; `calls`: samples that went through the model for it;
    `further`: what would decide it, where it is undecided, or what else than the threshold
    decided; `at_least`: whether what passes is above the threshold, or below; `bears`: whether an explanation that
    fails it is wrong.
    """

    check: str
    method: str
    verdict: Verdict
    required: bool
    value: float | None = None
    interval: tuple[float, float] | None = None  # None: everything there is was measured, or nothing
    threshold: float | None = None
    sentence: Message
    null: Message = Message()
    statistic: Message = Message()
    sample: Message = Message()
    calls: int = 0
    further: Message = Message()
    bears: bool = True
    at_least: bool = True
    per_sample: Array | None = None  # (samples, targets)
    details: dict[str, Array] = Field(default_factory=dict)

    @property
    def over_trainings(self) -> bool:
        """Whether it compares trainings: `details` then hold the "share" (trainings, features) of each importance, and
        over the trainings "mean", "standard_deviation", "best_rank" and "worst_rank" (features,)."""
        return "share" in self.details

    @property
    def beside_others(self) -> bool:
        """Whether it compares methods: `details` then hold "others", their labels, and with each of them "spearman",
        "jaccard" and "signs"."""
        return "others" in self.details

    @property
    def of_region(self) -> bool:
        """Whether it measured what lies in a known region: `details` then hold for each sample the shares of the
        "positive" attribution and of the "area" (samples,) there."""
        return "positive" in self.details

    @property
    def cascade(self) -> tuple[tuple[str, ...], Array] | None:
        """Where more and more layers were made random, from the top down: the layer that each step reached, and the
        correlation (steps,) with the trained model after it."""
        if "spearman" not in self.details or "layers" not in self.details:
            return None
        return tuple(map(str, self.details["layers"].tolist())), self.details["spearman"]

    @classmethod
    def not_applicable(cls, check: str, method: str, sentence: str) -> Self:
        """Of a check that has no meaning here, and so fails nothing."""
        return cls(check=check, method=method, verdict="not applicable", required=False, sentence=sentence)
