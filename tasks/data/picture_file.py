"""One picture from a file of the user's: its pixels as every viewer shows them, or the reason why they cannot be had.

Only formats that are named here are opened: unless it is told which to expect, Pillow hands a file that begins like
PostScript to another program, whatever its name.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from warnings import catch_warnings

import numpy as np

from exhibit.tasks.records.language import say
from exhibit.tasks.records.opening import ends

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile
    from PIL.TiffImagePlugin import TiffImageFile

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
BACKGROUND = (255, 255, 255)  # what transparent pixels are laid on, as browsers and viewers do


def read_picture(path: Path, most_pixels: int) -> "Image":
    """The picture at `path` as RGB: turned as its camera held it, transparency laid on white, 16 bits scaled to 8; of
    an animation its first frame. A TIFF of several pages is none.

    Raises:
        OSError, SyntaxError, ValueError: when it cannot be read, as Pillow says it, is too large, or holds values whose
            range is unknown.
    """
    from PIL import Image, ImageOps, TiffImagePlugin

    if not ends(path):
        raise ValueError(say("is not a regular file"))
    with _whole(), _opened(path, most_pixels) as file:
        width, height = file.size
        if width * height > most_pixels:
            raise ValueError(
                say(
                    "has {width} x {height} pixels, more than {limit}: {most}; {limit}={all} takes it",
                    width=str(width),
                    height=str(height),
                    limit="data.limits.pixels",
                    most=f"{most_pixels:,}",
                    all=str(width * height),
                )
            )
        if isinstance(file, TiffImagePlugin.TiffImageFile) and _has_pages(file):
            raise ValueError(say("holds several pages of one size; save each as a picture of its own"))
        cut = _cut_to_eight_bits(file)
        white_is_zero = isinstance(file, TiffImagePlugin.TiffImageFile) and file.tag_v2.get(_PHOTOMETRIC) == 0
        turned = ImageOps.exif_transpose(file)
        if turned.mode.startswith(("I", "F")):
            turned = _eight_bits(turned, white_is_zero=white_is_zero)
        elif cut:
            _require_meant(turned)
        if not turned.has_transparency_data:
            return turned.convert("RGB")
        clear = turned.convert("RGBA")
        below = Image.new("RGBA", clear.size, (*BACKGROUND, 255))
        return Image.alpha_composite(below, clear).convert("RGB")


@contextmanager
def _whole() -> Iterator[None]:
    """In here half a file is an error: for other code of the same process Pillow may fill the rest with grey, as
    WeasyPrint has it do. One thread at a time, or one would put back what another is still in need of."""
    from PIL import ImageFile

    with _TURN:
        before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


_TURN = threading.Lock()


def _opened(path: Path, most_pixels: int) -> "ImageFile":
    from PIL import Image

    try:
        return Image.open(path, formats=FORMATS)
    except Image.DecompressionBombError as error:  # Pillow's own limit, which is no OSError, and no setting of ours
        raise ValueError(
            say(
                "has more than {most} pixels, more than is ever opened, and data.limits.pixels: {limit}; save it "
                "smaller",
                most=f"{2 * (Image.MAX_IMAGE_PIXELS or 0):,}",
                limit=f"{most_pixels:,}",
            )
        ) from error


_PHOTOMETRIC = 262  # a tag of TIFF, where 0 means that white is 0


def _has_pages(file: "TiffImageFile") -> bool:
    """Whether a TIFF holds another picture that is as large as the first and no smaller copy or mask of it, as the
    pages of a stack are."""
    size, found = file.size, False
    with (
        catch_warnings(action="ignore"),
        suppress(Exception),
    ):  # what is wrong behind the first picture is nothing to it, and fails in many ways
        for page in range(1, _LOOKED_AT):
            file.seek(page)
            found = found or (file.size == size and not file.tag_v2.get(_KIND, 0) & _NO_PAGE)
    file.seek(0)
    return found


_LOOKED_AT = 8  # pictures of a file
_KIND, _NO_PAGE = 254, 0b101  # a tag of TIFF; bits of a smaller copy and of a mask


def _cut_to_eight_bits(file: "ImageFile") -> bool:
    """Whether Pillow keeps the upper 8 of 16 bits of each channel, which is known before it reads any pixel."""
    raw = file.tile[0].args if file.tile else ()
    return any(isinstance(mode, str) and ";16" in mode for mode in ((raw,) if isinstance(raw, str) else raw or ()))


def _require_meant(picture: "Image") -> None:
    """Raises ValueError for channels of 16 bits whose upper 8 do not say what is seen."""
    if isinstance(picture.info.get("transparency"), tuple):
        raise ValueError(say("names a transparent colour in 16 bits; save it with an alpha channel, or in 8 bits"))
    most = int(np.asarray(picture)[..., :3].max(initial=0))
    if 0 < most < _DARK >> 8:
        raise ValueError(
            say(
                "holds 16 bits, but no value above {most}: save it with its full range, or in 8 bits",
                most=f"{most * 257}",
            )
        )


def _eight_bits(picture: "Image", *, white_is_zero: bool) -> "Image":
    """A grey picture of whole numbers up to 65535, or of floats from 0 to 255, in 8 bits; with what is transparent."""
    from PIL import Image

    values = np.asarray(picture)
    if white_is_zero:
        if not picture.mode.startswith("I;16"):
            raise ValueError(say("holds numbers of 32 bits, of which 0 is white; save it with 0 for black"))
        values = 65535 - values
    least, most = float(values.min()), float(values.max())
    if picture.mode == "F":
        if not (least >= 0 and 1 < most <= 255):
            raise ValueError(
                say(
                    "holds floats from {least} to {most}; only 0 to 255 has a known meaning",
                    least=f"{least:g}",
                    most=f"{most:g}",
                )
            )
        return Image.fromarray(np.round(values).astype(np.uint8))
    if not (least >= 0 and most <= 65535):
        raise ValueError(
            say(
                "holds whole numbers from {least} to {most}; only 0 to 65535 has a known meaning",
                least=f"{least:g}",
                most=f"{most:g}",
            )
        )
    if 0 < most < _DARK:  # of 8, 12 or 14 bits, most likely: nearly black if they were taken for 16
        raise ValueError(
            say("holds 16 bits, but no value above {most}: save it with its full range, or in 8 bits", most=f"{most:g}")
        )
    grey = Image.fromarray(np.round(values / 257).astype(np.uint8))
    if isinstance(clear := picture.info.get("transparency"), int):
        grey.putalpha(Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8)))
    return grey


_DARK = 1 << 14  # of 65536: a picture that is lighter nowhere
