"""What a method gives a feature, against the value of the feature."""

import numpy as np

from exhibit.tasks.document.bearing import named
from exhibit.tasks.document.over_rows import digits, features_asked, rows_of
from exhibit.tasks.document.words import capital, rounded, signed, with_beside
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.behaviour import Against, Dependence
from exhibit.tasks.records.figure import Bars, EffectPanel, EffectPanels, Figure, Series
from exhibit.tasks.records.language import sentences, tr, trn, trp
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Aside, Block

_MOST = 3  # outputs that are drawn, those of the most rows


def figures(material: Material, found: Dependence) -> tuple[Figure, ...]:
    """For each output dots of all numbers, and bars of each category."""
    drawn = []
    for output in _drawn(found):
        rows = found.of == output
        numbers = [item for item in found.items if not item.words and not np.isnan(item.seen[rows]).all()]
        drawn += [_dots(material, found, numbers, output, rows)] if numbers else []
        words = [(place, item) for place, item in enumerate(found.items, 1) if item.words]
        drawn += [_bars(material, found, item, output, rows, place) for place, item in words]
    return tuple(drawn)


def _drawn(found: Dependence) -> list[int]:
    counts = np.bincount(found.of, minlength=len(found.outputs))
    return sorted(np.argsort(-counts, kind="stable")[:_MOST].tolist())


def _said(material: Material, found: Dependence, output: int, rows: Array) -> str:
    """Of which output in which rows."""
    if len(found.outputs) == 1:
        return tr("of {output} in {rows}", output=found.outputs[output], rows=rows_of(material, found.asked))
    return trn(
        "of {output} in the {number} row that is explained for it, of {rows}",
        "of {output} in the {number} rows that are explained for it, of {rows}",
        int(rows.sum()),
        output=found.outputs[output],
        rows=rows_of(material, found.asked),
    )


def _dots(material: Material, found: Dependence, items: list[Against], output: int, rows: Array) -> Figure:
    panels = []
    for item in items:
        known = rows & ~np.isnan(item.seen)
        places = np.stack([item.seen[known], item.values[known]], axis=1).astype(np.float64)
        panels.append(EffectPanel(title=item.feature, x=places[:, 0], dots=places))
    main = material.main
    lacking = sum(int((rows & np.isnan(item.seen)).sum()) for item in items)
    left = trn("{number} missing value has no dot.", "{number} missing values have no dot.", lacking) if lacking else ""
    caption = tr(
        "What {method} gives each feature, against its value, {which}: a dot for each row, in {unit}.",
        method=named(main),
        which=_said(material, found, output, rows),
        unit=tr(main.unit),
    )
    return Figure(
        name=f"{material.slug}-dependence-{output + 1}",
        content=EffectPanels(
            panels=tuple(panels), axis=trp("list", ", ").join(["a", tr(main.unit)]), signed=main.signed
        ),
        caption=sentences([caption, left]),
        alt=capital(trp("list", "; ").join(_ends(item, rows) for item in items)),
    )


def _ends(item: Against, rows: Array) -> str:
    values = item.values[rows]
    shown = digits(values)
    return tr(
        "{feature}: from {low} to {high}",
        feature=item.feature,
        low=signed(float(values.min()), shown),
        high=signed(float(values.max()), shown),
    )


def _bars(material: Material, found: Dependence, item: Against, output: int, rows: Array, place: int) -> Figure:
    codes = np.unique(item.seen[rows & ~np.isnan(item.seen)]).astype(int)
    groups = [item.values[rows & (item.seen == code)] for code in codes]
    labels = tuple(
        with_beside(item.words[code], f"{len(one):,}") for code, one in zip(codes.tolist(), groups, strict=True)
    )
    errors = [float(one.std(ddof=1) / np.sqrt(len(one))) if len(one) > 1 else np.nan for one in groups]
    lines = "" if np.isnan(errors).all() else tr("Lines: its standard error, where there are two rows or more.")
    caption = tr(
        "What {method} gives {feature} by its value, {which}: the mean over the rows that have it, whose number stands "
        "in brackets.",
        method=named(material.main),
        feature=item.feature,
        which=_said(material, found, output, rows),
    )
    means = np.array([one.mean() for one in groups], np.float64)
    return Figure(
        name=f"{material.slug}-dependence-{output + 1}-category-{place}",
        content=Bars(
            labels=labels,
            series=(Series(name=found.method, values=means, errors=np.array(errors)),),
            axis=tr("mean a, {unit}", unit=tr(material.main.unit)),
            signed=material.main.signed,
        ),
        caption=sentences([caption, lines]),
        alt=trp("list", "; ").join(
            f"{label} {rounded(value)}" for label, value in zip(labels, means.tolist(), strict=True)
        ),
    )


def blocks(material: Material, found: Dependence) -> tuple[Block, ...]:
    """The figures, and what they say."""
    names = tuple(figure.name for figure in figures(material, found))
    few = len(found.outputs) - len(_drawn(found))
    left = (
        tr("Drawn are the {number} outputs that are explained for the most rows.", number=str(_MOST)) if few > 0 else ""
    )
    these = tr("These are the attributions of the report; the model was not asked again.")
    said = sentences([features_asked(len(found.items), found.total), these, left])
    return (
        Block(heading=tr("Attribution against value"), paragraphs=(said,), figures=names[:1], asides=_read(found)),
        *(Block(figures=(name,)) for name in names[1:]),
    )


def _read(found: Dependence) -> tuple[Aside, ...]:
    """Of dots, where there are some: bars say what they are themselves."""
    return () if all(item.words for item in found.items) else (_read_dots(),)


def _read_dots() -> Aside:
    return Aside(
        title=tr("How to read it"),
        text=tr(
            "A dot is one row: to the right the value of the feature, upwards what the method gives it. Dots of one "
            "value at different heights: what it counts depends on other features."
        ),
    )
