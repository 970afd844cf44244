"""Which files and environment variables the user's own code reads while it runs: a result depends on them, though no
config names them."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.util import source_from_cache
from pathlib import Path
from threading import local
from types import FrameType
from typing import Any, TypeVar

from exhibit.tasks.fingerprint import ROOT, content
from exhibit.tasks.held import in_memory
from exhibit.tasks.records.base import InputError

N = TypeVar("N", str, bytes)
# Digests by path, by $NAME of a variable, or by path/ of what a folder lists, by function; all of this process, for
# code may keep what it read.
_read: dict[str, dict[str, str]] = {}
_code: dict[str, str] = {}  # digests of modules by path, whoever had them imported first
_in_keys: set[str] = set()  # modules that keys hold already
_written: set[str] = set()  # files that the code itself has opened to write, and variables that it or a library sets
_once: set[str] = set()  # code that is no source: a process keeps what it loaded
_at_work: list[Sequence[str]] = []


class _Here(local):
    """Of a thread: whether it hashes, for what is opened to be hashed is not read by the user."""

    hashing = False


_here = _Here()
# Libraries are known by their versions, and this program by its code.
_PROGRAM = [ROOT / "exhibit", *(path for path in (ROOT / "exhibit").iterdir() if path.is_dir())]
_SYSTEM = Path(sys.prefix), Path(sys.base_prefix), Path("/proc"), Path("/sys"), Path("/dev")
_OWN = {str(one.resolve()) for one in _PROGRAM}
_ELSEWHERE = {str(one.resolve()) for one in _SYSTEM} | _OWN
_LISTED = {"os.listdir", "os.scandir"}
_SET = {"os.putenv", "os.unsetenv"}
_STARTED = "subprocess.Popen"
_EVENTS = {"open", "ctypes.dlopen", "sqlite3.connect", "import", _STARTED} | _LISTED
_OF_PROCESS = ("TZ", "PYTHONHASHSEED")  # what hours and the order of sets follow, unasked
_CACHED = "__pycache__"
_PLAIN = "<frozen "  # how the names of Python's own code begin that is in no file
_IMPORT = f"{_PLAIN}importlib"


@contextmanager
def noting(functions: Sequence[str]) -> Iterator[None]:
    """Files that are opened in here to be read, and folders that are listed, by any thread of this process, are noted
    for these functions, and so are modules that no key holds, and environment variables that code of the user's own,
    or a library that it calls, asks for.

    Not seen are files that a library opens by itself without Python, those of processes that the code starts, and
    what comes from a network or a database of a server.
    """
    _listen()
    _at_work.append(functions)
    for name in _OF_PROCESS:
        _note(f"${name}", _value(name))
    try:
        yield
    finally:
        _at_work.remove(functions)


def in_keys(module: Path) -> None:
    """Says that keys hold this file: by its code, so that a comment changes nothing."""
    _in_keys.add(os.path.realpath(module))


def note_named(function: str, words: Iterable[str]) -> None:
    """Notes the files among these for a function: it may have a library open them that Python does not see."""
    _here.hashing = True
    try:
        for path in {os.path.abspath(word) for word in words if _may_be_path(word)}:  # noqa: PTH100 - as below
            if Path(path).is_file() and not _within(os.path.realpath(path), _ELSEWHERE) and (mark := _mark(path)):
                _read.setdefault(function, {}).setdefault(path, mark)
    finally:
        _here.hashing = False


def _may_be_path(word: str) -> bool:
    return 0 < len(word) <= _LONGEST and "\0" not in word and "\n" not in word


_LONGEST = 1024  # letters of a path


def note_variables(function: str, names: Iterable[str]) -> None:
    """Notes these for a function, which may have the system ask for them."""
    for name in names:
        _read.setdefault(function, {}).setdefault(f"${name}", _value(name))


def read_by(functions: Sequence[str], store: Path) -> dict[str, str]:
    """What these functions have read in this process and is there still, as digests of that time by path or $NAME, and
    empty ones of what they looked for in vain; but for files of the store, which are never changed."""
    root = str(store.resolve())
    known = {path: mark for path, mark in list(_code.items()) if functions and path not in _in_keys}
    known |= {path: mark for function in functions for path, mark in list(_read.get(function, {}).items())}
    return {
        path: mark
        for path, mark in sorted(known.items())
        if not _within(os.path.realpath(path), (root,)) and (not mark or _is_variable(path) or _mark(path))
    }


def changed(files: Mapping[str, str]) -> str | None:
    """The first of these files and variables that is another now, or gone, in words."""
    other = next((path for path, mark in files.items() if _mark(path) != mark), None)
    return other and (f"the environment variable {other[1:]}" if _is_variable(other) else f"the file {other}")


def outdated(function: str) -> bool:
    """Whether a module that was imported, or what this function has read, is another now: what it keeps of that is not
    what it would read. What it wrote itself is its own.

    Raises:
        InputError: for code that no process can load twice.
    """
    known = {path: mark for path, mark in _code.items() if path not in _in_keys} | _read.get(function, {})
    others = [path for path, mark in known.items() if path not in _written and _mark(path) != mark]
    if loaded := [path for path in others if path in _once]:
        raise InputError(
            f"{function}: {Path(loaded[0]).name} is another file than when this process loaded it, and what is no "
            "Python source can be loaded only once; start a new process (in a notebook: restart the kernel)"
        )
    return bool(others)


def forget() -> frozenset[str]:
    """From here on everything is as it is now, for all is imported and read anew; the paths of modules that were."""
    imported = frozenset(_code)
    _code.clear()
    for function, notes in _read.items():
        if not in_memory(function):  # an object of a session goes on with what it has
            _read[function] = {path: mark for path in notes if (mark := _mark(path)) is not None}
    return imported


@cache
def _listen() -> None:
    sys.addaudithook(_heard)
    os.environ.encodekey = _hearing(os.environ.encodekey)
    if os.supports_bytes_environ:
        os.environb.encodekey = _hearing(os.environb.encodekey)


def _heard(event: str, told: tuple[Any, ...]) -> None:
    if event in _SET:
        _note_set(f"${os.fsdecode(told[0])}", by_the_user=not _at_work and _for_the_user(sys._getframe(1)))
    if not _at_work or _here.hashing or event not in _EVENTS:
        return
    if event == _STARTED:
        _note_started(*told[:3])
        return
    asked, path = sys._getframe(1), told[1] if event == "import" else told[0]
    listed = event in _LISTED
    if not isinstance(path, str | bytes | os.PathLike) and not (listed and path is None):
        return
    _here.hashing = True
    try:
        found = os.path.abspath(os.fsdecode(path or "."))  # noqa: PTH100 - as asked for: a link may lead elsewhere later
        code = event == "import" or found.endswith((".py", ".pyc"))
        if listed:
            _note_listed(found, asked)
        elif code and (event == "import" or asked.f_code.co_filename.startswith(_IMPORT)):
            _note_module(found)
        else:
            zipped = asked.f_code.co_filename == f"{_PLAIN}zipimport>"
            _note_opened(found, told[2] if event == "open" else os.O_RDONLY, event, zipped=zipped)
    finally:
        _here.hashing = False


def _note_set(variable: str, *, by_the_user: bool) -> None:
    if by_the_user:
        _written.discard(variable)
    else:
        _written.add(variable)


def _note_listed(folder: str, asked: FrameType) -> None:
    cached = Path(folder).name == _CACHED
    if not cached and _for_the_user(asked) and not _within(os.path.realpath(folder), _ELSEWHERE):
        _note(f"{folder}{os.sep}", _mark(f"{folder}{os.sep}") or "")


def _note_opened(path: str, flags: int, event: str, *, zipped: bool) -> None:
    if flags & os.O_ACCMODE != os.O_RDONLY:
        _written.add(path)
    if flags & os.O_ACCMODE == os.O_WRONLY or flags & os.O_TRUNC:
        return
    mark = None if _within(os.path.realpath(path), _ELSEWHERE) else _mark(path)
    if mark and (event == "ctypes.dlopen" or zipped):
        _once.add(path)
    if mark is not None and (mark or (event == "open" and not flags & os.O_CREAT)):
        _note(path, mark)
        if event == "sqlite3.connect":
            _note(f"{path}-wal", _mark(f"{path}-wal") or "")  # where it writes first


def _note_started(program: Any, words: Any, folder: Any) -> None:
    """Files that another program is, or is told to read."""
    told = [program, *words] if isinstance(words, list | tuple) else [program, words]
    paths = [os.fsdecode(one) for one in told if isinstance(one, str | bytes | os.PathLike)]
    root = Path.cwd() / os.fsdecode(folder or ".")
    for functions in list(_at_work):
        for function in functions:
            note_named(function, [str(root / path) for path in paths])


def _note_module(path: str) -> None:
    """What is imported is code: that of libraries is known by their versions, and a key holds what it can see."""
    if path.endswith(".pyc"):
        try:
            source = source_from_cache(path)
        except ValueError:  # one without a source
            source = path
        path = source if Path(source).is_file() else path
    found = os.path.realpath(path)
    if not _within(found, _ELSEWHERE) and not _SITE & set(Path(found).parts) and (mark := _mark(found)):
        _code.setdefault(found, mark)
        if not found.endswith((".py", ".pyc")):
            _once.add(found)


_SITE = {"site-packages", "dist-packages"}


def _note(what: str, mark: str) -> None:
    if _is_variable(what) and what in _written:
        return
    for functions in list(_at_work):
        for function in functions:
            _read.setdefault(function, {})[what] = mark


def _hearing(encoded: Callable[[N], N]) -> Callable[[N], N]:
    """What turns the name of a variable into bytes, whoever asks for it, and notes who asks for its value."""

    def heard(name: N) -> N:
        # This is called by os.environ.__getitem__, and that by whoever asks.
        if _at_work and (asked := sys._getframe(1)).f_code.co_name == "__getitem__" and _for_the_user(asked.f_back):
            _note(f"${(known := os.fsdecode(name))}", _value(known))
        return encoded(name)

    return heard


def _for_the_user(frame: FrameType | None) -> bool:
    """Whether code of the user's own asks for what this call does, be it by a library, which may read settings for it.
    This program, and a library that is being imported, ask how to work."""
    while frame is not None:
        match _whose(frame.f_code.co_filename):
            case "user":
                return True
            case "program":
                return False
        frame = frame.f_back
    return False


@lru_cache(maxsize=4096)
def _whose(file: str) -> str:
    if file.startswith(_PLAIN):
        return "program" if file.startswith(_IMPORT) else "library"
    found = os.path.realpath(file)
    return "program" if _within(found, _OWN) else "library" if _within(found, _ELSEWHERE) else "user"


def _is_variable(path: str) -> bool:
    return path.startswith("$")  # other paths are absolute


def _value(name: str) -> str:
    """The digest of the value of a variable, which may be a secret; empty where there is none."""
    value = os.environ.get(name)
    return "" if value is None else hashlib.sha256(os.fsencode(value)).hexdigest()


def _mark(path: str) -> str | None:
    """Its digest, of a folder that of the names in it; empty where nothing is there, None where that is no file or may
    not be read."""
    if _is_variable(path):
        return _value(path[1:])
    try:
        if path.endswith(os.sep):
            names = sorted(one.name for one in Path(path).iterdir() if one.name != _CACHED)
            return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()
        return content(Path(path)) if Path(path).is_file() else None if Path(path).exists() else ""
    except FileNotFoundError:
        return ""
    except (OSError, ValueError):  # ValueError: a path with a zero in it
        return None


def _within(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder + os.sep) for folder in folders)
