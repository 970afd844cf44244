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
from exhibit.tasks.stages.stage import (
    Beginning,
    FinishedStage,
    numeric_settings,
    one_at_a_time,
    read,
    read_once,
    run_stage,
)
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
    """Output "attribution" of the explained rows `start` to `stop`: a chunk is an action of its own.

    A method that refines goes on from where the same question was left with another tolerance.
    """
    from exhibit.tasks.data.select import score_of

    spec = {
        # How values are aggregated later changes none of them.
        "method": method.model_dump(mode="json", exclude={"aggregate"}),
        "model": spec_with_digests(model),
        "score": target.score if target.factory is None else target.factory,
        "compute": numeric_settings(compute),
        "rows": [start, stop],
    }
    inputs = {"dataset": dataset, "weights": weights, "explained": explained}
    chosen_specs = [method, model, target]
    alike = {**spec, "method": method.model_dump(mode="json", exclude={"aggregate", *method.how_far})}
    beginning = Beginning.of(store, attribute, alike, inputs, chosen_specs) if method.refined_to() else None
    reached: list[Digest] = []

    def run() -> dict[str, bytes]:
        with one_at_a_time(compute):
            net = restored(store.medium, model, compute, dataset, weights)
            data, chosen = read_once(store, Dataset, dataset), read_once(store, Selection, explained)
            names = data.sample_ids[chosen.explained]
            asked = explainable(method, model, net, data)
            known = None if beginning is None else beginning.known()
            begun = None if known is None else read(store, Attribution, known)
            places = np.arange(start, min(stop, len(names)))

            def explain(some: Array) -> Attribution:
                rows = chosen.explained[some]
                question = (
                    asked,
                    data.take(rows).arrays,
                    baselines_of(method, data, rows),
                    names[some],
                    chosen.targets[some],
                    score_of(target, data, net.output),
                    compute,
                )
                if begun is None or len(some) < len(places):  # which are asked one by one, to name the one at fault
                    return method.attribute(*question)
                return method.resume(begun, *question)

            called = model.own_function or model.option()
            attribution = answered(explain, places, names[places], called, f"method {method.option()}")
            require_finite(method, model, attribution)
            shown = of_elements(attribution, data.take(chosen.explained[places]))
            outputs = {"attribution": pack(shown)}
            if attribution.ladder is not None and (begun is None or attribution.steps.sum() > begun.steps.sum()):
                as_shown = all(shown.values[name] is values for name, values in attribution.values.items())
                reached.append(store.put(outputs["attribution"] if as_shown else pack(attribution)))
            return outputs

    finished = run_stage(store, attribute, spec, inputs, run, chosen_specs)
    if beginning is not None and reached:
        beginning.note(reached[-1])
    return finished
