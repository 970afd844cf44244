"""What our PDFs hold, kind by kind. Anything else in one came from elsewhere: a script, an action, a form, a file."""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate, pairwise
from typing import Any

_PLAIN = "plain"  # a number, a name, a text, or a list of those
_STREAM = {"Length": _PLAIN, "Filter": _PLAIN}
_TAGGED = {"Type": _PLAIN, "Subtype": _PLAIN}

# By kind of dictionary: its keys, and of what kind their values are; "*" stands for any key.
_KINDS: Mapping[str, Mapping[str, str]] = {
    "trailer": {**_STREAM, "Type": _PLAIN, "Size": _PLAIN, "Root": "catalog", "Info": "info", "ID": _PLAIN,
                "W": _PLAIN, "Index": _PLAIN, "DecodeParms": "packing"},
    "info": dict.fromkeys(("Author", "CreationDate", "Creator", "ModDate", "Producer", "Subject", "Title"), _PLAIN),
    "catalog": {"Type": _PLAIN, "AcroForm": "form", "AF": "file", "Lang": _PLAIN, "MarkInfo": "marked",
                "Metadata": "metadata", "Names": "names", "Outlines": "bookmark", "OutputIntents": "intent",
                "Pages": "pages", "StructTreeRoot": "tag", "ViewerPreferences": "viewer"},
    "marked": {"Marked": _PLAIN},
    "viewer": {"DisplayDocTitle": _PLAIN},
    "metadata": {**_STREAM, **_TAGGED},
    "intent": {"Type": _PLAIN, "S": _PLAIN, "DestOutputProfile": "profile", "Info": _PLAIN,
               "OutputConditionIdentifier": _PLAIN},
    "profile": {**_STREAM, "N": _PLAIN, "Alternate": _PLAIN, "Range": _PLAIN, "WhitePoint": _PLAIN},
    "names": {"Dests": "places", "EmbeddedFiles": "file names"},
    "places": {"Names": "page"},
    "file names": {"Names": "file"},
    "file": {"Type": _PLAIN, "AFRelationship": _PLAIN, "Desc": _PLAIN, "EF": "content", "F": _PLAIN, "UF": _PLAIN},
    "content": {"F": "attachment"},
    "attachment": {**_STREAM, **_TAGGED, "Params": "size"},
    "size": dict.fromkeys(("CheckSum", "CreationDate", "ModDate", "Size"), _PLAIN),
    "bookmark": {"Type": _PLAIN, "Title": _PLAIN, "Count": _PLAIN, "Dest": "page",
                 **dict.fromkeys(("First", "Last", "Next", "Parent", "Prev"), "bookmark")},
    "pages": {"Type": _PLAIN, "Count": _PLAIN, "Kids": "page"},
    "page": {"Type": _PLAIN, "Parent": "pages", "Annots": "link", "Contents": "marks", "Resources": "resources",
             "StructParents": _PLAIN, "Tabs": _PLAIN, "Group": "group",
             **dict.fromkeys(("BleedBox", "MediaBox", "TrimBox"), _PLAIN)},
    "form": {"Fields": "link", "SigFlags": _PLAIN},
    "look": {"N": "drawing"},
    "signature": dict.fromkeys(("Type", "ByteRange", "Contents", "Filter", "M", "Name", "Reason", "SubFilter"), _PLAIN),
    "link": {**_TAGGED, "A": "publication", "AP": "look", "BS": "border", "Contents": _PLAIN, "Dest": "page",
             "P": "page", **dict.fromkeys(("F", "FT", "Rect", "StructParent", "T", "TU"), _PLAIN)},
    "border": {"W": _PLAIN},
    "publication": dict.fromkeys(("Type", "S", "URI"), _PLAIN),
    "marks": _STREAM,
    "resources": {"ColorSpace": "spaces", "ExtGState": "states", "Font": "fonts", "Pattern": "patterns",
                  "Shading": "shadings", "XObject": "drawings", "ProcSet": _PLAIN},
    "spaces": {"*": "profile"},
    "states": {"*": "state"},
    "state": {"Type": _PLAIN, "CA": _PLAIN, "ca": _PLAIN, "SMask": "mask", "AIS": _PLAIN},
    "mask": {"Type": _PLAIN, "S": _PLAIN, "G": "drawing"},
    "fonts": {"*": "font"},
    "font": {**_TAGGED, "BaseFont": _PLAIN, "DescendantFonts": "glyphs", "Encoding": _PLAIN, "ToUnicode": "marks"},
    "glyphs": {**_TAGGED, "BaseFont": _PLAIN, "CIDSystemInfo": "collection", "CIDToGIDMap": _PLAIN,
               "FontDescriptor": "face", "W": _PLAIN, "DW": _PLAIN},
    "collection": dict.fromkeys(("Ordering", "Registry", "Supplement"), _PLAIN),
    "face": {"FontFile2": "font file", "FontFile3": "font file", "CIDSet": "font file",
             **dict.fromkeys(("Type", "Ascent", "CapHeight", "Descent", "Flags", "FontBBox", "FontFamily", "FontName",
                              "ItalicAngle", "StemH", "StemV"), _PLAIN)},
    "font file": {**_STREAM, "Length1": _PLAIN, "Subtype": _PLAIN},
    "patterns": {"*": "pattern"},
    "pattern": {**_STREAM, "Resources": "resources", "Shading": "shading",
                **dict.fromkeys(("Type", "PatternType", "BBox", "XStep", "YStep", "TilingType", "PaintType", "Matrix"),
                                _PLAIN)},
    "shadings": {"*": "shading"},
    "shading": {"Function": "function", "ColorSpace": "profile",
                **dict.fromkeys(("ShadingType", "Domain", "Coords", "Extend"), _PLAIN)},
    "function": {"Functions": "function",
                 **dict.fromkeys(("FunctionType", "Domain", "C0", "C1", "N", "Encode", "Bounds"), _PLAIN)},
    "drawings": {"*": "drawing"},
    "drawing": {**_STREAM, **_TAGGED, "Resources": "resources", "Group": "group", "DecodeParms": "packing",
                "SMask": "drawing", "ColorSpace": "profile",
                **dict.fromkeys(("BBox", "Matrix", "StructParents", "BitsPerComponent", "Height", "Width",
                                 "Interpolate"), _PLAIN)},
    "packing": dict.fromkeys(("BitsPerComponent", "Colors", "Columns", "Predictor"), _PLAIN),
    "group": {"CS": "profile", **dict.fromkeys(("Type", "I", "K", "S"), _PLAIN)},
    "tag numbers": {"Nums": "tag"},
    "tag": {"Type": _PLAIN, "A": "traits", "Alt": _PLAIN, "ID": _PLAIN, "K": "tag", "Obj": "link", "P": "tag",
            "Pg": "page", "S": _PLAIN, "ParentTree": "tag numbers"},
    "traits": {"O": _PLAIN, "BBox": _PLAIN, "Headers": _PLAIN, "ColSpan": _PLAIN, "RowSpan": _PLAIN,
               "Scope": _PLAIN, "ListNumbering": _PLAIN},
}  # fmt: skip

# What a dictionary has to call itself, where that decides what it does.
_CALLED = {
    "attachment": ("/Type", {"/EmbeddedFile"}),
    "drawing": ("/Subtype", {"/Form", "/Image"}),
    "link": ("/Subtype", {"/Link", "/Widget"}),  # the latter: a field for a signature
    "publication": ("/S", {"/URI"}),
    "signature": ("/SubFilter", {"/ETSI.CAdES.detached"}),
    "tag": ("/Type", {"/OBJR", "/StructElem", "/StructTreeRoot"}),
}
_PUBLISHED = "https://doi.org/10."  # where links out of a report lead
_PACKING = {None, "/FlateDecode"}  # of a stream: one, not several upon each other

MOST_UNPACKED = 2 << 30  # bytes of all streams together
_START, _END = b"%PDF-1.7\n", b"\n%%EOF"
_VERSION = re.compile(rb"\n(?:startxref|trailer)\s")
_STREAMS = re.compile(rb"\bstream\r?\n")
_PIECE = 1 << 16


def strange_bytes(data: bytes) -> str | None:
    """What a file holds that is more than one PDF as we write it, in words; nothing in it is interpreted."""
    if not data.startswith(_START) or not data.rstrip(b"\n").endswith(_END):
        return "something before or behind the PDF"
    if len(_VERSION.findall(data)) != 1:
        return "more than one version of itself"
    return unpacked_too_large(data)


def unpacked_too_large(data: bytes) -> str | None:
    """What of the streams in a file would fill the memory, in words."""
    left = MOST_UNPACKED
    for found in _STREAMS.finditer(data):
        left -= _unpacked(memoryview(data)[found.end() :], left)
        if left < 0:
            return f"streams that unpack to more than {MOST_UNPACKED >> 30} GiB"
    return None


def _unpacked(packed: memoryview, most: int) -> int:
    """How many bytes a stream unpacks to, as far as they are not many more than `most`; 0 where it is not packed."""
    unpacker, size = zlib.decompressobj(), 0
    try:
        for start in range(0, len(packed), _PIECE):
            piece: memoryview | bytes = packed[start : start + _PIECE]
            while piece and not unpacker.eof and size <= most:
                size += len(unpacker.decompress(piece, _PIECE))
                piece = unpacker.unconsumed_tail
            if unpacker.eof or size > most:
                break
    except zlib.error:
        pass
    return size


def foreign(pdf: Any) -> Iterator[str]:
    """What an open PDF (of pikepdf) holds and no report does, in words."""
    import pikepdf

    if pdf.is_encrypted:
        yield "a password"
        return
    known: dict[tuple[int, int], str] = {}
    yield from strange_within([(pdf.trailer, "trailer")], known)
    for item in pdf.objects:
        lost = isinstance(item, pikepdf.Dictionary | pikepdf.Stream) and item.objgen not in known
        if lost and str(item.get("/Type")) not in ("/XRef", "/ObjStm"):
            yield "something that nothing on its pages refers to"


def between_objects(data: bytes, pdf: Any) -> str | None:
    """What a file holds beside its objects, which no reader of it shows, in words. `pdf`: the same, open."""
    table = next((item for item in pdf.objects if str(_type(item)) == "/XRef"), None)
    if table is None:
        return "no table of its objects as we write it"
    widths, rows = [int(width) for width in table.W], table.read_bytes()
    ends = [*accumulate(widths, initial=0)]
    starts = sorted(
        int.from_bytes(row[ends[1] : ends[2]])
        for row in (rows[place : place + ends[-1]] for place in range(0, len(rows), ends[-1]))
        if int.from_bytes(row[: ends[1]]) == _AS_IT_IS
    )
    pieces = pairwise([0, *starts, len(data)])
    head, *objects = (data[start:stop] for start, stop in pieces)
    last, _, behind = objects[-1].rpartition(b"startxref") if objects else (b"", b"", b"")
    told = _BEHIND.fullmatch(behind)
    if (
        _HEAD.fullmatch(head)
        and told
        and int(told[1]) == starts[-1]
        and all(map(_is_one_object, [*objects[:-1], last]))
    ):
        return None
    return "something between its objects"


_AS_IT_IS = 1  # in a table of objects: it lies in the file, not in a pack of others
_HEAD = re.compile(rb"%PDF-1\.7\s*%[^\s%]{4}\s*")
_BEHIND = re.compile(rb"\s+(\d+)\s+%%EOF\s*")
_BEGUN = re.compile(rb"\d+ \d+ obj\b")
_DATA = re.compile(rb">>\s*stream\r?\n")
_LENGTH = re.compile(rb"/Length (\d+)\b(?! \d+ R)")
_AFTER_DATA = re.compile(rb"\s*endstream\s+endobj\s*")


def _is_one_object(piece: bytes) -> bool:
    """Whether a part of a file is one object, from its first byte to its last."""
    if not _BEGUN.match(piece):
        return False
    if (begun := _DATA.search(piece)) is None:
        return piece.rstrip().endswith(b"endobj") and piece.count(b"endobj") == 1
    length = _LENGTH.findall(piece, 0, begun.end())
    if len(length) != 1 or b"endobj" in piece[: begun.end()]:
        return False
    stop = begun.end() + int(length[0])
    ends = b"/FlateDecode" not in piece[: begun.end()] or _ends_packed(memoryview(piece)[begun.end() : stop])
    return ends and _AFTER_DATA.fullmatch(piece, stop) is not None


def _ends_packed(packed: memoryview) -> bool:
    """Whether what is packed ends where its bytes do: what follows would be read by nobody."""
    unpacker = zlib.decompressobj()
    for start in range(0, len(packed), _PIECE):
        piece: memoryview | bytes = packed[start : start + _PIECE]
        if unpacker.eof:
            return not bytes(packed[start:]).strip()
        while piece and not unpacker.eof:
            unpacker.decompress(piece, _PIECE)
            piece = unpacker.unconsumed_tail
    return unpacker.eof and not unpacker.unused_data.strip()


def _type(item: Any) -> Any:
    import pikepdf

    return item.get("/Type") if isinstance(item, pikepdf.Dictionary | pikepdf.Stream) else None


def strange_within(items: Iterable[tuple[Any, str]], known: dict[tuple[int, int], str]) -> Iterator[str]:
    """What is in items of such kinds, and in all that they refer to, and no report holds. `known`: of what kind those
    are that have a number of their own, which is filled in."""
    import pikepdf

    waiting = list(items)
    while waiting:
        item, kind = waiting.pop()
        if isinstance(item, pikepdf.Array):
            known.update({item.objgen: kind} if item.is_indirect else {})
            waiting += [(part, kind) for part in item]
        elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
            if (before := known.get(item.objgen)) is None or not item.is_indirect:
                known.update({item.objgen: kind} if item.is_indirect else {})
                yield from _strange(item, kind)
                waiting += [(value, _kind(kind, key)) for key, value in item.items()]
            elif before != kind:
                yield f"a {kind} that is a {before} as well"


def _kind(kind: str, key: str) -> str:
    keys = _KINDS.get(kind, {})
    return keys.get("*") or keys.get(key.removeprefix("/"), _PLAIN)


def _strange(item: Any, kind: str) -> Iterator[str]:
    """What one dictionary or stream of a kind has no business to hold."""
    if kind == _PLAIN:
        yield "a dictionary where none belongs"
        return
    if "*" not in (keys := _KINDS[kind]):
        yield from (f"{key} in a {kind}" for key, _ in item.items() if key.removeprefix("/") not in keys)
    if kind == "pages" and (pages := len({page.objgen for page in item.get("/Kids", [])})) != item.get("/Count"):
        yield f"{item.get('/Count')} as the number of {pages} pages"  # which viewers believe
    if kind in _CALLED and str(item.get(_CALLED[kind][0])) not in _CALLED[kind][1]:
        yield f"{item.get(_CALLED[kind][0])} as a {kind}"
    if (str(item.get("/Subtype")) == "/Widget") != (str(item.get("/FT")) == "/Sig"):
        yield "a form"
    if str(item.get("/Subtype")) == "/Link" and "/AP" in item:  # something that is drawn over the page
        yield "/AP in a link"
    if (led := item.get("/URI")) is not None and not str(led).startswith(_PUBLISHED):
        yield f"a link to {led}"
    packing = None if kind == "signature" else item.get("/Filter")  # of a signature it names who reads it
    if (None if packing is None else str(packing)) not in _PACKING:
        yield f"a {kind} that is packed as {packing}"
