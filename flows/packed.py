"""What `exhibit export` packed is no report: it holds one."""

from contextlib import suppress
from pathlib import Path

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.opening import there

_ZIP = b"PK\x03\x04"  # how a zip file begins, and no PDF


def require_unpacked(target: Path) -> None:
    """Refuses a zip file, and the folder that it unpacks to, with the folder to name in its place.

    Raises:
        InputError: where it is one of them; it is not damaged.
    """
    if target.is_dir():
        run = target / "data"
        if there(target / "bagit.txt") and there(run / "manifest.json") and not there(target / "manifest.json"):
            raise InputError(f"{target}: this is what `exhibit export` packed, and the run lies in it: name {run}")
        return
    begins = b""
    with suppress(OSError), target.open("rb") as file:
        begins = file.read(len(_ZIP))
    if begins == _ZIP:
        raise InputError(
            f"{target}: a run directory or a PDF was expected, and this is a zip file: unpack it, and name the folder "
            "data in it"
        )
