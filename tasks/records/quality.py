"""How good a model is, in more than one number."""

from collections.abc import Mapping

from pydantic import Field

from exhibit.tasks.records.base import Array, Record
from exhibit.tasks.records.data import Split
from exhibit.tasks.records.language import Message
from exhibit.tasks.records.model import Rate

LEAST = 10  # rows of which an interval can be had by resampling
BINS = 10  # of probabilities, of equal width, as M. Pakdaman Naeini et al. (2015) have them


class Measure(Record):
    """A measured quality with its 95% interval, where one can be had; `naive`: that of a guess on the same rows that
    knows the training labels alone."""

    name: str
    value: float
    interval: tuple[float, float] | None = None
    naive: float | None = None


class ClassQuality(Record):
    """Of one class against all others: how many rows are of it, and its measures, None where it has none."""

    name: str
    rows: int
    precision: Measure | None
    recall: Measure | None
    f1: Measure | None
    auc: Measure | None
    average_precision: Measure | None


class Curve(Record):
    """A line through points with coordinates `x` and `y` in [0, 1]."""

    name: str
    x: Array
    y: Array


class Bin(Record):
    """Rows whose probability lies in one tenth: its mean, and how often what it says is true."""

    predicted: float
    observed: Rate


class Calibration(Record):
    """Whether probabilities `of` something are shares: `error` is the expected calibration error over `bins`;
    `expected` and `limit` are what a calibrated model would show by chance on these rows, in the mean and in 99 of 100
    draws, and `chance` the share of draws that show as much as was measured."""

    of: Message
    bins: tuple[Bin, ...]
    error: float
    expected: float
    limit: float
    chance: float


class AtThreshold(Record):
    """What deciding from a probability on would give; None where nothing is counted."""

    threshold: float
    flagged: Rate
    precision: Rate | None
    recall: Rate | None
    specificity: Rate | None


class ErrorBin(Record):
    """Rows by predicted value: from where to where, how many, their mean error (predicted minus measured) with its 95%
    interval, and their root mean squared error."""

    low: float
    high: float
    rows: int
    mean: float
    interval: tuple[float, float]
    rmse: float


class Quality(Record):
    """Measured on `rows` rows of `split`. Of a classification `classes`, the curves, `calibration` and, of two classes,
    `thresholds` for `positive`; of a regression `error_bins`. `resamples`: how many stand behind an interval, 0 of a
    regression.
    `labels`: of each of several by name; all else is then empty. `reference`: the measures, those of page one first, of
    the model that the data name as one, on the same rows."""

    split: Split
    rows: int
    resamples: int
    measures: tuple[Measure, ...] = ()
    positive: str = ""
    classes: tuple[ClassQuality, ...] = ()
    roc: tuple[Curve, ...] = ()
    precision_recall: tuple[Curve, ...] = ()
    calibration: Calibration | None = None
    thresholds: tuple[AtThreshold, ...] = ()
    error_bins: tuple[ErrorBin, ...] = ()
    labels: "dict[str, Quality]" = Field(default_factory=dict, exclude_if=lambda labels: not labels)
    reference: tuple[Measure, ...] = Field((), exclude_if=lambda measures: not measures)

    def only(self, labels: "Mapping[str, Quality]") -> "Quality":
        """What holds of all `labels` together: where they were measured."""
        return Quality(split=self.split, rows=self.rows, resamples=self.resamples, labels=dict(labels))
