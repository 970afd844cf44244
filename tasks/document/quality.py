"""How good the model of a chapter is, in more than one number."""

from collections.abc import Sequence
from typing import Any

from exhibit.tasks.document.quality_figures import figures, rows_measured
from exhibit.tasks.document.quality_tables import bins, by_class, thresholds, whole
from exhibit.tasks.document.words import off_bounds
from exhibit.tasks.records.intervals import filed
from exhibit.tasks.records.language import say, sentences, tr
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Block, Concern, Section
from exhibit.tasks.records.quality import BINS, LEAST, Calibration, Quality
from exhibit.tasks.records.subgroups import FEW

OFF, BY_CHANCE = 0.05, 0.01  # from which error on, and up to which chance, probabilities are said to be off
_FEW = 30  # rows, under which an interval from resampling is a rough one


def sections(material: Material) -> tuple[Section, ...]:
    """Nothing without labels."""
    quality = material.quality
    if quality is None or not material.performance.metrics:
        return ()
    charts = figures(material)
    return (
        Section(
            title=tr("How good the model is"),
            id="quality",
            blocks=(
                Block(paragraphs=(_measured(material, quality),), tables=(whole(material, quality),)),
                *((Block(figures=tuple(f.name for f in charts)),) if charts else ()),
                *((Block(paragraphs=(_said(quality.calibration),)),) if quality.calibration else ()),
                *(Block(tables=(table,)) for table in (*by_class(material), *thresholds(material), *bins(material))),
            ),
        ),
    )


def _measured(material: Material, quality: Quality) -> str:
    """On which rows, and what the numbers beside the values are."""
    seen = tr("The model was trained on these rows: on others it may be worse.") if _seen(material, quality) else ""
    few = tr("On so few rows these are rough.") if LEAST <= quality.rows < _FEW else ""
    measured = tr("Measured on {rows}.", rows=rows_measured(material, quality))
    return sentences([measured, seen, *_intervals(material, quality), few, *_guess(material)])


def _intervals(material: Material, quality: Quality) -> tuple[str, ...]:
    """Where they come from."""
    if quality.rows < LEAST:
        if material.dataset.classes:
            return (tr("On so few rows no interval is known but Wilson's for shares of rows, at 95%."),)
        return (tr("On so few rows no interval is known."),)
    if not material.dataset.classes:
        return (
            tr(
                "Intervals are at 95%: those of RMSE and R² from resampled rows (bootstrap-t); those of mean errors "
                "allow for a few more rows that are as far off as the farthest here, for few rows say little of what "
                "is rare."
            ),
        )
    return (
        tr(
            "Intervals are at 95%: Wilson's for shares of rows, else from {number} resamples of the rows; where a "
            "class has fewer than {few} rows, or these all give the same, balanced accuracy, macro F1, F1, ROC AUC and "
            "average precision have one from the number of rows alone.",
            number=f"{quality.resamples:,}",
            few=str(FEW),
        ),
        tr(
            "Those of log loss and Brier score allow for a few more rows that are as far off as can be, for few rows "
            "say little of what is rare."
        ),
    )


def _guess(material: Material) -> tuple[str, ...]:
    """What stands beside the values. What trained a model that was given is not known, and so not its labels."""
    if material.dataset.classes:
        of_classes = (
            tr("The guess beside it knows the training labels alone: it gives their shares, or the commonest class.")
            if material.trained
            else tr(
                "The guess beside it knows labels of given rows alone: it gives their shares, or the commonest class."
            )
        )
        return (of_classes,)
    return (
        tr("The guess beside it knows the training labels alone: it gives their mean.")
        if material.trained
        else tr("The guess beside it knows labels of given rows alone: it gives their mean."),
        tr("The model gives no interval with its values, so none is held against them."),
    )


def _seen(material: Material, quality: Quality) -> bool:
    return material.trained and quality.split == "train"


def _said(found: Calibration) -> str:
    """What calibration says, in numbers and in words."""
    error = tr(
        "The probability {of} is off by {error} on average (expected calibration error, {bins} bins of equal width); "
        "probabilities that are right would be off by {expected} by chance, and by more than {limit} in 1 of 100 "
        "draws.",
        of=tr(found.of),
        error=off_bounds(found.error, 3),
        bins=str(BINS),
        expected=off_bounds(found.expected, 3),
        limit=off_bounds(found.limit, 3),
    )
    off = (
        tr("So they cannot be taken at their word.")
        if miscalibrated(found)
        else tr("That does not show that they are off, nor does it prove them right.")
    )
    return sentences([error, off, tr(_RULE)])


_RULE = say(
    "They are said to be off where the error is {error} or more and right ones would show as much in fewer than "
    "{chance} of draws.",
    error=str(OFF),
    chance=f"{BY_CHANCE:.0%}",
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
    title = tr("Probabilities are not to be taken at their word")
    sentence = tr(
        "The probability {of} is off by {error} on average, on {rows}; if it were right it would be off by {expected} "
        "by chance.",
        of=tr(found.of),
        error=off_bounds(found.error, 3),
        rows=rows_measured(material, quality),
        expected=off_bounds(found.expected, 3),
    )
    return (Concern(title=title, sentence=sentence, section="quality"),)


def as_plain(materials: Sequence[Material]) -> dict[str, Any]:
    """`quality.json`: the measures of each chapter, points of curves aside."""
    return {
        "schema": "exhibit-quality/1",
        "rule": _RULE,
        "chapters": [
            {
                "chapter": material.slug,
                **filed(material.quality.model_dump(mode="json", exclude={"roc", "precision_recall"})),
            }
            for material in materials
            if material.quality is not None
        ],
    }
