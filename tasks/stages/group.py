"""The stage `group`: for whom the model is how good, and what its explanations say of each group."""

from collections.abc import Mapping, Sequence

import numpy as np

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.features import feature_names, features
from exhibit.tasks.data.named import codes
from exhibit.tasks.data.select import TargetSpec, score_of
from exhibit.tasks.data.several import label_of
from exhibit.tasks.methods.aggregate import aggregated
from exhibit.tasks.methods.method import Method
from exhibit.tasks.quality.groups import measured
from exhibit.tasks.quality.roles import Feature, leading, protected, roles
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.decision import ByName, Column
from exhibit.tasks.records.explanation import Attribution, Selection
from exhibit.tasks.records.grouping import Groupings
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.subgroups import ExplainedGroups, ForWhom
from exhibit.tasks.stages.stage import FinishedStage, read, run_stage
from exhibit.tasks.store import Digest, Store


def group(
    store: Store,
    data: Data,
    target: TargetSpec,
    found: Mapping[str, Digest],
    method: Method,
    shards: Sequence[Digest],
) -> FinishedStage:
    """Output "groups". `found`: digests of dataset, groupings, prediction and of the explained rows; `shards`: the
    attributions of these by the main `method`."""

    def run() -> dict[str, bytes]:
        loaded, groupings = read(store, Dataset, found["dataset"]), read(store, Groupings, found["groupings"])
        prediction, named = read(store, Prediction, found["prediction"]), data.by_name(loaded)
        label = label_of(target.outputs, loaded)
        if label is not None:
            prediction = prediction.about(label)
        asked = loaded if label is None else loaded.about(label)
        given = {name for column in named.columns for name in (column.name, column.date)}
        explained = None
        if named.columns and all(item.traits.named for item in loaded.inputs):
            parts = [read(store, Attribution, digest) for digest in shards]
            selection = read(store, Selection, found["explained"])
            told = _Told(asked, selection, score_of(target, asked, prediction.kind).kind, label is not None)
            explained = _explained(told, parts, method, named, groupings)
        return {
            "groups": pack(
                ForWhom(
                    by={one.by[0]: dict(zip(one.groups, one.rows.tolist(), strict=True)) for one in groupings.items},
                    given=tuple(one.by[0] for one in groupings.items if one.by[0] in given),
                    measured=measured(asked, prediction, groupings.items, target.outputs),
                    explained=explained,
                )
            )
        }

    spec = {
        "data": data.model_dump(mode="json", include={"protected"}),
        "target": target,
        "method": method,
    }
    return run_stage(store, group, spec, {**found, "shards": shards}, run, [data, method])


class _Told:
    """Which output the attributions of each explained row are of."""

    def __init__(self, data: Dataset, selection: Selection, score: str, one_label: bool) -> None:
        self.data, self.rows = data, selection.explained
        self._targets, self._score, self._one = selection.targets[:, 0], score, one_label

    def signed(self, values: Array, method: Method) -> tuple[Array, str]:
        """The attributions (rows, features), all of one output, and which that is; as they are, and none, where signs
        do not mean the same in each row."""
        targets = np.unique(self._targets)
        if method.aggregate != "raw":
            return values, ""
        if self._one or len(targets) == 1:
            return values, self.data.outputs[-1 if self._one else int(targets[0])]
        if len(self.data.classes) == 2 and self._score == "probability":
            # The probabilities of two classes add up to 1: what raises one lowers the other by as much.
            return values * np.where(self._targets == 1, 1, -1)[:, np.newaxis], self.data.classes[1]
        return values, ""


def _explained(
    told: _Told, parts: Sequence[Attribution], method: Method, named: ByName, groupings: Groupings
) -> ExplainedGroups:
    samples = told.data.take(told.rows)
    sums: dict[tuple[str, str], Array] = {}
    for item in samples.inputs:
        found = np.concatenate([aggregated(part, item.name, item.kind, method.aggregate) for part in parts])
        per_feature = features(item, found)[..., 0]
        sums |= {(item.name, name): per_feature[:, k] for k, name in enumerate(feature_names(item))}
    columns = named.columns
    raw = np.stack([sums[column.input, column.title] for column in columns], axis=1).astype(np.float64)
    values, output = told.signed(raw, method)
    inputs = {item.name: item for item in told.data.inputs}
    ranking = [
        Feature(columns[k].title, codes(inputs[columns[k].input], [columns[k]])[:, 0], columns[k].kind == "category")
        for k in np.argsort(-np.abs(values).mean(axis=0), kind="stable").tolist()
    ]
    by = {one.by[0]: one for one in groupings.items}
    return ExplainedGroups(
        method=method.title,
        rows=len(values),
        features=len(columns),
        lead=leading(len(columns)),
        signed_for=output,
        roles=roles(
            values,
            [column.title for column in columns],
            [one.take(told.rows) for one in groupings.items],
            signed=bool(output),
        ),
        protected=protected({name: by.get(name) for name in named.protected}, ranking, _own(columns, named.protected)),
    )


def _own(columns: Sequence[Column], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What features a protected column is, where the model is given it: of a date one for each of its parts."""
    return {name: tuple(column.title for column in columns if name in (column.name, column.date)) for name in names}
