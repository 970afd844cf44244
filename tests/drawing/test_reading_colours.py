"""What is told by colour in a figure is told to everybody: letters stand out from their ground, and what differs is
told apart in grey and with three kinds of colour blindness."""

import re
from collections.abc import Callable
from itertools import combinations, pairwise

import numpy as np
import pytest

from exhibit.tasks.drawing.curves import curves
from exhibit.tasks.drawing.matrix import matrix
from exhibit.tasks.drawing.svg import readable
from exhibit.tasks.drawing.text import tokens
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Curves, Matrix, Scale, Series, TokenLine, Tokens
from tests.drawing.test_colormap import DEFICIENCIES, lab, seen
from tests.drawing.test_style import contrast
from tests.drawing.test_traces import bands, drawn

NOTICED = 5 * 2.3  # in CIELAB; a difference of 2.3 is just noticeable
SHARES = [0, 1, 5, 10, 20, 30, 40, 50, 60, 80, 100]
SIGNED = np.linspace(-1, 1, 41)


def confusion() -> str:
    """A row for each share of its first count, which has its shade."""
    counts = np.array([[share, 100 - share, *[0] * 9] for share in SHARES])
    names = tuple(f"c{k}" for k in range(11))
    return matrix(Matrix(labels=names, counts=counts, x_label="said", y_label="true"), 1.5).data.decode()


def correlations() -> str:
    counts = np.pad(SIGNED, (0, 8), constant_values=np.nan).reshape(7, 7)
    names = tuple(f"c{k}" for k in range(7))
    return matrix(Matrix(labels=names, counts=counts, x_label="", y_label="", correlations=True), 1.0).data.decode()


def words() -> str:
    items = (TokenLine(title="", tokens=tuple("a" * 41), values=SIGNED, note="", alt=""),)
    return tokens(Tokens(items=items), (Scale(unit="logit", limit=1.0),), 1.0)[0].data.decode()


def lines() -> str:
    series = (Series(name="train", values=np.array([3.0, 1.0])), Series(name="test", values=np.array([3.0, 2.0])))
    return curves(Curves(series=series, x_label="epoch", y_label="loss"), 1.0).data.decode()


def on_grounds(svg: str) -> list[tuple[str, str]]:
    """Of every rectangle with a text right behind it: the colours of both."""
    return re.findall(r'<rect[^>]*? fill="(#\w+)"[^>]*/><text[^>]*? fill="(#\w+)"', svg)


@pytest.mark.parametrize(("svg", "count"), [(confusion, 121), (correlations, 49), (words, 41)])
def test_what_is_written_on_a_colour_stands_out_from_it(svg: Callable[[], str], count: int) -> None:
    """At least 4.5 to 1, WCAG AA for text; a zero among counts as well."""
    found = on_grounds(svg())
    assert len(found) == count
    assert min(contrast(ink, ground) for ground, ink in found) >= 4.5


def test_every_name_of_a_line_stands_out_from_the_page() -> None:
    found = re.findall(r'<text class="name[^>]*? fill="(#\w+)"', lines())
    assert len(found) == 2
    assert min(contrast(ink, "#ffffff") for ink in found) >= 4.5


def test_on_every_grey_there_are_letters_that_are_read() -> None:
    greys = ["#" + bytes([level] * 3).hex() for level in range(256)]
    assert min(contrast(readable(grey), grey) for grey in greys) >= 4.5
    assert (readable("#ffffff"), readable("#000000")) == ("#1d2330", "#ffffff")


def shades() -> list[str]:
    """Of a confusion matrix, in steps of a fifth of a row from none of it to all."""
    found = [ground for ground, _ in on_grounds(confusion())][::11]
    return [shade for share, shade in zip(SHARES, found, strict=True) if share % 20 == 0]


def shown(values: Array) -> list[str]:
    """Colours of the bands of a series."""
    return [fill for *_, fill in bands(drawn(values[:, np.newaxis]))]


def strokes(svg: str) -> list[str]:
    return re.findall(r'<polyline[^>]*? stroke="(#\w+)"', svg)


# By figure: the colours of what has to be told apart, neighbours first.
APART: dict[str, Callable[[], list[str]]] = {
    "confusion": shades,
    "correlations": lambda: [ground for ground, _ in on_grounds(correlations())][:41:10],
    "series": lambda: shown(np.array([-1, -0.5, 0.5, 1])),
    "curves": lambda: strokes(lines()),
}


def rgb(found: list[str]) -> Array:
    return np.array([list(bytes.fromhex(item[1:])) for item in found], float)


@pytest.mark.parametrize("deficiency", [*DEFICIENCIES, None])
@pytest.mark.parametrize("figure", APART)
def test_colours_of_a_figure_are_told_apart_by_everybody(figure: str, deficiency: str | None) -> None:
    found = rgb(APART[figure]())
    assert len(found) > 1
    places = lab(seen(found, deficiency) if deficiency else found)
    assert min(np.linalg.norm(one - other) for one, other in combinations(places, 2)) > NOTICED


@pytest.mark.parametrize(
    "found",
    [
        shades,
        lambda: shown(np.array([0.25, 0.5, 0.75, 1.0])),
        lambda: shown(np.array([-0.25, -0.5, -0.75, -1.0])),
        lambda: strokes(lines())[::-1],
    ],
    ids=["confusion", "series up", "series down", "curves"],
)
def test_in_grey_more_is_darker(found: Callable[[], list[str]]) -> None:
    """The sign of a value, which grey does not show, stands beside it as a number or on a side of its own."""
    lightness = lab(rgb(found()))[:, 0]
    assert min(one - other for one, other in pairwise(lightness)) > 5
