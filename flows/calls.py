"""Calls of stages over a store: equal ones are made once, people see how far they are, and each is logged."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from exhibit.flows.engine import Engine, Future
from exhibit.flows.errors import during
from exhibit.flows.progress import Watch
from exhibit.tasks.stages.stage import FinishedStage
from exhibit.tasks.store import Digest, Store, digest_of


class Started(NamedTuple):
    """A call that was started: what it is called for people, its stage, and whether the same call was made before."""

    what: str
    stage: str
    future: Future
    again: bool


class Calls:
    """Starts stages by an engine and waits for them; `done` and `log` hold what ended, in that order. `computed` is
    called for each that was not in the store."""

    def __init__(
        self, store: Store, engine: Engine, watch: Watch, computed: Callable[[], object] = lambda: None
    ) -> None:
        self.store, self._engine, self.watch, self._computed = store, engine, watch, computed
        self.log: list[dict[str, Any]] = []
        self.done: list[FinishedStage] = []
        self._started: dict[Digest, Future] = {}

    def start(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Started:
        """Starts a stage, unless the same call was started already: points share what they have in common."""
        named = {name: value for name, value in kwargs.items() if name != "progress"}
        same = digest_of(f"{stage.__name__} {args!r} {named!r}".encode())
        again = same in self._started
        if not again:
            title = f"{stage.__name__} {what}"
            self._started[same] = self._engine.submit(title, stage, self.store, *args, **kwargs)
        return Started(what, stage.__name__, self._started[same], again)

    def start_watched(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> Started:
        """Starts a stage that tells how far it is by its argument `progress`."""
        progress = self.watch.progress(what, stage.__name__)
        return self.start(what, stage, *args, progress=progress, **kwargs)

    def wait(self, started: Started) -> FinishedStage:
        """The result of a started call."""
        with during(started.what, started.stage):
            done = started.future.result()
        if started.again:
            done = replace(done, cached=True, seconds=0.0)
        if not done.cached:
            self._computed()
        self.done.append(done)
        self.log.append(
            {
                "chapter": started.what,
                "stage": done.stage,
                "key": done.key,
                "cached": done.cached,
                "seconds": round(done.seconds, 3),
            }
        )
        return done

    def wait_watched(self, started: Started) -> FinishedStage:
        """The result of a call that people watch."""
        self.watch.stage(started.what, started.stage)
        done = self.wait(started)
        self.watch.finished(started.what, done.stage, done.cached, done.seconds)
        return done

    def one(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> FinishedStage:
        """Starts a stage and waits for it."""
        return self.wait(self.start(what, stage, *args, **kwargs))

    def watched(self, what: str, stage: Callable[..., FinishedStage], *args: Any, **kwargs: Any) -> FinishedStage:
        """Starts a stage that people watch and waits for it."""
        return self.wait_watched(self.start_watched(what, stage, *args, **kwargs))
