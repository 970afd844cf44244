"""Colours over a picture: nothing where there is nothing, the colour of the scale where it is strongest."""

import io

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image

from exhibit.tasks.drawing.colormap import colours
from exhibit.tasks.drawing.kinds import draw
from exhibit.tasks.drawing.overlay import green_and_red, grey, overlay
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.figure import Cell, Figure, Images, Palette, Scale

PICTURE = np.array([[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0], [0.2, 0.4, 0.6]]])
VALUES = np.array([[2.0, -2.0, 0.0]])


def test_without_attribution_the_grey_picture_is_seen() -> None:
    assert_allclose(overlay(PICTURE, 0 * VALUES, 2, 0.8), np.broadcast_to(grey(PICTURE), (1, 3, 3)))
    assert_allclose(grey(PICTURE)[0, :2, 0], [0.45, 1])


def test_at_the_limit_the_colour_of_the_scale_covers_by_the_opacity() -> None:
    found = overlay(PICTURE, VALUES, 2, 0.8)
    assert_allclose(found, 0.2 * grey(PICTURE) + 0.8 * colours(VALUES, 2) / 255 * (VALUES != 0)[..., None]
                    + 0.8 * grey(PICTURE) * (VALUES == 0)[..., None])  # fmt: skip
    assert_allclose(overlay(PICTURE, VALUES, 2, 1)[0, :2], colours(VALUES, 2)[0, :2] / 255)


def test_half_the_limit_is_half_as_opaque() -> None:
    found = overlay(np.ones((1, 1, 1)), np.array([[1.0]]), 2, 0.8)
    assert_allclose(found, 0.6 + 0.4 * colours(np.array([[1.0]]), 2) / 255)


def test_red_is_redder_and_blue_bluer() -> None:
    found = overlay(np.full((1, 3, 1), 0.5), VALUES, 2, 0.8)[0]
    assert found[0, 0] > found[0, 2]
    assert found[1, 2] > found[1, 0]
    assert found[2, 0] == found[2, 2]


def test_the_published_light_is_added_and_cut_off() -> None:
    """0.8 of full green or red on top of the picture, as the Keras example does in bytes."""
    found = green_and_red(PICTURE, VALUES, 2, 0.8)
    assert_allclose(found[0], [[0, 0.8, 0], [1, 1, 1], [0.2, 0.4, 0.6]])
    assert_allclose(green_and_red(PICTURE, -VALUES, 2, 0.8)[0, 0], [0.8, 0, 0])


@pytest.mark.parametrize(("palette", "lay"), [("diverging", overlay), ("keras_example", green_and_red)])
def test_a_cell_over_a_picture_is_drawn_pixel_by_pixel(palette: Palette, lay: object) -> None:
    """What is laid over the photograph lies on the pixels that the model saw: both are enlarged alike."""
    rng = np.random.default_rng(1)
    picture, values = rng.uniform(size=(5, 7, 3)), rng.normal(size=(5, 7))
    cell = Cell(pixels=values, scale=0, beneath=picture, opacity=0.8, palette=palette, alt="a")
    figure = Figure(
        name="f", content=Images(columns=(), rows=((cell,),)), scales=(Scale(unit="u", limit=1.5),), caption="", alt=""
    )
    drawn: Array = np.asarray(Image.open(io.BytesIO(draw(figure).part("r0c0").data)).convert("RGB"))
    factor = drawn.shape[0] // 5
    assert callable(lay)
    expected = np.rint(255 * lay(picture, values, 1.5, 0.8)).astype(np.uint8)
    assert (drawn.reshape(5, factor, 7, factor, 3) == expected[:, None, :, None]).all()
