"""Stages on the workers of a Dask cluster: one that runs somewhere, or one of processes on this machine.

What takes seconds goes to a worker; what is there already, and what is over in milliseconds, stays here. Workers share
the store, not the memory: they need the same program and a path that leads to the same store.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from exhibit.flows.config import Report, RunnerSpec
from exhibit.flows.errors import Unfinished
from exhibit.flows.stores import StoreUrl, opened
from exhibit.tasks import stages
from exhibit.tasks.fingerprint import fingerprint
from exhibit.tasks.medium import Medium, Refused
from exhibit.tasks.own import ended_by
from exhibit.tasks.protocols import silent
from exhibit.tasks.records.base import InputError, Spec
from exhibit.tasks.stages.check import CheckedMethod
from exhibit.tasks.stages.stage import Call, FinishedStage, call_in_process
from exhibit.tasks.store import Damaged, Store, StoredOnly, object_name

# Stages of seconds. To send the others would cost more (some 100 ms each) than to run them here.
REMOTE = frozenset({"fit", "predict", "attribute", "check", "probe", "draw"})


def stage_caller(report: Report) -> AbstractContextManager[tuple[Call, int]]:
    """How a task calls its stage, and how many can run at once."""
    return (
        cluster(report.runner, report.paths.store)
        if report.runner.kind == "dask"
        else nullcontext((call_in_process, 2))
    )


@contextmanager
def cluster(runner: RunnerSpec, root: Path | StoreUrl) -> Iterator[tuple[Call, int]]:
    """How a stage is called on the cluster that `runner` names, and how many can run there at once.

    Raises:
        InputError: for a cluster that does not answer, without workers, with workers of another version, or with
            workers that do not see the store at `root`.
    """
    import dask

    with dask.config.set(logging={"distributed": "critical"}):  # read when distributed is imported
        from distributed import Client, LocalCluster
    if runner.address is None:
        # Stages compute with threads of their own, so a worker of this machine gets one task at a time.
        local = {"n_workers": runner.workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": None}
        with LocalCluster(**local) as processes, Client(processes) as client:
            yield _caller(client, root), runner.workers
        return
    try:
        client = Client(runner.address, timeout="10s")
    except (OSError, ValueError) as error:
        raise InputError(
            f"runner.address: no Dask scheduler answers at {runner.address!r}; start one with `dask scheduler` and "
            "workers with `dask worker ADDRESS`, or leave the address out for workers on this machine"
        ) from error
    with client:
        _examine(client, runner.address, _everywhere(root))
        yield _caller(client, root), sum(client.nthreads().values())


def _everywhere(root: Path | StoreUrl) -> Store:
    """The store, for whatever directory a worker is in."""
    return opened(root.absolute() if isinstance(root, Path) else root)


def _caller(client: Any, root: Path | StoreUrl) -> Call:
    shared = _everywhere(root)
    there = StoredOnly(shared.medium)

    def call(stage: Callable[..., FinishedStage], store: Store, *args: Any, **kwargs: Any) -> FinishedStage:
        if stage.__name__ not in REMOTE:
            return stage(store, *args, **kwargs)
        kwargs |= {"progress": silent} if "progress" in kwargs else {}  # it leads to a terminal of this process
        # What the shared store holds already needs no worker.
        with suppress(Damaged):
            return stage(there, *args, **kwargs)
        from distributed import KilledWorker

        try:
            # Not pure: Dask would hand on a result that the store no longer holds.
            done: FinishedStage = client.submit(stage, shared, *args, **kwargs, pure=False).result()
        except KilledWorker as error:
            raise _killed(stage.__name__, args) from error
        return done

    return call


def _killed(stage: str, args: Sequence[Any]) -> InputError | Unfinished:
    """Why a stage ended every worker that tried it: by code of the user's own, or it cannot be told."""
    specs = [
        spec for item in args for spec in ((item.method, item.model) if isinstance(item, CheckedMethod) else (item,))
    ]
    names = [function for spec in specs if isinstance(spec, Spec) and (function := spec.own_function) is not None]
    if names:
        return InputError(ended_by(", ".join(names), f"ended every Dask worker that tried the stage {stage}"))
    return Unfinished(
        f"every Dask worker that tried the stage {stage} was ended, as the system does where memory runs out; what is "
        "finished is kept, and the next run goes on from there"
    )


def _examine(client: Any, address: str, store: Store) -> None:
    """Workers of the same version that see the same store, or an error that says which do not."""
    # A file that only this process could have written tells whether a worker's path leads to the same folder.
    probe = store.put(_PROBE)
    here = fingerprint(stages.modules())
    answers: dict[str, Any] = client.run(_seen_from_a_worker, store.medium, object_name(probe))
    if not answers:
        raise InputError(
            f"runner.address: the scheduler at {address} has no workers; start some: dask worker {address}"
        )
    for worker, (code, sees) in sorted(answers.items()):
        if not sees:
            raise InputError(
                f"paths.store: the worker {worker} does not find the store at {store.medium.where('')}; "
                "every worker must reach the same folder under this path, or the same bucket under this URL"
            )
        if code != here:
            raise InputError(f"runner.address: the worker {worker} has {_difference(here, code)}")


def _seen_from_a_worker(medium: Medium, probe: str) -> tuple[dict[str, dict[str, str]], bool]:
    """The program's code and libraries there, and whether the file `probe` is."""
    try:
        seen = medium.holds(probe, len(_PROBE))
    except (Refused, OSError):  # it has no credentials, or does not reach the server
        seen = False
    return fingerprint(stages.modules()), seen


_PROBE = b"exhibit: do the workers see this store?"


def _difference(here: dict[str, dict[str, str]], there: dict[str, dict[str, str]]) -> str:
    """The first library or module that is not the same."""
    for name, version in here["libraries"].items():
        if (other := there["libraries"].get(name)) != version:
            return f"{name} {other or 'not at all'}, here it is {version}; install the same versions"
    differing = sorted(name for name, digest in here["source"].items() if there["source"].get(name) != digest)
    return f"other code of the program ({', '.join(differing[:3])}); install the same version"
