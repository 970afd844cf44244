"""A folder of this machine, or of one that it shares with others, as the medium of a store.

- `locks/aa/<key>`: held while a key is computed; the kernel frees it when the process dies.
- `used`: shared while results are used, so that whoever gets it alone may remove some.
- `lock`: shared while a file is written, so that whoever gets it alone knows that temporary files are orphans.
"""

import fcntl
import os
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from exhibit.tasks.medium import Kept, used

_OWN = re.compile(r"\.[0-9a-f]{64}\.[0-9a-f]{16}\.tmp")  # what a file is called while it is written


@dataclass(frozen=True)
class Folder:
    """The files below `folder`."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._remove_orphans()

    def where(self, name: str) -> str:
        """The path."""
        return str(self.folder / name)

    def read(self, name: str, *, afresh: bool = False) -> bytes:
        """What lies there, unchecked."""
        del afresh  # nothing here is a copy
        return (self.folder / name).read_bytes()

    def holds(self, name: str, size: int) -> bool:
        """Whether there is a file of so many bytes."""
        try:
            return (self.folder / name).stat().st_size == size
        except FileNotFoundError:
            return False

    def put(self, name: str, data: bytes, *, durably: bool) -> None:
        """Writes it, unless it lies there. If not `durably`, nobody waits for the disk."""
        with suppress(FileNotFoundError):
            if self.read(name) == data:
                return
        self.write(name, data, durably=durably)

    def publish(self, name: str, data: bytes, seen: bytes | None) -> bool:
        """Writes it: whoever computes it holds its lock."""
        del seen
        self.write(name, data)
        return True

    def write(self, name: str, data: bytes, *, durably: bool = True) -> None:
        """Writes the file whole or not at all."""
        path = self.folder / name
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _locked(self.folder / "lock", fcntl.LOCK_SH):
                try:
                    _write_new(temporary, data, durably)
                    temporary.replace(path)
                finally:
                    temporary.unlink(missing_ok=True)
            if durably:
                _sync(path.parent)
        except OSError as error:
            hint = f"{error.strerror}; nothing in the store was harmed, and what is finished is kept"
            raise OSError(error.errno, hint, str(path)) from error

    def remove(self, name: str) -> None:
        """Removes the file, if it is there."""
        (self.folder / name).unlink(missing_ok=True)

    def files(self, part: str) -> Mapping[str, Kept]:
        """What lies in `part` by name, if it is named by a sha256."""
        paths = [path for path in self.folder.glob(f"{part}/??/*") if len(path.name) == 64]
        states = {path.relative_to(self.folder).as_posix(): path.stat() for path in paths}
        return {name: Kept(state.st_size, state.st_mtime) for name, state in states.items()}

    def now(self) -> float:
        """The time of this machine."""
        return time.time()

    @contextmanager
    def computing(self, key: str) -> Iterator[None]:
        """While this lasts, nobody else computes this."""
        path = self.folder / "locks" / key[:2] / key
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(path, fcntl.LOCK_EX):
            yield

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While this lasts, nothing that is here is removed."""
        with _locked(self.folder / "used", fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this lasts, nobody uses what is here.

        Raises:
            InputError: where somebody does.
        """
        try:
            with _locked(self.folder / "used", fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield
        except BlockingIOError:
            raise used(str(self.folder)) from None

    def _remove_orphans(self) -> None:
        """Removes temporary files of killed processes, unless somebody is writing right now."""
        with suppress(BlockingIOError), _locked(self.folder / "lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            for part in ("objects", "actions"):
                for orphan in self.folder.glob(f"{part}/??/.*.tmp"):
                    if _OWN.fullmatch(orphan.name):  # whatever else lies in a folder that was named as the store
                        orphan.unlink(missing_ok=True)


def _write_new(path: Path, data: bytes, durably: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o444)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if durably:
            os.fsync(descriptor)


def _sync(folder: Path) -> None:
    """Makes a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    """Holds the lock file; closing its descriptor frees it, and so does the end of the process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, how)
        yield
        fcntl.flock(descriptor, fcntl.LOCK_UN)  # not left to a forked child that still holds the descriptor
    finally:
        os.close(descriptor)
