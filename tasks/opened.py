"""Which files the user's own code reads while it runs: a result depends on them, though no config names them."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import local
from typing import Any

from exhibit.tasks.fingerprint import ROOT, content

# Digests by path, by function; all of this process, for code may keep what it read.
_read: dict[str, dict[str, str]] = {}
_at_work: list[Sequence[str]] = []


class _Here(local):
    """Of a thread: whether it hashes, for what is opened to be hashed is not read by the user."""

    hashing = False


_here = _Here()
# Libraries are known by their versions, and this program by its code.
_PROGRAM = [ROOT / "exhibit", *(path for path in (ROOT / "exhibit").iterdir() if path.is_dir())]
_SYSTEM = Path(sys.prefix), Path(sys.base_prefix), Path("/proc"), Path("/sys"), Path("/dev")
_ELSEWHERE = {str(one.resolve()) for one in (*_SYSTEM, *_PROGRAM)}


@contextmanager
def noting(functions: Sequence[str]) -> Iterator[None]:
    """Files that are opened in here to be read, by any thread of this process, are noted for these functions.

    Not seen are files that a library opens by itself without Python, those of processes that the code starts, and
    what comes from a network or a database.
    """
    _listen()
    _at_work.append(functions)
    try:
        yield
    finally:
        _at_work.remove(functions)


def read_by(functions: Sequence[str], store: Path) -> dict[str, str]:
    """What these functions have read in this process and is there still, as digests of that time by path, and empty
    ones of what they looked for in vain; but for files of the store, which are never changed."""
    root = str(store.resolve())
    known = {path: mark for function in functions for path, mark in list(_read.get(function, {}).items())}
    return {
        path: mark
        for path, mark in sorted(known.items())
        if not _within(path, (root,)) and (not mark or Path(path).is_file())
    }


def changed(files: Mapping[str, str]) -> str | None:
    """The first of these files that is another now, or gone."""
    return next((path for path, mark in files.items() if _mark(path) != mark), None)


@cache
def _listen() -> None:
    sys.addaudithook(_heard)


def _heard(event: str, told: tuple[Any, ...]) -> None:
    if event != "open" or not _at_work or _here.hashing:
        return
    path, _, flags = told
    if not isinstance(path, str | bytes | os.PathLike) or flags & os.O_ACCMODE == os.O_WRONLY or flags & os.O_TRUNC:
        return
    # What is imported is code, which is known by its source.
    if sys._getframe(1).f_code.co_filename.startswith("<frozen importlib"):
        return
    _here.hashing = True
    try:
        found = os.path.realpath(os.fsdecode(path))
        mark = None if _within(found, _ELSEWHERE) else _mark(found)
        if mark is not None and (mark or not flags & os.O_CREAT):
            for functions in list(_at_work):
                for function in functions:
                    _read.setdefault(function, {})[found] = mark
    finally:
        _here.hashing = False


def _mark(path: str) -> str | None:
    """Its digest; empty where nothing is there, None where that is no file or may not be read."""
    try:
        return content(Path(path)) if Path(path).is_file() else None if Path(path).exists() else ""
    except (OSError, ValueError):  # ValueError: a path with a zero in it
        return None


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)
