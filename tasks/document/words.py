"""Numbers and lists as a reader wants them."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import count as counting

import numpy as np

from exhibit.tasks.records.base import Array
from exhibit.tasks.records.language import ENGLISH, counted, has_capitals, language_now, mark, tr, trp
from exhibit.tasks.records.model import Rate
from exhibit.tasks.records.shown import UNWRITTEN, as_power, as_set, touches
from exhibit.tasks.records.trust import Word as Answer
from exhibit.tasks.records.verdict import CheckWords, Verdict

_SHORT = 16  # letters of a name of a class


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign and a true minus: +1.77, −0.20, +1,235; what rounds to zero has no sign."""
    return "+" * (value > 0) + plain(value, digits) if _large(value) else _printed(f"{value:+.{digits}f}")


def plain(value: float, digits: int = 2) -> str:
    """A number with a true minus, 0.31, 347,002; there is no minus zero."""
    if not _large(value):
        return _printed(f"{value:.{digits}f}")
    return _printed(f"{value:,.{max(0, digits - _SPARED)}f}") if abs(value) < UNWRITTEN else as_power(value, digits + 1)


def _large(value: float) -> bool:
    """Whether nobody measures a number to two decimals; also one that is rounded to such a number."""
    return _LARGE <= round(abs(value), 2) < float("inf")


_LARGE, _SPARED = 1_000, 3  # from which on a number has so many decimals less
YEARS = 10_000  # below which four digits may be a year, which has no comma


def rounded(value: float, digits: int = 3) -> str:
    """A number to so many significant digits, with a true minus: 0.31, 52.3, 347,000."""
    short = f"{value:.{digits}g}"
    if not 10**digits <= abs(float(short)) < float("inf"):
        return _printed(short)
    return as_power(value, digits) if abs(value) >= UNWRITTEN else _printed(f"{float(short):,.0f}")


def in_full(value: float) -> str:
    """A value of a feature: 1.32, 711,500; large ones without decimals."""
    return plain(value, 0) if _large(value) and abs(value) >= YEARS else rounded(value, 4)


def at_scale(
    values: Array | Sequence[float], write: Callable[[float, int], str] = plain
) -> Callable[[float, int], str]:
    """How numbers of one unit are written: in decimals, or where the largest of `values` is too small for two of them
    in significant digits, 0.0041 and −2.5e−09, in which what is only rounding beside the largest is zero."""
    known = np.abs(np.asarray(values, np.float64))
    largest = float(known[np.isfinite(known)].max(initial=0.0))
    if not 0 < largest < _SMALL:
        return write

    def short(value: float, digits: int) -> str:
        if abs(value) < _DUST * largest:
            return "0"
        return "+" * (write is signed and value > 0) + rounded(value, digits)

    return short


_SMALL, _DUST = 0.01, 1e-6


def _printed(text: str) -> str:
    return (
        text.replace("-", "−") if any(digit in text.partition("e")[0] for digit in "123456789") else text.lstrip("+-")
    )


def beside(value: float, threshold: float, write: Callable[[float, int], str] = plain) -> tuple[str, str]:
    """A value and the threshold that it is judged by, in as many digits, two at least, as tell them apart: 0.496 beside
    0.500, never 0.50 beside 0.50 unless they are equal. What no digit that anybody reads tells apart is said in words:
    under 0.75; 1e−20 beside 0."""
    if touches(value, threshold):
        return just_beside(value, threshold), as_set(threshold)
    for digits in counting(2):
        written = write(value, digits), write(threshold, digits)
        if written[0] != written[1] or value == threshold or digits > _MOST_DIGITS:
            break
    return written[0], written[1] if digits > 2 else as_set(threshold)


_MOST_DIGITS = 17  # a float has no more


def just_beside(value: float, threshold: float) -> str:
    """A number on its side of a threshold that it touches."""
    if threshold == 0:
        return rounded(value, 2)
    words = tr("under {number}", number=as_set(threshold)), tr("over {number}", number=as_set(threshold))
    return words[value > threshold]


Write = Callable[[float, int], str]  # a number in so many digits


def interval(low: float, high: float, digits: int = 2, write: Write = plain) -> str:
    """An interval of a number that chance moves, in so many digits at least that it has a width: 0.998 to 1.000. An end
    that nothing bounds is said to be so, and so is a number that did not vary, of which nothing is known but itself."""
    if low == high:
        return tr(UNVARIED)
    if high == float("inf"):
        return tr("{number} and more", number=write(low, digits))
    for more in range(digits, digits + _FINER):
        if write(low, more) != write(high, more):
            return tr("{low} to {high}", low=_end(low, more, write), high=_end(high, more, write))
    return tr("hardly varies here")


def _end(value: float, digits: int, write: Write) -> str:
    """An end of an interval that does not read as none or all where it is neither: whether it holds them matters."""
    for more in range(digits, digits + _FINER):
        text, bounds = write(value, more), [end for end in (0.0, 1.0) if value < 1 and abs(value - end) > _ROUNDING]
        if text not in [write(end, more) for end in bounds]:
            return text
    if not bounds:
        return write(value, digits)
    bound, finest = (0.0 if abs(value) < 0.5 else 1.0), digits + _FINER - 1
    if value > bound:
        return tr("under {number}", number=write(bound + 10.0**-finest, finest))
    return tr("over {number}", number=write(bound - 10.0**-finest, finest))


UNVARIED = mark("does not vary here")
_FINER = 4  # digits more, at most


def span(low: float, high: float, digits: int = 2, write: Write = plain) -> str:
    """The lowest and the highest of some numbers; one number where these read the same."""
    ends = write(low, digits), write(high, digits)
    return ends[0] if ends[0] == ends[1] else tr("{low} to {high}", low=ends[0], high=ends[1])


def neither(value: float, digits: int = 2) -> str:
    """A number that reads as 0 or as 1 only where it is that, but for the rounding of a computer: 0.999, 0.003."""
    ends = [end for end in (0.0, 1.0) if abs(value - end) > _ROUNDING]
    for end in ends:
        if touches(value, end):
            return just_beside(value, end)
    for more in range(digits, _MOST_DIGITS):
        text = plain(value, more)
        if text not in (plain(end, more) for end in ends):
            return text
    return plain(value, digits)


_ROUNDING = 1e-9


def off_bounds(value: float, digits: int = 2, write: Write = plain) -> str:
    """A probability, a share or a correlation in so many digits at least that it reads as none, as all or as opposite
    only where it is that: 0.997, over 0.9999, under 0.0001, −0.998."""
    if 0 < value < _HARDLY:
        return tr("under {number}", number=write(_HARDLY, _FINER))
    if 1 - _HARDLY < value < 1 - _ROUNDING:
        return tr("over {number}", number=write(1 - _HARDLY, _FINER))
    if _ROUNDING - 1 < value < _HARDLY - 1:
        return tr("under {number}", number=write(_HARDLY - 1, _FINER))
    if -_HARDLY < value < -_ROUNDING:
        return tr("over {number}", number=write(-_HARDLY, _FINER))
    bounds = [end for end in (-1.0, 0.0, 1.0) if -1 < value < 1 and abs(value - end) > _ROUNDING]
    for more in range(digits, _FINER + 1):
        text = write(value, more)
        if text not in [write(end, more) for end in bounds]:
            return text
    return write(value, digits)


def measured(value: float, threshold: float | None) -> str:
    """What a check measured, in so many digits that it differs from its threshold as the verdict says, and reads as a
    bound only where it is at it."""
    if threshold is not None and touches(value, threshold):
        return just_beside(value, threshold)
    text = plain(value) if threshold is None else beside(value, threshold)[0]
    return off_bounds(value, len(text.partition(".")[2]))


def related(value: float, digits: int = 2) -> str:
    """A correlation with its sign, which is ±1 only where it is that: +0.41, −0.997."""
    return off_bounds(value, digits, signed)


def percent(part: float) -> str:
    """A share in percent, without the sign of it, in one decimal at least: 0.0 is none and 100.0 is all."""
    for digits in range(1, _FINER):
        text = plain(100 * part, digits)
        if part in (0, 1) or text not in (plain(0, digits), plain(100, digits)):
            return text
    limit = _HARDLY if part < 0.5 else 1 - _HARDLY
    number = plain(100 * limit)
    return tr("under {number}", number=number) if part < limit else tr("over {number}", number=number)


_HARDLY = 0.0001


def share(value: float) -> str:
    """A share as a percentage, never rounded to a certainty that was not measured; rounded as the number itself is
    (0.325 is 0.33 and 33%)."""
    if value == 0 or abs(1 - value) <= _ROUNDING:
        return f"{value:.0%}"
    if value >= 1 - _NEAR:
        return tr("over {number}", number="99.9%")
    if value < _NEAR:
        return tr("under {number}", number="0.1%")
    return f"{_rounded_share(value):.{_decimals(value)}%}"


ROUNDED = mark("The shares are rounded, and so do not add up to exactly 100%.")
_NEAR = 0.0005  # to a certainty


def _decimals(value: float) -> int:
    return int(value >= 0.995 or value < 0.005)


def _rounded_share(value: float) -> float:
    return float(f"{value:.{_decimals(value) + 2}f}")


def parts_of_whole(parts: Sequence[float]) -> tuple[list[str], bool]:
    """Parts as percentages of their sum, and whether these add up to 100% as they stand: with a decimal where whole
    ones do not and that helps, as it does of two parts."""
    values = [part / sum(parts) for part in parts]
    tenths = [round(1000 * value) for value in values]
    if (whole := add_up(values)) or sum(tenths) != 1000:
        return [share(value) for value in values], whole
    return [
        f"{tenth / 10:.1f}%" if _NEAR <= value < 1 - _NEAR else share(value)
        for tenth, value in zip(tenths, values, strict=True)
    ], True


def add_up(values: Sequence[float]) -> bool:
    """Whether shares of a whole add up to 100% as `share` prints them: what is under 0.1% may be anything below."""
    left = 1 - sum(_rounded_share(value) for value in values if value in (0, 1) or _NEAR <= value < 1 - _NEAR)
    low = sum(1 - 2 * _NEAR for value in values if 1 - _NEAR <= value < 1)
    high = low + sum(2 * _NEAR for value in values if 0 < value < _NEAR or 1 - _NEAR <= value < 1)
    return low - _LAST_BITS <= left <= high + _LAST_BITS


_LAST_BITS = 1e-9


def as_chance(value: float) -> str:
    """How often chance shows as much: 0.026; under 0.001; over 0.999."""
    if 0.9995 <= value < 1 - _ROUNDING:
        return tr("over {number}", number="0.999")
    return tr("under {number}", number="0.001") if value < 0.001 else plain(value, 3)


def by_name(sample: str) -> str:
    """What a sentence calls a sample of this name: 12 reads like a value, sample 12 does not."""
    reads_like_a_value = _POWER.fullmatch(sample) or not any(letter.isalpha() for letter in sample)
    return tr("sample {name}", name=sample) if reads_like_a_value else sample


_POWER = re.compile(r"[−+-]?[0-9.]+[eE][−+-]?[0-9]+")


def listing(words: Sequence[str]) -> str:
    """a, b and c."""
    if len(words) < _BOTH:
        return "".join(words)
    return trp("list", "{most} and {last}", most=trp("list", ", ").join(words[:-1]), last=words[-1])


def with_beside(text: str, inside: str) -> str:
    """0.95 (0.90 to 0.99)."""
    return trp("brackets", "{text} ({inside})", text=text, inside=inside)


def either(words: Sequence[str]) -> str:
    """a, b or c."""
    if len(words) < _BOTH:
        return "".join(words)
    return trp("list", "{most} or {last}", most=trp("list", ", ").join(words[:-1]), last=words[-1])


def clauses(said: Sequence[str]) -> str:
    """a rises, b falls and c stays."""
    if len(said) < _BOTH:
        return "".join(said)
    most = trp("list of clauses", ", ").join(said[:-1])
    return trp("list of clauses", "{most} and {last}", most=most, last=said[-1])


def count(number: int, noun: str, plural: str | None = None) -> str:
    """1 row, 1,264 rows."""
    return counted(number, noun, plural or f"{noun}s")


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 22nd."""
    if language_now() != ENGLISH:
        return trp("place in an order", "{number}th", number=str(number))
    teen = 10 < number % 100 < 14
    return f"{number}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"


def of_results(titles: Sequence[str], total: int) -> str:
    """Of which of all results something is said: Both results, Iris and Digits, Iris and 2 more."""
    if len(titles) == total:
        return tr("Both results") if total == _BOTH else tr("All {total} results", total=str(total))
    if len(titles) <= _BOTH:
        return listing(titles)
    return tr("{first} and {number} more", first=titles[0], number=str(len(titles) - 1))


_BOTH = 2


def question(check: str, checks: Mapping[str, CheckWords]) -> str:
    """What a check asks; of one that is not among `checks` its name."""
    return tr(checks[check].question) if check in checks else check_name(check)


def check_name(check: str) -> str:
    """The name of a check, as a reader calls it."""
    return trp("check", check.replace("_", " "))


def asked(check: str, checks: Mapping[str, CheckWords]) -> str:
    """What a check asks, in quotation marks; of one that is not among `checks` its name."""
    asks = question(check, checks)
    return quoted(asks) if check in checks else asks


def quoted(words: str) -> str:
    """In quotation marks."""
    return trp("quotation", "“{words}”", words=words)


def judged(word: Verdict | Answer) -> str:
    """A verdict or an answer as a reader reads it; for programs it is a word of English."""
    words: dict[Verdict | Answer, str] = {
        "pass": trp("verdict", "pass"),
        "fail": trp("verdict", "fail"),
        "undecided": trp("verdict", "undecided"),
        "not assessed": trp("verdict", "not assessed"),
        "not applicable": trp("verdict", "not applicable"),
        "yes": trp("verdict", "yes"),
        "with care": trp("verdict", "with care"),
        "no": trp("verdict", "no"),
    }
    return words[word]


def rate(part: Rate) -> str:
    """93% (28 of 30)."""
    return tr("{share} ({right} of {total})", share=share(part.share), right=str(part.right), total=str(part.total))


def small(text: str) -> str:
    """The same with a small letter in front, within a sentence."""
    return text[:1].lower() + text[1:] if has_capitals() else text


def capital(text: str) -> str:
    """The same with a capital letter in front; a name such as petal_length, cat.jpg or eGFR stays as it is."""
    return text if _NAME.search(text.partition(" ")[0]) or not has_capitals() else text[:1].upper() + text[1:]


_NAME = re.compile(r"_|\w[./\\]\w|\w[A-Z]")  # in a word that is written in one way


def long_named(names: Sequence[str]) -> bool:
    """Whether some name is too long to stand above a narrow column."""
    return max(map(len, names)) > _SHORT


def without_units(features: Sequence[str]) -> tuple[str, ...]:
    """petal length (cm) -> petal length; those that are then no longer told apart, income (monthly) and income
    (yearly), as they are."""
    short = [feature.partition(" (")[0] for feature in features]
    times = Counter(short)
    return tuple(one if times[one] == 1 else whole for one, whole in zip(short, features, strict=True))


def numbers(labels: Sequence[str], values: Array, with_sign: bool = False) -> str:
    """petal length 0.41, petal width 0.33."""
    write = at_scale(values, signed if with_sign else plain)
    parts = [f"{label} {write(float(value), 2)}" for label, value in zip(labels, values, strict=True)]
    return trp("list", ", ").join(parts)


_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")  # in English


def first_places(number: int) -> str:
    """first two, first 12; first, for one."""
    if number == 1:
        return trp("place in an order", "first")
    if language_now() != ENGLISH:
        return trp("places in an order", "first {number}", number=str(number))
    return f"first {_NUMBERS[number] if number < len(_NUMBERS) else number}"
