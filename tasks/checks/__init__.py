"""Measured properties of explanations, with verdicts."""

from typing import Annotated

from pydantic import Field

from exhibit.tasks.checks.agreement import AgreementSpec
from exhibit.tasks.checks.completeness import CompletenessSpec
from exhibit.tasks.checks.faithfulness import DeletionSpec, InsertionSpec
from exhibit.tasks.checks.localization import ConcentrationSpec, LocalizationSpec
from exhibit.tasks.checks.randomization import RandomizationSpec
from exhibit.tasks.checks.sensitivity import SensitivitySpec
from exhibit.tasks.checks.sparseness import SparsenessSpec
from exhibit.tasks.checks.stability import SeedStabilitySpec, StabilitySpec

CheckSpec = Annotated[
    CompletenessSpec
    | DeletionSpec
    | InsertionSpec
    | RandomizationSpec
    | StabilitySpec
    | SeedStabilitySpec
    | AgreementSpec
    | SensitivitySpec
    | SparsenessSpec
    | LocalizationSpec
    | ConcentrationSpec,
    Field(discriminator="kind"),
]

# Every check that a reader may expect, and the question that it answers: what is not measured is said to be so.
QUESTIONS = {
    "completeness": "Do the parts add up to the change of the score?",
    "deletion": "Does the score fall when the most important elements are taken away?",
    "insertion": "Does the score rise when only the most important elements are put back?",
    "randomization": "Does the explanation change when the model's weights are random?",
    "stability": "Does a small change of the input leave the explanation alike?",
    "seed_stability": "Does the explanation survive another training?",
    "agreement": "Do different methods say the same?",
    "sensitivity": "Does the explanation survive another setting of its method?",
    "sparseness": "How few elements carry the explanation?",
    "localization": "Does the explanation lie where the object is known to be?",
    "concentration": "Does a known small part stand out in the explanation?",
}
