"""What an error says of names that are not there: the nearest that are, or some of them."""

from collections.abc import Sequence
from difflib import get_close_matches

_MOST, _EXAMPLES = 3, 3


def nearest(name: str, there: Sequence[str], like: float = 0.6) -> list[str]:
    """The names that look most like this one, the nearest first; none where none is as much `like` it, from 0 to 1."""
    return get_close_matches(name, there, _MOST, like)


def is_or_are(names: Sequence[str]) -> str:
    """The verb of a sentence about so many names."""
    return "is" if len(names) == 1 else "are"


def no_sample(name: str, ids: Sequence[str]) -> str:
    """The data has no sample of this id, and which it may have been."""
    if near := nearest(name, ids):
        hint = f"near {is_or_are(near)} {', '.join(near)}"
    elif len(ids) == 1:
        hint = f"its only sample is called {ids[0]}"
    else:
        more = " and so on" if len(ids) > _EXAMPLES else ""
        hint = f"its samples are called {', '.join(ids[:_EXAMPLES])}{more}"
    return f"the data has no sample {name!r}; {hint}"
