"""What a chapter is made of: everything that figures, tables and sentences are drawn from."""

from collections.abc import Mapping

from tasks.records import (
    Aggregate,
    Array,
    CheckResult,
    Dataset,
    Kind,
    Performance,
    Record,
    Reference,
    Summary,
)

Scales = Mapping[str, float]  # unit of measure -> largest value of its colour scale


class MethodMaterial(Record):
    """One method of a chapter. `values[input]`: (shown, ..., targets) with channels summed; `prediction`,
    `base_value` and `residual`: (shown, targets). `steps`: smallest, median and largest number over all
    explanations."""

    label: str
    title: str
    formula: str
    citation: str
    additive: bool
    aggregate: Aggregate
    parameters: dict[str, str]
    departure: str  # what differs from the definition, where a published variant is reproduced
    baseline: str | None
    place: str
    unit: str
    values: dict[str, Array]
    mask: dict[str, Array]
    prediction: Array
    base_value: Array
    residual: Array
    steps: tuple[int, int, int]
    converged: float
    summary: Summary
    checks: tuple[CheckResult, ...]

    @property
    def mean_unit(self) -> str:
        """The unit of a mean over samples: it has a colour scale of its own, or it would be too pale to read."""
        return f"{self.unit}, mean over images"


class Material(Record):
    """One chapter. `dataset` holds the shown samples only; `labels`, `outputs`, `split` all of them.

    `top_k`: how many of the most important features are drawn, None for all.
    `shown`: (shown,) their rows in the whole data; `targets`: (shown, targets) output indices.
    """

    slug: str
    title: str
    data_kind: str
    dataset: Dataset
    labels: Array
    outputs: Array
    split: Array
    explained: int
    explained_split: str
    selection_reason: str
    shown: Array
    targets: Array
    target_names: tuple[str, ...]
    score: str
    score_unit: str
    framework: str
    architecture: str
    parameters: int
    training: str
    history: dict[str, Array]
    performance: Performance
    reference: Reference | None
    methods: tuple[MethodMaterial, ...]
    top_k: int | None

    @property
    def kind(self) -> Kind:
        """The kind of the first input, which decides what the chapter looks like."""
        return self.dataset.inputs[0].kind

    @property
    def main(self) -> MethodMaterial:
        """The method that the front page shows: the last additive one, else the last."""
        additive = [method for method in self.methods if method.additive]
        return (additive or list(self.methods))[-1]

    def sample_name(self, row: int) -> str:
        """What a reader calls a shown sample."""
        names = self.dataset.names if self.dataset.names is not None else self.dataset.sample_ids
        return str(names[row])

    def output_name(self, output: int) -> str:
        """What a reader calls an output of the model."""
        return self.dataset.classes[output] if self.dataset.classes else self.dataset.label_name
