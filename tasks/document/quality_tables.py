"""Tables of how good a model is: as a whole, by class, by threshold, by predicted value."""

from exhibit.tasks.document.quality_figures import rows_measured
from exhibit.tasks.document.words import UNVARIED, capital, interval, listing, neither, plain, span
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.model import Metric, Rate
from exhibit.tasks.records.page import Column, Table
from exhibit.tasks.records.quality import LEAST, ClassQuality, Measure, Quality

_LOWER = ("log loss", "Brier score", "RMSE", "mean absolute error")  # the lower the better


def whole(material: Material, quality: Quality) -> Table:
    """All measures of the whole, those of page one first."""
    first = [
        Measure(name=item.name, value=item.value, interval=item.interval, naive=item.naive)
        for item in material.performance.metrics
        if item.split == quality.split
    ]
    rows = [
        (
            item.name,
            neither(item.value, 3),
            interval(*item.interval, 3) if item.interval else "–",
            "–" if item.naive is None else neither(item.naive, 3),
            _better(item.name),
        )
        for item in (*first, *quality.measures)
    ]
    unit = f" Errors are in {material.dataset.label_unit}." if material.dataset.label_unit else ""
    lacking = (
        any(item.interval is None for item in quality.measures) and quality.rows >= LEAST and material.dataset.classes
    )
    without = " No interval: too many resamples lack a class." if lacking else ""
    alike = f" {capital(UNVARIED)}: {_ALIKE}" if any(map(_unvaried, (*first, *quality.measures))) else ""
    of = f" Ranked by the probability of {quality.positive}." if quality.positive else _MEANS * bool(quality.classes)
    return Table(
        name=f"{material.slug}-quality",
        caption=f"Quality of the model on {rows_measured(material, quality)}.{unit or of}{without}{alike}",
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


def by_class(material: Material) -> tuple[Table, ...]:
    quality = material.quality
    if quality is None or not quality.classes:
        return ()
    return (
        Table(
            name=f"{material.slug}-classes",
            caption="Each class against all others, with 95% intervals. A dash: no row is of it or read as it."
            f"{_UNVARIED * any(_unvaried(one) for item in quality.classes for one in _of_class(item))}",
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
    return (item.name, f"{item.rows:,}", *(_with_interval(measure) for measure in _of_class(item)))


def _of_class(item: ClassQuality) -> tuple[Measure | None, ...]:
    return item.precision, item.recall, item.f1, item.auc, item.average_precision


def _unvaried(measure: Measure | Metric | None) -> bool:
    """Whether all resamples give one value, as those of rows that are all right do: that bounds nothing."""
    return measure is not None and measure.interval is not None and measure.interval[0] == measure.interval[1]


_ALIKE = "the rows, resampled, all give the same, so they do not say how far it may be off."
_UNVARIED = f" A number alone: {_ALIKE}"


def _with_interval(measure: Measure | None) -> str:
    if measure is None:
        return "–"
    told = None if _unvaried(measure) else measure.interval
    return neither(measure.value) + (f" ({interval(*told)})" if told else "")


def thresholds(material: Material) -> tuple[Table, ...]:
    """What deciding from each probability on would give; of two classes."""
    quality = material.quality
    if quality is None or not quality.thresholds:
        return ()
    titles = ("read as it", "precision", "recall", "specificity")
    return (
        Table(
            name=f"{material.slug}-thresholds",
            caption=f"If rows were read as {quality.positive} from this probability on, with 95% intervals. "
            f"Specificity: the share of the other rows that are not.{ties(quality)}",
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


def ties(quality: Quality) -> str:
    """Of two classes alike in probability a model gives the first one, and a threshold the second one."""
    recalls = [item.recall for item in quality.classes]
    (half,) = [item for item in quality.thresholds if item.threshold == 0.5]
    shares = [rate and rate.share for rate in (half.specificity, half.recall)]
    if [recall and recall.value for recall in recalls] == shares:
        return ""
    return f" Where both classes have 0.5 the model reads {quality.classes[0].name}, and this table {quality.positive}."


def _rate(rate: Rate | None) -> str:
    return "–" if rate is None else f"{neither(rate.share)} ({interval(*rate.interval)})"


def bins(material: Material) -> tuple[Table, ...]:
    """The error by predicted value."""
    quality = material.quality
    if quality is None or not quality.error_bins:
        return ()
    off = [item for item in quality.error_bins if not item.interval[0] <= 0 <= item.interval[1]]
    said = listing([f"{span(item.low, item.high)} ({'over' if item.mean > 0 else 'under'})" for item in off])
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
                    span(item.low, item.high),
                    f"{item.rows:,}",
                    plain(item.mean, 3),
                    interval(*item.interval, 3),
                    plain(item.rmse, 3),
                )
                for item in quality.error_bins
            ),
        ),
    )
