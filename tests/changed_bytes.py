"""Files of which somebody changed some bytes, as draws of hypothesis."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

# What a file becomes with a few bytes at a place of it.
WAYS: dict[str, Callable[[bytes, int, bytes], bytes]] = {
    "other bytes": lambda whole, place, few: whole[:place] + few + whole[place + len(few) :],
    "cut off": lambda whole, place, few: whole[:place],
    "fewer bytes": lambda whole, place, few: whole[:place] + whole[place + len(few) :],
    "more bytes": lambda whole, place, few: whole[:place] + few + whole[place:],
    "a part twice": lambda whole, place, few: whole + whole[place:],
    "larger numbers": lambda whole, place, few: whole[:place] + whole[place:].replace(b"1", b"9" * len(few), 1),
    "another file": lambda whole, place, few: few,
}


@st.composite
def changed(draw: Any, whole: bytes) -> bytes:
    """The file, changed in one of these ways."""
    way = draw(st.sampled_from(list(WAYS)))
    return WAYS[way](whole, draw(st.integers(0, len(whole) - 1)), draw(st.binary(min_size=1, max_size=12)))
