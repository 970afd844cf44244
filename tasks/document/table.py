"""Chapters about tables."""

import numpy as np

from exhibit.tasks.document import reference
from exhibit.tasks.document.common import (
    direction,
    facets,
    feature_order,
    over_trainings,
    ranking,
    shares,
    sums_table,
    swarm_blocks,
    swarm_figures,
    verdict_asides,
    waterfall,
)
from exhibit.tasks.document.words import capital, count, listing, numbers, plain, share, signed, without_unit
from exhibit.tasks.records.figure import BarPanels, Bars, Figure, Series, Waterfalls
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_PANELS = 8  # samples that are drawn; the table has the others


def story(material: Material) -> tuple[str, str, str]:
    values, _, _ = shares(material.main)
    importance = material.main.summary.importances[0]
    order = ranking(material)
    lead = [without_unit(importance.features[k]) for k in order[:2]]
    carried = share(float(values[order[:2]].sum()))
    sentence = f"{capital(listing(lead))} carry {carried} of the explanation"
    check = over_trainings(material.main)
    if check is not None:
        spread = float(check.details["share"][:, order[:2]].sum(axis=1).std(ddof=1))
        sentence += f" ({plain(100 * spread, 1)} points of standard deviation over trainings)"
        ranks = check.details["share"].argsort(axis=1)[:, ::-1]
        same = int((np.sort(ranks[:, :2], axis=1) == np.sort(order[:2])).all(axis=1).sum())
        sentence += f"; the same two led in {same} of {len(ranks)} trainings"
    if material.reference is not None:
        first = {without_unit(material.reference.features[k]) for k in np.argsort(-material.reference.mean)[:2]}
        agrees = "puts the same two first" if first == set(lead) else f"puts {listing(sorted(first))} first"
        sentence += f", and a {material.reference.label} {agrees}"
    return f"{lead[0]} leads", f"{sentence}.", f"{material.slug}-importances"


def figures(material: Material, _: Scales) -> tuple[Figure, ...]:
    return (
        _importance_figure(material),
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


def _importance_figure(material: Material) -> Figure:
    order = feature_order(material)
    labels = tuple(without_unit(material.main.summary.importances[0].features[k]) for k in order)
    series = []
    for method in reversed(material.methods):
        values, errors, meaning = shares(method)
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
        f"lines: {meaning}.{grey}",
        alt="; ".join(f"{item.name}: {numbers(labels, item.values)}" for item in series),
    )


def _waterfalls(material: Material, method: MethodMaterial) -> Figure:
    """The shown rows, each from the baseline's score to its own."""
    item = material.dataset.inputs[0]
    labels = [without_unit(name) for name in item.features]
    panels = []
    for row in range(min(len(material.dataset.sample_ids), _MOST_PANELS)):
        title = f"{material.sample_name(row)}, {material.output_name(int(material.targets[row, 0]))}"
        values = method.values[item.name][row, :, 0].astype(np.float64)
        panels.append(waterfall(material, method, row, labels, values, title))
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
    squared, by_sign = method.aggregate == "square", method.aggregate == "raw"
    labels = tuple(without_unit(name) for name in item.features)
    panels = []
    for row in range(len(material.dataset.sample_ids)):
        values = method.values[item.name][row, :, 0].astype(np.float64)
        if squared:
            values = values / max(float(values.sum()), np.finfo(float).tiny)
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
        caption=f"{method.title} of single samples, {meaning}.{direction(material, method)}",
        alt="; ".join(f"{panel.name}: {numbers(labels, panel.values, by_sign)}" for panel in panels),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title="What the model relies on",
            blocks=(
                Block(
                    figures=(f"{material.slug}-importances",),
                    asides=(*verdict_asides(material.methods), _READ_BARS),
                ),
                Block(tables=(_importance_table(material),)),
                *reference.blocks(material),
                *swarm_blocks(material, _spread(material)),
            ),
        ),
        Section(
            title="Single samples",
            blocks=tuple(
                Block(
                    figures=(f"{material.slug}-{method.label}-samples",),
                    tables=(sums_table(material, method),) if method.additive and material.whole else (),
                    asides=(_READ_SAMPLES,) if method.additive and material.whole else (),
                )
                for method in reversed(material.methods)
            ),
        ),
    )


_READ_BARS = Aside(
    title="How to read it",
    text="A long bar: the prediction moved much with this feature. The thin line is the uncertainty; bars whose lines "
    "overlap are not ranked.",
)


_READ_SAMPLES = Aside(
    title="How to read it",
    text="The contributions of one sample and the score of the baseline add up to the score of the sample, "
    "up to the residual.",
)


def _importance_table(material: Material) -> Table:
    main = material.main
    importance, check = main.summary.importances[0], over_trainings(main)
    values, errors, meaning = shares(main)
    by_sign = main.aggregate == "raw"
    rows = []
    for k in feature_order(material):
        ranks = f"{check.details['best_rank'][k]} to {check.details['worst_rank'][k]}" if check else ""
        rows.append(
            (
                without_unit(importance.features[k]),
                f"{plain(100 * float(values[k]), 1)} ± {plain(100 * float(errors[k]), 1)}",
                *((signed(float(importance.mean[k]), 3),) if by_sign else ()),
                plain(float(importance.mean_absolute[k]), 3),
                *((ranks,) if check else ()),
            )
        )
    return Table(
        name=f"{material.slug}-importances-table",
        caption=f"{main.title}: share of mean |a| ({meaning}), {'mean a and ' * by_sign}mean |a| in {main.unit}"
        f"{', and the ranks over trainings' if check else ''}.",
        columns=(
            Column(title="feature"),
            Column(title="share, %", numeric=True),
            *((Column(title="mean a", numeric=True),) if by_sign else ()),
            Column(title="mean |a|", numeric=True),
            *((Column(title="rank", numeric=True),) if check else ()),
        ),
        rows=tuple(rows),
    )
