"""Tables of how good a model is: as a whole, by class, by threshold, by predicted value."""

from collections.abc import Sequence

from exhibit.tasks.document.quality_figures import rows_measured
from exhibit.tasks.document.words import (
    UNVARIED,
    Write,
    at_scale,
    capital,
    interval,
    listing,
    neither,
    plain,
    span,
    with_beside,
)
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric, Rate
from exhibit.tasks.records.page import Column, Table
from exhibit.tasks.records.quality import ClassQuality, ErrorBin, Measure, Quality

_LOWER = ("log loss", "Brier score", "RMSE", "mean absolute error")  # the lower the better


def whole(material: Material, quality: Quality) -> Table:
    """All measures of the whole, those of page one first."""
    first = [
        Measure(name=item.name, value=item.value, interval=item.interval, naive=item.naive)
        for item in material.performance.metrics
        if item.split == quality.split
    ]
    others = {item.name: item for item in quality.reference} if material.reference is not None else {}
    rows = []
    for item in (*first, *quality.measures):
        number, end = (written(item.name, (*first, *quality.measures), write) for write in (neither, plain))
        rows.append(
            (
                tr(item.name),
                number(item.value, 3),
                interval(*item.interval, 3, end) if item.interval else "–",
                "–" if item.naive is None else number(item.naive, 3),
                *((_with_interval(others.get(item.name), number, end),) if others else ()),
                _better(item.name),
            )
        )
    said = ""
    if material.dataset.label_unit:
        said = tr("Errors are in {unit}.", unit=material.dataset.label_unit)
    elif quality.positive:
        said = tr("Ranked by the probability of {category}.", category=quality.positive)
    elif quality.classes:
        said = tr("Those of all classes together are means over the classes.")
    alike = ""
    if any(map(_unvaried, (*first, *quality.measures))):
        alike = tr(
            "{unvaried}: all rows here give the same, so they do not say how far it may be off.",
            unvaried=capital(tr(UNVARIED)),
        )
    caption = tr("Quality of the model on {rows}.", rows=rows_measured(material, quality))
    beside = ""
    if others and material.reference is not None:
        beside = tr(
            "Beside it that of the reference, with its 95% intervals: {reference}, trained on the same rows and "
            "measured on the same.",
            reference=tr(material.reference.label),
        )
    return Table(
        name=f"{material.slug}-quality",
        caption=sentences([caption, said, alike, beside]),
        columns=(
            Column(title=tr("measure")),
            *(Column(title=title, numeric=True) for title in (tr("value"), tr("95% interval"), tr("guess"))),
            *((Column(title=tr(material.reference.label), numeric=True),) if others and material.reference else ()),
            Column(title=trp("column", "better")),
        ),
        rows=tuple(rows),
    )


def written(name: str, measures: Sequence[Measure | Metric], write: Write) -> Write:
    """How a measure is written: an error in the unit of the label, beside the others of it."""
    if name not in _IN_UNITS:
        return write
    sizes = [size for item in measures if item.name in _IN_UNITS for size in (item.value, item.naive or 0.0)]
    return at_scale(sizes, write)


_IN_UNITS = ("RMSE", "mean absolute error", "mean error")


def _better(name: str) -> str:
    if name == "mean error":
        return trp("which is better", "near 0")
    return trp("which is better", "lower") if name in _LOWER else trp("which is better", "higher")


def by_class(material: Material) -> tuple[Table, ...]:
    quality = material.quality
    if quality is None or not quality.classes:
        return ()
    caption = tr("Each class against all others, with 95% intervals. A dash: no row is of it or read as it.")
    alone = tr("A number alone: the rows, resampled, all give the same, so they do not say how far it may be off.")
    unvaried = any(_unvaried(one) for item in quality.classes for one in _of_class(item))
    return (
        Table(
            name=f"{material.slug}-classes",
            caption=sentences([caption, alone if unvaried else ""]),
            columns=(
                Column(title=tr("class")),
                *(
                    Column(title=title, numeric=True)
                    for title in (tr("rows"), tr("precision"), tr("recall"), "F1", "ROC AUC", tr("average precision"))
                ),
            ),
            rows=tuple(_class_row(item) for item in quality.classes),
        ),
    )


def _class_row(item: ClassQuality) -> tuple[str, ...]:
    return (item.name, f"{item.rows:,}", *(_with_interval(measure) for measure in _of_class(item)))


def _of_class(item: ClassQuality) -> tuple[Measure | None, ...]:
    return item.precision, item.recall, item.f1, item.auc, item.average_precision


def _unvaried(measure: Measure | Metric | None) -> bool:
    """Whether all resamples give one value, as those of rows that are all right do: that bounds nothing."""
    return measure is not None and measure.interval is not None and measure.interval[0] == measure.interval[1]


def _with_interval(measure: Measure | None, write: Write = neither, end: Write = plain) -> str:
    if measure is None:
        return "–"
    told = None if _unvaried(measure) else measure.interval
    value = write(measure.value, 2)
    return with_beside(value, interval(*told, 2, end)) if told else value


def thresholds(material: Material) -> tuple[Table, ...]:
    """What deciding from each probability on would give; of two classes."""
    quality = material.quality
    if quality is None or not quality.thresholds:
        return ()
    titles = (tr("read as it"), tr("precision"), tr("recall"), tr("specificity"))
    caption = tr(
        "If rows were read as {category} from this probability on, with 95% intervals. Specificity: the share of the "
        "other rows that are not.",
        category=quality.positive,
    )
    return (
        Table(
            name=f"{material.slug}-thresholds",
            caption=sentences([caption, ties(quality)]),
            columns=(
                Column(title=trp("column", "from"), numeric=True),
                *(Column(title=title, numeric=True) for title in titles),
            ),
            rows=tuple(
                (f"{item.threshold:.1f}", *map(_rate, (item.flagged, item.precision, item.recall, item.specificity)))
                for item in quality.thresholds
            ),
        ),
    )


def ties(quality: Quality) -> str:
    """Of two classes alike in probability a model gives the first one, and a threshold the second one."""
    recalls = [item.recall for item in quality.classes]
    (half,) = [item for item in quality.thresholds if item.threshold == 0.5]
    shares = [rate and rate.share for rate in (half.specificity, half.recall)]
    if [recall and recall.value for recall in recalls] == shares:
        return ""
    return tr(
        "Where both classes have 0.5 the model reads {first}, and this table {second}.",
        first=quality.classes[0].name,
        second=quality.positive,
    )


def _rate(rate: Rate | None) -> str:
    return "–" if rate is None else with_beside(neither(rate.share), interval(*rate.interval))


def bins(material: Material) -> tuple[Table, ...]:
    """The error by predicted value."""
    quality = material.quality
    if quality is None or not quality.error_bins:
        return ()
    off = [item for item in quality.error_bins if not item.interval[0] <= 0 <= item.interval[1]]
    predicted = at_scale([end for item in quality.error_bins for end in (item.low, item.high)])
    number, rows = str(len(quality.error_bins)), [item.rows for item in quality.error_bins]
    caption = (
        tr("Errors by predicted value, in {number} parts of about as many rows.", number=number)
        if max(rows) - min(rows) <= 1
        else tr("Errors by predicted value, in {number} parts; rows with the same value are in one.", number=number)
    )
    where = (
        tr("Surely too high or too low on average: {ranges}.", ranges=listing([_off(item, predicted) for item in off]))
        if off
        else tr("In none of them is it surely off on average.")
    )
    titles = (tr("rows"), tr("mean error"), tr("95% interval"), "RMSE")
    write = at_scale([item.rmse for item in quality.error_bins])
    return (
        Table(
            name=f"{material.slug}-errors",
            caption=sentences([caption, where]),
            columns=(
                Column(title=tr("predicted")),
                *(Column(title=title, numeric=True) for title in titles),
            ),
            rows=tuple(
                (
                    span(item.low, item.high, 2, predicted),
                    f"{item.rows:,}",
                    write(item.mean, 3),
                    interval(*item.interval, 3, write),
                    write(item.rmse, 3),
                )
                for item in quality.error_bins
            ),
        ),
    )


def _off(item: ErrorBin, write: Write) -> str:
    """1.20 to 2.40 (over)."""
    values = span(item.low, item.high, 2, write)
    return tr("{range} (over)", range=values) if item.mean > 0 else tr("{range} (under)", range=values)
