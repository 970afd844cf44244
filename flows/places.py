"""Whether the folders that a report writes to can be written, found out before anything is computed."""

import os
import secrets
import shutil
from pathlib import Path

from exhibit.flows.config import Report
from exhibit.flows.errors import ConfigError


def require_writable(report: Report) -> None:
    """Tries to write where runs and the store are to be, and leaves nothing there.

    Raises:
        ConfigError: with a sentence for each folder that cannot be written.
    """
    wanted = {"paths.runs": report.paths.runs, "paths.store": report.paths.store}
    lines = [f"{key}: {said}" for key, folder in wanted.items() if (said := unwritable(folder))]
    if lines:
        raise ConfigError("\n".join(lines))


def unwritable(folder: Path) -> str:
    """Why nothing can be written into a folder that is there or to be made, in a sentence; empty where it can be."""
    try:
        found = Path(os.path.abspath(folder))  # noqa: PTH100 - `resolve` would refuse a loop of links as it likes
        missing = []
        while not os.path.lexists(found):
            missing.append(found.name)
            found = found.parent
        trial = found / f".exhibit-{secrets.token_hex(8)}.tmp"
        trial.mkdir()
        try:
            # The longest name that is given in there, and at least one file.
            (inner := trial.joinpath(*reversed(missing))).mkdir(parents=True, exist_ok=True)
            (inner / ("0" * _LONGEST)).write_bytes(b"0")
        finally:
            shutil.rmtree(trial, ignore_errors=True)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return f"nothing can be written to {str(folder)[:200]!r} ({why}); give a folder that can be written"
    return ""


_LONGEST = 86  # letters of what the store calls a file while it is written
