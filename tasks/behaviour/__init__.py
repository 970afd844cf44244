"""How a model behaves over many rows; see `case.Question` for what each question answers.

A question sees rows, columns and a model to ask, never a framework or a store.
"""

from typing import Annotated

from pydantic import Field

from exhibit.tasks.behaviour.dependence import DependenceSpec
from exhibit.tasks.behaviour.effects import AccumulatedLocalEffectsSpec, PartialDependenceSpec
from exhibit.tasks.behaviour.interactions import InteractionsSpec
from exhibit.tasks.behaviour.permutation import PermutationImportanceSpec

BehaviourSpec = Annotated[
    PartialDependenceSpec | AccumulatedLocalEffectsSpec | PermutationImportanceSpec | DependenceSpec | InteractionsSpec,
    Field(discriminator="kind"),
]
