"""How a model behaves over many rows; see `case.Question` for what each question answers.

A question sees rows, columns and a model to ask, never a framework or a store.
"""

from typing import Annotated

from pydantic import Field

from exhibit.tasks.behaviour.effects import AccumulatedLocalEffectsSpec, PartialDependenceSpec
from exhibit.tasks.behaviour.permutation import PermutationImportanceSpec

BehaviourSpec = Annotated[
    PartialDependenceSpec | AccumulatedLocalEffectsSpec | PermutationImportanceSpec,
    Field(discriminator="kind"),
]
