"""Paths that stand for files that are not here: they say what the file holds."""

import re
from pathlib import Path

_ABSENT = re.compile(r"sha256:([0-9a-f]{64})")


def absent_path(sha256: str, name: str) -> Path:
    """The path of a file that need not be there, being known by its content."""
    return Path(f"sha256:{sha256}") / Path(name).name


def content_of_absent(path: Path) -> str | None:
    """The sha256 that such a path states; None for any other path."""
    match = _ABSENT.fullmatch(path.parts[0]) if path.parts else None
    return match[1] if match else None
