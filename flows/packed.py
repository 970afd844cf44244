"""What `exhibit export` packed is no report, it holds one; and a file that is no PDF is none, damaged or not."""

from contextlib import suppress
from pathlib import Path

from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.opening import there

# Of which a run that was begun has some, also one of which some are gone.
_OF_A_RUN = ("manifest.json", "evidence.json", "report.pdf", "report.html", "config.yaml", "overrides.txt")
_ZIP = b"PK\x03\x04"  # how a zip file begins, and no PDF
# Where a PDF says that it is one: a damaged one lacks one of them, not both.
_PDF, _END_OF_PDF, _LOOKED_AT = b"%PDF-", (b"%%EOF", b"startxref"), 1024


def require_unpacked(target: Path) -> None:
    """Refuses a zip file, and the folder that it unpacks to, with the folder to name in its place; a folder in which
    no run has written; and a file that is no PDF.

    Raises:
        InputError: where it is one of them; it is not damaged.
    """
    if target.is_dir():
        run = target / "data"
        if there(target / "bagit.txt") and there(run / "manifest.json") and not there(target / "manifest.json"):
            raise InputError(f"{target}: this is what `exhibit export` packed, and the run lies in it: name {run}")
        if not any(there(target / name) for name in _OF_A_RUN):
            raise InputError(f"{target}: a run directory or a PDF was expected, and this folder is not that of a run")
        return
    begins = ends = b""
    with suppress(OSError), target.open("rb") as file:
        begins = file.read(_LOOKED_AT)
        file.seek(max(0, target.stat().st_size - _LOOKED_AT))
        ends = file.read(_LOOKED_AT)
    if begins.startswith(_ZIP):
        raise InputError(
            f"{target}: a run directory or a PDF was expected, and this is a zip file: unpack it, and name the folder "
            "data in it"
        )
    if begins and _PDF not in begins and not any(mark in ends for mark in _END_OF_PDF):
        raise InputError(f"{target}: a run directory or a PDF was expected, and this file is no PDF, so no report")
