"""Chapters about several inputs at once: what each contributes as a whole, then each by itself."""

from collections.abc import Sequence

import numpy as np

from exhibit.tasks.document import bearing
from exhibit.tasks.document.cells import cells
from exhibit.tasks.document.common import (
    PAGE_ONE,
    direction,
    sums_blocks,
    swarm_blocks,
    swarm_figures,
    verdict_asides,
    waterfall,
)
from exhibit.tasks.document.kinds import KINDS
from exhibit.tasks.document.words import (
    at_scale,
    by_name,
    capital,
    count,
    listing,
    numbers,
    percent,
    plain,
    share,
    signed,
)
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.explanation import InputSummary
from exhibit.tasks.records.figure import Bars, Figure, Series, Waterfalls
from exhibit.tasks.records.finding import Finding, Named, Part
from exhibit.tasks.records.language import sentences, tr, trp
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table


def story(material: Material) -> tuple[Finding, str]:
    """Which input carries most of the explanation by the main method."""
    main = material.main
    first = _leader(main)
    finding = Part(
        method=bearing.named(main),
        signed=main.signed,
        first=first,
        silent=tuple(part.input for part in main.summary.inputs if not part.absolute.any()),
        bearing=bearing.bearing(main),
        **bearing.methods(
            material,
            material.methods,
            lambda method: None if (other := _leader(method)).agrees(first) else other,
        ),
    )
    return finding, f"{material.slug}-teaser"


def _leader(method: MethodMaterial) -> Named:
    """The input with the largest share of the sum of |a|."""
    shares = _shares(method.summary.inputs)
    k = int(shares.argmax())
    return Named(name=method.summary.inputs[k].input, value=float(shares[k]))


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    return (
        inputs := _inputs_figure(material),
        inputs.model_copy(update={"name": f"{material.slug}-teaser", "width": PAGE_ONE}),
        *((_waterfall(material, _additive(material)),) if _additive(material) else ()),
        *swarm_figures(material, _judged(material)),
        *(figure for item in _parts(material) for figure in KINDS[item.kind].own.figures(item, scales)),
    )


def _additive(material: Material) -> list[MethodMaterial]:
    return [method for method in material.methods if method.additive]


def _judged(material: Material) -> list[MethodMaterial]:
    """The methods that divide the score among the inputs, or all where none does."""
    return _additive(material) or list(material.methods)


def _parts(material: Material) -> list[Material]:
    """The chapter about each input alone; the tables are one part, since their columns read as one table."""
    names = [item.name for item in material.dataset.inputs if not item.traits.named]
    tables = [item.name for item in material.dataset.inputs if item.traits.named]
    joined = [_joined([material.of(name) for name in tables])] if tables else []
    return [*joined, *(material.of(name) for name in names)]


def _joined(parts: Sequence[Material]) -> Material:
    """Several tables as one, their columns side by side."""
    if len(parts) == 1:
        return parts[0]
    items = [part.dataset.inputs[0] for part in parts]
    name = "tables"
    one = items[0].model_copy(
        update={
            "name": name,
            "values": np.concatenate([item.values for item in items], axis=1),
            "features": tuple(feature for item in items for feature in item.features),
            "columns": tuple(column for item in items for column in item.columns or item.features),
        }
    )
    methods = [
        _joined_method(name, [(item.name, part.methods[k]) for item, part in zip(items, parts, strict=True)])
        for k in range(len(parts[0].methods))
    ]
    return parts[0].model_copy(
        update={
            "slug": f"{parts[0].slug.removesuffix(f'-{items[0].name}')}-{name}",
            "dataset": parts[0].dataset.model_copy(update={"inputs": (one,)}),
            "methods": tuple(methods),
        }
    )


def _joined_method(name: str, parts: Sequence[tuple[str, MethodMaterial]]) -> MethodMaterial:
    first = parts[0][1]
    importances = [method.summary.importances[0] for _, method in parts]
    arrays = {
        "mean": [item.mean for item in importances],
        "mean_absolute": [item.mean_absolute for item in importances],
        "mean_square": [item.mean_square for item in importances],
        "standard_error": [item.standard_error for item in importances],
        "count": [item.count for item in importances],
    }
    importance = importances[0].model_copy(
        update={
            "input": name,
            "features": tuple(feature for item in importances for feature in item.features),
            **{key: np.concatenate(parts_of) for key, parts_of in arrays.items()},
            "share_error": None,  # each is a share in its own table
        }
    )
    return first.model_copy(
        update={
            "values": {name: np.concatenate([method.values[key] for key, method in parts], axis=1)},
            "summary": first.summary.model_copy(update={"importances": (importance,)}),
        }
    )


def _shares(parts: tuple[InputSummary, ...]) -> Array:
    """Of the first target: share of each input in the sum of |a| over all samples."""
    sizes = np.array([part.absolute[:, 0].sum(dtype=np.float64) for part in parts])
    return sizes / max(float(sizes.sum()), np.finfo(float).tiny)


def _errors(parts: tuple[InputSummary, ...]) -> Array:
    """Standard error over samples of the share of each input."""
    sizes = np.stack([part.absolute[:, 0].astype(np.float64) for part in parts])
    each = sizes / np.maximum(sizes.sum(axis=0), np.finfo(float).tiny)
    return each.std(axis=1, ddof=1) / np.sqrt(each.shape[1]) if each.shape[1] > 1 else np.full(len(parts), np.nan)


def _inputs_figure(material: Material) -> Figure:
    labels = tuple(part.input for part in material.main.summary.inputs)
    series = tuple(
        Series(name=tr(method.title), values=_shares(method.summary.inputs), errors=_errors(method.summary.inputs))
        for method in material.drawn
    )
    return Figure(
        name=f"{material.slug}-inputs",
        content=Bars(labels=labels, series=series, axis=tr("share of the explanation")),
        caption=tr(
            "Share of each input in the explanation, by the sizes of its parts, over {samples}; lines: standard error "
            "over samples.",
            samples=count(material.explained, "sample"),
        ),
        alt=trp("list", "; ").join(
            tr("{name}: {values}", name=item.name, values=numbers(labels, item.values)) for item in series
        ),
    )


def _waterfall(material: Material, methods: Sequence[MethodMaterial]) -> Figure:
    """The first shown sample over all inputs together, by every additive method on one axis."""
    name = by_name(material.sample_name(0))
    panels = tuple(waterfall(material, method, 0, *_flat(material, method, 0), tr(method.title)) for method in methods)
    return Figure(
        name=f"{material.slug}-waterfall",
        content=Waterfalls(panels=panels) if len(panels) > 1 else panels[0],
        caption=sentences(
            [
                tr(
                    "{methods} of {sample}: how contributions lead from the baseline's score to its own, over all "
                    "inputs together, the largest first.",
                    methods=listing([tr(method.title) for method in methods]),
                    sample=name,
                ),
                direction(material, material.main).lstrip(),
            ]
        ),
        alt=trp("list", "; ").join(
            tr(
                "{method} of {sample}: from {start} to {end}, {values}",
                method=panel.title,
                sample=name,
                start=at_scale([panel.start, panel.end], signed)(panel.start, 2),
                end=at_scale([panel.start, panel.end], signed)(panel.end, 2),
                values=numbers(panel.labels, panel.values, with_sign=True),
            )
            for panel in panels
        ),
    )


def _flat(material: Material, method: MethodMaterial, row: int) -> tuple[list[str], Array]:
    """Names and attributions of all elements of one sample, the inputs one after another."""
    names: list[str] = []
    found: list[Array] = []
    for item in material.dataset.inputs:
        values = method.values[item.name][row, ..., 0].ravel().astype(np.float64)
        importance = next(entry for entry in method.summary.importances if entry.input == item.name)
        named: Sequence[str] = item.elements or importance.features
        if item.traits.named:
            named, values = cells(item, row, values)
        names += [item.label(feature) for feature in named]
        found.append(values)
    return names, np.concatenate(found)


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method, and what each input has there by itself."""
    parts = [(KINDS[part.dataset.inputs[0].kind].own, part) for part in _parts(material)]
    return (*sums_blocks(material), *(block for own, part in parts for block in own.appendix(part)))


def sections(material: Material) -> tuple[Section, ...]:
    additive = _additive(material)
    return (
        Section(
            title=tr("What each input contributes"),
            id="importances",
            blocks=(
                Block(figures=(f"{material.slug}-inputs",), asides=(*verdict_asides(material.methods), _read())),
                Block(tables=tuple(_inputs_table(material, method) for method in _judged(material))),
                Block(paragraphs=tuple(filter(None, (_claims(material, method) for method in additive)))),
            ),
        ),
        Section(
            title=tr("All inputs together"),
            id="samples",
            blocks=(
                *swarm_blocks(material, _judged(material)),
                *((Block(figures=(f"{material.slug}-waterfall",)),) if additive else ()),
            ),
        ),
        *(_one_input(part) for part in _parts(material)),
    )


def _read() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "Contributions of opposite sign cancel in a median or a sum, so an input is judged by its |a|. "
            "The median is printed because others publish it."
        ),
    )


def _one_input(part: Material) -> Section:
    item = part.dataset.inputs[0]
    name = item.name.replace("_", " ")
    blocks = tuple(block for section in KINDS[item.kind].own.sections(part) for block in section.blocks)
    title = tr("Tables by themselves") if name == "tables" else tr("{input} by itself", input=capital(name))
    return Section(title=title, blocks=blocks)


def _inputs_table(material: Material, method: MethodMaterial) -> Table:
    parts = method.summary.inputs
    sizes = [float(part.absolute[:, 0].mean()) for part in parts]
    number, size = (at_scale(sizes, write) for write in (signed, plain))
    rows = tuple(
        (
            part.input,
            percent(float(portion)),
            size(float(part.absolute[:, 0].mean()), 2),
            number(float(part.total[:, 0].mean()), 2),
            number(float(part.median[0]), 4),
        )
        for part, portion in zip(parts, _shares(parts), strict=True)
    )
    return Table(
        name=f"{material.slug}-{method.label}-inputs-table",
        caption=tr(
            "{method}: what each input contributes as a whole, in {unit}; sums and |a| are per sample, the median is "
            "over all elements of all samples.",
            method=tr(method.title),
            unit=tr(method.unit),
        ),
        columns=(
            Column(title=tr("input")),
            *(
                Column(title=title, numeric=True)
                for title in (tr("share, %"), tr("sum of |a|"), tr("sum of a"), tr("median a"))
            ),
        ),
        rows=rows,
    )


def _claims(material: Material, method: MethodMaterial) -> str:
    """What was measured about the inputs, in words, whatever it is."""
    parts = {part.input: part for part in method.summary.inputs}
    said = []
    for item in material.dataset.inputs:
        if item.traits.ids and (item.array == item.array[0]).all():
            said.append(_constant(item.name, parts[item.name]))
    images = [item.name for item in material.dataset.inputs if item.traits.pixels]
    tables = [item.name for item in material.dataset.inputs if item.traits.named]
    if images and tables:
        size = {name: float(parts[name].absolute[:, 0].mean()) for name in (*images, *tables)}
        largest, pixels = max(tables, key=size.__getitem__), sum(size[name] for name in images)
        ratio = size[largest] / pixels if pixels else float("inf")
        said.append(
            tr(
                "the largest table, {table}, has {share} of the sum of |a| that the image has",
                table=largest,
                share=share(ratio),
            )
            if ratio < 1
            else tr(
                "the table {table} has {number} times the sum of |a| of the image", table=largest, number=plain(ratio)
            )
        )
    base, mean = float(method.base_value[0, 0]), float(material.outputs[:, 0].mean())
    if not material.dataset.classes:
        said.append(
            tr(
                "the base value of {sample} is {base}, the mean prediction of all rows {mean}",
                sample=by_name(material.sample_name(0)),
                base=signed(base),
                mean=signed(mean),
            )
        )
    return tr("{method}: {claims}.", method=tr(method.title), claims=trp("list", "; ").join(said)) if said else ""


def _constant(name: str, part: InputSummary) -> str:
    largest = float(part.absolute.max())
    if largest == 0:
        return tr(
            "{input} is the same in every drawn sample, and exactly zero in all of them: against a background "
            "with the same text nothing is left to explain; against a baseline of zeros there would be",
            input=name,
        )
    return tr(
        "{input} is the same in every drawn sample, but not zero (up to {value} in all): the baseline has another text",
        input=name,
        value=signed(largest),
    )
