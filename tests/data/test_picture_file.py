"""Every form of one picture gives the same pixels, and nothing but a picture is opened."""

import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from exhibit.tasks.data.files import FramedSpec, Picture
from exhibit.tasks.data.picture_file import read_picture
from exhibit.tasks.records.base import Array
from tests.conftest import Memory

ROWS, COLUMNS = np.mgrid[0:24, 0:32]
SCENE = np.stack([ROWS * 10, COLUMNS * 7, 255 - ROWS * 9], axis=-1).astype(np.uint8)
GREY = np.asarray(Image.fromarray(SCENE).convert("L"))
TURNED = Image.Exif()
TURNED[0x0112] = 6  # to be turned clockwise by a quarter


def rgba(alpha: Array) -> Image.Image:
    return Image.fromarray(np.concatenate([SCENE, alpha[..., np.newaxis]], axis=-1))


@pytest.mark.parametrize(
    ("name", "picture", "options", "expected"),
    [
        ("rgb.png", Image.fromarray(SCENE), {}, SCENE),
        ("rgb.webp", Image.fromarray(SCENE), {"lossless": True}, SCENE),
        ("grey.png", Image.fromarray(GREY), {}, GREY),
        ("grey16.png", Image.fromarray(GREY.astype(np.uint16) * 257), {}, GREY),
        ("grey16.tiff", Image.fromarray(GREY.astype(np.uint16) * 257), {}, GREY),
        ("float.tiff", Image.fromarray(GREY.astype(np.float32)), {}, GREY),
        ("turned.png", Image.fromarray(np.rot90(SCENE).copy()), {"exif": TURNED}, SCENE),
        ("opaque.png", rgba(np.full((24, 32), 255, np.uint8)), {}, SCENE),
    ],
)
def test_every_form_gives_the_same_pixels(
    name: str, picture: Image.Image, options: dict[str, object], expected: Array, tmp_path: Path
) -> None:
    picture.save(tmp_path / name, **options)
    wanted = expected if expected.ndim == 3 else np.repeat(expected[..., np.newaxis], 3, axis=-1)
    np.testing.assert_array_equal(np.asarray(read_picture(tmp_path / name, 10**8)), wanted)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    """As a viewer shows it; the colour that the file holds below is not seen."""
    alpha = np.full((24, 32), 255, np.uint8)
    alpha[:, :16] = 0
    rgba(alpha).save(tmp_path / "clear.png")
    pixels = np.asarray(read_picture(tmp_path / "clear.png", 10**8))
    assert (pixels[:, :16] == 255).all()
    np.testing.assert_array_equal(pixels[:, 16:], SCENE[:, 16:])


def test_a_transparent_grey_of_16_bits_is_white(tmp_path: Path) -> None:
    grey = GREY.astype(np.uint16) * 257
    grey[:, :16] = 40_000
    Image.fromarray(grey).save(tmp_path / "clear.png", transparency=40_000)
    pixels = np.asarray(read_picture(tmp_path / "clear.png", 10**8))
    assert (pixels[:, :16] == 255).all()
    np.testing.assert_array_equal(pixels[:, 16:, 0], GREY[:, 16:])


def test_white_may_be_zero(tmp_path: Path) -> None:
    """In 16 bits as in 8: the tag 262 of TIFF says it."""
    for name, picture in (("8.tif", GREY), ("16.tif", GREY.astype(np.uint16) * 257)):
        Image.fromarray(picture).save(tmp_path / name)
        data = (tmp_path / name).read_bytes()
        black_is_zero, white_is_zero = (struct.pack("<HHIHH", 262, 3, 1, zero, 0) for zero in (1, 0))
        assert data.count(black_is_zero) == 1
        (tmp_path / name).write_bytes(data.replace(black_is_zero, white_is_zero))
        np.testing.assert_array_equal(np.asarray(read_picture(tmp_path / name, 10**8))[..., 0], 255 - GREY)


@pytest.mark.parametrize(
    ("name", "picture", "reason"),
    [
        ("twelve.png", Image.fromarray(GREY.astype(np.uint16) * 16), r"holds 16 bits, but no value above \d+: save it"),
        ("eight.png", Image.fromarray(GREY.astype(np.uint16)), r"holds 16 bits, but no value above \d+: save it"),
        ("eight.tiff", Image.fromarray(GREY.astype(np.int32)), r"holds 16 bits, but no value above \d+: save it"),
        ("fourteen.png", Image.fromarray(GREY.astype(np.uint16) * 64), r"holds 16 bits, but no value above \d+: save"),
        ("unit.tiff", Image.fromarray(GREY.astype(np.float32) / 255), "holds floats from .* to"),
    ],
)
def test_values_without_a_known_range_are_refused(name: str, picture: Image.Image, reason: str, tmp_path: Path) -> None:
    picture.save(tmp_path / name)
    with pytest.raises(ValueError, match=reason):
        read_picture(tmp_path / name, 10**8)


def postscript(path: Path) -> None:
    """A program that writes a file beside itself, under the name of a picture."""
    mark = path.with_name("written")
    path.write_text(f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({mark}) (w) file (x) writestring\n%%EOF\n")


def cut(path: Path) -> None:
    Image.fromarray(SCENE).save(path)
    path.write_bytes(path.read_bytes()[:40])


def wide(path: Path) -> None:
    Image.new("1", (20_000, 10_000)).save(path)


@pytest.mark.parametrize("make", [postscript, cut, wide, os.mkfifo, Path.mkdir], ids=lambda make: make.__name__)
def test_what_is_no_picture_is_excluded_with_the_reason(make: Callable[[Path], None], tmp_path: Path) -> None:
    """Nothing is run, nothing waits, and the others are read."""
    make(tmp_path / "a.png")
    Image.fromarray(SCENE).save(tmp_path / "b.png")
    wanted = [Picture(tmp_path / name, name, 0, "train") for name in ("a.png", "b.png")]
    _, kept, excluded = FramedSpec(size=16).read(wanted, Memory())
    assert [picture.name for picture in kept] == ["b.png"]
    assert [item.sample_id for item in excluded] == ["a.png"]
    assert excluded[0].reason
    assert not (tmp_path / "written").exists()


@pytest.mark.parametrize(
    ("most", "said"),
    [(5, "more than data.limits.pixels: 5; data.limits.pixels=768 takes it$"), (9**9, "save it smaller$")],
)
def test_too_many_pixels_are_said_in_words_of_the_settings(
    most: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(SCENE).save(tmp_path / "large.png")
    if most > SCENE.size:  # than which Pillow opens less
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(ValueError, match=said) as caught:
        read_picture(tmp_path / "large.png", most)
    assert "data.limits.pixels" in str(caught.value)
    assert "decompression" not in str(caught.value)


def test_half_a_picture_is_none_whatever_pillow_does_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WeasyPrint, and many a script, has it fill what is missing with grey, in the whole process."""
    path = tmp_path / "half.png"
    Image.fromarray(SCENE).save(path)
    path.write_bytes(path.read_bytes()[:-60])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises((OSError, SyntaxError)):
        read_picture(path, 10_000)
    assert ImageFile.LOAD_TRUNCATED_IMAGES
