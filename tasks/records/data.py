"""Datasets: named inputs, labels, splits, and what was left out."""

from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.grouping import Groupings
from exhibit.tasks.records.kinds import TRAITS, Kind, Traits
from exhibit.tasks.records.language import Message, as_given, mark, say
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.shelf import Shelved, chosen, in_memory
from exhibit.tasks.records.shown import printed
from exhibit.tasks.records.spelling import Spelling

Split = Literal["train", "validation", "test", "explain"]
Rows = Literal["explained", "training", "test", "given", "set apart"]  # on which a model is measured


Baseline = (
    Literal["auto", "zero", "black", "mean", "blur", "uniform", "channel_mean", "line", "hidden"]
    | Annotated[str, Field(pattern="^sample:.")]
)


class TableColumn(Record):
    """What a column of a table is to a model that is given whole columns: a number, a truth value, or a category, whose
    number counts the words in `categories`; `counted`, `truths`: whether these were numbers, as codes are, or truth
    values where they came from."""

    name: str
    kind: Literal["number", "truth", "category"]
    categories: tuple[str, ...] = ()
    counted: bool = Field(False, exclude_if=lambda counted: not counted)
    truths: bool = Field(False, exclude_if=lambda truths: not truths)

    def word(self, value: float) -> str | None:
        """What a category or a truth value is in a sample; None for a number."""
        if self.kind == "number":
            return None
        known = self.categories or ("no", "yes")
        return "missing" if np.isnan(value) else known[int(value)]


class Dated(Record):
    """A column of dates, and the feature that counts days back from `latest`, in seconds since 1970."""

    column: str
    feature: str
    latest: float


class Wanted(Record):
    """What a fitted model asks of a table: its columns by name in their order, as they came; those among them that it
    knows as categories. `only`: it can be given nothing else; a model from a function may have been fitted on the parts
    of the data as well. Without `names` it takes the columns as they stand."""

    names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    only: bool = True


class Input(Record):
    """One named array that a model takes, in raw units.

    `values`: table (samples, features); image (samples, height, width, channels); text (samples, tokens) of ids;
    molecule (samples,) of SMILES; series (samples, steps, channels). `features` names what the model is given of a
    table, `columns` what each of these is made of, where a column is a category with a feature for each of its
    values; of a series `features` names the channels, and `times` (steps,) says when its steps are, in `time_unit`.
    `bounds` are the darkest and the brightest value an image can take, `regions` (samples, height, width) where
    something is known to be, `region` its name, `planted` whether samples without one are known to be without it;
    `aligned` ones show the same thing at the same pixel, so that a mean over them has a meaning. `vocabulary`: the
    token that each id of a text stands for, the padding first; `spelling`: where these are words, how a model reads
    them in tokens of its own. `centre`, `spread`: (features,) mean and standard
    deviation of the columns of a table over the training rows, where a net should standardise them; of the channels
    of a series over the training rows and all steps.
    Pictures from files are `Shelved`: `array` has all of them in memory. `whole`: what each feature of a table is that
    is given to the model column by column; then a category is one feature, and NaN is a cell without a value.
    `filled`: (samples, features) where a cell was empty and has what the training rows say, if any was; `absent`: of
    columns where an empty cell is a category of its own, its place among them. `dated`: when its rows are.
    `sizes`: (samples, 2) width and height of the file of each picture, in pixels, before it was framed.
    """

    name: str
    kind: Kind
    values: Array | Shelved
    features: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    regions: Array | Shelved | None = None
    region: Message = Message(mark("the object"))
    planted: bool = False
    aligned: bool = False
    vocabulary: tuple[str, ...] = ()
    spelling: Spelling | None = Field(None, exclude_if=lambda spelling: spelling is None)
    centre: Array | None = None
    spread: Array | None = None
    whole: tuple[TableColumn, ...] = Field((), exclude_if=lambda columns: not columns)
    times: Array | None = Field(None, exclude_if=lambda times: times is None)
    time_unit: str = Field("", exclude_if=lambda unit: not unit)
    filled: Array | None = Field(None, exclude_if=lambda filled: filled is None)
    absent: dict[str, int] = Field(default_factory=dict, exclude_if=lambda absent: not absent)
    dated: tuple[Dated, ...] = Field((), exclude_if=lambda dated: not dated)
    sizes: Array | None = Field(None, exclude_if=lambda sizes: sizes is None)

    def label(self, feature: str) -> str:
        """What a reader calls a feature among those of other inputs; columns of tables have names of their own."""
        return feature if self.traits.named else f"{self.name}, {feature}"

    @property
    def moments(self) -> Array:
        """(steps,) when each step of a series is: their numbers where nothing is said."""
        return np.arange(self.values.shape[1], dtype=np.float64) if self.times is None else self.times

    def when(self, start: float, end: float) -> Message:
        """Some time of a series as a reader calls it: 1.2 to 1.6 s; steps 3 to 5."""
        first, last = printed(start, "g"), printed(end, "g")
        span = Message(first) if start == end else say("{first} to {last}", first=first, last=last)
        if self.time_unit:
            return say("{time} {unit}", time=span, unit=self.time_unit)
        if self.times is not None:
            return say("time {time}", time=span)
        return say("step {time}", time=span) if start == end else say("steps {time}", time=span)

    @property
    def elements(self) -> tuple[str, ...]:
        """The names of the elements, in their order, where they have any: columns; of a series its channels at each
        step."""
        if not self.traits.timed:
            return self.features
        return tuple(f"{name}, {self.when(at, at)}" for at in self.moments.tolist() for name in self.features)

    @property
    def traits(self) -> Traits:
        """What is so of all inputs of this kind."""
        return TRAITS[self.kind]

    @property
    def comparable(self) -> bool:
        """Whether a feature is the same thing in every sample, so that its mean over them has a meaning."""
        return self.aligned or not self.traits.pixels

    @property
    def array(self) -> Array:
        """The values of all samples, in memory."""
        return in_memory(self.values)

    def take(self, rows: Array) -> Self:
        """The same input with only `rows` (indices or a mask over samples), in that order."""
        regions = None if self.regions is None else chosen(self.regions, rows)
        filled, sizes = (None if each is None else each[rows] for each in (self.filled, self.sizes))
        taken = {"values": chosen(self.values, rows), "regions": regions, "filled": filled, "sizes": sizes}
        return self.model_copy(update=taken)

    def fetched(self) -> Self:
        """The same input with all its samples in memory."""
        regions = None if self.regions is None else in_memory(self.regions)
        return self.model_copy(update={"values": self.array, "regions": regions})


class Excluded(Record):
    """A sample that could not be used: nothing is dropped without being listed."""

    sample_id: str
    given: str
    reason: Message


class Label(Record):
    """One of several labels of each sample. `scale`: mean and standard deviation over the training rows of numbers."""

    name: str
    unit: str = ""
    scale: tuple[float, float] | None = None


class Dataset(Record):
    """Samples with labels, in the order in which they are explained and drawn.

    `labels`: (samples,) class indices for a classification, measured values for a regression; (samples, labels) where
    there are `several`: measured values, or 0 and 1 of a multi_label, where any may hold at once.
    `split`: (samples,) of "train" or "test"; with no "test" there is no held-out data; rows of "validation" watch the
    training, so that those of "test" measure it alone; rows of "explain" are given to be explained, do not train a
    model, and measure it where they have a label (else NaN). `names`: (samples,)
    what a reader calls a sample, where that is not its id. `label_scale`: mean and standard deviation of the labels of
    the training rows, where a net should standardise them. `published`: numbers of others on this data, to stand
    beside those measured. `scheme`: what rows to come are read by, where the user's own are.
    `weights`: (samples,) how much a training counts each, where they do not all count alike.
    `groupings`: what samples are grouped by; `load` takes it out, so that asking for groups changes no data.
    """

    title: Message
    description: Message
    source: Message
    task: Literal["classification", "regression", "multi_label"]
    inputs: tuple[Input, ...]
    sample_ids: Array
    labels: Array
    split: Array
    names: Array | None = None
    classes: tuple[str, ...] = ()
    label_name: Message
    label_unit: str = ""
    label_scale: tuple[float, float] | None = None
    excluded: tuple[Excluded, ...] = ()
    published: dict[str, float] = Field(default_factory=dict)
    scheme: dict[str, Any] = Field(default_factory=dict)
    several: tuple[Label, ...] = Field((), exclude_if=lambda several: not several)
    groupings: Groupings | None = Field(None, exclude_if=lambda groupings: groupings is None)
    weights: Array | None = Field(None, exclude_if=lambda weights: weights is None)

    @property
    def labelled(self) -> Array:
        """(samples,) whether the label is known; of several whether all are."""
        known: Array = ~np.isnan(self.labels)
        return np.asarray(known.all(axis=tuple(range(1, known.ndim))))

    @property
    def training_weights(self) -> Array | None:
        """(samples,) the weights in units of their mean over the training rows, in which a loss keeps its size."""
        return None if self.weights is None else self.weights / self.weights[self.split == "train"].mean()

    @property
    def outputs(self) -> tuple[str, ...]:
        """What the outputs of a model of it stand for, in their order."""
        return tuple(label.name for label in self.several) or self.classes or (self.label_name,)

    def about(self, number: int) -> Self:
        """The same with one of several labels alone: a regression, or the two classes of whether it holds."""
        label, values = self.several[number], self.labels[:, number]
        holds = self.task == "multi_label"
        return self.model_copy(
            update={
                "several": (),
                "task": "classification" if holds else "regression",
                "labels": values.astype(np.int64) if holds and not np.isnan(values).any() else values,
                "classes": (f"not {label.name}", label.name) if holds else (),
                "label_name": say("label {name}", name=label.name) if holds else as_given(label.name),
                "label_unit": label.unit,
                "label_scale": label.scale,
            }
        )

    @property
    def arrays(self) -> dict[str, Array]:
        """The values of every input by name, in memory: of data that may be large, `take` some rows first."""
        return {item.name: item.array for item in self.inputs}

    def take(self, rows: Array) -> Self:
        """The same dataset with only `rows` (indices or a mask over samples), in that order."""
        return self.model_copy(
            update={
                "inputs": tuple(item.take(rows) for item in self.inputs),
                "sample_ids": self.sample_ids[rows],
                "labels": self.labels[rows],
                "split": self.split[rows],
                "names": None if self.names is None else self.names[rows],
                "weights": None if self.weights is None else self.weights[rows],
            }
        )

    @property
    def texts(self) -> list[str]:
        """What a page may print of it: titles, names, classes, tokens."""
        inside = (name for item in self.inputs for name in (*item.features, *(item.vocabulary or ())))
        names = (str(name) for names in (self.sample_ids, self.names) if names is not None for name in names.tolist())
        return [
            self.title, self.description, self.source, self.label_name, self.label_unit, *self.classes, *self.outputs,
            *(label.unit for label in self.several), *inside, *names
        ]  # fmt: skip

    @property
    def shelved(self) -> list[str]:
        """The digests of everything that lies on a shelf and not in the record itself."""
        held = (values for item in self.inputs for values in (item.values, item.regions))
        return [digest for values in held if isinstance(values, Shelved) for digest in values.names]

    def fetched(self) -> Self:
        """The same dataset with all its samples in memory."""
        return self.model_copy(update={"inputs": tuple(item.fetched() for item in self.inputs)})


class Reference(Record):
    """Importances of the features of a dataset from something that is not the explained model; `lead`: by how much the
    first of them is ahead; `outputs`: (samples, outputs) what it says itself of every sample, probabilities or values.
    """

    label: Message
    description: Message
    features: tuple[str, ...]
    mean: Array
    standard_error: Array
    lead: Lead
    outputs: Array | None = Field(None, exclude_if=lambda outputs: outputs is None)
