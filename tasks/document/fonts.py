"""The fonts of a document, all from files that declared dependencies ship; nothing is taken from the machine."""

import io
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache, lru_cache
from html import unescape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import name

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.shown import code_point

if TYPE_CHECKING:
    import uharfbuzz


class Face(NamedTuple):
    """One font file and where it stands in CSS."""

    family: str
    weight: int
    style: str
    file: str


FACES = (
    Face("Source Serif Pro", 400, "normal", "SourceSerifPro-Regular.ttf"),
    Face("Source Serif Pro", 400, "italic", "SourceSerifPro-It.ttf"),
    Face("Source Serif Pro", 600, "normal", "SourceSerifPro-Semibold.ttf"),
    Face("Source Sans Pro", 400, "normal", "SourceSansPro-Regular.ttf"),
    Face("Source Sans Pro", 600, "normal", "SourceSansPro-Semibold.ttf"),
    Face("DejaVu Sans Mono", 400, "normal", "DejaVuSansMono.ttf"),
    # The last resort of both text faces; it has Greek, mathematics and arrows.
    Face("DejaVu Sans", 400, "normal", "DejaVuSans.ttf"),
)
# For the characters that no other face has; 6 MB, so it is only there for a text that needs it.
JAPANESE = Face("IPAexGothic", 400, "normal", "ipaexg.ttf")
SCHEME = "font:"  # in paper style sheets a font is an address of this scheme, which only `pdf` can read


@cache
def folders() -> tuple[Path, ...]:
    """Where the dependencies keep their fonts."""
    places = (
        ("font_source_serif_pro", "files"),
        ("font_source_sans_pro", "files"),
        ("matplotlib", "mpl-data/fonts/ttf"),
        ("matplotlib_fontja", "fonts"),
    )
    return tuple(Path(str(files(package))) / folder for package, folder in places)


def path(file: str) -> Path:
    """The font file of that name.

    Raises:
        FileNotFoundError: if no dependency ships it.
    """
    for folder in folders():
        if (candidate := folder / file).is_file():
            return candidate
    raise FileNotFoundError(f"font {file} is in none of {', '.join(map(str, folders()))}")


@cache
def _covered(file: str) -> frozenset[int]:
    return frozenset(_opened(file).unicodes)


@cache
def _opened(file: str) -> "uharfbuzz.Face":
    import uharfbuzz

    return uharfbuzz.Face(path(file).read_bytes())


def require_glyphs(text: str) -> None:
    """Stop where a character can be printed by none of the fonts.

    Raises:
        InputError: naming each such character.
    """
    if missing := without_glyph(text):
        names = ", ".join(map(_named, missing))
        raise InputError(
            f"no font of the document has {names}, which stands in “{_around(text, missing[0])}”: write that name or "
            "title without it, or in Latin, Greek, Cyrillic or Japanese, or give document.missing_glyphs=mark"
        )


def without_glyph(text: str) -> list[str]:
    """The characters that none of the fonts has."""
    return sorted(chr(c) for c in _uncovered(text) - {0x0A, 0x0D, 0x09} - _japanese(text))


def marked(markup: str) -> tuple[str, str]:
    """A page on which a character that no font has stands as its code point, as in ⟨U+1F600⟩; and a sentence that says
    so, empty where there is none."""
    if not (missing := without_glyph(markup)):
        return markup, ""
    listed = ", ".join(
        f"{code_point(c)} {name(c, 'a character without a name').lower()}" for c in missing[:_MOST_NAMED]
    )
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    note = f"No font of this document has these characters, so their code points stand in their place: {listed}{more}."
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
    """The characters that none of the usual faces has."""
    return frozenset(map(ord, text)).difference(*(_covered(face.file) for face in FACES))


def paper_faces(text: str) -> str:
    """`@font-face` rules whose sources are addresses of the font scheme."""
    faces = (*FACES, JAPANESE) if _japanese(text) else FACES
    return "".join(_rule(face, SCHEME + face.file) for face in faces)


def last_face() -> str:
    """The rule of the face that is taken where no other is named, on paper."""
    return _rule(FACES[-1], SCHEME + FACES[-1].file)


def screen_faces(text: str, faces: Sequence[Face] = FACES) -> str:
    """`@font-face` rules with the fonts inside, reduced to the characters of `text`."""
    characters = frozenset(map(ord, text))
    parts = [(face, characters & _covered(face.file)) for face in faces]
    parts.append((JAPANESE, _japanese(text)))
    return "".join(_rule(face, _embedded(face.file, used)) for face, used in parts if used)


def _japanese(text: str) -> frozenset[int]:
    """The characters for which the large font is needed; it is not opened where there are none."""
    uncovered = _uncovered(text) - {0x0A, 0x0D, 0x09}
    return uncovered & _covered(JAPANESE.file) if uncovered else frozenset()


def _rule(face: Face, source: str) -> str:
    where = f'font-family:"{face.family}";font-weight:{face.weight};font-style:{face.style}'
    return f'@font-face{{{where};src:url("{source}")}}'


@lru_cache(maxsize=32)  # pages of one process have many characters in common
def _embedded(file: str, characters: frozenset[int]) -> str:
    import uharfbuzz
    from fontTools.ttLib import TTFont

    wanted = uharfbuzz.SubsetInput()
    wanted.flags = uharfbuzz.SubsetFlags.NO_HINTING
    wanted.unicode_set.update(characters)
    wanted.layout_feature_tag_set.clear()
    wanted.layout_feature_tag_set.update(int.from_bytes(feature, "big") for feature in _FEATURES)
    reduced = uharfbuzz.subset(_opened(file), wanted).blob.data
    buffer = io.BytesIO()
    with TTFont(io.BytesIO(reduced), recalcTimestamp=False) as font:
        font.flavor = "woff2"
        font.save(buffer)
    return f"data:font/woff2;base64,{b64encode(buffer.getvalue()).decode()}"


_FEATURES = (b"kern", b"liga", b"tnum", b"mark", b"init", b"medi", b"fina", b"rlig")
