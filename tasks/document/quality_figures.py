"""Figures of how good a model is: curves, calibration, residuals."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document.rows import called, held_out
from exhibit.tasks.document.words import count, neither, off_bounds
from exhibit.tasks.records.figure import Content, Figure, Plane, Track
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.quality import Calibration, Curve, Quality

_APART = 3  # classes of which each has a colour
_HALF = 0.5  # of the column


def rows_measured(material: Material, quality: Quality) -> str:
    """45 held-out rows."""
    return called(held_out(material.rows_of(quality.split)), quality.rows)


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
    worst, rest, alike = _worst(quality)
    alt = {item.name: neither(item.auc.value) for item in quality.classes if item.auc}
    areas = trp("list", ", ").join(f"{curve.name} {alt[curve.name]}" for curve in quality.roc[:_APART])
    area = tr("area {areas}", areas=areas) if len(quality.roc) <= _APART else _lowest(worst, alike, alt[worst])
    tracks = [_tracks(curves, worst, rest) for curves in (quality.roc, quality.precision_recall)]
    grey = _grey(worst, rest, alike) if rest else ""
    on = rows_measured(material, quality)
    return [
        _figure(
            f"{material.slug}-roc",
            Plane(
                tracks=tracks[0],
                x_label=tr("others taken for it"),
                y_label=trp("share of what is true", "found"),
                guide="diagonal",
                guide_label=tr("guessing"),
                read_as="ranking",
            ),
            sentences([tr("Receiver operating characteristic (ROC) on {rows}: {area}.", rows=on, area=area), grey]),
            tr("ROC curve; {area}", area=area),
        ),
        _figure(
            f"{material.slug}-precision-recall",
            Plane(
                tracks=tracks[1],
                x_label=tr("found (recall)"),
                y_label=tr("of these right (precision)"),
                read_as="precision",
            ),
            sentences([tr("Precision against recall on {rows}.", rows=on), grey]),
            tr("Precision against recall; average precision {precisions}", precisions=_precisions(quality)),
        ),
    ]


def _precisions(quality: Quality) -> str:
    """Of each class that is drawn in colour: malignant 0.98."""
    worst, rest, _ = _worst(quality)
    drawn = [worst] if rest else [curve.name for curve in quality.precision_recall]
    return trp("list", ", ").join(
        f"{item.name} {neither(item.average_precision.value)}"
        for item in quality.classes
        if item.average_precision and item.name in drawn
    )


def _lowest(worst: str, alike: int, area: str) -> str:
    if alike:
        return tr(
            "the lowest area is that of {worst} and {alike} more, {area}", worst=worst, alike=str(alike), area=area
        )
    return tr("the lowest area is that of {worst}, {area}", worst=worst, area=area)


def _grey(worst: str, rest: int, alike: int) -> str:
    if alike:
        return tr(
            "In colour {worst}, the first of the classes with the lowest area under the ROC curve; grey the {rest} "
            "others.",
            worst=worst,
            rest=str(rest),
        )
    return tr(
        "In colour {worst}, the class with the lowest area under the ROC curve; grey the {rest} others.",
        worst=worst,
        rest=str(rest),
    )


def _worst(quality: Quality) -> tuple[str, int, int]:
    """The first class with the lowest area, how many others there are where each cannot have a colour, and how many of
    them have the same area."""
    areas = {item.name: item.auc.value for item in quality.classes if item.auc}
    worst = min(areas, key=lambda name: areas[name])
    alike = list(areas.values()).count(areas[worst]) - 1
    return worst, len(quality.roc) - 1 if len(quality.roc) > _APART else 0, alike


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
            x_label=tr("probability {of}", of=tr(found.of)),
            y_label=tr("how often it is true"),
            guide="diagonal",
            read_as="calibration",
        ),
        tr("Calibration of the probability {of}, by tenths.", of=tr(found.of)),
        tr(
            "Calibration: error {error}, by chance {expected}",
            error=off_bounds(found.error, 3),
            expected=off_bounds(found.expected, 3),
        ),
    )


def _residuals(material: Material, quality: Quality) -> Figure:
    rows = (material.split == quality.split) & ~np.isnan(material.labels)
    predicted = material.outputs[rows, 0]
    unit = material.dataset.label_unit
    figure = _figure(
        f"{material.slug}-residuals",
        Plane(
            tracks=(Track(name="", x=predicted, y=predicted - material.labels[rows], points=True),),
            x_label=tr("predicted, {unit}", unit=unit) if unit else tr("predicted"),
            y_label=tr("predicted − measured"),
            unit=False,
            guide="zero",
            read_as="residuals",
        ),
        tr(
            "Residuals on {rows}: how far each value is above what was measured.",
            rows=rows_measured(material, quality),
        ),
        tr("Residuals of {rows} against predicted values", rows=count(int(rows.sum()), "row")),
    )
    return figure.model_copy(update={"width": 0.9})


def _figure(name: str, content: Content, caption: str, alt: str) -> Figure:
    return Figure(name=name, content=content, caption=caption, alt=alt, width=_HALF)
