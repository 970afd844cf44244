"""The stage `load`: from the spec of the data to a dataset."""

from typing import Any

from exhibit.tasks.data.data import Data
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


class Samples(Record):
    """Samples that a dataset names and does not hold, by their digests."""

    items: dict[str, bytes]


def samples_beside(store: Store, dataset: Digest) -> Digest | None:
    """All that lies beside a dataset, as one object; None where everything is in it."""
    names = read(store, Dataset, dataset).shelved
    return store.put(pack(Samples(items={name: store.get(name) for name in names}))) if names else None


def load(
    store: Store, data: Data, given: tuple[Any, bytes] | None = None, samples: bytes | None = None
) -> FinishedStage:
    """Outputs "dataset", "fitted" where a model is fitted to a part of it, and "reference" where the data asks for
    one. `given`: what the stage was once asked and the dataset that it gave, in the place of loading; `samples`: what
    lies beside that."""

    def compute() -> dict[str, bytes]:
        for sample in unpack(Samples, samples).items.values() if samples else ():
            store.put(sample, durably=False)
        dataset = data.load(store) if given is None else unpack(Dataset, given[1], store)
        data.limits.require(dataset)
        results = {"dataset": pack(dataset) if given is None else given[1]}
        if (fitted := data.fitted(dataset)) is not None:  # whatever is explained, the same model is trained
            results["fitted"] = pack(fitted)
        if (reference := data.reference_of(dataset)) is not None:
            results["reference"] = pack(reference)
        return results

    spec = given[0] if given else {"data": data.spec_with_digests()}
    beside = (lambda outputs: read(store, Dataset, outputs["dataset"]).shelved) if data.on_shelf else None
    return run_stage(store, load, spec, {}, compute, [data], beside)
