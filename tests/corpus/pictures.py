"""Pictures of users: what is in the files, how large they are, and what is called a picture and is none."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, TiffImagePlugin

from exhibit.tasks.data.folder import ImageFolderSpec, PhotographsSpec
from exhibit.tasks.records.data import Dataset
from tests.conftest import Memory
from tests.corpus.outcome import Excluded, Outcome, Refused, Taken, check_data
from tests.corpus.recipe import Content, Recipe, of_file, put

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)
NOISE = np.random.default_rng(0).integers(0, 255, (64, 64), dtype=np.uint8)


def drawn(pixels: Any, kind: str = "PNG", mode: str | None = None, **options: Any) -> bytes:
    """These pixels in a file of this kind."""
    buffer = io.BytesIO()
    picture = Image.fromarray(np.asarray(pixels))
    (picture.convert(mode) if mode else picture).save(buffer, kind, **options)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A picture that says it is as large as that, and holds nothing."""
    data = bytearray(drawn(GREY))
    data[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def photograph(name: str, content: Content, expected: Outcome, file: str = "own.png", **options: Any) -> Recipe:
    """Beside a good one."""

    def load(path: Path) -> Dataset:
        good = put(path.with_name("good.png"), drawn(GREY))
        spec = PhotographsSpec(paths=(good, path), labels=("a", "b"), classes=("a", "b"), size=8, **options)
        spec.spec_with_digests()
        return spec.load(Memory())

    return of_file(f"picture: {name}", file, content, load, expected)


def folder(name: str, make: Callable[[Path], object], expected: Outcome, **options: Any) -> Recipe:
    """A folder with two classes of five pictures each, and what `make` does to it."""

    def run(root: Path) -> None:
        root = root / "own"
        for label in ("a", "b"):
            for number in range(5):
                put(root / label / f"{number}.png", drawn(GREY + number))
        make(root)

        def load() -> Dataset:
            spec = ImageFolderSpec(path=root, size=8, **options)
            spec.spec_with_digests()
            return spec.load(Memory())

        check_data(load, expected)

    return Recipe(f"folder: {name}", run)


BOTH = Taken(2)


def pages(first: Any, second: Any, kind: int = 0) -> bytes:
    """A TIFF of two pictures, the second of which says what it is to the first."""
    own = TiffImagePlugin.ImageFileDirectory_v2()
    own[254] = kind
    other = Image.fromarray(np.ascontiguousarray(second))
    other.encoderinfo = {"tiffinfo": own}
    return drawn(first, "TIFF", save_all=True, append_images=[other])


def coloured(most: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A .png file of 4 x 4 pixels whose colours have 16 bits."""
    parts = (b"IHDR", struct.pack(">IIBBBBB", 4, 4, 16, 2, 0, 0, 0)), *chunks
    rows = (b"\0" + struct.pack(">12H", *range(0, most + 1, most // 11))) * 4
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (*parts, (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def left_out(words: str) -> Excluded:
    return Excluded(1, words)


def _none(root: Path) -> None:
    for path in root.glob("*/*"):
        path.write_bytes(b"")


def _bytes(root: Path, name: bytes) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_bytes(drawn(GREY))


PICTURES = [
    *(photograph(f"mode {mode}", drawn(GREY, mode=mode), BOTH) for mode in ("1", "L", "P", "RGB", "RGBA", "LA")),
    *(photograph(kind, drawn(GREY, kind), BOTH, file=f"own.{kind.lower()}") for kind in ("BMP", "GIF", "JPEG", "TIFF", "WEBP")),
    photograph("CMYK", drawn(GREY, "JPEG", "CMYK"), BOTH, file="own.jpg"),
    photograph("a TIFF of several pages", pages(GREY, GREY + 1), left_out("several pages of one size"), file="own.tif"),
    photograph("a TIFF of several pages of 16 bits", pages(GREY.astype(np.uint16) * 257, GREY.astype(np.uint16)), left_out("several pages of one size"), file="own.tif"),
    photograph("a TIFF with a smaller copy", pages(GREY, GREY[::2, ::2]), BOTH, file="own.tif"),
    photograph("a TIFF with a mask", pages(GREY, GREY, kind=4), BOTH, file="own.tif"),
    photograph("a TIFF with something behind its picture", pages(GREY, GREY)[:-400], BOTH, file="own.tif"),
    photograph("an animation", drawn(GREY, "GIF", save_all=True, append_images=[Image.fromarray(GREY.T.copy())]), BOTH, file="own.gif"),
    photograph("one pixel", drawn(GREY[:1, :1]), BOTH),
    photograph("one pixel wide", drawn(np.zeros((3000, 1), np.uint8)), BOTH),
    photograph("one pixel high", drawn(np.zeros((1, 3000), np.uint8)), BOTH),
    photograph("one pixel wide, cut out", drawn(np.zeros((3000, 1), np.uint8)), BOTH, resize=8),
    photograph("too narrow to be cut out", drawn(np.zeros((60_000, 1), np.uint8)), left_out("too narrow to bring"), resize=64),
    photograph("more pixels than the limit", drawn(GREY), Refused("more than data.limits.pixels: 9"), limits={"pixels": 9}),
    photograph("two gigapixels", bomb(50_000, 50_000), left_out("pixels, more than|exceeds limit")),
    photograph("hundred megapixels", bomb(10_000, 10_000), left_out("10000 x 10000 pixels, more than data.limits.pixels")),
    photograph("no width", bomb(0, 10), left_out("")),
    photograph("16 bits", drawn(np.arange(65536, dtype=np.uint16).reshape(256, 256)), BOTH),
    photograph("12 bits in 16", drawn(np.arange(4096, dtype=np.uint16).reshape(64, 64)), left_out("save it with its full range")),
    photograph("colours of 16 bits", coloured(65535), BOTH),
    photograph("colours of 12 bits in 16", coloured(4095), left_out("save it with its full range")),
    photograph("a transparent colour of 16 bits", coloured(65535, (b"tRNS", struct.pack(">3H", 1, 2, 3))), left_out("names a transparent colour in 16 bits")),
    photograph("floats", drawn(np.linspace(0, 255, 256, dtype=np.float32).reshape(16, 16), "TIFF"), BOTH, file="own.tif"),
    photograph("floats of unknown range", drawn(np.linspace(-9, 9, 256, dtype=np.float32).reshape(16, 16), "TIFF"), left_out("has a known meaning"), file="own.tif"),
    photograph("floats that are none", drawn(np.full((4, 4), np.nan, np.float32), "TIFF"), left_out("has a known meaning"), file="own.tif"),
    photograph("half a file", drawn(NOISE)[:2000], left_out("")),
    photograph("an empty file", b"", left_out("cannot identify")),
    photograph("text", b"hello", left_out("cannot identify")),
    photograph("PostScript", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n", left_out("cannot identify")),
    photograph("SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', left_out("cannot identify")),
    photograph("PDF", b"%PDF-1.4\n", left_out("cannot identify")),
    photograph("HTML", b"<html></html>", left_out("cannot identify"), file="own.jpg"),
    photograph("a folder", lambda path: path.mkdir(), left_out("is not a regular file")),
    photograph("a pipe", lambda path: os.mkfifo(path), Refused("is a pipe or a device")),
    photograph("an endless device", lambda path: path.symlink_to("/dev/zero"), Refused("is a pipe or a device")),
    photograph("a dangling link", lambda path: path.symlink_to("none.png"), Refused("does not exist")),
    folder("good ones", lambda root: None, Taken(10, classes=("a", "b"))),
    folder("none is one", _none, Refused("none of 10 pictures could be read")),
    folder("other files", lambda root: put(root / "a" / "readme.txt", "x"), Taken(10)),
    folder("a pipe among them", lambda root: os.mkfifo(root / "a" / "p.png"), Excluded(10, "is not a regular file")),
    folder("an endless device among them", lambda root: (root / "a" / "p.png").symlink_to("/dev/zero"), Excluded(10, "is not a regular file")),
    folder("a file of the system itself among them", lambda root: (root / "a" / "p.png").symlink_to("/proc/version"), Excluded(10, "is not a regular file")),
    folder("a dangling link among them", lambda root: (root / "a" / "p.png").symlink_to("none"), Excluded(10, "No such file")),
    folder("a folder among them", lambda root: (root / "a" / "p.png").mkdir(), Excluded(10, "is not a regular file")),
    folder("PostScript among them", lambda root: put(root / "a" / "p.png", b"%!PS-Adobe-3.0\n"), Excluded(10, "cannot identify")),
    folder("a name that is no UTF-8", lambda root: _bytes(root, b"a/\xff.png"), Excluded(10, "name of the file is no UTF-8; rename")),
    folder("names of every kind", lambda root: put(root / "a" / "Größe 😀 <b>.png", drawn(GREY)), Taken(11)),
    folder("a class that is no UTF-8", lambda root: (root / "a").rename(os.fsdecode(os.fsencode(root) + b"/\xff")), Refused("the name of the folder .* is no UTF-8")),
    folder("one class", lambda root: (root / "a").rename(root.parent / "a"), Refused("has 1 folder with pictures; it needs one per class")),
    folder("a file as a folder", lambda root: (root.rename(root.parent / "x"), root.write_text("")), Refused("is a file, where a folder was expected")),
    folder("nothing", lambda root: root.rename(root.parent / "x"), Refused("does not exist; put the folders")),
]  # fmt: skip
