"""Chapters about images."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from exhibit.tasks.document import bearing
from exhibit.tasks.document.common import (
    called,
    direction,
    drawn_rows,
    facets,
    left_out,
    predicted_output,
    reading,
    sums_blocks,
    verdict_asides,
    with_probability,
    without_score,
)
from exhibit.tasks.document.words import at_scale, by_name, capital, count, listing, percent, signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Cell, Figure, Images, Scale
from exhibit.tasks.records.finding import STANDS_OUT, Finding, Mark, Named, Place
from exhibit.tasks.records.language import ENGLISH, language_now, mark, sentences, tr, trp
from exhibit.tasks.records.material import Maps, Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table
from exhibit.tasks.records.shown import article

_RANKED = 5  # classes that are listed for each image
_MOST_MAPS = 6  # of several methods in one line of a grid


def story(material: Material) -> tuple[Finding, str]:
    """Whether a planted mark decides, where there is one, else where the explanation of the first picture lies."""
    return _mark(material) or _place(material, 0), f"{material.slug}-teaser"


def _place(material: Material, row: int) -> Place:
    """Which ninth of a picture holds most of what the main method says for its first target: of those that speak for it
    as a whole, where one of these stands out, else of all."""
    main = material.main
    ninths = _ninths(material, main, row)
    held, area, whole = ninths
    own = ninths.standing_out()
    k = int(held.argmax()) if own is None else own
    return Place(
        method=bearing.named(main),
        signed=main.signed,
        title=_read(material, row),
        sample=by_name(material.sample_name(row)),
        where=Named(name=tr(_NINTHS[k]), value=float(held[k])),
        area=float(area[k]),
        outweighed=bool(whole[k] <= 0 < held[k]),
        of=_shared(material, main, row),
        bearing=bearing.bearing(main),
        **bearing.methods(material, material.methods, lambda method: _elsewhere(material, method, row, k)),
    )


def _elsewhere(material: Material, method: MethodMaterial, row: int, k: int) -> Named | None:
    """What a method gives the ninth with this index, where that is less than its share of the area; its own ninth that
    stands out where by the main method none does."""
    ninths = _ninths(material, method, row)
    held, area, _ = ninths
    if _ninths(material, material.main, row).standing_out() is None:
        own = ninths.standing_out()
        return None if own is None else Named(name=tr(_NINTHS[own]), value=float(held[own]))
    return Named(name=tr(_NINTHS[k]), value=float(held[k])) if held[k] < area[k] else None


_NINTHS = (
    *(mark("upper left"), mark("upper middle"), mark("upper right")),
    *(mark("left"), mark("middle"), mark("right")),
    *(mark("lower left"), mark("lower middle"), mark("lower right")),
)


class _Ninths(NamedTuple):
    """(9,) each, row by row from the upper left: what each ninth of a picture `held` of what is shared, its share of
    the area, and what it says as a `whole`, in which what speaks against the class is taken from what speaks for it."""

    held: Array
    area: Array
    whole: Array

    def standing_out(self) -> int | None:
        """That of those which speak for the class as a whole that holds most, where that is much for its area."""
        held = np.where(self.whole > 0, self.held, 0)
        k = int(held.argmax())
        return k if held[k] and held[k] >= STANDS_OUT * self.area[k] else None


def _ninths(material: Material, method: MethodMaterial, row: int) -> _Ninths:
    """Those of a picture by a method, for its first target."""
    values = method.values[material.dataset.inputs[0].name][row, ..., 0].astype(np.float64)
    if not method.signed:
        values = np.abs(values)
    elif material.score == "loss":  # what lowers it speaks for the class
        values = -values
    parts = [part for band in np.array_split(values, 3, axis=0) for part in np.array_split(band, 3, axis=1)]
    held = np.array([np.maximum(part, 0).sum() for part in parts])
    return _Ninths(
        held / (float(held.sum()) or 1.0),
        np.array([part.size / values.size for part in parts]),
        np.array([part.sum() for part in parts]),
    )


def _shared(material: Material, method: MethodMaterial, row: int) -> str:
    """What a share of the explanation is a share of."""
    if not method.signed:
        return tr("the explanation")
    name = material.output_name(int(material.targets[row, 0]))
    if not material.dataset.classes:
        return tr("what raises the {name}", name=tr(name))
    return tr("what speaks for {name}", name=name)


def _read(material: Material, row: int) -> str:
    """an 8 read as 7."""
    name = material.output_name
    if not material.dataset.classes:
        return tr("what gives the {name}", name=tr(name(0)))
    true, predicted = material.true_output(row), predicted_output(material, row)
    if true is None:
        return tr("a picture read as {name}", name=name(predicted))
    one = article(name(true)) if language_now() == ENGLISH else name(true)
    return (
        tr("{one} read right", one=one)
        if true == predicted
        else tr("{one} read as {name}", one=one, name=name(predicted))
    )


def _mark(material: Material) -> Mark | None:
    """Whether a region decides that only some pictures of a class have; None where there is no such region."""
    planted, main = material.performance.planted, material.main
    found = None if planted is None else _on_region(material, main)
    if planted is None or found is None:
        return None
    positive, area, samples = found
    return Mark(
        method=bearing.named(main),
        signed=main.signed,
        region=planted.region,
        of_class=material.output_name(planted.output),
        of=tr("what raises the loss") if material.score == "loss" else tr("what speaks for the explained class"),
        positive=positive,
        area=area,
        samples=samples,
        present=planted.present,
        absent=planted.absent,
        bearing=bearing.bearing(main, but=[check.check for check in main.checks if check.of_region]),
        **bearing.methods(material, material.methods, lambda method: _otherwise(material, method, positive > 2 * area)),
    )


def _otherwise(material: Material, method: MethodMaterial, drawn: bool) -> Named | None:
    """The share on the region by a method that is not drawn to it where the main one is, or the other way."""
    found = _on_region(material, method)
    if found is None or (found[0] > 2 * found[1]) == drawn:
        return None
    return Named(name="", value=found[0])


def _on_region(material: Material, method: MethodMaterial) -> tuple[float, float, int] | None:
    """Mean share of the positive attribution on the known region and mean share of the area, over the samples that
    have one: those that a check measured, else those that are shown; None where no value is for a pixel."""
    check = next((check for check in method.checks if check.of_region), None)
    if check is not None:
        positive, area = check.details["positive"], check.details["area"]
    else:
        item, rows = material.dataset.inputs[0], _known_rows(material)
        if item.regions is None or not rows or method.values[item.name].shape[1:3] != item.regions[0].shape:
            return None
        maps = np.maximum(method.values[item.name][rows, ..., 0].astype(np.float64), 0)
        regions = np.stack([item.regions[row] for row in rows])
        totals = maps.sum(axis=(1, 2))
        positive = np.where(regions, maps, 0).sum(axis=(1, 2)) / np.where(totals > 0, totals, np.nan)
        area = regions.mean(axis=(1, 2))
    known = ~np.isnan(positive)
    return (float(positive[known].mean()), float(area[known].mean()), int(known.sum())) if known.any() else None


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    teaser = (_teaser(material, scales),) if material.whole else ()
    return (
        *teaser,
        _image_grid(material, scales),
        *(_class_means(material, method, scales) for method in _with_means(material)),
    )


def _with_means(material: Material) -> list[MethodMaterial]:
    """Methods with a mean map per class: not those of a regression, nor slopes, whose mean says little."""
    return [method for method in material.methods if method.additive and method.summary.class_means]


def _teaser(material: Material, scales: Scales) -> Figure:
    """The first sample and the main method's maps of it, for the front page."""
    main = material.main
    unit = _maps(material, main).unit
    found = (_cell(material, main, target, 0, [unit], summed=False) for target in range(len(material.target_names)))
    maps = [cell for cell in found if cell is not None]
    cells = [_input_cell(material, 0), *maps]
    own = [_scale(material, unit, scales[unit])] if unit in scales else []
    return Figure(
        name=f"{material.slug}-teaser",
        content=Images(columns=(), rows=(tuple(cells),)),
        scales=tuple(without_score(material, main, scale, len(maps)) for scale in own),
        caption=sentences(
            [
                tr(
                    "{sample}, and beside it which pixels count, by {method}.",
                    sample=capital(by_name(material.sample_name(0))),
                    method=bearing.named(main),
                ),
                tr(_LIGHT)
                if material.palette == "keras_example" and main.signed
                else direction(material, main).lstrip(),
                _in_brackets(material),
            ]
        ),
        alt=trp("list", "; ").join(cell.alt for cell in cells),
    )


def _image_grid(material: Material, scales: Scales) -> Figure:
    map_units = (_maps(material, method).unit for method in material.methods)
    units = list(dict.fromkeys(unit for unit in map_units if unit in scales))
    lines = grid_lines(material.targets[: len(drawn_rows(material))], len(material.methods))
    rows = [row for row, _ in lines]
    stacked = len(lines[0][1]) < len(material.target_names)
    additive = any(method.additive for method in material.methods)
    headings = [
        tr(method.title) if stacked else _headed(material, method, target)
        for method in material.methods
        for target in lines[0][1]
    ]
    cells = [
        (
            _input_cell(material, row) if targets[0] == 0 else None,
            *(_cell(material, method, target, row, units) for method in material.methods for target in targets),
        )
        for row, targets in lines
    ]
    # The true class has no map of its own where it is among the likeliest ones.
    shown = [column for column, _ in enumerate(cells[0]) if any(line[column] is not None for line in cells)]
    return Figure(
        name=f"{material.slug}-samples",
        content=Images(
            columns=tuple((tr("input"), *headings)[column] for column in shown),
            rows=tuple(tuple(line[column] for column in shown) for line in cells),
            row_labels=tuple(reading(material, row) if targets[0] == 0 else "" for row, targets in lines),
            width=material.picture_width,
            facets=facets(material, [row for row, _ in lines]),
        ),
        scales=tuple(_scale(material, unit, scales[unit]) for unit in units),
        caption=sentences(
            [
                tr("Single images and their attributions, by method and class.")
                if material.dataset.classes
                else tr("Single images and their attributions, by method."),
                tr(material.selection_reason),
                _direction(material),
                _in_brackets(material),
                tr("The number below a map is the sum of its pixels.") if additive else "",
                left_out(material).lstrip(),
                tr("Where classes are the same, the map is drawn once.") if len(material.target_names) > 1 else "",
            ]
        ),
        alt=tr(
            "{rows}: {readings}",
            rows=count(len(lines), "row"),
            readings=trp("list", "; ").join(reading(material, row) for row in dict.fromkeys(rows)),
        ),
    )


def _scale(material: Material, unit: str, limit: float) -> Scale:
    """That of the maps in this unit; it begins at zero where they are all of sizes."""
    signed_ones = [method.signed for method in material.methods if _maps(material, method).unit == unit]
    return Scale(unit=tr(unit), limit=limit, palette=material.palette, signed=any(signed_ones))


def grid_lines(outputs: Array, methods: int) -> list[tuple[int, tuple[int, ...]]]:
    """The lines of a grid: of which sample they are, and which of its targets they show.

    All targets (samples, targets) of a sample stand in one line, or where several methods would make that too long,
    below each other, an output that is there already left out.
    """
    targets = range(outputs.shape[1])
    if methods == 1 or methods * len(targets) <= _MOST_MAPS:
        return [(row, tuple(targets)) for row in range(len(outputs))]
    return [
        (row, (target,))
        for row, of_row in enumerate(outputs.tolist())
        for target in targets
        if of_row[target] not in of_row[:target]
    ]


def _direction(material: Material) -> str:
    """What the colours of maps mean, which may be light, and which of the methods give sizes without a sign."""
    signed_ones = [method for method in material.methods if method.signed]
    sizes = [method for method in material.methods if not method.signed]
    usual = ""
    if signed_ones or not sizes:
        light = material.palette == "keras_example"
        usual = tr(_LIGHT) if light else direction(material, signed_ones[0]).lstrip() if signed_ones else ""
    if not sizes:
        return usual
    kinds = listing(list(dict.fromkeys(tr(method.sizes) for method in sizes)))
    if not signed_ones:
        return tr("The maps are of {kinds}, which have no sign: the darker, the larger.", kinds=kinds)
    said = tr(
        "The maps of {methods} are of {kinds}, which have no sign: the darker, the larger.",
        methods=listing([tr(method.title) for method in sizes]),
        kinds=kinds,
    )
    return sentences([usual, said])


_LIGHT = mark(
    "Green light is positive, red light negative, as published; readers with a red-green deficiency cannot tell them "
    "apart."
)


def _in_brackets(material: Material) -> str:
    """What the number behind a class is, above a map."""
    known = material.dataset.classes and material.probabilities is not None
    return tr("In brackets: the probability that the model gives this class.") if known else ""


def _headed(material: Material, method: MethodMaterial, target: int) -> str:
    """A method and the class that its maps are for."""
    title = tr(method.title)
    if not material.dataset.classes:
        return title
    return tr("{method}, for the {target} class", method=title, target=called(material.target_names[target]))


def _maps(material: Material, method: MethodMaterial) -> Maps:
    return method.maps[material.dataset.inputs[0].name]


def _picture(material: Material, row: int) -> Array:
    """(height, width, 1 or 3) of a sample in 0..1."""
    item = material.dataset.inputs[0]
    low, high = item.bounds or (0.0, 1.0)
    picture: Array = (item.values[row] - low) / (high - low)
    return picture


def _input_cell(material: Material, row: int) -> Cell:
    name, item = by_name(material.sample_name(row)), material.dataset.inputs[0]
    picture = _picture(material, row)
    if _bordered(material) and item.regions is not None:
        picture = bordered(picture, item.regions[row])
    return Cell(pixels=picture, note=name, alt=tr("{name}: the input", name=name))


def _bordered(material: Material) -> bool:
    """Whether inputs show the border of a known region; aligned images are too small for one."""
    item = material.dataset.inputs[0]
    return item.regions is not None and any(region.any() for region in item.regions) and not item.aligned


def bordered(picture: Array, region: Array) -> Array:
    """(height, width, 3) in 0..1 with a black and white line around `region` (height, width)."""
    framed = np.broadcast_to(picture, (*region.shape, 3)).copy()
    inner = region & ~_grown(~region)
    framed[_grown(region) & ~region] = 1.0
    framed[region & ~inner] = 0.0
    return framed


def _grown(region: Array) -> Array:
    """With the pixels that touch it at a side."""
    padded = np.pad(region, 1)
    return region | padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]


def _cell(
    material: Material, method: MethodMaterial, target: int, row: int, units: Sequence[str], summed: bool = True
) -> Cell | None:
    """`summed`: whether the sum stands below, of a method that adds up; page one does not say to what."""
    outputs, maps = material.targets[row], _maps(material, method)
    if int(outputs[target]) in outputs[:target].tolist() or maps.unit not in units:
        return None
    values = method.values[material.dataset.inputs[0].name][row, ..., target]
    name = material.output_name(int(outputs[target]))
    total = float(values.sum(dtype=np.float64))
    peak = np.unravel_index(np.abs(values).argmax(), values.shape)
    own = "" if maps.limits is None else tr("±1 is {limit}", limit=f"{maps.limits[row, target]:.2g}")
    written = at_scale([float(values[peak]), total], signed)(total, 2)
    added_up = tr("sum {sum}", sum=written) if method.additive and summed else ""
    return Cell(
        pixels=maps.values[row, ..., target],
        scale=units.index(maps.unit),
        beneath=_picture(material, row) if material.overlay else None,
        opacity=material.overlay,
        palette=material.palette,
        title=tr("for {output}", output=with_probability(material, row, int(outputs[target])))
        if material.dataset.classes
        else "",
        note=trp("list", "; ").join(filter(None, (added_up, own))),
        alt=tr(
            "{method} of {sample} for {output}: sum {sum}, strongest at row {row}, column {column} with {value}",
            method=tr(method.title),
            sample=by_name(material.sample_name(row)),
            output=name,
            sum=written,
            row=str(peak[0]),
            column=str(peak[1]),
            value=at_scale([float(values[peak])], signed)(float(values[peak]), 2),
        ),
    )


def _class_means(material: Material, method: MethodMaterial, scales: Scales) -> Figure:
    means = method.summary.class_means[material.dataset.inputs[0].name][..., 0]
    unit = method.mean_scale(material.dataset.inputs[0].name)
    names = material.dataset.classes
    half = (len(names) + 1) // 2 if len(names) > 6 else len(names)
    cells = [
        Cell(
            pixels=means[k],
            scale=0,
            title=name,
            # A class of which nothing is explained has no mean.
            note="" if means[k].any() else tr("no image"),
            alt=tr("mean map of class {name}, sum {sum}", name=name, sum=signed(float(means[k].sum()))),
        )
        for k, name in enumerate(names)
    ]
    return Figure(
        name=f"{material.slug}-{method.label}-classes",
        content=Images(
            columns=(), rows=tuple(tuple(cells[start : start + half]) for start in range(0, len(cells), half))
        ),
        scales=(Scale(unit=tr(unit), limit=scales[unit], signed=method.signed),),
        caption=tr(
            "{method} for the {target} class: mean over the explained images of each class.",
            method=tr(method.title),
            target=called(material.target_names[0]),
        ),
        alt=trp("list", "; ").join(cell.alt for cell in cells),
    )


def sections(material: Material) -> tuple[Section, ...]:
    return (
        *(
            Section(title=tr("Whole classes"), blocks=(Block(figures=(f"{material.slug}-{method.label}-classes",)),))
            for method in _with_means(material)
        ),
        Section(
            title=tr("Single images"),
            id="samples",
            blocks=(
                Block(
                    figures=(f"{material.slug}-samples",),
                    asides=(
                        *verdict_asides(material.methods),
                        Aside(
                            title=tr("How to read it"),
                            text=sentences([reading_of_colours(material), _of_scales(material)]),
                        ),
                    ),
                ),
                *((Block(tables=(_in_regions(material),)),) if _known_rows(material) else ()),
            ),
        ),
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method, and the likeliest classes."""
    ranked = material.probabilities is not None and material.probabilities.shape[1] > 2
    return (*sums_blocks(material), *((Block(tables=(_likeliest(material),)),) if ranked else ()))


def _known_rows(material: Material) -> list[int]:
    """The shown images of which it is known where what matters lies."""
    regions = material.dataset.inputs[0].regions
    return [] if regions is None else [row for row, region in enumerate(regions) if region.any()]


def _in_regions(material: Material) -> Table:
    """Image by image, how much of the explanation lies in the known region."""
    item, rows = material.dataset.inputs[0], _known_rows(material)
    assert item.regions is not None, "some are known"
    regions = [item.regions[row] for row in rows]
    labels = [reading(material, row) for row in rows]
    return Table(
        name=f"{material.slug}-regions",
        caption=sentences([_lies(material), tr("A dash: the map is not one of pixels, or has nothing positive.")]),
        columns=(
            Column(title=tr("sample")),
            Column(title=tr("reading")),
            *(Column(title=title, numeric=True) for title in (tr("area, %"), *(tr(m.title) for m in material.methods))),
        ),
        rows=tuple(
            (
                material.sample_name(row),
                label,
                percent(float(region.mean())),
                *(_share(method.values[item.name][row, ..., 0], region) for method in material.methods),
            )
            for row, label, region in zip(rows, labels, regions, strict=True)
        ),
    )


def _lies(material: Material) -> str:
    """What share of what is told."""
    if not material.dataset.classes:
        return tr(
            "The share of the positive attribution that lies in the known region of an image, beside the region's "
            "share of the area."
        )
    return tr(
        "The share of the positive attribution, for the {target} class that lies in the known region of an image, "
        "beside the region's share of the area.",
        target=called(material.target_names[0]),
    )


def _share(values: Array, region: Array) -> str:
    """In percent; a dash where there is nothing to share, or no value for each pixel."""
    positive = np.maximum(values, 0)
    if values.shape != region.shape or not positive.any():
        return "–"
    return percent(float(positive[region].sum() / positive.sum()))


def _likeliest(material: Material) -> Table:
    """The classes of each shown sample from the likeliest down."""
    probabilities = material.probabilities
    assert probabilities is not None, "of a classification"
    count = min(_RANKED, probabilities.shape[1])
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return Table(
        name=f"{material.slug}-likeliest",
        caption=tr(
            "The {number} likeliest classes of each image, with their probabilities.",
            number=str(count),
        ),
        columns=tuple(
            Column(title=title) for title in (tr("sample"), trp("column", "true"), *(f"{k + 1}." for k in range(count)))
        ),
        rows=tuple(
            (
                material.sample_name(row),
                "–" if (true := material.true_output(row)) is None else material.output_name(true),
                *(with_probability(material, row, int(output)) for output in outputs),
            )
            for row, outputs in enumerate(order)
        ),
        facets=facets(material, range(len(order))),
    )


def _of_scales(material: Material) -> str:
    if any(_maps(material, method).limits is not None for method in material.methods):
        return tr("What ±1 stands for is written below each map.")
    return tr(
        "Maps on one scale have equal colours for equal numbers; those of two scales are not to be compared by colour."
    )


def reading_of_colours(material: Material) -> str:
    """What a pixel of each colour says; nothing of directions where every map is of sizes."""
    if not any(method.signed for method in material.methods):
        return tr("A dark pixel moved the score much, whichever way: the maps are of sizes, which have no sign.")
    if material.palette == "diverging":
        colours = {"positive": trp("colour", "Red"), "negative": trp("colour", "blue")}
    else:
        colours = {"positive": trp("colour", "Green"), "negative": trp("colour", "red")}
    if material.score == "loss":
        return tr(
            "{positive} pixels raise the loss, that is, speak against the class; {negative} ones lower it.", **colours
        )
    if material.dataset.classes:
        return tr("{positive} pixels speak for the class above the map, {negative} ones against it.", **colours)
    return tr("{positive} pixels raise the value, {negative} ones lower it.", **colours)
