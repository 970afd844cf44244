"""A document says of its colours what its drawings have."""

import numpy as np
import pytest

from exhibit.tasks.document.chapter import chapter, figures, limits
from exhibit.tasks.document.compose import compose
from exhibit.tasks.document.image import reading_of_colours
from exhibit.tasks.records.figure import Palette
from exhibit.tasks.records.material import Material
from exhibit.tasks.records.page import Document
from tests.points import LENGTHS, inputs, material, method


def photographs(palette: Palette, score: str = "logit") -> Material:
    item = inputs("image")
    found = material("photos", [method("a", np.ones((8, 8)), item, LENGTHS)], item)
    return found.model_copy(update={"palette": palette, "overlay": 0.8, "score": score})


def flowers(palette: Palette) -> Material:
    item = inputs("table")
    return material("flowers", [method("a", np.ones(4), item, LENGTHS)], item).model_copy(update={"palette": palette})


def told(document: Document) -> str:
    """What the guide says of colours."""
    assert document.guide is not None
    asides = (aside for block in document.guide.blocks for aside in block.asides)
    return next(aside.text for aside in asides if aside.title == "Colours")


def test_the_guide_has_the_colours_of_the_maps() -> None:
    assert "green pushes up" in told(compose([photographs("keras_example")], None, {}))
    assert "green" not in told(compose([photographs("diverging")], None, {}))


def test_light_is_added_to_pictures_alone() -> None:
    """A chapter without any has bars in red and blue, whatever palette its maps would have; so has a comparison."""
    assert "green" not in told(compose([flowers("keras_example")], None, {}))
    assert "green" not in told(compose([photographs("keras_example")], None, {}, own=[]))
    item = flowers("keras_example")
    captions = [figure.caption for figure in figures(item, limits((item,)))]
    assert any("Red speaks for the class, blue against it." in caption for caption in captions)
    assert not any("Green" in caption for caption in captions)


def test_a_map_of_light_says_who_cannot_read_it() -> None:
    item = photographs("keras_example")
    (grid,) = (figure for figure in figures(item, limits((item,))) if figure.name == "photos-samples")
    assert "as published; readers with a red-green deficiency cannot tell them apart." in grid.caption
    assert "Green pixels speak for the class" in chapter(item, {}).model_dump_json()


@pytest.mark.parametrize(("palette", "colour"), [("diverging", "Red"), ("keras_example", "Green")])
def test_what_raises_a_loss_speaks_against_the_class(palette: Palette, colour: str) -> None:
    said = reading_of_colours(photographs(palette, "loss"))
    assert said.startswith(f"{colour} pixels raise the loss, that is, speak against the class;")
