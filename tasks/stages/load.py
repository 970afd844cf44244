"""The stage `load`: from the spec of the data to a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exhibit.tasks.data.folder import PictureSpec
from exhibit.tasks.records.base import Record
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import pack, unpack
from exhibit.tasks.stages.stage import Done, read, run_stage
from exhibit.tasks.store import Digest, Store

if TYPE_CHECKING:
    from exhibit.tasks.data import DataSpec


class Samples(Record):
    """Samples that a dataset names and does not hold, by their digests."""

    items: dict[str, bytes]


def samples_beside(store: Store, dataset: Digest) -> Digest | None:
    """All that lies beside a dataset, as one object; None where everything is in it."""
    names = read(store, Dataset, dataset).shelved
    return store.put(pack(Samples(items={name: store.get(name) for name in names}))) if names else None


def load(store: Store, data: DataSpec, given: tuple[Any, bytes] | None = None, samples: bytes | None = None) -> Done:
    """Outputs "dataset", "fitted" where a model is fitted to a part of it, and "reference" where the data asks for
    one. `given`: what the stage was once asked and the dataset that it gave, in the place of loading; `samples`: what
    lies beside that."""
    pictures = isinstance(data, PictureSpec)

    def compute() -> dict[str, bytes]:
        for sample in unpack(Samples, samples).items.values() if samples else ():
            store.put(sample, durably=False)
        if given is None:
            dataset = data.load(store) if isinstance(data, PictureSpec) else data.load()
        else:
            dataset = unpack(Dataset, given[1], store)
        reference = getattr(data, "reference", None)
        found = {"dataset": pack(dataset) if given is None else given[1]}
        if (part := getattr(data, "fitted", None)) is not None:  # whatever is explained, the same model is trained
            found["fitted"] = pack(part(dataset))
        return found if reference is None else found | {"reference": pack(reference.compute(dataset))}

    asked = getattr(
        data, "spec_with_digests", None
    )  # of what lies in files, their contents count and not where they are
    spec = given[0] if given else {"data": asked() if asked else data}
    beside = (lambda outputs: read(store, Dataset, outputs["dataset"]).shelved) if pictures else None
    return run_stage(store, load, spec, {}, compute, [data], beside)
