"""The stage `fit`: from a dataset to weights."""

from __future__ import annotations

from exhibit.tasks.models.choice import ModelChoice, require_same
from exhibit.tasks.own import running
from exhibit.tasks.protocols import Compute, Progress, silent
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.restore import spec_with_digests
from exhibit.tasks.stages.stage import FinishedStage, numeric_settings, one_at_a_time, read, run_stage, users_code_now
from exhibit.tasks.store import Digest, Store


def fit(
    store: Store,
    model: ModelChoice,
    compute: Compute,
    dataset: Digest,
    progress: Progress = silent,
    given: bytes | None = None,
) -> FinishedStage:
    """Output "weights". `given`: these, in the place of training."""

    def train() -> dict[str, bytes]:
        if given is not None:
            return {"weights": given}
        from exhibit.tasks.models.memory import require_memory

        data = read(store, Dataset, dataset)
        require_memory(data, compute.batch, "compute.batch")  # of what follows, before anything is trained
        with one_at_a_time(compute):
            weights = model.fit(data, compute, progress)
        require_same(model, found, weights.given)
        return {"weights": pack(weights)}

    users_code_now(model)
    # What a user's own function gives may change while its code stays the same.
    with one_at_a_time(compute), running([model.own_function] if model.own_function else []):
        found = model.given(lambda: read(store, Dataset, dataset), compute)
    asked = spec_with_digests(model)
    return run_stage(
        store,
        fit,
        {"model": {**asked, "given": found} if found else asked, "compute": numeric_settings(compute)},
        {"dataset": dataset},
        train,
        [model],
    )
