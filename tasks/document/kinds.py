"""What a document knows of each kind of input: one row for each, and nowhere else a question which kind it is."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from exhibit.tasks.document import compared_samples, compared_series, image, molecule, series, table, text
from exhibit.tasks.document.compared_samples import View
from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Figure
from exhibit.tasks.records.finding import Finding
from exhibit.tasks.records.kinds import Kind
from exhibit.tasks.records.language import mark, noun, tr
from exhibit.tasks.records.material import Material, Scales
from exhibit.tasks.records.page import Block, Section

Compared = Callable[[Comparison, Input, Sequence[View], Sequence[int], Scales], Sequence[Figure]]


class Own(NamedTuple):
    """What is particular to a chapter about some kind of input: what it found and the figure of page one that shows it,
    its figures, its sections, and what of it stands in the appendix."""

    story: Callable[[Material], tuple[Finding, str]]
    figures: Callable[[Material, Scales], Sequence[Figure]]
    sections: Callable[[Material], Sequence[Section]]
    appendix: Callable[[Material], Sequence[Block]]


class DocumentKind(NamedTuple):
    """One kind of input.

    `elements`: what the elements of an input are called on page one.
    `sample`: what one sample of it is called there, and several.
    `compared`: the figures of the same samples under several results.
    `alone`: the figure that shows a single sample, as its name ends; empty where numbers say it all.
    `coloured`: whether its values are coloured as they are; others have maps, or bars with an axis of their own.
    `followed`: what features are by which explanations of groups of samples are compared, where no column or channel
    says it.
    `people`: whether its samples may be of people, so that treating groups of them unlike may be unfair or unlawful.
    """

    elements: Callable[[Input], str]
    sample: tuple[str, str]
    own: Own
    compared: Compared
    alone: str = "teaser"
    coloured: bool = False
    followed: str = ""
    people: bool = True


KINDS: dict[Kind, DocumentKind] = {
    "table": DocumentKind(
        lambda item: tr("columns") if item.columns or item.whole else tr("measurements"),
        noun("row", "rows"),
        Own(table.story, table.figures, table.sections, table.appendix),
        compared_samples.panels,
        alone="",
    ),
    "image": DocumentKind(
        lambda _: tr("pixels"),
        noun("picture", "pictures"),
        Own(image.story, image.figures, image.sections, image.appendix),
        compared_samples.pictures,
        followed=mark(
            "Of pictures a feature is one of nine parts of the frame; its |a| is that of all its pixels together."
        ),
    ),
    "text": DocumentKind(
        lambda item: {"word": tr("words"), "character": tr("characters")}[text.part(item)],
        noun("text", "texts"),
        Own(text.story, text.figures, text.sections, text.appendix),
        compared_samples.tokens,
        coloured=True,
        followed=mark(
            "Of texts a feature is one of the {words} commonest words or characters that {few} texts or more have; its "
            "a is that of all its occurrences in a text, and its mean is over the texts that have it."
        ),
    ),
    "molecule": DocumentKind(
        lambda _: tr("atoms"),
        noun("molecule", "molecules"),
        Own(molecule.story, molecule.figures, molecule.sections, molecule.appendix),
        compared_samples.molecules,
        alone="molecules",
        coloured=True,
        followed=mark(
            "Of molecules a feature is a functional group that {few} molecules or more have; its mean is over the "
            "molecules that have it."
        ),
        people=False,
    ),
    "series": DocumentKind(
        lambda _: tr("measurements over time"),
        noun("series", "series"),
        Own(series.story, series.figures, series.sections, series.appendix),
        compared_series.traces,
        coloured=True,
    ),
}
