"""Tiny pictures, pixel by pixel: what is drawn of a map, laid over its picture or on white.

_ white   R full red   r half red   B full blue   b half blue   # black   g the grey that black becomes below a map
G full green light
"""

import io

import numpy as np
import pytest
from PIL import Image

from exhibit.tasks.document.image import bordered
from exhibit.tasks.drawing.colormap import NEGATIVE, POSITIVE
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.drawing.maps import MapSpec, prepared
from exhibit.tasks.methods.aggregate import on_pixels
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Input
from exhibit.tasks.records.figure import Cell, Figure, Images, Scale

NAMED = {
    "_": "#ffffff", "R": POSITIVE[-1], "r": POSITIVE[4], "B": NEGATIVE[-1], "b": NEGATIVE[4], "#": "#000000",
    "g": "#737373", "G": "#00ff00",
}  # fmt: skip
LETTERS = {tuple(bytes.fromhex(colour[1:])): letter for letter, colour in NAMED.items()}
CORNERS = np.array([[1.0, 0.5, 0.0], [0.0, 0.0, 0.0], [0.0, -0.5, -1.0]])
BLACK, WHITE = np.zeros((3, 3, 1)), np.ones((3, 3, 1))


def pixels(cell: Cell, side: int = 3) -> str:
    """The drawn picture as letters, ? where a colour has no name."""
    content = Images(columns=(), rows=((cell,),))
    drawing = draw(Figure(name="f", content=content, scales=(Scale(unit="u", limit=1.0),), caption="c", alt="a"))
    drawn: Array = np.asarray(Image.open(io.BytesIO(drawing.part("r0c0").data)).convert("RGB"))
    every = drawn.shape[0] // side
    rows = drawn[every // 2 :: every, every // 2 :: every]
    return " ".join("".join(LETTERS.get(tuple(pixel), "?") for pixel in row.tolist()) for row in rows)


def mapped(values: Array, **options: object) -> str:
    return pixels(Cell(pixels=values, scale=0, alt="map", **options), len(values))


def test_a_map_on_white_is_red_above_zero_and_blue_below() -> None:
    assert mapped(CORNERS) == "Rr_ ___ _bB"


def test_over_a_picture_strong_values_cover_it_and_zero_shows_it() -> None:
    """At full opacity the strongest pixels are the colour of the scale, and where nothing is said the picture is seen,
    from middle grey on: half as strong is half covered, so it is a mixture."""
    assert mapped(CORNERS, beneath=BLACK, opacity=1.0) == "R?g ggg g?B"
    assert mapped(CORNERS, beneath=WHITE, opacity=1.0) == "R?_ ___ _?B"
    assert mapped(CORNERS, beneath=BLACK, opacity=0.0) == "ggg ggg ggg"


def test_green_and_red_light_as_published() -> None:
    """Positive is green, negative red, added to the picture; white cannot get lighter."""
    light = {"palette": "keras_example", "opacity": 1.0}
    assert mapped(np.array([[1.0, 0.0], [0.0, 0.0]]), beneath=BLACK[:2, :2], **light) == "G# ##"
    assert mapped(CORNERS, beneath=WHITE, **light) == "___ ___ ___"


@pytest.mark.parametrize(
    ("polarity", "expected"), [("both", "Rr_ ___ _bB"), ("positive", "Rr_ ___ ___"), ("negative", "___ ___ _bB")]
)
def test_one_sign_alone(polarity: str, expected: str) -> None:
    assert mapped(prepared(CORNERS[..., None], MapSpec.model_validate({"polarity": polarity}))) == expected


def test_an_outline_is_a_ring() -> None:
    area = np.zeros((6, 6, 1))
    area[1:5, 1:5] = 0.7
    assert mapped(prepared(area, MapSpec(outlines=True))) == "______ _RRRR_ _R__R_ _R__R_ _RRRR_ ______"


def test_specks_go_and_gaps_close() -> None:
    area = np.zeros((7, 7, 1))
    area[0:4, 0:4] = 1.0
    area[1, 1] = 0.0
    area[6, 6] = 1.0
    assert mapped(prepared(area, MapSpec(cleanup=3))) == "RRRR___ RRRR___ RRRR___ RRRR___ _______ _______ _______"


def test_clipping_by_share_fills_what_carries_the_most() -> None:
    """5 alone is half of all, 5 and 3 are four fifths: both become 1, the others are left out."""
    values = np.array([[5.0, -3.0], [1.0, 1.0]])[..., None]
    assert mapped(prepared(values, MapSpec(clip_above=30, clip_below=15))) == "RB __"


def test_a_cell_of_a_layer_lies_on_the_pixels_that_it_covers() -> None:
    """Two by two cells on four by four pixels; the total stays, so each pixel has a quarter of its cell."""
    layer = np.array([[4.0, 0.0], [0.0, -4.0]])[None, ..., None]
    item = Input(name="image", kind="image", values=np.zeros((1, 4, 4, 1)), bounds=(0, 1))
    assert mapped(on_pixels(layer, item)[0, ..., 0]) == "RR__ RR__ __BB __BB"


def test_a_known_region_has_a_black_and_white_border() -> None:
    region = np.zeros((5, 5), bool)
    region[1:4, 1:4] = True
    framed = bordered(np.full((5, 5, 1), 115 / 255), region)
    assert pixels(Cell(pixels=framed, alt="input"), 5) == "g___g _###_ _#g#_ _###_ g___g"


def test_pictures_keep_their_pixels_apart() -> None:
    """Nothing is blurred: next to a full red pixel stands a white one."""
    assert mapped(np.array([[1.0, 0.0], [0.0, -1.0]])) == "R_ _B"
