"""Figures as data: what is drawn, on which scales, with which words; and the drawn files.

How a kind of figure is drawn, read and placed is no data: it stands in its descriptor, see `exhibit.tasks.drawing`.
"""

from typing import Annotated, Literal

from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.language import Message

Palette = Literal["diverging", "keras_example"]  # keras_example: green and red light, as published
PICTURE, BETWEEN = 118, 8  # CSS pixels: of a picture on paper if not asked for, and between two
_MILLIMETRE = 96 / 25.4  # in CSS pixels


def picture_side(width: float | None) -> float:
    """CSS pixels of the width of a picture on paper; `width`: in millimetres, where one is asked for."""
    return PICTURE if width is None else width * _MILLIMETRE


class Scale(Record):
    """One shared zero-centred colour scale: values in [-limit, limit] of `unit`, in the colours of `palette`; those in
    [0, limit] where nothing on it is `signed`, as of sizes."""

    unit: str
    limit: float
    palette: Palette = "diverging"
    signed: bool = True


class FigureContent(Record):
    """What is drawn, without the words around it."""

    def values_on(self, _: int, /) -> list[Array]:
        """The values that are coloured by the scale of the figure with this index."""
        return []


class Series(Record):
    """Numbers drawn together: one bar per label, with error bars where known."""

    name: str
    values: Array
    errors: Array | None = None
    reference: bool = False


class Bars(FigureContent):
    """Horizontal bars, one group per label. `signed` colours by sign and centres the axis on zero. `drawings`: beside
    each label a molecule, as SMILES, and the SMARTS of the part of it that is meant; none where empty."""

    kind: Literal["bars"] = "bars"
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    axis: str
    signed: bool = False
    drawings: tuple[tuple[str, str], ...] = ()


class BarPanels(FigureContent):
    """Small multiples: one panel of horizontal bars per series, all with the same labels and the same axis.
    `facets`: what each panel is, by the name of a filter."""

    kind: Literal["bar_panels"] = "bar_panels"
    labels: tuple[str, ...]
    panels: tuple[Series, ...]
    axis: str
    signed: bool = False
    facets: dict[str, tuple[str, ...]] = Field(default_factory=dict)


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


class Images(FigureContent):
    """Rows of pictures with one heading per column. `width`: of each on paper, in millimetres, where the page has
    room; None: as usual. `facets`: what each row is, by the name of a filter."""

    kind: Literal["images"] = "images"
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | None, ...], ...]  # None leaves the place empty
    row_labels: tuple[str, ...] = ()
    width: float | None = None
    facets: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    def values_on(self, scale: int, /) -> list[Array]:
        return [cell.pixels for cells in self.rows for cell in cells if cell and cell.scale == scale]


class Molecule(Record):
    """One molecule. `values`: (atoms,) contributions in the order of the atoms of the SMILES; NaN: none is shown.
    `bonds`: (bonds,) those of the bonds in RDKit's order, where they have some of their own, and what these are called.

    They are coloured by the scale with index `scale`, or on one of its own that ends at `limit`; where `coloured`
    (atoms,) is False there is no colour. `like`: the SMILES of a molecule that it is drawn over, and `common`
    (atoms, 2): atoms of `like` and their partners here, which lie in the same place.
    """

    smiles: str
    values: Array
    bonds: Array | None = None
    bond_names: tuple[str, ...] = ()
    scale: int = 0
    limit: float | None = None
    coloured: Array | None = None
    like: str = ""
    common: Array | None = None
    title: str = ""
    note: str = ""
    alt: str


class Molecules(FigureContent):
    """Molecules in the order of reading, or where there are `columns` in rows of as many, under these headings.

    `numbers`: whether atoms carry their values.
    """

    kind: Literal["molecules"] = "molecules"
    items: tuple[Molecule, ...]
    columns: tuple[str, ...] = ()
    numbers: bool = True

    def values_on(self, scale: int, /) -> list[Array]:
        on_it = [item for item in self.items if item.scale == scale and item.limit is None]
        return [values for item in on_it for values in (item.values, item.bonds) if values is not None]


class Scatter(FigureContent):
    """Points with the line of identity, for a parity plot. Groups are drawn in order, `reference` ones grey."""

    kind: Literal["scatter"] = "scatter"
    x: tuple[Series, ...]
    y: tuple[Series, ...]
    x_label: str
    y_label: str


class Lines(FigureContent):
    """Values at 1, 2, 3, ..., each line named at its end."""

    series: tuple[Series, ...]
    x_label: str
    y_label: str


class Curves(Lines):
    """Values per epoch."""

    kind: Literal["curves"] = "curves"


class Cascade(Lines):
    """Values per step, from the top layer of a model down."""

    kind: Literal["cascade"] = "cascade"


class Track(Record):
    """Places in a plane: joined by a line, or each by itself as `points`, where `low` and `high` may bound `y`."""

    name: str
    x: Array
    y: Array
    low: Array | None = None
    high: Array | None = None
    points: bool = False
    reference: bool = False


class Plane(FigureContent):
    """Tracks in a plane, from 0 to 1 both ways where it is a `unit` one. `guide`: the dashed line that they are read
    against: where y is x, or where y is zero."""

    kind: Literal["plane"] = "plane"
    tracks: tuple[Track, ...]
    x_label: str
    y_label: str
    unit: bool = True
    guide: Literal["diagonal", "zero", "none"] = "none"
    guide_label: str = ""
    read_as: Literal["ranking", "precision", "calibration", "residuals"]


class Histogram(Record):
    """How one feature is distributed. `shares`: (groups, bins); `ends`: of the axis, None where bins are categories."""

    title: str
    bins: tuple[str, ...]
    shares: Array
    ends: tuple[float, float] | None = None


class Histograms(FigureContent):
    """Small multiples: one panel per feature, with the same groups of rows in each, three at most."""

    kind: Literal["histograms"] = "histograms"
    groups: tuple[str, ...]
    panels: tuple[Histogram, ...]


class Matrix(FigureContent):
    """Counts of (true, predicted), or of `correlations` in [-1, 1] between the labels, NaN for a pair not compared."""

    kind: Literal["matrix"] = "matrix"
    labels: tuple[str, ...]
    counts: Array
    x_label: str
    y_label: str
    correlations: bool = False


class Swarm(FigureContent):
    """Attributions of the most important features, sample by sample.

    `values`: (samples, features) attributions of the first target; `shades`: the same shape, the feature's own value
    as a share of its range, NaN where it has none. Where several outputs are explained, `outputs` names them, and `of`
    (samples,) says by number which one a sample's are about: what raises one lowers another, so each has its own rows.
    """

    kind: Literal["swarm"] = "swarm"
    labels: tuple[str, ...]
    values: Array
    shades: Array
    axis: Message
    outputs: tuple[str, ...] = ()
    of: Array | None = None


class Ranks(FigureContent):
    """Where each label stands in several orders: `counts` (labels, places), the first place first."""

    kind: Literal["ranks"] = "ranks"
    labels: tuple[str, ...]
    counts: Array
    axis: str


class WhiskerPanel(Record):
    """One measure of each label: `values` with the ends of their intervals, `low` and `high` (labels,), NaN where there
    is none; `written`: the same in words; `whole`: of all together."""

    title: str
    values: Array
    low: Array
    high: Array
    written: tuple[str, ...]
    whole: float


class Whiskers(FigureContent):
    """Small multiples: a panel for each measure, in it a dot with its interval for each label."""

    kind: Literal["whiskers"] = "whiskers"
    labels: tuple[str, ...]
    panels: tuple[WhiskerPanel, ...]


class Waterfall(FigureContent):
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


class Waterfalls(FigureContent):
    """Small multiples: a waterfall per sample, all on one axis. `facets`: what each is, by the name of a filter."""

    kind: Literal["waterfalls"] = "waterfalls"
    panels: tuple[Waterfall, ...]
    facets: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Ladder(FigureContent):
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
    label: Message
    after: tuple[str, ...] = ()


class Diagram(FigureContent):
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


class Tokens(FigureContent):
    """Texts whose tokens are coloured by the first scale of the figure, with their numbers below. `facets`: what each
    text is, by the name of a filter."""

    kind: Literal["tokens"] = "tokens"
    items: tuple[TokenLine, ...]
    facets: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    def values_on(self, _: int, /) -> list[Array]:
        return [line.values for line in self.items]


class Trace(Record):
    """One series: `lines` (steps, channels) in raw units, and the `values` (steps, channels) that colour the bands
    behind them."""

    title: str
    lines: Array
    values: Array
    note: str = ""
    alt: str


class Traces(FigureContent):
    """Series as lines, channel below channel, each before bands in the colours of the first scale of the figure; the
    range of a channel is that of all `items`. `times`: (steps,), named by `axis`. `facets`: what each series is, by the
    name of a filter."""

    kind: Literal["traces"] = "traces"
    channels: tuple[str, ...]
    times: Array
    axis: str
    items: tuple[Trace, ...]
    facets: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    def values_on(self, _: int, /) -> list[Array]:
        return [item.values for item in self.items]


class Profile(FigureContent):
    """Sizes along time: `values` (steps, channels), channel below channel on one range from zero, in `unit`."""

    kind: Literal["profile"] = "profile"
    channels: tuple[str, ...]
    times: Array
    axis: str
    values: Array
    unit: str


SINGLE = 60  # thin lines of a panel: more would be one grey area


class EffectPanel(Record):
    """What happens along one quantity: `lines` (points, lines) over `x` (points,), with `low` and `high` of the same
    shape, NaN where no interval is known; `single`: (rows, points), a thin line for each of the first rows; `dots`:
    (dots, 2) places; `seen`: (rows,) where rows lie, marked at the axis. `note` stands below the `title`."""

    title: str
    note: str = ""
    x: Array
    lines: Array | None = None
    low: Array | None = None
    high: Array | None = None
    single: Array | None = None
    dots: Array | None = None
    seen: Array | None = None


class EffectPanels(FigureContent):
    """Small multiples on one range of heights, named by `axis`; where panels have several lines, `names` tell them
    apart. `signed`: heights are changes, and zero has a line."""

    kind: Literal["effect_panels"] = "effect_panels"
    panels: tuple[EffectPanel, ...]
    names: tuple[str, ...] = ()
    axis: str
    signed: bool = False


Content = Annotated[
    Bars
    | BarPanels
    | Images
    | Molecules
    | Scatter
    | Curves
    | Plane
    | Histograms
    | Matrix
    | Swarm
    | Waterfall
    | Waterfalls
    | Ladder
    | Cascade
    | Diagram
    | Tokens
    | Ranks
    | Whiskers
    | Traces
    | Profile
    | EffectPanels,
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


PIECE = "piece"  # begins the names of the pieces of a chart


class Part(Record):
    """One drawn file of a figure; `name` is unique in the figure, `size` in CSS pixels at full width; `alt`: what a
    piece of a figure shows, which else has the words of the figure."""

    name: str
    media_type: Literal["image/svg+xml", "image/png"]
    data: bytes
    size: tuple[float, float]
    alt: str = ""


class Reading(Record):
    """How figures of one kind are read: `text` says what is seen, `warning` what must not be read into it, `colours`
    what each palette says, `unsigned` what it says of sizes. The `title` names the kind."""

    title: str
    text: str
    warning: str = ""
    colours: dict[Palette, str] = Field(default_factory=dict)
    unsigned: str = ""


class Placement(Record):
    """How a page shows a drawn figure. `template`: which of templates/figures arranges its parts; `broad`: it takes
    both columns; `long`: it may go on on the next page; `fixed`: the widths of its columns are given, and not measured
    row by row; `numbers`: on screen its maps carry their numbers, and its pictures may be reduced."""

    template: str = "chart"
    broad: bool = False
    long: bool = False
    fixed: bool = False
    numbers: bool = False


class Drawing(Record):
    """A figure with its drawn parts, how it is read and how it is placed.

    Charts: one part "chart", where the front page shows less, one "first", and where it may go on on the next page,
    its pieces "piece{index}" for paper. Images: a part "r{row}c{column}" per cell; molecules: a part "m{index}" each;
    all: one part "scale{index}" per colour scale.
    """

    figure: Figure
    parts: tuple[Part, ...]
    reading: Reading
    placement: Placement

    def charts(self, first: bool, whole: bool) -> tuple[Part, ...]:
        """A chart, where `first`, as it is drawn for page one; where not `whole`, in its pieces if it has some."""
        pieces = tuple(part for part in self.parts if part.name.startswith(PIECE))
        if pieces and not whole and not first:
            return pieces
        names = {part.name for part in self.parts}
        return (self.part("first" if first and "first" in names else "chart"),)

    @property
    def files(self) -> tuple[Part, ...]:
        """The parts that are files of a run: a chart whole, without the pieces that hold the same."""
        return tuple(part for part in self.parts if not part.name.startswith(PIECE))

    def part(self, name: str) -> Part:
        """The part called `name`; KeyError when there is none."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(name)


class Drawings(Record):
    """All drawn figures of a chapter."""

    items: tuple[Drawing, ...]
