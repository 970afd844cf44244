"""What a method gives a feature, against the value of the feature: no question to the model at all."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from exhibit.tasks.behaviour.case import Case, Need, Question
from exhibit.tasks.records.behaviour import Against, Dependence


class DependenceSpec(Question):
    """The attributions of the main method against the values of a feature, a dot for each explained row. It shows what
    the report has computed already; the model is not asked.

    S. Lundberg and others (2020), From local explanations to global understanding with explainable AI for trees.
    """

    kind: Literal["dependence"] = "dependence"
    rows: int = Field(
        1_000, ge=1, le=10_000, description="explained rows that are drawn, at most; at random where there are more"
    )

    needs: ClassVar[frozenset[Need]] = frozenset({"attributions"})

    def answer(self, case: Case) -> Dependence:
        """Of the features with the largest mean |a|."""
        found = case.attributions()
        rows = case.drawn(self.rows, self.seed, np.arange(len(found.values)))
        outputs, of = np.unique(found.targets[rows], return_inverse=True)
        items = []
        for place, column in enumerate(case.columns[: self.features]):
            words = column.categories or ("no", "yes") if column.kind != "number" else ()
            items.append(
                Against(
                    feature=column.title, words=words, seen=found.codes[rows, place], values=found.values[rows, place]
                )
            )
        asked = case.asked(rows, len(found.values), self.seed)
        return Dependence(
            asked=asked.model_copy(update={"splits": tuple(dict.fromkeys(found.splits[rows].tolist()))}),
            method=found.method,
            outputs=tuple(case.outputs[output] for output in outputs.tolist()),
            of=of,
            items=tuple(items),
            total=len(case.columns),
        )

    def most_calls(self, _: int, __: int) -> int:
        """None: the attributions are there."""
        return 0
