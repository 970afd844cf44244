"""What a chapter shows of a method comes from one pass over its shards."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from exhibit.flows.calls import Calls
from exhibit.flows.config import Report
from exhibit.flows.engine import Inline
from exhibit.flows.points import Given, run_points
from exhibit.flows.progress import Watch
from exhibit.tasks.records.explanation import Attribution, Cost
from exhibit.tasks.stages.results import Wanted, over_shards
from exhibit.tasks.store import Store
from tests.benchmarks.reads import counted


def part_of(positions: range) -> Attribution:
    """Samples whose numbers say where they stand; 2 targets, 3 passes of a refinement."""
    here = np.array(positions, float)
    pair = np.stack([here, here + 0.5], axis=1)
    return Attribution(
        sample_ids=np.array([f"s{position}" for position in positions]), targets=pair.astype(int),
        values={"x": pair[:, np.newaxis]}, prediction=pair, base_value=-pair, residual=pair, steps=pair.astype(int),
        converged=pair > 2, ladder=np.tile(pair[:, :, np.newaxis, np.newaxis], (1, 1, 3, 6)),
    )  # fmt: skip


def test_one_pass_gives_what_lies_in_all_shards() -> None:
    """The shown samples in their own order, whichever shards they lie in, and every sample's numbers."""
    read: list[int] = []

    def shards() -> Iterator[tuple[int, int, Attribution]]:
        for start, stop in ((0, 2), (2, 5)):
            read.append(start)
            yield start, stop, part_of(range(start, stop))

    rows = {"rows": lambda part, rows: np.stack([rows, part.prediction[:, 0]], axis=1)}
    wanted = Wanted(lambda part: Cost(gradients=len(part.sample_ids)), rows), Wanted(lambda _: None, {})
    found, other = over_shards(shards(), np.array([4, 0, 3]), wanted)
    assert read == [0, 2]
    assert found.shown.sample_ids.tolist() == ["s4", "s0", "s3"]
    assert found.prediction[:, 0].tolist() == found.per_sample["rows"][:, 0].tolist() == [0, 1, 2, 3, 4]
    assert (-found.base_value[:, 1]).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert found.evaluations is not None
    assert found.evaluations.shape == (5, 2, 3)
    assert found.cost == Cost(gradients=5)
    assert (other.cost, other.per_sample, other.shown) == (None, {}, found.shown)


def test_a_cost_that_one_shard_does_not_know_is_not_known() -> None:
    costs = iter([Cost(gradients=1), None])
    shards = ((start, start + 1, part_of(range(start, start + 1))) for start in (0, 1))
    [found] = over_shards(shards, np.array([0]), [Wanted(lambda _: next(costs), {})])
    assert found.cost is None


METHODS = "[integrated_gradients,vanilla_grad,vanilla_grad_squared,vanilla_grad_abs]"


def test_what_shards_share_is_read_once() -> None:
    """Several shards each, with a swarm and a refinement, three methods that share theirs: every read is verified, so
    it costs. Read for each shard, all rows would be read in the square of their number."""

    def up_to_gather(report: Report, watch: Watch) -> None:
        run_points(report.points, report.compute, Calls(Store(report.paths.store), Inline(), watch), Given())

    words = ("model.epochs=1", "compute.chunk=40", "check=[completeness]", "data.reference=null")
    reads = counted("study=iris", f"method={METHODS}", *words, work=up_to_gather)
    assert reads.per_object("gather") == (1.0, 1)
    by_shards = Counter[str]()
    for (stage, _, digest), count in reads.counts.items():
        by_shards[digest] += count * (stage == "attribute")
    assert max(by_shards.values()) == 1
