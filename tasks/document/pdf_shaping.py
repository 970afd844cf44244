"""Text of pictures on paper whose letters join, combine or run from right to left."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any


class _Whole(str):
    """A text that is its own only part."""

    __slots__ = ()

    def __iter__(self) -> Iterator[str]:
        yield str(self)


@cache
def shape_texts_of_pictures() -> None:
    """From now on the engine sets such a text of an SVG as one, as it sets those of a page.

    WeasyPrint 70 sets the text of an SVG letter by letter, from left to right, so that each may have a place of its
    own: Arabic stood backwards and unjoined, accents stood beside their letters. No text of ours places its letters,
    and where they stand alone from left to right nothing changes.
    """
    from weasyprint import svg

    letter_by_letter = svg.text

    def text(picture: Any, node: Any, font_size: float) -> None:
        if node.text and not all(map(_stands_alone, node.text)):
            node._etree_node.text = _Whole(node.text)
        letter_by_letter(picture, node, font_size)

    svg.TAGS.update({tag: text for tag, draw in svg.TAGS.items() if draw is letter_by_letter})
    svg.text = text  # which it knows texts by


def _stands_alone(letter: str) -> bool:
    """Whether it is set alike wherever it stands, and before what follows it."""
    left_to_right = unicodedata.bidirectional(letter) not in ("R", "AL", "AN", "RLE", "RLO", "RLI")
    return left_to_right and unicodedata.category(letter) not in ("Mn", "Mc", "Me", "Cf")
