"""Chapters about tables."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.ahead import FEWEST, student, surely
from exhibit.tasks.document import bearing, reference
from exhibit.tasks.document.cells import by_column, cells
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
from exhibit.tasks.document.words import at_scale, by_name, count, numbers, percent, plain, signed, without_units
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Reference
from exhibit.tasks.records.figure import BarPanels, Bars, Figure, Series, Waterfalls
from exhibit.tasks.records.finding import Doubt, Finding, Leaders, Named
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_PANELS = 9  # samples that are drawn; the table has the others


def story(material: Material) -> tuple[Finding, str]:
    """Which features carry most of the explanation by the main method; methods with another first one disagree."""
    importance = material.main.summary.importances[0]
    sizes, *_ = shares(material, material.main)  # as the bars beside it
    order = np.argsort(-sizes, kind="stable")
    two = len(sizes) > 2 and sizes[order[:2]].min() >= _TOLD and _same_two(material, order)
    named = 2 if two and _surely_two(material, order) else 1
    kept = _kept(material, int(order[0])) if sizes.any() else None
    known = material.reference
    finding = Leaders(
        method=bearing.named(material.main),
        signed=material.main.signed,
        first=tuple(Named(name=without_units(importance.features)[k], value=float(sizes[k])) for k in order[:named]),
        trainings=kept,
        reference=_surely_first(known) if known is not None else None,
        reference_label="" if known is None else tr(known.label),
        bearing=bearing.bearing(material.main),
        doubt=_doubt(material, order, kept),
        **bearing.methods(
            material, material.methods, lambda method: _instead(material, method, _first(importance.features, sizes))
        ),
    )
    return finding, f"{material.slug}-teaser" if material.whole else f"{material.slug}-importances"


_ROUNDING = 1e-9  # of a share: what is less is left over by sums of equal numbers
_TOLD = 0.005  # a share below is 0% in whole per cents: no feature is named for it


def _direction(material: Material, method: MethodMaterial) -> str:
    """What the colours of bars mean; sizes have one."""
    if method.signed:
        return direction(material, method)
    return {"abs": tr("Absolute values have no sign."), "square": tr("Squares have no sign.")}[method.aggregate]


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


def _surely_two(material: Material, order: Array) -> bool:
    """Whether the second of all is ahead of every later one by more than chance, however they go together in a sample:
    else it would be luck which of several is named beside the first."""
    importance = material.main.summary.importances[0]
    sizes, errors = importance.mean_absolute, importance.standard_error
    second, later = order[1], order[2:]
    halves = student(errors[second] + errors[later], importance.count[later], len(later))
    return bool((sizes[second] - sizes[later] > halves).all())


def _surely_first(known: Reference) -> Named | None:
    """What a reference puts first, where it is ahead of every other feature by more than the errors of the
    differences."""
    return _first(known.features, known.mean) if surely(known.lead) else None


def _instead(material: Material, method: MethodMaterial, first: Named) -> Named | None:
    """The feature that a method puts first, where that is another one, or one has none; of equals none comes first."""
    own = method.summary.importances[0]
    sizes = shares(material, method)[0]
    found = _first(own.features, sizes)
    also = dict(zip(without_units(own.features), sizes.tolist(), strict=True)).get(first.name, 0.0)
    if found.agrees(first) or (first.value and also and also >= found.value * (1 - _ROUNDING)):
        return None
    return found


def _kept(material: Material, first: int) -> tuple[int, int] | None:
    """In how many trainings beside the reported one, and of how many, the same feature is first."""
    check = over_trainings(material.main)
    if check is None:
        return None
    others = check.details["share"][1:]
    return int((others.argmax(axis=1) == first).sum()), len(others)


def _doubt(material: Material, order: Array, kept: tuple[int, int] | None) -> Doubt | None:
    """Why the first feature may not be first: the errors over samples, or other trainings."""
    importance = material.main.summary.importances[0]
    first, *others = order[:2].tolist()
    if not others or not importance.mean_absolute.any():
        return None
    if (own := int(importance.mean_absolute.argmax())) != first:  # the bars are a mean over trainings
        return Doubt(id="another in this training", name=without_units(importance.features)[own])
    if kept is not None and 2 * kept[0] <= kept[1]:
        name = without_units(importance.features)[first]
        return Doubt(id="few trainings", name=name, some=kept[0], total=kept[1])
    lead = material.main.lead
    if lead is None or lead.samples < FEWEST:
        return Doubt(id="no error", total=material.explained)
    return None if surely(lead) else Doubt(id="not ahead")


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
    for method in material.drawn:
        values, errors, meaning = shares(material, method)
        series.append(Series(name=tr(method.title), values=values[order], errors=errors[order]))
    if material.reference is not None:
        known = material.reference
        series.append(
            Series(
                name=tr(known.label),
                values=known.mean[order],
                errors=known.standard_error[order],
                reference=True,
            )
        )
    grey = ""
    if (reference := material.reference) is not None:
        grey = tr(
            "Grey: {reference}, {description}.", reference=tr(reference.label), description=tr(reference.description)
        )
    caption = tr(
        "Share of importance of each feature over {samples}; lines: {error}.",
        samples=count(material.explained, "sample"),
        error=meaning,
    )
    return Figure(
        name=f"{material.slug}-importances",
        content=Bars(labels=labels, series=tuple(series), axis=tr("share of importance")),
        caption=sentences([caption, grey, features_left_out(material).strip()]),
        alt=_listed(series, labels),
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
    others_left = f"{total - few:,}"
    rest = [tr("{number} others", number=others_left)] if total > few else []
    left = tr("The bar of the {number} others together has none.", number=others_left) if rest else ""
    lines = tr("Lines: {error}.", error=shares(material, material.main)[2])
    series = tuple(_with_rest(material, method, order[:few], bool(rest)) for method in shown)
    samples = count(material.explained, "sample")
    if not all(one.values.any() for one in series):  # of nothing there are no shares
        caption = tr("How much of the explanation each feature carries, over {samples}.", samples=samples)
    elif len(series) > 1:
        caption = tr(
            "How much of the explanation each feature carries, of 100% in all but for rounding, over {samples}.",
            samples=samples,
        )
    else:
        caption = tr(
            "How much of the explanation by {method} each feature carries, of 100% in all but for rounding, over "
            "{samples}.",
            method=bearing.named(material.main),
            samples=samples,
        )
    return Figure(
        name=f"{material.slug}-teaser",
        content=Bars(labels=(*labels, *rest), series=series, axis=tr("share of the explanation, %")),
        caption=sentences([caption, lines, left]),
        alt=_listed(series, [*labels, *rest]),
        width=PAGE_ONE,
    )


def _with_rest(material: Material, method: MethodMaterial, first: Array, rest: bool) -> Series:
    """Shares of the first features by a method in %, and of all others together, whose error is not known."""
    values, errors = (100 * part for part in shares(material, method)[:2])
    others = [values.sum() - values[first].sum()] if rest else []
    return Series(
        name=tr(method.title),
        values=np.append(values[first], others),
        errors=np.append(errors[first], [np.nan] * len(others)),
    )


def _waterfalls(material: Material, method: MethodMaterial) -> Figure:
    """The shown rows, each from the baseline's score to its own."""
    item = material.dataset.inputs[0]
    panels = []
    for row in range(min(len(material.dataset.sample_ids), _MOST_PANELS)):
        title = _panel(material, row)
        values = method.values[item.name][row, :, 0].astype(np.float64)
        panels.append(waterfall(material, method, row, *cells(item, row, values), title))
    caption = tr(
        "{method} of single samples: how the contributions of each lead from the baseline's score to its own, the "
        "largest first, in {unit}.",
        method=tr(method.title),
        unit=tr(method.unit),
    )
    return Figure(
        name=f"{material.slug}-{method.label}-samples",
        content=Waterfalls(panels=tuple(panels), facets=facets(material, range(len(panels)))),
        caption=sentences([caption, direction(material, method).strip()]),
        alt=trp("list", "; ").join(
            tr(
                "{sample}: from {start} to {end}, {contributions}",
                sample=panel.title,
                start=at_scale([panel.start, panel.end], signed)(panel.start, 2),
                end=at_scale([panel.start, panel.end], signed)(panel.end, 2),
                contributions=numbers(panel.labels, panel.values, with_sign=True),
            )
            for panel in panels
        ),
    )


def _sample_bars(material: Material, method: MethodMaterial) -> Figure:
    item = material.dataset.inputs[0]
    squared, by_sign = method.aggregate == "square", method.signed
    left_out = features_left_out(material)
    titles = without_units(material.main.summary.importances[0].features)
    drawn = feature_order(material) if left_out else np.arange(len(titles))
    labels = tuple(titles[k] for k in drawn)
    panels = []
    for row in range(len(material.dataset.sample_ids)):
        _, values = by_column(item, method.values[item.name][row, :, 0].astype(np.float64))
        if squared:
            values = values / max(float(values.sum()), np.finfo(float).tiny)
        values = values[drawn]
        panels.append(Series(name=_panel(material, row), values=values))
    unit, title = tr(method.unit), tr(method.title)
    caption = (
        tr("{method} of single samples, squared and divided by their sum.", method=title)
        if squared
        else tr("{method} of single samples, in {unit}.", method=title, unit=unit)
    )
    return Figure(
        name=f"{material.slug}-{method.label}-samples",
        content=BarPanels(
            labels=labels,
            panels=tuple(panels),
            axis=tr("share of the squared gradient") if squared else unit,
            signed=by_sign,
            facets=facets(material, range(len(panels))),
        ),
        caption=sentences([caption, _direction(material, method).strip(), left_out.strip()]),
        alt=_listed(panels, labels, by_sign),
    )


def _panel(material: Material, row: int) -> str:
    """What a panel of one sample is called: by the sample, and for which class it is explained, which need not be that
    of the sample; of a value there is but one."""
    name = by_name(material.sample_name(row))
    if not material.dataset.classes:
        return name
    return tr("{sample}, for {output}", sample=name, output=material.output_name(int(material.targets[row, 0])))


def _listed(series: Sequence[Series], labels: Sequence[str], by_sign: bool = False) -> str:
    """The numbers of bars in words."""
    return trp("list", "; ").join(
        tr("{name}: {numbers}", name=one.name, numbers=numbers(labels, one.values, by_sign)) for one in series
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title=tr("What the model relies on"),
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
            title=tr("Single samples"),
            id="samples",
            blocks=tuple(
                Block(
                    figures=(f"{material.slug}-{method.label}-samples",),
                    asides=(_read_samples(),) if method.additive and material.whole else (),
                )
                for method in material.drawn
            ),
        ),
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method."""
    return sums_blocks(material)


def _read_bars(material: Material) -> Aside:
    """What a bar and the line at its end are, by the error that is drawn."""
    seeds = over_trainings(material.main)
    if seeds is None or None in [over_trainings(method) for method in material.methods]:
        line = tr(
            "The thin line reaches one standard error over samples to each side of the end of the bar; a 95% interval "
            "is at least about twice as long."
        )
    else:
        line = tr(
            "The thin line reaches one standard deviation over {trainings} trainings to each side of the end of the "
            "bar, and each share is a mean over these; a 95% interval is at least about twice as long.",
            trainings=str(len(seeds.details["share"])),
        )
    overlap = tr("Where lines overlap, the order of two features may be chance.")
    return Aside(
        title=tr("How to read it"),
        text=sentences([tr("A long bar: the prediction moved much with this feature."), line, overlap]),
    )


def _read_samples() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "The contributions of one sample and the score of the baseline add up to the score of the sample, up to "
            "the residual."
        ),
    )


def importance_table(material: Material) -> Table:
    """The same as numbers, by the main method."""
    main = material.main
    importance, check = main.summary.importances[0], over_trainings(main)
    values, errors, meaning = shares(material, main)
    known = ~np.isnan(errors)
    by_sign = main.aggregate == "raw"
    number, size = (at_scale(importance.mean_absolute, write) for write in (signed, plain))
    said = {"method": tr(main.title), "error": meaning, "unit": tr(main.unit)}
    said["ranks"] = tr(", and the ranks over trainings") if check else ""
    caption = (
        tr("{method}: share of mean |a| ({error}), mean a and mean |a| in {unit}{ranks}.", **said)
        if by_sign
        else tr("{method}: share of mean |a| ({error}), mean |a| in {unit}{ranks}.", **said)
    )
    rows = []
    for k in feature_order(material):
        ranks = ""
        if check:
            best, worst = check.details["best_rank"][k], check.details["worst_rank"][k]
            ranks = tr("{low} to {high}", low=str(best), high=str(worst))
        rows.append(
            (
                without_units(importance.features)[k],
                percent(float(values[k])) + (f" ± {plain(100 * float(errors[k]), 1)}" if known[k] else ""),
                *((number(float(importance.mean[k]), 3),) if by_sign else ()),
                size(float(importance.mean_absolute[k]), 3),
                *((ranks,) if check else ()),
            )
        )
    return Table(
        name=f"{material.slug}-importances-table",
        caption=sentences([caption, features_left_out(material).strip()]),
        columns=(
            Column(title=tr("feature")),
            Column(title=tr("share, %"), numeric=True),
            *((Column(title=tr("mean a"), numeric=True),) if by_sign else ()),
            Column(title=tr("mean |a|"), numeric=True),
            *((Column(title=tr("rank"), numeric=True),) if check else ()),
        ),
        rows=tuple(rows),
    )
