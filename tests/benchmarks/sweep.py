"""A sweep of 20 points that share data and model, beside its unique work: every stage that was computed, once.

The rest is what a sweep costs by itself: composing and validating the points, finding what they share, and the store.
"""

import json
import tempfile
import time
from collections import Counter
from pathlib import Path

from exhibit.flows.config import read_report
from exhibit.flows.engine import Inline
from exhibit.flows.progress import Watch
from exhibit.flows.report import explain
from tests.benchmarks.side_by_side import report

POINTS = ("study=iris", "check=[completeness]", "method=[smooth_grad],[occlusion]", "selection.limit=range(141,151)",
          "runner=inline", "document.issued=2026-01-01T00:00:00Z")  # fmt: skip


def sweep(folder: Path) -> tuple[float, float, float]:
    """Seconds of the whole, of composing it, and of what its stages computed."""
    began = time.perf_counter()
    wanted = read_report([*POINTS, f"paths.runs={folder / 'runs'}", f"paths.store={folder / 'store'}"])
    assert len(wanted.points) == 20
    composed = time.perf_counter() - began
    with Watch() as watch:
        result = explain(wanted, ["exhibit", "report"], Inline(), watch)
    whole = time.perf_counter() - began
    stages = json.loads((result.directory / "manifest.json").read_text())["stages"]
    computed = [stage for stage in stages if not stage["cached"]]
    counts = Counter(stage["stage"] for stage in computed)
    assert [counts[name] for name in ("load", "fit", "predict", "attribute")] == [1, 1, 1, 40], (
        counts
    )  # two chunks each
    return whole, composed, sum(stage["seconds"] for stage in computed)


def main() -> None:
    read_report(["study=iris"])
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        sweep(Path(first))  # imports and the first trace
        whole, composed, unique = sweep(Path(second))
    report(
        "sweep of 20 points over one data set and one model",
        {"whole, s": whole, "of it composing the configs, s": composed, "stages computed, s": unique},
        {"cost: whole / unique work": (whole / unique, 1.15)},
        "unique work: every stage that was computed, once; the seal of the run is not in it",
    )


if __name__ == "__main__":
    main()
