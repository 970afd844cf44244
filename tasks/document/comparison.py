"""The chapter that compares all points on the same data."""

from collections.abc import Mapping

import numpy as np

from tasks.document import samples
from tasks.document.compared import ComparedPoint, Comparison, Factor, Group, Place
from tasks.document.material import Material, Scales
from tasks.document.words import capital, count, first_places, listing, plain, share, without_unit
from tasks.records import Array, Aside, Block, Chapter, Column, Figure, Matrix, Metric, Ranks, Section, Table, Teaser

Materials = Mapping[str, Material]  # by the slug of the point
_MOST_ROWS = 200  # points of the table
_MOST_RESULTS = 12  # that have a row of the matrix each
_COLUMN = 436  # CSS pixels of the wide column
_LONGEST = 26  # characters of a name in a matrix
_MOST_SENTENCES = 3  # about single features
_MOST_FEATURES = 15  # of the figure of ranks
_MEASURES = {
    "spearman": "rank correlation",
    "overlap": "overlap of the {top}",
    "signs": "share of equal signs",
}


def chapter(found: Comparison, materials: Materials, own_chapters: bool) -> Chapter:
    """`own_chapters`: whether the points have chapters of their own too."""
    points = count(len(found.points), "point")
    sentence = _lead(found)
    drawn = _ranks_figure(found) or _matrix(found, "spearman")
    teaser = Teaser(figure=drawn.name, title=f"{points}: {_title(found)}", sentence=sentence, small=_small(found))
    return Chapter(
        slug=found.slug,
        title=f"Comparison of {points} on {found.data}",
        eyebrow=" · ".join([found.data, points, count(len(found.results), "result")]),
        lead=sentence,
        teaser=teaser if len(found.results) > 1 else None,
        sections=tuple(
            section
            for section in (
                _points(found, own_chapters),
                _survival(found),
                _agreement(found),
                samples.section(found, materials),
            )
            if section is not None
        ),
    )


def figures(found: Comparison, materials: Materials, scales: Scales) -> tuple[Figure, ...]:
    """Every figure of the chapter, in the order of the document."""
    ranks = _ranks_figure(found)
    return (
        *((ranks,) if ranks else ()),
        *(_matrix(found, measure) for measure in _drawn(found)),
        *samples.figures(found, materials, scales),
    )


def noun(found: Comparison) -> str:
    """What is compared: points, or results where points have several methods."""
    return "point" if len(found.results) == len(found.points) else "result"


# --- sentences --------------------------------------------------------------------------------------------


def _title(found: Comparison) -> str:
    if len(found.results) == 1:
        return "the same explanations"
    whole = [place for place in found.places if place.inside == len(found.results)]
    if whole:
        among = f"among the {first_places(found.top)}" if found.top > 1 else "first"
        return f"{without_unit(whole[0].feature)} stays {among}"
    if found.places:
        return "what comes first depends on the settings"
    return "how alike they are"


def _lead(found: Comparison) -> str:
    if len(found.results) == 1:
        return "All points give the same explanations: what differs between them changes none."
    said = [_place_sentence(found, found.places[0])] if found.places else []
    if not np.isnan(found.spearman).all():
        said.append(_correlation_sentence(found))
    return " ".join(said) or "Their features differ, so nothing can be compared."


def _small(found: Comparison) -> str:
    varied = [f"{factor.name} {count(len(factor.values), 'value')}" for factor in found.factors]
    return " · ".join([*varied[:4], _quality(found)])


def _quality(found: Comparison) -> str:
    """The range of the first metric over the points."""
    values = [(point.metrics[0].name, point.metrics[0].value) for point in found.points if point.metrics]
    write = share if values[0][0] == "accuracy" else plain
    low, high = (write(end(value for _, value in values)) for end in (min, max))
    return f"{values[0][0]} {low}" if low == high else f"{values[0][0]} {low} to {high}"


def _place_sentence(found: Comparison, place: Place) -> str:
    feature, total = capital(without_unit(place.feature)), len(found.results)
    where = f"is among the {first_places(found.top)}" if found.top > 1 else "comes first"
    if place.inside == total:
        return f"{feature} {where} in all {count(total, noun(found))}."
    lost = f"it loses its place {place.lost}" if place.lost else "no single setting accounts for the others"
    return f"{feature} {where} in {place.inside} of {count(total, noun(found))}; {lost}."


def _sign_sentence(place: Place) -> str:
    if not place.signed:
        return ""
    less = place.signed - place.positive
    if less in (0, place.signed):
        return f" Its mean is {'negative' if less else 'positive'} in all {place.signed} that keep signs."
    return f" Its mean is positive in {place.positive} of {place.signed} that keep signs, so its sign does not survive."


def _pairs(values: Array) -> Array:
    return values[np.triu_indices(len(values), 1)]


def _correlation_sentence(found: Comparison) -> str:
    pairs = _pairs(found.spearman)
    one, two = (index[int(np.nanargmin(pairs))] for index in np.triu_indices(len(found.results), 1))
    names = [found.results[k] for k in (one, two)]
    if len(pairs) == 1:
        return f"Their orders correlate by {plain(float(pairs[0]))}."
    least = " beside ".join(item.name if len(item.name) <= _LONGEST else item.code for item in names)
    return (
        f"The orders correlate by {plain(float(np.nanmean(pairs)))} on average over {count(len(pairs), 'pair')}, "
        f"at the least by {plain(float(np.nanmin(pairs)))} ({least})."
    )


def _decides(found: Comparison) -> str:
    """Which setting the order depends on most and least."""
    known = sorted((factor for factor in found.factors if factor.mean is not None), key=lambda item: item.mean or 0.0)
    if len(known) < 2:
        return ""
    most, least = known[0], known[-1]
    return (
        f"The order depends most on {most.name} (mean rank correlation {plain(most.mean or 0.0)} where nothing else "
        f"differs) and least on {least.name} ({plain(least.mean or 0.0)})."
    )


# --- the points -------------------------------------------------------------------------------------------


def _points(found: Comparison, own_chapters: bool) -> Section:
    return Section(
        title="The points", blocks=(Block(paragraphs=_intro(found, own_chapters)), Block(tables=(_point_table(found),)))
    )


def _intro(found: Comparison, own_chapters: bool) -> tuple[str, ...]:
    names = list(dict.fromkeys(name for point in found.points for name in point.settings))
    differ = f"They differ in {listing(names)}." if names else "Nothing in their settings differs."
    further = [f"{count(item.further, 'further setting')} with {item.name}" for item in found.factors if item.further]
    together = f" Always changed together: {listing(further)}." if further else ""
    same = (
        f" {count(found.same, 'result is', 'results are')} the same computation as another and counted once."
        if found.same
        else ""
    )
    other = f" Not compared, because the features differ: {listing(found.other)}." if found.other else ""
    apart = "" if own_chapters else _APART
    text = (
        f"{capital(count(len(found.points), 'point'))} explain the same data, {found.data}. {differ}{together}{same}"
        f"{other}"
    )
    return tuple(filter(None, (text, apart)))


_APART = (
    "The points have no chapters of their own here: document.chapters=all gives each one. Their importances, verdicts "
    "and metrics are attached to the PDF, and the run holds every attribution."
)


def _point_table(found: Comparison) -> Table:
    names = list(dict.fromkeys(name for point in found.points for name in point.settings))
    metrics = list(dict.fromkeys(metric.name for point in found.points for metric in point.metrics))
    costs = [name for name in ("gradients", "evaluations") if any(getattr(p, name) for p in found.points)]
    rows = [
        (
            str(point.number),
            *(point.settings.get(name, "–") for name in names),
            *(_metric(point, name) for name in metrics),
            f"{point.explanations:,}",
            *(_cost(point, name) for name in costs),
        )
        for point in found.points[:_MOST_ROWS]
    ]
    on = listing(sorted({point.measured_rows for point in found.points}))
    left = f" The first {_MOST_ROWS} of {len(found.points):,}." if len(found.points) > _MOST_ROWS else ""
    most = " “≤”: at most." if any(point.at_most for point in found.points) else ""
    spent = f" {capital(listing(costs))} of the model: what the explanations took; seconds are in the manifest."
    return Table(
        name=f"{found.slug}-points",
        caption=f"The points, and what differs between them. The quality of their models is that on the {on} rows."
        f"{spent if costs else ''}{most}{left}",
        columns=(
            Column(title="point", numeric=True),
            *(Column(title=name) for name in names),
            *(Column(title=title, numeric=True) for title in (*metrics, "explanations", *costs)),
        ),
        rows=tuple(rows),
    )


def _metric(point: ComparedPoint, name: str) -> str:
    found: Metric | None = next((metric for metric in point.metrics if metric.name == name), None)
    return "–" if found is None else plain(found.value, 3)


def _cost(point: ComparedPoint, name: str) -> str:
    value = getattr(point, name)
    return "–" if value is None else f"{'≤ ' * point.at_most}{value:,}"


# --- what survives ----------------------------------------------------------------------------------------


def _survival(found: Comparison) -> Section | None:
    figure = _ranks_figure(found)
    if figure is None:
        return None
    sentences = [_place_sentence(found, place) + _sign_sentence(place) for place in found.places[:_MOST_SENTENCES]]
    if decides := _decides(found):
        sentences.append(decides)
    return Section(
        title="Which conclusions survive",
        blocks=(
            Block(paragraphs=tuple(sentences), asides=(_what_is_compared(found),)),
            Block(figures=(figure.name,), asides=(_READ_RANKS,)),
            *((Block(tables=(_place_table(found),)),) if len(found.places) > _MOST_SENTENCES else ()),
            *((Block(tables=(_factor_table(found),)),) if found.factors else ()),
        ),
    )


def _place_table(found: Comparison) -> Table:
    """What the sentences say, for more features than they say it for."""
    total, first = len(found.results), first_places(found.top)
    return Table(
        name=f"{found.slug}-places",
        caption=f"The features that stand first in the middle. In how many of {count(total, noun(found))} each is "
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
            for place in found.places
        ),
    )


def _what_is_compared(found: Comparison) -> Aside:
    kinds = {"raw": "plain sums", "abs": "sums of absolute values", "square": "sums of squares"}
    amounts = [f"{sum(item.aggregate == kind for item in found.results)} {kinds[kind]}" for kind in found.aggregates]
    mixed = f" Here {listing(amounts)}: their units differ, their ranks have none." if len(amounts) > 1 else ""
    signs = " Signs are compared between plain sums alone." if "raw" in found.aggregates else ""
    return Aside(
        title="What is compared",
        text=f"The order of {count(len(found.features), 'feature')} by mean |a| over the explained samples, for the "
        f"first target of each {noun(found)}.{mixed}{signs}",
    )


_READ_RANKS = Aside(
    title="How to read it",
    text="A circle for every place that a feature takes, as large as the share of the results that put it there; the "
    "dark one is the middle. The line spans the best and the worst place.",
)


def _ranks_figure(found: Comparison) -> Figure | None:
    """The places of the features that stand first in the middle; None where there is nothing to rank."""
    if found.basis != "importances" or len(found.results) < 2:
        return None
    order = np.lexsort((found.ranks.mean(axis=0), np.median(found.ranks, axis=0)))[:_MOST_FEATURES]
    places = int(found.ranks[:, order].max())
    counts = np.array([np.bincount(found.ranks[:, k], minlength=places + 1)[1:] for k in order])
    labels = tuple(without_unit(found.features[k]) for k in order)
    all_of = f"the first {len(order)} of {len(found.features)}" if len(order) < len(found.features) else "all"
    return Figure(
        name=f"{found.slug}-ranks",
        content=Ranks(labels=labels, counts=counts, axis="place in the order of importance"),
        caption=f"Places of {all_of} features over {count(len(found.results), noun(found))}.",
        alt="; ".join(
            f"{label}: place {int(np.median(ranks))}, from {ranks.min()} to {ranks.max()}"
            for label, ranks in zip(labels, found.ranks[:, order].T, strict=True)
        ),
    )


def _factor_table(found: Comparison) -> Table:
    first = first_places(found.top)
    return Table(
        name=f"{found.slug}-settings",
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
        rows=tuple(_factor_row(factor) for factor in found.factors),
    )


def _factor_row(factor: Factor) -> tuple[str, ...]:
    values = ", ".join(factor.values[:6]) + (f" and {len(factor.values) - 6} more" if len(factor.values) > 6 else "")
    numbers = (factor.mean, factor.lowest, None, factor.overlap, factor.signs)
    written = ["–" if value is None else plain(value) for value in numbers]
    written[2] = f"{factor.same_first} of {factor.pairs}" if factor.pairs else "–"
    return (factor.name, values, f"{factor.pairs:,}", *written)


# --- agreement --------------------------------------------------------------------------------------------


def _drawn(found: Comparison) -> list[str]:
    """The measures that have a matrix."""
    if len(found.results) < 2:
        return []
    known = [name for name in _MEASURES if not np.isnan(_pairs(getattr(found, name))).all()]
    return known if len(found.results) <= _MOST_RESULTS else known[:1]


def _agreement(found: Comparison) -> Section | None:
    names = [f"{found.slug}-{measure}" for measure in _drawn(found)]
    if not names:
        return None
    small = len(found.results) <= _MOST_RESULTS
    over = {
        "importances": "importances of the features",
        "samples": f"attributions of the {count(found.shown, 'shown sample')}, a mean over them: pixels of different "
        "pictures have no importance of their own",
    }[found.basis]
    text = f"Every {noun(found)} beside every other, by the {over}. All pairs are attached as agreement.parquet."
    narrow = all(_matrix(found, measure).width < 1 for measure in _drawn(found)[1:])
    pairs = [tuple(names[1:])] if narrow else [(name,) for name in names[1:]]
    return Section(
        title="How far they agree",
        blocks=(
            Block(paragraphs=(text,), figures=tuple(names[:1]), asides=(_READ_MATRIX,)),
            *(Block(figures=pair) for pair in pairs if pair),
            *(() if small else (Block(tables=(_group_table(found),)),)),
        ),
    )


_READ_MATRIX = Aside(
    title="How to read it",
    text="Methods and baselines ask different questions, so a low number is no fault of either. What changes with the "
    "seed alone is no finding about the model.",
)


def _matrix(found: Comparison, measure: str) -> Figure:
    values = np.nan_to_num(getattr(found, measure))
    meaning = _MEASURES[measure].format(top=first_places(found.top))
    if len(found.results) > _MOST_RESULTS:
        labels = tuple(f"{group.letter} ({len(group.members)})" for group in found.groups)
        values = found.between
        caption = f"{capital(meaning)} between {count(len(labels), 'group')} of results that order the features alike."
    else:
        short = all(len(item.name) <= _LONGEST for item in found.results)
        labels = tuple(item.name if short else item.code for item in found.results)
        caption = f"{capital(meaning)} between {count(len(labels), noun(found))}" + (
            "." if short else ", which have the numbers of the table above."
        )
    narrow = measure != "spearman" and 28 + 6.2 * max(map(len, labels)) + 30 * len(labels) <= 0.5 * _COLUMN
    return Figure(
        name=f"{found.slug}-{measure}",
        content=Matrix(labels=labels, counts=values, x_label="", y_label="", correlations=True),
        caption=caption,
        alt=f"{meaning}: "
        + "; ".join(
            f"{labels[i]} and {labels[j]} {plain(float(values[i, j]))}"
            for i in range(len(labels))
            for j in range(i + 1, len(labels))
        ),
        width=0.5 if narrow else 1.0,
    )


def _group_table(found: Comparison) -> Table:
    return Table(
        name=f"{found.slug}-groups",
        caption="The groups of results that are alike. How many they are, what they alone have in common, how alike "
        "they are, and the features that stand first in the middle.",
        columns=(
            Column(title="group"),
            Column(title="results", numeric=True),
            Column(title="in common"),
            Column(title="correlation within", numeric=True),
            Column(title="first"),
        ),
        rows=tuple(_group_row(found, group) for group in found.groups),
    )


def _group_row(found: Comparison, group: Group) -> tuple[str, ...]:
    members = list(group.members)
    inside = _pairs(found.spearman[np.ix_(members, members)])
    order = np.argsort(np.median(found.ranks[members], axis=0), kind="stable")[: min(found.top, 3)]
    return (
        group.letter,
        str(len(members)),
        group.shared,
        plain(float(np.nanmean(inside))) if inside.size else "–",
        ", ".join(without_unit(found.features[k]) for k in order) if found.features else "–",
    )
