"""The stage `group`: for whom the model is how good, and what its explanations say of each group."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from exhibit.tasks.data.data import Data
from exhibit.tasks.data.followed import followed, followed_values, seen
from exhibit.tasks.data.named import codes
from exhibit.tasks.data.select import TargetSpec, score_of
from exhibit.tasks.data.several import label_of
from exhibit.tasks.methods.aggregate import aggregated, on_pixels
from exhibit.tasks.methods.method import Method
from exhibit.tasks.quality.groups import measured
from exhibit.tasks.quality.roles import Feature, leading, protected, ranked, roles
from exhibit.tasks.records.base import Array
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.decision import ByName, Column
from exhibit.tasks.records.explanation import Attribution, Selection
from exhibit.tasks.records.grouping import Groupings
from exhibit.tasks.records.model import Prediction
from exhibit.tasks.records.packing import pack
from exhibit.tasks.records.subgroups import FEW, ExplainedGroups, ForWhom
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
        parts = (read(store, Attribution, digest) for digest in shards)
        selection = read(store, Selection, found["explained"])
        told = _Told(asked, selection, score_of(target, asked, prediction.kind).kind, label is not None)
        return {
            "groups": pack(
                ForWhom(
                    by={one.by[0]: dict(zip(one.groups, one.rows.tolist(), strict=True)) for one in groupings.items},
                    ours={one.by[0]: one.ours for one in groupings.items},
                    given=tuple(one.by[0] for one in groupings.items if one.by[0] in given),
                    measured=measured(asked, prediction, groupings.items, target.outputs),
                    explained=_explained(told, parts, method, named, groupings),
                    note=groupings.note,
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
        if method.aggregate != "raw" or any(item.traits.pixels for item in self.data.inputs):
            return values, ""  # a part of a frame has the |a| of its pixels
        if self._one or len(targets) == 1:
            return values, self.data.outputs[-1 if self._one else int(targets[0])]
        if len(self.data.classes) == 2 and self._score == "probability":
            # The probabilities of two classes add up to 1: what raises one lowers the other by as much.
            return values * np.where(self._targets == 1, 1, -1)[:, np.newaxis], self.data.classes[1]
        return values, ""


def _explained(
    told: _Told, parts: Iterable[Attribution], method: Method, named: ByName, groupings: Groupings
) -> ExplainedGroups:
    inputs = told.data.take(told.rows).inputs
    raw = np.concatenate(
        [np.empty((0, sum(len(followed(item)) for item in inputs))), *_by_shard(inputs, parts, method)]
    )
    features = _features(told.data, inputs, named)
    # What a handful of rows have would be first by chance.
    common = np.flatnonzero((~np.isnan(raw)).sum(axis=0) >= min(FEW, len(raw)))
    values, output = told.signed(raw[:, common], method)
    features = [features[place] for place in common.tolist()]
    by = {one.by[0]: one for one in groupings.items}
    return ExplainedGroups(
        method=method.title,
        rows=len(values),
        features=len(features),
        lead=leading(len(features)),
        signed_for=output,
        roles=roles(
            values,
            [feature.name for feature in features],
            [one.take(told.rows) for one in groupings.items],
            signed=bool(output),
        ),
        protected=protected(
            {name: by.get(name) for name in named.protected},
            [features[place] for place in ranked(np.abs(values))],
            _own(named.columns, named.protected),
        ),
    )


def _by_shard(inputs: Sequence[Input], parts: Iterable[Attribution], method: Method) -> Iterator[Array]:
    """Shard by shard, for maps of all pictures need not fit into memory: (samples, features) of all inputs."""
    start = 0
    for part in parts:
        rows = np.arange(start, start := start + len(part.sample_ids))
        found = []
        for item in inputs:
            values = on_pixels(aggregated(part, item.name, item.kind, method.aggregate), item)
            found.append(followed_values(item, rows, values[..., 0]))
        yield np.concatenate(found, axis=1)


def _features(data: Dataset, explained: Sequence[Input], named: ByName) -> list[Feature]:
    """Of all inputs, with what each is in all rows, where that may tell a column."""
    found = []
    for item, shown in zip(data.inputs, explained, strict=True):
        columns = {column.title: column for column in named.columns if column.input == item.name}
        names = followed(shown)
        told = seen(item, names) if named.protected else {}
        for name in names:
            if name in columns:
                own = codes(item, [columns[name]])[:, 0]
                found.append(Feature(name, own, columns[name].kind == "category"))
            else:
                called = name if len(data.inputs) == 1 else item.label(name)
                found.append(Feature(called, told.get(name), category=item.traits.ids))
    return found


def _own(columns: Sequence[Column], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What features a protected column is, where the model is given it: of a date one for each of its parts."""
    return {name: tuple(column.title for column in columns if name in (column.name, column.date)) for name in names}
