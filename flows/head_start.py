"""A report where no Prefect server is configured: its stages begin at once, and what takes longer becomes a flow.

A server takes six seconds of a core to start and a flow on it two more, which most runs would spend on nothing: what is
in the store is there sooner. So the stages are plain calls until a server, started meanwhile, answers.
"""

from collections.abc import Callable, Sequence
from typing import Any

from exhibit.flows.begun import Begun
from exhibit.flows.config import Report
from exhibit.flows.engine import Future, Later
from exhibit.flows.local_server import LocalServer
from exhibit.flows.progress import Watch
from exhibit.flows.report import RunResult, explain
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Digest

WORTH_WATCHING = 20.0  # seconds of a run after which its server is started


class HandOver(BaseException):
    """What is left is Prefect's. Not an Exception: it is no fault of the point whose stage it meets."""


class HeadStart:
    """Every stage in this thread until a server answers. `finished` by key: what has ended until then."""

    def __init__(self, server: LocalServer) -> None:
        self._server = server
        self.finished: dict[Digest, FinishedStage] = {}

    def submit(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Future:
        del what  # nobody watches but the progress
        return Later(lambda: self._called(stage, *args, **kwargs))

    def _called(self, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> FinishedStage:
        if self._server.answers:
            raise HandOver
        done = stage(*args, **kwargs)
        return self.finished.setdefault(done.key, done)


def run_with_head_start(report: Report, command: Sequence[str]) -> RunResult:
    """Runs the report by plain calls, and from when a server answers as a flow on it.

    Raises:
        InputError: for data or a config that cannot be used.
    """
    with LocalServer(after=WORTH_WATCHING) as server:
        engine, watch = HeadStart(server), Watch()
        try:
            with watch:
                return explain(report, command, engine, watch)
        except HandOver:
            from exhibit.flows.flow import run_flow

            return run_flow(report, list(command), Begun(engine.finished, watch.told, server.address))
