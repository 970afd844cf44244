"""What a store needs of the place that its files lie in: a folder of this machine, or a bucket on a server.

Names are relative, as `objects/aa/<sha256>`.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol

from exhibit.tasks.records.base import InputError


class Unreachable(OSError):
    """The server of a store does not answer, and was waited for."""


class Refused(InputError):
    """The server of a store answers, and does not do what it is asked for."""


class Kept(NamedTuple):
    """A file of a store: bytes, and when it was written, in seconds since 1970 by the clock of the place."""

    size: int
    written: float


class Medium(Protocol):
    """Where the files of a store lie. Equal ones lead to the same place, and they travel to other processes."""

    def __hash__(self) -> int: ...

    @property
    def folder(self) -> Path:
        """The folder on this machine whose files are the store's own, or copies of them."""
        ...

    def where(self, name: str) -> str:
        """A file, for people."""
        ...

    def read(self, name: str, *, afresh: bool = False) -> bytes:
        """What lies there, unchecked; `afresh`: not a copy of it.

        Raises:
            FileNotFoundError: if nothing does.
        """
        ...

    def holds(self, name: str, size: int) -> bool:
        """Whether the place itself, and not a copy alone, has a file of so many bytes."""
        ...

    def put(self, name: str, data: bytes, *, durably: bool) -> None:
        """Sees to it that these bytes lie there, whole or not at all."""
        ...

    def publish(self, name: str, data: bytes, seen: bytes | None) -> bool:
        """Writes it in the place of what was `seen` there, None where nothing was; False where something else lies
        there by now, which stays."""
        ...

    def remove(self, name: str) -> None:
        """Removes the file, if it is there."""
        ...

    def files(self, part: str) -> Mapping[str, Kept]:
        """What lies in `part` by name, if it is named by a sha256."""
        ...

    def now(self) -> float:
        """Seconds since 1970, by the clock that `files` goes by, while this is held `alone`."""
        ...

    def computing(self, key: str) -> AbstractContextManager[None]:
        """While this lasts, nobody else computes this; what a dead process held is free."""
        ...

    def in_use(self) -> AbstractContextManager[None]:
        """While this lasts, nothing that is here is removed."""
        ...

    def alone(self) -> AbstractContextManager[None]:
        """While this lasts, nobody uses what is here.

        Raises:
            InputError: where somebody does.
        """
        ...


def used(where: str) -> InputError:
    """What is said where somebody uses it."""
    return InputError(f"{where}: a run uses this store; type the same again when it has ended")
