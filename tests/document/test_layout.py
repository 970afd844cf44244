import csv
import io
from itertools import product

import numpy as np
import pytest

from exhibit.tasks.document.fonts import paper_faces
from exhibit.tasks.document.html import environment, style_sheet
from exhibit.tasks.document.layout import breaking, cell_width, paired, printed, room, shape, whole_tables, wrapping
from exhibit.tasks.document.model import crowded
from exhibit.tasks.document.verdicts import verdict_table
from exhibit.tasks.drawing.kinds import KINDS
from exhibit.tasks.drawing.matrix import matrix
from exhibit.tasks.records.figure import BarPanels, Cell, Drawing, Figure, Images, Matrix, Molecule, Molecules, Series
from exhibit.tasks.records.page import Block, Column, Document, Section, Table


def figure(content: Images | Molecules | BarPanels, width: float = 1.0) -> Figure:
    return Figure(name="f", content=content, caption="c", alt="a", width=width)


def images(rows: int, columns: int, millimetres: float | None = None) -> Figure:
    cell = Cell(pixels=np.zeros((2, 2, 1)), alt="x")
    return figure(Images(columns=(), rows=((cell,) * columns,) * rows, width=millimetres))


def molecules(count: int) -> Figure:
    return figure(Molecules(items=(Molecule(smiles="C", values=np.zeros(1), title="", alt="x"),) * count))


def undrawn(found: Figure) -> Drawing:
    """What is known of a figure before it is drawn."""
    kind = KINDS[type(found.content)]
    return Drawing(figure=found, parts=(), reading=kind.read(found.content), placement=kind.place(found.content))


def broad(found: Figure) -> bool:
    return undrawn(found).placement.broad


def long(found: Figure) -> bool:
    return undrawn(found).placement.long


def table(*rows: tuple[str, ...]) -> Table:
    return Table(name="t", caption="c", columns=tuple(Column(title="") for _ in rows[0]), rows=rows)


def test_wide_grids_take_both_columns() -> None:
    assert [broad(images(1, columns)) for columns in (4, 5)] == [False, True]
    assert [broad(images(rows, 2)) for rows in (3, 4)] == [False, True]  # a tall one, too
    assert [broad(molecules(count)) for count in (2, 3)] == [False, True]
    panels = (Series(name="p", values=np.zeros(1)),) * 3
    assert broad(figure(BarPanels(labels=("a",), panels=panels, axis="x")))


def test_long_grids_may_go_on_on_the_next_page() -> None:
    """Two rows of pictures, kept together with their scales, left the page of the head of their chapter empty."""
    assert [long(images(rows, 2)) for rows in (1, 2)] == [False, True]
    assert [long(molecules(count)) for count in (3, 4)] == [False, True]


def test_a_share_of_the_width_is_a_share_of_the_column() -> None:
    half = images(1, 2).model_copy(update={"width": 0.5})
    assert room(undrawn(images(1, 2))) == 2 * room(undrawn(half))


def test_pictures_are_as_wide_as_asked_where_the_page_has_room() -> None:
    """50 mm are 189 CSS pixels: three of them need both columns."""
    assert cell_width(3, 640, 50) == 188
    assert cell_width(5, 640, 50) == 120
    assert [broad(images(1, 3, width)) for width in (None, 30, 50)] == [False, False, True]


@pytest.mark.parametrize("columns", [1, 3, 5, 9])
def test_the_cells_of_a_row_fit(columns: int) -> None:
    assert columns * cell_width(columns, 436) < 436


def test_only_the_widest_column_wraps_where_the_others_fit() -> None:
    assert wrapping(table(("train 1", "c1ccccc1" * 9, "does not parse"))) == {1}


def test_columns_that_leave_no_room_wrap_too() -> None:
    assert wrapping(table(("question " * 7, "method", "sentence " * 20, "pass"))) == {0, 2}


def test_only_a_word_that_is_longer_than_a_column_may_be_broken() -> None:
    """A table of verdicts keeps `gradients` whole; a SMILES has to be broken somewhere."""
    assert breaking(table(("Does the score fall?", "Integrated gradients", "c1ccccc1" * 9))) == {2}


def test_a_table_without_rows_has_a_layout() -> None:
    empty = Table(name="t", caption="c", columns=(Column(title="a"), Column(title="b")), rows=())
    assert wrapping(empty) == set()


def test_short_cells_are_not_broken() -> None:
    assert wrapping(table(("local_smoothing", "block4_conv1", "block5_conv1"))) == set()


def long_table(rows: int) -> Table:
    return table(*[(f"sample {k}", '"quoted", with comma') for k in range(rows)]).model_copy(update={"name": "long"})


def test_a_long_table_is_printed_in_part_and_goes_along_whole() -> None:
    """The rows that are printed and all others stand in the file."""
    document = Document(
        title="t", subtitle="s", badges=(), chapters=(),
        back=(Section(title="s", blocks=(Block(tables=(long_table(200), table(("a",)))),)),),
    )  # fmt: skip
    assert printed(long_table(200), "print") == 40
    assert printed(long_table(200), "screen") == 200
    (file,) = whole_tables(document).items()
    assert file[0] == "long.csv"
    rows = list(csv.reader(io.StringIO(file[1].decode())))
    assert rows[1:] == [list(row) for row in long_table(200).rows]


def test_a_few_rows_more_are_not_worth_a_file() -> None:
    assert printed(long_table(50), "print") == 50


def small(count: int) -> tuple[Block, dict[str, Drawing]]:
    drawn = {f"f{k}": undrawn(images(1, 2).model_copy(update={"name": f"f{k}", "width": 0.46})) for k in range(count)}
    return Block(figures=tuple(drawn)), drawn


def test_two_small_figures_stand_beside_the_notes_and_three_across_the_page() -> None:
    assert shape(*small(2)) == ""
    assert shape(*small(3)) == "broad keep"
    assert paired(*small(2))
    assert paired(*small(3))


@pytest.mark.parametrize("name", ["w", "lily", "astronaut", "MAMMAL", "women's wear", "花の名前"])
def test_a_small_matrix_has_room_for_its_numbers(name: str) -> None:
    """A cell without its number has a title in its place; nine classes of photographs had nothing but shades."""
    for classes, most in product(range(2, 11), (9, 450, 12_345)):
        names = tuple(f"{name[:-1]}{k}" for k in range(classes))
        counts = np.full((classes, classes), most)
        drawn = matrix(Matrix(labels=names, counts=counts, x_label="predicted", y_label="true"), 0.46)
        assert crowded(names, counts) or b"<title>" not in drawn.data, (classes, most)


def test_a_matrix_is_no_larger_than_its_numbers_need() -> None:
    assert not crowded(("setosa", "versicolor", "virginica"), np.full((3, 3), 50))
    assert not crowded(tuple("0123456789"), np.full((10, 10), 45))
    names = ("astronaut", "cat", "coffee", "rocket", "retina", "tissue", "galaxies", "temple", "flower")
    assert crowded(names, np.full((9, 9), 20))


@pytest.mark.slow(1)
def test_a_name_with_a_long_word_is_not_set_letter_below_letter() -> None:
    """The verdicts of a sweep over models: `Iris, model=random_forest, Kernel SHAP` was a column one letter wide."""
    from weasyprint import CSS, HTML

    said = "How like the other method it is, or of several the one in the middle (mean correlation; 1: the same): " * 2
    names = [f"Iris, model=random_forest, {method}" for method in ("Kernel SHAP", "Occlusion")]
    rows = [
        ("Do different methods say the same?", name, "0.99", "0.95 to 0.996", "at least 0.6", said, "pass")
        for name in names
    ]
    drawn = str(
        environment("print").get_template("macros.jinja").module.table(verdict_table("t", "of", "", "", rows), 1)
    )
    sheet = CSS(string=f"{paper_faces(drawn)}{style_sheet('print.css')}")
    page = HTML(string=drawn).render(stylesheets=[sheet]).pages[0]._page_box
    cells = [box for box in page.descendants() if type(box).__name__ == "TableCellBox"]
    ends = max(cell.position_x + cell.width for cell in cells)
    assert min(cell.width for cell in cells[8::7]) > 80
    assert ends <= page.content_box_x() + page.width + 1


@pytest.mark.slow(1)
@pytest.mark.parametrize("front", ["several", "several full", "one", "one full"])
def test_the_name_of_a_result_on_page_one_is_not_printed_over_what_it_is(front: str) -> None:
    from weasyprint import CSS, HTML

    name = "<dt>Iris, model=gradientboostingofiris</dt>"
    drawn = f'<header class="front {front}"><dl class="examined"><div>{name}<dd>Forest</dd></div></dl></header>'
    sheet = CSS(string=f"{paper_faces(drawn)}{style_sheet('print.css')}")
    page = HTML(string=drawn).render(stylesheets=[sheet]).pages[0]._page_box
    boxes = [box for box in page.descendants() if type(box).__name__ == "TextBox"]
    place = next(k for k, box in enumerate(boxes) if box.text == "Forest")
    assert place > 0
    assert all(box.position_x + box.width < boxes[place].position_x for box in boxes[:place])
