"""The font files of pages and pictures, all shipped by declared dependencies; nothing is taken from the machine."""

from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import font_source_sans_pro
import font_source_serif_pro
import justmytype_intl_cjk
import justmytype_intl_sea
import justmytype_intl_south_asia
import pylopdf_fonts_jp
import pylopdf_fonts_zh_cn


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
REGULAR, BOLD = 400, 600  # of a file of all weights, those which are taken; some begin with the thinnest
# For the characters that no other face has; 5 to 18 MB, so they are only there for a text that needs them.
JAPANESE = Face("Noto Sans JP", 400, "normal", "NotoSansJP[wght].ttf")
CHINESE = Face("Noto Sans SC", 400, "normal", "NotoSansSC[wght].ttf")
SCRIPTS = (
    Face("Noto Sans KR", 400, "normal", "NotoSansKR[wght].ttf"),
    *(
        Face(f"Noto Sans {script}", 400, "normal", f"NotoSans{script}[wdth,wght].ttf")
        for script in ("Devanagari", "Bengali", "Tamil", "Telugu", "Thai", "Khmer", "Myanmar")
    ),
)
# What pages in these languages are set in where English ones have serifs; they have no bold, so headings have none.
SERIFS = {
    JAPANESE: Face("Noto Serif JP", 400, "normal", "NotoSerifJP-Regular.otf"),
    CHINESE: Face("Noto Serif SC", 400, "normal", "NotoSerifSC-Regular.otf"),
}


@cache
def folders() -> tuple[Path, ...]:
    """Where the dependencies keep their fonts."""

    def of(package: ModuleType, *parts: str) -> list[Path]:
        return [Path(str(files(package))) / part for part in parts]

    matplotlib = find_spec("matplotlib")  # to import it takes long
    assert matplotlib is not None
    return (
        *of(font_source_serif_pro, "files"),
        *of(font_source_sans_pro, "files"),
        *of(justmytype_intl_cjk, *(f"fonts/ofl/notosans{part}" for part in ("jp", "kr", "sc"))),
        *of(justmytype_intl_sea, *(f"fonts/ofl/notosans{part}" for part in ("khmer", "myanmar", "thai"))),
        *of(
            justmytype_intl_south_asia,
            *(f"fonts/ofl/notosans{part}" for part in ("bengali", "devanagari", "tamil", "telugu")),
        ),
        *of(pylopdf_fonts_jp, "."),
        *of(pylopdf_fonts_zh_cn, "."),
        *(Path(folder) / "mpl-data/fonts/ttf" for folder in matplotlib.submodule_search_locations or ()),
    )


@cache
def path(file: str) -> Path:
    """The font file of that name.

    Raises:
        FileNotFoundError: if no dependency ships it.
    """
    for folder in folders():
        if (candidate := folder / file).is_file():
            return candidate
    raise FileNotFoundError(f"font {file} is in none of {', '.join(map(str, folders()))}")
