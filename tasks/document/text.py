"""Chapters about texts."""

import numpy as np

from exhibit.tasks.document import bearing
from exhibit.tasks.document.common import (
    HALF_PAGE,
    PAGE_ONE,
    direction,
    directions,
    drawn_rows,
    facets,
    left_out,
    reading,
    sums_blocks,
    verdict_asides,
    without_score,
)
from exhibit.tasks.document.words import signed
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Figure, Scale, TokenLine, Tokens
from exhibit.tasks.records.finding import Finding, Named, Word
from exhibit.tasks.records.material import Material, MethodMaterial, Scales
from exhibit.tasks.records.page import Aside, Block, Section

_SHORT = 12  # words of a text that fit into half of the page


def story(material: Material) -> tuple[Finding, str]:
    """Which word of the first text carries most by the main method."""
    main = material.main
    word, value = _strongest(material, main)
    raises, lowers = directions(material)
    finding = Word(
        method=bearing.named(main),
        signed=main.signed,
        sample=f"{material.sample_name(0)} ({reading(material, 0)})",
        word=word,
        noun=part(material.dataset.inputs[0]),
        speaks=(raises if value > 0 else lowers) if main.signed and value else "",
        bearing=bearing.bearing(main),
        **bearing.methods(
            material,
            material.methods,
            lambda method: None if (other := _strongest(material, method)[0]).agrees(word) else other,
        ),
    )
    return finding, f"{material.slug}-teaser"


def part(item: Input) -> str:
    """What the parts of a text are: words, or single characters."""
    real = [token for token in item.vocabulary if token and not token.startswith("[")]  # no padding, nothing unknown
    return "character" if real and max(map(len, real)) == 1 else "word"


def _strongest(material: Material, method: MethodMaterial) -> tuple[Named, float]:
    """The word with the largest |a| in the first text and its share of the sum, and its attribution."""
    line = _line(material, method, 0)
    k = int(np.abs(line.values).argmax())
    total = float(np.abs(line.values).sum()) or 1.0
    return Named(name=line.tokens[k], value=float(abs(line.values[k])) / total), float(line.values[k])


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    teaser = (_teaser(material, scales),) if material.whole else ()
    return (*teaser, *(_tokens(material, method, scales) for method in material.methods))


def _teaser(material: Material, scales: Scales) -> Figure:
    """The first text by the main method, for the front page."""
    main = material.main
    line = _line(material, main, 0)
    called = main.scale(material.dataset.inputs[0].name)
    scale = Scale(unit=called, limit=scales.get(called, 1.0), signed=main.signed)
    return Figure(
        name=f"{material.slug}-teaser",
        content=Tokens(items=(line.model_copy(update={"note": ""}),)),
        scales=(without_score(material, main, scale),),
        caption=f"{main.title} of {line.title}.",
        alt=line.alt,
        width=PAGE_ONE,
    )


def _tokens(material: Material, method: MethodMaterial, scales: Scales) -> Figure:
    rows = drawn_rows(material)
    items = tuple(_line(material, method, row) for row in rows)
    scale = method.scale(material.dataset.inputs[0].name)
    return Figure(
        name=f"{material.slug}-{method.label}-tokens",
        content=Tokens(items=items, facets=facets(material, rows)),
        scales=(Scale(unit=scale, limit=scales.get(scale, 1.0), signed=method.signed),),
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
    names = [f"{material.slug}-{method.label}-tokens" for method in material.methods]
    rows = [tuple(names)] if _paired(material) else [(name,) for name in names]
    return (
        Section(
            title="Single texts",
            blocks=(
                Block(figures=rows[0], asides=(*verdict_asides(material.methods), _READ)),
                *(Block(figures=row) for row in rows[1:]),
            ),
        ),
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method."""
    return sums_blocks(material)


_READ = Aside(
    title="How to read it",
    text="The number below a token is its contribution; its colour is that number on the scale below.",
)
