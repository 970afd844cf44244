"""A bucket on a server, or whatever else fsspec opens, as the medium of a store.

- `locks/aa/<key>`: the claim of who computes a key.
- `used/<token>`: a claim for each run that uses results; `alone/gc`: that of who may remove some.

A result is published only where nobody else has published one meanwhile, so a claim that was lost costs double work and
no more. What was read is kept in a folder of this machine, too, and checked whenever it is read again.
"""

import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import gettempdir

from exhibit.tasks.claims import Claims
from exhibit.tasks.folder import Folder
from exhibit.tasks.medium import Kept, Refused, used
from exhibit.tasks.remote import Files

_ALONE = "alone/gc"


class Bucket:
    """The files below `url`. `copies`: the folder for copies of objects, None: one of the user's own;
    `seconds`: after which a claim that was not renewed is that of a dead owner; `patience`: how many of them a server
    that does not answer is waited for."""

    def __init__(self, url: str, copies: Path | None = None, seconds: float = 10.0, patience: float = 60.0) -> None:
        self._made_from = url, copies, seconds, patience
        self.url = url

    def __reduce__(self) -> tuple[type["Bucket"], tuple[str, Path | None, float, float]]:
        return Bucket, self._made_from  # in another process it opens its own connections

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bucket) and self._made_from == other._made_from

    def __hash__(self) -> int:
        return hash(self._made_from)

    @cached_property
    def folder(self) -> Path:
        """The folder for copies."""
        return self._made_from[1] or copies_of(self.url)

    @cached_property
    def _files(self) -> Files:
        return Files(self.url, self._made_from[3])

    @cached_property
    def _claims(self) -> Claims:
        return Claims(self._files, self._made_from[2])

    @cached_property
    def _copies(self) -> Folder | None:
        try:
            return Folder(self.folder)
        except OSError:  # a machine without a home does without
            return None

    def where(self, name: str) -> str:
        """Its URL."""
        return f"{self.url}/{name}"

    def read(self, name: str, *, afresh: bool = False) -> bytes:
        """What lies there, unchecked; of an object a copy, unless it is read `afresh`."""
        if not name.startswith("objects/"):  # of these nobody knows whether they are as they were
            return self._files.read(name)
        if not afresh and self._copies is not None:
            with suppress(OSError):
                return self._copies.read(name)
        data = self._files.read(name)
        self._copy(name, data)
        return data

    def holds(self, name: str, size: int) -> bool:
        """Whether the server has a file of so many bytes."""
        return self._files.size(name) == size

    def put(self, name: str, data: bytes, *, durably: bool) -> None:
        """Writes it, whatever is there: to look first would cost as much."""
        del durably  # the server answers when it is
        self._files.write(name, data)
        self._copy(name, data)

    def publish(self, name: str, data: bytes, seen: bytes | None) -> bool:
        """Writes it in the place of what was `seen` there, None where nothing was."""
        if seen is None:
            return self._files.write_new(name, data) is not None
        try:
            there = self._files.look(name)
        except FileNotFoundError:
            return self._files.write_new(name, data) is not None
        return there.data == seen and self._files.write_over(name, data, there) is not None

    def remove(self, name: str) -> None:
        """Removes it, and its copy on this machine."""
        self._files.remove(name)
        if self._copies is not None:
            with suppress(OSError):
                self._copies.remove(name)

    def files(self, part: str) -> Mapping[str, Kept]:
        """What lies in `part` by name, if it is named by a sha256."""
        return {name: kept for name, kept in self._files.files(part).items() if len(PurePosixPath(name).name) == 64}

    def now(self) -> float:
        """When the server wrote the claim that this one is alone."""
        claim = self._files.files(PurePosixPath(_ALONE).parent.as_posix()).get(_ALONE)
        return time.time() if claim is None or claim.written == float("inf") else claim.written

    def computing(self, key: str) -> AbstractContextManager[None]:
        """While this lasts, nobody else computes this, unless the claim is lost."""
        return self._claims.held(f"locks/{key[:2]}/{key}")

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While this lasts, nothing that is here is removed."""
        with self._claims.held(f"used/{secrets.token_hex(16)}"):
            while self._claims.is_alive(_ALONE):  # it looked before this claim was there, or will find it
                time.sleep(self._made_from[2] / 16)
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, nobody uses what is here.

        Raises:
            InputError: where somebody does.
        """
        with self._claims.held_if_free(_ALONE) as free:
            if not free or any(self._claims.is_alive(name) for name in self._lately_renewed()):
                raise used(self.url)
            yield

    def _lately_renewed(self) -> Iterator[str]:
        """The claims of runs, but for those that by the server's own clock nobody has renewed for long."""
        earliest = self.now() - 30 * self._made_from[2]
        for name, kept in self._files.files("used").items():
            if kept.written >= earliest:
                yield name
            else:
                self._files.remove(name)

    def try_out(self) -> None:
        """Whether files can be written here, and new ones only where there is none.

        Raises:
            Refused: if not.
        """
        name, data = f"used/{secrets.token_hex(16)}.try", b"{}"
        try:
            once = self._files.write_new(name, data)
            if once is None or self._files.write_new(name, b"[]") is not None or self._files.read(name) != data:
                raise Refused(
                    f"{self.url}: the server writes over files where only new ones were asked for (If-None-Match), so "
                    "runs could harm each other's results; keep the store in a folder, or on another server"
                )
        finally:
            with suppress(OSError, Refused):
                self._files.remove(name)

    def _copy(self, name: str, data: bytes) -> None:
        if self._copies is not None:
            with suppress(OSError):  # a full disk: it is read from the server again
                self._copies.put(name, data, durably=False)


def copies_of(url: str) -> Path:
    """Where copies of what lies below `url` are kept on this machine."""
    home = os.environ.get("HOME") or gettempdir()
    return (
        Path(os.environ.get("XDG_CACHE_HOME") or f"{home}/.cache")
        / "exhibit"
        / hashlib.sha256(url.encode()).hexdigest()[:16]
    )
