"""Who runs a stage: this process by plain calls, or Prefect."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from tasks import stages
from tasks.stages import Done


class Future(Protocol):
    def result(self) -> Done: ...


class Engine(Protocol):
    """Who runs a stage: this process, or Prefect."""

    def submit(self, what: str, stage: Callable[..., Done], *args: Any, **kwargs: Any) -> Future:
        """Starts `stage`; `what` names it for people."""
        ...


@dataclass(frozen=True)
class _Later:
    """A call that is made when its result is asked for, so that progress is seen as it is made."""

    call: Callable[[], Done]

    def result(self) -> Done:
        return self.call()


class Inline:
    """Every stage in this thread: no Prefect, no server."""

    def submit(self, what: str, stage: Callable[..., Done], *args: Any, **kwargs: Any) -> Future:
        del what  # nobody watches but the progress
        return _Later(partial(stage, *args, **kwargs))


class Prefect:
    """Every stage as a Prefect task of the flow that is running."""

    def __init__(self) -> None:
        self._tasks: dict[str, Any] = {}

    def submit(self, what: str, stage: Callable[..., Done], *args: Any, **kwargs: Any) -> Future:
        task = self._tasks.setdefault(stage.__name__, stages.as_task(stage))
        future: Future = task.submit(what, *args, **kwargs)
        return future
