"""The pages of a report: none is left empty, nothing is torn apart or printed over the foot, whatever is drawn."""

import io
import re
import subprocess
from pathlib import Path

import numpy as np
import pikepdf
import pytest

from exhibit.tasks.checks import CHECK_WORDS
from exhibit.tasks.document.chapter import chapter, figures, limits
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.image import appendix as appendix_of_images
from exhibit.tasks.document.image import sections as sections_of_images
from exhibit.tasks.document.layout import many, shape, tall
from exhibit.tasks.document.press import Job, render
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.explanation import Aggregate
from exhibit.tasks.records.figure import BarPanels, Bars, Images, Tokens
from exhibit.tasks.records.material import Maps, Material
from exhibit.tasks.records.page import Block, Column, Table
from exhibit.tasks.records.verdict import CheckResult
from tests.benchmarks import large_report
from tests.points import inputs, material, method
from tests.structure import empty_bottoms, letters_of

NAMES = tuple(f"mean corpuscular haemoglobin concentration of sample number {k}" for k in range(13))
UNIT = "nats per unit of the input, to the 99th percentile"
LONG = "Measured on all samples, drawn at random. " * 12


def table_of(features: tuple[str, ...], samples: int, aggregate: Aggregate = "raw") -> Material:
    """A chapter about so many features, each of another size, which a check judges in a long sentence."""
    values = np.random.default_rng(0).normal(size=(samples, len(features)))
    item = Input(name="measurements", kind="table", values=values, features=features)
    said = [
        CheckResult(check=name, method="a", verdict="pass", required=True, value=0.9, sentence=LONG)
        for name in ("completeness", "deletion", "insertion", "stability", "sparseness")
    ]
    sizes = np.linspace(1, 2, len(features))
    found = method("a", sizes, item, features, aggregate=aggregate, checks=tuple(said))
    return material("t", [found], item)


def report(parts: list[Material]) -> bytes:
    """These chapters as a PDF, with the evidence of a measurement."""
    scales = limits(tuple(parts))
    given = large_report.job(1, 8)
    made = Job(
        document=compose(parts, "Pages", {"completeness": CHECK_WORDS["completeness"]}),
        drawings=tuple(draw(figure) for part in parts for figure in figures(part, scales)),
        attached=given.attached,
        issued=given.issued,
    )
    return render(made).pdf


printing = pytest.mark.slow(2)  # a report of a dozen pages is printed for all of these


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine waterfalls of 13 long names, a table of tall rows, and 14 rows of pictures by three methods; it is printed
    once for all measures."""
    path = tmp_path_factory.mktemp("paper") / "report.pdf"
    pictures = large_report.material(10, 8, 0.0)
    scaled = [
        item.model_copy(update={"maps": {"image": Maps(values=maps.values, unit=f"{item.title}, {UNIT}")}})
        for item in pictures.methods
        for maps in item.maps.values()
    ]
    path.write_bytes(report([table_of(NAMES, 9), pictures.model_copy(update={"methods": tuple(scaled)})]))
    return path


@printing
def test_no_page_is_two_fifths_empty_but_where_a_chapter_ends(printed: Path) -> None:
    assert [number for number in empty_bottoms(printed) if number > 3] == []  # the first have a layout of their own


@printing
def test_nothing_is_printed_over_the_foot(printed: Path) -> None:
    """The margin below the text holds the digest and the number of the page."""
    for line, (_, bottom), (_, height) in lines(printed):
        assert bottom < height * (1 - 21 / 297) or line.startswith("Exhibit report") or "/" in line, line


@printing
def test_nothing_is_printed_over_the_right_margin(printed: Path) -> None:
    """Of three scales with long names the third begins a new line."""
    for line, (right, _), (width, _) in lines(printed):
        assert right < width * (1 - 18 / 210), line


@printing
def test_a_scale_stands_on_every_page_of_its_maps(printed: Path) -> None:
    pages = [page for page in text(printed)[3:] if re.search(r"sum [+−]\d", page)]
    assert len(pages) > 1
    assert [page.count(UNIT) for page in pages] == [3] * len(pages)


@printing
def test_no_heading_or_caption_stands_alone(printed: Path) -> None:
    for page in text(printed):
        body = page.rsplit("Exhibit report", 1)[0].strip()
        assert not body.endswith(("How far it can be trusted", "Single images", "Single samples", "Configuration"))


@printing
def test_no_letter_is_smaller_than_seven_points(printed: Path) -> None:
    """Raised and lowered letters of formulas aside."""
    with pikepdf.open(printed) as pdf:
        assert min(size for page in pdf.pages for size in letters_of(page)) > 6.9


def text(path: Path) -> list[str]:
    done = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True)
    return done.stdout.split("\f")[:-1]


def lines(path: Path) -> list[tuple[str, tuple[float, float], tuple[float, float]]]:
    """Each line, where it ends on its page, to the right and below, and how wide and high that is."""
    from xml.etree import ElementTree

    done = subprocess.run(["pdftotext", "-bbox-layout", path, "-"], capture_output=True, text=True, check=True)
    root = ElementTree.parse(io.StringIO(done.stdout)).getroot()
    name = "{http://www.w3.org/1999/xhtml}"
    return [
        (
            " ".join(word.text or "" for word in line),
            (float(line.attrib["xMax"]), float(line.attrib["yMax"])),
            (float(page.attrib["width"]), float(page.attrib["height"])),
        )
        for page in root.iter(f"{name}page")
        for line in page.iter(f"{name}line")
    ]


def test_of_many_columns_the_first_are_drawn_and_the_rest_is_said() -> None:
    """1,500 columns: each figure has 30, and its words say so."""
    found = table_of(tuple(f"column {k}" for k in range(1500)), 2, "square")
    drawn = {figure.name: figure for figure in figures(found, {})}
    bars, panels = drawn["t-importances"], drawn["t-a-samples"]
    assert isinstance(bars.content, Bars)
    assert isinstance(panels.content, BarPanels)
    assert len(bars.content.labels) == len(panels.content.labels) == 30
    assert bars.content.labels[0] == "column 1499"
    for figure in (bars, panels):
        assert "the 30 of 1,500 features" in figure.caption


def test_all_of_few_columns_are_drawn_and_nothing_is_said() -> None:
    drawn = figures(table_of(NAMES, 2, "square"), {})
    assert all("Drawn are" not in figure.caption for figure in drawn)


def test_texts_without_any_contribution_have_a_sentence_and_no_picture() -> None:
    item = inputs("text")
    found = material("p", [method(name, np.arange(4.0) * size, item, "wxyz") for size, name in enumerate("ab")], item)
    names = [figure.name for figure in figures(found, limits((found,))) if isinstance(figure.content, Tokens)]
    assert names == ["p-teaser", "p-b-tokens"]
    said = chapter(found, {}).model_dump_json()
    assert "A: every token of the drawn texts has exactly 0" in said
    assert "p-a-tokens" not in said


def test_a_formula_stands_once_however_many_chapters_have_it() -> None:
    parts = [table_of(NAMES, 2).model_copy(update={"slug": slug, "title": slug}) for slug in ("one", "two")]
    parts = [
        part.model_copy(
            update={"methods": tuple(item.model_copy(update={"formula": "<i>x</i>"}) for item in part.methods)}
        )
        for part in parts
    ]
    back = compose(parts, None, {}).back
    assert [section.title for section in back] == ["Formulas", "one: parameters and sums", "two: parameters and sums"]
    assert [block.formula for section in back for block in section.blocks if block.formula] == ["<i>x</i>"]


def test_the_likeliest_classes_stand_in_the_appendix() -> None:
    found = large_report.material(3, 8, 0.0)
    tables = [table.name for section in sections_of_images(found) for block in section.blocks for table in block.tables]
    assert "pictures-likeliest" not in tables
    assert [table.name for block in appendix_of_images(found) for table in block.tables][-1] == "pictures-likeliest"


def test_no_picture_is_of_a_class_for_certain_that_it_is_not() -> None:
    """Over 99.5% is not 1.00, in the title of a map as in the table of the likeliest classes, nor is 0.3% none."""
    found = large_report.material(3, 8, 0.0)
    classes = len(found.dataset.classes)
    probabilities = np.full((3, classes), 0.003 / (classes - 1))
    probabilities[np.arange(3), found.targets[:, 0]] = 0.997
    found = found.model_copy(update={"probabilities": probabilities})
    tables = {table.name: table for block in appendix_of_images(found) for table in block.tables}
    assert {row[2][-8:] for row in tables["pictures-likeliest"].rows} == {" (0.997)"}
    assert {row[3][-8:] for row in tables["pictures-likeliest"].rows} == {" (0.001)"}
    maps = [figure.content for figure in figures(found, limits((found,))) if isinstance(figure.content, Images)]
    titles = {cell.title for content in maps for row in content.rows for cell in row if cell and cell.title}
    assert titles == {"for fox (0.997)", "for dog (0.997)"}


def test_a_table_of_tall_rows_may_go_on_on_the_next_page() -> None:
    """Seven rows of a dozen lines each are more than a page."""
    columns = (Column(title="question"), Column(title="measured"))
    high = Table(name="t", caption="c", columns=columns, rows=(("a", LONG),) * 7)
    low = Table(name="t", caption="c", columns=columns, rows=(("a", "b"),) * 7)
    assert (many(high), tall(high)) == (True, True)
    assert (many(low), tall(low)) == (False, False)


def test_a_figure_that_goes_on_has_its_notes_below() -> None:
    """Beside notes it would not be broken between pages."""
    drawn = {figure.name: draw(figure) for figure in figures(table_of(NAMES, 9), {})}
    assert drawn["t-a-samples"].placement.long
    assert shape(Block(figures=("t-a-samples",)), drawn) == "broad"
    assert not isinstance(drawn["t-a-samples"].figure.content, Images)
