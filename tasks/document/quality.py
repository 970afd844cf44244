"""How good the model of a chapter is, in more than one number."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from exhibit.tasks.document.words import count, interval, listing, plain
from exhibit.tasks.records.figure import Content, Figure, Plane, Track
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Rate
from exhibit.tasks.records.page import Block, Column, Concern, Section, Table
from exhibit.tasks.records.quality import BINS, LEAST, Calibration, ClassQuality, Curve, Measure, Quality

OFF, BY_CHANCE = 0.05, 0.01  # from which error on, and up to which chance, probabilities are said to be off
_FEW = 30  # rows, under which an interval from resampling is a rough one
_APART = 3  # classes of which each has a colour
_HALF = 0.5  # of the column
_LOWER = ("log loss", "Brier score", "RMSE", "mean absolute error")  # the lower the better


def sections(material: Material) -> tuple[Section, ...]:
    """Nothing without labels."""
    quality = material.quality
    if quality is None or not material.performance.metrics:
        return ()
    charts = figures(material)
    return (
        Section(
            title="How good the model is",
            id="quality",
            blocks=(
                Block(paragraphs=(_measured(material, quality),), tables=(_table(material, quality),)),
                *((Block(figures=tuple(f.name for f in charts)),) if charts else ()),
                *((Block(paragraphs=(_said(quality.calibration),)),) if quality.calibration else ()),
                *(Block(tables=(table,)) for table in (*_by_class(material), *_thresholds(material), *_bins(material))),
            ),
        ),
    )


def _rows(material: Material, quality: Quality) -> str:
    """45 held-out rows."""
    split = material.rows_of(quality.split)
    return count(quality.rows, f"{'held-out' if split == 'test' else split} row")


def _measured(material: Material, quality: Quality) -> str:
    """On which rows, and what the numbers beside the values are."""
    seen = " The model was trained on these rows: on others it may be worse." if _seen(material, quality) else ""
    few = ""
    if quality.rows < LEAST:
        few = " On so few rows no interval can be had from resampling."
    elif quality.rows < _FEW:
        few = " On so few rows these are rough."
    resampled = (
        f"Intervals are at 95%: Wilson's for shares of rows, else from {quality.resamples:,} resamples of the rows."
    )
    value = (
        ""
        if material.dataset.classes
        else " The model gives no interval with its values, so none is held against them."
    )
    return (
        f"Measured on {_rows(material, quality)}.{seen} {resampled}{few} The guess beside it knows the training labels "
        f"alone: it gives their {'shares, or the commonest class' if material.dataset.classes else 'mean'}.{value}"
    )


def _seen(material: Material, quality: Quality) -> bool:
    return material.trained and quality.split == "train"


def _table(material: Material, quality: Quality) -> Table:
    """All measures of the whole, those of page one first."""
    first = [
        Measure(name=item.name, value=item.value, interval=item.interval, naive=item.naive)
        for item in material.performance.metrics
        if item.split == quality.split
    ]
    rows = [
        (
            item.name,
            plain(item.value, 3),
            interval(*item.interval, 3) if item.interval else "–",
            "–" if item.naive is None else plain(item.naive, 3),
            _better(item.name),
        )
        for item in (*first, *quality.measures)
    ]
    unit = f" Errors are in {material.dataset.label_unit}." if material.dataset.label_unit else ""
    of = f" Ranked by the probability of {quality.positive}." if quality.positive else _MEANS * bool(quality.classes)
    return Table(
        name=f"{material.slug}-quality",
        caption=f"Quality of the model on {_rows(material, quality)}.{unit or of}",
        columns=(
            Column(title="measure"),
            *(Column(title=title, numeric=True) for title in ("value", "95% interval", "guess")),
            Column(title="better"),
        ),
        rows=tuple(rows),
    )


_MEANS = " Those of all classes together are means over the classes."


def _better(name: str) -> str:
    if name == "mean error":
        return "near 0"
    return "lower" if name in _LOWER else "higher"


# --- figures --------------------------------------------------------------------------------------------------


def figures(material: Material) -> tuple[Figure, ...]:
    """Curves and calibration of a classification, residuals of a regression."""
    quality = material.quality
    if quality is None or not material.performance.metrics:
        return ()
    if not material.dataset.classes:
        return (_residuals(material, quality),)
    found = [*_curves(material, quality)]
    if quality.calibration is not None:
        found.append(_calibration(material, quality.calibration))
    return tuple(found)


def _curves(material: Material, quality: Quality) -> list[Figure]:
    """Of two classes that of one; of a few each; of many that of the worst in colour."""
    if not quality.roc:
        return []
    worst, rest = _worst(quality)
    alt = {item.name: f"{item.auc.value:.2f}" for item in quality.classes if item.auc}
    said = ", ".join(f"{curve.name} {alt[curve.name]}" for curve in quality.roc[:_APART])
    area = f"area {said}" if len(quality.roc) <= _APART else f"the lowest area is that of {worst}, {alt[worst]}"
    tracks = [_tracks(curves, worst, rest) for curves in (quality.roc, quality.precision_recall)]
    grey = f" In colour {worst}, the class with the lowest area; grey the {rest} others." if rest else ""
    on = _rows(material, quality)
    return [
        _figure(
            f"{material.slug}-roc",
            Plane(
                tracks=tracks[0],
                x_label="others taken for it",
                y_label="found",
                guide="diagonal",
                guide_label="guessing",
                read_as="ranking",
            ),
            f"Receiver operating characteristic (ROC) on {on}: {area}.{grey}",
            f"ROC curve; {area}",
        ),
        _figure(
            f"{material.slug}-precision-recall",
            Plane(
                tracks=tracks[1], x_label="found (recall)", y_label="of these right (precision)", read_as="precision"
            ),
            f"Precision against recall on {on}.{grey}",
            f"Precision against recall; average precision {_precisions(quality)}",
        ),
    ]


def _precisions(quality: Quality) -> str:
    """Of each class that is drawn in colour: malignant 0.98."""
    worst, rest = _worst(quality)
    drawn = [worst] if rest else [curve.name for curve in quality.precision_recall]
    return ", ".join(
        f"{item.name} {plain(item.average_precision.value)}"
        for item in quality.classes
        if item.average_precision and item.name in drawn
    )


def _worst(quality: Quality) -> tuple[str, int]:
    """The class with the lowest area, and how many others there are where each cannot have a colour."""
    areas = {item.name: item.auc.value for item in quality.classes if item.auc}
    worst = min(areas, key=lambda name: areas[name])
    return worst, len(quality.roc) - 1 if len(quality.roc) > _APART else 0


def _tracks(curves: Sequence[Curve], worst: str, rest: int) -> tuple[Track, ...]:
    if not rest:
        return tuple(Track(name=curve.name, x=curve.x, y=curve.y, reference=k > 1) for k, curve in enumerate(curves))
    others = [Track(name="", x=curve.x, y=curve.y, reference=True) for curve in curves if curve.name != worst]
    own = [Track(name="", x=curve.x, y=curve.y) for curve in curves if curve.name == worst]
    return (*others, *own)


def _calibration(material: Material, found: Calibration) -> Figure:
    bins = found.bins
    low, high = (np.array([item.observed.interval[end] for item in bins]) for end in (0, 1))
    track = Track(
        name="",
        x=np.array([item.predicted for item in bins]),
        y=np.array([item.observed.share for item in bins]),
        low=np.clip(low, 0, 1),
        high=np.clip(high, 0, 1),
        points=True,
    )
    return _figure(
        f"{material.slug}-calibration",
        Plane(
            tracks=(track,),
            x_label=f"probability {found.of}",
            y_label="how often it is true",
            guide="diagonal",
            read_as="calibration",
        ),
        f"Calibration of the probability {found.of}, by tenths.",
        f"Calibration: error {plain(found.error, 3)}, by chance {plain(found.expected, 3)}",
    )


def _residuals(material: Material, quality: Quality) -> Figure:
    rows = (material.split == quality.split) & ~np.isnan(material.labels)
    predicted = material.outputs[rows, 0]
    unit = f", {material.dataset.label_unit}" if material.dataset.label_unit else ""
    figure = _figure(
        f"{material.slug}-residuals",
        Plane(
            tracks=(Track(name="", x=predicted, y=predicted - material.labels[rows], points=True),),
            x_label=f"predicted{unit}",
            y_label="predicted − measured",
            unit=False,
            guide="zero",
            read_as="residuals",
        ),
        f"Residuals on {_rows(material, quality)}: how far each value is above what was measured.",
        f"Residuals of {count(int(rows.sum()), 'row')} against predicted values",
    )
    return figure.model_copy(update={"width": 0.9})


def _figure(name: str, content: Content, caption: str, alt: str) -> Figure:
    return Figure(name=name, content=content, caption=caption, alt=alt, width=_HALF)


def _said(found: Calibration) -> str:
    """What calibration says, in numbers and in words."""
    off = "So they cannot be taken at their word." if miscalibrated(found) else _NOT_OFF
    return (
        f"The probability {found.of} is off by {plain(found.error, 3)} on average (expected calibration error, {BINS} "
        f"bins of equal width); probabilities that are right would be off by {plain(found.expected, 3)} by chance, and "
        f"by more than {plain(found.limit, 3)} in 1 of 100 draws. {off} {_RULE}"
    )


_NOT_OFF = "That does not show that they are off, nor does it prove them right."
_RULE = (
    f"They are said to be off where the error is {OFF} or more and right ones would show as much in fewer than "
    f"{BY_CHANCE:.0%} of draws."
)


def miscalibrated(found: Calibration) -> bool:
    """Whether probabilities are off by more than a reader may overlook, and than chance explains."""
    return found.error >= OFF and found.chance < BY_CHANCE


def concerns(material: Material) -> Sequence[Concern]:
    """What page one names: probabilities that are off."""
    quality = material.quality
    if quality is None or not material.performance.metrics or quality.calibration is None:
        return ()
    found = quality.calibration
    if not miscalibrated(found):
        return ()
    sentence = (
        f"The probability {found.of} is off by {plain(found.error, 3)} on average, on {_rows(material, quality)}; if "
        f"it were right it would be off by {plain(found.expected, 3)} by chance."
    )
    return (Concern(title="Probabilities are not to be taken at their word", sentence=sentence, section="quality"),)


# --- tables ---------------------------------------------------------------------------------------------------


def _by_class(material: Material) -> tuple[Table, ...]:
    quality = material.quality
    if quality is None or not quality.classes:
        return ()
    return (
        Table(
            name=f"{material.slug}-classes",
            caption="Each class against all others, with 95% intervals. A dash: no row is of it or read as it.",
            columns=(
                Column(title="class"),
                *(
                    Column(title=title, numeric=True)
                    for title in ("rows", "precision", "recall", "F1", "ROC AUC", "average precision")
                ),
            ),
            rows=tuple(_class_row(item) for item in quality.classes),
        ),
    )


def _class_row(item: ClassQuality) -> tuple[str, ...]:
    measures = (item.precision, item.recall, item.f1, item.auc, item.average_precision)
    return (item.name, f"{item.rows:,}", *(_with_interval(measure) for measure in measures))


def _with_interval(measure: Measure | None) -> str:
    if measure is None:
        return "–"
    return plain(measure.value) + (f" ({interval(*measure.interval)})" if measure.interval else "")


def _thresholds(material: Material) -> tuple[Table, ...]:
    """What deciding from each probability on would give; of two classes."""
    quality = material.quality
    if quality is None or not quality.thresholds:
        return ()
    titles = ("read as it", "precision", "recall", "specificity")
    return (
        Table(
            name=f"{material.slug}-thresholds",
            caption=f"If rows were read as {quality.positive} from this probability on, with 95% intervals. "
            "Specificity: the share of the other rows that are not.",
            columns=(
                Column(title="from", numeric=True),
                *(Column(title=title, numeric=True) for title in titles),
            ),
            rows=tuple(
                (f"{item.threshold:.1f}", *map(_rate, (item.flagged, item.precision, item.recall, item.specificity)))
                for item in quality.thresholds
            ),
        ),
    )


def _rate(rate: Rate | None) -> str:
    return "–" if rate is None else f"{plain(rate.share)} ({interval(*rate.interval)})"


def _bins(material: Material) -> tuple[Table, ...]:
    """The error by predicted value."""
    quality = material.quality
    if quality is None or not quality.error_bins:
        return ()
    off = [item for item in quality.error_bins if not item.interval[0] <= 0 <= item.interval[1]]
    said = listing([f"{interval(item.low, item.high)} ({'over' if item.mean > 0 else 'under'})" for item in off])
    where = (
        f" Surely too high or too low on average: {said}." if off else " In none of them is it surely off on average."
    )
    return (
        Table(
            name=f"{material.slug}-errors",
            caption=f"Errors by predicted value, in {len(quality.error_bins)} parts of about as many rows.{where}",
            columns=(
                Column(title="predicted"),
                *(Column(title=title, numeric=True) for title in ("rows", "mean error", "95% interval", "RMSE")),
            ),
            rows=tuple(
                (
                    interval(item.low, item.high),
                    f"{item.rows:,}",
                    plain(item.mean, 3),
                    interval(*item.interval, 3),
                    plain(item.rmse, 3),
                )
                for item in quality.error_bins
            ),
        ),
    )


def as_plain(materials: Sequence[Material]) -> dict[str, Any]:
    """`quality.json`: the measures of each chapter, points of curves aside."""
    return {
        "schema": "exhibit-quality/1",
        "rule": _RULE,
        "chapters": [
            {"chapter": material.slug, **material.quality.model_dump(mode="json", exclude={"roc", "precision_recall"})}
            for material in materials
            if material.quality is not None
        ],
    }
