"""The frozen records that travel between stages, and how they become bytes.

Arrays inside a record are numpy arrays. `pack` writes a record as one `.npz` without pickle, the same bytes
for the same content; `unpack` reads it back and validates it.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

Array = NDArray[Any]
Arrays = Mapping[str, Array]  # input name -> values, first axis samples
Kind = Literal["table", "image", "text", "molecule"]
Split = Literal["train", "validation", "test", "explain"]
Verdict = Literal["pass", "fail", "not assessed", "not applicable"]
Baseline = Literal["auto", "zero", "black", "mean", "blur", "uniform"] | Annotated[str, Field(pattern="^sample:.")]
Paper = Literal["A4", "letter"]
Aggregate = Literal["raw", "abs", "square"]
Palette = Literal["diverging", "keras_example"]  # keras_example: green and red light, as published


class InputError(ValueError):
    """Something the user gave cannot be used; the message says what, where and what to do."""


class Record(BaseModel):
    """A frozen record; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Spec(BaseModel):
    """The validated configuration of one choice; it stands beside the function that it configures."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def _some(value: Any) -> Any:
    return {} if value is None else value


# Null stands for none: Hydra lets a value of its own replace null, but adds no key to an empty dictionary.
Words = Annotated[dict[str, str], BeforeValidator(_some)]
Files = Annotated[dict[str, Path], BeforeValidator(_some)]
Arguments = Annotated[dict[str, JsonValue], BeforeValidator(_some)]


# --- data -------------------------------------------------------------------------------------------------


class Shelf(Protocol):
    """What keeps bytes by their sha256, as the store does."""

    def put(self, data: bytes, *, durably: bool = True) -> str:
        """Keeps `data`, if not `durably` without waiting for the disk; gives its digest."""
        ...

    def get(self, digest: str) -> bytes:
        """The bytes of that digest."""
        ...


class Shelved:
    """(samples, *sample) numbers that lie on a shelf sample by sample, a byte each: choosing samples names them,
    indexing fetches them, so that the whole need not fit into memory.

    `digests`: (samples,) of the bytes of each sample, in ASCII; `dtype`: what its numbers are given as.
    """

    def __init__(self, digests: Array, sample: tuple[int, ...], dtype: str, shelf: Shelf) -> None:
        self.digests, self.sample, self.dtype = digests, sample, np.dtype(dtype)
        self._shelf = shelf

    @property
    def shape(self) -> tuple[int, ...]:
        return len(self.digests), *self.sample

    def __len__(self) -> int:
        return len(self.digests)

    def __getitem__(self, rows: Any) -> Array:
        """The numbers of one sample, or of several by indices, slice or mask."""
        wanted = self.digests[rows]
        if not isinstance(wanted, np.ndarray):
            return self._fetched(wanted).astype(self.dtype)
        found = np.empty((len(wanted), *self.sample), self.dtype)
        for row, digest in enumerate(wanted):
            found[row] = self._fetched(digest)
        return found

    def __iter__(self) -> Iterator[Array]:
        """One sample at a time."""
        return (self[row] for row in range(len(self)))

    def chosen(self, rows: Array) -> "Shelved":
        """Only these samples (indices or a mask), none of which is fetched."""
        return Shelved(self.digests[rows], self.sample, self.dtype.name, self._shelf)

    @property
    def names(self) -> list[str]:
        """The digests of all samples, each once."""
        return [digest.decode() for digest in dict.fromkeys(self.digests.tolist())]

    def _fetched(self, digest: bytes) -> Array:
        return np.frombuffer(self._shelf.get(digest.decode()), np.uint8).reshape(self.sample)


def in_memory(values: Array | Shelved) -> Array:
    """All samples, fetched where they lie on a shelf."""
    return values[:] if isinstance(values, Shelved) else values


def chosen(values: Array | Shelved, rows: Array) -> Array | Shelved:
    """Only these samples (indices or a mask); none is fetched."""
    return values.chosen(rows) if isinstance(values, Shelved) else values[rows]


class Input(Record):
    """One named array that a model takes, in raw units.

    `values`: table (samples, features); image (samples, height, width, channels); text (samples, tokens) of
    ids; molecule (samples,) of SMILES. `features` names the columns of a table. `bounds` are the darkest and
    the brightest value an image can take, `regions` (samples, height, width) where its known object is;
    `aligned` ones show the same thing at the same pixel, so that a mean over them has a meaning.
    `vocabulary`: the token that each id of a text stands for, the padding first. `centre`, `spread`: (features,) mean
    and standard deviation of the columns of a table over the training rows, where a net should standardise them.
    Pictures from files are `Shelved`: `array` has all of them in memory.
    """

    name: str
    kind: Kind
    values: Array | Shelved
    features: tuple[str, ...] = ()
    bounds: tuple[float, float] | None = None
    regions: Array | Shelved | None = None
    aligned: bool = False
    vocabulary: tuple[str, ...] = ()
    centre: Array | None = None
    spread: Array | None = None

    def label(self, feature: str) -> str:
        """What a reader calls a feature among those of other inputs; columns of tables have names of their own."""
        return feature if self.kind == "table" else f"{self.name}, {feature}"

    @property
    def array(self) -> Array:
        """The values of all samples, in memory."""
        return in_memory(self.values)

    def take(self, rows: Array) -> Self:
        """The same input with only `rows` (indices or a mask over samples), in that order."""
        regions = None if self.regions is None else chosen(self.regions, rows)
        return self.model_copy(update={"values": chosen(self.values, rows), "regions": regions})

    def fetched(self) -> Self:
        """The same input with all its samples in memory."""
        regions = None if self.regions is None else in_memory(self.regions)
        return self.model_copy(update={"values": self.array, "regions": regions})


class Excluded(Record):
    """A sample that could not be used: nothing is dropped without being listed."""

    sample_id: str
    given: str
    reason: str


class Dataset(Record):
    """Samples with labels, in the order in which they are explained and drawn.

    `labels`: (samples,) class indices for a classification, measured values for a regression.
    `split`: (samples,) of "train" or "test"; with no "test" there is no held-out data; rows of "validation" watch the
    training, so that those of "test" measure it alone; rows of "explain" are given to be explained, do not train a
    model, and measure it where they have a label (else NaN). `names`: (samples,)
    what a reader calls a sample, where that is not its id. `label_scale`: mean and standard deviation of the labels of
    the training rows, where a net should standardise them. `published`: numbers of others on this data, to stand
    beside those measured. `scheme`: what rows to come are read by, where the user's own are.
    """

    title: str
    description: str
    source: str
    task: Literal["classification", "regression"]
    inputs: tuple[Input, ...]
    sample_ids: Array
    labels: Array
    split: Array
    names: Array | None = None
    classes: tuple[str, ...] = ()
    label_name: str
    label_unit: str = ""
    label_scale: tuple[float, float] | None = None
    excluded: tuple[Excluded, ...] = ()
    published: dict[str, float] = {}
    scheme: dict[str, Any] = {}

    @property
    def labelled(self) -> Array:
        """(samples,) whether the label is known."""
        return ~np.isnan(self.labels)

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
            }
        )

    @property
    def shelved(self) -> list[str]:
        """The digests of everything that lies on a shelf and not in the record itself."""
        held = (values for item in self.inputs for values in (item.values, item.regions))
        return [digest for values in held if isinstance(values, Shelved) for digest in values.names]

    def fetched(self) -> Self:
        """The same dataset with all its samples in memory."""
        return self.model_copy(update={"inputs": tuple(item.fetched() for item in self.inputs)})


class Reference(Record):
    """Importances of the features of a dataset from something that is not the explained model."""

    label: str
    description: str
    features: tuple[str, ...]
    mean: Array
    standard_error: Array


# --- model ------------------------------------------------------------------------------------------------

OutputKind = Literal["logits", "probabilities", "values"]


class Weights(Record):
    """A trained model: ordered arrays; the architecture is rebuilt from its spec. `history` has a value per epoch."""

    arrays: dict[str, Array]
    history: dict[str, Array] = {}
    parameters: int


class Prediction(Record):
    """`outputs`: (samples, outputs) of the model for every sample of the dataset, raw as the model gives them."""

    kind: OutputKind
    outputs: Array


class Metric(Record):
    """A measured quality: `value` on `count` samples of `split`, with a 95% interval where one is known."""

    name: str
    value: float
    split: Split
    count: int
    interval: tuple[float, float] | None = None


class Performance(Record):
    metrics: tuple[Metric, ...]
    confusion: Array | None = None  # (true, predicted) counts on the rows of the metrics


# --- explanation ------------------------------------------------------------------------------------------


class Selection(Record):
    """Which rows are explained, which of them are drawn, and what is explained about each.

    `explained`: (samples,) row indices into the dataset; `shown`: positions within `explained`, in the order
    of drawing; `targets`: (samples, targets) output indices; `target_names`: what each target column is.
    """

    explained: Array
    shown: Array
    targets: Array
    target_names: tuple[str, ...]
    reason: str


class Attribution(Record):
    """What one method says about some samples.

    `values[name]`: (samples, ..., targets) signed attribution of every element of an input (or of a layer);
    channels are kept. `mask[name]`: (samples, elements) True where an element exists, for ragged inputs.
    `prediction`: (samples, targets), the score S(x). `base_value`: S(x'), `residual`: sum a - (S(x) - S(x')),
    both NaN where a method is not additive. `steps`: gradient evaluations along the path, 0 if none;
    `converged` is False where refinement stopped at its limit.

    With sampling `values` and `residual` are means over the draws, `steps` those of the longest. `moments[name]`:
    (samples, elements, ..., targets, 3) means over the draws of a, |a| and a**2, each summed over channels, and
    `standard_error[name]` of these means, from the means per baseline where there are several. `sampling_gap`:
    (samples, targets), the mean difference of the score over the draws less S(x) - S(x'), which no number of steps can
    close. `draw_residual`, `draw_difference`: (samples, targets), means over the draws of the absolute residual and of
    the absolute difference of the score, in which draws that are off in opposite directions do not cancel.
    `bypassed`: (samples, targets) True where the score also depends on the inputs by ways around the hidden
    layer, so that its elements cannot add up.
    `raw_factor`: (samples, targets), where a published variant multiplies by differences in raw units: by how much they
    are larger than those that the model sees; NaN where there is no difference.
    `ladder`: (samples, targets, passes, 3), what each pass of a refinement said: gradient evaluations so far (0 where
    it had stopped before), residual, and change of the attribution since the last pass as a share of its L1 (NaN in
    the first).
    """

    sample_ids: Array
    targets: Array
    values: dict[str, Array]
    mask: dict[str, Array] = {}
    prediction: Array
    base_value: Array
    residual: Array
    steps: Array
    converged: Array
    moments: dict[str, Array] = {}
    standard_error: dict[str, Array] = {}
    sampling_gap: Array | None = None
    draw_residual: Array | None = None
    draw_difference: Array | None = None
    bypassed: Array | None = None
    raw_factor: Array | None = None
    ladder: Array | None = None

    def rows(self, chosen: slice) -> Self:
        """The given samples."""
        return self.model_validate(_each_array(lambda array: array[chosen], self))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The samples of all parts in order; ragged ones are padded to the longest."""

        def join(*arrays: Array) -> Array:
            shape = np.max([array.shape[1:] for array in arrays], axis=0).astype(int) if arrays[0].ndim > 1 else []
            return np.concatenate(
                [
                    np.pad(
                        array, [(0, 0), *((0, want - have) for want, have in zip(shape, array.shape[1:], strict=True))]
                    )
                    for array in arrays
                ]
            )

        return cls.model_validate(_each_array(join, *parts))


def _each_array(change: Callable[..., Array], *parts: Attribution) -> dict[str, Any]:
    """`change` applied to every array of the parts, field by field."""
    fields = [dict(part) for part in parts]
    return {
        name: {key: change(*(field[name][key] for field in fields)) for key in first}
        if isinstance(first, dict)
        else change(*(field[name] for field in fields))
        for name, first in fields[0].items()
        if first is not None
    }


class Cost(Record):
    """What explanations took: gradient evaluations and plain evaluations of the model, or at most so many."""

    gradients: int = 0
    evaluations: int = 0
    at_most: bool = False


class Importance(Record):
    """Attributions of one input summarised over samples, per feature.

    `mean` of a, `mean_absolute` of |a|, `mean_square` of a**2, `count` samples in which the feature occurs: each
    (features,), a being the attribution after `aggregate` (with square, the sum of squares over channels). Features
    are ranked by `mean_absolute`; `standard_error` is its own over samples.
    """

    input: str
    target: str
    features: tuple[str, ...]
    mean: Array
    mean_absolute: Array
    mean_square: Array
    standard_error: Array
    count: Array
    aggregate: Aggregate


class Analogue(Record):
    """Two explained molecules that are largely alike. `common`: (atoms, 2), atoms of the first and their partners in
    the second. Of each: name, SMILES, contributions (atoms,), prediction and base value."""

    names: tuple[str, str]
    smiles: tuple[str, str]
    values: tuple[Array, Array]
    predictions: tuple[float, float]
    base_values: tuple[float, float]
    common: Array


class InputSummary(Record):
    """What one of several inputs contributes as a whole, by sample.

    `total`: sum of a, `absolute`: sum of |a| over its elements, both (samples, targets); `median`: (targets,) of a
    over all elements of all samples.
    """

    input: str
    total: Array
    absolute: Array
    median: Array


class Summary(Record):
    """Attributions of one method over all explained samples.

    `class_means[input]`: (classes, height, width, targets) mean attribution of an image by true class. `inputs`: one
    for each input of several.
    """

    importances: tuple[Importance, ...]
    class_means: dict[str, Array] = {}
    inputs: tuple[InputSummary, ...] = ()


class CheckResult(Record):
    """A measured property of an explanation with a threshold and a verdict.

    `verdict` is "not assessed" when nothing was measured and "not applicable" when it has no meaning for
    the method; `sentence` says in words what was measured, or why not.
    """

    check: str
    method: str
    verdict: Verdict
    required: bool
    value: float | None = None
    threshold: float | None = None
    sentence: str
    per_sample: Array | None = None  # (samples, targets)
    details: dict[str, Array] = {}

    @classmethod
    def not_applicable(cls, check: str, method: str, sentence: str) -> Self:
        """Of a check that has no meaning here, and so fails nothing."""
        return cls(check=check, method=method, verdict="not applicable", required=False, sentence=sentence)


# --- document ---------------------------------------------------------------------------------------------


class Scale(Record):
    """One shared zero-centred colour scale: values in [-limit, limit] of `unit`, in the colours of `palette`."""

    unit: str
    limit: float
    palette: Palette = "diverging"


class Series(Record):
    """Numbers drawn together: one bar per label, with error bars where known."""

    name: str
    values: Array
    errors: Array | None = None
    reference: bool = False


class Bars(Record):
    """Horizontal bars, one group per label. `signed` colours by sign and centres the axis on zero."""

    kind: Literal["bars"] = "bars"
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str
    signed: bool = False


class BarPanels(Record):
    """Small multiples: one panel of horizontal bars per series, all with the same labels and the same axis.
    `facets`: what each panel is, by the name of a filter."""

    kind: Literal["bar_panels"] = "bar_panels"
    labels: tuple[str, ...]
    panels: tuple[Series, ...]
    axis: str
    signed: bool = False
    facets: dict[str, tuple[str, ...]] = {}


class Cell(Record):
    """One picture of an image grid. `pixels`: (height, width, 1 or 3) in 0..1, or (height, width) of signed
    values to colour by the scale with index `scale`. `beneath`: (height, width, 1 or 3) in 0..1, a picture that the
    colours are laid over with `opacity`, in the colours of `palette`. `title` stands above, `note` below, either may be
    empty."""

    pixels: Array
    scale: int | None = None
    beneath: Array | None = None
    opacity: float = 0.8
    palette: Palette = "diverging"
    title: str = ""
    note: str = ""
    alt: str


class Images(Record):
    """Rows of pictures with one heading per column. `width`: of each on paper, in millimetres, where the page has
    room; None: as usual. `facets`: what each row is, by the name of a filter."""

    kind: Literal["images"] = "images"
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | None, ...], ...]  # None leaves the place empty
    row_labels: tuple[str, ...] = ()
    width: float | None = None
    facets: dict[str, tuple[str, ...]] = {}


class Molecule(Record):
    """One molecule. `values`: (atoms,) contributions in the order of the atoms of the SMILES; NaN: none is shown.

    They are coloured by the scale with index `scale`, or on one of its own that ends at `limit`; where `coloured`
    (atoms,) is False there is no colour. `like`: the SMILES of a molecule that it is drawn over, and `common`
    (atoms, 2): atoms of `like` and their partners here, which lie in the same place.
    """

    smiles: str
    values: Array
    scale: int = 0
    limit: float | None = None
    coloured: Array | None = None
    like: str = ""
    common: Array | None = None
    title: str = ""
    note: str = ""
    alt: str


class Molecules(Record):
    """Molecules in the order of reading, or where there are `columns` in rows of as many, under these headings.

    `numbers`: whether atoms carry their values.
    """

    kind: Literal["molecules"] = "molecules"
    items: tuple[Molecule, ...]
    columns: tuple[str, ...] = ()
    numbers: bool = True


class Scatter(Record):
    """Points with the line of identity, for a parity plot. Groups are drawn in order, `reference` ones grey."""

    kind: Literal["scatter"] = "scatter"
    x: tuple[Series, ...]
    y: tuple[Series, ...]
    x_label: str
    y_label: str


class Curves(Record):
    """Values per epoch."""

    kind: Literal["curves"] = "curves"
    series: tuple[Series, ...]
    x_label: str
    y_label: str


class Matrix(Record):
    """Counts of (true, predicted), or of `correlations` in [-1, 1] between the labels, NaN for a pair not compared."""

    kind: Literal["matrix"] = "matrix"
    labels: tuple[str, ...]
    counts: Array
    x_label: str
    y_label: str
    correlations: bool = False


class Swarm(Record):
    """Attributions of the most important features, sample by sample.

    `values`: (samples, features) attributions of the first target; `shades`: the same shape, the feature's own value
    as a share of its range, NaN where it has none.
    """

    kind: Literal["swarm"] = "swarm"
    labels: tuple[str, ...]
    values: Array
    shades: Array
    axis: str


class Ranks(Record):
    """Where each label stands in several orders: `counts` (labels, places), the first place first."""

    kind: Literal["ranks"] = "ranks"
    labels: tuple[str, ...]
    counts: Array
    axis: str


class Waterfall(Record):
    """Contributions that lead from `start` to `end`, in the order in which they are drawn."""

    kind: Literal["waterfall"] = "waterfall"
    title: str = ""
    labels: tuple[str, ...]
    values: Array
    start: float
    end: float
    start_label: str
    end_label: str
    axis: str


class Waterfalls(Record):
    """Small multiples: a waterfall per sample, all on one axis. `facets`: what each is, by the name of a filter."""

    kind: Literal["waterfalls"] = "waterfalls"
    panels: tuple[Waterfall, ...]
    facets: dict[str, tuple[str, ...]] = {}


class Ladder(Record):
    """A refinement, pass by pass. `steps`: (passes,) gradient evaluations so far. Of the drawn samples, (samples,
    passes), NaN where one had stopped: `residual` as a share of the difference that is explained, `change` of the
    attribution since the last pass as a share of its L1. `converged`: (samples,). `stopped`: (passes,) how many of all
    explanations stopped there; the last ones may not have met the `tolerance`.
    """

    kind: Literal["ladder"] = "ladder"
    names: tuple[str, ...]
    steps: Array
    residual: Array
    change: Array
    converged: Array
    stopped: Array
    tolerance: float


class Node(Record):
    """A box of a diagram; `after`: names of the boxes that lead to it."""

    name: str
    label: str
    after: tuple[str, ...] = ()


class Diagram(Record):
    """Boxes from left to right, each right of all that lead to it."""

    kind: Literal["diagram"] = "diagram"
    nodes: tuple[Node, ...]


class TokenLine(Record):
    """One text: its tokens, and for each the value that colours it."""

    title: str
    tokens: tuple[str, ...]
    values: Array
    note: str = ""
    alt: str


class Tokens(Record):
    """Texts whose tokens are coloured by the first scale of the figure, with their numbers below. `facets`: what each
    text is, by the name of a filter."""

    kind: Literal["tokens"] = "tokens"
    items: tuple[TokenLine, ...]
    facets: dict[str, tuple[str, ...]] = {}


Content = Annotated[
    Bars
    | BarPanels
    | Images
    | Molecules
    | Scatter
    | Curves
    | Matrix
    | Swarm
    | Waterfall
    | Waterfalls
    | Ladder
    | Diagram
    | Tokens
    | Ranks,
    Field(discriminator="kind"),
]


class Figure(Record):
    """Data, scales, caption and alternative text; paper and screen draw from it.

    `name` is unique in the document and a file name. `width`: share of the text column, 0..1.
    """

    name: str
    content: Content
    scales: tuple[Scale, ...] = ()
    caption: str
    alt: str
    width: float = 1.0


class Part(Record):
    """One drawn file of a figure; `name` is unique in the figure, `size` in CSS pixels at full width."""

    name: str
    media_type: Literal["image/svg+xml", "image/png"]
    data: bytes
    size: tuple[float, float]


class Drawing(Record):
    """A figure with its drawn parts.

    Charts (all but the following): one part "chart". Images: a part "r{row}c{column}" per cell;
    molecules: a part "m{index}" each; both: one part "scale{index}" per colour scale.
    """

    figure: Figure
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part:
        """The part called `name`; KeyError when there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)


class Column(Record):
    title: str
    numeric: bool = False


class Table(Record):
    """Cells are ready to print; a "pass", "fail", "not assessed" or "not applicable" cell is drawn as a verdict.

    Of a long table only the first rows are printed; all of them go along as a file. `facets` as those of images.
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    facets: dict[str, tuple[str, ...]] = {}


class Aside(Record):
    """A note in the narrow column, always at the figure that it explains. `formula` is trusted inline HTML
    of the method's own (i, sub, sup only)."""

    title: str
    text: str
    formula: str = ""
    verdict: Verdict | None = None


class Block(Record):
    """One row of a section: prose, figures and tables in the wide column, notes in the narrow one.

    `figures` are names of figures. `heading` and `formula` (as that of a note) stand above the prose.
    """

    heading: str = ""
    formula: str = ""
    paragraphs: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    asides: tuple[Aside, ...] = ()


class Section(Record):
    title: str
    blocks: tuple[Block, ...]


class Teaser(Record):
    """A chapter on page one: one picture, one measured sentence, and in small type what it rests on."""

    figure: str
    title: str
    sentence: str
    small: str


class Chapter(Record):
    slug: str
    title: str
    eyebrow: str
    lead: str
    teaser: Teaser | None  # None: the chapter is not on page one
    sections: tuple[Section, ...]


class Badge(Record):
    """One cell of the strip of verdicts on page one."""

    title: str
    text: str
    verdict: Verdict | None = None


class Failure(Record):
    """A point that has no explanation: at which stage it failed, and why in a sentence. `slug` and `title` are those
    that its chapter would have."""

    slug: str
    title: str
    stage: str
    sentence: str


class Document(Record):
    """Everything that is printed but the date, the provenance and the pictures."""

    language: str = "en"
    title: str
    subtitle: str
    badges: tuple[Badge, ...]
    chapters: tuple[Chapter, ...]
    failures: tuple[Failure, ...] = ()
    back: tuple[Section, ...]


# --- bytes ------------------------------------------------------------------------------------------------

_R = TypeVar("_R", bound=Record)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def canonical_json(value: Any) -> bytes:
    """JSON with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def npz(arrays: Arrays) -> bytes:
    """Arrays as an uncompressed `.npz`, the same bytes for the same content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _EPOCH), member.getvalue())
    return buffer.getvalue()


def pack(record: Record) -> bytes:
    """The record as bytes: its arrays beside canonical JSON for the rest."""
    arrays: dict[str, Array] = {}

    def hollow(value: Any) -> Any:
        match value:
            case np.ndarray() | bytes() | Shelved():
                mark, array, others = _apart(value)
                arrays[name := f"a{len(arrays)}"] = array
                return {mark: name, **others}
            case np.generic():
                return value.item()
            case dict():
                return {key: hollow(item) for key, item in value.items()}
            case list() | tuple():
                return [hollow(item) for item in value]
            case _:
                return value

    # Order of dictionaries carries meaning (the layers of a net), so keys are not sorted here.
    text = json.dumps(hollow(record.model_dump()), ensure_ascii=False, separators=(",", ":"))
    return npz({"record": np.frombuffer(text.encode(), np.uint8), **arrays})


def _apart(value: Array | bytes | Shelved) -> tuple[str, Array, dict[str, Any]]:
    """How it is marked in the text, the array that stands for it, and what else is needed to make it again."""
    match value:
        case bytes():
            return "$bytes", np.frombuffer(value, np.uint8), {}
        case Shelved():
            return "$shelved", value.digests, {"sample": list(value.sample), "dtype": value.dtype.name}
        case _:
            return "$array", value, {}


def unpack(kind: type[_R], data: bytes, shelf: Shelf | None = None) -> _R:
    """The record of type `kind` that `pack` wrote; `shelf`: where its samples lie, if not in itself.

    Raises:
        ValueError: if the bytes are not such a record, or hold pickled objects.
    """
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}

    def fill(value: Any) -> Any:
        match value:
            case {"$array": str(name)}:
                return arrays[name]
            case {"$bytes": str(name)}:
                return arrays[name].tobytes()
            case {"$shelved": str(name), "sample": list(sample), "dtype": str(dtype)} if shelf is not None:
                return Shelved(arrays[name], tuple(sample), dtype, shelf)
            case dict():
                return {key: fill(item) for key, item in value.items()}
            case list():
                return [fill(item) for item in value]
            case _:
                return value

    return kind.model_validate(fill(json.loads(arrays["record"].tobytes())))
