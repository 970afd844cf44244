"""Stages on the workers of a Ray cluster: one that runs somewhere, or one of processes on this machine."""

import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from exhibit.flows.config import RunnerSpec
from exhibit.flows.stores import StoreUrl
from exhibit.flows.workers import Answer, Probe, WorkersEnded, caller, examine
from exhibit.tasks.records.base import InputError
from exhibit.tasks.stages.stage import Call, FinishedStage

# Read when ray is imported, or when it starts a process. What the user has set already wins.
_QUIET = {
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # what its processes say of workers that ended; the report says it itself
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # or else it may copy the current folder to the workers
    "RAY_USAGE_STATS_ENABLED": "0",
}
# The same for an address: where something else answers at it this is said after seconds, not minutes.
_PATIENT = {"RAY_NUM_REDIS_GET_RETRIES": "1", "RAY_py_gcs_connect_timeout_s": "10"}
# The same for one on the loopback, which Ray would take for another of this machine.
_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
# The same for a cluster of this process, which listens on the loopback alone.
_LOCAL = {
    **_LOOPBACK,
    "RAY_AUTH_MODE": "token",  # nobody else on this machine can send it work
    # What needs too much memory is ended by the system, as it is without Ray; Ray would try it for ever.
    "RAY_memory_monitor_refresh_ms": "0",
}
_PATIENCE = 10.0  # seconds for an answer at an address


@contextmanager
def ray_cluster(runner: RunnerSpec, root: Path | StoreUrl) -> Iterator[tuple[Call, int]]:
    """How a stage is called on the cluster that `runner` names, and how many can run there at once.

    Raises:
        InputError: where Ray is not installed, and for a cluster that does not answer, without workers, with workers of
            another version, or with workers that do not see the store at `root`.
    """
    _set(_QUIET)
    if runner.address is None:
        # The secret of this process; without it Ray writes one into the home of the user.
        _set({**_LOCAL, "RAY_AUTH_TOKEN": secrets.token_hex(32)})
        ray = _imported()
        local = {"num_cpus": runner.workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        with (
            TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder,
            _connected(ray, "local", _temp_dir=folder, **local),
        ):
            yield _caller(ray, root), runner.workers
        return
    _set(_PATIENT | _LOOPBACK if runner.address.startswith(("127.", "localhost:")) else _PATIENT)
    ray = _imported()
    with _found(ray, runner.address):
        workers = {node["NodeID"]: node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")}
        if not workers:
            raise InputError(
                f"runner.address: the Ray cluster at {runner.address} has no workers; start some: "
                f"ray start --address {runner.address}"
            )
        examine(root, lambda function, probe: _answers(ray, workers, function, probe))
        yield _caller(ray, root), sum(int(node["Resources"]["CPU"]) for node in workers.values())


def _set(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def _imported() -> Any:
    try:
        import ray
    except ImportError as error:
        raise InputError(f"runner: ray cannot be imported ({error}); install it: pip install 'exhibit[ray]'") from error
    return ray


@contextmanager
def _connected(ray: Any, address: str, **settings: Any) -> Iterator[None]:
    """Meanwhile this process is one of the cluster's. Signals do what they did: Ray would take one for itself."""
    here = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)} if here else {}
    try:
        try:
            ray.init(address, log_to_driver=False, logging_level="critical", **settings)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        yield
    finally:
        ray.shutdown()


@contextmanager
def _found(ray: Any, address: str) -> Iterator[None]:
    """As `_connected` to a cluster that somebody keeps running.

    Raises:
        InputError: where it does not answer.
    """
    with ExitStack() as stack:
        try:
            host, _, port = address.rpartition(":")
            socket.create_connection((host, int(port)), _PATIENCE).close()  # Ray itself would try for minutes
            stack.enter_context(_connected(ray, address))
        except (OSError, OverflowError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise InputError(
                f"runner.address: no Ray cluster answers at {address!r} ({error}); start one with `ray start --head`, "
                "give the address that it prints, such as 10.0.0.1:6379, or leave the address out for workers on this "
                "machine"
            ) from error
        yield


def _caller(ray: Any, root: Path | StoreUrl) -> Call:
    from ray.exceptions import NodeDiedError, OutOfMemoryError, RayTaskError, WorkerCrashedError

    task = cache(ray.remote(num_cpus=1, max_retries=3))  # tried four times, as by Dask

    def submit(stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> FinishedStage:
        try:
            done: FinishedStage = ray.get(task(stage).remote(*args, **kwargs))
        except (NodeDiedError, OutOfMemoryError, WorkerCrashedError) as error:
            raise WorkersEnded from error
        except RayTaskError as error:
            raise error.cause from error  # what the stage raised, in whose words Ray has put a traceback
        return done

    return caller("Ray", root, submit)


def _answers(
    ray: Any, workers: Mapping[str, Any], function: Callable[[Probe], Answer], probe: Probe
) -> Mapping[str, Answer]:
    """What each machine of the cluster answers, by its address, also while others compute on it."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    asked = {
        f"{node['NodeManagerAddress']}:{node['NodeManagerPort']}": ray.remote(function)
        .options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(ident, soft=False))
        .remote(probe)
        for ident, node in workers.items()
    }
    return {name: ray.get(answer) for name, answer in asked.items()}
