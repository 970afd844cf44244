"""Vector pictures by hand: a few elements, one type face, one ink. Plain text, so it stays selectable on paper.

The one place for the type and the colours of pictures; those of signed values are in `colormap`.

Colours are attributes, for paper; the classes `ink`, `quiet`, `rule` and `paper` let the screen change them.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html import escape
from itertools import accumulate, pairwise
from math import ceil, floor, log10
from typing import TYPE_CHECKING

from exhibit.tasks.faces import CHINESE, FACES, JAPANESE, REGULAR, SCRIPTS, path
from exhibit.tasks.records.figure import PIECE, Part
from exhibit.tasks.records.shown import CONTROLS, UNWRITTEN, as_power, code_point, printed

if TYPE_CHECKING:
    import uharfbuzz

FACE = "Source Sans Pro"
INK, QUIET, RULE, PAPER = "#1d2330", "#666d7a", "#d4d8df", "#ffffff"
BLACK = "#000000"  # letters on grounds of a middle shade, on which neither ink nor paper is read
MAIN, SECOND, REFERENCE = "#37445f", "#8792a8", "#c3c8d2"  # series of numbers that have no sign
SHADES = ("#c9d3e6", "#9fb0cf", "#7489b2", "#4c6290", "#263a66")  # from low to high, where sign is not meant
NOTE, SMALL, NAME, WORD = (
    10.7,
    11.0,
    12.0,
    14.0,
)  # sizes of letters: beside an atom (8 points on paper), at an axis, of a row, of a text
SMALLEST = 28 / 3  # 7 points on paper: no letters of a figure are smaller
COLUMN, PAGE = 436, 640  # CSS pixels of the wide column and of the page: pictures are printed at their own size

_OTHERS = (*(face for face in FACES if face.family == "DejaVu Sans"), JAPANESE, CHINESE, *SCRIPTS)  # for what it lacks
_FAMILIES = ", ".join(dict.fromkeys((FACE, *(face.family for face in _OTHERS))))


def element(tag: str, *children: str, **attributes: str | float) -> str:
    """One SVG element; `stroke_width=2` becomes `stroke-width="2"`, `class_` becomes `class`."""
    written = "".join(f' {_name(key)}="{_value(value)}"' for key, value in attributes.items())
    return f"<{tag}{written}>{''.join(children)}</{tag}>" if children else f"<{tag}{written}/>"


def _name(key: str) -> str:
    return key if key == "viewBox" else key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def picture(name: str, width: float, height: float, *children: str) -> Part:
    """An SVG part of that size in CSS pixels."""
    root = element(
        "svg",
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        font_family=_FAMILIES,
    )
    return Part(name=name, media_type="image/svg+xml", data=root.translate(CONTROLS).encode(), size=(width, height))


Row = Callable[[float], tuple[list[str], float]]  # from where it begins: the elements of a row, and its height


def in_rows(total: float, rows: Sequence[Row], pieces: Sequence[tuple[Row, str]]) -> tuple[Part, ...]:
    """A chart of rows and, where there are several, the same in `pieces` for paper, between which a page may end, each
    with what it shows."""
    drawn, y = [], 0.0
    for row in rows:
        elements, height = row(y)
        drawn += elements
        y += height
    alone = [(*row(0.0), said) for row, said in pieces] if len(pieces) > 1 else []
    return picture("chart", total, y, *drawn), *(
        picture(f"{PIECE}{index}", total, height, *elements).model_copy(update={"alt": said})
        for index, (elements, height, said) in enumerate(alone)
    )


HIGHEST = 370.0  # CSS pixels of a piece: two fifths of a page, so that none ends with more than that empty


def chunks(count: int, each: float, around: float = 0.0, highest: float = HIGHEST) -> list[slice]:
    """Numbers up to `count` in as few slices as needed, of about equal length, so that a piece with `each` CSS pixels
    for a number and `around` for the rest is not higher than `highest`."""
    most = max(1, int((highest - around) / each))
    number = -(-count // most)
    ends = [count * k // number for k in range(number + 1)]
    return [slice(*pair) for pair in pairwise(ends)]


def panel_at(x: float, y: float, *children: str) -> str:
    """One of several panels, at its place. On screen a filter hides some, and the others move up."""
    return element("g", *children, class_="panel", transform=f"translate({x:.1f} {y:.1f})")


def text(
    content: str,
    x: float,
    y: float,
    size: float,
    anchor: str = "start",
    weight: int = 400,
    fill: str = INK,
    style: str = "ink",
    **more: str,
) -> str:
    """A line of text with its baseline at (x, y); `more` are attributes, as in `element`."""
    return element(
        "text",
        escape(_in_order(content)),
        class_=style,
        x=x,
        y=y,
        font_size=size,
        text_anchor=anchor,
        font_weight=weight,
        fill=fill,
        **more,
    )


def _in_order(content: str) -> str:
    """A mark of direction before a number that stands behind a name, where letters run from right to left: else these
    would take it with them, and −0.5 would be read as 0.5−."""
    return _NUMBER_BEHIND.sub("\u200e\\g<0>", content) if _RIGHT_TO_LEFT.search(content) else content


_NUMBER_BEHIND = re.compile(r"[:,] [−\d]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def line(x1: float, y1: float, x2: float, y2: float, stroke: str = INK, width: float = 1, style: str = "ink") -> str:
    """A straight line."""
    return element("line", class_=style, x1=x1, y1=y1, x2=x2, y2=y2, stroke=stroke, stroke_width=width)


def readable(ground: str) -> str:
    """The colour of letters on this ground: ink or paper where they stand out from it by 4.5 to 1, as WCAG asks, else
    black."""
    found = (colour for colour in (INK, PAPER, BLACK) if _contrast(colour, ground) >= 4.5)
    return next(found)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    shares = [channel / 255 for channel in bytes.fromhex(colour[1:])]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@cache
def _font(file: str) -> "uharfbuzz.Font":
    import uharfbuzz

    font = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(path(file))))
    if font.face.axis_infos:
        font.set_variations({"wght": REGULAR})
    return font


@cache
def _advance(character: str, weight: int, file: str = "") -> float:
    """Width of a character in ems: of that font, or of the first that has it."""
    for found in filter(None, (file, _file(character, weight))):
        glyph = (font := _font(found)).get_nominal_glyph(ord(character))
        if glyph is not None:
            return float(font.get_glyph_h_advance(glyph) / font.face.upem)
    return sum(_advance(letter, weight) for letter in code_point(character))  # which a page shows in its place


@cache
def _file(character: str, weight: int) -> str:
    """The first font that has a character; empty where none has it."""
    own = (face for face in FACES if (face.family, face.weight) == (FACE, weight))
    found = (f.file for f in (*own, *_OTHERS) if _font(f.file).get_nominal_glyph(ord(character)) is not None)
    return next(found, "")


def text_width(content: str, size: float, weight: int = 400) -> float:
    """Width of a line of text in CSS pixels, from the advances of the fonts."""
    return sum(_advances(content, weight)) * size


def _advances(content: str, weight: int) -> Iterator[float]:
    """Width of each character in ems; a blank is set in the font of the letters before it, where that has one."""
    file = ""
    for character in content:
        if character == " ":
            yield _advance(character, weight, file if file in _WITH_BLANKS else "")
        else:
            yield _advance(character, weight)
            file = _file(character, weight) or _file(code_point(character)[-1], weight)


_WITH_BLANKS = {face.file for face in FACES}  # of all others a document carries no more than the letters


def fitted(content: str, size: float, room: float, head: float = 0.5, weight: int = 400) -> str:
    """The line of text, shortened in its middle with an ellipsis where it is wider than `room` CSS pixels. `head`: the
    share of what is left that is of its beginning. A number behind a colon at its end is kept: the digits that a cut
    would leave are another number."""
    if (whole := text_width(content, size, weight)) <= room:
        return content
    if (held := _HELD.search(content)) and (own := room - text_width(held[0], size, weight)) > size:
        return fitted(content[: held.start()], size, own, head, weight) + held[0]
    ends = list(accumulate((width * size for width in _advances(content, weight)), initial=0.0))
    free = room - text_width("…", size, weight)
    for left in range(len(content) - 1, 0, -1):
        begin = ceil(left * head)
        rest = len(content) - (left - begin)
        if ends[begin] + whole - ends[rest] <= free:
            return f"{content[:begin].rstrip()}…{content[rest:].lstrip()}"
    return "…"


_HELD = re.compile(r": [−\d][\d,.]*$")
_HEADS = (0.5, 0.25, 0.75, 0.0, 1.0)


def fitted_apart(contents: Sequence[str], size: float, room: float, weight: int = 400) -> list[str]:
    """Lines of text that are shortened alike, and of which no two that differ look the same: where their beginnings and
    ends are equal, they are numbered. Names differ by themselves, whatever numbers stand behind them."""
    held = [ending[0] if (ending := _HELD.search(content)) else "" for content in contents]
    names = [content.removesuffix(behind) for content, behind in zip(contents, held, strict=True)]
    widths = [text_width(content, size, weight) for content in contents]
    behind = max(
        (text_width(h, size, weight) for h, wide in zip(held, widths, strict=True) if wide > room), default=0.0
    )
    if behind >= room - size:  # a number that leaves no room for a name
        held, names, behind = [""] * len(contents), list(contents), 0.0

    def shown(place: int, head: float, less: float = 0.0) -> str:
        if widths[place] <= room - less:
            return names[place]
        return fitted(names[place], size, room - less - (behind if held[place] else 0.0), head, weight)

    places = range(len(contents))
    for head in _HEADS:
        found = [shown(place, head) for place in places]
        if len(set(found)) == len(set(names)):
            return [name + number for name, number in zip(found, held, strict=True)]
    found = [shown(place, 0.5) for place in places]
    alike = {one: list(dict.fromkeys(names[place] for place in places if found[place] == one)) for one in found}
    return [
        (
            found[place]
            if len(same := alike[found[place]]) == 1
            else f"{same.index(names[place]) + 1}: {shown(place, 0.5, text_width('00: ', size, weight))}"
        )
        + held[place]
        for place in places
    ]


def signed(value: float, digits: str = ".3g") -> str:
    """A number with its sign: +0.41, −1.20, −358,134, 0."""
    if UNWRITTEN <= abs(value) < float("inf"):
        return "+" * (value > 0) + as_power(value)
    shown = f"{value:+,{digits.removeprefix(',')}}"
    return "0" if float(shown.replace(",", "")) == 0 else shown.replace("-", "−")


def decimals(limit: float) -> int:
    """Digits after the point that show numbers up to `limit` with two or three significant ones."""
    return max(0, -floor(log10(limit)) + 1) if limit > 0 else 0


def up_to(limit: float) -> Callable[[float, bool], str]:
    """How numbers up to `limit` are written, with their sign or without: all in the same decimals, or where that would
    be a row of zeros in three digits and a power, 2.91e−09, in which what is only rounding beside the limit is 0. What
    they would print as zero has the decimals of its first digit, for it is none: 0.004 beside 0.98."""
    digits = decimals(limit)
    form = f".{digits}f" if digits <= MOST_DECIMALS else ".2e"

    def written(value: float, by_sign: bool) -> str:
        if digits > MOST_DECIMALS and abs(value) < _DUST * limit:
            return "0"
        small = digits <= MOST_DECIMALS and _FINEST * 0.1**digits <= abs(value) <= 0.5 * 0.1**digits
        own = f".{-floor(log10(abs(value)))}f" if small else form
        return signed(value, own) if by_sign else number(value, f",{own}")

    return written


MOST_DECIMALS, _DUST = 6, 1e-6  # more would be a row of zeros
_FINEST = 0.01  # of the last decimal: what is less is printed as zero


def number(value: float, digits: str) -> str:
    """A number as printed on an axis."""
    if UNWRITTEN <= abs(value) < float("inf"):
        return as_power(value)
    return printed(value, digits)
