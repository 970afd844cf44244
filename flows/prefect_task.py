"""A stage as a task of Prefect."""

from collections.abc import Callable
from typing import Any

from exhibit.tasks.medium import Unreachable
from exhibit.tasks.stages.stage import Call, FinishedStage, P, call_in_process


def as_task(stage: Callable[P, FinishedStage], call: Call = call_in_process) -> Any:
    """The stage as a Prefect task. The store decides what is computed, so Prefect caches and keeps nothing.

    A failure from outside (a full disk, a connection, a process that cannot be started) is tried again after a second
    and after five; a wrong input is not, nor a file that is not there or may not be read, nor
    a store whose server was waited for already.
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
    lasting = FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError, Unreachable
    return isinstance(error, OSError) and not isinstance(error, lasting)
