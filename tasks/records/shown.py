"""Text from elsewhere as it may be shown: on a terminal, in a log, in an artifact."""

import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import isfinite
from traceback import TracebackException
from types import ModuleType
from typing import Protocol, runtime_checkable

_JOINERS = "‌‍"  # between the letters of a word or the parts of a sign: seen, and harmless
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")  # controls, marks of direction, halves of letters, what is none


def escaped(text: str, keep: str = "") -> str:
    r"""`text` with all that moves, hides or turns letters written out, as \x1b, apart from what is to be kept."""
    if text.isprintable():
        return text
    return "".join(one if one in keep or _seen(one) else _written(one) for one in text)


def unseen(text: str, keep: str = "") -> list[str]:
    """Every letter of `text` that moves, hides or turns others, apart from what is to be kept."""
    return [one for one in text if one not in keep and not _seen(one)]


def code_point(character: str) -> str:
    """What stands in the place of a character that no font of a document has: ⟨U+1F600⟩."""
    return f"⟨U+{ord(character):04X}⟩"


# No XML holds them, or they turn the letters behind them, or end a line: what a page and a figure show in their place.
CONTROLS = {
    number: code_point(chr(number))
    for number in (
        *(set(range(0x20)) - {0x09, 0x0A, 0x0D}), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F),
        *range(0x2066, 0x206A), 0xFFFE, 0xFFFF,
    )
}  # fmt: skip


def as_set(number: float) -> str:
    """A number in a config with all its digits, and no more: 1,234,567, 12.3456789, −3."""
    whole, _, rest = format(Decimal(repr(abs(number))), "f").partition(".")
    return f"{'−' * (number < 0)}{int(whole):,}{f'.{rest}' if rest.strip('0') else ''}"


def printed(value: float, form: str) -> str:
    """A number in this form for a page, with a true minus and none before zero."""
    text = format(value, form)
    zero = not any(digit in text.partition("e")[0] for digit in "123456789") and isfinite(value)
    return (text.lstrip("-") if zero else text).replace("-", "−")


def touches(value: float, limit: float) -> bool:
    """Whether a number differs from the limit that it is judged by, and in no digit that is worth a reader's time."""
    return 0 < abs(value - limit) < _FINEST / 2


_FINEST = 1e-6  # of what is written out: 0.499999 beside 0.5, and no 0.49999999999


def as_power(number: float, digits: int = 3) -> str:
    """A number that is too large to be written out, to so many significant digits: 2.72×10²⁴, −5×10⁷."""
    mantissa, _, exponent = f"{number:.{digits - 1}e}".replace("-", "−").partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{mantissa}×10{str(int(exponent)).translate(_RAISED)}"


_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
UNWRITTEN = 1e15  # from which on a number is not written out


def escaped_lines(text: str) -> str:
    """As `escaped`, of a text of several lines."""
    return escaped(text, "\n")


def lasting(seconds: float) -> str:
    """How long something takes, in the unit in which a person would say it: 0.52 s, 12 s, 3 min, 1.5 hours, 12 days."""
    if seconds < 100:
        return f"{seconds:.2g} s"
    if seconds < 6_000:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:,.1f} hours" if seconds < 360_000 else f"{seconds / 86_400:,.0f} days"


@runtime_checkable
class _Shaped(Protocol):
    """An array or a tensor of any library."""

    @property
    def shape(self) -> Iterable[int | None]: ...


def what_it_is(given: object) -> str:
    """What a function of the user's own gave instead of what was asked for: None, an int, an array of shape (2, 3)."""
    if given is None:
        return "None"
    name = type(given).__name__
    if isinstance(given, _Shaped) and not isinstance(given, type | ModuleType):
        return f"{'a tensor' if 'ensor' in name else 'an array'} of shape {tuple(given.shape)}"
    return article(name)


def said_by(error: BaseException) -> str:
    """What somebody else's error says, in one line: its class may be the user's own, and fail at saying it."""
    return " ".join(str(TracebackException(type(error), error, None)).split())


def unread_by(error: BaseException) -> str:
    """What a reader of a file says of it, in one line that is not too long: some quote what they could not read."""
    if isinstance(error, UnicodeDecodeError):
        return "where a text should be is none in UTF-8"
    said = escaped(" ".join(str(error).split())) or type(error).__name__
    return said if len(said) <= _READ else f"{said[:_READ]}…"


_READ = 300


def so_many(number: int, noun: str, plural: str = "") -> str:
    """1 row, 1,264 rows, 2 axes, in a message of an error, which is English."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def article(noun: str) -> str:
    """a 2, an 8, an astronaut."""
    return f"{'an' if noun[:1].lower() in 'aeio' or noun in ('8', '11', '18') else 'a'} {noun}"


def _seen(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter) not in _UNSEEN


def _written(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def with_quotes(names: Sequence[str]) -> list[str]:
    """Names for a list with commas: those that hold one themselves, as "opened, year", in quotes."""
    return [repr(name) if "," in name else name for name in names]


def listed(names: Sequence[str]) -> str:
    """Names with commas between, not more than a reader takes in."""
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more:,} more" if more > 0 else "")


_MOST_LISTED = 20
