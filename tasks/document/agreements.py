"""How far the results of a comparison agree with each other, pair by pair."""

import numpy as np

from exhibit.tasks.document import agreement, between
from exhibit.tasks.document.words import capital, clauses, count, first_places, off_bounds, with_beside
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.compared import Comparison, Group
from exhibit.tasks.records.figure import Figure, Matrix, Scale
from exhibit.tasks.records.finding import Alike
from exhibit.tasks.records.language import mark, sentences, tr, trp
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_RESULTS = 12  # that have a row of the matrix each
_COLUMN = 436  # CSS pixels of the wide column
_LONGEST = 26  # characters of a name in a matrix
_WHOLE = {"overlap": mark("the {top} are the same"), "signs": mark("all signs are equal")}
_MEASURES = {
    "spearman": mark("rank correlation"),
    "overlap": mark("overlap of the {top}"),
    "signs": mark("share of equal signs"),
}


def _measured(comparison: Comparison) -> dict[str, Array]:
    """(results, results) of each of the measures."""
    return {"spearman": comparison.spearman, "overlap": comparison.overlap, "signs": comparison.signs}


def found(comparison: Comparison) -> Alike:
    """How alike the results order the features."""
    pairs = _pairs(comparison.spearman)
    known = int((~np.isnan(pairs)).sum())
    if not known:
        return Alike(pairs=0, mean=None, lowest=None, least=("", ""), identical=len(comparison.results) == 1)
    one, two = (
        comparison.results[index[int(np.nanargmin(pairs))]] for index in np.triu_indices(len(comparison.results), 1)
    )
    least = tuple(item.name if len(item.name) <= _LONGEST else item.code for item in (one, two))
    return Alike(pairs=known, mean=float(np.nanmean(pairs)), lowest=float(np.nanmin(pairs)), least=least)


def measures(comparison: Comparison) -> list[str]:
    """The measures that have a matrix."""
    if len(comparison.results) < 2:
        return []
    known = [name for name, values in _measured(comparison).items() if not np.isnan(_pairs(values)).all()]
    return (
        [name for name in known if name not in _whole(comparison)]
        if len(comparison.results) <= _MOST_RESULTS
        else known[:1]
    )


def _whole(comparison: Comparison) -> list[str]:
    """Measures beside the first that are 1 in every pair: a matrix would say no more than a sentence."""
    return [name for name, values in list(_measured(comparison).items())[1:] if (_pairs(values) == 1).all()]


def section(comparison: Comparison) -> Section | None:
    names = [f"{comparison.slug}-{measure}" for measure in measures(comparison)]
    if not names:
        return None
    small = len(comparison.results) <= _MOST_RESULTS
    whole = [tr(_WHOLE[name], top=first_places(comparison.top)) for name in _whole(comparison)]
    same = tr("In every pair {said}.", said=clauses(whole)) if whole else ""
    text = sentences([_beside(comparison), same, tr("All pairs are attached as agreement.parquet.")])
    narrow = all(matrix(comparison, measure).width < 1 for measure in measures(comparison)[1:])
    pairs = [tuple(names[1:])] if narrow else [(name,) for name in names[1:]]
    return Section(
        title=tr("How far they agree"),
        id="agreement",
        blocks=(
            Block(paragraphs=(text,), figures=tuple(names[:1]), asides=(_read_matrix(),)),
            *(Block(figures=pair) for pair in pairs if pair),
            *(() if small else (Block(tables=(_group_table(comparison),)),)),
        ),
    )


def _beside(comparison: Comparison) -> str:
    """What is compared, and by what."""
    if comparison.basis == "importances":
        return (
            tr("Every point beside every other, by the importances of the features.")
            if comparison.noun == "point"
            else tr("Every result beside every other, by the importances of the features.")
        )
    samples = count(comparison.shown, "shown sample")
    return (
        tr(
            "Every point beside every other, by the attributions of the {samples}, a mean over them: pixels of "
            "different pictures have no importance of their own.",
            samples=samples,
        )
        if comparison.noun == "point"
        else tr(
            "Every result beside every other, by the attributions of the {samples}, a mean over them: pixels of "
            "different pictures have no importance of their own.",
            samples=samples,
        )
    )


def _read_matrix() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "Methods and baselines ask different questions, so a low number is no fault of either. What changes with "
            "the seed alone is no finding about the model."
        ),
    )


def matrix(comparison: Comparison, measure: str) -> Figure:
    values = _measured(comparison)[measure]
    meaning = tr(_MEASURES[measure], top=first_places(comparison.top))
    if len(comparison.results) > _MOST_RESULTS:
        labels = tuple(with_beside(group.letter, str(len(group.members))) for group in comparison.groups)
        values = comparison.between
        caption = tr(
            "{measure} between {groups} of results that order the features alike.",
            measure=capital(meaning),
            groups=count(len(labels), "group"),
        )
    else:
        short = all(len(item.name) <= _LONGEST for item in comparison.results)
        labels = tuple(item.name if short else item.code for item in comparison.results)
        results = count(len(labels), comparison.noun)
        caption = (
            tr("{measure} between {results}.", measure=capital(meaning), results=results)
            if short
            else tr(
                "{measure} between {results}, which have the numbers of the table above.",
                measure=capital(meaning),
                results=results,
            )
        )
    narrow = measure != "spearman" and 28 + 6.2 * max(map(len, labels)) + 30 * len(labels) <= 0.5 * _COLUMN
    return Figure(
        name=f"{comparison.slug}-{measure}",
        content=Matrix(labels=labels, counts=values, x_label="", y_label="", correlations=True),
        scales=(Scale(unit=meaning, limit=1.0),),
        caption=sentences([caption, agreement.not_compared(values)]),
        alt=tr("{measure}: {pairs}", measure=meaning, pairs=agreement.pairs(labels, values)),
        width=0.5 if narrow else 1.0,
    )


def _group_table(comparison: Comparison) -> Table:
    return Table(
        name=f"{comparison.slug}-groups",
        caption=tr(
            "The groups of results that are alike. How many they are, what they alone have in common, how alike "
            "they are, and the features that stand first in the middle."
        ),
        columns=(
            Column(title=trp("of results", "group")),
            Column(title=tr("results"), numeric=True),
            Column(title=tr("in common")),
            Column(title=tr("correlation within"), numeric=True),
            Column(title=trp("column", "first")),
        ),
        rows=tuple(_group_row(comparison, group) for group in comparison.groups),
    )


def _group_row(comparison: Comparison, group: Group) -> tuple[str, ...]:
    members = list(group.members)
    inside = _pairs(comparison.spearman[np.ix_(members, members)])
    order = np.argsort(np.median(comparison.ranks[members], axis=0), kind="stable")[: min(comparison.top, 3)]
    return (
        group.letter,
        str(len(members)),
        between.levels(group.shared) or tr("no setting of their own"),
        "–" if np.isnan(inside).all() else off_bounds(float(np.nanmean(inside))),
        trp("list", ", ").join(between.features(comparison)[k] for k in order) if comparison.features else "–",
    )


def _pairs(values: Array) -> Array:
    return values[np.triu_indices(len(values), 1)]
