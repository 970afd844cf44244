"""What a model says as one feature changes: partial dependence and accumulated local effects."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document.over_rows import INTERVALS, cost, digits, features_asked, rows_of
from exhibit.tasks.document.words import capital, count, in_full, plain, rounded, signed
from exhibit.tasks.records.behaviour import STRONG, Effect, Effects
from exhibit.tasks.records.figure import SINGLE, Bars, EffectPanel, EffectPanels, Figure, Series
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
    single = f"; thin: single rows, at most {SINGLE}" if items[0].individual is not None else ""
    return Figure(
        name=f"{material.slug}-partial-dependence-{output + 1}",
        content=EffectPanels(panels=panels, axis=of),
        caption=f"Partial dependence: {of} if one feature is set to a value and all others stay as they are. Thick: "
        f"the mean over {rows_of(material, found.asked)}{_band(items)}{single}. Numbers are tried from their 5% to "
        "their 95% quantile, or at all their values where these are few.",
        alt=_reach(items, output),
    )


def _category_bars(material: Material, found: Effects, item: Effect, place: int) -> Figure:
    series = tuple(
        Series(name=name, values=item.mean[:, k], errors=(item.high[:, k] - item.low[:, k]) / 2)
        for k, name in enumerate(found.outputs)
    )
    of = _of_outputs(found)
    lines = "" if np.isnan(item.low).any() else INTERVALS
    return Figure(
        name=f"{material.slug}-partial-dependence-category-{place}",
        content=Bars(labels=item.words, series=series, axis=of),
        caption=f"Partial dependence on {item.feature}: {of} if all rows had this value and stayed as they are in all "
        f"else, mean over {rows_of(material, found.asked)}.{_commonest(item)}{lines}",
        alt="; ".join(f"{name}: {_pairs(item, k)}" for k, name in enumerate(found.outputs)),
    )


def _commonest(item: Effect) -> str:
    """Whether all values that occur were tried."""
    there = len(np.unique(item.seen[~np.isnan(item.seen)]))
    return "" if there == len(item.words) else f" Tried were the {len(item.words):,} commonest of {there:,} values."


def _pairs(item: Effect, output: int) -> str:
    values = item.mean[:, output].tolist()
    return ", ".join(f"{word} {rounded(value)}" for word, value in zip(item.words, values, strict=True))


def dependence_blocks(material: Material, found: Effects) -> tuple[Block, ...]:
    """Of partial dependence: its figures, and their numbers."""
    names = tuple(figure.name for figure in dependence_figures(material, found))
    return (
        Block(heading="Partial dependence", figures=names[:1], asides=(_read_dependence(found),)),
        *(Block(figures=(name,)) for name in names[1:]),
        _numbers(material, found, "Partial dependence"),
    )


def _read_dependence(found: Effects) -> Aside:
    """Of lines and of bars, where there are some."""
    lines = (
        "A flat line: the model answers the same, whatever the value. Thin lines that run apart: the feature counts "
        "differently from row to row. "
    )
    bars = "Bars of one length: the model answers the same, whatever the value. "
    there = [bool(item.words) for item in found.items]
    return Aside(
        title="How to read it",
        text=f"{lines if not all(there) else ''}{bars if any(there) else ''}Where a feature moves with others, some of "
        "the rows that were asked about are such as do not occur; accumulated local effects ask about fewer of these.",
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
    return (
        Figure(
            name=f"{material.slug}-accumulated-local-effects",
            content=EffectPanels(panels=panels, names=names, axis=f"change of {of}", signed=True),
            caption=f"Accumulated local effects: by how much a feature alone changes the {of}, added up from bin to "
            f"bin, with a mean of zero over {rows_of(material, found.asked)}{_band(found.items)}. {_bins(found)}",
            alt=" ".join(f"{_reach(found.items, k)}." for k in range(len(found.outputs))),
        ),
    )


def _bins(found: Effects) -> str:
    """How many rows lie between two points."""
    counts = [item.counts for item in found.items if item.counts is not None]
    bins, rows = [len(one) for one in counts], np.concatenate(counts)
    each = count(bins[0], "bin") if min(bins) == max(bins) else f"{min(bins)} to {max(bins)} bins"
    least, most = int(rows.min()), int(rows.max())
    inside = count(least, "row") if least == most else f"{least:,} to {count(most, 'row')}"
    return (
        f"Measured in {each} of each feature, with {inside} in each; first order only: what features do together is no "
        "part of it."
    )


def accumulated_blocks(material: Material, found: Effects) -> tuple[Block, ...]:
    """Of accumulated local effects: the figure, and its numbers."""
    names = tuple(figure.name for figure in accumulated_figures(material, found))
    return (
        Block(heading="Accumulated local effects", figures=names, asides=(_READ_ACCUMULATED,) if names else ()),
        _numbers(material, found, "Accumulated local effects"),
    )


_READ_ACCUMULATED = Aside(
    title="How to read it",
    text="Above the line of zero: where the feature has this value, it raises what the model says. Rows are moved no "
    "further than to the ends of their own bin, so features that move together are hardly torn apart.",
)


def _numbers(material: Material, found: Effects, title: str) -> Block:
    """The reach of every curve as numbers, what moves with the feature, and what was left out."""
    rows = tuple(
        (
            item.feature,
            output,
            _least_and_most(item, k),
            plain(float(np.ptp(item.mean[:, k])), digits(item.mean[:, k])),
            ", ".join(f"{one.feature} {signed(one.r)}" for one in item.together) or "none",
        )
        for item in found.items
        for k, output in enumerate(found.outputs)
    )
    outside = f" {count(found.outside, 'further class is', 'further classes are')} not told." if found.outside else ""
    table = Table(
        name=f"{material.slug}-{title.lower().replace(' ', '-')}-table",
        caption=f"{title}, in {_unit(found)}: the lowest and the highest point of each curve, and how far they are "
        f"apart. Correlated: columns of numbers with |r| of {STRONG:g} or more in the same rows.{outside}",
        columns=(
            Column(title="feature"),
            Column(title="output"),
            Column(title="lowest and highest"),
            Column(title="apart", numeric=True),
            Column(title="correlated"),
        ),
        rows=rows,
    )
    said = [features_asked(len(found.items) + len(found.left), found.total, found.left)]
    said += [cost(found.asked)] if rows else []
    return Block(paragraphs=(" ".join(said),), tables=(table,) if rows else ())


def _least_and_most(item: Effect, output: int) -> str:
    """0.02 at 1.4, 0.91 at 6.0."""
    values = item.mean[:, output]

    def at(place: int) -> str:
        value = plain(float(values[place]), digits(values))
        return f"{value} at {item.words[place] if item.words else in_full(float(item.points[place]))}"

    return f"{at(int(values.argmin()))}, {at(int(values.argmax()))}"


def _moves_with(item: Effect) -> str:
    """The column that moves most with a feature."""
    return "".join(f"r {signed(one.r)} with {one.feature}" for one in item.together[:1])


def _unit(found: Effects) -> str:
    return found.unit if found.unit == "probability" else f"{found.unit}, as the model predicts"


def _of_output(found: Effects, name: str) -> str:
    """probability of good; predicted log solubility."""
    return f"probability of {name}" if found.unit == "probability" else f"predicted {name}"


def _of_outputs(found: Effects) -> str:
    return found.unit if len(found.outputs) > 1 else _of_output(found, found.outputs[0])


def _band(items: Sequence[Effect]) -> str:
    stated = [not np.isnan(item.low).any() for item in items]
    some = "" if all(stated) else " where ten or more have a value"
    return f", with its 95% interval over rows{some}" if any(stated) else ""


def _reach(items: Sequence[Effect], output: int) -> str:
    return capital("; ".join(f"{item.feature}: {_least_and_most(item, output)}" for item in items))
