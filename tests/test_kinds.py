"""What differs between kinds of input is a row of the table of its layer; nothing else asks which kind an input is."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pytest

from exhibit.tasks.checks import kinds as checks
from exhibit.tasks.data import kinds as data
from exhibit.tasks.datasheet import kinds as datasheet
from exhibit.tasks.document import kinds as document
from exhibit.tasks.document.html import Facts, Medium, render_html
from exhibit.tasks.drawing.descriptor import FigureKind, chart
from exhibit.tasks.drawing.kinds import KINDS as FIGURES
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.drawing.svg import COLUMN, INK, element, picture
from exhibit.tasks.methods import kinds as methods
from exhibit.tasks.models import kinds as models
from exhibit.tasks.models.zoo.multimodal import MultimodalSpec
from exhibit.tasks.protocols import Compute, silent
from exhibit.tasks.records import kinds as records
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.figure import Content, Figure, FigureContent, Part, Reading
from exhibit.tasks.records.kinds import TRAITS, Kind
from exhibit.tasks.records.page import Block, Document, Section

ROOT = Path(__file__).parents[1]
NAMES = set(get_args(Kind))
TABLES = {"records": TRAITS, "data": data.KINDS, "methods": methods.KINDS, "checks": checks.KINDS,
          "models": models.KINDS, "document": document.KINDS, "datasheet": datasheet.KINDS}  # fmt: skip
# Tables apart from those of the layers, and why.
APART = {
    "tasks/data/plain.py": "how a user's own values become an input: in the table of the data it would be in every key",
    "tasks/models/zoo/multimodal.py": "the branches of one published net",
}
MODULES = [path for folder in ("tasks", "flows") for path in sorted((ROOT / folder).rglob("*.py"))]


def names_in(node: ast.AST) -> set[str]:
    """The kinds whose names stand in an expression."""
    return {part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and part.value in NAMES}


def questions(source: str) -> Iterator[tuple[int, str]]:
    """Where code asks which kind something is: comparisons, cases of a match, and tables by kind."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare() if names_in(node):
                yield node.lineno, ast.unparse(node)
            case ast.MatchValue() | ast.MatchSingleton() if names_in(node):
                yield node.value.col_offset, ast.unparse(node)
            case ast.Dict() if len({key.value for key in node.keys if isinstance(key, ast.Constant)} & NAMES) > 1:
                yield node.lineno, ast.unparse(node)[:80]


@pytest.mark.parametrize(
    "source",
    [
        "if item.kind == 'image': pass",
        "x = [i for i in a if i.kind not in ('text', 'molecule')]",
        "match item.kind:\n    case 'table':\n        pass",
        "WORDS = {'table': 1, 'image': 2}",
    ],
)
def test_a_question_is_seen_however_it_is_put(source: str) -> None:
    assert len(list(questions(source))) == 1


def test_nothing_but_the_tables_asks_which_kind_an_input_is() -> None:
    """And each of the two tables that stand apart is one table, and no more."""
    found = {
        path.relative_to(ROOT).as_posix(): [text for _, text in questions(path.read_text())]
        for path in MODULES
        if path.name != "kinds.py"
    }
    asking = {path: texts for path, texts in found.items() if texts}
    assert {path: len(texts) for path, texts in asking.items()} == dict.fromkeys(APART, 1)
    assert all(text.startswith("{") for texts in asking.values() for text in texts)


@pytest.mark.parametrize("layer", TABLES)
def test_every_layer_has_a_row_for_every_kind(layer: str) -> None:
    """A new kind that a layer forgets is found here."""
    assert set(TABLES[layer]) == NAMES


def test_every_figure_has_a_descriptor() -> None:
    """Its record, how it is drawn and read, and how it behaves, in one place."""
    kinds: tuple[Any, ...] = get_args(get_args(Content)[0])
    assert set(FIGURES) == set(kinds)
    assert all(FIGURES[kind].record is kind for kind in kinds)


def test_the_facts_of_a_kind_stand_on_the_lowest_floor() -> None:
    assert records.TRAITS["table"].named
    assert records.TRAITS["image"].pixels


def test_a_net_of_several_inputs_says_which_kinds_it_takes() -> None:
    """Scaled or not, before anything is built."""
    molecules = Dataset(
        title="t", description="d", source="s", task="regression", sample_ids=np.array(["a", "b"]),
        labels=np.array([0.0, 1.0]), split=np.array(["train"] * 2), label_name="y",
        inputs=(Input(name="m", kind="molecule", values=np.array(["C", "CC"])),),
    )  # fmt: skip
    for scaled in (True, False):
        with pytest.raises(InputError, match="takes tables, images and texts, but the data holds molecule"):
            MultimodalSpec(scaled=scaled).fit(molecules, Compute(), silent)


class Dots(FigureContent):
    """A dot per value: a kind of figure that the program does not have, so its record is in no union."""

    kind: Literal["dots"] = "dots"
    values: Array


def dots(content: Dots, width: float) -> Part:
    drawn = (element("circle", cx=10 * value, cy=5, r=2, fill=INK) for value in content.values.tolist())
    return picture("chart", COLUMN * width, 10, *drawn)


DOTS = FigureKind(
    record=Dots,
    draw=chart(dots),
    reading=Reading(title="Dots", text="Each dot is a value.", warning="They have no order."),
    broad=lambda content: len(content.values) > 2,
)


@pytest.mark.parametrize("medium", ["screen", "print"])
def test_a_new_kind_of_figure_is_a_record_and_a_descriptor(monkeypatch: pytest.MonkeyPatch, medium: Medium) -> None:
    """It is drawn, placed, shown on both media and explained; the document knows nothing of it."""
    monkeypatch.setitem(FIGURES, Dots, DOTS)
    figure = Figure.model_construct(name="dots", content=Dots(values=np.arange(3.0)), caption="Three dots.", alt="dots")
    section = Section(title="s", blocks=(Block(figures=("dots",)),))
    page = render_html(
        Document(title="t", subtitle="s", badges=(), chapters=(), back=(section,)),
        {"dots": draw(figure)},
        Facts(issued="2026-01-01T00:00:00Z", digest="0" * 64, provenance=(), config="", version="1"),
        medium,
    )
    assert page.count("<circle") == 3
    assert 'class="kind-dots"' in page
    assert "broad" in page.partition('id="figure-dots"')[0].rpartition('class="block')[2]
    assert all(words in page for words in ("Three dots.", "Each dot is a value.", "They have no order."))
