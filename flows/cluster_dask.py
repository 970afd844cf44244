"""Stages on the workers of a Dask cluster: one that runs somewhere, or one of processes on this machine."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exhibit.flows.config import RunnerSpec
from exhibit.flows.stores import StoreUrl
from exhibit.flows.workers import Answer, Probe, WorkersEnded, caller, examine
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.stage import Call, FinishedStage


@contextmanager
def dask_cluster(runner: RunnerSpec, root: Path | StoreUrl) -> Iterator[tuple[Call, int]]:
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
        examine(root, lambda function, probe: _answers(client, runner.address, function, probe))
        yield _caller(client, root), sum(client.nthreads().values())


def _caller(client: Any, root: Path | StoreUrl) -> Call:
    from distributed import KilledWorker

    def submit(stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> FinishedStage:
        try:
            # Not pure: Dask would hand on a result that the store no longer holds.
            done: FinishedStage = client.submit(stage, *args, **kwargs, pure=False).result()
        except KilledWorker as error:
            raise WorkersEnded from error
        return done

    return caller("Dask", root, submit)


def _answers(
    client: Any, address: str | None, function: Callable[[Probe], Answer], probe: Probe
) -> Mapping[str, Answer]:
    answers: dict[str, Answer] = client.run(function, probe)
    if not answers:
        raise InputError(
            f"runner.address: the scheduler at {address} has no workers; start some: dask worker {address}"
        )
    return answers
