"""A signed report is the sealed one, byte by byte, and behind it a revision for each signature: an incremental update
of a PDF (ISO 32000-1, 7.5.6) that fills one field with a signature and what it looks like, and touches nothing else."""

import io
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from exhibit.tasks.document.pdf import pdf_digest_ok
from exhibit.tasks.document.pdf_kinds import strange_within, unpacked_too_large
from exhibit.tasks.document.signoff import known_language
from exhibit.tasks.records.language import ENGLISH

_END = re.compile(rb"\n%%EOF\n*")
_FILLED = {"/V", "/AP"}  # of a field: the signature, and what it looks like


class Unsigned(ValueError):
    """What follows the sealed report is no signature, or changes more than its field; the message says what."""


class Revision(NamedTuple):
    """One signature: which field it fills, where what is signed ends, and where its own bytes lie in that."""

    field: str
    end: int
    hole: tuple[int, int]


def sealed_part(data: bytes) -> bytes:
    """The report as it was sealed, without what was appended; all of it where no part of it is sealed."""
    ends = (found.end() for found in _END.finditer(data))
    return next((data[:end] for end in ends if pdf_digest_ok(data[:end])), data)


def fields(pdf: bytes) -> dict[str, tuple[float, float]]:
    """The fields that are prepared for signatures in a sealed report, with width and height of each in points."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        found = document.Root.AcroForm.Fields if "/AcroForm" in document.Root else ()
        boxes = {str(field.T): [float(length) for length in field.Rect] for field in found}
    return {name: (round(x2 - x1, 3), round(y2 - y1, 3)) for name, (x1, y1, x2, y2) in boxes.items()}


def language(pdf: bytes) -> str:
    """That of the pages of a sealed report."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        return known_language(str(document.Root.get("/Lang", ENGLISH)))


def revisions(data: bytes, sealed: int) -> list[Revision]:
    """The signatures behind the first `sealed` bytes of a report, in the order in which they were made.

    Raises:
        Unsigned: where there is anything else.
    """
    import pikepdf

    if len(data) == sealed:
        return []
    if more := unpacked_too_large(data[sealed:]):
        raise Unsigned(f"what was appended holds {more}")
    try:
        with _opened(data) as document:
            found = sorted(_signatures(document), key=lambda item: item.end)
        ends = [sealed, *(item.end for item in found)]
        if ends[-1] != len(data):
            raise Unsigned("something was appended to it that nobody has signed")
        for revision, (before, after) in zip(found, pairwise(ends), strict=True):
            _require_its_own(data, revision, before)
            _require_only(revision.field, data[:before], data[:after])
    except (pikepdf.PdfError, AttributeError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        if isinstance(error, Unsigned):
            raise
        raise Unsigned("what was appended to it is no signature that can be read") from error
    return found


def _signatures(document: Any) -> Iterator[Revision]:
    fields = document.Root.AcroForm.Fields if "/AcroForm" in document.Root else ()
    for field in fields:
        if "/V" in field:
            start, first, second, last = (int(number) for number in field.V.ByteRange)
            if start != 0:
                raise Unsigned(f"the signature of the {field.T} leaves out where the report begins")
            yield Revision(str(field.T), second + last, (first, second))


def _require_its_own(data: bytes, revision: Revision, before: int) -> None:
    """What a signature leaves out is itself, and nothing but itself."""
    first, second = revision.hole
    if not before < first < second < revision.end or not _HEX.fullmatch(data[first:second]):
        raise Unsigned(f"the signature of the {revision.field} does not cover all that was there when it was made")


_HEX = re.compile(rb"<[0-9a-fA-F]*>")


def _require_only(name: str, before: bytes, after: bytes) -> None:
    """That a revision only fills the field of this name."""
    with _opened(before) as old, _opened(after) as new:
        then, now = _plain(old), _plain(new)
        (field,) = [item for item in new.Root.AcroForm.Fields if str(item.T) == name]
        if changed := [key for key in then if then[key] != now.get(key) and key != field.objgen]:
            raise Unsigned(f"what was signed as {name} changes {_called(old, changed[0])}")
        (empty,) = [item for item in old.Root.AcroForm.Fields if item.objgen == field.objgen]
        if "/V" in empty or _without(empty) != _without(field):
            raise Unsigned(f"what was signed as {name} changes the field for it")
        if _said_by(old.trailer) != _said_by(new.trailer):
            raise Unsigned(f"what was signed as {name} is another document")
        known: dict[tuple[int, int], str] = {}
        strange = list(strange_within([(field.V, "signature"), (field.AP, "look")], known))
        added = now.keys() - then.keys()
        if any(key not in known and not _says_where_others_lie(new, key) for key in added):
            strange.append("something that nothing in it refers to")
        if known.keys() & then.keys() or added & _referred_to(then):
            strange.append("a part of what was there before")
        if strange:
            raise Unsigned(f"what was signed as {name} adds {strange[0]}")


def _opened(data: bytes) -> Any:
    """A PDF as it says where its objects lie; one that does not is not mended by a guess."""
    import pikepdf

    return pikepdf.open(io.BytesIO(data), attempt_recovery=False)


def _plain(document: Any) -> Mapping[tuple[int, int], tuple[bytes, bytes]]:
    """Every object as it is written, with what is packed in it."""
    import pikepdf

    found = {}
    for item in document.objects:
        if isinstance(item, pikepdf.Stream):
            found[item.objgen] = item.stream_dict.unparse(resolved=True), item.read_raw_bytes()
        elif isinstance(item, pikepdf.Dictionary | pikepdf.Array):
            found[item.objgen] = item.unparse(resolved=True), b""
        elif item is not None:  # it does not say its number, and no report has one
            raise Unsigned("it holds a number or a text as an object of its own")
    return found


def _says_where_others_lie(document: Any, key: tuple[int, int]) -> bool:
    """Whether it is the table of a revision's objects, which is one of them."""
    import pikepdf

    item = document.get_object(key)
    return isinstance(item, pikepdf.Stream) and str(item.get("/Type")) == "/XRef"


def _referred_to(objects: Mapping[tuple[int, int], tuple[bytes, bytes]]) -> set[tuple[int, int]]:
    """All that objects refer to, whether it is there or not: what is not may be put there later."""
    pairs = [pair for written, _ in objects.values() for pair in _REFERENCE.findall(written)]
    return {(int(number), int(generation)) for number, generation in pairs}


_REFERENCE = re.compile(rb"(\d+) (\d+) R\b")


def _reference(value: Any) -> bytes:
    """A value as it is written, with what it refers to as numbers."""
    import pikepdf

    return bytes(value.unparse()) if isinstance(value, pikepdf.Object) else repr(value).encode()


def _without(field: Any) -> dict[str, bytes]:
    return {key: _reference(value) for key, value in field.items() if key not in _FILLED}


def _said_by(trailer: Any) -> list[bytes]:
    return [_reference(trailer[key]) for key in ("/Root", "/Info")] + [bytes(trailer.ID[0])]


def _called(document: Any, key: tuple[int, int]) -> str:
    """What to call an object for people."""
    import pikepdf

    item = document.get_object(key)
    kind = str(item.get("/Type", "")) if isinstance(item, pikepdf.Dictionary | pikepdf.Stream) else ""
    return _NAMES.get(kind, "what is on its pages")


_NAMES = {
    "/Annot": "a link or a field on a page",
    "/Catalog": "what the document is made of",
    "/EmbeddedFile": "an attachment",
    "/Filespec": "an attachment",
    "/Metadata": "what it says of itself",
    "/Page": "a page",
    "/Pages": "the number of pages",
}
