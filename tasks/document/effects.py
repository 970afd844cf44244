"""What a model says as one feature changes: partial dependence and accumulated local effects."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document.over_rows import INTERVALS, cost, digits, features_asked, rows_of
from exhibit.tasks.document.words import capital, count, in_full, plain, related, rounded
from exhibit.tasks.records.behaviour import STRONG, Effect, Effects
from exhibit.tasks.records.figure import SINGLE, Bars, EffectPanel, EffectPanels, Figure, Series
from exhibit.tasks.records.language import mark, sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Aside, Block, Column, Table


def dependence_figures(material: Material, found: Effects) -> tuple[Figure, ...]:
    """Of partial dependence: panels of all numbers for each output, and bars for each category."""
    numbers = [item for item in found.items if not item.words]
    panels = [_dependence_panels(material, found, numbers, k) for k in range(len(found.outputs)) if numbers]
    words = [(place, item) for place, item in enumerate(found.items, 1) if item.words]
    return (*panels, *(_category_bars(material, found, item, place) for place, item in words))


def _dependence_panels(material: Material, found: Effects, items: Sequence[Effect], output: int) -> Figure:
    of = _of_output(found, found.outputs[output])
    panels = tuple(
        EffectPanel(
            title=item.feature,
            note=_moves_with(item),
            x=item.points,
            lines=item.mean[:, [output]],
            low=item.low[:, [output]],
            high=item.high[:, [output]],
            single=None if item.individual is None else item.individual[..., output],
            seen=item.seen,
        )
        for item in items
    )
    single = tr("; thin: single rows, at most {most}", most=str(SINGLE)) if items[0].individual is not None else ""
    return Figure(
        name=f"{material.slug}-partial-dependence-{output + 1}",
        content=EffectPanels(panels=panels, axis=of),
        caption=tr(
            "Partial dependence: {score} if one feature is set to a value and all others stay as they are. Thick: the "
            "mean over {rows}{band}{single}. Numbers are tried from their 5% to their 95% quantile, or at all their "
            "values where these are few.",
            score=of,
            rows=rows_of(material, found.asked),
            band=_band(items),
            single=single,
        ),
        alt=_reach(items, output),
    )


def _category_bars(material: Material, found: Effects, item: Effect, place: int) -> Figure:
    series = tuple(
        Series(name=name, values=item.mean[:, k], errors=(item.high[:, k] - item.low[:, k]) / 2)
        for k, name in enumerate(found.outputs)
    )
    of = _of_outputs(found)
    caption = tr(
        "Partial dependence on {feature}: {score} if all rows had this value and stayed as they are in all else, mean "
        "over {rows}.",
        feature=item.feature,
        score=of,
        rows=rows_of(material, found.asked),
    )
    lines = "" if np.isnan(item.low).any() else tr(INTERVALS).strip()
    return Figure(
        name=f"{material.slug}-partial-dependence-category-{place}",
        content=Bars(labels=item.words, series=series, axis=of),
        caption=sentences([caption, _commonest(item), lines]),
        alt=trp("list", "; ").join(
            tr("{name}: {values}", name=name, values=_pairs(item, k)) for k, name in enumerate(found.outputs)
        ),
    )


def _commonest(item: Effect) -> str:
    """Whether all values that occur were tried."""
    there = len(np.unique(item.seen[~np.isnan(item.seen)]))
    if there == len(item.words):
        return ""
    tried = f"{len(item.words):,}"
    return tr("Tried were the {number} commonest of {total} values.", number=tried, total=f"{there:,}")


def _pairs(item: Effect, output: int) -> str:
    values = item.mean[:, output].tolist()
    return trp("list", ", ").join(f"{word} {rounded(value)}" for word, value in zip(item.words, values, strict=True))


def dependence_blocks(material: Material, found: Effects) -> tuple[Block, ...]:
    """Of partial dependence: its figures, and their numbers."""
    names = tuple(figure.name for figure in dependence_figures(material, found))
    return (
        Block(heading=tr(_PARTIAL), figures=names[:1], asides=(_read_dependence(found),)),
        *(Block(figures=(name,)) for name in names[1:]),
        _numbers(material, found, _PARTIAL),
    )


_PARTIAL, _ACCUMULATED = mark("Partial dependence"), mark("Accumulated local effects")


def _read_dependence(found: Effects) -> Aside:
    """Of lines and of bars, where there are some."""
    lines = tr(
        "A flat line: the model answers the same, whatever the value. Thin lines that run apart: the feature counts "
        "differently from row to row."
    )
    bars = tr("Bars of one length: the model answers the same, whatever the value.")
    always = tr(
        "Where a feature moves with others, some of the rows that were asked about are such as do not occur; "
        "accumulated local effects ask about fewer of these."
    )
    there = [bool(item.words) for item in found.items]
    return Aside(
        title=tr("How to read it"),
        text=sentences([*([] if all(there) else [lines]), *([bars] if any(there) else []), always]),
    )


def accumulated_figures(material: Material, found: Effects) -> tuple[Figure, ...]:
    """Of accumulated local effects: a line for each output in the panel of each feature."""
    if not found.items:
        return ()
    panels = tuple(
        EffectPanel(
            title=item.feature,
            note=_moves_with(item),
            x=item.points,
            lines=item.mean,
            low=item.low,
            high=item.high,
            seen=item.seen,
        )
        for item in found.items
    )
    of = _of_outputs(found)
    names = found.outputs if len(found.outputs) > 1 else ()
    caption = tr(
        "Accumulated local effects: by how much a feature alone changes the {score}, added up from bin to bin, with a "
        "mean of zero over {rows}{band}.",
        score=of,
        rows=rows_of(material, found.asked),
        band=_band(found.items),
    )
    return (
        Figure(
            name=f"{material.slug}-accumulated-local-effects",
            content=EffectPanels(panels=panels, names=names, axis=tr("change of {score}", score=of), signed=True),
            caption=sentences([caption, _bins(found)]),
            alt=sentences([tr("{words}.", words=_reach(found.items, k)) for k in range(len(found.outputs))]),
        ),
    )


def _bins(found: Effects) -> str:
    """How many rows lie between two points."""
    counts = [item.counts for item in found.items if item.counts is not None]
    bins, rows = [len(one) for one in counts], np.concatenate(counts)
    fewest, largest = min(bins), max(bins)
    each = count(fewest, "bin") if fewest == largest else tr("{low} to {high} bins", low=str(fewest), high=str(largest))
    least, most = int(rows.min()), int(rows.max())
    inside = (
        count(least, "row")
        if least == most
        else trn("{low} to {number} row", "{low} to {number} rows", most, low=f"{least:,}")
    )
    return tr(
        "Measured in {bins} of each feature, with {rows} in each; first order only: what features do together is no "
        "part of it.",
        bins=each,
        rows=inside,
    )


def accumulated_blocks(material: Material, found: Effects) -> tuple[Block, ...]:
    """Of accumulated local effects: the figure, and its numbers."""
    names = tuple(figure.name for figure in accumulated_figures(material, found))
    return (
        Block(heading=tr(_ACCUMULATED), figures=names, asides=(_read_accumulated(),) if names else ()),
        _numbers(material, found, _ACCUMULATED),
    )


def _read_accumulated() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "Above the line of zero: where the feature has this value, it raises what the model says. Rows are moved "
            "no further than to the ends of their own bin, so features that move together are hardly torn apart."
        ),
    )


def _numbers(material: Material, found: Effects, title: str) -> Block:
    """The reach of every curve as numbers, what moves with the feature, and what was left out."""
    rows = tuple(
        (
            item.feature,
            output,
            _least_and_most(item, k),
            plain(float(np.ptp(item.mean[:, k])), digits(item.mean[:, k])),
            trp("list", ", ").join(f"{one.feature} {related(one.r)}" for one in item.together) or trp("column", "none"),
        )
        for item in found.items
        for k, output in enumerate(found.outputs)
    )
    outside = (
        trn("{number} further class is not told.", "{number} further classes are not told.", found.outside)
        if found.outside
        else ""
    )
    caption = tr(
        "{title}, in {unit}: the lowest and the highest point of each curve, and how far they are apart. Correlated: "
        "columns of numbers with |r| of {strong} or more in the same rows.",
        title=tr(title),
        unit=_unit(found),
        strong=f"{STRONG:g}",
    )
    table = Table(
        name=f"{material.slug}-{title.lower().replace(' ', '-')}-table",
        caption=sentences([caption, outside]),
        columns=(
            Column(title=tr("feature")),
            Column(title=tr("output")),
            Column(title=tr("lowest and highest")),
            Column(title=trp("column", "apart"), numeric=True),
            Column(title=trp("column", "correlated")),
        ),
        rows=rows,
    )
    said = [features_asked(len(found.items) + len(found.left), found.total, found.left)]
    said += [cost(found.asked)] if rows else []
    return Block(paragraphs=(sentences(said),), tables=(table,) if rows else ())


def _least_and_most(item: Effect, output: int) -> str:
    """0.02 at 1.4, 0.91 at 6.0."""
    values = item.mean[:, output]

    def at(place: int) -> str:
        value = plain(float(values[place]), digits(values))
        point = item.words[place] if item.words else in_full(float(item.points[place]))
        return tr("{value} at {point}", value=value, point=point)

    return trp("list", ", ").join((at(int(values.argmin())), at(int(values.argmax()))))


def _moves_with(item: Effect) -> str:
    """The column that moves most with a feature."""
    return "".join(tr("r {r} with {feature}", r=related(one.r), feature=one.feature) for one in item.together[:1])


def _unit(found: Effects) -> str:
    unit = tr(found.unit)
    return unit if found.unit == "probability" else tr("{unit}, as the model predicts", unit=unit)


def _of_output(found: Effects, name: str) -> str:
    """probability of good; predicted log solubility."""
    return (
        tr("probability of {name}", name=name)
        if found.unit == "probability"
        else trp("of an axis", "predicted {name}", name=name)
    )


def _of_outputs(found: Effects) -> str:
    return tr(found.unit) if len(found.outputs) > 1 else _of_output(found, found.outputs[0])


def _band(items: Sequence[Effect]) -> str:
    stated = [not np.isnan(item.low).any() for item in items]
    if not any(stated):
        return ""
    if all(stated):
        return tr(", with its 95% interval over rows")
    return tr(", with its 95% interval over rows where ten or more have a value")


def _reach(items: Sequence[Effect], output: int) -> str:
    each = [tr("{feature}: {values}", feature=item.feature, values=_least_and_most(item, output)) for item in items]
    return capital(trp("list", "; ").join(each))
