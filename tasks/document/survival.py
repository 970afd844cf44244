"""Which features stay first under every setting of a comparison, and what changes their order."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document import between
from exhibit.tasks.document.sentences import worded
from exhibit.tasks.document.words import count, first_places, listing, plain, without_units
from exhibit.tasks.records.compared import Comparison, Factor, Place
from exhibit.tasks.records.figure import Figure, Ranks
from exhibit.tasks.records.finding import Bearing, Deciding, Named, Signs, Survival
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_SENTENCES = 3  # about single features
_MOST_FEATURES = 15  # of the figure of ranks


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
    return dict(zip(comparison.features, without_units(comparison.features), strict=True))


def _sentences(comparison: Comparison, place: Place) -> str:
    """Where a feature stands, and with which sign."""
    survival = found(comparison, place)
    signs = Signs(feature=survival.feature, positive=place.positive, total=place.signed)
    return " ".join(worded(item)[1] for item in ([survival, signs] if place.signed and survival.given else [survival]))


def deciding(comparison: Comparison) -> Deciding | None:
    """Which setting the order depends on most and least; None of fewer than two that are known."""
    known = [Named(name=factor.name, value=factor.mean) for factor in comparison.factors if factor.mean is not None]
    if len(known) < 2:
        return None
    return Deciding(settings=tuple(sorted(known, key=lambda item: item.value)))


_TITLE = "Which conclusions survive"
_NO_RANKS = (
    "This cannot be said here: a pixel or an atom at one place is something else in every sample. So it has no "
    "importance over all of them, and no rank that a setting could change. How far results agree is measured sample by "
    "sample."
)


def section(comparison: Comparison) -> Section | None:
    figure = figure_of_ranks(comparison)
    if figure is None:
        return None if len(comparison.results) < 2 else Section(title=_TITLE, blocks=(Block(paragraphs=(_NO_RANKS,)),))
    sentences = [_sentences(comparison, place) for place in comparison.places[:_MOST_SENTENCES]]
    if decides := deciding(comparison):
        sentences.append(worded(decides)[1])
    return Section(
        title=_TITLE,
        blocks=(
            Block(paragraphs=tuple(sentences), asides=(_what_is_compared(comparison),)),
            Block(figures=(figure.name,), asides=(_READ_RANKS,)),
            *((Block(tables=(_place_table(comparison),)),) if len(comparison.places) > _MOST_SENTENCES else ()),
            *((Block(tables=(_factor_table(comparison),)),) if comparison.factors else ()),
        ),
    )


def _place_table(comparison: Comparison) -> Table:
    """What the sentences say, for more features than they say it for."""
    total, first, names = len(comparison.results), first_places(comparison.top), _names(comparison)
    return Table(
        name=f"{comparison.slug}-places",
        caption=f"The features that stand first in the middle. In how many of {count(total, comparison.noun)} each is "
        f"among the {first}, where it is not, and in how many of those that keep signs its mean is positive.",
        columns=(
            Column(title="feature"),
            Column(title=f"among the {first}", numeric=True),
            Column(title="not so"),
            Column(title="positive", numeric=True),
        ),
        rows=tuple(
            (
                names[place.feature],
                f"{place.inside} of {total}",
                between.where(place.lost) if place.lost else "–",
                f"{place.positive} of {place.signed}" if place.signed else "–",
            )
            for place in comparison.places
        ),
    )


def _what_is_compared(comparison: Comparison) -> Aside:
    kinds = {"raw": "plain sums", "abs": "sums of absolute values", "square": "sums of squares"}
    amounts = [
        f"{sum(item.aggregate == kind for item in comparison.results)} {kinds[kind]}" for kind in comparison.aggregates
    ]
    mixed = f" Here {listing(amounts)}: their units differ, their ranks have none." if len(amounts) > 1 else ""
    signs = " Signs are compared between plain sums alone." if "raw" in comparison.aggregates else ""
    return Aside(
        title="What is compared",
        text=f"The order of {count(len(comparison.features), 'feature')} by mean |a| over the explained samples, for "
        f"the first target of each {comparison.noun}.{mixed}{signs}",
    )


_READ_RANKS = Aside(
    title="How to read it",
    text="A circle for every place that a feature takes, as large as the share of the results that put it there; the "
    "dark one is the middle, or two are, of an even number. The line spans the best and the worst place.",
)


def figure_of_ranks(comparison: Comparison) -> Figure | None:
    """The places of the features that stand first in the middle; None where there is nothing to rank."""
    if comparison.basis != "importances" or len(comparison.results) < 2:
        return None
    order = np.lexsort((comparison.ranks.mean(axis=0), np.median(comparison.ranks, axis=0)))[:_MOST_FEATURES]
    places = int(comparison.ranks[:, order].max())
    counts = np.array([np.bincount(comparison.ranks[:, k], minlength=places + 1)[1:] for k in order])
    labels = tuple(without_units(comparison.features)[k] for k in order)
    all_of = f"the first {len(order)} of {len(comparison.features)}" if len(order) < len(comparison.features) else "all"
    return Figure(
        name=f"{comparison.slug}-ranks",
        content=Ranks(labels=labels, counts=counts, axis="place in the order of importance"),
        caption=f"Places of {all_of} features over {count(len(comparison.results), comparison.noun)}.",
        alt="; ".join(
            f"{label}: place {np.median(ranks):g}, from {ranks.min()} to {ranks.max()}"
            for label, ranks in zip(labels, comparison.ranks[:, order].T, strict=True)
        ),
    )


def _factor_table(comparison: Comparison) -> Table:
    first = first_places(comparison.top)
    return Table(
        name=f"{comparison.slug}-settings",
        caption="What each setting does to the order. Pairs of results that differ in it alone, their mean and lowest "
        f"rank correlation, in how many the same features are the {first}, the mean overlap of these and the mean "
        "share of equal signs. A dash: it never differs alone, or there are no signs.",
        columns=(
            Column(title="setting"),
            Column(title="values"),
            *(
                Column(title=title, numeric=True)
                for title in ("pairs", "correlation", "lowest", f"same {first}", "overlap", "signs")
            ),
        ),
        rows=tuple(_factor_row(factor) for factor in comparison.factors),
    )


def _factor_row(factor: Factor) -> tuple[str, ...]:
    values = ", ".join(factor.values[:6]) + (f" and {len(factor.values) - 6} more" if len(factor.values) > 6 else "")
    numbers = (factor.mean, factor.lowest, None, factor.overlap, factor.signs)
    written = ["–" if value is None else plain(value) for value in numbers]
    written[2] = f"{factor.same_first} of {factor.pairs}" if factor.pairs else "–"
    return (factor.name, values, f"{factor.pairs:,}", *written)
