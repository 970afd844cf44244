"""What a chapter keeps of one method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exhibit.tasks.store import Digest

if TYPE_CHECKING:
    from exhibit.tasks.methods import MethodSpec


@dataclass(frozen=True)
class Explained:
    """One method of a chapter: its attributions in shards (start, stop, digest), summary and verdicts."""

    label: str
    method: MethodSpec
    shards: tuple[tuple[int, int, Digest], ...]
    summary: Digest
    checks: tuple[Digest, ...]
