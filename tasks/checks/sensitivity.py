"""Sensitivity: does the explanation survive another setting of its method?"""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.checks.case import NO_ORDER, Case, chosen, known_mean, sampled, told, without_order
from exhibit.tasks.checks.check import Need, SampledCheck
from exhibit.tasks.checks.inference import correlations
from exhibit.tasks.orders import spearman
from exhibit.tasks.records.language import joined, mark, say, say_all, sayn
from exhibit.tasks.records.verdict import CheckResult, CheckWords


class SensitivitySpec(SampledCheck):
    """Spearman correlation of |a| with |a| of those methods of the chapter that are the same but for one setting, as
    the amount of background; each a mean over samples for the first target.

    Where a method draws at random, the correlation also holds what another draw would change.
    """

    kind: Literal["sensitivity"] = "sensitivity"
    to: str = Field("background", description="the setting in which methods differ, and in no other")
    threshold: float = Field(0.9, ge=-1, le=1, description="smallest mean Spearman correlation with another setting")

    null: ClassVar[str] = mark("With another setting the order is unrelated: 0.")
    statistic: ClassVar[str] = mark("lowest mean correlation with another setting")
    words: ClassVar[CheckWords] = CheckWords(
        question=mark("Does the explanation survive another setting of its method?"),
        meaning=mark("explanations keep their order with another setting of their method"),
        shows="holds when repeated",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"others", "variants"})

    def measure(self, case: Case) -> CheckResult:
        """The verdict on one method beside those that differ from it in this setting alone."""
        settings = {
            label: differences[self.to] for label, differences in case.variants.items() if set(differences) == {self.to}
        }
        if not settings:
            return CheckResult.not_applicable(
                self.kind,
                case.label,
                say("No other method of the chapter differs in {setting} alone.", setting=self.to),
            )
        order = sampled(case, self.seed)
        rows = order[: self.samples]
        own = np.abs(chosen(case.shards(), rows))
        found = {label: spearman(own, np.abs(chosen(case.others[label](), rows))) for label in settings}
        means = {label: known_mean(values) for label, values in found.items()}
        measured = np.array(list(means.values()))
        known = [found[label] for label in means if not np.isnan(means[label])]
        here = next(iter(settings.values()))[0]
        others = joined(
            [
                say("with {there} by {correlation}", there=str(there), correlation=told(means[label]))
                for label, (_, there) in settings.items()
            ]
        )
        judged = correlations(own.shape[1]).lowest(known or [np.full(1, np.nan)])
        return self.judged(
            case,
            judged,
            say_all(
                sayn(
                    "With {setting} {here} the order of |a| correlates with that {others} ({number} sample).",
                    "With {setting} {here} the order of |a| correlates with that {others} ({number} samples).",
                    len(own),
                    setting=self.to,
                    here=str(here),
                    others=others,
                ),
                NO_ORDER if np.isnan(measured).any() else "",
            ),
            self.drawn(len(rows), len(order), without_order(len(rows) - judged.size, len(rows))),
            details={
                "settings": np.array([str(there) for _, there in settings.values()]),
                "spearman": measured,
            },
        )
