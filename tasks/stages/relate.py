"""The stage `relate`: every pair of results of all comparisons."""

from collections.abc import Sequence

from exhibit.tasks.records.compared import Comparison
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def relate(store: Store, comparisons: Sequence[Digest]) -> FinishedStage:
    """Output "agreement": every pair of results of all comparisons, a row each."""
    from exhibit.tasks.comparing.comparison import agreement_table

    def run() -> dict[str, bytes]:
        return {"agreement": agreement_table([read(store, Comparison, digest) for digest in comparisons])}

    return run_stage(store, relate, {}, {"comparisons": list(comparisons)}, run)
