"""Texts with coloured tokens, each with its number."""

from collections.abc import Sequence
from functools import partial

from exhibit.tasks.drawing.colormap import colour
from exhibit.tasks.drawing.descriptor import FigureKind
from exhibit.tasks.drawing.svg import (
    COLUMN,
    NAME,
    NOTE,
    QUIET,
    RULE,
    WORD,
    chunks,
    element,
    in_rows,
    panel_at,
    readable,
    signed,
    text,
    text_width,
)
from exhibit.tasks.records.figure import Part, Reading, Scale, TokenLine, Tokens
from exhibit.tasks.records.language import mark

_GAP, _LINE = 4.0, 44.0  # CSS pixels: between tokens, and of a line
_HEAD, _AFTER = 22.0, 10.0  # CSS pixels above the first line of a text and below its last


def tokens(content: Tokens, scales: Sequence[Scale], width: float) -> tuple[Part, ...]:
    """One text below the other, lines broken where the column ends; and the first alone, for the front page."""
    total, limit = COLUMN * width, scales[0].limit
    whole = [partial(_text, item, limit, total, slice(None)) for item in content.items]
    pieces = [
        (partial(_text, item, limit, total, part), item.alt if part.start == 0 else f"{item.title}, continued")
        for item in content.items
        for part in chunks(len(_lines(item, total)), _LINE, _HEAD + _AFTER)
    ]
    (first,) = in_rows(total, whole[:1], ())
    return (*in_rows(total, whole, pieces), first.model_copy(update={"name": "first"}))


def _text(item: TokenLine, limit: float, total: float, part: slice, top: float) -> tuple[list[str], float]:
    """Some lines of a text from `top` on, and their height."""
    again = ", continued" if part.start else ""
    elements = [text(f"{item.title}{again}", 0, 14, NAME, weight=600)]
    elements += [] if again else [text(item.note, total, 14, 11, "end", fill=QUIET, style="quiet")]
    lines = _lines(item, total)[part]
    for number, line in enumerate(lines):
        x = 0.0
        for k in line:
            token, value = item.tokens[k], float(item.values[k])
            wide = _wide(token, value)
            place = (x, _HEAD + number * _LINE, wide)
            elements.append(_token(token, signed(value, ".2g"), colour(value, limit), place))
            x += wide + _GAP
    return [panel_at(0, top, *elements)], _HEAD + len(lines) * _LINE + _AFTER


def _lines(item: TokenLine, total: float) -> list[list[int]]:
    """The numbers of the tokens of each line."""
    lines: list[list[int]] = [[]]
    x = 0.0
    for k, (token, value) in enumerate(zip(item.tokens, item.values.tolist(), strict=True)):
        wide = _wide(token, value)
        if x and x + wide > total:
            x = 0.0
            lines.append([])
        lines[-1].append(k)
        x += wide + _GAP
    return lines


def _wide(token: str, value: float) -> float:
    """CSS pixels of a token with its number."""
    return max(text_width(token, WORD), text_width(signed(value, ".2g"), NOTE)) + 10


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
        title=mark("Coloured text"),
        text=mark("The number below a word or character is its contribution, its colour the same number on the scale."),
        warning=mark("Words and characters act together: the share of one depends on the others."),
    ),
)
