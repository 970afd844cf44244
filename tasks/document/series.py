"""Chapters about series: lines before coloured bands, and what matters over channels and over time."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.ahead import surely
from exhibit.tasks.document import bearing, table
from exhibit.tasks.document.common import (
    PAGE_ONE,
    direction,
    facets,
    ranking,
    reading,
    sums_blocks,
    swarm_blocks,
    swarm_figures,
    verdict_asides,
    without_score,
)
from exhibit.tasks.document.words import by_name, count, signed, without_units
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Figure, Profile, Scale, Trace, Traces
from exhibit.tasks.records.finding import ClassLeaders, Finding, Named
from exhibit.tasks.records.language import mark, sentences, tr, trp
from exhibit.tasks.records.lead import Lead
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_MOST_SAMPLES = 24  # that are drawn: each has all its channels
_MOST_CHANNELS = 12  # of a drawn sample
_ON_PAGE_ONE = 3  # channels
_PIECES, _NAMED = 10, 3  # windows of a channel that a table compares, and how many it names


def story(material: Material) -> tuple[Finding, str]:
    """Which channels carry most of the explanation by the main method, or of a single channel which window of time:
    class by class where several are explained, as what speaks for one is not what speaks for another."""
    found = _by_class(material) or table.story(material)[0]
    return found, f"{material.slug}-teaser" if material.whole else f"{material.slug}-importances"


def _by_class(material: Material) -> ClassLeaders | None:
    """None where one output is explained, or nothing is surely first in any."""
    firsts = _firsts(material.main)
    sure = tuple((of_class, first) for of_class, first in firsts.items() if first is not None)
    if not sure:
        return None
    return ClassLeaders(
        method=bearing.named(material.main),
        signed=material.main.signed,
        firsts=sure,
        no_first=tuple(of_class for of_class, first in firsts.items() if first is None),
        bearing=bearing.bearing(material.main),
        **bearing.methods(material, material.methods, lambda method: _otherwise(method, dict(sure))),
    )


def _firsts(method: MethodMaterial) -> dict[str, Named | None]:
    """By class that is explained the part that surely has the largest mean |a|, and its share; none of one class."""
    swarm = method.swarm
    if swarm is None or swarm.of is None:
        return {}
    return {
        of_class: _surely_first(
            swarm.labels, np.abs(swarm.values[swarm.of == number].astype(np.float64)), len(swarm.outputs)
        )
        for number, of_class in enumerate(swarm.outputs)
    }


def _surely_first(labels: Sequence[str], sizes: Array, classes: int) -> Named | None:
    """What is ahead of each other part over the samples; `sizes` is (samples, parts). All comparisons of all `classes`
    together have a level of 95%: the surest are told."""
    if not len(sizes) or not surely(lead := Lead.of(sizes), classes):
        return None
    mean = sizes.mean(axis=0)
    return Named(name=without_units(labels)[lead.first], value=float(mean[lead.first] / mean.sum()))


def _otherwise(method: MethodMaterial, firsts: Mapping[str, Named]) -> Named | None:
    """What a method surely puts first in a class where the main one puts another."""
    own = _firsts(method)
    for of_class, first in firsts.items():
        other = own.get(of_class)
        if other is not None and other.name != first.name:
            return other.model_copy(
                update={"name": tr("for {class_name} {first}", class_name=of_class, first=other.name)}
            )
    return None


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    return (
        *((_teaser(material, scales),) if material.whole else ()),
        table.importance_figure(material),
        *swarm_figures(material, _spread(material)),
        *(_profile(material, method) for method in material.methods),
        *(_samples(material, method, scales) for method in material.methods),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        Section(
            title=tr("What the model relies on"),
            id="importances",
            blocks=(
                Block(
                    figures=(f"{material.slug}-importances",),
                    asides=(*verdict_asides(material.methods), _aside(_READ_PARTS[len(_item(material).features) > 1])),
                ),
                Block(tables=(table.importance_table(material),)),
                *swarm_blocks(material, _spread(material)),
                *(
                    Block(figures=(f"{material.slug}-{method.label}-profile",), asides=(_aside(_READ_TIME),) * (k == 0))
                    for k, method in enumerate(material.drawn)
                ),
            ),
        ),
        Section(
            title=tr("Single series"),
            id="samples",
            blocks=(
                *(
                    Block(
                        figures=(f"{material.slug}-{method.label}-samples",), asides=(_aside(_READ_BANDS),) * (k == 0)
                    )
                    for k, method in enumerate(material.drawn)
                ),
                Block(tables=(_pieces(material),)),
            ),
        ),
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method."""
    return sums_blocks(material)


def _aside(text: str) -> Aside:
    return Aside(title=tr("How to read it"), text=tr(text))


_READ_PARTS = {
    True: mark(
        "A long bar: the prediction moved much with this channel, all its steps together. Where lines "
        "overlap, the order of two bars may be chance."
    ),
    False: mark(
        "A long bar: the prediction moved much with this window of time. Where lines "
        "overlap, the order of two bars may be chance."
    ),
}
_READ_TIME = mark("High where a single step mattered, whichever way it moved the score. All rows have one range.")
_READ_BANDS = mark(
    "The line is the series; the colour behind it is what that channel contributed at that time, on the scale "
    "below. A print in grey shows how strong it is; the signs stand in the table that follows."
)


def time_axis(item: Input) -> str:
    """What stands below time: time (s), or step."""
    if item.time_unit:
        return tr("time ({unit})", unit=item.time_unit)
    return trp("axis", "time") if item.times is not None else trp("axis", "step")


def trace(material: Material, values: Array, row: int, title: str, channels: Sequence[int], note: str = "") -> Trace:
    """One shown sample before its attributions `values` (steps, channels); of some channels."""
    item = _item(material)
    step, channel = np.unravel_index(np.abs(values).argmax(), values.shape)
    at = tr(item.when(float(item.moments[step]), float(item.moments[step])))
    return Trace(
        title=title,
        lines=item.values[row][:, channels],
        values=values[:, channels],
        note=note,
        alt=tr(
            "{title}: sum {sum}, strongest {channel} at {time} with {value}",
            title=title,
            sum=signed(float(values.sum(dtype=np.float64))),
            channel=without_units(item.features)[channel],
            time=at,
            value=signed(float(values[step, channel]), 3),
        ),
    )


def drawn_channels(material: Material) -> list[int]:
    """The channels that are drawn, in their order: all, or those that matter most."""
    return sorted(_by_size(material)[:_MOST_CHANNELS])


def _spread(material: Material) -> list[MethodMaterial]:
    """The methods whose contributions are drawn sample by sample."""
    return [method for method in material.methods if method.additive and method.swarm is not None]


def _item(material: Material) -> Input:
    return material.dataset.inputs[0]


def _by_size(material: Material) -> list[int]:
    """The channels, the most important of the main method first."""
    count_of = len(_item(material).features)
    return [0] if count_of == 1 else [int(k) for k in ranking(material)][:count_of]


def _title(material: Material, row: int) -> str:
    return tr("{sample} ({reading})", sample=by_name(material.sample_name(row)), reading=reading(material, row))


def _scale(material: Material, method: MethodMaterial, scales: Scales) -> Scale:
    called = method.scale(_item(material).name)
    return Scale(unit=tr(called), limit=scales.get(called, 1.0), signed=method.signed)


def _teaser(material: Material, scales: Scales) -> Figure:
    """The first sample in the channels that matter most, for the front page."""
    main, item = material.main, _item(material)
    channels = sorted(_by_size(material)[:_ON_PAGE_ONE])
    drawn = trace(material, _values(material, main, 0), 0, _title(material, 0), channels)
    return Figure(
        name=f"{material.slug}-teaser",
        content=Traces(
            channels=tuple(without_units(item.features)[channel] for channel in channels),
            times=item.moments,
            axis=time_axis(item),
            items=(drawn,),
        ),
        scales=(without_score(material, main, _scale(material, main, scales)),),
        caption=sentences(
            [
                tr("{method} of {sample}.", method=tr(main.title), sample=drawn.title),
                direction(material, main).lstrip(),
                _of_all(len(channels), len(item.features)).lstrip(),
            ]
        ),
        alt=drawn.alt,
        width=PAGE_ONE,
    )


def _of_all(drawn: int, total: int) -> str:
    """That there are more channels than are drawn."""
    if drawn == total:
        return ""
    return tr(
        " Drawn are the {number} of {total} channels that carry most over all explained samples.",
        number=str(drawn),
        total=str(total),
    )


def traced(item: Input, channels: Sequence[int], items: tuple[Trace, ...]) -> Traces:
    """Series in the `channels` of an input along its time."""
    names = tuple(item.features[channel] for channel in channels)
    return Traces(channels=names, times=item.moments, axis=time_axis(item), items=items)


def _values(material: Material, method: MethodMaterial, row: int) -> Array:
    """(steps, channels) of the first target."""
    return method.values[_item(material).name][row, ..., 0].astype(np.float64)


def _samples(material: Material, method: MethodMaterial, scales: Scales) -> Figure:
    item, channels = _item(material), drawn_channels(material)
    rows = range(min(len(material.dataset.sample_ids), _MOST_SAMPLES))
    items = tuple(_with_sum(material, method, row, channels) for row in rows)
    numbers = {"number": str(len(channels)), "total": str(len(item.features))}
    fewer = len(channels) < len(item.features)
    some = tr("Drawn are the {number} of {total} channels that matter most.", **numbers) if fewer else ""
    most, here = len(material.dataset.sample_ids), str(len(rows))
    first = (
        tr("Drawn are the first {number} of {total} samples.", number=here, total=f"{most:,}")
        if most > len(rows)
        else ""
    )
    told = tr(
        "{method} of single series, in {unit}: each channel on the range that all of these have.",
        method=tr(method.title),
        unit=tr(method.unit),
    )
    return Figure(
        name=f"{material.slug}-{method.label}-samples",
        content=traced(item, channels, items).model_copy(update={"facets": facets(material, rows)}),
        scales=(_scale(material, method, scales),),
        caption=sentences(
            [told, direction(material, method).lstrip(), some, first, tr(material.selection_reason)]
        ).rstrip(),
        alt=trp("list", "; ").join(one.alt for one in items),
    )


def _with_sum(material: Material, method: MethodMaterial, row: int, channels: Sequence[int]) -> Trace:
    values = _values(material, method, row)
    total = tr("sum {sum}", sum=signed(float(values.sum()))) if method.additive else ""
    title = _title(material, row)
    if material.dataset.classes:
        output = material.output_name(int(material.targets[row, 0]))
        title = tr("{sample}, for {output}", sample=title, output=output)
    return trace(material, values, row, title, channels, total)


def _profile(material: Material, method: MethodMaterial) -> Figure:
    """Mean |a| along time over all explained samples."""
    item = _item(material)
    channels = drawn_channels(material)
    sizes = method.summary.profiles[item.name][..., 0]
    peaks = [(without_units(item.features)[k], item.moments[sizes[:, k].argmax()], sizes[:, k].max()) for k in channels]
    told = trp("list", "; ").join(
        tr(
            "{channel}: at most {size}, at {time}",
            channel=name,
            size=f"{size:.2g}",
            time=tr(item.when(float(at), float(at))),
        )
        for name, at, size in peaks
    )
    return Figure(
        name=f"{material.slug}-{method.label}-profile",
        content=Profile(
            channels=tuple(without_units(item.features)[k] for k in channels),
            times=item.moments,
            axis=time_axis(item),
            values=sizes[:, channels],
            unit=tr("mean |a|, {unit}", unit=tr(method.unit)),
        ),
        caption=tr(
            "{method} along time: mean |a| of each step over {samples}, in {unit}.",
            method=tr(method.title),
            samples=count(material.explained, "sample"),
            unit=tr(method.unit),
        ),
        alt=told,
    )


def _pieces(material: Material) -> Table:
    """The windows of a channel that the main method gives most, sample by sample, with their signs."""
    main, item = material.main, _item(material)
    rows = range(min(len(material.dataset.sample_ids), _MOST_SAMPLES))
    parts = np.array_split(np.arange(item.values.shape[1]), min(_PIECES, item.values.shape[1]))
    named = min(_NAMED, len(parts) * len(item.features))
    return Table(
        name=f"{material.slug}-pieces",
        caption=sentences(
            [
                tr(
                    "{method}: the {pieces} of each series with the largest |sum| of attributions, in {unit}.",
                    method=tr(main.title),
                    pieces=count(named, "piece"),
                    unit=tr(main.unit),
                ),
                tr("A piece is one channel in one of {number} windows of time.", number=str(len(parts))),
            ]
        ),
        columns=(Column(title=tr("sample")), *(Column(title=f"{place + 1}.") for place in range(named))),
        rows=tuple(
            (_title(material, row), *_strongest(item, _values(material, main, row), parts)[:named]) for row in rows
        ),
        facets=facets(material, rows),
    )


def _strongest(item: Input, values: Array, parts: Sequence[Array]) -> list[str]:
    sums = np.array([values[part].sum(axis=0) for part in parts])
    order = np.argsort(-np.abs(sums), axis=None, kind="stable")[:_NAMED]
    return [_piece(item, sums, parts, *divmod(int(place), sums.shape[1])) for place in order]


def _piece(item: Input, sums: Array, parts: Sequence[Array], part: int, channel: int) -> str:
    when = tr(item.when(float(item.moments[parts[part][0]]), float(item.moments[parts[part][-1]])))
    summed = signed(float(sums[part, channel]))
    if len(item.features) == 1:
        return tr("{time}: {sum}", time=when, sum=summed)
    return tr("{channel}, {time}: {sum}", channel=without_units(item.features)[channel], time=when, sum=summed)
