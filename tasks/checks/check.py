"""What every check answers: its question, its words, what it needs, and the one call that measures. No particular check
belongs here."""

from abc import abstractmethod
from typing import ClassVar, Literal

from exhibit.tasks.checks.case import Case
from exhibit.tasks.records.base import Choice
from exhibit.tasks.records.verdict import CheckResult, CheckWords

# What a check takes of a case beside the explanations themselves: it is measured again when that changes.
Need = Literal["dataset", "model", "others", "variants", "trainings"]


class Check(Choice):
    """A measured property of an explanation. A new check says its `words`, has the fields `threshold` and
    `required`, and says how to `measure`; for all else there is a default."""

    words: ClassVar[CheckWords]
    needs: ClassVar[frozenset[Need]] = frozenset()

    @property
    def trainings(self) -> int:
        """How many trainings it compares, the reported one among them."""
        return 1

    @abstractmethod
    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method of a chapter."""
