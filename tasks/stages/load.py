"""The stage `load`: from the spec of the data to a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from exhibit.tasks.data.asked import by_place
from exhibit.tasks.data.data import Data
from exhibit.tasks.finite import MOST
from exhibit.tasks.held import in_memory
from exhibit.tasks.own import running
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import InputError, Record
from exhibit.tasks.records.data import Dataset, Wanted
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.stages.stage import FinishedStage, one_at_a_time, read, refuse_edited, run_stage, users_code_now
from exhibit.tasks.store import Digest, Store, digest_of

if TYPE_CHECKING:
    from exhibit.tasks.models.choice import ModelChoice


class Samples(Record):
    """Samples that a dataset names and does not hold, by their digests."""

    items: dict[str, bytes]


def samples_beside(store: Store, dataset: Digest) -> Digest | None:
    """All that lies beside a dataset, as one object; None where everything is in it."""
    names = read(store, Dataset, dataset).shelved
    return store.put(pack(Samples(items={name: store.get(name) for name in names}))) if names else None


def load(
    store: Store,
    data: Data,
    given: tuple[Any, bytes] | None = None,
    samples: bytes | None = None,
    wanted: Wanted | None = None,
    groupings: bytes | None = None,
) -> FinishedStage:
    """Outputs "dataset", "fitted" where a model is fitted to a part of it, "reference" where the data asks for one, and
    "groupings" where it asks for groups. `given`: what the stage was once asked and the dataset that it gave, in the
    place of loading; `samples`: what lies beside that; `wanted`: what the model asks of the columns of a table;
    `groupings`: those that were given with the dataset."""

    asked = {} if wanted is None else {"wanted": wanted.model_dump(mode="json")}
    spec = given[0] if given else {"data": data.spec_with_digests(), **asked}
    answer = None
    if given is None and data.own_function is not None and not in_memory(data.own_function):
        # What it reads, wherever that lies, is its own: it is asked each time, and its answer tells what follows.
        users_code_now(data)
        with running([data.own_function]):
            answer = data.load_for(store, wanted)
        refuse_edited([], [data])
        spec = {**spec, "answer": digest_of(pack(answer))}

    def compute() -> dict[str, bytes]:
        for sample in unpack(Samples, samples).items.values() if samples else ():
            store.put(sample, durably=False)
        if given is not None:
            dataset = unpack(Dataset, given[1], store)
        else:
            dataset = data.load_for(store, wanted) if answer is None else answer
        data.limits.require(dataset)
        _require_squares(dataset)
        grouped = groupings if dataset.groupings is None else pack(dataset.groupings)
        dataset = dataset.model_copy(update={"groupings": None})  # another question asks the same data
        results = {"dataset": pack(dataset) if given is None else given[1]}
        if grouped is not None:
            results["groupings"] = grouped
        if (fitted := data.fitted(dataset)) is not None:  # whatever is explained, the same model is trained
            results["fitted"] = pack(fitted)
        if (reference := data.reference_of(dataset)) is not None:
            results["reference"] = pack(reference)
        return results

    beside = (lambda outputs: read(store, Dataset, outputs["dataset"]).shelved) if data.on_shelf else None
    return run_stage(store, load, spec, {}, compute, [data], beside, answered=answer is not None)


def _require_squares(dataset: Dataset) -> None:
    """Raises InputError for measured labels whose squares are infinite, or those of their differences nothing."""
    if dataset.classes or dataset.task == "multi_label":
        return
    known = dataset.labels[np.isfinite(dataset.labels)]
    least, most = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    if max(-least, most) > MOST or 0 < most - least < 1 / MOST:
        raise InputError(
            f"data.label: labels from {least:.6g} to {most:.6g} were given; squares of numbers beyond {MOST:g} are "
            f"infinite and of those below {1 / MOST:g} nothing, so no error can be measured: give them in another unit"
        )


def columns_wanted(data: Data, model: ModelChoice, compute: Compute, weights: bytes | None = None) -> Wanted | None:
    """What the model asks of the columns of the data, if these have columns. `weights`: as a PDF brings them along."""
    if not data.has_columns:
        return None
    users_code_now(model)
    with one_at_a_time(compute), running([model.own_function] if model.own_function else []):
        return model.wanted(compute, None if weights is None else unpack(Weights, weights))


def told_by_place(store: Store, dataset: str, wanted: Wanted) -> str | None:
    """That the model takes columns by place, and which these are; None where it knows their names."""
    if wanted.names:
        return None
    return by_place([column.name for item in read(store, Dataset, dataset).inputs for column in item.whole])
