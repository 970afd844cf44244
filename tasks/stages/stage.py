"""What every stage is: a key, outputs in the store, and turns between those that compute."""

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any, ParamSpec, Self, TypeVar

from exhibit.tasks import frameworks  # noqa: F401 - sets what decides bits, so it is part of every key
from exhibit.tasks.factory import code_of, edited_since, note_files_named, reload_edited
from exhibit.tasks.fingerprint import edited, fingerprint
from exhibit.tasks.medium import Medium
from exhibit.tasks.opened import read_by
from exhibit.tasks.own import running
from exhibit.tasks.protocols import SCHEDULING, Compute
from exhibit.tasks.records.base import InputError, Record, Spec
from exhibit.tasks.records.packing import unpack
from exhibit.tasks.store import Digest, Outputs, Referenced, Store, action_key

P = ParamSpec("P")


R = TypeVar("R", bound=Record)


Call = Callable[..., "FinishedStage"]  # (stage, *args, **kwargs): how a stage is called, here or on another machine


# Frameworks have process-wide modes and random states: within one process compute stages take turns.
_turn = RLock()


@dataclass(frozen=True)
class FinishedStage:
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


def call_in_process(stage: Callable[P, FinishedStage], *args: P.args, **kwargs: P.kwargs) -> FinishedStage:
    """The stage in this process."""
    return stage(*args, **kwargs)


def run_stage(
    store: Store,
    stage: Callable[..., FinishedStage],
    spec: Mapping[str, Any],
    inputs: Mapping[str, Digest | Sequence[Digest]],
    compute: Callable[[], Mapping[str, bytes]],
    chosen: Sequence[Spec] = (),
    beside: Referenced | None = None,
    *,
    answered: bool = False,
) -> FinishedStage:
    """Looks the stage up by its key, or computes it.

    The key holds the code that the result depends on, which follows from the code itself: the module of the stage,
    those of the `chosen` specs whose functions it calls, all that these import, and the user's own code that the specs
    name.
    `beside`: what its outputs name in turn. What else that code reads is noted with the result, which is made again
    where it has changed; `answered`: the spec holds what it answers, which says it all.
    """
    plain = {name: item.model_dump(mode="json") if isinstance(item, Spec) else item for name, item in spec.items()}
    code = _code(stage, chosen)
    key = action_key(stage.__name__, plain, inputs, code)
    started = time.monotonic()
    functions = _functions(chosen)

    def kept() -> Mapping[str, bytes]:
        for item in chosen:
            if item.own_function is not None:
                note_files_named(item.own_function, item.model_dump(mode="json").get("arguments"))
        with running(functions):
            outputs = compute()
        refuse_edited(code["source"], chosen)
        return outputs

    outputs, cached = store.once(key, kept, beside, lambda: {} if answered else read_by(functions, store.root))
    return FinishedStage(stage.__name__, key, plain, outputs, cached, time.monotonic() - started, code)


@dataclass(frozen=True)
class Beginning:
    """How far somebody has come who asked the same but for how far to go: a start for work, and no result."""

    store: Store
    key: Digest
    functions: Sequence[str]

    @classmethod
    def of(
        cls,
        store: Store,
        stage: Callable[..., FinishedStage],
        spec: Mapping[str, Any],
        inputs: Mapping[str, Digest | Sequence[Digest]],
        chosen: Sequence[Spec],
    ) -> Self:
        """`spec`: that of the stage, without what only says how far."""
        key = action_key(f"{stage.__name__}, begun", spec, inputs, _code(stage, chosen))
        return cls(store, key, _functions(chosen))

    def known(self) -> Digest | None:
        """What was noted last; None where nothing was, or what it rests on has changed."""
        noted = self.store.known(self.key)
        return None if noted is None else noted["begun"]

    def note(self, digest: Digest) -> None:
        """Notes what is in the store, for whoever goes further."""
        self.store.note(self.key, {"begun": digest}, read_by(self.functions, self.store.root))


def _code(stage: Callable[..., FinishedStage], chosen: Sequence[Spec]) -> dict[str, dict[str, str]]:
    """What the result of a stage depends on beside its spec and its inputs."""
    own = users_code_now(*chosen)
    return merged([fingerprint([stage.__module__, *(type(item).__module__ for item in chosen)]), *own])


def _functions(chosen: Sequence[Spec]) -> list[str]:
    return [function for spec in chosen if (function := spec.own_function) is not None]


def refuse_edited(source: Iterable[str], chosen: Sequence[Spec]) -> None:
    """A result is kept only where the code that its key names is the code that ran.

    Raises:
        InputError: which names what was edited since the program began.
    """
    names = [path.name for path in edited(source)]
    names += [function for spec in chosen if (function := spec.own_function) is not None and edited_since(function)]
    if names:
        raise InputError(
            f"{', '.join(names)}: edited while the program ran, so this result is not kept; run the same command again"
        )


def merged(fingerprints: Sequence[Mapping[str, Mapping[str, str]]]) -> dict[str, dict[str, str]]:
    """Several fingerprints as one."""
    return {
        part: {name: mark for one in fingerprints for name, mark in one[part].items()}
        for part in ("libraries", "source")
    }


def users_code(*specs: Spec) -> list[Mapping[str, Mapping[str, str]]]:
    """What the factories of these specs depend on: the user's own code."""
    return [code_of(function) for spec in specs if (function := spec.own_function) is not None]


def users_code_now(*specs: Spec) -> list[Mapping[str, Mapping[str, str]]]:
    """The same, as it is now and will be loaded: a process may have read it before it was edited."""
    for spec in specs:
        if (function := spec.own_function) is not None:
            reload_edited(function)
    return users_code(*specs)


@contextmanager
def one_at_a_time(compute: Compute) -> Iterator[None]:
    """What a stage that computes holds: one at a time in a process, with as many threads as its key says."""
    from threadpoolctl import threadpool_limits

    with _turn, threadpool_limits(compute.threads):
        yield


def read(store: Store, kind: type[R], digest: Digest) -> R:
    return unpack(kind, store.get(digest), store)


def read_once(store: Store, kind: type[R], digest: Digest) -> R:
    """The same, made once for stages that follow each other in a process, as the chunks of a method do: to read all
    rows for every few of them takes a hundred times as long for ten times as many."""
    return _read_once(store.medium, kind, digest)


@lru_cache(maxsize=2)
def _read_once(medium: Medium, kind: type[R], digest: Digest) -> R:
    return read(Store(medium), kind, digest)


def numeric_settings(compute: Compute) -> dict[str, Any]:
    """What changes bits, and the device that `auto` stands for here."""
    return compute.model_dump(mode="json", exclude=set(SCHEDULING)) | {
        "device": device(compute),
        "machine": platform.machine(),
    }


def device(compute: Compute) -> str:
    """The device that `auto` stands for on this machine."""
    if compute.device != "auto":
        return compute.device
    return "cuda" if Path("/dev/nvidia0").exists() else "cpu"
