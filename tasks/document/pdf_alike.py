"""Whether two PDFs of ours show the same: pages by their number, text by the line, pictures by the pixel, and all else
that is in them object by object. How it is packed makes no difference, nor what is drawn less than a hairline apart, on
the page, however much larger or smaller it is drawn there."""

import io
import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from exhibit.tasks.document.pdf_scales import Scale, scales
from exhibit.tasks.records.base import Array

_HAIR = 0.01  # of a point, by which what is drawn may lie elsewhere
_ENLARGED = 1e-5  # of itself, by which a matrix may enlarge or turn otherwise: a hairline over a page
_LAST = 1.5e-6  # the last decimal that is written, once up or down
_MATRICES = ("cm", "Tm")
_COLOURS = ("rg", "RG", "g", "G", "k", "K", "sc", "SC", "scn", "SCN")  # which no enlarging changes
_SHADE = 1  # of 255, by which a pixel may be lighter or darker
_PRODUCER = re.compile(rb"WeasyPrint \d[\w.]*")  # its version stands in the evidence
_PRODUCED = re.compile(rb'<rdf:Description rdf:about="" pdf:Producer="WeasyPrint \d[\w.]*" />')
_HASHED = re.compile(r"/i[0-9a-f]{32,33}").fullmatch
_PACKED = ("/DecodeParms", "/Filter", "/Length")  # how a stream is packed


def differing_pdfs(before: bytes, after: bytes) -> Iterator[str]:
    """A sentence for each thing in which the PDF differs from the one that was made `after` it; none if they show the
    same."""
    import pikepdf

    with pikepdf.open(io.BytesIO(before)) as old, pikepdf.open(io.BytesIO(after)) as new:
        if len(old.pages) != len(new.pages):
            yield f"{len(old.pages)} pages, {len(new.pages)} when they are made again"
        yield from (_about(number, *pages) for number, pages in _pages(old, new) if pages[0] != pages[1])
        yield from _objects(old, new)


def _pages(old: Any, new: Any) -> Iterator[tuple[int, tuple[list[str], list[str]]]]:
    """The lines of every page."""
    for number, (then, now) in enumerate(zip(old.pages, new.pages, strict=False), 1):
        yield number, (lines(then), lines(now))


def _about(page: int, then: list[str], now: list[str]) -> str:
    """Where the lines of a page part."""
    pairs = itertools.zip_longest(then, now)
    line, (old, new) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    said = ["nothing" if text is None else repr(text[:80]) for text in (old, new)]
    return f"page {page}, line {line}: {said[0]}, and {said[1]} when it is made again"


def lines(page: Any) -> list[str]:
    """The text of a page or of a drawing on it, line by line in the order in which it is set."""
    import pikepdf

    found: list[str] = []
    resources = page.get("/Resources", {})
    fonts = {name: _letters(font) for name, font in resources.get("/Font", {}).items()}
    letters: dict[int, str] = {}
    for step in pikepdf.parse_content_stream(page):
        operands: Any = step.operands
        match str(step.operator):
            case "BT":
                found.append("")
            case "Tf":
                letters = fonts.get(str(operands[0]), {})
            case "Tj" | "TJ" if found:
                parts = operands[0] if isinstance(operands[0], pikepdf.Array) else operands
                codes = b"".join(bytes(part) for part in parts if isinstance(part, pikepdf.String))
                pairs = (int.from_bytes(codes[place : place + 2]) for place in range(0, len(codes), 2))
                found[-1] += "".join(letters.get(pair, "�") for pair in pairs)
            case "Do":
                drawing = resources.get("/XObject", {}).get(str(operands[0]))
                if drawing is not None and drawing.get("/Subtype") == "/Form":
                    found += lines(drawing)
    return [line for line in found if line]


_LETTER = re.compile(rb"<([0-9a-fA-F]{4})> <([0-9a-fA-F]*)>")


def _letters(font: Any) -> dict[int, str]:
    """What each code of a font stands for."""
    table = font.get("/ToUnicode")
    return {} if table is None else _letters_of(table.read_bytes())


@lru_cache(maxsize=32)  # every drawing of a page has the fonts of the page
def _letters_of(table: bytes) -> dict[int, str]:
    pairs = _LETTER.findall(table)
    return {int(code, 16): bytes.fromhex(text.decode()).decode("utf-16-be", "replace") for code, text in pairs}


def _objects(old: Any, new: Any) -> Iterator[str]:
    """Whatever the files hold, one by one as it is come to."""
    was, is_ = _File(old), _File(new)
    for (then, plain), (now, other) in itertools.zip_longest(was.reached(), is_.reached(), fillvalue=(None, None)):
        if not _alike(plain, other):
            yield f"{_called(then)} is not what is made again"
            return
        if _is_stream(then) and (said := _unlike_streams(then, now, was, is_)):
            yield said
            return


class _File:
    """The objects of a PDF as plain data, in which they stand for each other by the order in which they are met:
    numbers and names that follow from how they are packed are no part of them."""

    def __init__(self, pdf: Any) -> None:
        self._pdf = pdf
        self._numbers: dict[tuple[int, int], int] = {}
        self._found: list[Any] = []
        # Without the "/" of all names in a file, so that nothing in it can be called like this.
        self._pictures = {name: f"picture {number}" for number, name in enumerate(_pictures(pdf))}

    @cached_property
    def scales(self) -> dict[tuple[int, int], float]:
        """How much larger each of its drawings is drawn."""
        return scales(self._pdf)

    def reached(self) -> Iterator[tuple[Any, Any]]:
        """Every object that the file comes to, and the same as plain data."""
        for key in ("/Root", "/Info"):
            self._number(self._pdf.trailer[key])
        for item in self._found:  # which grows meanwhile
            yield item, self.plain(item, whole=True)

    def plain(self, item: Any, whole: bool = False) -> Any:
        """An object as plain data; others that it refers to by a number, unless it is to be `whole`."""
        import pikepdf

        match item:
            case pikepdf.Object() if item.is_indirect and not whole:
                found: Any = ("object", self._number(item))
            case pikepdf.Dictionary() | pikepdf.Stream():
                named = {self._pictures.get(key, key): value for key, value in item.items() if key not in _PACKED}
                found = {key: self.plain(named[key]) for key in sorted(named)}
                if isinstance(made := found.get("/Producer"), bytes) and _PRODUCER.fullmatch(made):
                    del found["/Producer"]
            case pikepdf.Array():
                found = [self.plain(part) for part in item]
            case pikepdf.String():
                found = bytes(item)
            case pikepdf.Object():
                found = self._pictures.get(str(item), str(item))
            case _:
                found = float(item) if isinstance(item, Decimal) else item
        return found

    def _number(self, item: Any) -> int:
        if item.objgen not in self._numbers:
            self._numbers[item.objgen] = len(self._found)
            self._found.append(item)
        return self._numbers[item.objgen]


def _pictures(pdf: Any) -> list[str]:
    """Names of pictures that are made of their bytes, in the order in which they lie in the file."""
    import pikepdf

    drawings = [item.get("/XObject") for item in pdf.objects if isinstance(item, pikepdf.Dictionary)]
    named = [pair for found in drawings if isinstance(found, pikepdf.Dictionary) for pair in found.items()]
    places = {name: item.objgen for name, item in named if _HASHED(name)}
    return sorted(places, key=lambda name: places[name])


def _is_stream(item: Any) -> bool:
    import pikepdf

    return isinstance(item, pikepdf.Stream)


def _called(item: Any) -> str:
    """What to call an object for people."""
    import pikepdf

    if not isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        return "what it is made of"
    name = item.get("/S", item.get("/Subtype", item.get("/Type", "")))
    return f"something in it ({str(name).removeprefix('/')})" if name else "what is drawn"


def _unlike_streams(then: Any, now: Any, was: _File, is_: _File) -> str | None:
    old, new = then.read_bytes(), now.read_bytes()
    if old == new:
        return None
    if str(then.get("/Subtype")) == "/Image":
        return None if _same_pixels(old, new) else "a picture has other pixels when it is made again"
    if str(then.get("/Type")) == "/Metadata":
        same = _PRODUCED.sub(b"", old, count=1) == _PRODUCED.sub(b"", new, count=1)
        return None if same else "what it says of itself is not what is made again"
    remarks = old.count(b"%") != new.count(b"%")  # which draw nothing, and are never written
    draws = str(then.get("/Subtype", "/Form")) == "/Form" and not {"/Length1", "/N"} & set(then.keys())
    return (
        None
        if draws and not remarks and _same_marks(then, now, was, is_)
        else f"{_called(then)} is not what is made again"
    )


def _same_pixels(old: bytes, new: bytes) -> bool:
    then, now = np.frombuffer(old, np.uint8), np.frombuffer(new, np.uint8)
    return alike_pixels(then, now)


def alike_pixels(then: Array, now: Array) -> bool:
    """Whether two pictures, of whole numbers to 255, are the same but for a shade that no eye sees."""
    return then.shape == now.shape and bool((np.abs(then.astype(int) - now.astype(int)) <= _SHADE).all())


def _same_marks(then: Any, now: Any, was: _File, is_: _File) -> bool:
    """Whether two streams draw the same: the same letters and strokes in the same order, in the same places."""
    import pikepdf

    old, new = (pikepdf.parse_content_stream(item) for item in (then, now))
    if len(old) != len(new):
        return False
    scale = Scale(is_.scales.get(now.objgen, 1.0))
    for a, b in zip(old, new, strict=True):
        operator, one, other = str(b.operator), _operands(a, was), _operands(b, is_)
        hair = _HAIR if operator in _COLOURS else _HAIR / max(1.0, scale.now)
        turned = 4 if operator in _MATRICES else 0
        if str(a.operator) != operator or not _alike(one[turned:], other[turned:], hair):
            return False
        if turned and not _same_matrix(one[:turned], other[:turned]):
            return False
        scale.step(operator, list(b.operands))
    return True


def _same_matrix(then: list[Any], now: list[Any]) -> bool:
    """Whether nothing on a page lies elsewhere by it: what is far from its origin moves by far more than it says."""
    largest = max((abs(part) for part in now), default=0.0)
    return _alike(then, now, max(_LAST, _ENLARGED * largest))


def _operands(step: Any, file: _File) -> list[Any]:
    import pikepdf

    if isinstance(step, pikepdf.ContentStreamInlineImage):
        return [bytes(step.iimage.unparse())]
    return [file.plain(item) for item in step.operands]


def _alike(then: Any, now: Any, hair: float = _HAIR) -> bool:
    match then, now:
        case dict(), dict():
            return then.keys() == now.keys() and all(_alike(then[key], now[key], _hair(key, hair)) for key in then)
        case (list(), list()) | (tuple(), tuple()):
            return len(then) == len(now) and all(_alike(a, b, hair) for a, b in zip(then, now, strict=True))
        case (float(), float() | int()) | (int(), float()):
            return abs(then - now) <= hair
        case _:
            return bool(type(then) is type(now) and then == now)


def _hair(key: str, hair: float) -> float:
    """How far numbers of a dictionary may be apart; in units that are the smallest where they are enlarged."""
    return _ENLARGED if key in ("/Matrix", "/Coords") else hair
