"""UBJSON as XGBoost writes it, read with a look at each length: its own reader takes them as they are."""

from collections.abc import Iterator
from typing import Any

import numpy as np

_NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_WORDS = {b"Z": None, b"T": True, b"F": False}
_DEEPEST = 100


def read_ubjson(data: bytes) -> Any:
    """Objects are dicts, arrays of one type are arrays of numpy.

    Raises:
        ValueError: where it says of something to be longer than the file, or of another kind than there is.
    """
    place = _Place(data)
    found = place.value(place.take(1), 0)
    if data[place.at :].strip():
        raise ValueError(f"something follows behind its end, at byte {place.at:,}")
    return found


class _Place:
    """How far the file is read."""

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    def take(self, count: int) -> bytes:
        if count < 0 or count > len(self._data) - self.at:
            raise ValueError(f"it is cut off, or was changed: byte {self.at:,} should be followed by {count:,} more")
        self.at += count
        return self._data[self.at - count : self.at]

    def value(self, kind: bytes, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} times")
        if kind == b"{":
            return dict(self._members(depth))
        if kind == b"[":
            return self._array(depth)
        if kind in (b"S", b"H"):
            return self._text()
        if kind in _WORDS:
            return _WORDS[kind]
        if kind == b"C":
            return self.take(1).decode("latin-1")
        return self._numbers(kind, 1)[0].item()

    def _members(self, depth: int) -> Iterator[tuple[str, Any]]:
        seen = set()
        while self.take(1) != b"}":
            self.at -= 1
            if (name := self._text()) in seen:
                raise ValueError(f"it has {name[:40]!r} twice")
            seen.add(name)
            yield name, self.value(self.take(1), depth + 1)

    def _array(self, depth: int) -> Any:
        kind = self._data[self.at : self.at + 1]
        if kind == b"$":
            kind = self.take(2)[1:]
            if self.take(1) != b"#":
                raise ValueError(f"at byte {self.at - 1:,} there is an array without its length")
            return self._numbers(kind, self._count())
        if kind == b"#":
            self.take(1)
            return [self.value(self.take(1), depth + 1) for _ in range(self._count())]
        found = []
        while (kind := self.take(1)) != b"]":
            found.append(self.value(kind, depth + 1))
        return found

    def _numbers(self, kind: bytes, count: int) -> Any:
        if kind not in _NUMBERS:
            raise ValueError(f"at byte {self.at - 1:,} there is {kind!r}, which is no number")
        form = np.dtype(_NUMBERS[kind])
        return np.frombuffer(self.take(count * form.itemsize), form)

    def _count(self) -> int:
        kind = self.take(1)
        if kind not in (b"i", b"U", b"I", b"l", b"L"):
            raise ValueError(f"at byte {self.at - 1:,} there is {kind!r}, where a length is meant")
        if (count := int(self._numbers(kind, 1)[0])) < 0:
            raise ValueError(f"at byte {self.at:,} there is a length of {count}")
        return count

    def _text(self) -> str:
        return self.take(self._count()).decode("utf-8", errors="replace")
