"""The stage `predict`: the outputs of every row, and how good they are."""

from __future__ import annotations

import numpy as np

from exhibit.tasks.finite import MOST
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model, gives_gradients, gives_trees
from exhibit.tasks.records.base import Array, InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Prediction, Remarks, Weights
from exhibit.tasks.records.packing import canonical_json, pack
from exhibit.tasks.stages.restore import restored, spec_with_digests
from exhibit.tasks.stages.stage import FinishedStage, numeric_settings, one_at_a_time, read, run_stage
from exhibit.tasks.store import Digest, Store


def predict(store: Store, model: ModelChoice, compute: Compute, dataset: Digest, weights: Digest) -> FinishedStage:
    """Outputs "prediction" of every row, "performance", "remarks" on the model, and where methods look that name no
    layer, where that is one: "layer" for all of them, "embedding" for those that take gradients."""
    from exhibit.tasks.models.memory import require_memory
    from exhibit.tasks.models.performance import performance

    def run() -> dict[str, bytes]:
        with one_at_a_time(compute):
            data = read(store, Dataset, dataset)
            require_memory(data, compute.batch, "compute.batch")
            net = restored(store.medium, model, compute, dataset, weights)
            predicted = _outputs(net, data, compute.batch)
            require_finite_outputs(model, predicted, data)
            prediction = Prediction(kind=net.output, outputs=predicted)
            trained = read(store, Weights, weights)
            remarks = remarks_on(model, net, data, trained, prediction)
            model.require_alone(data, trained, prediction, net, compute)
            found = {"prediction": prediction, "performance": performance(data, prediction), "remarks": remarks}
            outputs = {name: pack(record) for name, record in found.items()}
            return outputs | {name: canonical_json(layer) for name, layer in usual_layers(net, data).items()}

    return run_stage(
        store,
        predict,
        {"model": spec_with_digests(model), "compute": numeric_settings(compute)},
        {"dataset": dataset, "weights": weights},
        run,
        [model],
    )


def remarks_on(model: ModelChoice, net: Model, data: Dataset, weights: Weights, prediction: Prediction) -> Remarks:
    """Those of the model, and of a fitted one what its encoders have not seen."""
    remarks = model.remarks(data, weights, prediction)
    if not gives_trees(net):
        return remarks
    from exhibit.tasks.models.unseen import unseen

    said = unseen(net, data)
    return remarks.model_copy(update={"said": (*remarks.said, said)}) if said else remarks


def require_finite_outputs(model: ModelChoice, outputs: Array, data: Dataset) -> None:
    """Raises InputError for outputs (samples, outputs) that are no numbers, or whose squares are none, with the sample
    and the output."""
    finite = np.isfinite(outputs)
    sizes = np.abs(outputs, where=finite, out=np.zeros(outputs.shape))
    if finite.all() and sizes.max(initial=0.0) <= MOST:
        return
    if finite.all():
        finite = sizes <= MOST
    row, column = np.argwhere(~finite)[0].tolist()
    output = data.outputs[column] if column < len(data.outputs) else data.label_name
    name, others = model.own_function or model.option(), int((~finite).any(axis=1).sum())
    if np.isfinite(outputs).all():
        raise InputError(
            f"model: {name} gives {outputs[row, column]:.6g} for {str(data.sample_ids[row])!r}, output {output!r}, and "
            f"numbers beyond {MOST:g} for {others} of {len(outputs)} rows in all; the squares of such numbers are "
            "infinite, so neither errors nor explanations can be measured: give the outputs in another unit"
        )
    raise InputError(
        f"model: {name} gives {outputs[row, column]} for {str(data.sample_ids[row])!r}, output {output!r}, and no "
        f"finite numbers for {others} of {len(outputs)} rows in all; this cannot be explained: mend the model, or "
        "leave these rows out of the data"
    )


def _outputs(net: Model, data: Dataset, size: int) -> Array:
    """The outputs of every row; only as many rows are in memory as the net takes at once."""
    rows = np.arange(len(data.sample_ids))
    parts = np.split(rows, range(size, len(rows), size))
    return np.concatenate([net.predict(data.take(part).arrays) for part in parts])


def usual_layers(net: Model, data: Dataset) -> dict[str, str]:
    """Where a method looks that can look at a layer and names none, if the model has just one that embeds: "layer", for
    a molecule, of which there is nothing to look at before; "embedding", for a text alone, whose words can be hidden
    before and have slopes only there. At all else it looks at the input."""
    embedded = any(item.traits.embedded for item in data.inputs)
    words = len(data.inputs) == 1 and data.inputs[0].traits.ids
    if not gives_gradients(net) or not (embedded or words):
        return {}
    some = data.take(np.arange(min(_SOME, len(data.sample_ids))))
    layer = net.embedding(some.arrays)
    return {} if layer is None else {"layer" if embedded else "embedding": layer}


_SOME = 8  # samples that show which layer embeds
