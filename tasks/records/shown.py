"""Text from elsewhere as it may be shown: on a terminal, in a log, in an artifact."""

import unicodedata

_JOINERS = "‌‍"  # between the letters of a word or the parts of a sign: seen, and harmless
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # controls, marks of direction, halves of letters, what is none


def escaped(text: str, keep: str = "") -> str:
    r"""`text` with all that moves, hides or turns letters written out, as \x1b, apart from what is to be kept."""
    if text.isprintable():
        return text
    return "".join(one if one in keep or _seen(one) else _written(one) for one in text)


def escaped_lines(text: str) -> str:
    """As `escaped`, of a text of several lines."""
    return escaped(text, "\n")


def _seen(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter) not in _UNSEEN


def _written(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
