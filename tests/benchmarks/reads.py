"""How often each stage reads what it is given: every read is verified by its digest, so a second one costs the same."""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

from exhibit.flows.config import Report, read_report
from exhibit.flows.engine import Inline
from exhibit.flows.progress import Watch
from exhibit.flows.report import explain
from exhibit.tasks.stages import stage as stage_module
from exhibit.tasks.store import Store
from tests.benchmarks.side_by_side import report

DIGITS = ("study=digits", "model.epochs=1", "compute.chunk=4", "document.issued=2026-01-01")


class Reads:
    """Verified whole reads of objects of the store while a stage computes: (stage, key of the action, digest)."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self._now: tuple[str, str] | None = None

    def once(self, store: Store, key: str, compute: Callable[[], Mapping[str, bytes]], *more: Any) -> Any:
        stage = self._stage

        def counted() -> Mapping[str, bytes]:
            self._now = stage, key
            try:
                return compute()
            finally:
                self._now = None

        return _ONCE(store, key, counted, *more)

    def get(self, store: Store, digest: str) -> bytes:
        if self._now is not None:
            self.counts[*self._now, digest] += 1
        return _GET(store, digest)

    def fingerprint(self, modules: list[str]) -> dict[str, dict[str, str]]:
        self._stage = modules[0].rpartition(".")[2]
        return _FINGERPRINT(modules)

    def per_object(self, stage: str) -> tuple[float, int]:
        """Reads of the stage for each object that it reads: the mean, and the most of one."""
        counts = [count for (name, _, _), count in self.counts.items() if name == stage]
        return sum(counts) / len(counts), max(counts)


_ONCE, _GET, _FINGERPRINT = Store.once, Store.get, stage_module.fingerprint


def _whole(report: Report, watch: Watch) -> None:
    explain(report, ["exhibit", "report"], Inline(), watch)


def counted(*words: str, work: Callable[[Report, Watch], object] = _whole) -> Reads:
    """The reads of a report, or of some `work` for it, that begins with nothing."""
    reads = Reads()

    def once(store: Store, *given: Any) -> Any:
        return reads.once(store, *given)

    def get(store: Store, digest: str) -> bytes:
        return reads.get(store, digest)

    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(Store, "once", once),
        mock.patch.object(Store, "get", get),
        mock.patch.object(stage_module, "fingerprint", reads.fingerprint),
        Watch() as watch,
    ):
        paths = (f"paths.runs={Path(folder) / 'runs'}", f"paths.store={Path(folder) / 'store'}")
        work(read_report([*words, *paths]), watch)
    return reads


def main() -> None:
    reads = counted(*DIGITS)
    stages = dict.fromkeys(name for name, _, _ in reads.counts)
    report(
        "verified reads per object, study=digits",
        {f"{stage}: mean, most of one object": reads.per_object(stage)[0] for stage in stages},
        {"cost: most reads of one object in gather": (reads.per_object("gather")[1], 1.0)},
        "; ".join(f"{stage}: at most {reads.per_object(stage)[1]}" for stage in stages),
    )


if __name__ == "__main__":
    main()
