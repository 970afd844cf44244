"""`exhibit report ... --dry-run`: what of a report the store holds already, and what the rest costs."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from exhibit.flows.calls import Calls, Started
from exhibit.flows.config import Report
from exhibit.flows.engine import Inline
from exhibit.flows.places import require_writable
from exhibit.flows.progress import Watch
from exhibit.flows.rehearse import rehearsed_point
from exhibit.flows.report import looked_up
from exhibit.flows.stores import opened, using
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Damaged, StoredOnly


def dry_run(report: Report) -> Iterator[str]:
    """What is found, a line each, as it is found. Nothing is written but what was loaded, into the store.

    Raises:
        InputError: for what the report would end with.
    """
    require_writable(report)
    with using(opened(report.paths.store)) as store:
        calls = _Noted(StoredOnly(store.medium))
        chapters = looked_up(report, calls)
        for chapter, point in zip(chapters, report.points, strict=True):
            if chapter.error is not None and not isinstance(chapter.error, Damaged):
                raise chapter.error
            yield f"point: {point.label}"
            held = calls.of(chapter.slug)
            yield from _told(held)
            if chapter.error is not None:
                yield from rehearsed_point(point, report.compute, store, fitted=all(held.get("fit", [False])))
        if calls.hold("render"):
            yield "pages: in the store; all that is left is to write the run"
        else:
            yield "pages: to be made"


def _told(stages: Mapping[str, list[bool]]) -> Iterator[str]:
    """`stages`: by name whether the store holds each of its parts."""
    held = [_share(name, parts, sum(parts)) for name, parts in stages.items() if any(parts)]
    lacking = [_share(name, parts, len(parts) - sum(parts)) for name, parts in stages.items() if not all(parts)]
    yield f"in the store: {', '.join(held) or 'nothing'}"
    if lacking:
        yield f"to be computed: {', '.join(lacking)}, and what follows from it"


def _share(name: str, parts: Sequence[bool], count: int) -> str:
    return name if count == len(parts) else f"{name} ({count} of {len(parts)})"


class _Noted(Calls):
    """Calls of stages over what a store holds: each is noted, none computes."""

    def __init__(self, store: StoredOnly) -> None:
        super().__init__(store, Inline(), Watch(Console(quiet=True)))
        self._noted: list[Started] = []

    def start(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Started:
        started = super().start(what, stage, *args, **kwargs)
        self._noted.append(started)
        return started

    def hold(self, stage: str) -> bool:
        """Whether a stage was asked for, and the store holds all of it."""
        held = [_is_held(started) for started in self._noted if started.stage == stage]
        return bool(held) and all(held)

    def of(self, slug: str) -> dict[str, list[bool]]:
        """By stage whether the store holds each of the calls for a chapter."""
        held: dict[str, list[bool]] = {}
        for started in self._noted:
            if re.split("[/, ]", started.what)[0] == slug:
                held.setdefault(started.stage, []).append(_is_held(started))
        return held


def _is_held(started: Started) -> bool:
    try:
        started.future.result()
    except Damaged:
        return False
    return True
