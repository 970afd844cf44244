"""Texts with coloured tokens, each with its number."""

from collections.abc import Sequence

from exhibit.tasks.drawing.colormap import colour
from exhibit.tasks.drawing.descriptor import FigureKind
from exhibit.tasks.drawing.svg import (
    COLUMN,
    NAME,
    NOTE,
    QUIET,
    RULE,
    WORD,
    element,
    panel_at,
    picture,
    readable,
    signed,
    text,
    text_width,
)
from exhibit.tasks.records.figure import Part, Reading, Scale, TokenLine, Tokens

_GAP, _LINE = 4.0, 44.0  # CSS pixels: between tokens, and of a line


def tokens(content: Tokens, scales: Sequence[Scale], width: float) -> tuple[Part, Part]:
    """One text below the other, lines broken where the column ends; and the first alone, for the front page."""
    return _texts("chart", content.items, scales, width), _texts("first", content.items[:1], scales, width)


def _texts(name: str, items: Sequence[TokenLine], scales: Sequence[Scale], width: float) -> Part:
    total, y = COLUMN * width, 0.0
    elements: list[str] = []
    for item in items:
        pieces, height = _line(item, scales[0].limit, total, 22)
        title = text(item.title, 0, 14, NAME, weight=600)
        note = text(item.note, total, 14, 11, "end", fill=QUIET, style="quiet")
        elements.append(panel_at(0, y, title, note, *pieces))
        y += height + 10
    return picture(name, total, max(y, 1.0), *elements)


def _line(item: TokenLine, limit: float, total: float, top: float) -> tuple[list[str], float]:
    """The tokens of one text from `top` on, and where they end."""
    elements: list[str] = []
    x = 0.0
    for token, value in zip(item.tokens, item.values.tolist(), strict=True):
        shown = signed(value, ".2g")
        wide = max(text_width(token, WORD), text_width(shown, NOTE)) + 10
        if x and x + wide > total:
            x, top = 0.0, top + _LINE
        elements.append(_token(token, shown, colour(value, limit), (x, top, wide)))
        x += wide + _GAP
    return elements, top + _LINE


def _token(token: str, shown: str, fill: str, place: tuple[float, float, float]) -> str:
    x, y, wide = place
    box = element(
        "rect", class_="token", x=x + 0.5, y=y, width=wide - 1, height=23, rx=2, fill=fill, stroke=RULE,
        stroke_width=0.6,
    )  # fmt: skip
    # The letters keep their colour in the dark: their ground keeps its own.
    letters = text(token, x + wide / 2, y + 16.5, WORD, "middle", fill=readable(fill), style="fixed")
    return box + letters + text(shown, x + wide / 2, y + 35, NOTE, "middle", fill=QUIET, style="quiet")


TOKENS = FigureKind(
    record=Tokens,
    draw=tokens,
    reading=Reading(
        title="Coloured words",
        text="The number below a word is its contribution, its colour the same number on the scale.",
        warning="Words act together: the share of one depends on the others.",
    ),
)
