"""Chapters about texts."""

import numpy as np

from exhibit.tasks.document.common import (
    HALF_PAGE,
    direction,
    drawn_rows,
    facets,
    left_out,
    reading,
    sums_table,
    verdict_asides,
)
from exhibit.tasks.document.words import signed
from exhibit.tasks.records.figure import Figure, Scale, TokenLine, Tokens
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Section

_SHORT = 12  # words of a text that fit into half of the page


def story(material: Material) -> tuple[str, str, str]:
    line = _line(material, material.main, 0)
    strongest = int(np.abs(line.values).argmax())
    token, value = line.tokens[strongest], signed(float(line.values[strongest]))
    sentence = f"In {material.sample_name(0)} ({reading(material, 0)}) the token {token} contributes most, {value}."
    return f"{token} weighs most", sentence, f"{material.slug}-{material.main.label}-tokens"


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    return tuple(_tokens(material, method, scales) for method in material.methods)


def _tokens(material: Material, method: MethodMaterial, scales: Scales) -> Figure:
    rows = drawn_rows(material)
    items = tuple(_line(material, method, row) for row in rows)
    scale = method.scale(material.dataset.inputs[0].name)
    return Figure(
        name=f"{material.slug}-{method.label}-tokens",
        content=Tokens(items=items, facets=facets(material, rows)),
        scales=(Scale(unit=scale, limit=scales.get(scale, 1.0)),),
        caption=f"{method.title} of every token of {material.dataset.inputs[0].name}, in {method.unit}; "
        f"padding is left out.{direction(material, method)}{left_out(material)}",
        alt="; ".join(item.alt for item in items),
        width=HALF_PAGE if _paired(material) else 1.0,
    )


def _paired(material: Material) -> bool:
    """Whether two methods stand side by side: where texts are short."""
    words = np.count_nonzero(material.dataset.inputs[0].array, axis=1)
    return len(material.methods) == 2 and int(words.max()) <= _SHORT


def _line(material: Material, method: MethodMaterial, row: int) -> TokenLine:
    item = material.dataset.inputs[0]
    real = np.flatnonzero(item.values[row])
    tokens = tuple(item.vocabulary[token] if item.vocabulary else str(token) for token in item.values[row][real])
    values = method.values[item.name][row, real, 0]
    total = signed(float(method.values[item.name][row, :, 0].sum()))
    pairs = ", ".join(f"{token} {signed(float(value))}" for token, value in zip(tokens, values, strict=True))
    name = material.sample_name(row)
    return TokenLine(title=name, tokens=tokens, values=values, note=f"sum {total}", alt=f"{name}: {pairs}")


def sections(material: Material) -> tuple[Section, ...]:
    additive = [method for method in material.methods if method.additive] if material.whole else []
    names = [f"{material.slug}-{method.label}-tokens" for method in material.methods]
    rows = [tuple(names)] if _paired(material) else [(name,) for name in names]
    return (
        Section(
            title="Single texts",
            blocks=(
                Block(figures=rows[0], asides=(*verdict_asides(material.methods), _READ)),
                *(Block(figures=row) for row in rows[1:]),
                *(Block(tables=(sums_table(material, method),)) for method in additive),
            ),
        ),
    )


_READ = Aside(
    title="How to read it",
    text="The number below a token is its contribution; its colour is that number on the scale below.",
)
