"""Fonts inside a PDF whose glyphs have numbers of their own, as those of Japanese and Chinese serifs have.

The engine writes the place of a glyph in the font. The standard (ISO 32000-1, 9.7.4.2) has a reader take it for the
number that the font gives to a glyph, where it gives one: some readers, MuPDF among them, would show nothing at all.
"""

import io
import struct
from typing import Any


def number_by_place(pdf: Any) -> None:
    """Gives each glyph of such fonts its place as its number, so that both are the same."""
    import pydyf

    for item in pdf.objects:
        if isinstance(item, pydyf.Stream) and item.extra.get("Subtype") == "/OpenType":
            item.stream[:] = [numbered_by_place(b"".join(item.stream))]


def numbered_by_place(font: bytes) -> bytes:
    """The same OpenType font, with the place of each glyph as its number; one without numbers as it is."""
    from fontTools.cffLib import CFFFontSet
    from fontTools.ttLib import TTFont
    from fontTools.ttLib.tables.DefaultTable import DefaultTable

    with TTFont(io.BytesIO(font), recalcTimestamp=False, recalcBBoxes=False) as opened:
        outlines = opened.getTableData("CFF ")
        fonts = CFFFontSet()
        fonts.decompile(io.BytesIO(outlines), opened)
        known, count = fonts.topDictIndex[0].rawDict, opened["maxp"].numGlyphs
        start = known.get("charset", 0)
        if "ROS" not in known or start <= _PREDEFINED or count < 2:
            return font
        charset = _charset(count)
        table = DefaultTable("CFF ")
        table.data = outlines[:start] + charset + outlines[start + len(charset) :]
        opened.setGlyphOrder([".notdef", *(f"cid{place:05d}" for place in range(1, count))])
        opened["CFF "] = table
        written = io.BytesIO()
        opened.save(written, reorderTables=False)
    return written.getvalue()


_PREDEFINED = 2  # the last of the lists of numbers that a font need not hold


def _charset(count: int) -> bytes:
    """The numbers 1, 2, 3 and so on of all glyphs but the first, which has none, in the shortest of the three forms: no
    list of so many numbers is shorter."""
    if count == 2:
        return struct.pack(">BH", 0, 1)
    return struct.pack(">BHB", 1, 1, count - 2) if count <= 257 else struct.pack(">BHH", 2, 1, count - 2)
