"""What a PDF that is not as it was sealed still has of a report: whether it was one."""

import io
import re
from collections.abc import Iterator
from typing import Any

from exhibit.tasks.document.pdf_kinds import unpacked_too_large

_OURS = ("evidence.json", "importances.parquet")  # attached to every report
_SEAL = re.compile(rb"[0-9a-f]{64}")
_MADE_BY = re.compile(rb"Exhibit \d[\w.]*")


def traces(data: bytes) -> tuple[str, ...] | None:
    """Clauses on what only a report has, the last one that it has no evidence, where that is so; nothing where it has
    none of it, None where it cannot be read, so that nobody can say."""
    import pikepdf

    if unpacked_too_large(data):
        return None
    try:
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as document:
            if not len(document.pages):
                return None
            found = tuple(_found(document))
            attached = set(document.attachments) & {*_OURS}
    except (pikepdf.PdfError, pikepdf.PasswordError, ArithmeticError, AttributeError, LookupError, RuntimeError,
            TypeError, ValueError):  # fmt: skip
        return None
    return (*found, "no evidence is attached") if found and not attached else found


def _found(document: Any) -> Iterator[str]:
    if (made_by := _maker(document)) is not None:
        yield f"it says that {made_by} made it"
    if "/ID" in document.trailer and _SEAL.fullmatch(bytes(document.trailer.ID[0])):
        yield "it has an identifier as the seal of a report is"
    if attached := [name for name in _OURS if name in document.attachments]:
        yield f"{' and '.join(attached)} {'is' if len(attached) == 1 else 'are'} attached"


def _maker(document: Any) -> str | None:
    """The program by its own name, as a report says it twice."""
    said = [str(document.docinfo.get("/Creator", "")).encode()]
    if "/Metadata" in document.Root:
        said.append(document.Root.Metadata.read_bytes())
    return next((found[0].decode() for one in said if (found := _MADE_BY.search(one))), None)
