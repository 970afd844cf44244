"""The structure of a page or a PDF as lines of text, without what differs from run to run."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pikepdf
from PIL import Image

from exhibit.tasks.records.base import Array

GOLD = Path(__file__).parent / "gold"
# Elements that make the structure; all others only carry text or draw.
_SHOWN = {
    "header", "nav", "main", "article", "section", "aside", "h1", "h2", "h3", "h4", "p", "ul", "ol", "dl", "figure",
    "figcaption", "table", "caption", "th", "img", "svg", "pre", "select", "button", "script",
}  # fmt: skip
_WORDED = {"h1", "h2", "h3", "h4", "th", "caption", "figcaption"}  # whose words are part of it, scrubbed
_VOID = {"img", "meta", "link", "br", "input"}


def assert_gold(name: str, lines: Iterable[str]) -> None:
    """The lines are those of the gold file; with RENEW_GOLD set the file is written."""
    found, path = "\n".join(lines) + "\n", GOLD / name
    if "RENEW_GOLD" in os.environ:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8"), f"{path.name} differs; tests/gold/README.md says how to renew it"


def scrubbed(text: str) -> str:
    """Numbers, signs and digests as #, blanks as one; of a caption the first sentence."""
    plain = " ".join(text.split())
    first = re.match(r"((?:Figure|Table) \d+\. )?([^.;:]*)", plain)
    words = first[0] if first else plain
    return re.sub(r"[+−±-]?\d[\d,.]*%?", "#", re.sub(r"\b[0-9a-f]{8,}\b", "#", words)).strip()


class _Outline(HTMLParser):
    """Every shown start tag with its depth among the shown, its classes, and the text of those that have words."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, int | None]] = []
        self.lines: list[tuple[int, str, list[str]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        number = None
        if tag in _SHOWN and not self._inside("svg"):
            given = {key: value or "" for key, value in attrs}
            depth = sum(shown is not None for _, shown in self.stack)
            number = len(self.lines)
            self.lines.append((depth, _named(tag, given), []))
        if tag not in _VOID:
            self.stack.append((tag, number))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for tag, number in reversed(self.stack):
            if tag in _WORDED and number is not None:
                self.lines[number][2].append(data)
                return

    def _inside(self, tag: str) -> bool:
        return any(name == tag for name, _ in self.stack)


def _named(tag: str, given: dict[str, str]) -> str:
    """figure.kind-bars, img[alt]."""
    classes = "".join(f".{name}" for name in given.get("class", "").split())
    kept = [name for name in ("alt", "aria-label", "role", "scope", "data-facets") if given.get(name)]
    return tag + classes + "".join(f"[{name}]" for name in kept)


def outline(html: str) -> Iterator[str]:
    """The page, a line per element; equal neighbours as one line with their number."""
    body = html[html.index("<body") :]
    lines = [
        f"{'  ' * depth}{name}" + (f" {words}" if (words := scrubbed("".join(text))) else "")
        for depth, name, text in _Outline(body).lines
    ]
    return _counted(lines)


def _counted(lines: Iterable[str]) -> Iterator[str]:
    for line, same in groupby(lines):
        number = len(list(same))
        yield line if number == 1 else f"{line} x{number}"


def tags(pdf: pikepdf.Pdf) -> Iterator[str]:
    """The structure tree of a tagged PDF: types with their depth, and whether a figure has alternative text."""
    return _counted(_walk(pdf.Root.StructTreeRoot.K[0], 0))


def _walk(node: Any, depth: int) -> Iterator[str]:
    kind = str(node.get("/S", ""))
    if kind and kind not in ("/Span", "/NonStruct", "/Div"):
        yield "  " * depth + kind.lstrip("/") + ("[alt]" if str(node.get("/Alt", "")).strip() else "")
        depth += 1
    if kind == "/TR":
        return  # rows alike are counted, not their cells
    kids = node.get("/K", [])
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary):
            yield from _walk(kid, depth)


def letters_of(page: Any) -> list[float]:
    """The size of each run of letters of a page in points, as it stands there."""
    return _letters(page, page.Resources, np.eye(3))


def _letters(stream: Any, resources: Any, matrix: Array) -> list[float]:
    """The size of each run of letters in points, as it stands on the page."""
    found, kept, size, own = [], [], 0.0, np.eye(3)
    for operands, operator in pikepdf.parse_content_stream(stream):
        match str(operator):
            case "q":
                kept.append(matrix)
            case "Q":
                matrix = kept.pop()
            case "cm":
                matrix = _matrix(operands) @ matrix
            case "Tf":
                size = float(operands[1])
            case "Tm":
                own = _matrix(operands)
            case "Tj" | "TJ":
                found.append(size * float(abs(np.linalg.det((own @ matrix)[:2, :2])) ** 0.5))
            case "Do" if (inner := resources.XObject[str(operands[0])]).Subtype == "/Form":
                placed = _matrix(inner.Matrix) if "/Matrix" in inner else np.eye(3)
                found += _letters(inner, inner.get("/Resources", resources), placed @ matrix)
    return found


def _matrix(numbers: Any) -> Array:
    a, b, c, d, e, f = map(float, numbers)
    return np.array([[a, b, 0], [c, d, 0], [e, f, 1]])


def empty_bottoms(path: Path, share: float = 0.4) -> list[int]:
    """The numbers of the pages whose lower part is empty for more than this share of the room for text, but of those
    after which a chapter begins, and the last."""
    with pikepdf.open(path) as pdf, pdf.open_outline() as outline, TemporaryDirectory() as folder:
        numbers = {page.objgen: number for number, page in enumerate(pdf.pages, 1)}
        begins = {numbers[item.destination[0].objgen] for item in outline.root if item.destination}
        subprocess.run(["pdftoppm", "-r", "30", "-gray", path, f"{folder}/page"], check=True)
        found = []
        for number, file in enumerate(sorted(Path(folder).iterdir()), 1):
            pixels = np.asarray(Image.open(file))
            room = pixels[round(len(pixels) * 24 / 297) : round(len(pixels) * 275 / 297)]
            inked = np.flatnonzero((room < 235).any(axis=1))
            empty = 1 - (inked[-1] + 1) / len(room) if len(inked) else 1.0
            if empty >= share and number < len(pdf.pages) and number + 1 not in begins:
                found.append(number)
        return found
