"""What a chapter is made of: everything that figures, tables and sentences are drawn from.

The sentences themselves do not belong here: they are made in `document`, from these numbers.
"""

from collections.abc import Mapping
from typing import Self

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.behaviour import Behaviour
from exhibit.tasks.records.data import Dataset, Reference, Rows, Split
from exhibit.tasks.records.datasheet import Datasheet
from exhibit.tasks.records.explanation import Aggregate, Analogue, Cases, Cost, Summary, bonds_of
from exhibit.tasks.records.figure import Diagram, Ladder, Palette, Swarm
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import Message, mark, say
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.model import Performance
from exhibit.tasks.records.quality import Quality
from exhibit.tasks.records.subgroups import ForWhom
from exhibit.tasks.records.verdict import CheckResult

# Where a method looks that looks at no layer: behind the preprocessing of a net, or before all that the model does.
AT_THE_INPUT, AT_THE_DATA = mark("the input of the net"), mark("the input as the data gives it")

Scales = Mapping[str, float]  # what a colour scale is called -> its largest value


class Maps(Record):
    """What is drawn of an image: `values` (shown, height, width, targets) in `unit`. `limits`: (shown, targets), where
    values are shares of a limit that is not the shared one."""

    values: Array
    unit: Message
    limits: Array | None = None


class Words(Record):
    """The words of all explained texts, the one with the largest sum of |a| first: in how many texts each stands, how
    often, and mean and mean size of its attribution there."""

    names: tuple[str, ...]
    texts: Array
    times: Array
    mean: Array
    mean_absolute: Array


class MethodMaterial(Record):
    """One method of a chapter. `values[input]`: (shown, ..., targets) with channels summed; `prediction`,
    `base_value` and `residual`: (shown, targets). `steps`: smallest, median and largest number over all
    explanations."""

    label: str
    title: Message
    formula: Message
    citation: Message
    additive: bool
    aggregate: Aggregate
    parameters: dict[str, str]
    departure: Message  # what differs from the definition, where a published variant is reproduced
    baseline: Message | None
    place: Message
    unit: Message
    values: dict[str, Array]
    mask: dict[str, Array]
    prediction: Array
    base_value: Array
    residual: Array
    steps: tuple[int, int, int]
    converged: float
    summary: Summary
    checks: tuple[CheckResult, ...]
    maps: dict[str, Maps] = Field(default_factory=dict)  # of each image
    scales: dict[str, Message] = Field(default_factory=dict)  # of each input, what its colour scale is called
    swarm: Swarm | None = None
    lead: Lead | None = None  # of the feature that matters most, by |a|, where samples can be followed by feature
    words: Words | None = None  # of texts that a model reads by a tokenizer of its own
    ladder: Ladder | None = None  # where steps were refined
    tolerance: float | None = None  # to which, where they were; means over draws or rows have no ladder
    sampling_gap: Array | None = None  # (shown, targets), where draws are averaged
    draw_residual: Array | None = None  # (shown, targets), mean |residual| of the draws
    cost: Cost | None = None  # of all explanations, where it is known
    relative_error: float | None = None  # standard error of an element over draws as a share of mean |a|, median
    background: int | None = None  # rows that were drawn to compare with, where any were

    def of(self, name: str) -> Self:
        """What the method says about one of several inputs; nothing that is about all of them together."""
        summary = self.summary.model_copy(
            update={
                "importances": tuple(item for item in self.summary.importances if item.input == name),
                "class_means": {key: means for key, means in self.summary.class_means.items() if key == name},
                "profiles": {key: sizes for key, sizes in self.summary.profiles.items() if key == name},
                "inputs": (),
            }
        )
        values = {key: array for key, array in self.values.items() if key == name}
        maps = {key: item for key, item in self.maps.items() if key == name}
        whole = {"checks": (), "swarm": None, "lead": None, "ladder": None}
        return self.model_copy(update={"values": values, "summary": summary, "maps": maps, **whole})

    def with_bonds(self, name: str) -> list[Array]:
        """What it says of an input, and of the bonds in it where it does."""
        return [self.values[key] for key in (name, bonds_of(name)) if key in self.values]

    def scale(self, name: str) -> Message:
        """What the colour scale of an input is called: the unit, and the method where it shares it with no other."""
        return self.scales.get(name, self.unit)

    def mean_scale(self, name: str) -> Message:
        """That of a mean over samples: it has a colour scale of its own, or it would be too pale to read."""
        return say("{scale}, mean over images", scale=self.scale(name))

    @property
    def signed(self) -> bool:
        """Whether its values say up or down; sizes do not."""
        return self.aggregate == "raw"

    @property
    def refined(self) -> bool:
        """Whether its steps were added until a tolerance was met, or until there were no more."""
        return self.tolerance is not None or self.converged < 1

    @property
    def sizes(self) -> str:
        """What its values are, where they have no sign."""
        return {"raw": "", "abs": mark("absolute values"), "square": mark("squares")}[self.aggregate]


class Material(Record):
    """One chapter. `dataset` holds the shown samples only; `labels`, `outputs`, `split` all of them.

    `top_k`: how many of the most important features are drawn, None for all.
    `shown`: (shown,) their rows in the whole data; `targets`: (shown, targets) output indices; `bonds`: for each of
    them what a reader calls its bonds, where it is a molecule.
    """

    slug: str
    title: Message
    data_kind: Message
    dataset: Dataset
    labels: Array
    outputs: Array
    split: Array
    explained: int
    explained_split: Message
    selection_reason: Message
    shown: Array
    bonds: tuple[tuple[Message, ...], ...] = ()
    targets: Array
    target_names: tuple[str, ...]
    score: str
    score_unit: Message
    score_note: Message = Message()  # how the score differs from what is published
    framework: str
    architecture: Message
    parameters: int
    training: Message
    diagram: Diagram | None = None  # of the net
    probabilities: Array | None = None  # (shown, outputs), of a classification
    trained: bool = True  # here, on the training rows; False where its weights were given
    not_seen: bool = False  # the user says that no row of the data trained it
    stopped_by_test: bool = False  # the rows that measure the model may also have stopped its training
    history: dict[str, Array]
    performance: Performance
    quality: Quality | None = None  # in more than one number; None without labels
    datasheet: Datasheet | None = None  # None where nobody looked
    groups: ForWhom | None = None  # for whom it is how good; None where nobody asks
    reference: Reference | None
    methods: tuple[MethodMaterial, ...]
    top_k: int | None
    overlay: float = 0.0  # opacity of maps on the image; 0: on white
    palette: Palette = "diverging"
    picture_width: float | None = None  # of each picture of a sample on paper, in millimetres, where one is asked for
    percentile: float | None = None  # of all |a| on a scale, where the scale of maps ends
    own_scales: bool = False  # each molecule is coloured on a scale of its own
    coloured: float = 1.0  # share of the atoms of a molecule that are coloured, the strongest
    cases: Cases = Cases()  # by their rows among the shown samples
    analogues: tuple[Analogue, ...] = ()  # pairs of explained molecules that are largely alike
    behaviour: tuple[Behaviour, ...] = ()  # what was asked about the model over many rows
    whole: bool = True  # False for one of several inputs, whose parts do not add up to the score by themselves

    @property
    def kind(self) -> Kind:
        """The kind of the first input, which decides what the chapter looks like."""
        return self.dataset.inputs[0].kind

    def of(self, name: str) -> Self:
        """The same chapter about one of several inputs alone."""
        chosen = tuple(item for item in self.dataset.inputs if item.name == name)
        return self.model_copy(
            update={
                "slug": f"{self.slug}-{name}",
                "dataset": self.dataset.model_copy(update={"inputs": chosen}),
                "methods": tuple(method.of(name) for method in self.methods),
                "reference": None,
                "behaviour": (),
                "whole": False,
            }
        )

    @property
    def measured_rows(self) -> Rows:
        """Which rows the quality of the model was measured on: explained, test, training, or given or set
        apart of them, where nothing is known of what the model has seen."""
        metrics = self.performance.metrics
        return self.rows_of(metrics[0].split if metrics else "test" if (self.split == "test").any() else "train")

    def rows_of(self, split: Split) -> Rows:
        """What the rows of a split are. Of a model that came trained nobody says what trained it; a part of the rows
        that were given with it may still be set apart as a test."""
        if split == "explain":
            return "explained"
        if self.trained:
            return "training" if split == "train" else "test"
        return "set apart" if split == "test" and bool((self.split == "train").any()) else "given"

    def true_output(self, row: int) -> int | None:
        """The class of a shown sample; None where it has no label."""
        label = self.dataset.labels[row]
        return None if np.isnan(label) else int(label)

    @property
    def main(self) -> MethodMaterial:
        """The method that the front page shows: the last additive one, else the last."""
        additive = [method for method in self.methods if method.additive]
        return (additive or list(self.methods))[-1]

    @property
    def drawn(self) -> tuple[MethodMaterial, ...]:
        """The methods as figures have them: the main one first, so that it has the same colour in all of them."""
        return (self.main, *(method for method in reversed(self.methods) if method is not self.main))

    def sample_name(self, row: int) -> str:
        """What a reader calls a shown sample."""
        names = self.dataset.names if self.dataset.names is not None else self.dataset.sample_ids
        return str(names[row])

    def output_name(self, output: int) -> str:
        """What a reader calls an output of the model."""
        return self.dataset.classes[output] if self.dataset.classes else self.dataset.label_name
