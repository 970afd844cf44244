"""What functional groups contribute, and whether that is what is said of solubility."""

import numpy as np

from exhibit.tasks.ahead import student
from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.common import PAGE_ONE, explained_score
from exhibit.tasks.document.words import UNVARIED, count, interval, listing, numbers, plain, signed, with_beside
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import Importance
from exhibit.tasks.records.figure import Bars, Figure, Series
from exhibit.tasks.records.groups import GROUPS
from exhibit.tasks.records.language import mark, sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Column, Table

FEWEST = 4  # molecules of an interval: of two or three that are nearly equal by chance it would look certain
_CLAIMED = {
    "aliphatic OH": mark("An aliphatic OH"),
    "aromatic OH": mark("An aromatic OH"),
    "CH₂ of a chain": mark("A CH₂ of a chain"),
}
_KNOWN = {group.name: group for group in GROUPS}


def figure(material: Material) -> Figure:
    """The mean contribution of each group by the main method, those that raise most first."""
    importance = material.main.summary.importances[0]
    order = np.argsort(-importance.mean, kind="stable")
    names = [importance.features[k] for k in order]
    labels = tuple(map(tr, names))
    errors = np.array([bounds_of(importance, k)[1] - importance.mean[k] for k in order])
    return Figure(
        name=f"{material.slug}-groups",
        content=Bars(
            labels=labels,
            series=(Series(name=tr(material.main.title), values=importance.mean[order], errors=errors),),
            axis=tr("mean contribution of one group, {unit}", unit=tr(material.main.unit)),
            signed=True,
            drawings=tuple((_KNOWN[name].example, _KNOWN[name].smarts) for name in names),
        ),
        caption=sentences(
            [
                tr("Mean contribution of one functional group to the {score}.", score=explained_score(material)),
                tr(
                    "Each is the mean over those of the {molecules} that have it; lines: its 95% interval (Student's "
                    "t), where {few} or more have the group.",
                    molecules=count(material.explained, "molecule"),
                    few=str(FEWEST),
                ),
                tr("Its own atoms, marked in the drawing, count alone, each atom to one group."),
            ]
        ),
        alt=numbers(labels, importance.mean[order], with_sign=True),
    )


_AT_EACH_END = 2  # groups of page one


def extremes(material: Material, common: int, name: str) -> Figure:
    """The groups that raise and lower most, of those that at least `common` molecules have."""
    whole, importance = figure(material), material.main.summary.importances[0]
    bars = whole.content
    assert isinstance(bars, Bars), "drawn as bars"
    order = np.argsort(-importance.mean, kind="stable")
    known = np.flatnonzero(importance.count[order] >= common)
    rows = np.unique(np.concatenate([known[:_AT_EACH_END], known[-_AT_EACH_END:]]))
    (series,) = bars.series
    kept = series.model_copy(
        update={"values": series.values[rows], "errors": None if series.errors is None else series.errors[rows]}
    )
    content = bars.model_copy(
        update={
            "labels": tuple(bars.labels[k] for k in rows),
            "series": (kept,),
            "drawings": tuple(bars.drawings[k] for k in rows),
            "axis": tr(
                "mean contribution, {unit}, by {method}", unit=tr(material.main.unit), method=named(material.main)
            ),
        }
    )
    only = tr(
        "Drawn are the {number} highest and the {number} lowest of the {groups} groups that at least {common} "
        "molecules have.",
        number=str(_AT_EACH_END),
        groups=str(len(known)),
        common=str(common),
    )
    caption = sentences([whole.caption, only]) if len(known) > len(rows) else whole.caption
    changed = {"alt": numbers(content.labels, kept.values, with_sign=True), "caption": caption}
    return whole.model_copy(update={"name": name, "content": content, "width": PAGE_ONE} | changed)


def _give_or_take(importance: Importance, k: int) -> str:
    """+0.63 ± 0.19, half of the 95% interval, in so many digits that it is not zero; in words where it is."""
    mean, bounds = _mean_of(importance, k)
    if bounds == "–":
        return signed(mean)
    half = bounds_of(importance, k)[1] - mean
    for digits in range(_DIGITS, _MOST_DIGITS + 1):
        if plain(half, digits) != plain(0.0, digits):
            return f"{signed(mean, digits)} ± {plain(half, digits)}"
    return with_beside(signed(mean), tr("hardly varies here") if half else tr(UNVARIED))


_DIGITS, _MOST_DIGITS = 2, 4  # of a mean and its interval; a smaller one is nobody's concern


def _mean_of(importance: Importance, k: int) -> tuple[float, str]:
    """Mean contribution of a group, its 95% interval in words, a dash where fewer than `FEWEST` molecules have it."""
    size, mean = int(importance.count[k]), float(importance.mean[k])
    if size < FEWEST:
        return mean, "–"
    low, high = bounds_of(importance, k)
    return mean, interval(low, high)


def bounds_of(importance: Importance, k: int) -> tuple[float, float]:
    """The 95% interval of the mean over the molecules that have a group, by Student's t; the mean itself for fewer than
    `FEWEST`."""
    from scipy.special import stdtrit

    size, mean = int(importance.count[k]), float(importance.mean[k])
    if size < FEWEST:
        return mean, mean
    error = np.sqrt(max(float(importance.mean_square[k]) - mean**2, 0.0) / (size - 1))
    half = float(stdtrit(size - 1, 0.975) * error)
    return mean - half, mean + half


def ahead(importance: Importance, k: int, others: Array) -> tuple[Array, Array]:
    """By how much the mean of a group is above that of each of the `others` (others,), and half of the interval of each
    difference, by Student's t; all of them together have a level of 95% (Bonferroni). What makes two groups larger in
    the same molecule is no error of their difference; infinite where fewer than `FEWEST` molecules have one of them.

    The degrees of freedom are those of the group that fewer molecules have: right where all that have one have both,
    and too few, if anything, where none has.
    """
    covariance = importance.covariance
    assert covariance is not None, "of groups"
    variance = np.diag(covariance)
    errors = np.sqrt(np.maximum(variance[k] + variance[others] - 2 * covariance[k, others], 0))
    fewest = np.minimum(importance.count[k], importance.count[others])
    halves = student(errors, fewest, max(len(others), 1))
    return importance.mean[k] - importance.mean[others], np.where(fewest >= FEWEST, halves, np.inf)


def table(material: Material) -> Table:
    """How many molecules have each group, and its mean contribution with an interval, by every method."""
    importance = material.main.summary.importances[0]
    several = len(material.methods) > 1
    importances = [method.summary.importances[0] for method in material.methods] if several else [importance]
    rows = []
    for k in np.argsort(-importance.mean, kind="stable").tolist():
        mean, bounds = _mean_of(importance, k)
        written = [_give_or_take(item, k) for item in importances] if several else [signed(mean), bounds]
        rows.append((tr(importance.features[k]), f"{int(importance.count[k]):,}", *written))
    titles = [tr(method.title) for method in material.methods] if several else [tr("mean"), tr("95% interval")]
    units = listing(list(dict.fromkeys(tr(method.unit) for method in material.methods)))
    classes, few = _of_classes(material), str(FEWEST)
    return Table(
        name=f"{material.slug}-groups-table",
        caption=tr(
            "Contribution of one group, mean ± half of its 95% interval over the explained molecules that have it, in "
            "{units}{classes}; of fewer than {few} no interval is stated.",
            units=units,
            classes=classes,
            few=few,
        )
        if several
        else tr(
            "Contribution of one group, mean over the explained molecules that have it, in {units}{classes}; of fewer "
            "than {few} no interval is stated.",
            units=units,
            classes=classes,
            few=few,
        ),
        columns=(
            Column(title=trp("of atoms", "group")),
            Column(title=tr("molecules"), numeric=True),
            *(Column(title=title, numeric=True) for title in titles),
        ),
        rows=tuple(rows),
    )


def _of_classes(material: Material) -> str:
    """That a mean is over scores of several classes, where molecules are explained at different ones."""
    explained = (
        {material.dataset.classes[k] for k in material.targets[:, 0].tolist()} if material.dataset.classes else ()
    )
    if len(explained) < 2:
        return ""
    return tr(", each at its own explained class ({classes} are mixed)", classes=listing(sorted(explained)))


def claim(material: Material) -> tuple[str, ...]:
    """What is said of solubility: polar groups raise it, carbon chains lower it; here with numbers, either way."""
    importance = material.main.summary.importances[0]
    about = "solubility" in material.dataset.label_name.lower().replace("_", " ").split()
    if not about or material.dataset.classes or material.score != "value" or material.main.aggregate != "raw":
        return ()
    known = {name: k for k, name in enumerate(importance.features) if importance.count[k] >= FEWEST}
    polar = [known[name] for name, group in _KNOWN.items() if group.polar and name in known]
    said = []
    if polar:
        surely, lowering = (sum(test(bounds_of(importance, k)) for k in polar) for test in (_above, _below))
        said.append(
            trn(
                "Of {groups} that at least {few} molecules have, {number} raises it on average; the interval of "
                "{surely} is above zero, that of {lowering} below.",
                "Of {groups} that at least {few} molecules have, {number} raise it on average; the interval of "
                "{surely} is above zero, that of {lowering} below.",
                int(sum(importance.mean[k] > 0 for k in polar)),
                groups=count(len(polar), "polar group"),
                few=str(FEWEST),
                surely=str(surely),
                lowering=str(lowering),
            )
        )
    said += [_claimed(importance, known[name], group) for name, group in _CLAIMED.items() if name in known]
    expected = tr("Expected is that OH and other polar groups raise solubility, and that carbon chains lower it.")
    return (sentences([expected, *said]),) if said else ()


def _claimed(importance: Importance, k: int, group: str) -> str:
    """Whether a group of which something is expected does so."""
    mean, bounds = _mean_of(importance, k)
    ends = bounds_of(importance, k)
    facts = tr(
        "mean {mean} of {molecules}, {interval}",
        mean=signed(mean),
        molecules=count(int(importance.count[k]), "molecule"),
        interval=bounds,
    )
    if not (_above(ends) or _below(ends)):
        return tr("{group} does not surely move it ({facts}).", group=tr(group), facts=facts)
    size = plain(abs(mean))
    if mean > 0:
        return tr("{group} raises it by {size} ({facts}).", group=tr(group), size=size, facts=facts)
    return tr("{group} lowers it by {size} ({facts}).", group=tr(group), size=size, facts=facts)


def _above(bounds: tuple[float, float]) -> bool:
    return bounds[0] > 0


def _below(bounds: tuple[float, float]) -> bool:
    return bounds[1] < 0
