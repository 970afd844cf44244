"""The stage `describe`: what the data are."""

from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def describe(store: Store, dataset: Digest) -> FinishedStage:
    """Output "datasheet"."""
    from exhibit.tasks.datasheet.sheet import datasheet

    def run() -> dict[str, bytes]:
        return {"datasheet": pack(datasheet(read(store, Dataset, dataset)))}

    return run_stage(store, describe, {}, {"dataset": dataset}, run)
