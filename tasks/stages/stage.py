"""What every stage is: a key, outputs in the store, and turns between those that compute."""

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any, ParamSpec, TypeVar

from exhibit.tasks.evidence.local import content_of_absent
from exhibit.tasks.factory import code_of
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.models.choice import ModelChoice
from exhibit.tasks.protocols import Compute, Model
from exhibit.tasks.records.base import Record, Spec
from exhibit.tasks.records.data import Dataset
from exhibit.tasks.records.model import Weights
from exhibit.tasks.records.packing import unpack
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


def call_here(stage: Callable[P, Done], *args: P.args, **kwargs: P.kwargs) -> Done:
    """The stage in this process."""
    return stage(*args, **kwargs)


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


def spec_with_digests(model: ModelChoice) -> dict[str, Any]:
    """The spec of a model, with digests of its files of weights in the place of their paths."""
    from exhibit.tasks.models.weights import digest

    files = {key: content_of_absent(path) or digest(path) for key, path in model.files().items()}
    return model.model_dump(mode="json") | files


def users_code(*specs: Spec) -> list[Mapping[str, Mapping[str, str]]]:
    """What the factories of these specs depend on: the user's own code."""
    return [code_of(function) for spec in specs if (function := spec.own_function) is not None]


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


@lru_cache(maxsize=8)
def restored(root: Path, model: ModelChoice, compute: Compute, dataset: Digest, weights: Digest) -> Model:
    store = Store(root)
    return model.restore(read(store, Dataset, dataset), read(store, Weights, weights), compute)
