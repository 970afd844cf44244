"""Letters of a PDF are found by every reader, whichever way it looks for them."""

import io
import re
from typing import Any

import pikepdf
import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

from exhibit.tasks.catalogues import spoken
from exhibit.tasks.document.fonts import paper_faces
from exhibit.tasks.document.pdf import render_part
from exhibit.tasks.document.pdf_fonts import _charset, numbered_by_place
from exhibit.tasks.faces import path

WORDS = {"ja": "手法の間で一致しない。積分勾配によれば", "zh-Hans": "各方法的结论并不一致，积分梯度给出"}
FILES = {"ja": "NotoSerifJP-Regular.otf", "zh-Hans": "NotoSerifSC-Regular.otf"}


def page(language: str, text: str) -> bytes:
    with spoken(language):
        faces = paper_faces(text)
    family = {"ja": "Noto Serif JP", "zh-Hans": "Noto Serif SC"}[language]
    style = f"<style>{faces} p {{ font: 12pt '{family}' }}</style>"
    return render_part(f'<html lang="{language}"><title>t</title>{style}<p>{text}</p></html>')[1]


def outline(font: Any, glyph: str) -> list[Any]:
    glyphs = font.getGlyphSet()
    pen = DecomposingRecordingPen(glyphs)
    glyphs[glyph].draw(pen)
    return pen.value


@pytest.mark.parametrize(("language", "more"), [("ja", 400), ("zh-Hans", 9)])
def test_the_number_of_a_letter_names_its_own_outline(language: str, more: int) -> None:
    """By the standard: the code of a letter is the number that the font gives to a glyph. Of two readers that were
    tried one showed an empty page. Few letters, and more than 256 of them."""
    whole = TTFont(path(FILES[language]))
    known = sorted(letter for letter in whole.getBestCmap() if 0x4E00 <= letter < 0x9FFF)
    text = WORDS[language] + "".join(map(chr, known[:more]))
    with pikepdf.open(io.BytesIO(page(language, text))) as pdf:
        found = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/DescendantFonts" in item]
        fonts = [item for item in found if item.DescendantFonts[0].Subtype == "/CIDFontType0"]
        assert len(fonts) == 1
        held = TTFont(io.BytesIO(fonts[0].DescendantFonts[0].FontDescriptor.FontFile3.read_bytes()))
        codes = re.findall(r"<(\w{4})> <(\w{4})>", fonts[0].ToUnicode.read_bytes().decode())
    letters = {chr(int(letter, 16)): int(code, 16) for code, letter in codes}
    assert set(text) <= set(letters)
    for letter in sorted(set(WORDS[language])):
        assert outline(held, f"cid{letters[letter]:05d}") == outline(whole, whole.getBestCmap()[ord(letter)])
    assert held.getGlyphOrder()[1:] == [f"cid{k:05d}" for k in range(1, held["maxp"].numGlyphs)]


def test_a_font_without_numbers_stays_as_it_is() -> None:
    data = path("SourceSansPro-Regular.otf").read_bytes()
    assert numbered_by_place(data) == data


@pytest.mark.parametrize(("count", "length"), [(2, 3), (3, 4), (257, 4), (258, 5), (65_535, 5)])
def test_the_list_of_numbers_is_no_longer_than_any_other(count: int, length: int) -> None:
    assert len(_charset(count)) == length
