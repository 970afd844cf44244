"""The document as PDF/A-3a and PDF/UA-1: tagged, with its evidence attached and with its own digest inside."""

import io
import logging
import os
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path, PurePath
from runpy import run_path
from typing import Any, Literal

from exhibit.tasks.document import pdf_tags, signoff
from exhibit.tasks.document.fonts import SCHEME, last_face
from exhibit.tasks.document.pdf_fonts import number_by_place
from exhibit.tasks.document.pdf_shaping import shape_texts_of_pictures
from exhibit.tasks.faces import path
from exhibit.tasks.records.base import InputError, Record

_TYPES = {  # by ending; the engine would ask the machine's table, and two machines would write two files
    ".csv": "text/csv",
    ".json": "application/json",
    ".npz": "application/zip",
    ".parquet": "application/vnd.apache.parquet",
    ".txt": "text/plain",
    ".yaml": "application/yaml",
}
_FONTS = Path(__file__).parents[2] / "templates" / "fonts.conf"
_ZEROS = b"0" * 64
_AFTER_FRONT = "verdicts"  # the id of what begins a page after the front
_END_OF_FRONT = "front-end"  # and of the last line of a front that is to fit on page one
_FIELD = b"/ID [("


class Attachment(Record):
    """A file inside the PDF. `relationship` as in ISO 32000-2, 7.11.3."""

    name: str
    description: str
    data: bytes
    relationship: Literal["Source", "Data", "Supplement", "Alternative"]


class RenderingError(RuntimeError):
    """The PDF would not be what was meant; the message names what is missing."""


def render_pdf(
    html: str, attachments: Sequence[Attachment], issued: str, closer: Callable[[], str] | None = None
) -> bytes:
    """PDF/A-3a and PDF/UA-1 of a page made by `render_html(..., "print")`; the same input gives the same bytes.

    `issued` (ISO 8601) is the only date in it. Its identifier is the sha256 of the file with that field as zeros.
    `closer`: the page more closely set, for where the front of `html` would go on beyond page one.

    Raises:
        RenderingError: for a missing glyph, an image that cannot be read, a style that the engine does not know.
    """
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    shape_texts_of_pictures()
    when = datetime.fromisoformat(issued).astimezone(UTC)
    items = sorted(attachments, key=lambda item: item.name)
    fixed = {
        "SOURCE_DATE_EPOCH": str(int(when.timestamp())),  # fonts are subset with this date, and with now without it
        "FONTCONFIG_FILE": str(_FONTS),  # the machine's and the user's rules would slant and embolden, and add fonts
    }
    with _environment(fixed), _complaints() as complaints:
        fonts, fetcher = FontConfiguration(), _fetcher()
        weasyprint.CSS(string=last_face(), font_config=fonts, url_fetcher=fetcher)  # the engine dies where it has none
        options = {
            "pdf_variant": "pdf/a-3a",
            "pdf_identifier": _ZEROS,
            "presentational_hints": True,
        }

        def laid_out(page: str) -> Any:
            return weasyprint.HTML(string=page, url_fetcher=fetcher).render(font_config=fonts, **options)

        pages = laid_out(html)
        goes_on = any(_END_OF_FRONT in page.anchors for page in pages.pages[1:])
        if closer and (goes_on or any(_AFTER_FRONT in page.anchors for page in pages.pages[2:])):
            pages = laid_out(html := closer())
        places = pdf_tags.Places.of(html)

        def written(blanks: int) -> bytes:
            def finisher(laid_out: Any, pdf: Any) -> None:
                _finished(laid_out, pdf, items, places)
                pdf.catalog["Type"] += " " * blanks

            attached = [_attached(item, when) for item in items]  # each of which can be written once
            return bytes(pages.write_pdf(finisher=finisher, attachments=attached, **options))

        data = ending_clearly(written)
    if complaints:
        raise RenderingError("the PDF was not written: " + "; ".join(dict.fromkeys(complaints)))
    return _sealed(data)


def render_part(html: str) -> tuple[int, bytes]:
    """Of a page that becomes a part of another: on how many sheets it lies, and the PDF, which says nothing of itself.

    Raises:
        RenderingError: as `render_pdf`.
    """
    with _complaints() as complaints:
        laid_out = _laid_out(html)
        data = laid_out.write_pdf(finisher=_part_finished)
    if complaints:
        raise RenderingError("the line was not drawn: " + "; ".join(dict.fromkeys(complaints)))
    return len(laid_out.pages), data


def _part_finished(_: Any, pdf: Any) -> None:
    number_by_place(pdf)
    _streams_end_clearly(pdf)


def sheets(html: str) -> int:
    """On how many sheets a part of a page lies; what its links lead to need not be in it."""
    linked = _LINK.sub('href="#here"', html).replace("<body", '<body id="here"', 1)
    return len(_laid_out(linked).pages)


_LINK = re.compile('href="#[^"]*"')


def _laid_out(html: str) -> Any:
    import weasyprint
    from weasyprint.text.fonts import FontConfiguration

    with _environment({"FONTCONFIG_FILE": str(_FONTS)}):
        fonts, fetcher = FontConfiguration(), _fetcher()
        weasyprint.CSS(string=last_face(), font_config=fonts, url_fetcher=fetcher)
        return weasyprint.HTML(string=html, url_fetcher=fetcher).render(font_config=fonts)


def pdf_digest(data: bytes) -> str:
    """sha256 of the file with its identifier as zeros.

    Raises:
        InputError: if there is no identifier of ours.
    """
    return sha256(_with_identifier(data, _ZEROS)).hexdigest()


def pdf_digest_ok(data: bytes) -> bool:
    """Whether the file is, byte by byte, the one that was written."""
    try:
        return data == _sealed(data)
    except InputError:
        return False


def _sealed(data: bytes) -> bytes:
    return _with_identifier(data, pdf_digest(data).encode())


def _with_identifier(data: bytes, identifier: bytes) -> bytes:
    start = data.rfind(_FIELD) + len(_FIELD)
    if start < len(_FIELD) or data[start + 64 : start + 65] != b")":
        raise InputError("the file has no identifier field of an Exhibit report")
    return data[:start] + identifier + data[start + 64 :]


@cache
def typesetting() -> Mapping[str, str]:
    """Versions of the libraries of the system that set the pages and pack them; they change no number."""
    weasyprint = find_spec("weasyprint")
    assert weasyprint is not None
    assert weasyprint.origin is not None
    loaded = run_path(str(Path(weasyprint.origin).parent / "text" / "ffi.py"))  # all of it would take long to load
    ffi, pango, harfbuzz = (loaded[name] for name in ("ffi", "pango", "harfbuzz"))
    ffi.cdef("const char *pango_version_string(void); const char *hb_version_string(void);", override=True)
    versions = {"Pango": pango.pango_version_string(), "HarfBuzz": harfbuzz.hb_version_string()}
    return {name: ffi.string(version).decode() for name, version in versions.items()} | {
        "zlib": zlib.ZLIB_RUNTIME_VERSION
    }


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Variables of the environment while this lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the engine warns about; it would leave a hole in the page and go on."""
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    try:
        yield messages
    finally:
        logger.removeHandler(handler)


def _fetcher() -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Inside(URLFetcher):  # type: ignore[misc]
        """Only what is inside the page, and the fonts of the dependencies."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
            if url.startswith(SCHEME):
                return URLFetcherResponse(url, path(url.removeprefix(SCHEME)).read_bytes())
            return super().fetch(url, headers)

    return Inside(allowed_protocols=("data",))


def _attached(item: Attachment, when: datetime) -> Any:
    import weasyprint

    return weasyprint.Attachment(
        file_obj=io.BytesIO(item.data),
        name=item.name,
        description=item.description,
        created=when,
        modified=when,
        relationship=item.relationship,
    )


def _finished(laid_out: Any, pdf: Any, items: Sequence[Attachment], places: Mapping[str, str]) -> None:
    _described(pdf, items)
    pdf_tags.mend(pdf, places)
    signoff.add_fields(laid_out, pdf)
    number_by_place(pdf)
    _streams_end_clearly(pdf)


def _described(pdf: Any, items: Sequence[Attachment]) -> None:
    """Says of each attachment, in the order in which they were given, what it is, and lists it once: the engine lists
    it twice, and gives one relationship to all of equal content."""
    files: list[Any] = [found for found in pdf.objects if isinstance(found, dict) and found.get("Type") == "/Filespec"]
    for file, item in zip(files, items, strict=True):
        file["AFRelationship"] = f"/{item.relationship}"
        content = pdf.objects[int(file["EF"]["F"].split()[0])]
        content.extra["Subtype"] = "/" + _media_type(item.name).replace("/", "#2f")
    if files:
        pdf.catalog["AF"][:] = [file.reference for file in files]


def _streams_end_clearly(pdf: Any) -> None:
    """No content ends with a carriage return: with the line feed behind it, it would be taken for the end of a line
    that is no content, and the content for one byte shorter than it says."""
    import pydyf

    for item in pdf.objects:
        if isinstance(item, pydyf.Stream) and item.data.endswith(b"\r\nendstream"):
            if item.compress:
                item.compress = False
            else:  # a picture, which ends where its packing does
                item.stream.append(b"")


def ending_clearly(written: Callable[[int], bytes]) -> bytes:
    """The file, `written` with so many blanks: none, or, where the packed objects, which the engine puts together last,
    end with a carriage return, as few as give them another end."""
    for blanks in range(_TRIES):
        if b"\r\nendstream" not in (data := written(blanks)):
            return data
    raise RenderingError("the PDF was not written: its packed objects end with a carriage return")


_TRIES = 20  # of which one in a hundred or so fails


def _media_type(name: str) -> str:
    return _TYPES.get(PurePath(name).suffix, "application/octet-stream")
