"""What a run has done before it becomes a flow."""

from collections.abc import Callable, Mapping, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from exhibit.flows.progress import End
from exhibit.tasks.stages.stage import Call, FinishedStage
from exhibit.tasks.store import Digest


@dataclass(frozen=True)
class Begun:
    """By key what was finished, what people have read of it, and the address of the server that was started meanwhile.
    Empty for a run that is a flow from its beginning."""

    finished: Mapping[Digest, FinishedStage] = field(default_factory=dict)
    told: Set[End] = frozenset()
    server: str = ""

    def known(self, call: Call) -> Call:
        """How a stage is called: what was finished is found in the store, and still counts as computed by this run."""

        def called(stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> FinishedStage:
            done: FinishedStage = call(stage, *args, **kwargs)
            return self.finished.get(done.key, done)

        return called

    def on_its_server(self) -> AbstractContextManager[object]:
        """Prefect's settings meanwhile."""
        if not self.server:
            return nullcontext()
        from prefect.settings import PREFECT_API_URL, temporary_settings

        return temporary_settings({PREFECT_API_URL: self.server})
