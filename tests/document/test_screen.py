"""What the page on screen carries: everything of a usual report, and of a large one no more than fits."""

import io
import json
from base64 import b64decode
from html import unescape

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from exhibit.tasks.data.photos import photograph_of
from exhibit.tasks.document.screen import _PICTURES, _VALUES, Reduction, block_means, facets, reduced, repeated, values
from exhibit.tasks.drawing.image import png
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Cell, Drawing, Figure, Images, Part, Scale
from tests.conftest import content

SCALE = Scale(unit="logit", limit=2.0)


def grid(rows: int, side: int, seed: int = 0) -> Drawing:
    """Rows of an input and a map of `side` pixels."""
    rng = np.random.default_rng(seed)
    cells = tuple(
        (
            Cell(pixels=rng.uniform(size=(side, side, 3)), alt="input"),
            Cell(pixels=rng.normal(size=(side, side)), scale=0, alt="map"),
        )
        for _ in range(rows)
    )
    return draw(Figure(name="f", content=Images(columns=(), rows=cells), scales=(SCALE,), caption="c", alt="a"))


def test_a_usual_report_is_whole() -> None:
    assert Reduction.of([grid(20, 8), grid(4, 64)]).whole


@pytest.mark.parametrize(("rows", "side"), [(20, 224), (3, 700)])
def test_a_large_one_is_reduced_until_it_fits(rows: int, side: int) -> None:
    """Maps to the number of values that a page holds; pictures to about its bytes, since noise hardly compresses."""
    drawing = grid(rows, side)
    found = Reduction.of([drawing])
    held = [block_means(row[1].pixels, found.values).size for row in content(drawing.figure, Images).rows]
    assert sum(held) <= _VALUES
    assert found.values > 1
    pictures = [len(reduced(part, found)[1]) for part in drawing.parts if part.media_type == "image/png"]
    assert sum(pictures) <= 1.3 * _PICTURES


def test_a_reduced_map_holds_the_means_of_its_squares() -> None:
    """Those at the right and the lower edge are smaller: five columns are two pairs and one."""
    pixels = np.arange(20.0).reshape(4, 5)
    assert_allclose(block_means(pixels, 2), [[3, 5, 6.5], [13, 15, 16.5]])
    assert block_means(pixels, 1) is pixels
    assert_allclose(block_means(np.ones((7, 5, 3)), 3), np.ones((3, 2, 3)))


def attributes(cell: Cell, reduction: Reduction) -> dict[str, str]:
    found = str(values(cell, SCALE, reduction)).split('"')
    return {
        name.split("data-")[1].rstrip("="): unescape(value)
        for name, value in zip(found[::2], found[1::2], strict=False)
    }


def test_the_numbers_of_a_map_are_whole_beyond_the_limit_of_its_scale() -> None:
    pixels = np.array([[2.0, -1.0], [0.0, 9.0]])
    found = attributes(Cell(pixels=pixels, scale=0, alt="map"), Reduction())
    held: Array = np.frombuffer(b64decode(found["values"]), "<i2") / 32767 * float(found["most"])
    assert_allclose(held, [2, -1, 0, 9], atol=3e-4)
    assert (found["width"], found["each"], found["unit"]) == ("2", "1", "logit")
    assert "opacity" not in found


def test_a_map_over_a_picture_says_how_it_was_drawn() -> None:
    cell = Cell(pixels=np.ones((2, 2)), scale=0, beneath=np.ones((2, 2, 3)), opacity=0.6, alt="map")
    found = attributes(cell, Reduction(values=2))
    assert (found["opacity"], found["palette"], found["each"], found["width"]) == ("0.6", "diverging", "2", "1")


def test_small_pictures_stay_as_they_are() -> None:
    """A digit enlarged to 240 pixels is some hundred bytes: there is nothing to gain."""
    part = Part(name="r0c0", media_type="image/png", data=b"x" * 2_000, size=(8.0, 8.0))
    assert reduced(part, Reduction(pictures=4)) == ("image/png", part.data)


def test_a_reduced_picture_is_smaller_and_looks_alike() -> None:
    part = grid(1, 400).parts[0]
    small: Array = np.asarray(Image.open(io.BytesIO(reduced(part, Reduction(pictures=4))[1])))
    whole: Array = np.asarray(Image.open(io.BytesIO(part.data)))
    assert small.shape == (100, 100, 3)
    assert small.mean() == pytest.approx(whole.mean(), abs=1)


def test_a_pixel_that_was_repeated_is_held_once() -> None:
    """A photograph of 96 pixels is enlarged twice on paper; the page on screen leaves that to the browser."""
    part = grid(1, 96).parts[0]
    held: Array = np.asarray(Image.open(io.BytesIO(reduced(part, Reduction())[1])))
    drawn: Array = np.asarray(Image.open(io.BytesIO(part.data)))
    assert (held.shape, drawn.shape) == ((96, 96, 3), (192, 192, 3))
    assert (held.repeat(2, axis=0).repeat(2, axis=1) == drawn).all()
    few = png(
        np.random.default_rng(0).integers(0, 255, (5, 3), np.uint8)[np.random.default_rng(1).integers(0, 5, (200, 200))]
    )
    _, numbered = reduced(part.model_copy(update={"data": few}), Reduction())
    assert len(numbered) < len(few) / 2
    assert (
        np.asarray(Image.open(io.BytesIO(numbered)).convert("RGB")) == np.asarray(Image.open(io.BytesIO(few)))
    ).all()
    whole = grid(1, 200).parts[0]
    _, held = reduced(whole, Reduction())
    assert len(held) <= len(whole.data)
    assert (np.asarray(Image.open(io.BytesIO(held))) == np.asarray(Image.open(io.BytesIO(whole.data)))).all()


def test_a_photograph_is_held_in_the_smaller_of_two_forms_without_loss() -> None:
    """As WebP this one takes less than three quarters of the bytes of a PNG."""
    drawn = photograph_of("cat")[40:264, 100:324]
    part = Part(name="r0c0", media_type="image/png", data=png(drawn), size=(224.0, 224.0))
    kind, held = reduced(part, Reduction())
    assert kind == "image/webp"
    assert len(held) < 0.75 * len(part.data)
    assert (np.asarray(Image.open(io.BytesIO(held))) == drawn).all()


@pytest.mark.parametrize(
    ("rows", "side"),
    [
        ([[1, 1, 2, 2], [1, 1, 2, 2]], 2),
        ([[1, 1, 2, 2], [1, 1, 2, 3]], 1),
        ([[1, 1, 1, 2, 2, 2]] * 3, 3),
        ([[1, 1, 2, 2]] * 3, 1),  # three lines are no whole number of squares
        ([[1] * 6] * 4, 2),
    ],
)
def test_squares_of_one_colour_are_found(rows: list[list[int]], side: int) -> None:
    assert repeated(np.array(rows)[..., None]) == side


def test_a_row_says_what_it_is_by_each_filter() -> None:
    found = {"class": ('a "b" <c>', "d"), "right or wrong": ("right", "wrong")}
    written = unescape(str(facets(found, 0))).removeprefix(' data-facets="').removesuffix('"')
    assert json.loads(written) == ['a "b" <c>', "right"]
    assert "<c>" not in str(facets(found, 0))
    assert facets({}) == ""
