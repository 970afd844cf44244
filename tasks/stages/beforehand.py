"""What cannot be explained, said once the data are there and before a model is trained on them.

It is no stage: it gives nothing and keeps nothing. Each question is asked of the code that would refuse it later, so
that there is one sentence for one fault. What only a trained model can tell does not belong here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from exhibit.tasks.data.baselines import require_background, require_baseline
from exhibit.tasks.data.select import SelectionSpec, TargetSpec, require_rows_and_outputs, score_of
from exhibit.tasks.methods.method import Against, Method
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import reading
from exhibit.tasks.records.base import InputError
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.override import typed
from exhibit.tasks.stages.explaining import require_one_place
from exhibit.tasks.stages.stage import read
from exhibit.tasks.store import Digest, Store


def require_explainable(
    store: Store,
    dataset: Digest,
    model: ModelChoice,
    methods: Mapping[str, Method],
    target: TargetSpec,
    selection: SelectionSpec,
) -> None:
    """Raises InputError where the rows, outputs, score or methods of a point have no meaning for its data or model."""
    require_meaning(read(store, Dataset, dataset), model, methods, target, selection)


def require_meaning(
    data: Dataset, model: ModelChoice, methods: Mapping[str, Method], target: TargetSpec, selection: SelectionSpec
) -> None:
    """The same of data that are at hand."""
    if data.several:
        _require_several(model, methods, data)
    if model.trains and not data.labelled[data.split == "train"].any():
        raise InputError(
            "data: no row has a label, and the model is to be trained; give labels, or a model that is fitted"
        )
    require_rows_and_outputs(selection, target, data)
    output = model.output_kind(data)
    score = score_of(target, data, output or "logits")
    if output is not None:
        reading(output, score)
    first = [item.take(np.arange(1)) for item in data.inputs]
    for label, method in methods.items():
        with keys_of(method, label):
            method.require_inputs(first)
            require_one_place(method, data)
            if output is not None:
                method.require_score(output, score)
            if (against := method.against) is not None:
                _require_against(method, against, data)


def _require_several(model: ModelChoice, methods: Mapping[str, Method], data: Dataset) -> None:
    """Raises InputError for a model that has one label, and for a method that reads the trees of one."""
    names = [label.name for label in data.several]
    if not model.several:
        raise InputError(
            f"model: {model.option()} predicts one label, and the data has {', '.join(names)}; give one of them, of a "
            f"table with {typed('data.label', names[0])}, or use a model with an output for each: mlp, estimator or a "
            "factory of your own"
        )
    for label, method in methods.items():
        if method.asks == "trees":
            raise InputError(
                f"method.{label}: trees are read for one label, and the data has {', '.join(names)}; use occlusion or "
                "kernel_shap, or a model of one of them"
            )


def _require_against(method: Method, against: Against, data: Dataset) -> None:
    if against.rows is not None:
        require_background(data, against.baseline)
    elif method.look is None or not any(item.traits.embedded for item in data.inputs):
        require_baseline(against.baseline, data, None if method.look is None else method.look.layer)


@contextmanager
def keys_of(method: Method, label: str) -> Iterator[None]:
    """An error in there that begins with a key of the `method` says the whole path of it, with its label."""
    try:
        yield
    except InputError as error:
        if str(error).partition(":")[0] in type(method).model_fields:
            raise InputError(f"method.{label}.{error}") from error
        raise
