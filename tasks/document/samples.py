"""The same samples under all points: small multiples on the shared scales."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.document import ends
from exhibit.tasks.document.words import capital, count, signed, without_unit
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
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Block, Section

Materials = Mapping[str, Material]
_SAMPLES = 3  # that are shown
_COLUMNS = 5  # results side by side that leave their names room
_PER_ROW = 10  # maps of a row where there are more
_MOST_MAPS = 119  # of a figure, where they are small
_MOST_PIXELS = 500_000  # of all its maps: the screen holds every number
_MOST_PANELS = 12
_LONGEST = 30  # characters of a name above a panel


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


def section(found: Comparison, materials: Materials) -> Section | None:
    """None where no sample is shown at every point."""
    names = [figure.name for figure in figures(found, materials, {})]
    if not names:
        return None
    first, *others = names
    blocks = (Block(paragraphs=(_READ,), figures=(first,)), *(Block(figures=(name,)) for name in others))
    return Section(title="The same samples", blocks=blocks)


_READ = (
    "What has the same unit shares one scale over the whole report, so equal colours are equal numbers; results in "
    "other units have a scale of their own."
)


def figures(found: Comparison, materials: Materials, scales: Scales) -> tuple[Figure, ...]:
    """A figure per input, and per sample where there are many results."""
    views = _views(found, materials)
    common = _common(views)
    if not common or len(views) < 2:
        return ()
    drawn: list[Figure] = []
    some = _chosen(found, views)
    few = common[: max(1, _MOST_PANELS // len(some))]
    for item in views[0].material.dataset.inputs:
        match item.kind:
            case "image":
                drawn += _images(found, item, views, common, scales)
            case "table":
                drawn += [_panels(found, item, some, sample) for sample in few]
            case "molecule":
                drawn += [_molecules(found, item, some, sample, scales) for sample in few]
            case "text":
                drawn += _tokens(found, item, some, common[0], scales)
    return tuple(map(ends.stated, drawn))


def _views(found: Comparison, materials: Materials) -> list[View]:
    short = all(len(result.name) <= _LONGEST for result in found.results)
    return [
        View(
            result.name if short else result.code,
            result.code,
            materials[result.slug],
            next(method for method in materials[result.slug].methods if method.label == result.method),
        )
        for result in found.results
    ]


def _common(views: Sequence[View]) -> list[int]:
    """Rows of the data that are shown at every point, in the order of the first."""
    first, *others = (view.material.shown.tolist() for view in views)
    return [row for row in first if all(row in other for other in others)][:_SAMPLES]


def _chosen(found: Comparison, views: Sequence[View], most: int = _MOST_PANELS) -> list[View]:
    """All, or where they are too many the middle one of each group: the one most like the others."""
    if len(views) <= most:
        return list(views)
    middle = []
    for group in found.groups[:most]:
        members = list(group.members)
        middle.append(members[int(np.nanmean(found.spearman[np.ix_(members, members)], axis=1).argmax())])
    return [views[k] for k in sorted(middle)]


def _some(found: Comparison, views: Sequence[View]) -> str:
    """Says what is drawn, if that is not all."""
    if len(views) == len(found.results):
        return ""
    return f" Drawn are {len(views)} of {len(found.results)}: the middle one of each group of results that are alike."


def _name(found: Comparison, item: Input, views: Sequence[View], sample: int | None = None) -> str:
    several = len(views[0].material.dataset.inputs) > 1
    place = "" if sample is None else f"-{sample}"
    return f"{found.slug}-samples{f'-{item.name}' if several else ''}{place}"


def _sample(view: View, sample: int) -> str:
    return view.material.sample_name(view.row(sample))


def _units(views: Sequence[View]) -> list[str]:
    return list(dict.fromkeys(view.method.unit for view in views))


# --- images -----------------------------------------------------------------------------------------------


def _images(
    found: Comparison, item: Input, views: Sequence[View], common: Sequence[int], scales: Scales
) -> list[Figure]:
    if len(views) <= _COLUMNS:
        rows: list[tuple[Cell | None, ...]] = [
            (_picture(item.name, views[0], sample), *_maps(item, views, sample)) for sample in common
        ]
        labels = tuple(_sample(views[0], sample) for sample in common)
        return [_grid(found, item, views, ("input", *(view.name for view in views)), rows, labels, scales)]
    pixels = int(np.prod(item.values.shape[1:3]))
    drawn = _chosen(found, views, max(_MOST_PANELS, min(_MOST_MAPS, _MOST_PIXELS // pixels)))
    figures = []
    for sample in common[: 1 if len(drawn) > _MOST_MAPS // 2 else 2]:
        maps = _maps(item, drawn, sample)
        titled = [cell.model_copy(update={"title": view.code}) for cell, view in zip(maps, drawn, strict=True)]
        cells = [_picture(item.name, views[0], sample).model_copy(update={"title": "input"}), *titled]
        tiles = [_filled(cells[start : start + _PER_ROW]) for start in range(0, len(cells), _PER_ROW)]
        figures.append(_grid(found, item, drawn, (), tiles, (), scales, sample))
    return figures


def _filled(cells: Sequence[Cell]) -> tuple[Cell | None, ...]:
    return (*cells, *[None] * (_PER_ROW - len(cells)))


def _grid(
    found: Comparison,
    item: Input,
    views: Sequence[View],
    columns: tuple[str, ...],
    rows: Sequence[tuple[Cell | None, ...]],
    labels: tuple[str, ...],
    scales: Scales,
    sample: int | None = None,
) -> Figure:
    units = list(dict.fromkeys(view.method.maps[item.name].unit for view in views))
    which = "The same samples" if sample is None else capital(_sample(views[0], sample))
    numbered = "" if columns else " They have the numbers of the table of points."
    return Figure(
        name=_name(found, item, views, sample),
        content=Images(columns=columns, rows=tuple(rows), row_labels=labels),
        scales=tuple(Scale(unit=unit, limit=scales.get(unit, 1.0)) for unit in units),
        caption=f"{which} under {count(len(views), 'result')}, for the first target of each.{numbered}"
        f"{_some(found, views)}",
        alt="; ".join(cell.alt for row in rows for cell in row if cell is not None),
    )


def _picture(item: str, view: View, sample: int) -> Cell:
    found = next(one for one in view.material.dataset.inputs if one.name == item)
    low, high = found.bounds or (0.0, 1.0)
    name = _sample(view, sample)
    return Cell(pixels=(found.values[view.row(sample)] - low) / (high - low), alt=f"{name}: the input")


def _maps(item: Input, views: Sequence[View], sample: int) -> list[Cell]:
    units = list(dict.fromkeys(view.method.maps[item.name].unit for view in views))
    return [
        Cell(
            pixels=(pixels := view.method.maps[item.name].values[view.row(sample), ..., 0]),
            scale=units.index(view.method.maps[item.name].unit),
            alt=f"{view.name}: {_sample(view, sample)}, sum {signed(float(pixels.sum(dtype=np.float64)))}",
        )
        for view in views
    ]


# --- tables, molecules, texts -----------------------------------------------------------------------------


def _panels(found: Comparison, item: Input, views: Sequence[View], sample: int) -> Figure:
    """A panel per result: in their unit where it is the same, else as shares of each one's sum of |a|."""
    units = _units(views)
    values = [view.values(item.name, sample) for view in views]
    if len(units) > 1:
        values = [own / (np.abs(own).sum() or 1.0) for own in values]
    labels = tuple(without_unit(name) for name in item.features)
    meaning = units[0] if len(units) == 1 else "share of the sum of |a|, with its sign"
    sizes = np.mean([np.abs(own) / (np.abs(own).sum() or 1.0) for own in values], axis=0)
    order = np.sort(np.argsort(-sizes, kind="stable")[:_MOST_PANELS])
    part = f" The {len(order)} of {len(labels)} features with the largest share." if len(order) < len(labels) else ""
    return Figure(
        name=_name(found, item, views, sample),
        content=BarPanels(
            labels=tuple(labels[k] for k in order),
            panels=tuple(Series(name=view.name, values=own[order]) for view, own in zip(views, values, strict=True)),
            axis=meaning,
            signed=any(view.method.aggregate == "raw" for view in views),
        ),
        caption=f"{capital(_sample(views[0], sample))} under {count(len(views), 'result')}, for the first target of "
        f"each, in {meaning}.{part}{_some(found, views)}",
        alt="; ".join(
            f"{view.name}: {labels[int(np.abs(own).argmax())]} {signed(float(own[np.abs(own).argmax()]))}"
            for view, own in zip(views, values, strict=True)
        ),
    )


def _molecules(found: Comparison, item: Input, views: Sequence[View], sample: int, scales: Scales) -> Figure:
    units = _units(views)
    smiles = str(item.values[views[0].row(sample)])
    sums = [float(view.atoms(item.name, sample).sum()) for view in views]
    few = len(views) <= _COLUMNS
    return Figure(
        name=_name(found, item, views, sample),
        content=Molecules(
            items=tuple(
                Molecule(
                    smiles=smiles,
                    values=view.atoms(item.name, sample),
                    scale=units.index(view.method.unit),
                    title="" if few else view.name,
                    note=f"atoms {signed(total)}",
                    alt=f"{view.name}: atoms sum to {signed(total)}",
                )
                for view, total in zip(views, sums, strict=True)
            ),
            columns=tuple(view.name for view in views) if few else (),
            numbers=False,
        ),
        scales=tuple(Scale(unit=unit, limit=scales.get(unit, 1.0)) for unit in units),
        caption=f"{capital(_sample(views[0], sample))} under {count(len(views), 'result')}.{_some(found, views)}",
        alt="; ".join(f"{view.name} {signed(total)}" for view, total in zip(views, sums, strict=True)),
    )


def _tokens(found: Comparison, item: Input, views: Sequence[View], sample: int, scales: Scales) -> list[Figure]:
    """A figure per unit: the tokens of a figure share one scale."""
    row = item.values[views[0].row(sample)]
    real = np.flatnonzero(row)
    tokens = tuple(item.vocabulary[token] if item.vocabulary else str(token) for token in row[real])
    figures = []
    for number, unit in enumerate(_units(views)):
        own = [view for view in views if view.method.unit == unit]
        values = [view.values(item.name, sample)[real] for view in own]
        lines = tuple(
            TokenLine(
                title=view.name, tokens=tokens, values=each, note=f"sum {signed(float(each.sum()))}", alt=view.name
            )
            for view, each in zip(own, values, strict=True)
        )
        figures.append(
            Figure(
                name=f"{_name(found, item, views, sample)}-{number}",
                content=Tokens(items=lines),
                scales=(Scale(unit=unit, limit=scales.get(unit, 1.0)),),
                caption=f"{capital(_sample(views[0], sample))} under {count(len(own), 'result')}, in {unit}."
                f"{_some(found, views)}",
                alt="; ".join(f"{line.title}: {line.note}" for line in lines),
            )
        )
    return figures
