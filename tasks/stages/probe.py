"""The stage `probe`: how a model behaves over many rows, one question at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from exhibit.tasks.behaviour.case import Attributed, Case, Question, TreePairs
from exhibit.tasks.data.baselines import background
from exhibit.tasks.data.data import Data
from exhibit.tasks.data.features import feature_names, features
from exhibit.tasks.data.named import codes
from exhibit.tasks.data.select import SelectionSpec, TargetSpec, candidates
from exhibit.tasks.data.several import label_of
from exhibit.tasks.finite import FiniteModel, NoNumberError
from exhibit.tasks.methods.aggregate import aggregated
from exhibit.tasks.methods.method import Method
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model, gives_trees
from exhibit.tasks.records.base import Array, Arrays, InputError
from exhibit.tasks.records.behaviour import Behaved
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.decision import Column
from exhibit.tasks.records.explanation import Attribution, Selection, Summary
from exhibit.tasks.records.language import say
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from exhibit.tasks.stages.restore import restored, spec_with_digests
from exhibit.tasks.stages.stage import FinishedStage, numeric_settings, one_at_a_time, read, run_stage
from exhibit.tasks.store import Digest, Store

_TOLD = 3  # classes of several: more would be as many figures


def require_answerable(
    store: Store, dataset: Digest, data: Data, selection: SelectionSpec, questions: Mapping[str, Question]
) -> None:
    """Raises InputError for questions about columns of data that have none, and about labels of rows without: before
    anything is trained."""
    if not questions:
        return
    loaded = read(store, Dataset, dataset)
    if not data.by_name(loaded).columns:
        raise InputError(
            f"behaviour: {', '.join(questions)} change one column of a table after the other, and these data have no "
            "table whose columns have names; type 'behaviour=[]'"
        )
    rows = candidates(selection, loaded)
    for label, question in questions.items():
        if "labels" in question.needs and not loaded.labelled[rows].any():
            raise InputError(
                f"behaviour: {label} measures the loss of the model, and none of the {len(rows):,} rows that may be "
                "explained has a label; leave it out of behaviour"
            )


def probe(
    store: Store,
    question: Question,
    label: str,
    data: Data,
    model: ModelChoice,
    target: TargetSpec,
    selection: SelectionSpec,
    compute: Compute,
    found: Mapping[str, Digest],
    method: Method,
    shards: Sequence[Digest],
) -> FinishedStage:
    """Output "behaviour". `label`: what the config calls the question; `found`: digests of dataset, weights,
    prediction, of the explained rows, and of the summary of the main `method`, whose attributions lie in `shards`."""
    wants_attributions = "attributions" in question.needs

    def run() -> dict[str, bytes]:
        with one_at_a_time(compute):
            loaded = read(store, Dataset, found["dataset"])
            net = restored(store.medium, model, compute, found["dataset"], found["weights"])
            asked = _Asked(net, model.own_function or model.option(), label, label_of(target.outputs, loaded), loaded)
            columns = _by_importance(data.by_name(loaded).columns, read(store, Summary, found["summary"]))
            prediction = read(store, Prediction, found["prediction"])
            case = _case(asked, loaded, columns, prediction, target, candidates(selection, loaded))
            case = replace(
                case, attributions=partial(_attributed, store, case, found["explained"], method, shards, asked)
            )
            return {"behaviour": pack(Behaved(found=question.answer(case)))}

    spec = {
        "behaviour": question,
        "label": label,
        "model": spec_with_digests(model),
        "target": target,
        "selection": {"rows": selection.rows},
        "compute": numeric_settings(compute),
    }
    inputs: dict[str, Digest | Sequence[Digest]] = {**found, **({"shards": shards} if wants_attributions else {})}
    spec |= {"method": method} if wants_attributions else {}
    return run_stage(store, probe, spec, inputs, run, [question, data, model])


class _Asked:
    """A model of which somebody counts the rows that go through it."""

    def __init__(self, net: Model, model: str, label: str, about: int | None, loaded: Dataset) -> None:
        self.net, self._model, self._label, self.about, self.loaded = net, model, label, about, loaded
        self.calls = 0

    def predict(self, classes: bool, inputs: Arrays) -> Array:
        """(rows, outputs): probabilities of `classes`, else the values."""
        rows = len(next(iter(inputs.values())))
        self.calls += rows
        try:
            outputs = FiniteModel(self.net).predict(inputs)
        except NoNumberError as error:
            raise InputError(
                f"model: {self._model} gives {error} where behaviour.{self._label} asks about rows of the data with "
                "values of other rows in them, though it gives numbers for the rows themselves; mend the model for "
                f"such rows, or leave {self._label} out of behaviour"
            ) from error
        return self.read(Prediction(kind=self.net.output, outputs=outputs), classes)

    def read(self, prediction: Prediction, classes: bool) -> Array:
        own = prediction if self.about is None else prediction.about(self.about)
        return own.probabilities(np.arange(len(own.outputs))) if classes else own.outputs.astype(np.float64)


def _case(
    asked: _Asked, loaded: Dataset, columns: tuple[Column, ...], prediction: Prediction, target: TargetSpec, rows: Array
) -> Case:
    own = loaded if asked.about is None else loaded.about(asked.about)
    some, classes = own.take(rows), bool(own.classes)
    said = asked.read(prediction, classes)[rows]
    outputs = own.classes or (own.label_name,)
    if classes:
        unit = say("probability")
    elif own.label_unit:
        unit = say("{name}", name=own.label_unit)
    else:
        unit = say("units of {label}", label=own.label_name)
    return Case(
        data=some,
        columns=columns,
        codes=_codes(some, columns),
        predict=partial(asked.predict, classes),
        outputs=outputs,
        told=_told(outputs, target, said),
        unit=unit,
        calls=lambda: asked.calls,
        background=lambda count, seed: background(count, seed, loaded),
        attributions=_no_attributions,
        trees=partial(_trees, asked, some, columns),
    )


def _no_attributions() -> Attributed:
    raise AssertionError("put in its place by `probe`")


def _trees(asked: _Asked, data: Dataset, columns: tuple[Column, ...], inputs: Arrays) -> TreePairs | None:
    """Of columns, as the sums over their places; None for a model that is not of trees over tables alone."""
    from exhibit.tasks.methods.shap_interactions import tree_interactions
    from exhibit.tasks.models.callable import flat

    net = asked.net
    if not gives_trees(net) or asked.about is not None or not all(item.traits.named for item in data.inputs):
        return None
    found = tree_interactions(net.estimator, flat(inputs), asked.predict(bool(data.classes), inputs))
    if found is None:
        return None
    starts, begin = {}, 0
    for item in data.inputs:
        starts[item.name] = begin
        begin += item.values.shape[1]
    belongs = np.zeros((len(columns), begin))
    for number, column in enumerate(columns):
        belongs[number, [starts[column.input] + place for place in column.places]] = 1
    values = np.einsum("ci,dj,rijo->rcdo", belongs, belongs, found[0], optimize=True)
    return TreePairs(values, found[1])


def _attributed(
    store: Store, case: Case, explained: Digest, method: Method, shards: Sequence[Digest], asked: _Asked
) -> Attributed:
    """What the main method gives the columns, in the order of the case, over all explained rows."""
    loaded, selection = asked.loaded, read(store, Selection, explained)
    samples = loaded.take(selection.explained)
    sums: dict[tuple[str, str], Array] = {}
    parts = [read(store, Attribution, digest) for digest in shards]
    for item in samples.inputs:
        if item.traits.named:
            values = np.concatenate([aggregated(part, item.name, item.kind, method.aggregate) for part in parts])
            per_column = features(item, values)[..., 0]
            sums |= {(item.name, name): per_column[:, k] for k, name in enumerate(feature_names(item))}
    targets = selection.targets[:, 0] if asked.about is None else np.full(len(samples.labels), len(case.outputs) - 1)
    return Attributed(
        method=method.title,
        values=np.stack([sums[column.input, column.title] for column in case.columns], axis=1),
        codes=_codes(samples, case.columns),
        targets=targets,
        splits=samples.split,
    )


def _told(outputs: tuple[str, ...], target: TargetSpec, said: Array) -> tuple[int, ...]:
    """The classes that the config names, the second of two, or of several those that are predicted most often."""
    if named := [place for place, name in enumerate(outputs) if name in target.outputs]:
        return tuple(named[:_TOLD])
    if len(outputs) <= 2:
        return (len(outputs) - 1,)
    often = np.bincount(said.argmax(axis=1), minlength=len(outputs))
    return tuple(sorted(np.argsort(-often, kind="stable")[:_TOLD].tolist()))


def _by_importance(columns: tuple[Column, ...], summary: Summary) -> tuple[Column, ...]:
    """The columns, those with the largest mean |a| of the first target first."""
    sizes: dict[tuple[str, str], float] = {}
    for importance in summary.importances:
        for feature, size in zip(importance.features, importance.mean_absolute.tolist(), strict=True):
            sizes.setdefault((importance.input, feature), size)
    return tuple(sorted(columns, key=lambda column: -sizes.get((column.input, column.title), 0.0)))


def _codes(data: Dataset, columns: tuple[Column, ...]) -> Array:
    """(rows, columns)."""
    inputs = {item.name: item for item in data.inputs}
    return np.concatenate([codes(inputs[column.input], [column]) for column in columns], axis=1)
