"""Measured properties of explanations, with verdicts; see `check.Check` for what each answers.

A check sees explanations, predictions and a way to explain again, never a framework or a store.
"""

from typing import Annotated, get_args

from pydantic import Field

from exhibit.tasks.checks.agreement import AgreementSpec
from exhibit.tasks.checks.completeness import CompletenessSpec
from exhibit.tasks.checks.concordance import ConcordanceSpec
from exhibit.tasks.checks.faithfulness import AlignmentSpec, DeletionSpec, FaithfulnessCorrelationSpec, InsertionSpec
from exhibit.tasks.checks.localization import LocalizationSpec
from exhibit.tasks.checks.randomization import RandomizationSpec
from exhibit.tasks.checks.sensitivity import SensitivitySpec
from exhibit.tasks.checks.sparseness import SparsenessSpec
from exhibit.tasks.checks.stability import SeedStabilitySpec, StabilitySpec
from exhibit.tasks.records.verdict import CheckWords

CheckSpec = Annotated[
    CompletenessSpec
    | DeletionSpec
    | InsertionSpec
    | FaithfulnessCorrelationSpec
    | ConcordanceSpec
    | AlignmentSpec
    | RandomizationSpec
    | StabilitySpec
    | SeedStabilitySpec
    | AgreementSpec
    | SensitivitySpec
    | SparsenessSpec
    | LocalizationSpec,
    Field(discriminator="kind"),
]

# What a report says of every check that a reader may expect, by name: what is not measured is said to be so.
CHECK_WORDS: dict[str, CheckWords] = {check.option(): check.words for check in get_args(get_args(CheckSpec)[0])}
