"""The stage `measure`: how good the model is, in more than one number."""

from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def measure(store: Store, dataset: Digest, prediction: Digest) -> FinishedStage:
    """Output "quality", where any row that counts has a label."""
    from exhibit.tasks.quality.measure import quality

    def run() -> dict[str, bytes]:
        found = quality(read(store, Dataset, dataset), read(store, Prediction, prediction))
        return {} if found is None else {"quality": pack(found)}

    return run_stage(store, measure, {}, {"dataset": dataset, "prediction": prediction}, run)
