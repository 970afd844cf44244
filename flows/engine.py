"""Who runs a stage: this process by plain calls, Prefect, or Prefect with the workers of a cluster."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Protocol

from exhibit.flows.prefect_task import as_task
from exhibit.tasks.records.shown import escaped
from exhibit.tasks.stages.stage import Call, FinishedStage, call_in_process


class Future(Protocol):
    def result(self) -> FinishedStage: ...


class Engine(Protocol):
    """Who runs a stage."""

    def submit(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Future:
        """Starts `stage`; `what` names it for people."""
        ...


@dataclass
class Later:
    """A call that is made when its result is first asked for, so that progress is seen as it is made."""

    call: Callable[[], FinishedStage]

    @cached_property
    def _ended(self) -> FinishedStage | Exception:
        try:
            return self.call()
        except Exception as error:  # noqa: BLE001 - kept for all who ask: the call is made once, however it ends
            return error

    def result(self) -> FinishedStage:
        if isinstance(self._ended, Exception):
            raise self._ended
        return self._ended


class Inline:
    """Every stage in this thread: no Prefect, no server."""

    def submit(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Future:
        del what  # nobody watches but the progress
        return Later(partial(stage, *args, **kwargs))


class Prefect:
    """Every stage as a Prefect task of the flow that is running. `call`: how a task calls its stage."""

    def __init__(self, call: Call = call_in_process) -> None:
        self._call = call
        self._tasks: dict[str, Any] = {}

    def submit(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Future:
        task = self._tasks.setdefault(stage.__name__, as_task(stage, self._call))
        future: Future = task.submit(escaped(what), *args, **kwargs)
        return future
