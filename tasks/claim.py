"""What a report claims of a second derivation of its numbers, on this machine and on others."""

from collections.abc import Mapping
from typing import Any

from exhibit.tasks.protocols import WHOLE_BATCH
from exhibit.tasks.records.language import Message, say

TOLERANCE = 1e-5  # of the norm of each array, single precision: what "the same numbers" means


def claim(compute: Mapping[str, Any]) -> Message:
    """What is claimed of a second derivation."""
    near = f"{TOLERANCE:g}"
    if not compute["deterministic"]:
        return say(
            "within {tolerance} of the norm of each array, not the same bytes: compute.deterministic is false",
            tolerance=near,
        )
    if compute["batch"] % WHOLE_BATCH:
        return say(
            "the same bytes on the same platform, libraries, threads and compute.chunk (compute.batch is no multiple "
            "of {whole}); elsewhere within {tolerance} of the norm of each array",
            whole=str(WHOLE_BATCH),
            tolerance=near,
        )
    return say(
        "the same bytes on the same platform, libraries and threads; elsewhere within {tolerance} of the norm of each "
        "array",
        tolerance=near,
    )
