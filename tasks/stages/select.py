"""The stage `select`: which rows are explained and drawn, and for which outputs."""

from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Cases
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def select(
    store: Store, selection: SelectionSpec, target: TargetSpec, dataset: Digest, prediction: Digest
) -> FinishedStage:
    """Outputs "selection", and "explained": the same without what is drawn of it, which changes no number."""
    from exhibit.tasks.data.cases import with_cases
    from exhibit.tasks.data.select import select as choose

    def run() -> dict[str, bytes]:
        data, predicted = read(store, Dataset, dataset), read(store, Prediction, prediction)
        chosen = with_cases(selection, choose(selection, target, data, predicted), data, predicted)
        explained = chosen.model_copy(update={"shown": chosen.shown[:0], "cases": Cases(), "reason": ""})
        return {"selection": pack(chosen), "explained": pack(explained)}

    return run_stage(
        store,
        select,
        {"selection": selection, "target": target},
        {"dataset": dataset, "prediction": prediction},
        run,
    )
