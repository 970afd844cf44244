"""Facts of `exhibit verify` on PDFs whose drawings, words or bytes were changed where nobody would look, and that were
sealed again."""

import io
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream, String

from exhibit.flows.verify import verify
from exhibit.tasks.document.pdf import Attachment, render_pdf
from exhibit.tasks.document.pdf import _sealed as sealed
from exhibit.tasks.document.pdf_alike import differing_pdfs
from exhibit.tasks.document.pdf_kinds import between_objects, foreign, strange_bytes
from exhibit.tasks.document.pdf_scales import scales
from tests.flows.test_forgers import forged, png

PAGE = f"""<html lang="en"><head><title>Iris</title><style>@page {{ size: A5 }}</style></head><body>
<h1 id="a">Iris</h1><p>The petal length leads, with <a href="#a">0.62</a>.</p>
<svg width="300" height="90" viewBox="0 0 1 0.3"><title>bar</title>
<rect width="0.5" height="0.1" fill="#369" opacity="0.5"/></svg>
<svg width="300" height="90" viewBox="0 0 30000 9000"><title>far</title>
<rect width="20000" height="1000" fill="#369"/></svg>
<svg width="90" height="90" viewBox="0 0 90 90"><title>g</title><defs><linearGradient id="q">
<stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#000"/></linearGradient></defs>
<rect width="50" height="20" fill="url(#q)"/></svg>
<img alt="one" style="image-rendering: pixelated" src="data:image/png;base64,{png(90)}">
<img alt="two" style="image-rendering: pixelated" src="data:image/png;base64,{png(200)}">
<h2 style="break-before: page">Second page</h2></body></html>"""
PICTURE = re.compile(r"/i[0-9a-f]{32,33}").fullmatch


@pytest.fixture(scope="module")
def whole() -> bytes:
    file = Attachment(name="checks.json", description="checks", data=b"[]", relationship="Data")
    return render_pdf(PAGE, [file], "2026-01-01T00:00:00Z")


def having(document: pikepdf.Pdf, key: str) -> Iterator[Any]:
    found = [item for item in document.objects if isinstance(item, Dictionary | Stream) and key in item]
    assert found
    return iter(found)


def rewritten(stream: Any, then: bytes, now: bytes) -> None:
    marks = stream.read_bytes()
    assert then in marks
    stream.write(marks.replace(then, now))


def on_page(then: bytes, now: bytes) -> Callable[[pikepdf.Pdf], None]:
    return lambda document: rewritten(document.pages[0].Contents, then, now)


def called_as_a_picture(document: pikepdf.Pdf) -> None:
    """Another picture under the name that the page draws; the right one lies beside it, called as the comparison called
    it."""
    drawings = document.pages[0].Resources.XObject
    names = sorted((name for name in drawings if PICTURE(name)), key=lambda name: drawings[name].objgen)
    right = drawings[names[-1]]
    facts = {key[1:]: value for key, value in right.items() if key not in ("/Length", "/Filter", "/DecodeParms")}
    drawings[f"/picture{len(names) - 1}"] = right
    drawings[names[-1]] = document.make_stream(bytes(len(right.read_bytes())), **facts)


def said(key: str) -> Callable[[pikepdf.Pdf], None]:
    """Words behind the name of the engine, whose version alone may be another."""

    def change(document: pikepdf.Pdf) -> None:
        item = next(having(document, key))
        item[key] = String(bytes(item[key]) + b"WeasyPrint 9.all_checks_passed")

    return change


def half_a_pattern(document: pikepdf.Pdf) -> None:
    pattern = next(item for item in having(document, "/Matrix") if "/PatternType" in item or "/BBox" in item)
    pattern.Matrix = Array([float(pattern.Matrix[0]) + 0.009, *pattern.Matrix[1:]])


def half_a_unit(document: pikepdf.Pdf) -> None:
    """1.5 points of a bar of 150, in a drawing whose units are 300 points."""
    drawing = next(item for item in having(document, "/BBox") if b"0.5 0.1 re" in item.read_bytes())
    rewritten(drawing, b"0 0 0.5 0.1 re", b"0 0 0.495 0.1 re")


def wider(document: pikepdf.Pdf) -> None:
    face = next(having(document, "/FontDescriptor"))
    face.W[1][0] = int(face.W[1][0]) + 300


def read_otherwise(document: pikepdf.Pdf) -> None:
    rewritten(
        next(having(document, "/ToUnicode")).ToUnicode,
        b"endcmap",
        b"1 beginbfrange\n<0001> <00ff> <0041>\nendbfrange\nendcmap",
    )


def clear(document: pikepdf.Pdf) -> None:
    for resources in having(document, "/ExtGState"):
        for _, state in resources.ExtGState.items():
            state.ca = 0.5


def titled(document: pikepdf.Pdf) -> None:
    """In what the file says of itself, beside the title."""
    rewritten(document.Root.Metadata, b"Iris</rdf:li>", b"IrisWeasyPrint 9.all_checks_passed</rdf:li>")


def pixels(document: pikepdf.Pdf) -> None:
    """By three shades of 255."""
    picture = next(item for item in having(document, "/BitsPerComponent"))
    picture.write(bytes(min(255, shade + 3) for shade in picture.read_bytes()))


def bookmark(document: pikepdf.Pdf) -> None:
    document.Root.Outlines.First.Title = "Passed"


def place(document: pikepdf.Pdf) -> None:
    document.Root.Outlines.First.Dest = Array([document.pages[1].obj, Name.XYZ, 0, 0, 0])


def described(document: pikepdf.Pdf) -> None:
    next(having(document, "/Desc")).Desc = "all passed"


def size_told(document: pikepdf.Pdf) -> None:
    next(having(document, "/Params")).Params.Size = 1


def named_file(document: pikepdf.Pdf) -> None:
    next(having(document, "/UF")).UF = "checks.exe"


def doi(document: pikepdf.Pdf) -> None:
    document.pages[0].Annots[0].A = Dictionary(S=Name.URI, URI="https://doi.org/10.@elsewhere.example/")


def seen_through(document: pikepdf.Pdf) -> None:
    picture = next(item for item in having(document, "/BitsPerComponent"))
    picture.SMask = document.make_stream(
        bytes(16), Type=Name.XObject, Subtype=Name.Image, Width=4, Height=4, BitsPerComponent=8,
        ColorSpace=Name.DeviceGray,
    )  # fmt: skip


def to_be_signed(document: pikepdf.Pdf) -> None:
    """A field that looks as if it were signed."""
    look = document.make_stream(b"0 0 9 9 re f", Subtype=Name.Form, BBox=[0, 0, 9, 9])
    field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Sig, T="approver", Rect=[0, 0, 9, 9])
    field.AP = Dictionary(N=look)
    field = document.make_indirect(field)
    document.pages[1].Annots = Array([field])
    document.Root.AcroForm = Dictionary(Fields=[field], SigFlags=3)


CHANGES: dict[str, Callable[[pikepdf.Pdf], None]] = {
    "another picture under its name": called_as_a_picture,
    "an alternative text": said("/Alt"),
    "a bookmark": said("/Title"),
    "a title": lambda document: document.docinfo.update({"/Title": b"IrisWeasyPrint 9.all_checks_passed"}),
    "a title in the metadata": titled,
    "a bar half as long": on_page(b"0.01 0 0 0.01 0 0 cm", b"0.005 0 0 0.01 0 0 cm"),
    "a bar that is sheared": on_page(b"0.01 0 0 0.01 0 0 cm", b"0.01 0 0.009 0.01 0 0 cm"),
    "all of a page, enlarged": on_page(b"0.75 0 0 0.75 0 0 cm", b"0.759 0 0 0.75 0 0 cm"),
    "letters that are wider": on_page(b"1 0 0 -1 83 126.143125 Tm", b"1.009 0 0 -1 83 126.143125 Tm"),
    "a bar of small units": half_a_unit,
    "a gradient": half_a_pattern,
    "a remark": lambda document: rewritten(document.pages[0].Contents, b"\nBT\n", b"\n% all passed\nBT\n"),
    "letters set apart": wider,
    "letters read otherwise": read_otherwise,
    "what is seen through": clear,
    "three shades": pixels,
    "a bookmark's words": bookmark,
    "where a bookmark leads": place,
    "what an attachment is": described,
    "the size of an attachment": size_told,
    "the name of an attachment": named_file,
    "a link that begins as ours": doi,
    "a picture with holes": seen_through,
    "a field that looks signed": to_be_signed,
    "text that is not seen": lambda document: document.pages[0].contents_add(b"BT 3 Tr (passed) Tj ET"),
    "letters in place of others": on_page(b"<0013>0<0011>0<0019>", b"<0019>0<0011>0<0013>"),
    "another language": lambda document: document.Root.update({"/Lang": String("ja")}),
    "a page cut off": lambda document: document.pages[0].obj.update({"/MediaBox": Array([0, 0, 90, 90])}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_changed_in_a_sealed_pdf_is_damage_or_a_difference(whole: bytes, name: str) -> None:
    other = forged(whole, CHANGES[name])
    with pikepdf.open(io.BytesIO(other)) as document:
        strange = [*foreign(document), between_objects(other, document)]
    assert any(strange) or list(differing_pdfs(other, whole)), name


@pytest.mark.parametrize(
    "change",
    [
        lambda document: None,
        on_page(b"83 126.143125 Tm", b"83 126.15 Tm"),
        on_page(b"0.01 0 0 0.01 0 0 cm", b"0.010001 0 0 0.01 0 0 cm"),  # its last decimal
        on_page(b"0.2 0.4 0.6 rg", b"0.203922 0.4 0.6 rg"),  # a shade
        lambda document: document.docinfo.update({"/Producer": "WeasyPrint 71.0rc1"}),
        lambda document: rewritten(document.Root.Metadata, b'Producer="WeasyPrint ', b'Producer="WeasyPrint 1'),
    ],
    ids=["nothing", "a hairline", "a decimal", "a shade", "another engine", "another engine in the metadata"],
)
def test_a_hairline_a_shade_and_another_engine_are_none(whole: bytes, change: Callable[[pikepdf.Pdf], None]) -> None:
    other = forged(whole, change)
    assert strange_bytes(other) is None
    with pikepdf.open(io.BytesIO(other)) as document:
        assert (list(foreign(document)), between_objects(other, document)) == ([], None)
    assert list(differing_pdfs(other, whole)) == []


def test_how_much_larger_something_is_drawn_follows_from_the_page(whole: bytes) -> None:
    """A drawing of 1 x 0.3 that is 300 pixels wide, each of three quarters of a point."""
    with pikepdf.open(io.BytesIO(whole)) as document:
        found = scales(document)
        [drawing] = [item for item in having(document, "/BBox") if b"0.5 0.1 re" in item.read_bytes()]
        assert found[drawing.objgen] == pytest.approx(225)


def test_nothing_lies_behind_what_is_packed(whole: bytes) -> None:
    """Within the bytes of a stream, where whoever unpacks it has ended."""

    def longer(document: pikepdf.Pdf) -> None:
        marks = document.pages[0].Contents
        marks.write(zlib.compress(marks.read_bytes()) + b"all passed", filter=Name.FlateDecode)

    other = forged(whole, longer)
    assert b"all passed\nendstream" in other
    with pikepdf.open(io.BytesIO(other)) as document:
        assert between_objects(other, document) == "something between its objects"


@pytest.mark.parametrize("words", [b"PK approved\n", b"% approved\n", b"99 0 obj\n(approved)\nendobj\n"])
def test_nothing_lies_between_the_objects_of_a_pdf(whole: bytes, tmp_path: Path, words: bytes) -> None:
    """Before the last of them, which says where the others lie."""
    last = re.search(rb"startxref\n(\d+)\n", whole)
    assert last
    place = int(last[1])
    said = b"startxref\n%d\n" % (place + len(words))
    data = whole[:place] + words + whole[place:].replace(last[0], said)
    (path := tmp_path / "f.pdf").write_bytes(sealed(data))
    [found] = verify(path, integrity_only=True).findings
    assert found == "f.pdf: it holds something between its objects, as no report does"
