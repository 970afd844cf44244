"""Chapters about images."""

import numpy as np

from tasks.document.common import direction, predicted_output, reading, sums_table, verdict_asides
from tasks.document.material import Material, MethodMaterial, Scales
from tasks.document.words import capital, count, listing, signed
from tasks.records import Aside, Block, Cell, Figure, Images, Scale, Section


def story(material: Material) -> tuple[str, str, str]:
    figure, main, row = f"{material.slug}-teaser", material.main, 0
    name = material.output_name
    true, predicted = int(material.dataset.labels[row]), predicted_output(material, row)
    totals = main.values[material.dataset.inputs[0].name][row].sum(axis=(0, 1), dtype=np.float64)
    parts = [
        f"{signed(float(total))} for {name(int(output))}"
        for output, total in dict(zip(material.targets[row].tolist(), totals.tolist(), strict=True)).items()
    ]
    where = "against a black image" if main.baseline and "black" in main.baseline else "against the baseline"
    if true == predicted:
        sentence = f"{capital(material.sample_name(row))} is read right; {where} its pixels add up to {listing(parts)}."
        return f"a {name(true)} read right", sentence, figure
    sentence = (
        f"{capital(material.sample_name(row))} is a {name(true)} that the model takes for a {name(predicted)}: "
        f"{where} its pixels add up to {listing(parts)} ({material.score_unit})."
    )
    return f"a {name(true)} read as a {name(predicted)}", sentence, figure


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    return (
        _teaser(material, scales),
        _image_grid(material, scales),
        *(_class_means(material, m, scales) for m in material.methods if m.additive),
    )


def _teaser(material: Material, scales: Scales) -> Figure:
    """The first sample and the main method's maps of it, for the front page."""
    main = material.main
    maps = [_cell(material, main, target, 0, [main.unit]) for target in range(len(material.target_names))]
    cells = [_input_cell(material, 0), *(cell for cell in maps if cell is not None)]
    return Figure(
        name=f"{material.slug}-teaser",
        content=Images(columns=(), rows=(tuple(cells),)),
        scales=(Scale(unit=main.unit, limit=scales[main.unit]),) if main.unit in scales else (),
        caption=f"{main.title} of {material.sample_name(0)}.",
        alt="; ".join(cell.alt for cell in cells),
    )


def _image_grid(material: Material, scales: Scales) -> Figure:
    units = list(dict.fromkeys(method.unit for method in material.methods if method.unit in scales))
    columns = [(method, target) for method in material.methods for target in range(len(material.target_names))]
    rows = range(len(material.dataset.sample_ids))
    headings = [f"{method.title}, for the {material.target_names[target]} class" for method, target in columns]
    return Figure(
        name=f"{material.slug}-samples",
        content=Images(
            columns=("input", *headings),
            rows=tuple(
                (_input_cell(material, row), *(_cell(material, m, t, row, units) for m, t in columns)) for row in rows
            ),
            row_labels=tuple(reading(material, row) for row in rows),
        ),
        scales=tuple(Scale(unit=unit, limit=scales[unit]) for unit in units),
        caption=f"Single images and their attributions, by method and class. {material.selection_reason}"
        f"{direction(material, material.main)} The number below a map is the sum of its pixels. "
        "Where both classes are the same, the map is drawn once.",
        alt=f"{count(len(rows), 'row')}: {'; '.join(reading(material, row) for row in rows)}",
    )


def _input_cell(material: Material, row: int) -> Cell:
    item = material.dataset.inputs[0]
    low, high = item.bounds or (0.0, 1.0)
    pixels = (item.values[row] - low) / (high - low)
    return Cell(pixels=pixels, note=material.sample_name(row), alt=f"{material.sample_name(row)}: the input")


def _cell(material: Material, method: MethodMaterial, target: int, row: int, units: list[str]) -> Cell | None:
    outputs = material.targets[row]
    if int(outputs[target]) in outputs[:target].tolist() or method.unit not in units:
        return None
    values = method.values[material.dataset.inputs[0].name][row, ..., target]
    name = material.output_name(int(outputs[target]))
    total = float(values.sum(dtype=np.float64))
    note = f"sum {signed(total)}" if method.additive else ""
    peak = np.unravel_index(np.abs(values).argmax(), values.shape)
    return Cell(
        pixels=values,
        scale=units.index(method.unit),
        title=f"for {name}",
        note=note,
        alt=f"{method.title} of {material.sample_name(row)} for {name}: sum {signed(total)}, "
        f"strongest at row {peak[0]}, column {peak[1]} with {signed(float(values[peak]))}",
    )


def _class_means(material: Material, method: MethodMaterial, scales: Scales) -> Figure:
    means = method.summary.class_means[material.dataset.inputs[0].name][..., 0]
    unit = method.mean_unit
    names = material.dataset.classes
    half = (len(names) + 1) // 2 if len(names) > 6 else len(names)
    cells = [
        Cell(pixels=means[k], scale=0, title=name, alt=f"mean map of class {name}, sum {signed(float(means[k].sum()))}")
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
    additive = [method for method in material.methods if method.additive]
    return (
        *(
            Section(title="Whole classes", blocks=(Block(figures=(f"{material.slug}-{method.label}-classes",)),))
            for method in additive
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
                            text="Red pixels speak for the class above the map, blue ones against it. "
                            "Maps with the same unit share one scale, so equal colours are equal numbers.",
                        ),
                    ),
                ),
                *(Block(tables=(sums_table(material, method),)) for method in additive),
            ),
        ),
    )
