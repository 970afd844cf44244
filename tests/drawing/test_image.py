import io

import numpy as np
from PIL import Image

from exhibit.tasks.drawing.colormap import colours
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.records.figure import Cell, Drawing, Figure, Images, Scale

SCALES = (Scale(unit="logit", limit=2.0),)


def drawing(*cells: Cell | None) -> Drawing:
    return draw(Figure(name="f", content=Images(columns=(), rows=(cells,)), scales=SCALES, caption="c", alt="a"))


def pixels(cell: Cell) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(drawing(cell).part("r0c0").data)).convert("RGB"))


def test_every_pixel_becomes_a_square_of_its_own_colour() -> None:
    values = np.random.default_rng(0).normal(size=(8, 8))
    drawn = pixels(Cell(pixels=values, scale=0, alt="map"))
    factor = drawn.shape[0] // 8
    assert drawn.shape == (8 * factor, 8 * factor, 3)
    blocks = drawn.reshape(8, factor, 8, factor, 3)
    assert (blocks == colours(values, 2.0)[:, None, :, None]).all()


def test_grey_is_drawn_in_all_channels() -> None:
    drawn = pixels(Cell(pixels=np.array([[[0.0], [1.0]], [[0.5], [0.25]]]), alt="grey"))
    half = drawn.shape[0] // 2
    assert drawn[0, 0].tolist() == [0, 0, 0]
    assert drawn[0, half].tolist() == [255, 255, 255]
    assert drawn[half, 0].tolist() == [128, 128, 128]


def test_colour_pictures_keep_their_channels() -> None:
    assert pixels(Cell(pixels=np.full((3, 3, 3), [1.0, 0.0, 0.2]), alt="red"))[0, 0].tolist() == [255, 0, 51]


def test_large_pictures_keep_their_size() -> None:
    assert pixels(Cell(pixels=np.zeros((300, 200, 3)), alt="black")).shape == (300, 200, 3)


def test_an_empty_place_has_no_part() -> None:
    assert [part.name for part in drawing(None, Cell(pixels=np.zeros((2, 2, 1)), alt="x")).parts] == ["r0c1", "scale0"]
