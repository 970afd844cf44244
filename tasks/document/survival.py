"""Which features stay first under every setting of a comparison, and what changes their order."""

import numpy as np

from exhibit.tasks.document.words import capital, count, first_places, listing, plain, without_unit
from exhibit.tasks.records.compared import Comparison, Factor, Place
from exhibit.tasks.records.figure import Figure, Ranks
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_SENTENCES = 3  # about single features
_MOST_FEATURES = 15  # of the figure of ranks


def sentence(comparison: Comparison, place: Place) -> str:
    feature, total = capital(without_unit(place.feature)), len(comparison.results)
    where = f"is among the {first_places(comparison.top)}" if comparison.top > 1 else "comes first"
    if place.inside == total:
        return f"{feature} {where} in all {count(total, comparison.noun)}."
    lost = f"it loses its place {place.lost}" if place.lost else "no single setting accounts for the others"
    return f"{feature} {where} in {place.inside} of {count(total, comparison.noun)}; {lost}."


def _sign_sentence(place: Place) -> str:
    if not place.signed:
        return ""
    less = place.signed - place.positive
    if less in (0, place.signed):
        where = "the one that keeps signs" if place.signed == 1 else f"all {place.signed} that keep signs"
        return f" Its mean is {'negative' if less else 'positive'} in {where}."
    return f" Its mean is positive in {place.positive} of {place.signed} that keep signs, so its sign does not survive."


def _decides(comparison: Comparison) -> str:
    """Which setting the order depends on most and least."""
    known = sorted(
        (factor for factor in comparison.factors if factor.mean is not None), key=lambda item: item.mean or 0.0
    )
    if len(known) < 2:
        return ""
    most, least = known[0], known[-1]
    high, low = plain(most.mean or 0.0), plain(least.mean or 0.0)
    if high == low:
        names = listing([factor.name for factor in known])
        return f"The order depends as much on one as on the other of {names} (mean rank correlation {high})."
    return (
        f"The order depends most on {most.name} (mean rank correlation {high} where nothing else differs) and least on "
        f"{least.name} ({low})."
    )


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
    sentences = [sentence(comparison, place) + _sign_sentence(place) for place in comparison.places[:_MOST_SENTENCES]]
    if decides := _decides(comparison):
        sentences.append(decides)
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
    total, first = len(comparison.results), first_places(comparison.top)
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
                without_unit(place.feature),
                f"{place.inside} of {total}",
                place.lost or "–",
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
    labels = tuple(without_unit(comparison.features[k]) for k in order)
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
