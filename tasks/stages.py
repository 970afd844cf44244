"""The stages: each takes specs and digests, reads its inputs from the store, and leaves its outputs there.

Arrays never pass between stages, digests do. `as_task` makes a stage a Prefect task; called directly a stage needs
neither Prefect nor a server.
"""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from exhibit.tasks.data import DataSpec
from exhibit.tasks.data.folder import PictureSpec
from exhibit.tasks.data.select import SelectionSpec, TargetSpec
from exhibit.tasks.factory import code_of
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.local import content_of_absent
from exhibit.tasks.methods import MethodSpec
from exhibit.tasks.models import ModelSpec
from exhibit.tasks.protocols import Compute, DifferentiableModel, Model, Progress, silent
from exhibit.tasks.records.base import Array, InputError, Record, Spec
from exhibit.tasks.records.data import Dataset, Input
from exhibit.tasks.records.explanation import Attribution, Importance, Selection, Summary
from exhibit.tasks.records.model import Prediction, Weights
from exhibit.tasks.records.packing import canonical_json, pack, unpack
from exhibit.tasks.store import Beside, Digest, Outputs, Store, action_key

P = ParamSpec("P")
R = TypeVar("R", bound=Record)
Call = Callable[..., "Done"]  # (stage, *args, **kwargs): how a stage is called, here or on another machine

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


def call_here(stage: Callable[P, Done], *args: P.args, **kwargs: P.kwargs) -> Done:
    """The stage in this process."""
    return stage(*args, **kwargs)


def as_task(stage: Callable[P, Done], call: Call = call_here) -> Any:
    """The stage as a Prefect task. The store decides what is computed, so Prefect caches and keeps nothing.

    A failure from outside (a full disk, a connection, a process that cannot be started) is tried again after a second
    and after five; a wrong input is not, nor a file that is not there or may not be read.
    """
    from prefect import task
    from prefect.cache_policies import NO_CACHE
    from prefect.states import Completed

    def run(what: str, *args: P.args, **kwargs: P.kwargs) -> Any:
        del what  # it names the task run
        done = call(stage, *args, **kwargs)
        return Completed(name="Cached", data=done) if done.cached else done

    return task(
        name=stage.__name__,
        task_run_name="{what}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=2,
        retry_delay_seconds=[1, 5],
        retry_condition_fn=_came_from_outside,
    )(run)


def _came_from_outside(_task: Any, _run: Any, state: Any) -> bool:
    error = state.result(raise_on_failure=False)
    lasting = FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError
    return isinstance(error, OSError) and not isinstance(error, lasting)


def run_stage(
    store: Store,
    stage: Callable[..., Done],
    spec: Mapping[str, Any],
    inputs: Mapping[str, Digest | Sequence[Digest]],
    modules: Sequence[str],
    compute: Callable[[], Mapping[str, bytes]],
    helpers: Sequence[Callable[..., Any]] = (),
    own: Sequence[Mapping[str, Mapping[str, str]]] = (),
    beside: Beside | None = None,
) -> Done:
    """Looks the stage up by its key, or computes it. `helpers`: functions of its own module that it uses; `own`: what
    the user's own code in it depends on; `beside`: what its outputs name in turn."""
    plain = {name: item.model_dump(mode="json") if isinstance(item, Spec) else item for name, item in spec.items()}
    code = fingerprint([*modules, "exhibit.tasks.records"], [stage, *helpers])
    code = {part: {name: mark for one in (code, *own) for name, mark in one[part].items()} for part in code}
    key = action_key(stage.__name__, plain, inputs, code)
    started = time.monotonic()
    outputs, cached = store.once(key, compute, beside)
    return Done(stage.__name__, key, plain, outputs, cached, time.monotonic() - started, code)


def asked(model: ModelSpec) -> dict[str, Any]:
    """The spec of a model, with digests of its files of weights in the place of their paths."""
    from exhibit.tasks.models.weights import digest

    plain = model.model_dump(mode="json")
    files = {key: path for key in ("weights", "base") if isinstance(path := getattr(model, key, None), Path)}
    return plain | {key: content_of_absent(path) or digest(path) for key, path in files.items()}


def own_code(*specs: Spec) -> list[Mapping[str, Mapping[str, str]]]:
    """What the factories of these specs depend on: the user's own code."""
    return [code_of(factory) for spec in specs if (factory := getattr(spec, "factory", None))]


def module_of(item: object) -> str:
    return type(item).__module__


@contextmanager
def taking_turns(compute: Compute) -> Iterator[None]:
    """What a stage that computes holds: one at a time in a process, with as many threads as its key says."""
    from threadpoolctl import threadpool_limits

    with _turn, threadpool_limits(compute.threads):
        yield


def read(store: Store, kind: type[R], digest: Digest) -> R:
    return unpack(kind, store.get(digest), store)


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


class Samples(Record):
    """Samples that a dataset names and does not hold, by their digests."""

    items: dict[str, bytes]


def samples_beside(store: Store, dataset: Digest) -> Digest | None:
    """All that lies beside a dataset, as one object; None where everything is in it."""
    names = read(store, Dataset, dataset).shelved
    return store.put(pack(Samples(items={name: store.get(name) for name in names}))) if names else None


def load(store: Store, data: DataSpec, given: tuple[Any, bytes] | None = None, samples: bytes | None = None) -> Done:
    """Outputs "dataset", "fitted" where a model is fitted to a part of it, and "reference" where the data asks for
    one. `given`: what the stage was once asked and the dataset that it gave, in the place of loading; `samples`: what
    lies beside that."""
    pictures = isinstance(data, PictureSpec)

    def compute() -> dict[str, bytes]:
        for sample in unpack(Samples, samples).items.values() if samples else ():
            store.put(sample, durably=False)
        if given is None:
            dataset = data.load(store) if isinstance(data, PictureSpec) else data.load()
        else:
            dataset = unpack(Dataset, given[1], store)
        reference = getattr(data, "reference", None)
        found = {"dataset": pack(dataset) if given is None else given[1]}
        if (part := getattr(data, "fitted", None)) is not None:  # whatever is explained, the same model is trained
            found["fitted"] = pack(part(dataset))
        return found if reference is None else found | {"reference": pack(reference.compute(dataset))}

    asked = getattr(data, "asked", None)  # of what lies in files, their contents count and not where they are
    spec = given[0] if given else {"data": asked() if asked else data}
    beside = (lambda outputs: read(store, Dataset, outputs["dataset"]).shelved) if pictures else None
    return run_stage(store, load, spec, {}, [module_of(data)], compute, own=own_code(data), beside=beside)


def fit(
    store: Store,
    model: ModelSpec,
    compute: Compute,
    dataset: Digest,
    progress: Progress = silent,
    given: bytes | None = None,
) -> Done:
    """Output "weights". `given`: these, in the place of training."""

    def train() -> dict[str, bytes]:
        if given is not None:
            return {"weights": given}
        with taking_turns(compute):
            return {"weights": pack(model.fit(read(store, Dataset, dataset), compute, progress))}

    return run_stage(
        store,
        fit,
        {"model": asked(model), "compute": keyed(compute)},
        {"dataset": dataset},
        [module_of(model)],
        train,
        own=own_code(model),
    )


@lru_cache(maxsize=8)
def restored(root: Path, model: ModelSpec, compute: Compute, dataset: Digest, weights: Digest) -> Model:
    store = Store(root)
    return model.restore(read(store, Dataset, dataset), read(store, Weights, weights), compute)


def predict(store: Store, model: ModelSpec, compute: Compute, dataset: Digest, weights: Digest) -> Done:
    """Outputs "prediction" of every row, "performance", and "layer" where methods look at one that name none."""
    from exhibit.tasks.models.performance import performance

    def run() -> dict[str, bytes]:
        with taking_turns(compute):
            data = read(store, Dataset, dataset)
            net = restored(store.root, model, compute, dataset, weights)
            prediction = Prediction(kind=net.output, outputs=_outputs(net, data, compute.batch))
            found = {"prediction": pack(prediction), "performance": pack(performance(data, prediction))}
            return found if (layer := usual_layer(net, data)) is None else found | {"layer": canonical_json(layer)}

    return run_stage(
        store,
        predict,
        {"model": asked(model), "compute": keyed(compute)},
        {"dataset": dataset, "weights": weights},
        [module_of(model), performance.__module__],
        run,
        [_outputs, usual_layer],
        own_code(model),
    )


def _outputs(net: Model, data: Dataset, size: int) -> Array:
    """The outputs of every row; only as many rows are in memory as the net takes at once."""
    rows = np.arange(len(data.sample_ids))
    parts = np.split(rows, range(size, len(rows), size))
    return np.concatenate([net.predict(data.take(part).arrays) for part in parts])


def usual_layer(net: Model, data: Dataset) -> str | None:
    """Where a method looks that can look at a layer and names none: at the embedding of a molecule's atoms, if the
    model has just one; None: at the input."""
    if not hasattr(net, "place") or all(item.kind != "molecule" for item in data.inputs):
        return None
    some = data.take(np.arange(min(_SOME, len(data.sample_ids))))
    return cast(DifferentiableModel, net).embedding(some.arrays)


_SOME = 8  # samples that show which layer embeds


def select(store: Store, selection: SelectionSpec, target: TargetSpec, dataset: Digest, prediction: Digest) -> Done:
    """Outputs "selection", and "explained": the same without what is drawn of it, which changes no number."""
    from exhibit.tasks.data.select import select as choose

    def run() -> dict[str, bytes]:
        chosen = choose(selection, target, read(store, Dataset, dataset), read(store, Prediction, prediction))
        explained = chosen.model_copy(update={"shown": chosen.shown[:0], "reason": ""})
        return {"selection": pack(chosen), "explained": pack(explained)}

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
    explained: Digest,
    start: int,
    stop: int,
) -> Done:
    """Output "attribution" of the explained rows `start` to `stop`: a chunk is an action of its own."""
    from exhibit.tasks.data.select import score_of

    def run() -> dict[str, bytes]:
        with taking_turns(compute):
            net = restored(store.root, model, compute, dataset, weights)
            data, chosen = read(store, Dataset, dataset), read(store, Selection, explained)
            rows = chosen.explained[start:stop]
            found = method.attribute(
                explainable(method, model, net, data),
                data.take(rows).arrays,
                baselines_of(method, data, rows),
                data.sample_ids[rows],
                chosen.targets[start:stop],
                score_of(target, data, net.output),
                compute,
            )
            return {"attribution": pack(of_atoms(found, data.take(rows)))}

    return run_stage(
        store,
        attribute,
        {
            # How values are aggregated later changes none of them.
            "method": method.model_dump(mode="json", exclude={"aggregate"}),
            "model": asked(model),
            "score": target.score if target.factory is None else target.factory,
            "compute": keyed(compute),
            "rows": [start, stop],
        },
        {"dataset": dataset, "weights": weights, "explained": explained},
        [
            module_of(method),
            module_of(model),
            "exhibit.tasks.data.baselines",
            "exhibit.tasks.data.molecule",
            score_of.__module__,
        ],
        run,
        [baselines_of, explainable, of_atoms, refusal],
        own_code(method, model, target),
    )


def explainable(method: MethodSpec, model: ModelSpec, net: Model, data: Dataset) -> DifferentiableModel:
    """`net`, as a method that needs no gradient takes it too.

    Raises:
        InputError: for a method that needs gradients, and a model that only predicts; for one that looks at a layer,
            and a molecule whose embedding nobody named or that is not the only input.
    """
    gives = {"predictions", "gradients" if hasattr(net, "place") else "trees"}
    if (said := refusal(method, model, gives)) is not None:
        raise InputError(f"method: {said}")
    found = cast(DifferentiableModel, net)
    if hasattr(method, "layer") and any(item.kind == "molecule" for item in data.inputs):
        if len(data.inputs) > 1:
            raise InputError(
                f"method: {method.kind} looks at one place of a model: at a layer for a molecule, at the input for all "
                f"else, so it cannot explain {' and '.join(item.name for item in data.inputs)} together; explain a "
                "model of the molecule alone"
            )
        if method.layer is None:
            raise InputError(
                f"layer: a molecule is explained at the embedding of its atoms, and not just one layer of the model is "
                f"known to be that; name it, one of {', '.join(getattr(net, 'layers', ())) or 'none'}"
            )
    return found


def of_atoms(found: Attribution, data: Dataset) -> Attribution:
    """The same with a mask of the atoms of molecules, which nets that take all molecules at one size do not know.

    Raises:
        InputError: for values of something else than the atoms.
    """
    from exhibit.tasks.data.molecule import atom_counts

    masks = {}
    for item in data.inputs:
        if item.kind == "molecule" and item.name in found.values:
            values, counts = found.values[item.name], atom_counts(item.array.tolist())
            masks[item.name] = mask = np.arange(values.shape[1]) < counts[:, np.newaxis]
            others = (found.mask.get(item.name, mask) != mask).any() or (mask.sum(axis=1) != counts).any()
            if others or values[~mask].any():
                raise InputError(
                    f"layer: the values are not those of the atoms of {item.name!r}, one row for each in the order of "
                    "the SMILES and zero in all that fills up; name another layer"
                )
    return found.model_copy(update={"mask": {**found.mask, **masks}})


def refusal(method: MethodSpec, model: ModelSpec, gives: AbstractSet[str] | None = None) -> str | None:
    """Why the method cannot explain the model, in a sentence; None where it can, or where only the work will tell.

    `gives`: what the model is known to give; None: what its spec says, for a net predictions and gradients.
    """
    declared: AbstractSet[str] = getattr(model, "gives", {"predictions", "gradients"})
    known = declared if gives is None else gives
    if method.asks in known:
        return None
    if method.asks == "trees":
        return f"{method.kind} explains trees of scikit-learn, but the model {model.kind} has none; use kernel_shap"
    what = "a layer" if method.kind == "occlusion" else "gradients"
    return (
        f"{method.kind} needs {what}, but the model {model.kind} ({model.framework}) only predicts; "
        "use occlusion, kernel_shap, partition_shap or tree_shap"
        + (" at the input" if method.kind == "occlusion" else "")
    )


def baselines_of(method: MethodSpec, data: Dataset, explained: Array) -> dict[str, Array] | None:
    """Raw baselines: one row per explained sample, or the background rows of a method that averages over them; None
    where there is none, or where it is zero at a layer."""
    from exhibit.tasks.data.baselines import background, baseline

    if (rows := getattr(method, "background", None)) is not None:
        return background(rows, getattr(method, "seed", 0), data, getattr(method, "baseline", "samples"))
    if (name := getattr(method, "baseline", None)) is None:
        return None
    return baseline(name, data, getattr(method, "layer", None), explained)


def summarise(
    store: Store, method: MethodSpec, dataset: Digest, explained: Digest, shards: Sequence[tuple[int, int, Digest]]
) -> Done:
    """Outputs "summary", and "content": a digest of the attributions that does not depend on how they were cut."""
    from exhibit.tasks.data.features import feature_names, features
    from exhibit.tasks.methods.aggregate import (
        aggregated,
        class_means,
        content_digests,
        importances,
        input_summary,
        on_pixels,
    )

    def run() -> dict[str, bytes]:
        data, chosen = read(store, Dataset, dataset), read(store, Selection, explained)
        rows = data.take(chosen.explained)

        def sums(item: Input) -> Iterator[tuple[Input, Array]]:
            """Shard by shard: the input's samples and their attributions without channels."""
            for start, stop, digest in shards:
                values = aggregated(read(store, Attribution, digest), item.name, item.kind, method.aggregate)
                yield item.take(np.arange(start, stop)), on_pixels(values, item)

        found: list[Importance] = []
        means: dict[str, Array] = {}
        for item in rows.inputs:
            per_feature = (features(samples, values) for samples, values in sums(item))
            found += importances(item.name, feature_names(item), chosen.target_names, method.aggregate, per_feature)
            if item.aligned and data.classes:
                means[item.name] = class_means((v for _, v in sums(item)), rows.labels, len(data.classes))
        several = rows.inputs if len(rows.inputs) > 1 else ()
        whole = tuple(input_summary(item.name, (values for _, values in sums(item))) for item in several)
        parts = (read(store, Attribution, digest) for _, _, digest in shards)
        return {
            "summary": pack(Summary(importances=tuple(found), class_means=means, inputs=whole)),
            "content": canonical_json(content_digests(parts)),
        }

    return run_stage(
        store,
        summarise,
        {"aggregate": method.aggregate},
        {"dataset": dataset, "explained": explained, "shards": [digest for _, _, digest in shards]},
        [features.__module__, importances.__module__],
        run,
    )
