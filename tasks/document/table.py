"""Chapters about tables."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.ahead import FEWEST, surely
from exhibit.tasks.document import bearing, reference
from exhibit.tasks.document.cells import cells
from exhibit.tasks.document.common import (
    PAGE_ONE,
    direction,
    facets,
    feature_order,
    features_left_out,
    over_trainings,
    shares,
    sums_blocks,
    swarm_blocks,
    swarm_figures,
    verdict_asides,
    waterfall,
)
from exhibit.tasks.document.words import capital, count, numbers, plain, signed, without_units
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Reference
from exhibit.tasks.records.figure import BarPanels, Bars, Figure, Series, Waterfalls
from exhibit.tasks.records.finding import Finding, Leaders, Named
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_PANELS = 9  # samples that are drawn; the table has the others


def story(material: Material) -> tuple[Finding, str]:
    """Which features carry most of the explanation by the main method; methods with another first one disagree."""
    importance = material.main.summary.importances[0]
    sizes, *_ = shares(material, material.main)  # as the bars beside it
    order = np.argsort(-sizes, kind="stable")
    named = 2 if len(sizes) > 2 and sizes[order[:2]].min() >= _TOLD and _same_two(material, order) else 1
    kept = _kept(material, int(order[0])) if sizes.any() else None
    known = material.reference
    finding = Leaders(
        method=bearing.named(material.main),
        signed=material.main.signed,
        first=tuple(Named(name=without_units(importance.features)[k], value=float(sizes[k])) for k in order[:named]),
        trainings=kept,
        reference=_surely_first(known) if known is not None else None,
        reference_label="" if known is None else known.label,
        bearing=bearing.bearing(material.main),
        doubt=_doubt(material, order, kept),
        **bearing.methods(
            material, material.methods, lambda method: _instead(material, method, _first(importance.features, sizes))
        ),
    )
    return finding, f"{material.slug}-teaser" if material.whole else f"{material.slug}-importances"


_TOLD = 0.005  # a share below is 0% in whole per cents: no feature is named for it


def _direction(material: Material, method: MethodMaterial) -> str:
    """What the colours of bars mean; sizes have one."""
    return direction(material, method) if method.signed else f" {capital(method.sizes)} have no sign."


def _first(features: Sequence[str], values: Array) -> Named:
    """The feature with the largest value, and its share of all."""
    k = int(np.argmax(values))
    return Named(name=without_units(features)[k], value=float(values[k] / (values.sum() or 1.0)))


def _same_two(material: Material, order: Array) -> bool:
    """Whether every method has the same two features before all others."""
    two = set(order[:2].tolist())
    return all(
        set(np.argsort(-shares(material, method)[0], kind="stable")[:2].tolist()) == two for method in material.methods
    )


def _surely_first(known: Reference) -> Named | None:
    """What a reference puts first, where it is ahead of every other feature by more than the errors of the
    differences."""
    return _first(known.features, known.mean) if surely(known.lead) else None


def _instead(material: Material, method: MethodMaterial, first: Named) -> Named | None:
    """The feature that a method puts first, where that is another one, or one has none."""
    own = method.summary.importances[0]
    found = _first(own.features, shares(material, method)[0])
    return None if found.agrees(first) else found


def _kept(material: Material, first: int) -> tuple[int, int] | None:
    """In how many trainings beside the reported one, and of how many, the same feature is first."""
    check = over_trainings(material.main)
    if check is None:
        return None
    others = check.details["share"][1:]
    return int((others.argmax(axis=1) == first).sum()), len(others)


def _doubt(material: Material, order: Array, kept: tuple[int, int] | None) -> str:
    """Why the first feature may not be first: the errors over samples, or other trainings."""
    importance = material.main.summary.importances[0]
    first, *others = order[:2].tolist()
    if not others or not importance.mean_absolute.any():
        return ""
    if (own := int(importance.mean_absolute.argmax())) != first:  # the bars are a mean over trainings
        return f"in the reported training itself {without_units(importance.features)[own]} is first"
    if kept is not None and 2 * kept[0] <= kept[1]:
        name = without_units(importance.features)[first]
        return f"{name} is first in only {kept[0]} of {count(kept[1], 'further training')}"
    lead = material.main.lead
    if lead is None or lead.samples < FEWEST:
        return (
            f"{count(material.explained, 'sample')} {'has' if material.explained == 1 else 'have'} no error to speak of"
        )
    return "" if surely(lead) else _NOT_AHEAD


_NOT_AHEAD = "among other samples chance alone could put another feature first"


def figures(material: Material, _: Scales) -> tuple[Figure, ...]:
    return (
        *((_teaser(material),) if material.whole else ()),
        importance_figure(material),
        *swarm_figures(material, _spread(material)),
        *(_samples(material, method) for method in material.methods),
    )


def _samples(material: Material, method: MethodMaterial) -> Figure:
    """The shown rows: a waterfall each where contributions add up to the score, else bars."""
    added_up = method.additive and method.aggregate == "raw" and material.whole
    return (_waterfalls if added_up else _sample_bars)(material, method)


def _spread(material: Material) -> list[MethodMaterial]:
    """The methods whose contributions are drawn sample by sample."""
    return [method for method in material.methods if method.additive and method.swarm is not None]


def importance_figure(material: Material) -> Figure:
    """Shares of importance by every method, with their errors."""
    order = feature_order(material)
    labels = tuple(without_units(material.main.summary.importances[0].features)[k] for k in order)
    series = []
    for method in reversed(material.methods):
        values, errors, meaning = shares(material, method)
        series.append(Series(name=method.title, values=values[order], errors=errors[order]))
    if material.reference is not None:
        known = material.reference
        series.append(
            Series(
                name=known.label,
                values=known.mean[order],
                errors=known.standard_error[order],
                reference=True,
            )
        )
    grey = f" Grey: {material.reference.label}, {material.reference.description}." if material.reference else ""
    return Figure(
        name=f"{material.slug}-importances",
        content=Bars(labels=labels, series=tuple(series), axis="share of importance"),
        caption=f"Share of importance of each feature over {count(material.explained, 'sample')}; "
        f"lines: {meaning}.{grey}{features_left_out(material)}",
        alt="; ".join(f"{item.name}: {numbers(labels, item.values)}" for item in series),
    )


_ON_PAGE_ONE = 3  # features: more would be drawn smaller where three chapters share the page


def _teaser(material: Material) -> Figure:
    """The first features by the main method, and all others together, beside the first method that puts another one
    first."""
    order = feature_order(material)
    total = len(shares(material, material.main)[0])
    few = len(order) if total <= _ON_PAGE_ONE + 1 else _ON_PAGE_ONE  # nothing is "1 other"
    first = _first(material.main.summary.importances[0].features, shares(material, material.main)[0])
    others = [method for method in material.methods if _instead(material, method, first)][:1]
    shown = [*others, material.main][::-1]
    labels = [without_units(material.main.summary.importances[0].features)[k] for k in order[:few]]
    rest = [f"{total - few:,} others"] if total > few else []
    meaning = shares(material, material.main)[2]
    left = f" The bar of the {total - few:,} others together has none." if rest else ""
    series = tuple(_with_rest(material, method, order[:few], bool(rest)) for method in shown)
    by = "" if len(series) > 1 else f" by {bearing.named(material.main)}"
    return Figure(
        name=f"{material.slug}-teaser",
        content=Bars(labels=(*labels, *rest), series=series, axis="share of the explanation, %"),
        caption=f"How much of the explanation{by} each feature carries, of 100% in all but for rounding, over "
        f"{count(material.explained, 'sample')}. Lines: {meaning}.{left}",
        alt="; ".join(f"{item.name}: {numbers([*labels, *rest], item.values)}" for item in series),
        width=PAGE_ONE,
    )


def _with_rest(material: Material, method: MethodMaterial, first: Array, rest: bool) -> Series:
    """Shares of the first features by a method in %, and of all others together, whose error is not known."""
    values, errors = (100 * part for part in shares(material, method)[:2])
    others = [values.sum() - values[first].sum()] if rest else []
    return Series(
        name=method.title,
        values=np.append(values[first], others),
        errors=np.append(errors[first], [np.nan] * len(others)),
    )


def _waterfalls(material: Material, method: MethodMaterial) -> Figure:
    """The shown rows, each from the baseline's score to its own."""
    item = material.dataset.inputs[0]
    panels = []
    for row in range(min(len(material.dataset.sample_ids), _MOST_PANELS)):
        title = f"{material.sample_name(row)}, {material.output_name(int(material.targets[row, 0]))}"
        values = method.values[item.name][row, :, 0].astype(np.float64)
        panels.append(waterfall(material, method, row, *cells(item, row, values), title))
    return Figure(
        name=f"{material.slug}-{method.label}-samples",
        content=Waterfalls(panels=tuple(panels), facets=facets(material, range(len(panels)))),
        caption=f"{method.title} of single samples: how the contributions of each lead from the baseline's score to "
        f"its own, the largest first, in {method.unit}.{direction(material, method)}",
        alt="; ".join(
            f"{panel.title}: from {signed(panel.start)} to {signed(panel.end)}, "
            f"{numbers(panel.labels, panel.values, with_sign=True)}"
            for panel in panels
        ),
    )


def _sample_bars(material: Material, method: MethodMaterial) -> Figure:
    item = material.dataset.inputs[0]
    squared, by_sign = method.aggregate == "square", method.signed
    left_out = features_left_out(material)
    drawn = feature_order(material) if left_out else np.arange(len(item.features))
    labels = tuple(without_units(item.features)[k] for k in drawn)
    panels = []
    for row in range(len(material.dataset.sample_ids)):
        values = method.values[item.name][row, :, 0].astype(np.float64)
        if squared:
            values = values / max(float(values.sum()), np.finfo(float).tiny)
        values = values[drawn]
        name = f"{material.sample_name(row)}, {material.output_name(int(material.targets[row, 0]))}"
        panels.append(Series(name=name, values=values))
    meaning = "squared and divided by their sum" if squared else f"in {method.unit}"
    return Figure(
        name=f"{material.slug}-{method.label}-samples",
        content=BarPanels(
            labels=labels,
            panels=tuple(panels),
            axis="share of the squared gradient" if squared else method.unit,
            signed=by_sign,
            facets=facets(material, range(len(panels))),
        ),
        caption=f"{method.title} of single samples, {meaning}.{_direction(material, method)}{left_out}",
        alt="; ".join(f"{panel.name}: {numbers(labels, panel.values, by_sign)}" for panel in panels),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title="What the model relies on",
            id="importances",
            blocks=(
                Block(
                    figures=(f"{material.slug}-importances",),
                    asides=(*verdict_asides(material.methods), _read_bars(material)),
                ),
                Block(tables=(importance_table(material),)),
                *reference.blocks(material),
                *swarm_blocks(material, _spread(material)),
            ),
        ),
        Section(
            title="Single samples",
            id="samples",
            blocks=tuple(
                Block(
                    figures=(f"{material.slug}-{method.label}-samples",),
                    asides=(_READ_SAMPLES,) if method.additive and material.whole else (),
                )
                for method in reversed(material.methods)
            ),
        ),
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method."""
    return sums_blocks(material)


def _read_bars(material: Material) -> Aside:
    """What a bar and the line at its end are, by the error that is drawn."""
    error, _, over = shares(material, material.main)[2].partition(", ")
    aside = f", {over}" if over else ""
    return Aside(
        title="How to read it",
        text="A long bar: the prediction moved much with this feature. The thin line reaches one "
        f"{error} to each side of the end of the bar{aside}; a 95% interval is at least about twice as long. Where "
        "lines overlap, the order of two features may be chance.",
    )


_READ_SAMPLES = Aside(
    title="How to read it",
    text="The contributions of one sample and the score of the baseline add up to the score of the sample, "
    "up to the residual.",
)


def importance_table(material: Material) -> Table:
    """The same as numbers, by the main method."""
    main = material.main
    importance, check = main.summary.importances[0], over_trainings(main)
    values, errors, meaning = shares(material, main)
    by_sign = main.aggregate == "raw"
    rows = []
    for k in feature_order(material):
        ranks = f"{check.details['best_rank'][k]} to {check.details['worst_rank'][k]}" if check else ""
        rows.append(
            (
                without_units(importance.features)[k],
                f"{plain(100 * float(values[k]), 1)} ± {plain(100 * float(errors[k]), 1)}",
                *((signed(float(importance.mean[k]), 3),) if by_sign else ()),
                plain(float(importance.mean_absolute[k]), 3),
                *((ranks,) if check else ()),
            )
        )
    return Table(
        name=f"{material.slug}-importances-table",
        caption=f"{main.title}: share of mean |a| ({meaning}), {'mean a and ' * by_sign}mean |a| in {main.unit}"
        f"{', and the ranks over trainings' if check else ''}.{features_left_out(material)}",
        columns=(
            Column(title="feature"),
            Column(title="share, %", numeric=True),
            *((Column(title="mean a", numeric=True),) if by_sign else ()),
            Column(title="mean |a|", numeric=True),
            *((Column(title="rank", numeric=True),) if check else ()),
        ),
        rows=tuple(rows),
    )
