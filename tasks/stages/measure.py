"""The stage `measure`: how good the model is, in more than one number."""

from exhibit.tasks.records.data import Dataset, Reference
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def measure(store: Store, dataset: Digest, prediction: Digest, reference: Digest | None = None) -> FinishedStage:
    """Output "quality", where any row that counts has a label. `reference`: where the data name another model."""
    from exhibit.tasks.quality.measure import quality

    def run() -> dict[str, bytes]:
        other = None if reference is None else read(store, Reference, reference)
        found = quality(read(store, Dataset, dataset), read(store, Prediction, prediction), other)
        return {} if found is None else {"quality": pack(found)}

    beside = {} if reference is None else {"reference": reference}
    return run_stage(store, measure, {}, {"dataset": dataset, "prediction": prediction, **beside}, run)
