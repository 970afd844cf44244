"""What a chapter shows of a method comes from one pass over its shards."""

from collections.abc import Iterator

import numpy as np

from exhibit.tasks.records.explanation import Attribution, Cost
from exhibit.tasks.stages.results import over_shards
from tests.benchmarks.reads import counted


def part_of(positions: range) -> Attribution:
    """Samples whose numbers say where they stand; 2 targets, 3 passes of a refinement."""
    here = np.array(positions, float)
    pair = np.stack([here, here + 0.5], axis=1)
    return Attribution(
        sample_ids=np.array([f"s{position}" for position in positions]), targets=pair.astype(int),
        values={"x": pair[:, np.newaxis]}, prediction=pair, base_value=-pair, residual=pair, steps=pair.astype(int),
        converged=pair > 2, ladder=np.tile(pair[:, :, np.newaxis, np.newaxis], (1, 1, 3, 3)),
    )  # fmt: skip


def test_one_pass_gives_what_lies_in_all_shards() -> None:
    """The shown samples in their own order, whichever shards they lie in, and every sample's numbers."""
    read: list[int] = []

    def shards() -> Iterator[tuple[int, int, Attribution]]:
        for start, stop in ((0, 2), (2, 5)):
            read.append(start)
            yield start, stop, part_of(range(start, stop))

    found = over_shards(
        shards(),
        np.array([4, 0, 3]),
        lambda part: Cost(gradients=len(part.sample_ids)),
        {"rows": lambda part, rows: np.stack([rows, part.prediction[:, 0]], axis=1)},
    )
    assert read == [0, 2]
    assert found.shown.sample_ids.tolist() == ["s4", "s0", "s3"]
    assert found.prediction[:, 0].tolist() == found.per_sample["rows"][:, 0].tolist() == [0, 1, 2, 3, 4]
    assert (-found.base_value[:, 1]).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert found.evaluations is not None
    assert found.evaluations.shape == (5, 2, 3)
    assert found.cost == Cost(gradients=5)


def test_a_cost_that_one_shard_does_not_know_is_not_known() -> None:
    costs = iter([Cost(gradients=1), None])
    shards = ((start, start + 1, part_of(range(start, start + 1))) for start in (0, 1))
    assert over_shards(shards, np.array([0]), lambda _: next(costs), {}).cost is None


def test_gather_reads_each_object_once() -> None:
    """Two methods in several shards each, with a swarm and a refinement; every read is verified, so it costs."""
    reads = counted("study=iris", "model.epochs=1", "compute.chunk=40", "check=[completeness]", "data.reference=null")
    assert reads.per_object("gather") == (1.0, 1)
