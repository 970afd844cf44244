"""Whether what stands at a path can be read to its end, found out without waiting for it."""

import errno
import os
import stat
from pathlib import Path

GROWTH = 100  # times, from a packed file to what it holds
SOME = 1 << 20  # bytes that any file may grow to


def ends(path: Path) -> bool:
    """Whether a regular file is there: no folder, no pipe, no device, and none of the system itself, which says that it
    has no bytes and then gives some, or waits until it has.

    Raises:
        OSError, ValueError: as `path.stat()`.
    """
    state = path.stat()
    return stat.S_ISREG(state.st_mode) and (state.st_size > 0 or _is_empty(path))


def _is_empty(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return True  # who opens it says why it cannot be
    try:
        return os.read(file, 1) == b""
    except OSError:  # BlockingIOError: it waits
        return False
    finally:
        os.close(file)


def whole(path: Path, most: int = 1 << 28) -> bytes:
    """All of a regular file, if that has at most so many bytes.

    Raises:
        OSError, ValueError: as `path.stat()` and reading, and for what is no such file.
    """
    if not ends(path):
        raise OSError(errno.EINVAL, "no regular file", str(path))
    if path.stat().st_size > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return path.read_bytes()


def there(path: Path) -> bool:
    """`ends`, and False where nothing can be asked for, as under a name that is too long."""
    try:
        return ends(path)
    except (OSError, ValueError):
        return False
