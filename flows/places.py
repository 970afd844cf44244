"""Whether the folders that a report writes to can be written, found out before anything is computed."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from exhibit.flows.config import Report
from exhibit.flows.errors import ConfigError
from exhibit.flows.stores import StoreUrl
from exhibit.tasks.bucket import Bucket
from exhibit.tasks.medium import Refused, Unreachable


def require_writable(report: Report) -> None:
    """Tries to write where runs and the store are to be, and leaves nothing there.

    Raises:
        ConfigError: with a sentence for each folder that cannot be written.
    """
    wanted = {"paths.runs": report.paths.runs, "paths.store": report.paths.store}
    lines = [f"{key}: {said}" for key, folder in wanted.items() if (said := unwritable(folder))]
    if lines:
        raise ConfigError("\n".join(lines))


def unwritable(folder: Path | StoreUrl) -> str:
    """Why nothing can be written into a folder that is there or to be made, or to a URL, in a sentence; empty where it
    can be."""
    if isinstance(folder, StoreUrl):
        return _refused(folder)
    try:
        found = Path(os.path.abspath(folder))  # noqa: PTH100 - `resolve` would refuse a loop of links as it likes
        missing = []
        while not os.path.lexists(found):
            missing.append(found.name)
            found = found.parent
        _try(found, [*reversed(missing), "0" * _LONGEST])
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"nothing can be written to {str(folder)[:200]!r} ({why}); give a folder that can be written"
    return ""


def _refused(url: StoreUrl) -> str:
    try:
        Bucket(url.text, patience=_PATIENCE).try_out()
    except (Refused, Unreachable) as error:
        return str(error).partition("; what is finished is kept")[0]
    return ""


_PATIENCE = 10.0  # seconds: of a server that was never there nothing is lost yet
_LONGEST = 86  # letters of what the store calls a file while it is written


def _try(folder: Path, names: Sequence[str]) -> None:
    """Writes a file into a folder that is there, without a name, so that nothing is left whatever happens; and says
    whether it could be given these names, one below the other."""
    if any("\0" in name for name in names):
        raise ValueError("a name with a null character")
    most = os.pathconf(folder, "PC_NAME_MAX"), os.pathconf(folder, "PC_PATH_MAX")
    if max(map(len, map(os.fsencode, names))) > most[0] or len(os.fsencode(folder.joinpath(*names))) >= most[1]:
        raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
    try:
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
            raise
        with TemporaryDirectory(prefix=".exhibit-", suffix=".tmp", dir=folder):  # where no file can be without a name
            pass
