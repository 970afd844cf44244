"""The fonts of a document: which characters they have, and the rules of CSS that bring them along."""

import io
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache, lru_cache
from html import unescape
from typing import TYPE_CHECKING
from unicodedata import name

from exhibit.tasks.faces import BOLD, CHINESE, FACES, JAPANESE, REGULAR, SCRIPTS, SERIFS, Face, path
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.language import language_now, tr, trp
from exhibit.tasks.records.shown import code_point

if TYPE_CHECKING:
    import uharfbuzz


SCHEME = "font:"  # in paper style sheets a font is an address of this scheme, which only `pdf` can read


@cache
def _covered(file: str) -> frozenset[int]:
    return frozenset(_opened(file).unicodes)


@cache
def _opened(file: str) -> "uharfbuzz.Face":
    import uharfbuzz

    return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path(file)))


def require_glyphs(text: str) -> None:
    """Stop where a character can be printed by none of the fonts.

    Raises:
        InputError: naming each such character.
    """
    if missing := without_glyph(text):
        names = ", ".join(map(_named, missing))
        raise InputError(
            f"no font of the document has {names}, which stands in “{_around(text, missing[0])}”: write that name or "
            "title without it, or in Latin, Greek, Cyrillic, Chinese, Japanese or Korean, or give "
            "document.missing_glyphs=mark"
        )


def without_glyph(text: str) -> list[str]:
    """The characters that none of the fonts has."""
    return sorted(map(chr, _uncovered(text).difference(*required(text).values())))


def marked(markup: str) -> tuple[str, str]:
    """A page on which a character that no font has stands as its code point, as in ⟨U+1F600⟩; and a sentence that says
    so, empty where there is none."""
    if not (missing := without_glyph(markup)):
        return markup, ""
    listed = trp("list", ", ").join(
        f"{code_point(c)} {name(c, 'a character without a name').lower()}" for c in missing[:_MOST_NAMED]
    )
    if len(missing) > _MOST_NAMED:
        listed = tr("{first} and {number} more", first=listed, number=str(len(missing) - _MOST_NAMED))
    note = tr(
        "No font of this document has these characters, so their code points stand in their place: {listed}.",
        listed=listed,
    )
    return markup.translate({ord(c): code_point(c) for c in missing}), note


_MOST_NAMED = 12


def _named(character: str) -> str:
    return f"{character!r} (U+{ord(character):04X}, {name(character, 'without a name').lower()})"


def _around(markup: str, character: str) -> str:
    """What a reader would see around a character."""
    text = " ".join(unescape(re.sub(r"<[^>]*>", " ", markup)).split())
    place = text.find(character)
    if place < 0:  # in an attribute, such as the alternative text of a picture
        place, text = markup.find(character), markup
    return text[max(0, place - 24) : place + 25].strip()


def _uncovered(text: str) -> frozenset[int]:
    """The characters that none of the usual faces has, but for ends of lines and tabs."""
    return frozenset(map(ord, text)).difference({0x0A, 0x0D, 0x09}, *(_covered(face.file) for face in FACES))


def required(text: str) -> dict[Face, frozenset[int]]:
    """The faces that are needed for what none of the usual ones has, each with its characters of the text. They are
    large: none is opened for a text without such characters.

    A page is set in the forms of its language. In another one, a text without kana that has characters of Chinese alone
    is set in Chinese forms throughout: two designs in one word are hard to read.
    """
    rest = _uncovered(text)
    found: dict[Face, frozenset[int]] = {}
    chinese = bool(rest) and not _KANA.search(text) and rest - _covered(JAPANESE.file) & _covered(CHINESE.file)
    chinese_first = _own_face() is CHINESE or (_own_face() is None and chinese)
    for face in (*((CHINESE, JAPANESE) if chinese_first else (JAPANESE, CHINESE)), *SCRIPTS):
        if rest and (used := rest & _covered(face.file)):
            found[face] = used
            rest -= used
    return found


def _own_face() -> Face | None:
    """Of a page in a language that has one of the large faces for its own."""
    return {"ja": JAPANESE, "zh": CHINESE}.get(language_now().partition("-")[0])


def _further_rules(text: str) -> str:
    """Of the large faces that a text needs: regular and bold, and serifs for a page in their language. Bold serifs are
    none, so what is bold has none."""
    return _quotation_marks(text) + "".join(
        rule
        for face, used in required(text).items()
        for rule in (
            *(_rule(face._replace(weight=weight), _embedded(face.file, used, weight)) for weight in (REGULAR, BOLD)),
            *(_serifs(SERIFS[face], face, used) if face is _own_face() else ()),
        )
    )


_MARKS = frozenset(map(ord, "“”"))  # which the usual faces have, too, and Chinese sets in a square of their own
MARKS_ALONE = (CHINESE._replace(family="Chinese Sans Marks"), SERIFS[CHINESE]._replace(family="Chinese Serif Marks"))


def _quotation_marks(text: str) -> str:
    """Rules of two families for these alone, which a page in Chinese asks first."""
    used = _MARKS & frozenset(map(ord, text))
    if not used or _own_face() is not CHINESE:
        return ""
    sans, serif = MARKS_ALONE
    weights = [sans._replace(weight=weight) for weight in (REGULAR, BOLD)]
    return "".join(
        [*(_rule(face, _embedded(face.file, used, face.weight)) for face in weights), *_serifs(serif, CHINESE, used)]
    )


def _serifs(serif: Face, sans: Face, used: frozenset[int]) -> tuple[str, str]:
    bold = _embedded(sans.file, used, BOLD)
    return _rule(serif, _embedded(serif.file, used, REGULAR)), _rule(serif._replace(weight=BOLD), bold)


_KANA = re.compile("[\u3041-\u30ff]")


def paper_faces(text: str) -> str:
    """`@font-face` rules whose sources are addresses of the font scheme; of the large faces, fonts reduced to the
    characters of `text`."""
    return "".join(_rule(face, SCHEME + face.file) for face in FACES) + _further_rules(text)


def last_face() -> str:
    """The rule of the face that is taken where no other is named, on paper."""
    return _rule(FACES[-1], SCHEME + FACES[-1].file)


def screen_faces(text: str, faces: Sequence[Face] = FACES) -> str:
    """`@font-face` rules with the fonts inside, reduced to the characters of `text`."""
    characters = frozenset(map(ord, text))
    parts = {face: characters & _covered(face.file) for face in faces}
    usual = (_rule(face, _embedded(face.file, used, face.weight)) for face, used in parts.items() if used)
    return "".join(usual) + _further_rules(text)


def _rule(face: Face, source: str) -> str:
    where = f'font-family:"{face.family}";font-weight:{face.weight};font-style:{face.style}'
    return f'@font-face{{{where};src:url("{source}")}}'


@lru_cache(maxsize=32)  # pages of one process have many characters in common
def _embedded(file: str, characters: frozenset[int], weight: int) -> str:
    import uharfbuzz
    from fontTools.ttLib import TTFont

    wanted = uharfbuzz.SubsetInput()
    wanted.flags = uharfbuzz.SubsetFlags.NO_HINTING
    wanted.unicode_set.update(characters.union(*(_SHAPED_AS[one] for one in characters & _SHAPED_AS.keys())))
    if file not in _USUAL:  # they keep the features that their scripts need, too
        wanted.unicode_set.update(_BETWEEN)
    else:
        wanted.layout_feature_tag_set.clear()
        wanted.layout_feature_tag_set.update(int.from_bytes(feature, "big") for feature in _FEATURES)
    face = _opened(file)
    if face.axis_infos:
        wanted.pin_all_axes_to_default(face)
        wanted.pin_axis_location(face, "wght", weight)
    reduced = uharfbuzz.subset(face, wanted).blob.data
    buffer = io.BytesIO()
    with TTFont(io.BytesIO(reduced), recalcTimestamp=False) as font:
        font.flavor = "woff2"
        font.save(buffer)
    return f"data:font/woff2;base64,{b64encode(buffer.getvalue()).decode()}"


_SHAPED_AS = {
    0x0E33: (0x0E4D, 0x0E32),
    0x0EB3: (0x0ECD, 0x0EB2),
}  # vowels of Thai and Lao, which are shaped in two parts
_BETWEEN = (0x20, 0xA0, 0x200C, 0x200D, 0x25CC)  # what is set in the face of its neighbours: spaces, joiners, a bearer
_USUAL = frozenset(face.file for face in FACES)
_FEATURES = (b"kern", b"liga", b"tnum", b"mark", b"init", b"medi", b"fina", b"rlig")
