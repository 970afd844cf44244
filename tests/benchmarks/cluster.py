"""Two Dask workers beside one: 16 chunks of a second or two each, with one thread per worker."""

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from exhibit.flows.calls import Calls
from exhibit.flows.cluster_dask import dask_cluster
from exhibit.flows.config import Report, RunnerSpec, read_report
from exhibit.flows.engine import Future
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.tasks.stages.stage import Call, FinishedStage
from exhibit.tasks.store import Store
from tests.benchmarks.side_by_side import report, seconds

ASKED = ("study=iris", "check=[]", "data.reference=null", "model.epochs=1", "method=[smooth_grad]",
         "selection.limit=80", "compute.threads=1", "compute.batch=32")  # fmt: skip
SHORT = (*ASKED, "compute.chunk=40", "method.smooth_grad.sampling.nt_samples=10")  # the workers import what they need
LONG = (*ASKED, "compute.chunk=5", "method.smooth_grad.sampling.nt_samples=6000")


class Threads:
    """An engine whose threads wait for the workers."""

    def __init__(self, call: Call, count: int) -> None:
        self._call, self._pool = call, ThreadPoolExecutor(count)

    def submit(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Future:
        return self._pool.submit(self._call, stage, *args, **kwargs)


def run(asked: Report, call: Call, slots: int, root: Path) -> None:
    """The points of a report, computed by the workers."""
    run_points(asked.points, asked.compute, Calls(Store(root), Threads(call, 2 * slots), Watch()), Given())


def measured(workers: int) -> float:
    """Seconds of the long report on so many workers that have started."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        with dask_cluster(RunnerSpec(kind="dask", workers=workers), root) as (call, slots):
            run(read_report(SHORT), call, slots, root)
            return seconds(partial(run, read_report(LONG), call, slots, root))


def main() -> None:
    one, two = measured(1), measured(2)
    report(
        "16 chunks on Dask workers of one thread each, 2 cores",
        {"one worker, s": one, "two workers, s": two},
        {"speed: two workers beside one": (one / two, 1.6)},
    )


if __name__ == "__main__":
    main()
