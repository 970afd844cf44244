"""The stage `attribute`: one method on one chunk of the explained rows."""

import numpy as np

from exhibit.tasks.data.select import TargetSpec
from exhibit.tasks.finite import answered
from exhibit.tasks.methods.method import Method
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.explanation import Attribution, Selection
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.explaining import baselines_of, explainable, of_elements, require_finite
from exhibit.tasks.stages.restore import restored, spec_with_digests
from exhibit.tasks.stages.stage import FinishedStage, numeric_settings, one_at_a_time, read, run_stage
from exhibit.tasks.store import Digest, Store


def attribute(
    store: Store,
    method: Method,
    model: ModelChoice,
    target: TargetSpec,
    compute: Compute,
    dataset: Digest,
    weights: Digest,
    explained: Digest,
    start: int,
    stop: int,
) -> FinishedStage:
    """Output "attribution" of the explained rows `start` to `stop`: a chunk is an action of its own."""
    from exhibit.tasks.data.select import score_of

    def run() -> dict[str, bytes]:
        with one_at_a_time(compute):
            net = restored(store.medium, model, compute, dataset, weights)
            data, chosen = read(store, Dataset, dataset), read(store, Selection, explained)
            names = data.sample_ids[chosen.explained]
            asked = explainable(method, model, net, data)

            def explain(places: Array) -> Attribution:
                rows = chosen.explained[places]
                return method.attribute(
                    asked,
                    data.take(rows).arrays,
                    baselines_of(method, data, rows),
                    names[places],
                    chosen.targets[places],
                    score_of(target, data, net.output),
                    compute,
                )

            places = np.arange(start, min(stop, len(names)))
            called = model.own_function or model.option()
            attribution = answered(explain, places, names[places], called, f"method {method.option()}")
            require_finite(method, model, attribution)
            return {"attribution": pack(of_elements(attribution, data.take(chosen.explained[places])))}

    return run_stage(
        store,
        attribute,
        {
            # How values are aggregated later changes none of them.
            "method": method.model_dump(mode="json", exclude={"aggregate"}),
            "model": spec_with_digests(model),
            "score": target.score if target.factory is None else target.factory,
            "compute": numeric_settings(compute),
            "rows": [start, stop],
        },
        {"dataset": dataset, "weights": weights, "explained": explained},
        run,
        [method, model, target],
    )
