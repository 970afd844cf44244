"""The same series under several results: a figure for each sample and scale."""

from collections.abc import Sequence

from exhibit.tasks.document.compared_samples import View, chosen, few, figure_name, left_out, sample_name
from exhibit.tasks.document.series import drawn_channels, trace, traced
from exhibit.tasks.document.words import capital, count
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Figure, Scale
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Scales


def traces(
    comparison: Comparison, item: Input, views: Sequence[View], common: Sequence[int], scales: Scales
) -> list[Figure]:
    """Lines before the bands of each result, a figure per sample and colour scale."""
    some = chosen(comparison, views)
    names = list(dict.fromkeys(view.method.scale(item.name) for view in some))
    return [
        _figure(comparison, item, some, sample, names.index(scale), scale, scales)
        for sample in few(common, some)
        for scale in names
    ]


def _figure(
    comparison: Comparison, item: Input, views: Sequence[View], sample: int, number: int, scale: str, scales: Scales
) -> Figure:
    own = [view for view in views if view.method.scale(item.name) == scale]
    material = own[0].material.of(item.name)
    channels = drawn_channels(material)
    items = tuple(
        trace(view.material.of(item.name), view.values(item.name, sample), view.row(sample), view.name, channels)
        for view in own
    )
    return Figure(
        name=f"{figure_name(comparison, item, views, sample)}-{number}",
        content=traced(item, channels, items),
        scales=(Scale(unit=tr(scale), limit=scales.get(scale, 1.0), signed=any(view.method.signed for view in own)),),
        caption=sentences(
            [
                tr(
                    "{sample} under {results}, in {unit}.",
                    sample=capital(sample_name(own[0], sample)),
                    results=count(len(own), "result"),
                    unit=tr(own[0].method.unit),
                ),
                left_out(comparison, views),
            ]
        ),
        alt=trp("list", "; ").join(one.alt for one in items),
    )
