"""Which files and environment variables the user's own code reads while it runs: a result depends on them, though no
config names them."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import local
from typing import Any

from exhibit.tasks.fingerprint import ROOT, content

# Digests by path, or by $NAME of a variable, by function; all of this process, for code may keep what it read.
_read: dict[str, dict[str, str]] = {}
_at_work: list[Sequence[str]] = []


class _Here(local):
    """Of a thread: whether it hashes, for what is opened to be hashed is not read by the user."""

    hashing = False


_here = _Here()
# Libraries are known by their versions, and this program by its code.
_OF_VARIABLES = {os.getenv.__code__.co_filename, Mapping.get.__code__.co_filename}  # code that asks for others
_PROGRAM = [ROOT / "exhibit", *(path for path in (ROOT / "exhibit").iterdir() if path.is_dir())]
_SYSTEM = Path(sys.prefix), Path(sys.base_prefix), Path("/proc"), Path("/sys"), Path("/dev")
_ELSEWHERE = {str(one.resolve()) for one in (*_SYSTEM, *_PROGRAM)}


@contextmanager
def noting(functions: Sequence[str]) -> Iterator[None]:
    """Files that are opened in here to be read, by any thread of this process, are noted for these functions, and so
    are environment variables that code of the user's own asks for.

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
    """What these functions have read in this process and is there still, as digests of that time by path or $NAME, and
    empty ones of what they looked for in vain; but for files of the store, which are never changed."""
    root = str(store.resolve())
    known = {path: mark for function in functions for path, mark in list(_read.get(function, {}).items())}
    return {
        path: mark
        for path, mark in sorted(known.items())
        if not _within(path, (root,)) and (not mark or _is_variable(path) or Path(path).is_file())
    }


def changed(files: Mapping[str, str]) -> str | None:
    """The first of these files and variables that is another now, or gone, in words."""
    other = next((path for path, mark in files.items() if _mark(path) != mark), None)
    return other and (f"the environment variable {other[1:]}" if _is_variable(other) else f"the file {other}")


@cache
def _listen() -> None:
    sys.addaudithook(_heard)
    os.environ.encodekey = _hearing(os.environ.encodekey)


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
            _note(found, mark)
    finally:
        _here.hashing = False


def _note(what: str, mark: str) -> None:
    for functions in list(_at_work):
        for function in functions:
            _read.setdefault(function, {})[what] = mark


def _hearing(encoded: Callable[[str], str]) -> Callable[[str], str]:
    """What turns the name of a variable into bytes, whoever asks for it, and notes who asks for its value."""

    def heard(name: str) -> str:
        if _at_work and sys._getframe(1).f_code.co_name == "__getitem__" and _asked_by_the_user():
            _note(f"${name}", _value(name))
        return encoded(name)

    return heard


def _asked_by_the_user() -> bool:
    """Whether it is code of the user's own that asks for a variable: a library or this program asks how to work."""
    frame = sys._getframe(3)  # of whoever called os.environ.__getitem__
    while frame.f_back is not None and frame.f_code.co_filename in _OF_VARIABLES:
        frame = frame.f_back
    source = frame.f_code.co_filename
    return not source.startswith("<frozen") and not _within(os.path.realpath(source), _ELSEWHERE)


def _is_variable(path: str) -> bool:
    return path.startswith("$")  # other paths are absolute


def _value(name: str) -> str:
    """The digest of the value of a variable, which may be a secret; empty where there is none."""
    value = os.environ.get(name)
    return "" if value is None else hashlib.sha256(os.fsencode(value)).hexdigest()


def _mark(path: str) -> str | None:
    """Its digest; empty where nothing is there, None where that is no file or may not be read."""
    if _is_variable(path):
        return _value(path[1:])
    try:
        return content(Path(path)) if Path(path).is_file() else None if Path(path).exists() else ""
    except (OSError, ValueError):  # ValueError: a path with a zero in it
        return None


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)
