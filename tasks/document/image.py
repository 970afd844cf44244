"""Chapters about images."""

import numpy as np

from exhibit.tasks.document.common import (
    direction,
    drawn_rows,
    facets,
    left_out,
    predicted_output,
    reading,
    sums_table,
    verdict_asides,
)
from exhibit.tasks.document.words import article, capital, count, listing, signed
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Cell, Figure, Images, Scale
from exhibit.tasks.records.material import Maps, Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_RANKED = 5  # classes that are listed for each image
_MOST_MAPS = 6  # of several methods in one line of a grid


def story(material: Material) -> tuple[str, str, str]:
    figure, row = f"{material.slug}-teaser", 0
    sample, said = capital(material.sample_name(row)), _said(material, row)
    name = material.output_name
    if not material.dataset.classes:
        return f"what gives the {name(0)}", f"{sample}: {reading(material, row)}; {said}.", figure
    true, predicted = material.true_output(row), predicted_output(material, row)
    if true is None:
        return f"read as {name(predicted)}", f"{sample} is read as {article(name(predicted))}; {said}.", figure
    if true == predicted:
        return f"{article(name(true))} read right", f"{sample} is read right; {said}.", figure
    sentence = f"{sample} is {article(name(true))} that the model takes for {name(predicted)}: {said}."
    return f"{article(name(true))} read as {name(predicted)}", sentence, figure


def _said(material: Material, row: int) -> str:
    """What the main method says about a sample: what its pixels add up to, or, of slopes, where they are largest."""
    main = material.main
    values = main.values[material.dataset.inputs[0].name][row]
    if not main.additive:
        place = np.unravel_index(np.abs(values[..., 0]).argmax(), values.shape[:2])
        return f"the {main.title.lower()} is largest at row {place[0]}, column {place[1]}"
    totals = values.sum(axis=(0, 1), dtype=np.float64)
    pairs = dict(zip(material.targets[row].tolist(), totals.tolist(), strict=True))
    parts = [f"{signed(float(total))} for {material.output_name(int(output))}" for output, total in pairs.items()]
    where = "against a black image" if main.baseline and "black" in main.baseline else "against the baseline"
    return f"{where} its pixels add up to {listing(parts)} ({material.score_unit})"


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
    maps = [_cell(material, main, target, 0, [unit]) for target in range(len(material.target_names))]
    cells = [_input_cell(material, 0), *(cell for cell in maps if cell is not None)]
    return Figure(
        name=f"{material.slug}-teaser",
        content=Images(columns=(), rows=(tuple(cells),)),
        scales=(Scale(unit=unit, limit=scales[unit], palette=material.palette),) if unit in scales else (),
        caption=f"{main.title} of {material.sample_name(0)}.",
        alt="; ".join(cell.alt for cell in cells),
    )


def _image_grid(material: Material, scales: Scales) -> Figure:
    map_units = (_maps(material, method).unit for method in material.methods)
    units = list(dict.fromkeys(unit for unit in map_units if unit in scales))
    lines = grid_lines(material.targets[: len(drawn_rows(material))], len(material.methods))
    rows = [row for row, _ in lines]
    stacked = len(lines[0][1]) < len(material.target_names)
    additive = any(method.additive for method in material.methods)
    summed = " The number below a map is the sum of its pixels." if additive else ""
    by = "by method and class" if material.dataset.classes else "by method"
    headings = [
        f"{method.title}{'' if stacked else _for_class(material, target)}"
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
            columns=tuple(("input", *headings)[column] for column in shown),
            rows=tuple(tuple(line[column] for column in shown) for line in cells),
            row_labels=tuple(reading(material, row) if targets[0] == 0 else "" for row, targets in lines),
            width=material.picture_width,
            facets=facets(material, [row for row, _ in lines]),
        ),
        scales=tuple(Scale(unit=unit, limit=scales[unit], palette=material.palette) for unit in units),
        caption=f"Single images and their attributions, {by}. {material.selection_reason}"
        f"{_direction(material)}{summed}"
        f"{left_out(material)}"
        + " Where classes are the same, the map is drawn once."
        * (len(material.target_names) > 1),
        alt=f"{count(len(lines), 'row')}: {'; '.join(reading(material, row) for row in dict.fromkeys(rows))}",
    )


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
    """What the colours of maps mean, which may be light; all else of a chapter is red and blue."""
    usual = direction(material, material.main)
    return _LIGHT if usual and material.palette == "keras_example" else usual


_LIGHT = (
    " Green light is positive, red light negative, as published; readers with a red-green deficiency cannot tell them "
    "apart."
)


def _for_class(material: Material, target: int) -> str:
    return f", for the {material.target_names[target]} class" if material.dataset.classes else ""


def _maps(material: Material, method: MethodMaterial) -> Maps:
    return method.maps[material.dataset.inputs[0].name]


def _picture(material: Material, row: int) -> Array:
    """(height, width, 1 or 3) of a sample in 0..1."""
    item = material.dataset.inputs[0]
    low, high = item.bounds or (0.0, 1.0)
    picture: Array = (item.values[row] - low) / (high - low)
    return picture


def _input_cell(material: Material, row: int) -> Cell:
    name, item = material.sample_name(row), material.dataset.inputs[0]
    picture = _picture(material, row)
    if _bordered(material) and item.regions is not None:
        picture = bordered(picture, item.regions[row])
    return Cell(pixels=picture, note=name, alt=f"{name}: the input")


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


def _cell(material: Material, method: MethodMaterial, target: int, row: int, units: list[str]) -> Cell | None:
    outputs, maps = material.targets[row], _maps(material, method)
    if int(outputs[target]) in outputs[:target].tolist() or maps.unit not in units:
        return None
    values = method.values[material.dataset.inputs[0].name][row, ..., target]
    name = material.output_name(int(outputs[target]))
    total = float(values.sum(dtype=np.float64))
    peak = np.unravel_index(np.abs(values).argmax(), values.shape)
    own = "" if maps.limits is None else f"±1 is {maps.limits[row, target]:.2g}"
    return Cell(
        pixels=maps.values[row, ..., target],
        scale=units.index(maps.unit),
        beneath=_picture(material, row) if material.overlay else None,
        opacity=material.overlay,
        palette=material.palette,
        title=f"for {material.with_probability(row, int(outputs[target]))}" if material.dataset.classes else "",
        note="; ".join(filter(None, (f"sum {signed(total)}" if method.additive else "", own))),
        alt=f"{method.title} of {material.sample_name(row)} for {name}: sum {signed(total)}, "
        f"strongest at row {peak[0]}, column {peak[1]} with {signed(float(values[peak]))}",
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
            note="" if means[k].any() else "no image",
            alt=f"mean map of class {name}, sum {signed(float(means[k].sum()))}",
        )
        for k, name in enumerate(names)
    ]
    return Figure(
        name=f"{material.slug}-{method.label}-classes",
        content=Images(
            columns=(), rows=tuple(tuple(cells[start : start + half]) for start in range(0, len(cells), half))
        ),
        scales=(Scale(unit=unit, limit=scales[unit]),),
        caption=f"{method.title} for the {material.target_names[0]} class: "
        "mean over the explained images of each class.",
        alt="; ".join(cell.alt for cell in cells),
    )


def sections(material: Material) -> tuple[Section, ...]:
    additive = [method for method in material.methods if method.additive] if material.whole else []
    ranked = material.probabilities is not None and material.probabilities.shape[1] > 2
    return (
        *(
            Section(title="Whole classes", blocks=(Block(figures=(f"{material.slug}-{method.label}-classes",)),))
            for method in _with_means(material)
        ),
        Section(
            title="Single images",
            blocks=(
                Block(
                    figures=(f"{material.slug}-samples",),
                    asides=(
                        *verdict_asides(material.methods),
                        Aside(
                            title="How to read it",
                            text=f"{reading_of_colours(material)} {_of_scales(material)}",
                        ),
                    ),
                ),
                *((Block(tables=(_in_regions(material),)),) if _known_rows(material) else ()),
                *(Block(tables=(sums_table(material, method),)) for method in additive),
                *((Block(tables=(_likeliest(material),)),) if ranked else ()),
            ),
        ),
    )


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
        caption=f"The share of the positive attribution{_for_class(material, 0)} that lies in the known region of an "
        "image, beside the region's share of the area. A dash: the map is not one of pixels, or has nothing positive.",
        columns=(
            Column(title="sample"),
            Column(title="reading"),
            *(Column(title=title, numeric=True) for title in ("area, %", *(m.title for m in material.methods))),
        ),
        rows=tuple(
            (
                material.sample_name(row),
                label,
                f"{100 * region.mean():.1f}",
                *(_share(method.values[item.name][row, ..., 0], region) for method in material.methods),
            )
            for row, label, region in zip(rows, labels, regions, strict=True)
        ),
    )


def _share(values: Array, region: Array) -> str:
    """In percent; a dash where there is nothing to share, or no value for each pixel."""
    positive = np.maximum(values, 0)
    if values.shape != region.shape or not positive.any():
        return "–"
    return f"{100 * float(positive[region].sum() / positive.sum()):.1f}"


def _likeliest(material: Material) -> Table:
    """The classes of each shown sample from the likeliest down."""
    probabilities = material.probabilities
    assert probabilities is not None, "of a classification"
    count = min(_RANKED, probabilities.shape[1])
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return Table(
        name=f"{material.slug}-likeliest",
        caption=f"The {count} likeliest classes of each image, with their probabilities.",
        columns=tuple(Column(title=title) for title in ("sample", "true", *(f"{k + 1}." for k in range(count)))),
        rows=tuple(
            (
                material.sample_name(row),
                "–" if (true := material.true_output(row)) is None else material.output_name(true),
                *(material.with_probability(row, int(output)) for output in outputs),
            )
            for row, outputs in enumerate(order)
        ),
        facets=facets(material, range(len(order))),
    )


def _of_scales(material: Material) -> str:
    if any(_maps(material, method).limits is not None for method in material.methods):
        return "What ±1 stands for is written below each map."
    return (
        "Maps on one scale have equal colours for equal numbers; those of two scales are not to be compared by colour."
    )


def reading_of_colours(material: Material) -> str:
    """What a pixel of each colour says."""
    if all(method.aggregate != "raw" for method in material.methods):
        return "The darker a pixel, the more the score moves with it; in which direction is lost in |a| and in squares."
    positive, negative = ("Red", "blue") if material.palette == "diverging" else ("Green", "red")
    if material.score == "loss":
        return f"{positive} pixels raise the loss, that is, speak against the class; {negative} ones lower it."
    if material.dataset.classes:
        return f"{positive} pixels speak for the class above the map, {negative} ones against it."
    return f"{positive} pixels raise the value, {negative} ones lower it."
