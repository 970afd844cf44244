"""Charts of many rows: in pieces that fit onto what is left of a page, and no letters too small or over each other."""

import re
from itertools import pairwise

import numpy as np
import pytest

from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.drawing.svg import HIGHEST, SMALLEST, text_width
from exhibit.tasks.records.figure import (
    BarPanels,
    Bars,
    Content,
    Drawing,
    Figure,
    Histogram,
    Histograms,
    Ladder,
    Matrix,
    Part,
    Scale,
    Series,
    TokenLine,
    Tokens,
    Waterfall,
    Waterfalls,
    WhiskerPanel,
    Whiskers,
)

FEATURES = tuple(f"a feature with a long name, number {k}" for k in range(40))
TEXT = re.compile(
    r'<text class="[^"]*" x="([\d.-]+)" y="([\d.-]+)" font-size="([\d.]+)" text-anchor="(\w+)" [^>]*>([^<]*)<'
)


def drawn(content: Content, width: float = 1.0) -> Drawing:
    scales = (Scale(unit="logit", limit=1.0),) if isinstance(content, Tokens) else ()
    return draw(Figure(name="f", content=content, caption="c", alt="a", width=width, scales=scales))


def waterfall(title: str) -> Waterfall:
    values = np.linspace(1, -1, 13)
    return Waterfall(
        title=title, labels=FEATURES[:13], values=values, start=0.0, end=0.5, start_label="baseline",
        end_label="sample", axis="logit",
    )  # fmt: skip


def series(name: str, count: int) -> Series:
    return Series(name=name, values=np.linspace(-1, 2, count))


LONG_TEXT = TokenLine(title="a text", tokens=tuple(f"word{k}" for k in range(300)), values=np.linspace(-1, 1, 300),
                      note="sum", alt="words")  # fmt: skip
RATES = np.linspace(0.1, 0.9, 20)
RATE = WhiskerPanel(title="selection rate, of all rows 0.50", values=RATES, low=RATES - 0.1, high=RATES + 0.1,
                    written=("0.50 (0.40 to 0.60)",) * 20, whole=0.5)  # fmt: skip
CHARTS: dict[str, Content] = {
    "whiskers": Whiskers(labels=FEATURES[:20], panels=(RATE, RATE, RATE)),
    "waterfalls": Waterfalls(panels=tuple(waterfall(f"flower {k}") for k in range(9))),
    "panels": BarPanels(
        labels=FEATURES, panels=tuple(series(f"flower {k}", 40) for k in range(7)), axis="x", signed=True
    ),
    "bars": Bars(labels=FEATURES, series=tuple(series(name, 40) for name in "abcd"), axis="share", signed=True),
    "distributions": Histograms(
        groups=("training rows", "test rows"),
        panels=tuple(
            Histogram(title=f"column {k}", bins=("a", "b"), shares=np.array([[1, 3], [2, 2]]) / 4) for k in range(12)
        ),
    ),
    "texts": Tokens(items=(LONG_TEXT, LONG_TEXT.model_copy(update={"title": "another"}))),
}  # fmt: skip


def pieces(of: Drawing) -> tuple[Part, ...]:
    return of.charts(first=False, whole=False)


@pytest.mark.parametrize("name", CHARTS)
def test_pieces_are_no_higher_than_two_fifths_of_a_page(name: str) -> None:
    found = drawn(CHARTS[name])
    assert found.placement.long
    assert len(pieces(found)) > 1
    assert max(part.size[1] for part in pieces(found)) <= HIGHEST + 8


@pytest.mark.parametrize("name", ["panels", "bars"])
def test_pieces_hold_each_bar_once_as_long_as_in_the_whole(name: str) -> None:
    """They have one range."""
    found = drawn(CHARTS[name])
    whole, parts = (
        [width for part in some for width in re.findall(r'class="bar \w+" x="[\d.-]+" y="[\d.-]+" width="([\d.]+)" '
                                                        r'height="12"', part.data.decode())]
        for some in ((found.part("chart"),), pieces(found))
    )  # fmt: skip
    assert sorted(whole) == sorted(parts)


def test_pieces_hold_each_word_once() -> None:
    found = drawn(CHARTS["texts"])
    written = [word for part in pieces(found) for word in re.findall(r">(word\d+)<", part.data.decode())]
    assert written == [*LONG_TEXT.tokens] * 2


def test_pieces_hold_each_distribution_once_and_say_which() -> None:
    found = drawn(CHARTS["distributions"])
    titles = [re.findall(">(column \\d+)<", part.data.decode()) for part in pieces(found)]
    assert titles == [[f"column {k}" for k in part] for part in (range(6), range(6, 12))]
    assert [part.alt for part in pieces(found)] == [f"Distributions of {', '.join(some)}" for some in titles]
    assert all("training rows" in part.data.decode() for part in pieces(found))


def test_a_short_chart_stays_in_one_piece() -> None:
    found = drawn(Bars(labels=("a", "b"), series=(series("s", 2),), axis="share"))
    assert [part.name for part in pieces(found)] == ["chart"]
    assert not found.placement.long


def test_a_piece_says_what_it_shows_and_is_no_file_of_the_run() -> None:
    found = drawn(CHARTS["waterfalls"])
    assert all(f"flower {2 * k}" in part.alt for k, part in enumerate(pieces(found)))
    assert [part.name for part in found.files] == ["chart"]


@pytest.mark.parametrize("name", CHARTS)
def test_no_word_of_a_piece_is_clipped(name: str) -> None:
    """Words end inside their picture, wherever their panel stands."""
    for part in pieces(drawn(CHARTS[name])):
        groups = re.split(
            r'<g class="panel" transform="translate\(([\d.-]+) [\d.-]+\)">|<g class="row">', part.data.decode()
        )
        for shift, group in zip([0, *(shift or 0 for shift in groups[1::2])], groups[::2], strict=True):
            for x, _, size, anchor, word in TEXT.findall(group):
                wide = text_width(word, float(size), 600 if "weight" in word else 400)
                begin = float(x) + float(shift) - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor]
                assert begin >= -1, word
                assert begin + wide <= part.size[0] + 1, word


@pytest.mark.parametrize("classes", [9, 20, 60])
@pytest.mark.parametrize("width", [0.5, 1.0])
def test_names_of_classes_are_legible_and_apart(classes: int, width: float) -> None:
    """At least 7 points, and no two rows over each other: of very many classes not each has its name."""
    labels = tuple(f"class {k}" for k in range(classes))
    content = Matrix(labels=labels, counts=np.eye(classes, dtype=int) * 100, x_label="predicted", y_label="true")
    words = TEXT.findall(drawn(content, width).part("chart").data.decode())
    assert min(float(size) for _, _, size, _, _ in words) >= SMALLEST - 0.01
    rows = sorted(float(y) for _, y, _, anchor, word in words if anchor == "end" and word.startswith("class"))
    assert len(rows) > 1
    assert min(after - before for before, after in pairwise(rows)) >= SMALLEST - 0.01


def test_numbers_of_a_ladder_stand_apart_and_above_the_axis() -> None:
    """Eight samples that end in one point at the foot of the figure."""
    ends = np.tile([[0.5, 1e-5]], (8, 1))
    content = Ladder(
        names=tuple("abcdefgh"), steps=np.array([3, 9]), residual=ends, change=ends, converged=np.ones(8, bool),
        stopped=np.array([0, 8]), tolerance=0.01,
    )  # fmt: skip
    words = re.findall(r'y="([\d.]+)" font-size="11" text-anchor="start" font-weight="600"[^>]*>([1-8])<',
                       drawn(content).part("chart").data.decode())  # fmt: skip
    heights = sorted(float(y) for y, _ in words[:8])
    assert [word for _, word in words] == [*"12345678"] * 2
    assert min(after - before for before, after in pairwise(heights)) >= 10.9
    assert heights[-1] < 138  # where the axis is


def test_a_bar_of_nearly_nothing_is_seen_and_one_of_nothing_is_not() -> None:
    content = Bars(labels=("a", "b", "c"), series=(Series(name="", values=np.array([1.0, 1e-9, 0.0])),), axis="x")
    widths = re.findall(
        r'class="bar main" x="[\d.]+" y="[\d.]+" width="([\d.]+)"', drawn(content).part("chart").data.decode()
    )
    assert [float(width) for width in widths[1:]] == [1.5, 0.0]
