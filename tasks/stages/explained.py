"""What a chapter keeps of one method."""

from dataclasses import dataclass

from exhibit.tasks.methods.method import Method
from exhibit.tasks.store import Digest


@dataclass(frozen=True)
class Explained:
    """One method of a chapter: its attributions in shards (start, stop, digest), summary and verdicts."""

    label: str
    method: Method
    shards: tuple[tuple[int, int, Digest], ...]
    summary: Digest
    checks: tuple[Digest, ...]
