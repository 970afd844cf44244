"""What is the same on the workers of every cluster, whatever library it is of.

What takes seconds goes to a worker; what is there already, and what is over in milliseconds, stays here. Workers share
the store, not the memory: they need the same program and a path that leads to the same store.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from exhibit.flows.errors import Unfinished
from exhibit.flows.stores import StoreUrl, opened
from exhibit.tasks import stages
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.medium import Medium, Refused
from exhibit.tasks.own import ended_by
from exhibit.tasks.protocols import silent
from exhibit.tasks.records.base import InputError, Spec
from exhibit.tasks.stages.check import CheckedMethod
from exhibit.tasks.stages.stage import Call, FinishedStage
from exhibit.tasks.store import Damaged, Store, StoredOnly, object_name

# Stages of seconds. To send the others would cost more (some 100 ms each) than to run them here.
REMOTE = frozenset({"fit", "predict", "attribute", "check", "probe", "draw"})


class WorkersEnded(Exception):
    """Every worker that tried a stage was ended."""


class Answer(NamedTuple):
    """Of a worker: its program's code and libraries, and whether it sees the store."""

    code: dict[str, dict[str, str]]
    sees: bool


class Probe(NamedTuple):
    """An object that only this process could have written, and where."""

    medium: Medium
    name: str


def everywhere(root: Path | StoreUrl) -> Store:
    """The store, for whatever directory a worker is in."""
    return opened(root.absolute() if isinstance(root, Path) else root)


def caller(library: str, root: Path | StoreUrl, submit: Callable[..., FinishedStage]) -> Call:
    """How a stage is called where `submit(stage, store, ...)` gives what a worker of `library` makes of it, and raises
    WorkersEnded."""
    shared = everywhere(root)
    there = StoredOnly(shared.medium)

    def call(stage: Callable[..., FinishedStage], store: Store, *args: Any, **kwargs: Any) -> FinishedStage:
        if stage.__name__ not in REMOTE:
            return stage(store, *args, **kwargs)
        kwargs |= {"progress": silent} if "progress" in kwargs else {}  # it leads to a terminal of this process
        # What the shared store holds already needs no worker.
        with suppress(Damaged):
            return stage(there, *args, **kwargs)
        try:
            return submit(stage, shared, *args, **kwargs)
        except WorkersEnded as error:
            raise killed(library, stage.__name__, args) from error

    return call


def killed(library: str, stage: str, args: Sequence[Any]) -> InputError | Unfinished:
    """Why a stage ended every worker that tried it: by code of the user's own, or it cannot be told."""
    specs = [
        spec for item in args for spec in ((item.method, item.model) if isinstance(item, CheckedMethod) else (item,))
    ]
    names = [function for spec in specs if isinstance(spec, Spec) and (function := spec.own_function) is not None]
    if names:
        return InputError(ended_by(", ".join(names), f"ended every {library} worker that tried the stage {stage}"))
    return Unfinished(
        f"every {library} worker that tried the stage {stage} was ended, as the system does where memory runs out; "
        "what is finished is kept, and the next run goes on from there"
    )


def examine(root: Path | StoreUrl, ask: Callable[[Callable[[Probe], Answer], Probe], Mapping[str, Answer]]) -> None:
    """Lets every worker answer, by `ask(function, argument)`.

    Raises:
        InputError: for the first that has another version or does not see the store at `root`.
    """
    store = everywhere(root)
    probe = Probe(store.medium, object_name(store.put(_PROBE)))
    here = fingerprint(stages.modules())
    for worker, (code, sees) in sorted(ask(_seen_from_a_worker, probe).items()):
        if not sees:
            raise InputError(
                f"paths.store: the worker {worker} does not find the store at {store.medium.where('')}; "
                "every worker must reach the same folder under this path, or the same bucket under this URL"
            )
        if code != here:
            raise InputError(f"runner.address: the worker {worker} has {_difference(here, code)}")


def _seen_from_a_worker(probe: Probe) -> Answer:
    try:
        seen = probe.medium.holds(probe.name, len(_PROBE))
    except (Refused, OSError):  # it has no credentials, or does not reach the server
        seen = False
    return Answer(fingerprint(stages.modules()), seen)


_PROBE = b"exhibit: do the workers see this store?"


def _difference(here: dict[str, dict[str, str]], there: dict[str, dict[str, str]]) -> str:
    """The first library or module that is not the same."""
    for name, version in here["libraries"].items():
        if (other := there["libraries"].get(name)) != version:
            return f"{name} {other or 'not at all'}, here it is {version}; install the same versions"
    differing = sorted(name for name, digest in here["source"].items() if there["source"].get(name) != digest)
    return f"other code of the program ({', '.join(differing[:3])}); install the same version"
