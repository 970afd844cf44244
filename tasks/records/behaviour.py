"""How a model behaves over many rows, whatever explains it: what it says as a feature changes, and what it loses
without one."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.language import Message

LEVEL = 0.95  # of all intervals
STRONG = 0.7  # |r| from which on two columns are said to move together; C. F. Dormann and others (2013)


class Asked(Record):
    """The rows that something was measured on: `rows` of the `of` rows of these `splits`, drawn at random with `seed`
    where these are not all; `calls`: how many rows went through the model for it."""

    rows: int
    of: int
    splits: tuple[Split, ...]
    seed: int
    calls: int


class Together(Record):
    """Another column that moves with a feature over the asked rows: the correlation `r` of their numbers."""

    feature: str
    r: float


class Effect(Record):
    """What the model says as one feature changes. `points`: (points,) values of the feature, of a category the numbers
    of its `words`; `mean`, `low` and `high`: (points, outputs), with the 95% interval over rows, NaN where there are
    too few. `individual`: (rows, points, outputs) of each asked row, of partial dependence; `counts`: (points - 1,)
    rows between two points, of accumulated local effects; `seen`: (rows,) the values of the feature in the asked rows,
    NaN where it is missing; `together`: columns that move with it."""

    feature: str
    words: tuple[str, ...] = ()
    points: Array
    mean: Array
    low: Array
    high: Array
    individual: Array | None = None
    counts: Array | None = None
    seen: Array
    together: tuple[Together, ...] = ()


class Effects(Record):
    """Of the features that were asked about, the most important first. `outputs`: what is told, in `unit`; `outside`:
    outputs of the model that are not told; `left`: features of which nothing can be said, each with the reason; `total`
    features there are."""

    kind: Literal["partial_dependence", "accumulated_local_effects"]
    asked: Asked
    outputs: tuple[str, ...]
    outside: int = 0
    unit: Message
    items: tuple[Effect, ...]
    left: tuple[tuple[str, Message], ...] = ()
    total: int


class Permutation(Record):
    """By how much the `loss` of a model, `before` on the asked rows, is larger where the values of one feature are
    exchanged between rows: `mean`, `low` and `high` (features,), the largest first, with the 95% interval over rows,
    and `chance` (features,) of as much growth where the model needs none, for all features together; NaN where there
    are too few rows. `repeats`: (repeats, features)."""

    kind: Literal["permutation_importance"] = "permutation_importance"
    asked: Asked
    loss: str
    before: float
    features: tuple[str, ...]
    mean: Array
    low: Array
    high: Array
    chance: Array
    repeats: Array
    total: int

    FEW: ClassVar[int] = 10  # rows, below which no interval is stated
    SURE: ClassVar[float] = 0.05  # the chance under which a feature is said to be needed, over all of them together


class Against(Record):
    """What a method gives one feature in each row: `values` (rows,), and what the feature is there: `seen` (rows,), of
    a category the numbers of its `words`; NaN where it is missing."""

    feature: str
    words: tuple[str, ...] = ()
    seen: Array
    values: Array


class Dependence(Record):
    """Attributions of a `method` against the values of the most important features over explained rows. `of` (rows,):
    which of the `outputs` each row is explained for."""

    kind: Literal["dependence"] = "dependence"
    asked: Asked
    method: str
    outputs: tuple[str, ...]
    of: Array
    items: tuple[Against, ...]
    total: int


class Interactions(Record):
    """Shapley interactions of pairs of features over the asked rows, of each of the `outputs` in `unit`: `mean`, with
    the standard `error` over rows (NaN of fewer than ten), of their sizes, and `signed`, their mean, (outputs,
    features, features); `alone` (outputs, features): the mean size of what a feature does without any other. `by`:
    along the paths of trees, or from all coalitions against rows of a `background`; None where there were more than
    `most` features, and nothing could be asked. `residual`: the largest gap over rows between their sum and what they
    divide."""

    kind: Literal["interactions"] = "interactions"
    asked: Asked
    by: Literal["trees", "coalitions"] | None
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    unit: Message
    most: int
    background: int = 0
    mean: Array
    error: Array
    signed: Array
    alone: Array
    residual: float = 0.0


Behaviour = Annotated[Effects | Permutation | Dependence | Interactions, Field(discriminator="kind")]


class Behaved(Record):
    """What was found about one question."""

    found: Behaviour
