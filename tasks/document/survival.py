"""Which features stay first under every setting of a comparison, and what changes their order."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document import between
from exhibit.tasks.document.common import PAGE_ONE
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import count, first_places, listing, off_bounds
from exhibit.tasks.records.compared import Comparison, Factor, Place
from exhibit.tasks.records.figure import Figure, Ranks
from exhibit.tasks.records.finding import Bearing, Deciding, Named, Signs, Survival
from exhibit.tasks.records.language import mark, sentences, tr, trn, trp
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_SENTENCES = 3  # about single features
_MOST_FEATURES, _ON_PAGE_ONE = 15, 4  # of the figure of ranks


def found(comparison: Comparison, place: Place, checked: Sequence[Bearing] = ()) -> Survival:
    """Whether a feature keeps a first place; `checked`: the checks of the results that are compared."""
    return Survival(
        feature=_names(comparison)[place.feature],
        inside=place.inside,
        total=len(comparison.results),
        top=comparison.top,
        noun=comparison.noun,
        lost=place.lost,
        given=bool((comparison.ranks <= comparison.top).any()),
        bearing=tuple(checked),
    )


def _names(comparison: Comparison) -> dict[str, str]:
    """What its features are called."""
    return dict(zip(comparison.features, between.features(comparison), strict=True))


def _sentences(comparison: Comparison, place: Place) -> str:
    """Where a feature stands, and with which sign."""
    survival = found(comparison, place)
    signs = Signs(feature=survival.feature, positive=place.positive, total=place.signed)
    found_of_it = [survival, signs] if place.signed and survival.given else [survival]
    return sentences([worded(item)[1] for item in found_of_it])


def deciding(comparison: Comparison) -> Deciding | None:
    """Which setting the order depends on most and least; None of fewer than two that are known."""
    known = [Named(name=factor.name, value=factor.mean) for factor in comparison.factors if factor.mean is not None]
    if len(known) < 2:
        return None
    return Deciding(settings=tuple(sorted(known, key=lambda item: item.value)))


_TITLE = mark("Which conclusions survive")
_NO_RANKS = mark(
    "This cannot be said here: a pixel or an atom at one place is something else in every sample. So it has no "
    "importance over all of them, and no rank that a setting could change. How far results agree is measured sample by "
    "sample."
)


def section(comparison: Comparison) -> Section | None:
    figure = figure_of_ranks(comparison)
    if figure is None:
        if len(comparison.results) < 2:
            return None
        return Section(title=tr(_TITLE), blocks=(Block(paragraphs=(tr(_NO_RANKS),)),))
    paragraphs = [_sentences(comparison, place) for place in comparison.places[:_MOST_SENTENCES]]
    if decides := deciding(comparison):
        paragraphs.append(worded(decides)[1])
    return Section(
        title=tr(_TITLE),
        blocks=(
            Block(paragraphs=tuple(paragraphs), asides=(_what_is_compared(comparison),)),
            Block(figures=(figure.name,), asides=(_read_ranks(),)),
            *((Block(tables=(_place_table(comparison),)),) if len(comparison.places) > _MOST_SENTENCES else ()),
            *((Block(tables=(_factor_table(comparison),)),) if comparison.factors else ()),
        ),
    )


def _place_table(comparison: Comparison) -> Table:
    """What the sentences say, for more features than they say it for."""
    total, first, names = len(comparison.results), first_places(comparison.top), _names(comparison)
    return Table(
        name=f"{comparison.slug}-places",
        caption=sentences(
            [
                tr("The features that stand first in the middle."),
                tr(
                    "In how many of {results} each is among the {first}, where it is not, and in how many of those "
                    "that keep signs its mean is positive.",
                    results=count(total, comparison.noun),
                    first=first,
                ),
            ]
        ),
        columns=(
            Column(title=tr("feature")),
            Column(title=tr("among the {first}", first=first), numeric=True),
            Column(title=tr("not so")),
            Column(title=trp("sign", "positive"), numeric=True),
        ),
        rows=tuple(
            (
                names[place.feature],
                _of(place.inside, total),
                between.where(place.lost) if place.lost else "–",
                _of(place.positive, place.signed) if place.signed else "–",
            )
            for place in comparison.places
        ),
    )


def _of(number: int, total: int) -> str:
    return tr("{number} of {total}", number=str(number), total=str(total))


def _sums(kind: str, number: int) -> str:
    """How many results sum how."""
    return {
        "raw": trn("{number} plain sums", "{number} plain sums", number),
        "abs": trn("{number} sums of absolute values", "{number} sums of absolute values", number),
        "square": trn("{number} sums of squares", "{number} sums of squares", number),
    }[kind]


def _what_is_compared(comparison: Comparison) -> Aside:
    amounts = [
        _sums(kind, sum(item.aggregate == kind for item in comparison.results)) for kind in comparison.aggregates
    ]
    features = count(len(comparison.features), "feature")
    order = (
        tr(
            "The order of {features} by mean |a| over the explained samples, for the first target of each point.",
            features=features,
        )
        if comparison.noun == "point"
        else tr(
            "The order of {features} by mean |a| over the explained samples, for the first target of each result.",
            features=features,
        )
    )
    return Aside(
        title=tr("What is compared"),
        text=sentences(
            [
                order,
                tr("Here {sums}: their units differ, their ranks have none.", sums=listing(amounts))
                if len(amounts) > 1
                else "",
                tr("Signs are compared between plain sums alone.") if "raw" in comparison.aggregates else "",
            ]
        ),
    )


def _read_ranks() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "A circle for every place that a feature takes, as large as the share of the results that put it there; "
            "the dark one is the middle, or two are, of an even number. The line spans the best and the worst place."
        ),
    )


def teaser(comparison: Comparison) -> Figure | None:
    """As `figure_of_ranks`, with as few features as have letters of eight points beside the sentence on page one."""
    whole = figure_of_ranks(comparison, _ON_PAGE_ONE)
    return whole and whole.model_copy(update={"name": f"{comparison.slug}-teaser", "width": PAGE_ONE})


def figure_of_ranks(comparison: Comparison, most: int = _MOST_FEATURES) -> Figure | None:
    """The places of the features that stand first in the middle; None where there is nothing to rank."""
    if comparison.basis != "importances" or len(comparison.results) < 2:
        return None
    order = np.lexsort((comparison.ranks.mean(axis=0), np.median(comparison.ranks, axis=0)))[:most]
    places = int(comparison.ranks[:, order].max())
    counts = np.array([np.bincount(comparison.ranks[:, k], minlength=places + 1)[1:] for k in order])
    labels = tuple(between.features(comparison)[k] for k in order)
    results = count(len(comparison.results), comparison.noun)
    return Figure(
        name=f"{comparison.slug}-ranks",
        content=Ranks(labels=labels, counts=counts, axis=tr("place in the order of importance")),
        caption=tr(
            "Places of the first {number} of {total} features over {results}.",
            number=str(len(order)),
            total=str(len(comparison.features)),
            results=results,
        )
        if len(order) < len(comparison.features)
        else tr("Places of all features over {results}.", results=results),
        alt=trp("list", "; ").join(
            tr(
                "{feature}: place {median}, from {best} to {worst}",
                feature=label,
                median=f"{np.median(ranks):g}",
                best=str(ranks.min()),
                worst=str(ranks.max()),
            )
            for label, ranks in zip(labels, comparison.ranks[:, order].T, strict=True)
        ),
    )


def _factor_table(comparison: Comparison) -> Table:
    first = first_places(comparison.top)
    return Table(
        name=f"{comparison.slug}-settings",
        caption=tr(
            "What each setting does to the order. Pairs of results that differ in it alone, their mean and lowest "
            "rank correlation, in how many the same features are the {first}, the mean overlap of these and the mean "
            "share of equal signs. A dash: it never differs alone, or there are no signs.",
            first=first,
        ),
        columns=(
            Column(title=tr("setting")),
            Column(title=tr("values")),
            *(
                Column(title=title, numeric=True)
                for title in (
                    tr("pairs"),
                    tr("correlation"),
                    trp("column", "lowest"),
                    tr("same {first}", first=first),
                    trp("column", "overlap"),
                    trp("column", "signs"),
                )
            ),
        ),
        rows=tuple(_factor_row(factor) for factor in comparison.factors),
    )


def _factor_row(factor: Factor) -> tuple[str, ...]:
    values = trp("list", ", ").join(factor.values[:_MOST_VALUES])
    if (more := len(factor.values) - _MOST_VALUES) > 0:
        values = tr("{values} and {number} more", values=values, number=str(more))
    numbers = (factor.mean, factor.lowest, None, factor.overlap, factor.signs)
    written = ["–" if value is None else off_bounds(value) for value in numbers]
    written[2] = _of(factor.same_first, factor.pairs) if factor.pairs else "–"
    return (factor.name, values, f"{factor.pairs:,}", *written)


_MOST_VALUES = 6  # of a setting that are named
