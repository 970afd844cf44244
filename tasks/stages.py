"""The stages: each takes specs and digests, reads its inputs from the store, and leaves its outputs there.

Arrays never pass between stages, digests do. `as_task` makes a stage a Prefect task; called directly a stage needs
neither Prefect nor a server.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any, ParamSpec, TypeVar

import numpy as np

from tasks.checks import CheckSpec
from tasks.checks.completeness import CompletenessSpec
from tasks.checks.stability import SeedStabilitySpec
from tasks.data import DataSpec
from tasks.data.select import SelectionSpec, TargetSpec
from tasks.fingerprint import fingerprint
from tasks.methods import MethodSpec
from tasks.models import ModelSpec
from tasks.protocols import Compute, DifferentiableModel, Progress, silent, take
from tasks.records import (
    Array,
    Attribution,
    Dataset,
    Importance,
    Input,
    Prediction,
    Record,
    Selection,
    Spec,
    Summary,
    Weights,
    canonical_json,
    pack,
    unpack,
)
from tasks.store import Digest, Outputs, Store, action_key

P = ParamSpec("P")
R = TypeVar("R", bound=Record)

# Frameworks have process-wide modes and random states: within one process compute stages take turns.
_turn = RLock()


@dataclass(frozen=True)
class Done:
    """A finished stage: what it was asked, what it gave, and whether that was there already."""

    stage: str
    key: Digest
    spec: Any
    outputs: Outputs
    cached: bool
    seconds: float
    fingerprint: Mapping[str, Mapping[str, str]]

    def __getitem__(self, output: str) -> Digest:
        return self.outputs[output]


@dataclass(frozen=True)
class Explained:
    """One method of a chapter: its attributions in shards (start, stop, digest), summary and verdicts."""

    label: str
    method: MethodSpec
    shards: tuple[tuple[int, int, Digest], ...]
    summary: Digest
    checks: tuple[Digest, ...]


def as_task(stage: Callable[P, Done]) -> Any:
    """The stage as a Prefect task. The store decides what is computed, so Prefect caches and keeps nothing.

    A failure of the system (a full disk, a process that cannot be started) is tried again, a wrong input is not.
    """
    from prefect import task
    from prefect.cache_policies import NO_CACHE
    from prefect.states import Completed

    def run(what: str, *args: P.args, **kwargs: P.kwargs) -> Any:
        del what  # it names the task run
        done = stage(*args, **kwargs)
        return Completed(name="Cached", data=done) if done.cached else done

    return task(
        name=stage.__name__,
        task_run_name="{what}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=2,
        retry_delay_seconds=[1, 5],
        retry_condition_fn=_is_of_the_system,
    )(run)


def _is_of_the_system(_task: Any, _run: Any, state: Any) -> bool:
    return isinstance(state.result(raise_on_failure=False), OSError)


def run_stage(
    store: Store,
    stage: Callable[..., Done],
    spec: Mapping[str, Any],
    inputs: Mapping[str, Digest | Sequence[Digest]],
    modules: Sequence[str],
    compute: Callable[[], Mapping[str, bytes]],
    helpers: Sequence[Callable[..., Any]] = (),
) -> Done:
    """Looks the stage up by its key, or computes it. `helpers`: functions of its own module that it uses."""
    plain = {name: item.model_dump(mode="json") if isinstance(item, Spec) else item for name, item in spec.items()}
    code = fingerprint([*modules, "tasks.records"], [stage, *helpers])
    key = action_key(stage.__name__, plain, inputs, code)
    started = time.monotonic()
    outputs, cached = store.once(key, compute)
    return Done(stage.__name__, key, plain, outputs, cached, time.monotonic() - started, code)


def module_of(item: object) -> str:
    return type(item).__module__


def read(store: Store, kind: type[R], digest: Digest) -> R:
    return unpack(kind, store.get(digest))


def keyed(compute: Compute) -> dict[str, Any]:
    """What changes bits, and the device that `auto` stands for here."""
    return compute.model_dump(mode="json", exclude={"chunk"}) | {
        "device": device(compute),
        "machine": platform.machine(),
    }


def device(compute: Compute) -> str:
    """The device that `auto` stands for on this machine."""
    if compute.device != "auto":
        return compute.device
    return "cuda" if Path("/dev/nvidia0").exists() else "cpu"


# --- a point ----------------------------------------------------------------------------------------------


def load(store: Store, data: DataSpec) -> Done:
    """Outputs "dataset", and "reference" where the data asks for one."""

    def compute() -> dict[str, bytes]:
        dataset = data.load()
        reference = getattr(data, "reference", None)
        found = {"dataset": pack(dataset)}
        return found if reference is None else found | {"reference": pack(reference.compute(dataset))}

    return run_stage(store, load, {"data": data}, {}, [module_of(data)], compute)


def fit(store: Store, model: ModelSpec, compute: Compute, dataset: Digest, progress: Progress = silent) -> Done:
    """Output "weights"."""

    def train() -> dict[str, bytes]:
        with _turn:
            return {"weights": pack(model.fit(read(store, Dataset, dataset), compute, progress))}

    return run_stage(
        store, fit, {"model": model, "compute": keyed(compute)}, {"dataset": dataset}, [module_of(model)], train
    )


@lru_cache(maxsize=8)
def _model(root: Path, model: ModelSpec, compute: Compute, dataset: Digest, weights: Digest) -> DifferentiableModel:
    store = Store(root)
    return model.restore(read(store, Dataset, dataset), read(store, Weights, weights), compute)


def predict(store: Store, model: ModelSpec, compute: Compute, dataset: Digest, weights: Digest) -> Done:
    """Outputs "prediction" of every row and "performance"."""
    from tasks.models.performance import performance

    def run() -> dict[str, bytes]:
        with _turn:
            data = read(store, Dataset, dataset)
            net = _model(store.root, model, compute, dataset, weights)
            prediction = Prediction(kind=net.output, outputs=net.predict(data.arrays))
            return {"prediction": pack(prediction), "performance": pack(performance(data, prediction))}

    return run_stage(
        store,
        predict,
        {"model": model, "compute": keyed(compute)},
        {"dataset": dataset, "weights": weights},
        [module_of(model), performance.__module__],
        run,
    )


def select(store: Store, selection: SelectionSpec, target: TargetSpec, dataset: Digest, prediction: Digest) -> Done:
    """Output "selection"."""
    from tasks.data.select import select as choose

    def run() -> dict[str, bytes]:
        chosen = choose(selection, target, read(store, Dataset, dataset), read(store, Prediction, prediction))
        return {"selection": pack(chosen)}

    return run_stage(
        store,
        select,
        {"selection": selection, "target": target},
        {"dataset": dataset, "prediction": prediction},
        [choose.__module__],
        run,
    )


def attribute(
    store: Store,
    method: MethodSpec,
    model: ModelSpec,
    target: TargetSpec,
    compute: Compute,
    dataset: Digest,
    weights: Digest,
    selection: Digest,
    start: int,
    stop: int,
) -> Done:
    """Output "attribution" of the explained rows `start` to `stop`: a chunk is an action of its own."""
    from tasks.data.select import score_of

    def run() -> dict[str, bytes]:
        with _turn:
            data, chosen = read(store, Dataset, dataset), read(store, Selection, selection)
            rows = chosen.explained[start:stop]
            inputs = take(data.arrays, rows)
            return {
                "attribution": pack(
                    method.attribute(
                        _model(store.root, model, compute, dataset, weights),
                        inputs,
                        _baselines(method, data, len(rows)),
                        data.sample_ids[rows],
                        chosen.targets[start:stop],
                        score_of(target, data),
                        compute,
                    )
                )
            }

    return run_stage(
        store,
        attribute,
        {
            # How values are aggregated later changes none of them.
            "method": method.model_dump(mode="json", exclude={"aggregate"}),
            "model": model,
            "score": target.score,
            "compute": keyed(compute),
            "rows": [start, stop],
        },
        {"dataset": dataset, "weights": weights, "selection": selection},
        [module_of(method), module_of(model), "tasks.data.baselines", score_of.__module__],
        run,
        [_baselines],
    )


def _baselines(method: MethodSpec, data: Dataset, count: int) -> dict[str, Array] | None:
    """Raw baselines: one row per explained sample, or the background rows of a method that averages over them; None
    where there is none, or where it is zero at a layer."""
    from tasks.data.baselines import background, baseline

    if (rows := getattr(method, "background", None)) is not None:
        return background(rows, getattr(method, "seed", 0), data)[0]
    if (name := getattr(method, "baseline", None)) is None:
        return None
    values = baseline(name, data, getattr(method, "layer", None))[0]
    return None if values is None else {key: np.repeat(value, count, axis=0) for key, value in values.items()}


def summarise(
    store: Store, method: MethodSpec, dataset: Digest, selection: Digest, shards: Sequence[tuple[int, int, Digest]]
) -> Done:
    """Outputs "summary", and "content": a digest of the attributions that does not depend on how they were cut."""
    from tasks.data.features import feature_names, features
    from tasks.methods.aggregate import aggregated, class_means, content_digests, importances

    def run() -> dict[str, bytes]:
        data, chosen = read(store, Dataset, dataset), read(store, Selection, selection)
        explained = data.take(chosen.explained)

        def sums(item: Input) -> Iterator[tuple[Input, Array]]:
            """Shard by shard: the input's samples and their attributions without channels."""
            for start, stop, digest in shards:
                values = aggregated(read(store, Attribution, digest), item.name, item.kind, method.aggregate)
                yield item.model_copy(update={"values": item.values[start:stop]}), values

        found: list[Importance] = []
        means: dict[str, Array] = {}
        for item in explained.inputs:
            per_feature = (features(samples, values) for samples, values in sums(item))
            found += importances(item.name, feature_names(item), chosen.target_names, method.aggregate, per_feature)
            if item.kind == "image" and data.classes:
                means[item.name] = class_means((v for _, v in sums(item)), explained.labels, len(data.classes))
        parts = (read(store, Attribution, digest) for _, _, digest in shards)
        return {
            "summary": pack(Summary(importances=tuple(found), class_means=means)),
            "content": canonical_json(content_digests(parts)),
        }

    return run_stage(
        store,
        summarise,
        {"aggregate": method.aggregate},
        {"dataset": dataset, "selection": selection, "shards": [digest for _, _, digest in shards]},
        [features.__module__, importances.__module__],
        run,
    )


def check(
    store: Store,
    spec: CheckSpec,
    label: str,
    method: MethodSpec,
    shards: Sequence[Digest],
    summaries: Sequence[Digest],
) -> Done:
    """Output "result". `summaries`: of the reported model, and of those trained with other seeds, if any."""

    def run() -> dict[str, bytes]:
        match spec:
            case CompletenessSpec():
                parts = (read(store, Attribution, digest) for digest in shards)
                return {"result": pack(spec.measure(label, method.additive, parts))}
            case SeedStabilitySpec():
                sizes = [read(store, Summary, digest).importances[0].mean_absolute for digest in summaries]
                return {"result": pack(spec.measure(label, sizes))}

    return run_stage(
        store,
        check,
        {"check": spec, "label": label, "additive": method.additive},
        {"shards": list(shards), "summaries": list(summaries)},
        [module_of(spec)],
        run,
    )
