"""The figures of one input, the same samples under several results: what differs between kinds of input."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.document.cells import by_column
from exhibit.tasks.document.words import by_name, capital, count, signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import (
    BarPanels,
    Cell,
    Figure,
    Images,
    Molecule,
    Molecules,
    Scale,
    Series,
    TokenLine,
    Tokens,
)
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material, MethodMaterial, Scales

_COLUMNS = 5  # results side by side that leave their names room
_PER_ROW = 10  # maps of a row where there are more
_MOST_MAPS = 119  # of a figure, where they are small
_MOST_PIXELS = 500_000  # of all its maps: the screen holds every number
_MOST_PANELS = 12


class View(NamedTuple):
    """One result with what its chapter is made of, and what it is called, at length and in short."""

    name: str
    code: str
    material: Material
    method: MethodMaterial

    def row(self, sample: int) -> int:
        """Where a row of the data stands among the shown samples."""
        return int(np.flatnonzero(self.material.shown == sample)[0])

    def values(self, item: str, sample: int) -> Array:
        """Attributions of one sample of an input for the first target, channels summed."""
        return self.method.values[item][self.row(sample), ..., 0].astype(np.float64)

    def atoms(self, item: str, sample: int) -> Array:
        """The same without the padding."""
        return self.values(item, sample)[self.method.mask[item][self.row(sample)]]


def chosen(comparison: Comparison, views: Sequence[View], most: int = _MOST_PANELS) -> list[View]:
    """All, or where they are too many the middle one of each group: the one most like the others."""
    if len(views) <= most:
        return list(views)
    middle = []
    for group in comparison.groups[:most]:
        members = list(group.members)
        middle.append(members[int(np.nanmean(comparison.spearman[np.ix_(members, members)], axis=1).argmax())])
    return [views[k] for k in sorted(middle)]


def left_out(comparison: Comparison, views: Sequence[View]) -> str:
    """Says what is drawn, if that is not all."""
    if len(views) == len(comparison.results):
        return ""
    return tr(
        "Drawn are {number} of {total}: the middle one of each group of results that are alike.",
        number=str(len(views)),
        total=str(len(comparison.results)),
    )


def figure_name(comparison: Comparison, item: Input, views: Sequence[View], sample: int | None = None) -> str:
    several = len(views[0].material.dataset.inputs) > 1
    place = "" if sample is None else f"-{sample}"
    return f"{comparison.slug}-samples{f'-{item.name}' if several else ''}{place}"


def sample_name(view: View, sample: int) -> str:
    return by_name(view.material.sample_name(view.row(sample)))


def _units(views: Sequence[View]) -> list[str]:
    return list(dict.fromkeys(tr(view.method.unit) for view in views))


def _under(views: Sequence[View], sample: int) -> dict[str, str]:
    """What captions say of a sample and its results."""
    return {"sample": capital(sample_name(views[0], sample)), "results": count(len(views), "result")}


def pictures(
    comparison: Comparison, item: Input, views: Sequence[View], common: Sequence[int], scales: Scales
) -> list[Figure]:
    if len(views) <= _COLUMNS:
        rows: list[tuple[Cell | None, ...]] = [
            (_picture(item.name, views[0], sample), *_maps(item, views, sample)) for sample in common
        ]
        labels = tuple(sample_name(views[0], sample) for sample in common)
        return [_grid(comparison, item, views, (tr("input"), *(view.name for view in views)), rows, labels, scales)]
    pixels = int(np.prod(item.values.shape[1:3]))
    drawn = chosen(comparison, views, max(_MOST_PANELS, min(_MOST_MAPS, _MOST_PIXELS // pixels)))
    figures = []
    for sample in common[: 1 if len(drawn) > _MOST_MAPS // 2 else 2]:
        maps = _maps(item, drawn, sample)
        titled = [cell.model_copy(update={"title": view.code}) for cell, view in zip(maps, drawn, strict=True)]
        cells = [_picture(item.name, views[0], sample).model_copy(update={"title": tr("input")}), *titled]
        tiles = [_filled(cells[start : start + _PER_ROW]) for start in range(0, len(cells), _PER_ROW)]
        figures.append(_grid(comparison, item, drawn, (), tiles, (), scales, sample))
    return figures


def _filled(cells: Sequence[Cell]) -> tuple[Cell | None, ...]:
    return (*cells, *[None] * (_PER_ROW - len(cells)))


def _grid(
    comparison: Comparison,
    item: Input,
    views: Sequence[View],
    columns: tuple[str, ...],
    rows: Sequence[tuple[Cell | None, ...]],
    labels: tuple[str, ...],
    scales: Scales,
    sample: int | None = None,
) -> Figure:
    units = list(dict.fromkeys(view.method.maps[item.name].unit for view in views))
    results = count(len(views), "result")
    caption = [
        tr("The same samples under {results}, for the first target of each.", results=results)
        if sample is None
        else tr("{sample} under {results}, for the first target of each.", **_under(views, sample)),
        "" if columns else tr("They have the numbers of the table of points."),
        left_out(comparison, views),
    ]
    return Figure(
        name=figure_name(comparison, item, views, sample),
        content=Images(columns=columns, rows=tuple(rows), row_labels=labels),
        scales=tuple(
            Scale(
                unit=tr(unit),
                limit=scales.get(unit, 1.0),
                signed=any(view.method.signed for view in views if view.method.maps[item.name].unit == unit),
            )
            for unit in units
        ),
        caption=sentences(caption),
        alt=trp("list", "; ").join(cell.alt for row in rows for cell in row if cell is not None),
    )


def _picture(item: str, view: View, sample: int) -> Cell:
    image_input = next(one for one in view.material.dataset.inputs if one.name == item)
    low, high = image_input.bounds or (0.0, 1.0)
    name = sample_name(view, sample)
    return Cell(
        pixels=(image_input.values[view.row(sample)] - low) / (high - low), alt=tr("{sample}: the input", sample=name)
    )


def _maps(item: Input, views: Sequence[View], sample: int) -> list[Cell]:
    units = list(dict.fromkeys(view.method.maps[item.name].unit for view in views))
    return [
        Cell(
            pixels=(pixels := view.method.maps[item.name].values[view.row(sample), ..., 0]),
            scale=units.index(view.method.maps[item.name].unit),
            alt=tr(
                "{result}: {sample}, sum {sum}",
                result=view.name,
                sample=sample_name(view, sample),
                sum=signed(float(pixels.sum(dtype=np.float64))),
            ),
        )
        for view in views
    ]


def _bar_panels(comparison: Comparison, item: Input, views: Sequence[View], sample: int) -> Figure:
    """A panel per result: in their unit where it is the same, else as shares of each one's sum of |a|."""
    units = _units(views)
    columns = [by_column(item, view.values(item.name, sample)) for view in views]
    labels, values = columns[0][0], [own for _, own in columns]
    if len(units) > 1:
        values = [own / (np.abs(own).sum() or 1.0) for own in values]
    meaning = units[0] if len(units) == 1 else tr("share of the sum of |a|, with its sign")
    sizes = np.mean([np.abs(own) / (np.abs(own).sum() or 1.0) for own in values], axis=0)
    order = np.sort(np.argsort(-sizes, kind="stable")[:_MOST_PANELS])
    part = tr(
        "The {number} of {total} features with the largest share.", number=str(len(order)), total=str(len(labels))
    )
    return Figure(
        name=figure_name(comparison, item, views, sample),
        content=BarPanels(
            labels=tuple(labels[k] for k in order),
            panels=tuple(Series(name=view.name, values=own[order]) for view, own in zip(views, values, strict=True)),
            axis=meaning,
            signed=any(view.method.aggregate == "raw" for view in views),
        ),
        caption=sentences(
            [
                tr(
                    "{sample} under {results}, for the first target of each, in {unit}.",
                    **_under(views, sample),
                    unit=meaning,
                ),
                part if len(order) < len(labels) else "",
                left_out(comparison, views),
            ]
        ),
        alt=trp("list", "; ").join(
            tr(
                "{result}: {feature} {value}",
                result=view.name,
                feature=labels[int(np.abs(own).argmax())],
                value=signed(float(own[np.abs(own).argmax()])),
            )
            for view, own in zip(views, values, strict=True)
        ),
    )


def _molecule_row(comparison: Comparison, item: Input, views: Sequence[View], sample: int, scales: Scales) -> Figure:
    names = list(dict.fromkeys(view.method.scale(item.name) for view in views))
    smiles = str(item.values[views[0].row(sample)])
    sums = [float(view.atoms(item.name, sample).sum()) for view in views]
    few = len(views) <= _COLUMNS
    return Figure(
        name=figure_name(comparison, item, views, sample),
        content=Molecules(
            items=tuple(
                Molecule(
                    smiles=smiles,
                    values=view.atoms(item.name, sample),
                    scale=names.index(view.method.scale(item.name)),
                    title="" if few else view.name,
                    note=tr("atoms {sum}", sum=signed(total)),
                    alt=tr("{result}: atoms sum to {sum}", result=view.name, sum=signed(total)),
                )
                for view, total in zip(views, sums, strict=True)
            ),
            columns=tuple(view.name for view in views) if few else (),
            numbers=False,
        ),
        scales=tuple(
            Scale(
                unit=tr(name),
                limit=scales.get(name, 1.0),
                signed=any(view.method.signed for view in views if view.method.scale(item.name) == name),
            )
            for name in names
        ),
        caption=sentences([tr("{sample} under {results}.", **_under(views, sample)), left_out(comparison, views)]),
        alt=trp("list", "; ").join(f"{view.name} {signed(total)}" for view, total in zip(views, sums, strict=True)),
    )


def _token_lines(
    comparison: Comparison, item: Input, views: Sequence[View], sample: int, scales: Scales
) -> list[Figure]:
    """A figure per scale, which its tokens share."""
    row = item.values[views[0].row(sample)]
    real = np.flatnonzero(row)
    tokens = tuple(item.vocabulary[token] if item.vocabulary else str(token) for token in row[real])
    figures = []
    for number, scale in enumerate(dict.fromkeys(view.method.scale(item.name) for view in views)):
        own = [view for view in views if view.method.scale(item.name) == scale]
        unit = tr(own[0].method.unit)
        values = [view.values(item.name, sample)[real] for view in own]
        lines = tuple(
            TokenLine(
                title=view.name,
                tokens=tokens,
                values=each,
                note=tr("sum {sum}", sum=signed(float(each.sum()))),
                alt=view.name,
            )
            for view, each in zip(own, values, strict=True)
        )
        figures.append(
            Figure(
                name=f"{figure_name(comparison, item, views, sample)}-{number}",
                content=Tokens(items=lines),
                scales=(
                    Scale(
                        unit=tr(scale),
                        limit=scales.get(scale, 1.0),
                        signed=any(view.method.signed for view in own),
                    ),
                ),
                caption=sentences(
                    [
                        tr("{sample} under {results}, in {unit}.", **_under(own, sample), unit=unit),
                        left_out(comparison, views),
                    ]
                ),
                alt=trp("list", "; ").join(tr("{result}: {sum}", result=line.title, sum=line.note) for line in lines),
            )
        )
    return figures


def panels(
    comparison: Comparison, item: Input, views: Sequence[View], common: Sequence[int], _: Scales
) -> list[Figure]:
    """Bars of each of some results, a figure per sample."""
    some = chosen(comparison, views)
    return [_bar_panels(comparison, item, some, sample) for sample in few(common, some)]


def molecules(
    comparison: Comparison, item: Input, views: Sequence[View], common: Sequence[int], scales: Scales
) -> list[Figure]:
    """Molecules of each of some results, a figure per sample."""
    some = chosen(comparison, views)
    return [_molecule_row(comparison, item, some, sample, scales) for sample in few(common, some)]


def tokens(
    comparison: Comparison, item: Input, views: Sequence[View], common: Sequence[int], scales: Scales
) -> list[Figure]:
    """The tokens of the first sample under each of some results."""
    return _token_lines(comparison, item, chosen(comparison, views), common[0], scales)


def few(common: Sequence[int], views: Sequence[View]) -> Sequence[int]:
    """So many samples that the panels of all figures together stay readable."""
    return common[: max(1, _MOST_PANELS // len(views))]
