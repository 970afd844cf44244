"""Chapters about texts."""

from collections.abc import Sequence

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
from exhibit.tasks.document.fonts import marked
from exhibit.tasks.document.words import at_scale, by_name, listing, plain, share, signed
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Figure, Scale, TokenLine, Tokens
from exhibit.tasks.records.finding import Finding, Named, Word
from exhibit.tasks.records.language import mark, sentences, tr, trp
from exhibit.tasks.records.material import Material, MethodMaterial, Scales, Words
from exhibit.tasks.records.page import Aside, Block, Column, Section, Table

_SHORT = 12  # words of a text that fit into half of the page


def story(material: Material) -> tuple[Finding, str]:
    """Which word of the text on page one carries most by the main method."""
    main = material.main
    row = _in_front(material)
    word, value = _strongest(material, main)
    raises, lowers = directions(material)
    finding = Word(
        method=bearing.named(main),
        signed=main.signed,
        sample=tr("{sample} ({reading})", sample=by_name(material.sample_name(row)), reading=reading(material, row)),
        word=word,
        noun=tr(part(material.dataset.inputs[0])),
        speaks=(raises if value > 0 else lowers) if main.signed and value else "",
        bearing=bearing.bearing(main),
        **bearing.methods(
            material,
            material.methods,
            lambda method: None if (other := _strongest(material, method)[0]).agrees(word) else other,
        ),
    )
    return finding, f"{material.slug}-teaser"


def _in_front(material: Material) -> int:
    """The first drawn text whose words are given more than next to nothing: shares of that would be of rounding."""
    sizes = np.abs(material.main.values[material.dataset.inputs[0].name][..., 0]).sum(axis=1)
    return int((sizes >= _NEXT_TO_NOTHING * sizes.max()).argmax())


_NEXT_TO_NOTHING = 0.01  # of the sum of |a| of the drawn text with the largest


def part(item: Input) -> str:
    """What the parts of a text are: words, or single characters."""
    real = [token for token in item.vocabulary if token and not token.startswith("[")]  # no padding, nothing unknown
    return mark("character") if real and max(map(len, real)) == 1 else mark("word")


def _strongest(material: Material, method: MethodMaterial) -> tuple[Named, float]:
    """The word with the largest |a| in the text on page one and its share of the sum, and its attribution."""
    line = _line(material, method, _in_front(material))
    k = int(np.abs(line.values).argmax())
    total = float(np.abs(line.values).sum()) or 1.0
    alike = [place for place, token in enumerate(line.tokens) if token == line.tokens[k]]
    place = (alike.index(k) + 1, len(alike)) if len(alike) > 1 else None
    return Named(name=line.tokens[k], value=float(abs(line.values[k])) / total, place=place), float(line.values[k])


def figures(material: Material, scales: Scales) -> tuple[Figure, ...]:
    teaser = (_teaser(material, scales),) if material.whole else ()
    return (*teaser, *(figure for method in _speaking(material) for figure in _tokens(material, method, scales)))


def _speaking(material: Material) -> list[MethodMaterial]:
    """The methods that give any token of the drawn texts anything: pictures of zeros show nothing."""
    name = material.dataset.inputs[0].name
    return [method for method in material.methods if method.values[name][..., 0].any()]


def _silent(material: Material) -> tuple[str, ...]:
    """Of the others, that there is nothing to draw."""
    speaking = [method.label for method in _speaking(material)]
    silent = [tr(method.title) for method in material.methods if method.label not in speaking]
    if not silent:
        return ()
    said = tr(
        "{methods}: every {token} of the drawn texts has exactly 0, so nothing is drawn.",
        methods=listing(silent),
        token=_element(material),
    )
    return (said,)


def _teaser(material: Material, scales: Scales) -> Figure:
    """The text on page one by the main method."""
    main = material.main
    line = _line(material, main, _in_front(material))
    called = main.scale(material.dataset.inputs[0].name)
    scale = Scale(unit=tr(called), limit=scales.get(called, 1.0), signed=main.signed)
    return Figure(
        name=f"{material.slug}-teaser",
        content=Tokens(items=(line.model_copy(update={"note": ""}),)),
        scales=(without_score(material, main, scale),),
        caption=sentences(
            [
                tr("{method} of {sample}.", method=tr(main.title), sample=line.title),
                direction(material, main).lstrip(),
            ]
        ),
        alt=line.alt,
        width=PAGE_ONE,
    )


def _tokens(material: Material, method: MethodMaterial, scales: Scales) -> tuple[Figure, ...]:
    """The drawn texts, on as many pages as they need."""
    scale = method.scale(material.dataset.inputs[0].name)
    pages = _pages(material, method)
    told = tr(
        "{method} of every {token} of {input}, in {unit}; {left_out}.",
        method=tr(method.title),
        token=_element(material),
        input=material.dataset.inputs[0].name,
        unit=tr(method.unit),
        left_out=_whole(material),
    )
    caption = sentences([told, direction(material, method).lstrip(), left_out(material).lstrip()])
    return tuple(
        Figure(
            name=name,
            content=Tokens(items=tuple(line for _, line in page), facets=facets(material, [row for row, _ in page])),
            scales=(Scale(unit=tr(scale), limit=scales.get(scale, 1.0), signed=method.signed),),
            caption=caption if number == 0 else tr("{method}, continued.", method=tr(method.title)),
            alt=trp("list", "; ").join(line.alt for _, line in page),
            width=HALF_PAGE if _paired(material) else 1.0,
        )
        for number, (name, page) in enumerate(zip(_names(material, method), pages, strict=True))
    )


def _names(material: Material, method: MethodMaterial) -> list[str]:
    """Of the figures, page by page."""
    count = len(_pages(material, method))
    return [f"{material.slug}-{method.label}-tokens{f'-{number}' * (number > 1)}" for number in range(1, count + 1)]


Page = list[tuple[int, TokenLine]]  # shown samples, and the text of each or a part of it


def _pages(material: Material, method: MethodMaterial) -> list[Page]:
    """The drawn texts, all in one figure, which goes on on the next page by itself; beside another figure it cannot, so
    there are those together that fit onto a page with what stands below them."""
    if not _paired(material):
        return [[(row, _line(material, method, row)) for row in drawn_rows(material)]]
    pages: list[Page] = [[]]
    left = _PAGE
    for row in drawn_rows(material):
        line = _line(material, method, row)
        if pages[-1] and _height(line) > left:
            pages.append([])
            left = _PAGE
        pages[-1].append((row, line))
        left -= _height(line)
    return pages


# About the CSS pixels of a drawn text, as `exhibit.tasks.drawing.text` draws it, a little more than less.
_PAGE = 640.0  # of a page, below a heading and above scale, caption and notes
_BROAD = 320.0  # of a line beside another figure
_ROW, _AROUND, _LEAST, _LETTER, _IDEOGRAPH = 44.0, 32.0, 46.0, 7.2, 13.5
_WIDE = 0x2E80  # from where on letters are about as wide as high


def _height(line: TokenLine) -> float:
    """Of a text of few words."""
    wide = [max(sum(_LETTER if ord(c) < _WIDE else _IDEOGRAPH for c in token) + 14, _LEAST) for token in line.tokens]
    return _AROUND + _ROW * (1 + sum(wide) // (_BROAD - max(wide, default=0.0)))


def _element(material: Material) -> str:
    return tr("token") if material.dataset.inputs[0].spelling is None else tr("word")


def _whole(material: Material) -> str:
    """What the figures do not show one by one."""
    if material.dataset.inputs[0].spelling is None:
        return tr("padding is left out")
    return tr("the tokens that spell a word are added up, padding and special tokens are left out")


def _paired(material: Material) -> bool:
    """Whether two methods stand side by side: where texts are short."""
    words = np.count_nonzero(material.dataset.inputs[0].array, axis=1)
    return len(_speaking(material)) == 2 and int(words.max()) <= _SHORT


def _line(material: Material, method: MethodMaterial, row: int) -> TokenLine:
    item = material.dataset.inputs[0]
    real = np.flatnonzero(item.values[row])
    tokens = tuple(item.vocabulary[token] if item.vocabulary else str(token) for token in item.values[row][real])
    values = method.values[item.name][row, real, 0]
    total = signed(float(method.values[item.name][row, :, 0].sum()))
    pairs = trp("list", ", ").join(
        f"{token} {signed(float(value))}" for token, value in zip(tokens, values, strict=True)
    )
    name = by_name(material.sample_name(row))
    printed = tuple(marked(token)[0] for token in tokens)  # of which boxes are as wide
    return TokenLine(
        title=name,
        tokens=printed,
        values=values,
        note=tr("sum {sum}", sum=total),
        alt=tr("{name}: {values}", name=name, values=pairs),
    )


def sections(material: Material) -> tuple[Section, ...]:
    names = [_names(material, method) for method in _speaking(material)]
    rows = list(zip(*names, strict=True)) if _paired(material) else [(name,) for each in names for name in each]
    first = rows[0] if rows else ()
    return (
        Section(
            title=tr("Single texts"),
            id="samples",
            blocks=(
                Block(
                    paragraphs=_silent(material),
                    figures=first,
                    asides=(*verdict_asides(material.methods), *([_aside(_READ)] if first else [])),
                ),
                *(Block(figures=row) for row in rows[1:]),
            ),
        ),
        *_of_words(material),
    )


def _of_words(material: Material) -> tuple[Section, ...]:
    """The words of all explained texts by the main method."""
    tables = _word_tables(material, (material.main,))
    return tuple(
        Section(
            title=tr("Words over all texts"),
            id="" if number else "importances",
            blocks=(Block(tables=(one,), asides=(_aside(_MEANS),)),),
        )
        for number, one in enumerate(tables)
    )


def _word_tables(material: Material, methods: Sequence[MethodMaterial]) -> tuple[Table, ...]:
    return tuple(
        _word_table(material, method, method.words) for method in methods if method.words is not None and material.whole
    )


def _word_table(material: Material, method: MethodMaterial, words: Words) -> Table:
    by_sign = method.signed
    total = float((words.mean_absolute * words.times).sum()) or 1.0
    number, size = (at_scale(words.mean_absolute, write) for write in (signed, plain))
    rows = tuple(
        (
            name,
            f"{words.texts[k]:,}",
            f"{words.times[k]:,}",
            share(float(words.mean_absolute[k] * words.times[k]) / total),
            *((number(float(words.mean[k]), 2),) if by_sign else ()),
            size(float(words.mean_absolute[k]), 2),
        )
        for k, name in enumerate(words.names)
    )
    return Table(
        name=f"{material.slug}-{method.label}-words",
        caption=tr(
            "{method}: the words of all {number} explained texts, those first that carry most over all of them; means "
            "in {unit}, each time that the word occurs.",
            method=tr(method.title),
            number=f"{material.explained:,}",
            unit=tr(method.unit),
        ),
        columns=(
            Column(title=tr("word")),
            Column(title=tr("texts"), numeric=True),
            Column(title=trp("how often", "times"), numeric=True),
            Column(title=tr("share of |a|"), numeric=True),
            *((Column(title=tr("mean a"), numeric=True),) if by_sign else ()),
            Column(title=tr("mean |a|"), numeric=True),
        ),
        rows=rows,
    )


def appendix(material: Material) -> tuple[Block, ...]:
    """The sums of every additive method, and the words of those that are not the main one."""
    others = [method for method in material.methods if method is not material.main]
    return (*sums_blocks(material), *(Block(tables=(table,)) for table in _word_tables(material, others)))


def _aside(text: str) -> Aside:
    return Aside(title=tr("How to read it"), text=tr(text))


_READ = mark("The number below a token is its contribution; its colour is that number on the scale below.")
_MEANS = mark(
    "A word that stands in few texts may have a large mean by accident; one whose mean a is near zero and whose "
    "mean |a| is not speaks for one class here and for another there."
)
